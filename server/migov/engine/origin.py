"""One forking process and its workers, as their owner sees them.

Calls block, for about as long as a fork takes; an event loop calls them in a thread.
"""

from __future__ import annotations

import errno
import os
import select
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Mapping
from contextlib import suppress
from typing import Final

from migov.channel import GIVES_WAY, receive_exactly, send_all
from migov.engine import frames
from migov.engine.forker import BRANCH, DONE, FORK, ORDER, REAP
from migov.engine.operations import Limits
from migov.engine.tally import DEADLINE, MEMORY, NESTING, STARTED, TALLY
from migov.errors import DeadlineError, EnvironmentProblem, ResourceError, TooComplexError

_START_SECONDS: Final = 120.0
_ORDER_SECONDS: Final = 10.0
"""Time in which an order is carried out: forking takes milliseconds, and a big process to end less
than a second. One that was stopped never answers, and everybody would wait for it."""
_EXIT_MILLISECONDS: Final = 1000
"""Time in which the end of a process is waited for without keeping anybody from forking."""
_LESS: Final = "Write less at a time."
_TUNABLES: Final = "GLIBC_TUNABLES"
_FOR_WORKERS: Final = {"glibc.malloc.hugetlb": "1", "glibc.malloc.tcache_count": "200"}
_OVERFLOWS: Final = (signal.SIGSEGV, signal.SIGBUS)


class GoneError(Exception):
    """The forking process is not there any more."""


class ForkedWorker:
    """A worker process and its channel. Not for use by two threads at once."""

    def __init__(self, origin: Origin, process: int, channel: socket.socket) -> None:
        self.process = process
        self.channel = channel
        self.origin = origin
        self.what = "query"
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
            send_all(self.channel.fileno(), request, until)
        except TimeoutError:
            raise self._late() from None
        except ConnectionError:
            raise self.obituary() from None
        return self.receive(until)

    def receive(self, until: float) -> tuple[int, int, bytes]:
        """Return the answer that is due, as `ask` does."""
        descriptor = self.channel.fileno()
        try:
            head = receive_exactly(descriptor, frames.REPLY.size, until)
            kind, name, length = frames.REPLY.unpack(head)
            return kind, name, receive_exactly(descriptor, length, until)
        except TimeoutError:
            raise self._late() from None
        except ConnectionError:
            raise self.obituary() from None

    def is_waiting(self) -> bool:
        """Whether it is there and says nothing, as a worker that was asked nothing should."""
        poll = select.poll()
        poll.register(self.channel, select.POLLIN)
        return not poll.poll(0)

    def give_way(self) -> None:
        """Let the process have the time that others leave, from now on."""
        with suppress(ProcessLookupError):  # whoever asks it is told
            os.setpriority(os.PRIO_PROCESS, self.process, GIVES_WAY)

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
            self._await_exit()
            self._status = self.origin.reap(self.process)
            self.channel.close()
            return self._status

    def _kill(self) -> None:
        self.origin.kill(self.process)
        with suppress(OSError):  # where the forking process is gone, this is what ends a worker
            self.channel.shutdown(socket.SHUT_RDWR)

    def _await_exit(self) -> None:
        """Wait until the process is gone: nobody can fork while the one that forks waits for it."""
        with suppress(OSError):
            process = os.pidfd_open(self.process)
            try:
                poll = select.poll()
                poll.register(process, select.POLLIN)
                poll.poll(_EXIT_MILLISECONDS)
            finally:
                os.close(process)

    def obituary(self) -> ResourceError | TooComplexError:
        """Say why the process ended: the stack overflows on deep nesting, memory aborts."""
        status = self.end()
        if status is not None and os.WIFSIGNALED(status) and os.WTERMSIG(status) in _OVERFLOWS:
            TALLY.count(NESTING)
            return TooComplexError(
                f"The {self.what} is nested too deeply.",
                hint="Flatten nested groups and expressions.",
            )
        TALLY.count(MEMORY)
        return ResourceError(
            f"The {self.what} used more memory than one {self.what} may.",
            hint="Ask for less: fewer unconnected patterns, a LIMIT, no large sort."
            if self.what == "query"
            else _LESS,
        )

    def _late(self) -> DeadlineError:
        self.kill()
        TALLY.count(DEADLINE)
        return DeadlineError(
            f"The time for this {self.what} ran out.",
            hint="Ask for less: fewer patterns, a LIMIT, or a more selective first pattern."
            if self.what == "query"
            else _LESS,
        )


