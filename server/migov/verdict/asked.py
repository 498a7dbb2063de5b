"""The verdict on a text from outside, from a process that may be killed."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from typing import Any, Final

import migov.errors
from migov.change.model import is_content
from migov.errors import BusyError, EnvironmentProblem, MigovError, Place
from migov.repository import Repository
from migov.settings import Settings
from migov.verdict.waiting import Gone, WaitingProcess, crashed

_AT_ONCE: Final = 2
_DEADLINES: Final = 4
"""A verdict asks more than a hundred queries, so it has the time of several."""
_GRACE_SECONDS: Final = 5.0
PREPARING: Final = "migov-prepares-verdicts"
"""The name of the thread that has a process know the files."""


@dataclass(frozen=True, slots=True)
class Proposal:
    """A text from outside, what it is, and how the verdict on it is wanted.

    `base` is the commit (hex) that it is meant for, and then the files that it would leave come
    back with the verdict; None means the files as they are on disk, and the verdict alone.
    """

    content: bytes
    kind: str
    format: str
    language: str = "en"
    target: str | None = None
    replace: bool = False
    name: str = "proposal"
    base: str | None = None


@dataclass(frozen=True, slots=True)
class Ruling:
    """Whether a proposal conforms, and the verdict written as it is wanted.

    `files` are those that it touches, as it leaves them, None for one that it removes; `message`
    tells what changes, as a commit does. Both are empty unless it conforms and has a base.
    """

    conforms: bool
    verdict: bytes
    files: Mapping[str, bytes | None] = field(default_factory=dict)
    message: str = ""


class Verdicts:
    """Gives verdicts over one repository; safe for use by many threads. Nothing is stored.

    One process knows the state of the files and forks another for each proposal. When a verdict
    shows that the files have changed since, a new one takes its place.
    """

    def __init__(self, repository: Repository, settings: Settings) -> None:
        self._repository = repository
        self._settings = settings
        self._free = threading.BoundedSemaphore(_AT_ONCE)
        self._waiting: WaitingProcess | None = None
        self._taking = threading.Lock()
        self._renewing: threading.Thread | None = None
        self._is_closed = False

    def ask(self, proposal: Proposal) -> tuple[bool, bytes]:
        """Return whether a proposal conforms, and the verdict written as it is wanted.

        Raises what `rule` raises.
        """
        ruling = self.rule(proposal)
        return ruling.conforms, ruling.verdict

    def rule(self, proposal: Proposal) -> Ruling:
        """Return the verdict on a proposal, and what it would leave.

        Raises RequestError, LimitError or EnvironmentProblem.
        """
        if not self._free.acquire(timeout=self._settings.deadline):
            raise BusyError("Other changes are being checked.", hint="Try again in a few seconds.")
        try:
            return self._asked(proposal)
        finally:
            self._free.release()

    def prepare(self) -> None:
        """Have a process know all of the state of the files, beside whatever goes on."""
        with self._taking:
            if self._is_closed or self._renewing is not None:
                return
            self._renewing = threading.Thread(target=self._renew, name=PREPARING, daemon=True)
            self._renewing.start()

    def renew(self) -> None:
        """Have a process know the files as they are now, if one knows what they were."""
        if self._waiting is not None:
            self.prepare()

    def close(self) -> None:
        """End the process that waits."""
        with self._taking:
            self._is_closed = True
            waiting, self._waiting = self._waiting, None
        if waiting is not None:
            waiting.retire()

    def _asked(self, proposal: Proposal) -> Ruling:
        seconds = _DEADLINES * self._settings.deadline
        with self._taken() as waiting, waiting.fork() as judge:
            until = time.monotonic() + seconds
            judge.send(self._request(proposal, seconds), proposal.content, until)
            frame, body = judge.receive(until)
        if not frame["current"]:
            self.prepare()
        if "error" in frame:
            raise _error(frame)
        return _ruling(frame, body)

    def _request(self, proposal: Proposal, seconds: float) -> dict[str, Any]:
        return {
            "seconds": seconds + _GRACE_SECONDS,
            "kind": proposal.kind,
            "target": proposal.target,
            "replace": proposal.replace,
            "name": proposal.name,
            "base": proposal.base,
            "format": proposal.format,
            "language": proposal.language,
            "length": len(proposal.content),
        }

    @contextmanager
    def _taken(self) -> Iterator[WaitingProcess]:
        """Yield the process that waits, and start one where there is none."""
        with self._taking:
            if self._waiting is None or not self._waiting.is_there():
                if self._waiting is not None:
                    self._waiting.retire()
                self._waiting = WaitingProcess(self._repository, self._settings)
            waiting = self._waiting
            waiting.hold()
        try:
            yield waiting
        finally:
            waiting.release()

    def _renew(self) -> None:
        fresh = None
        with suppress(EnvironmentProblem, Gone):  # whoever asks next tries again, and is told
            fresh = WaitingProcess(self._repository, self._settings)
            fresh.warm()
        with self._taking:
            self._renewing = None
            if self._is_closed or fresh is None:
                old = fresh
            else:
                old, self._waiting = self._waiting, fresh
        if old is not None:
            old.retire()


def _ruling(frame: dict[str, Any], body: bytes) -> Ruling:
    at = frame["verdict"]
    files: dict[str, bytes | None] = {}
    for path, length in frame.get("files", ()):
        if not is_content(path):  # the process met a text from outside: what it says is one as well
            raise crashed()
        files[path] = None if length is None else body[at : at + length]
        at += length or 0
    return Ruling(frame["conforms"], body[: frame["verdict"]], files, frame.get("message", ""))


def _error(frame: dict[str, Any]) -> MigovError:
    """Return an error of the worker as one of ours, of the nearest class that is known here."""
    kind = next(
        (found for name in frame["error"] if (found := getattr(migov.errors, name, None))),
        MigovError,
    )
    place = None if frame["place"] is None else Place(**frame["place"])
    error: MigovError = kind(frame["message"], place=place, hint=frame["hint"])
    return error
