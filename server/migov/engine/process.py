"""Workers as their owner sees them: fork one, ask it until a moment, end it and learn why it ended.

`Forker` is for many threads. Its calls block, for about as long as a fork takes; an event loop
calls them in a thread.
"""

from __future__ import annotations

import os
import select
import signal
import socket
import subprocess
import sys
import threading
import time
from contextlib import suppress
from typing import Final

from migov.engine import frames
from migov.engine.forker import DONE, FORK, ORDER, REAP
from migov.engine.operations import Limits
from migov.errors import DeadlineError, EnvironmentProblem, ResourceError, TooComplexError
from migov.snapshot import Snapshot, hold

_START_SECONDS: Final = 120.0
_OVERFLOWS: Final = (signal.SIGSEGV, signal.SIGBUS)


class _Gone(Exception):
    """The forking process is not there any more."""


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
        self._loaded = _Loaded(snapshot, limits)

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
            except _Gone:
                if self._is_closed and in_reserve:
                    break
                self._restart(loaded)
            finally:
                if self._is_closed:
                    loaded.retire()
        raise _cannot_start()

    def _restart(self, ended: _Loaded) -> None:
        with self._lock:
            if self._loaded is ended:  # no other thread was faster
                ended.retire()
                self._loaded = _Loaded(self.snapshot, self.limits)

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


class ForkedWorker:
    """A worker process and its channel. Not for use by two threads at once."""

    def __init__(self, origin: _Loaded, process: int, channel: socket.socket) -> None:
        self.process = process
        self.channel = channel
        self._origin = origin
        self._ending = threading.Lock()
        self._has_ended = False
        self._status: int | None = None

    def ask(self, request: bytes, until: float) -> tuple[int, int, bytes]:
        """Send a packed request and return kind, format and body of its answer (see `frames`).

        `until` is a moment of `time.monotonic()`. Raises DeadlineError, ResourceError or
        TooComplexError; the worker is of no use after any of them.
        """
        self.channel.setblocking(False)
        try:
            self._send(request, until)
        except ConnectionError:
            raise self.obituary() from None
        return self.receive(until)

    def receive(self, until: float) -> tuple[int, int, bytes]:
        """Return the answer that is due, as `ask` does."""
        kind, name, length = frames.REPLY.unpack(self._read(frames.REPLY.size, until))
        return kind, name, self._read(length, until)

    def is_waiting(self) -> bool:
        """Whether it is there and says nothing, as a worker that was asked nothing should."""
        poll = select.poll()
        poll.register(self.channel, select.POLLIN)
        return not poll.poll(0)

    def kill(self) -> None:
        """End the process at once, from any thread: whoever waits for its answer is told."""
        with self._ending:
            if not self._has_ended:
                self._kill()

    def end(self) -> int | None:
        """End the process, reap it and return its wait status, None where nobody knows it."""
        with self._ending:
            if self._has_ended:
                return self._status
            self._has_ended = True
            self._kill()
            self._status = self._origin.reap(self.process)
            self.channel.close()
            return self._status

    def _kill(self) -> None:
        self._origin.kill(self.process)
        with suppress(OSError):  # where the forking process is gone, this is what ends a worker
            self.channel.shutdown(socket.SHUT_RDWR)

    def obituary(self) -> ResourceError | TooComplexError:
        """Say why the process ended: the stack overflows on deep nesting, memory aborts."""
        status = self.end()
        if status is not None and os.WIFSIGNALED(status) and os.WTERMSIG(status) in _OVERFLOWS:
            return TooComplexError(
                "The query is nested too deeply.", hint="Flatten nested groups and expressions."
            )
        return ResourceError(
            "The query used more memory than one query may.",
            hint="Ask for less: fewer unconnected patterns, a LIMIT, no large sort.",
        )

    def _send(self, data: bytes, until: float) -> None:
        view = memoryview(data)
        while view:
            try:
                view = view[self.channel.send(view) :]
            except BlockingIOError:
                self._wait(select.POLLOUT, until)

    def _read(self, size: int, until: float) -> bytes:
        parts: list[bytes] = []
        while size:
            self._wait(select.POLLIN, until)
            try:
                part = self.channel.recv(min(size, 1 << 20))
            except ConnectionError:
                part = b""
            if not part:
                raise self.obituary()
            parts.append(part)
            size -= len(part)
        return b"".join(parts)

    def _wait(self, event: int, until: float) -> None:
        poll = select.poll()
        poll.register(self.channel, event)
        left = until - time.monotonic()
        if left <= 0 or not poll.poll(left * 1000):
            self.kill()
            raise DeadlineError(
                "The time for this query ran out.",
                hint="Ask for less: fewer patterns, a LIMIT, or a more selective first pattern.",
            )


