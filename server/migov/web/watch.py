"""Noticing that files changed: a commit, a pull, a merge made outside this server."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from typing import Final

from migov.dataset.look import Look as FileLook
from migov.dataset.look import looks, looks_beside
from migov.errors import MigovError
from migov.repository import Repository

log = logging.getLogger(__name__)

_LONGEST_PAUSE: Final = 60.0
_AT_WORK: Final = 60.0
"""Seconds for which a lock on the index means that git is at work; an older one was left behind, or
waits for somebody in an editor, when the files are settled."""
_SHARE: Final = 20
"""Pauses are so many times as long as a look takes: to look costs little, however many files."""

Look = tuple[str | None, dict[str, FileLook]]


def look(repository: Repository) -> Look:
    """Return the revision, and how every file that is served looks."""
    return repository.revision(), {**looks(repository), **looks_beside(repository)}


class Watcher(threading.Thread):
    """Calls `changed` after two looks that agree with each other and not with what was published.

    Two looks, because a pull writes many files; and never while git holds its index. The first
    agreement counts as a change, for files may have changed while the server started. Where
    `changed` raises, it is called again for the same files, after pauses that double. `outside`
    tells by another value that something changed beside the files.
    """

    def __init__(
        self,
        repository: Repository,
        seconds: float,
        changed: Callable[[], object],
        outside: Callable[[], object] = lambda: None,
    ) -> None:
        super().__init__(name="watch", daemon=True)
        self._repository = repository
        self._seconds = seconds
        self._changed = changed
        self._outside = outside
        self._ended = threading.Event()
        self._published: tuple[Look, object] | None = None
        self._pause = seconds
        self._failures = 0
        self._again = 0.0

    def stop(self) -> None:
        self._ended.set()

    def run(self) -> None:
        before = self._look()
        while not self._ended.wait(self._pause):
            began = time.monotonic()
            now = self._look()
            self._pause = max(self._seconds, _SHARE * (time.monotonic() - began))
            is_settled = now is not None and now == before and now != self._published
            if is_settled and time.monotonic() >= self._again:
                self._publish(now)
            before = now

    def _publish(self, now: tuple[Look, object] | None) -> None:
        try:
            self._changed()
        except Exception as error:
            # Whatever goes wrong, the last good snapshot stays and the watch goes on.
            is_known = isinstance(error, MigovError)
            log.error("what changed could not be published: %s", error, exc_info=not is_known)
            self._failures += 1
            pause = min(self._seconds * 2**self._failures, _LONGEST_PAUSE)
            self._again = time.monotonic() + pause
        else:
            self._failures, self._again = 0, 0.0
            self._published = now

    def _look(self) -> tuple[Look, object] | None:
        """Return a look here and outside, or None in the middle of a change.

        That is git at work, or a file just gone.
        """
        lock = self._repository.root / ".git" / "index.lock"
        with suppress(OSError):
            if time.time() - lock.stat().st_mtime < _AT_WORK:
                return None
        try:
            return look(self._repository), self._outside()
        except OSError:
            return None
