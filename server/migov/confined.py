"""A function over bytes from outside, in processes of its own that may be killed.

The owner has a `Confined`, which starts `python -m MODULE ARGUMENTS` when first asked. The module
prepares what it needs (a file that it opens, say) and calls `serve`, which gives up the right to
open anything more and answers one request after another. Frames on the pipes are a 4-byte length
and JSON; the content follows its frame, as long as the frame says.
"""

from __future__ import annotations

import json
import os
import queue
import resource
import select
import signal
import struct
import subprocess
import sys
import threading
import time
import weakref
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from typing import Any, Final

from migov.channel import receive_exactly, send_all, wake_with_parent
from migov.errors import (
    BusyError,
    DeadlineError,
    EnvironmentProblem,
    ResourceError,
    TooComplexError,
)

Reply = tuple[dict[str, Any], bytes]

_FRAME: Final = struct.Struct("!I")
_START_SECONDS: Final = 60.0
_LESS: Final = "Ask for less at a time."
_OVERFLOWS: Final = (-signal.SIGSEGV, -signal.SIGBUS)
"""How a process ends whose stack is full."""


class Confined:
    """Asks a module in processes of its own; safe for use by many threads.

    `what` names the work in messages, such as "Reading an answer". `megabytes` is the memory that
    a process may use, `at_once` how many there may be.
    """

    def __init__(
        self, what: str, module: str, *arguments: str, megabytes: int, at_once: int = 2
    ) -> None:
        self._what = what
        self._command = [sys.executable, "-P", "-m", module, *arguments, str(megabytes)]
        # None is the place of a process that is not there: who takes it starts one.
        self._places: queue.LifoQueue[_Process | None] = queue.LifoQueue()
        for _ in range(at_once):
            self._places.put(None)
        self._closed = False
        self._closing = threading.Lock()

    def ask(self, request: dict[str, Any], content: bytes, until: float) -> Reply:
        """Return the reply to a request; `until` is a moment of `time.monotonic()`.

        Raises BusyError, DeadlineError, ResourceError, TooComplexError or EnvironmentProblem.
        """
        try:
            process = self._places.get(timeout=max(0, until - time.monotonic()))
        except queue.Empty:
            raise BusyError(
                f"{self._what} has to wait for others.", hint="Try again in a few seconds."
            ) from None
        try:
            if process is not None and process.has_ended():  # while nobody asked it
                process.kill()
                process = None
            if process is None:
                process = _Process(self._what, self._command)
            reply = process.ask(request, content, until)
        except BaseException:
            if process is not None:
                process.kill()
            self._places.put(None)
            raise
        self._return(process)
        return reply

    def close(self) -> None:
        """End the idle processes now and each busy one when its work is done."""
        with self._closing:
            self._closed = True
            for _ in range(self._places.qsize()):
                process = self._places.get_nowait()
                if process is not None:
                    process.kill()
                self._places.put(None)

    def _return(self, process: _Process) -> None:
        with self._closing:
            if self._closed:
                process.kill()
            self._places.put(None if self._closed else process)


class _Process:
    """One running process. Not for use by two threads at once.

    `kill()` ends and reaps it; so does its owner's end, whatever that is.
    """

    def __init__(self, what: str, command: list[str]) -> None:
        self._what = what
        try:
            self._child = subprocess.Popen(
                command,
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=subprocess.DEVNULL,
                start_new_session=True,
            )
        except OSError as error:
            raise self._not_started() from error
        self.kill = weakref.finalize(self, _end, self._child)
        assert self._child.stdin is not None
        os.set_blocking(self._child.stdin.fileno(), False)
        try:
            self._receive(time.monotonic() + _START_SECONDS)
        except (TimeoutError, ConnectionError) as error:
            self.kill()
            raise self._not_started() from error

    def has_ended(self) -> bool:
        return self._child.poll() is not None

    def ask(self, request: dict[str, Any], content: bytes, until: float) -> Reply:
        assert self._child.stdin is not None
        head = json.dumps({**request, "length": len(content)}).encode()
        with self._told():
            send_all(self._child.stdin.fileno(), _FRAME.pack(len(head)) + head + content, until)
            return self._receive(until)

    def _receive(self, until: float) -> Reply:
        assert self._child.stdout is not None
        descriptor = self._child.stdout.fileno()
        (length,) = _FRAME.unpack(receive_exactly(descriptor, _FRAME.size, until))
        frame: dict[str, Any] = json.loads(receive_exactly(descriptor, length, until))
        return frame, receive_exactly(descriptor, frame["length"], until)

    @contextmanager
    def _told(self) -> Iterator[None]:
        """Say what it means for the work that the process is late or gone."""
        try:
            yield
        except TimeoutError:
            raise DeadlineError(f"{self._what} took too long.", hint=_LESS) from None
        except ConnectionError:
            if self._child.wait() in _OVERFLOWS:
                raise TooComplexError(
                    f"{self._what} met something that is nested too deeply.",
                    hint="Flatten nested groups and expressions.",
                ) from None
            raise ResourceError(f"{self._what} used more memory than it may.", hint=_LESS) from None

    def _not_started(self) -> EnvironmentProblem:
        return EnvironmentProblem(
            "A process for text from outside could not start.", hint="Is there memory for it?"
        )


def json_reply(value: Any) -> Reply:
    """Return a reply whose content is a JSON value."""
    return {}, json.dumps(value).encode()


def serve(reply: Callable[[dict[str, Any], bytes], Reply], megabytes: int) -> None:
    """Give up all rights but memory, and reply to requests until standard input ends.

    Open descriptors stay open; no new one can be made: no file, no socket, no pipe.
    """
    wake_with_parent()
    requests, answers = sys.stdin.buffer, os.fdopen(os.dup(1), "wb")
    threading.Thread(target=_leave_with_owner, daemon=True).start()
    size = megabytes * 1024 * 1024
    resource.setrlimit(resource.RLIMIT_AS, (size, size))
    resource.setrlimit(resource.RLIMIT_FSIZE, (0, 0))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    # Not 0, because poll() counts against it as well, and the owner is watched so.
    resource.setrlimit(resource.RLIMIT_NOFILE, (1, 1))
    frame, content = {"ready": True}, b""
    while True:
        head = json.dumps({**frame, "length": len(content)}).encode()
        answers.write(_FRAME.pack(len(head)) + head + content)
        answers.flush()
        start = requests.read(_FRAME.size)
        if not start:
            return
        request = json.loads(requests.read(*_FRAME.unpack(start)))
        frame, content = reply(request, requests.read(request["length"]))


def _end(child: subprocess.Popen[bytes]) -> None:
    child.kill()
    child.wait()
    for pipe in (child.stdin, child.stdout):
        if pipe is not None:
            with suppress(BrokenPipeError):
                pipe.close()


def _leave_with_owner() -> None:
    """Leave when the pipe from the owner breaks, even in the middle of a request."""
    poll = select.poll()
    poll.register(0, select.POLLHUP)
    poll.poll()
    os._exit(0)
