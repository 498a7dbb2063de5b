"""Workers on their way into an event loop and out of it: what waits for processes, in threads."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from typing import Final

from migov.engine.pooled import Owner, PooledWorker
from migov.engine.process import ForkedWorker, Forker
from migov.errors import EnvironmentProblem, MigovError

_ENDING: Final = ThreadPoolExecutor(2, thread_name_prefix="ending")
"""Threads of their own: whoever starts a worker does not wait behind those that end."""


class Crew:
    """Starts workers for a pool and ends them. For the loop's own thread, but for `welcome`."""

    def __init__(
        self,
        owner: Owner,
        forker: Forker,
        loop: asyncio.AbstractEventLoop,
        joined: Callable[[PooledWorker], object],
        failed: Callable[[EnvironmentProblem], object],
    ) -> None:
        """Each start ends in a call of `joined`, with a worker that can be asked, or of `failed`,
        or in none of them where the worker was gone before it came."""
        self.coming = 0
        self._owner = owner
        self._forker = forker
        self._loop = loop
        self._joined = joined
        self._failed = failed

    def start(self) -> None:
        """Start another worker; `coming` counts those that are not there yet."""
        self.coming += 1
        self._loop.run_in_executor(None, self._fork)

    def welcome(self, started: list[ForkedWorker]) -> None:
        """Take in workers that were forked already; from any thread, before anything else."""
        self.coming = len(started)
        for forked in started:
            self._loop.call_soon_threadsafe(self._join, forked)

    def end(self, worker: PooledWorker) -> None:
        """End a worker's process at once; a thread reaps it."""
        worker.kill()
        _ENDING.submit(worker.forked.end)

    def bury(self, worker: PooledWorker, tell: Callable[[MigovError], object] | None) -> None:
        """Reap a worker that has crashed, and `tell` why in the loop."""

        def autopsy() -> None:
            error = worker.forked.obituary()
            if tell is not None:
                self._soon(tell, error)

        _ENDING.submit(autopsy)

    def _fork(self) -> None:
        try:
            forked = self._forker.fork()
        except EnvironmentProblem as error:
            self._soon(self._did_not_come, error)
        else:
            if not self._soon(self._join, forked):
                forked.end()

    def _soon(self, call: Callable[..., object], *arguments: object) -> bool:
        """Call something in the loop; False where that has ended."""
        try:
            self._loop.call_soon_threadsafe(call, *arguments)
        except RuntimeError:
            return False
        return True

    def _join(self, forked: ForkedWorker) -> None:
        worker = PooledWorker(self._owner, forked, self._loop)
        # The loop closes the descriptor that it reads when it likes, and a number that is free
        # again is soon another socket's: so it gets one of its own.
        channel = forked.channel.dup()
        channel.setblocking(False)
        joining = self._loop.create_task(
            self._loop.create_unix_connection(lambda: worker, sock=channel)
        )
        joining.add_done_callback(partial(self._came, worker, channel))

    def _came(
        self, worker: PooledWorker, channel: socket.socket, joining: asyncio.Task[object]
    ) -> None:
        self.coming -= 1
        if joining.cancelled() or joining.exception() is not None:
            channel.close()
            worker.unname()
            _ENDING.submit(worker.forked.end)
        elif not worker.is_lost:  # one that ended on its way was buried
            self._joined(worker)

    def _did_not_come(self, error: EnvironmentProblem) -> None:
        self.coming -= 1
        self._failed(error)
