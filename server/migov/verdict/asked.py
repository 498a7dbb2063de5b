"""The verdict on a text from outside, from a process that may be killed."""

from __future__ import annotations

import json
import os
import select
import signal
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any, Final

import migov.errors
from migov.change.model import is_content
from migov.engine.frames import FRAME
from migov.errors import (
    BusyError,
    DeadlineError,
    EnvironmentProblem,
    MigovError,
    Place,
    ResourceError,
)
from migov.repository import Repository
from migov.settings import Settings

_AT_ONCE: Final = 2
_DEADLINES: Final = 4
"""A verdict asks more than a hundred queries, so it has the time of several."""
_START_SECONDS: Final = 60.0


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
    """Gives verdicts over one repository; safe for use by many threads. Nothing is stored."""

    def __init__(self, repository: Repository, settings: Settings) -> None:
        self._repository = repository
        self._settings = settings
        self._free = threading.BoundedSemaphore(_AT_ONCE)
        self._spare: subprocess.Popen[bytes] | None = None
        self._taking = threading.Lock()

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
            cache = self._settings.cache
            cache.mkdir(parents=True, exist_ok=True)
            # On the disk of the cache, so that closures can be lent to it.
            with tempfile.TemporaryDirectory(prefix=".proposal-", dir=cache) as folder:
                return self._asked(proposal, folder)
        finally:
            self._free.release()

    def _asked(self, proposal: Proposal, folder: str) -> Ruling:
        child = self._take()
        until = time.monotonic() + _DEADLINES * self._settings.deadline
        try:
            _send(child, self._request(proposal, folder), proposal.content, until)
            frame, body = _receive(child, until)
        finally:
            _end(child)
            threading.Thread(target=self._prepare, daemon=True).start()
        if "error" in frame:
            raise _error(frame)
        return _ruling(frame, body)

    def _request(self, proposal: Proposal, folder: str) -> dict[str, Any]:
        return {
            "root": str(self._repository.root),
            "cache": str(self._settings.cache),
            "folder": folder,
            "memory": self._settings.memory,
            "kind": proposal.kind,
            "target": proposal.target,
            "replace": proposal.replace,
            "name": proposal.name,
            "base": proposal.base,
            "format": proposal.format,
            "language": proposal.language,
            "length": len(proposal.content),
        }

    def _take(self) -> subprocess.Popen[bytes]:
        with self._taking:
            child, self._spare = self._spare, None
        if child is not None and child.poll() is None:
            return child
        return _started()

    def _prepare(self) -> None:
        """Have a process ready for the next one who asks."""
        with self._taking:
            if self._spare is None:
                with suppress(EnvironmentProblem):
                    self._spare = _started()

    def close(self) -> None:
        """End the process that waits."""
        with self._taking:
            if self._spare is not None:
                _end(self._spare)
            self._spare = None


def _started() -> subprocess.Popen[bytes]:
    child = subprocess.Popen(
        [sys.executable, "-P", "-m", "migov.verdict.worker"],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
    )
    try:
        _receive(child, time.monotonic() + _START_SECONDS)
    except MigovError as error:
        _end(child)
        raise EnvironmentProblem(
            "A process to check changes in could not start.", hint="Is there memory for it?"
        ) from error
    return child


def _end(child: subprocess.Popen[bytes]) -> None:
    with suppress(ProcessLookupError, PermissionError):
        os.killpg(child.pid, signal.SIGKILL)  # the reasoner that it may have started, too
    child.wait()
    for pipe in (child.stdin, child.stdout):
        if pipe is not None:
            with suppress(BrokenPipeError):
                pipe.close()


def _send(
    child: subprocess.Popen[bytes], frame: dict[str, Any], content: bytes, until: float
) -> None:
    assert child.stdin is not None
    head = json.dumps(frame).encode()
    view = memoryview(FRAME.pack(len(head)) + head + content)
    descriptor = child.stdin.fileno()
    os.set_blocking(descriptor, False)
    while view:
        _wait(descriptor, select.POLLOUT, until)
        try:
            view = view[os.write(descriptor, view) :]
        except BrokenPipeError:
            raise _crashed() from None


def _receive(child: subprocess.Popen[bytes], until: float) -> tuple[dict[str, Any], bytes]:
    (length,) = FRAME.unpack(_read(child, FRAME.size, until))
    frame: dict[str, Any] = json.loads(_read(child, length, until))
    return frame, _read(child, frame["length"], until)


def _read(child: subprocess.Popen[bytes], size: int, until: float) -> bytes:
    assert child.stdout is not None
    parts: list[bytes] = []
    while size:
        _wait(child.stdout.fileno(), select.POLLIN, until)
        part = os.read(child.stdout.fileno(), min(size, 1 << 20))
        if not part:
            raise _crashed()
        parts.append(part)
        size -= len(part)
    return b"".join(parts)


def _wait(descriptor: int, event: int, until: float) -> None:
    poll = select.poll()
    poll.register(descriptor, event)
    left = until - time.monotonic()
    if left <= 0 or not poll.poll(left * 1000):
        raise DeadlineError(
            "The time for checking this change ran out.", hint="Propose it in smaller parts."
        )


def _ruling(frame: dict[str, Any], body: bytes) -> Ruling:
    at = frame["verdict"]
    files: dict[str, bytes | None] = {}
    for path, length in frame.get("files", ()):
        if not is_content(path):  # the process met a text from outside: what it says is one as well
            raise _crashed()
        files[path] = None if length is None else body[at : at + length]
        at += length or 0
    return Ruling(frame["conforms"], body[: frame["verdict"]], files, frame.get("message", ""))


def _crashed() -> ResourceError:
    return ResourceError(
        "The process that checked this change ended before it was done.",
        hint="Does it nest very deeply, or is it very large? Propose it in smaller parts.",
    )


def _error(frame: dict[str, Any]) -> MigovError:
    """Return an error of the worker as one of ours, of the nearest class that is known here."""
    kind = next(
        (found for name in frame["error"] if (found := getattr(migov.errors, name, None))),
        MigovError,
    )
    place = None if frame["place"] is None else Place(**frame["place"])
    error: MigovError = kind(frame["message"], place=place, hint=frame["hint"])
    return error
