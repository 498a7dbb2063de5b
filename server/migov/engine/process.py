"""Workers over one snapshot: forked from a process that has it loaded, with one in reserve."""

from __future__ import annotations

import threading
from contextlib import suppress

from migov.engine.operations import Limits
from migov.engine.origin import ForkedWorker, GoneError, Origin, cannot_start
from migov.errors import EnvironmentProblem
from migov.snapshot import Snapshot, hold

__all__ = ["ForkedWorker", "Forker"]


class Forker:
    """Forks workers over one snapshot from a process that has it loaded; restarts that process.

    One forked worker is kept in reserve where `spare` is given, so that whoever loses one gets
    another at once. After `close` it still forks for whoever asks, and keeps nothing in reserve.
    """

    def __init__(self, snapshot: Snapshot, limits: Limits, *, spare: bool = False) -> None:
        """Start the process and wait until the snapshot is loaded; raises EnvironmentProblem."""
        self.snapshot = snapshot
        self.limits = limits
        self._lock = threading.Lock()
        self._is_closed = False
        self._keeps_spare = spare
        self._spare: ForkedWorker | None = None
        self._reserving: threading.Thread | None = None
        hold(snapshot, self)
        self._loaded = self._start()

    def fork(self) -> ForkedWorker:
        """Return a worker that is ready to be asked; raises EnvironmentProblem."""
        with self._lock:
            spare, self._spare = self._spare, None
            if self._keeps_spare and not self._is_closed and self._reserving is None:
                self._reserving = threading.Thread(target=self._reserve, daemon=True)
                self._reserving.start()
        if spare is not None and spare.is_waiting():
            return spare
        if spare is not None:
            spare.end()
        return self._fork()

    def fork_several(self, number: int) -> list[ForkedWorker]:
        """Return as many ready workers, or none; raises EnvironmentProblem."""
        started: list[ForkedWorker] = []
        try:
            for _ in range(number):
                started.append(self.fork())
        except BaseException:
            for worker in started:
                worker.end()
            raise
        return started

    def close(self) -> None:
        """End the process as soon as no worker of it is left. Workers are ended by their owners."""
        with self._lock:
            self._is_closed = True
            spare, self._spare = self._spare, None
            self._loaded.retire()
            reserving = self._reserving
        if reserving is not None:
            reserving.join()
        if spare is not None:
            spare.end()

    def _fork(self, in_reserve: bool = False) -> ForkedWorker:
        for _ in range(2):
            with self._lock:
                loaded = self._loaded
            try:
                return loaded.fork()
            except GoneError:
                if self._is_closed and in_reserve:
                    break
                self._restart(loaded)
            finally:
                if self._is_closed:
                    loaded.retire()
        raise cannot_start()

    def _start(self) -> Origin:
        return Origin.start(str(self.snapshot.folder), self.snapshot.store, self.limits)

    def _restart(self, ended: Origin) -> None:
        with self._lock:
            if self._loaded is ended:  # no other thread was faster
                ended.retire()
                self._loaded = self._start()

    def _reserve(self) -> None:
        worker = None
        with suppress(EnvironmentProblem):  # whoever needs a worker tries again, and is told
            worker = self._fork(in_reserve=True)
        with self._lock:
            self._reserving = None
            if not self._is_closed:
                self._spare, worker = worker, None
        if worker is not None:
            worker.end()