class Origin:
    """One forking process. It ends when it is retired and the last of its workers was reaped."""

    def __init__(self, control: socket.socket, started: subprocess.Popen[bytes] | None) -> None:
        """`control` leads to the process; without `started` it is a branch of another one.

        Raises GoneError when it does not come up.
        """
        self._lock = threading.Lock()
        self._workers = 0
        self._is_retired = self._is_lost = False
        self._control = control
        self._started = started
        self.process = started.pid if started else 0
        control.settimeout(_START_SECONDS)
        try:
            self.process, _ = self._answer()
        except BaseException:
            self._end()
            raise
        control.settimeout(_ORDER_SECONDS)

    @classmethod
    def start(cls, folder: str, store: str, limits: Limits) -> Origin:
        """Start one by exec and wait until it has loaded; raises EnvironmentProblem.

        `store` is "memory" or "disk", or "empty" for a dataset that begins with nothing.
        """
        ours, theirs = socket.socketpair()
        arguments = [folder, store, limits.memory, limits.answer * 1_000_000]
        try:
            with theirs:
                started = subprocess.Popen(
                    [sys.executable, "-P", "-m", "migov.engine.forker", *map(str, arguments)],
                    stdin=theirs.fileno(),
                    stdout=subprocess.DEVNULL,
                    stderr=subprocess.DEVNULL,
                    start_new_session=True,
                    env=_tuned(os.environ),
                )
        except OSError as error:
            ours.close()
            raise cannot_start() from error
        try:
            return cls(ours, started)
        except GoneError as error:
            raise cannot_start() from error

    def fork(self) -> ForkedWorker:
        """Return a ready worker; raises GoneError or EnvironmentProblem."""
        ours, process = self._descendant(FORK)
        worker = ForkedWorker(self, process, ours)
        try:
            worker.receive(time.monotonic() + _START_SECONDS)
        except (DeadlineError, ResourceError, TooComplexError) as error:
            worker.end()
            raise cannot_start() from error
        TALLY.count(STARTED)
        return worker

    def branch(self) -> Branch:
        """Return a copy of this process that may change what it holds."""
        ours, process = self._descendant(BRANCH)
        return Branch(self, process, ours)

    def kill(self, process: int) -> None:
        """End a process of these that was not reaped yet; its number is its own for as long."""
        poll = select.poll()
        with suppress(ValueError, ProcessLookupError):  # closed; reaped by whoever adopted it
            poll.register(self._control, 0)  # tells only whether the other end is gone
            if not poll.poll(0):
                os.kill(process, signal.SIGKILL)

    def is_there(self) -> bool:
        """Whether the process is there; its workers go on without it, but nobody wakes them."""
        poll = select.poll()
        try:
            poll.register(self._control, 0)
        except ValueError:  # closed
            return False
        return not self._is_lost and not poll.poll(0)

    def reap(self, process: int) -> int | None:
        """Return the wait status of a descendant that has ended or was just killed."""
        with self._lock:
            try:
                status, error = self._ask(REAP, process)
            except GoneError:
                return None
            finally:
                self._forget()
        return None if error else status

    def release(self) -> None:
        """Count a descendant no longer, which goes on without this process."""
        with self._lock:
            self._forget()

    def retire(self) -> None:
        """End the process as soon as it has no workers any more."""
        with self._lock:
            self._is_retired = True
            if not self._workers:
                self._end()

    def _forget(self) -> None:
        self._workers -= 1
        if self._is_retired and not self._workers:
            self._end()

    def _descendant(self, order: int) -> tuple[socket.socket, int]:
        try:
            ours, theirs = socket.socketpair()
        except OSError as error:
            raise _cannot_fork(error.errno or errno.EMFILE) from error
        try:
            with theirs, self._lock:
                process, failure = self._ask(order, 0, theirs)
                if failure:
                    raise _cannot_fork(failure)
                self._workers += 1
        except BaseException:
            ours.close()
            raise
        return ours, process

    def _ask(
        self, what: int, process: int, channel: socket.socket | None = None
    ) -> tuple[int, int]:
        order = ORDER.pack(what, process)
        if self._is_lost:
            raise GoneError
        try:
            if channel is None:
                self._control.sendall(order)
            else:
                socket.send_fds(self._control, [order], [channel.fileno()])
            return self._answer()
        except (OSError, GoneError) as error:
            # A late answer would be taken for that of the next order.
            self._is_lost = True
            self.kill(self.process)
            raise GoneError from error

    def _answer(self) -> tuple[int, int]:
        try:
            answer = self._control.recv(DONE.size, socket.MSG_WAITALL)
        except OSError as error:
            raise GoneError from error
        if len(answer) < DONE.size:
            raise GoneError
        process, error_number = DONE.unpack(answer)
        return process, error_number

    def _end(self) -> None:
        self._control.close()
        if self._started is not None:
            self._started.kill()
            self._started.wait()
        elif os.getpid() == 1:  # an orphan is ours to reap
            with suppress(ChildProcessError):
                os.waitpid(self.process, 0)


