"""Slow queries take turns: few of them run, and the others are stopped where they are."""

from __future__ import annotations

from typing import Final

from migov.engine.pooled import PooledWorker

_TURN: Final = 0.02
"""Seconds of use after which a slow query gives way to one that has used less."""


class Turns:
    """The workers with a slow query, of which those run that have used least."""

    def __init__(self) -> None:
        self._workers: list[PooledWorker] = []

    def __len__(self) -> int:
        return len(self._workers)

    def add(self, worker: PooledWorker) -> None:
        worker.is_slow = True
        self._workers.append(worker)

    def drop(self, worker: PooledWorker) -> None:
        self._workers.remove(worker)
        worker.is_slow = False
        if worker.is_stopped:  # its answer was on the way already
            worker.go_on()

    def share(self, places: int) -> None:
        """Let as many of them run as there are places, and stop the others."""
        workers = self._workers
        if len(workers) > places:
            workers.sort(key=lambda worker: worker.used - (not worker.is_stopped) * _TURN)
        for place, worker in enumerate(workers):
            if place < places and worker.is_stopped:
                worker.go_on()
            elif place >= places and not worker.is_stopped:
                worker.stop()