class _Loaded:
    """One forking process. It ends when it is retired and the last of its workers was reaped."""

    def __init__(self, snapshot: Snapshot, limits: Limits) -> None:
        self._lock = threading.Lock()
        self._workers = 0
        self._is_retired = False
        self._control, theirs = socket.socketpair()
        arguments = [str(snapshot.folder), snapshot.store, limits.memory, limits.answer * 1_000_000]
        try:
            with theirs:
                self._process = subprocess.Popen(
                    [sys.executable, "-P", "-m", "migov.engine.forker", *map(str, arguments)],
                    stdin=theirs.fileno(),
                    stdout=subprocess.DEVNULL,
                    stderr=subprocess.DEVNULL,
                    start_new_session=True,
                )
            self._control.settimeout(_START_SECONDS)
            self._answer()
            self._control.settimeout(None)
        except (OSError, _Gone) as error:
            self._end()
            raise _cannot_start() from error

    def fork(self) -> ForkedWorker:
        """Return a ready worker; raises _Gone or EnvironmentProblem."""
        ours, theirs = socket.socketpair()
        with theirs:
            try:
                process = self._forked(theirs)
            except BaseException:
                ours.close()
                raise
        worker = ForkedWorker(self, process, ours)
        try:
            worker.receive(time.monotonic() + _START_SECONDS)
        except (DeadlineError, ResourceError, TooComplexError) as error:
            worker.end()
            raise _cannot_start() from error
        return worker

    def kill(self, process: int) -> None:
        """End a worker that was not reaped yet; its number is its own for as long."""
        if self._process.poll() is None:
            os.kill(process, signal.SIGKILL)

    def reap(self, process: int) -> int | None:
        """Return the wait status of a worker that has ended or was just killed."""
        with self._lock:
            try:
                status, error = self._ask(REAP, process)
            except _Gone:
                return None
            finally:
                self._workers -= 1
                if self._is_retired and not self._workers:
                    self._end()
        return None if error else status

    def retire(self) -> None:
        with self._lock:
            self._is_retired = True
            if not self._workers:
                self._end()

    def _forked(self, channel: socket.socket) -> int:
        with self._lock:
            process, error = self._ask(FORK, 0, channel)
            if error:
                raise EnvironmentProblem(
                    f"A query worker could not start: {os.strerror(error)}.",
                    hint="Is there memory, and may this user have more processes?",
                )
            self._workers += 1
        return process

    def _ask(
        self, what: int, process: int, channel: socket.socket | None = None
    ) -> tuple[int, int]:
        order = ORDER.pack(what, process)
        try:
            if channel is None:
                self._control.sendall(order)
            else:
                socket.send_fds(self._control, [order], [channel.fileno()])
        except OSError as error:
            raise _Gone from error
        return self._answer()

    def _answer(self) -> tuple[int, int]:
        try:
            answer = self._control.recv(DONE.size, socket.MSG_WAITALL)
        except ConnectionError as error:
            raise _Gone from error
        if len(answer) < DONE.size:
            raise _Gone
        process, error_number = DONE.unpack(answer)
        return process, error_number

    def _end(self) -> None:
        self._control.close()
        if hasattr(self, "_process"):
            self._process.kill()
            self._process.wait()


def _cannot_start() -> EnvironmentProblem:
    return EnvironmentProblem(
        "A query worker could not start.",
        hint="Is there memory for the snapshot, and is it in the cache?",
    )