class Branch:
    """A copy of a forking process that runs one change, and takes its place if that succeeds."""

    def __init__(self, origin: Origin, process: int, control: socket.socket) -> None:
        self._origin = origin
        # Until it takes over it is asked and ended as a worker is.
        self._worker = ForkedWorker(origin, process, control)
        self._has_taken_over = False

    def apply(self, change: bytes, what: str, until: float) -> tuple[int, bytes]:
        """Return kind and body of the answer to a change; raises as `ForkedWorker.ask` does.

        `what` is the word for it in errors.
        """
        self._worker.what = what
        kind, _, body = self._worker.ask(frames.FRAME.pack(len(change)) + change, until)
        return kind, body

    def take_over(self) -> Origin:
        """Return it as a process of its own, once its change succeeded; raises GoneError."""
        self._origin.release()
        self._has_taken_over = True
        self._worker.channel.setblocking(True)
        return Origin(self._worker.channel, None)

    def drop(self) -> None:
        """End it and what it changed, unless it has taken over."""
        if not self._has_taken_over:
            self._worker.end()


def _tuned(environment: Mapping[str, str]) -> dict[str, str]:
    """Return an environment in which memory suits workers, where the C library is glibc.

    Large pages: a fork copies the table of pages and an end takes it down. For a million triples
    that is 9 and 10 ms with pages of 4 kB, 1.2 and 2 ms with large ones, for every worker that a
    slow query takes. Only pages that are written to are split, in the process that does so.

    Pieces of memory at hand: pyoxigraph takes and gives back some hundred of a few sizes for each
    query, and of each size glibc keeps 7 at hand unless told otherwise. With 100 or more `ASK {}`
    takes 14 µs where it took 36, most of them a search among the holes of the loaded snapshot.

    >>> _tuned({"GLIBC_TUNABLES": "glibc.malloc.hugetlb=0"})
    {'GLIBC_TUNABLES': 'glibc.malloc.hugetlb=0:glibc.malloc.tcache_count=200'}
    """
    given = environment.get(_TUNABLES, "")
    named = {each.partition("=")[0] for each in given.split(":")}
    ours = [f"{name}={value}" for name, value in _FOR_WORKERS.items() if name not in named]
    return {**environment, _TUNABLES: ":".join(filter(None, (given, *ours)))}


def _cannot_fork(error: int) -> EnvironmentProblem:
    return EnvironmentProblem(
        f"A query worker could not start: {os.strerror(error)}.",
        hint="Is there memory, and may this user have more processes and open files?",
    )


def cannot_start() -> EnvironmentProblem:
    return EnvironmentProblem(
        "A query worker could not start.",
        hint="Is there memory for the snapshot, and is it in the cache?",
    )
