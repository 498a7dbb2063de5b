"""The worker processes that read queries and answers, as their owner sees them."""

from __future__ import annotations

import json
import os
import queue
import select
import signal
import subprocess
import sys
import time
from typing import Any, Final

from migov.engine.remote.worker import FRAME
from migov.errors import (
    BusyError,
    DeadlineError,
    EnvironmentProblem,
    MigovError,
    ResourceError,
    TooComplexError,
)

_START_SECONDS: Final = 60.0


class Readers:
    """Some workers that read; safe for use by many threads. One that fails is replaced."""

    def __init__(self, number: int, megabytes: int) -> None:
        """Start them all; raises EnvironmentProblem."""
        self._megabytes = megabytes
        self._is_closed = False
        # None is the place of a worker that is not there: who takes it starts one.
        self._idle: queue.SimpleQueue[_Reader | None] = queue.SimpleQueue()
        for _ in range(number):
            self._idle.put(_Reader(megabytes))

    def ask(
        self, request: dict[str, Any], document: bytes, until: float
    ) -> tuple[dict[str, Any], bytes]:
        """Return the frame and bytes with which a worker answers; raises LimitError.

        `until` is a moment of `time.monotonic()`.
        """
        try:
            reader = self._idle.get(timeout=max(0.0, until - time.monotonic()))
        except queue.Empty:
            raise BusyError(
                "Every worker is busy with other queries.", hint="Try again in a few seconds."
            ) from None
        kept: _Reader | None = None
        try:
            reader = reader or _Reader(self._megabytes)
            try:
                answer = reader.ask(request, document, until)
                kept = None if self._is_closed else reader
            finally:
                if kept is None:
                    reader.kill()
        finally:
            self._idle.put(kept)
        return answer

    def close(self) -> None:
        """End the idle workers; one that is busy ends when it is done."""
        self._is_closed = True
        for _ in range(self._idle.qsize()):
            if (reader := self._idle.get_nowait()) is not None:
                reader.kill()
            self._idle.put(None)


class _Reader:
    """One running worker. Not for use by two threads at once."""

    def __init__(self, megabytes: int) -> None:
        try:
            self._child = subprocess.Popen(
                [sys.executable, "-P", "-m", "migov.engine.remote.worker", str(megabytes)],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=subprocess.DEVNULL,
                start_new_session=True,
            )
        except OSError as error:
            raise _cannot_start() from error
        assert self._child.stdin is not None
        assert self._child.stdout is not None
        self._requests, self._answers = self._child.stdin, self._child.stdout
        os.set_blocking(self._requests.fileno(), False)
        try:
            self._receive(time.monotonic() + _START_SECONDS)
        except MigovError as error:
            self.kill()
            raise _cannot_start() from error

    def ask(
        self, request: dict[str, Any], document: bytes, until: float
    ) -> tuple[dict[str, Any], bytes]:
        head = json.dumps({**request, "length": len(document)}).encode()
        try:
            self._send(FRAME.pack(len(head)) + head, until)
            self._send(document, until)
        except BrokenPipeError:
            raise self._obituary() from None
        return self._receive(until)

    def kill(self) -> None:
        """End the process at once and reap it."""
        self._child.kill()
        self._child.wait()
        self._requests.close()
        self._answers.close()

    def _send(self, data: bytes, until: float) -> None:
        view = memoryview(data)
        while view:
            self._wait(self._requests.fileno(), select.POLLOUT, until)
            view = view[os.write(self._requests.fileno(), view) :]

    def _receive(self, until: float) -> tuple[dict[str, Any], bytes]:
        (length,) = FRAME.unpack(self._read(FRAME.size, until))
        frame: dict[str, Any] = json.loads(self._read(length, until))
        return frame, self._read(frame["length"], until)

    def _read(self, size: int, until: float) -> bytes:
        parts: list[bytes] = []
        while size:
            self._wait(self._answers.fileno(), select.POLLIN, until)
            part = os.read(self._answers.fileno(), min(size, 1 << 20))
            if not part:
                raise self._obituary()
            parts.append(part)
            size -= len(part)
        return b"".join(parts)

    def _wait(self, descriptor: int, event: int, until: float) -> None:
        poll = select.poll()
        poll.register(descriptor, event)
        left = until - time.monotonic()
        if left <= 0 or not poll.poll(left * 1000):
            raise DeadlineError(
                "The time for this query ran out.",
                hint="Ask for less: fewer patterns, a LIMIT, or a more selective first pattern.",
            )

    def _obituary(self) -> ResourceError | TooComplexError:
        if self._child.wait() in (-signal.SIGSEGV, -signal.SIGBUS):
            return TooComplexError(
                "The query is nested too deeply.", hint="Flatten nested groups and expressions."
            )
        return ResourceError(
            "The answer needs more memory than one query may use.", hint="Ask for less of it."
        )


def _cannot_start() -> EnvironmentProblem:
    return EnvironmentProblem(
        "A worker that reads answers could not start.", hint="Is there memory for one more process?"
    )
