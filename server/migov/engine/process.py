"""One worker process as its owner sees it: start it, ask it until a moment, kill it."""

from __future__ import annotations

import json
import os
import select
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

from migov.engine.worker import FRAME
from migov.errors import DeadlineError, EnvironmentProblem, ResourceError, TooComplexError

_START_SECONDS = 120.0


class WorkerProcess:
    """A running worker with its snapshot loaded. Not for use by two threads at once."""

    def __init__(self, quads: Path, megabytes: int) -> None:
        """Start it and wait until it is ready; raises EnvironmentProblem."""
        try:
            self._child = subprocess.Popen(
                [sys.executable, "-P", "-m", "migov.engine.worker", str(quads), str(megabytes)],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=subprocess.DEVNULL,
                start_new_session=True,
            )
            self._receive(time.monotonic() + _START_SECONDS)
        except (OSError, DeadlineError, ResourceError, TooComplexError) as error:
            raise EnvironmentProblem(
                "A query worker could not start.",
                hint="Is there memory for another copy of the snapshot, and is that in the cache?",
            ) from error

    def ask(self, request: dict[str, Any], until: float) -> tuple[dict[str, Any], bytes]:
        """Send one request and return the frame and bytes of its answer.

        `until` is a moment of `time.monotonic()`. Raises DeadlineError, ResourceError or
        TooComplexError; the process is dead after any of them.
        """
        head = json.dumps(request).encode()
        try:
            self._send(FRAME.pack(len(head)) + head, until)
        except BrokenPipeError:
            raise self._obituary() from None
        return self._receive(until)

    def kill(self) -> None:
        """End the process at once and reap it."""
        self._child.kill()
        self._child.wait()
        for pipe in (self._child.stdin, self._child.stdout):
            if pipe is not None:
                pipe.close()

    def _send(self, data: bytes, until: float) -> None:
        assert self._child.stdin is not None
        descriptor = self._child.stdin.fileno()
        os.set_blocking(descriptor, False)
        view = memoryview(data)
        while view:
            self._wait(descriptor, select.POLLOUT, until)
            view = view[os.write(descriptor, view) :]

    def _receive(self, until: float) -> tuple[dict[str, Any], bytes]:
        (length,) = FRAME.unpack(self._read(FRAME.size, until))
        frame: dict[str, Any] = json.loads(self._read(length, until))
        return frame, self._read(frame["length"], until)

    def _read(self, size: int, until: float) -> bytes:
        assert self._child.stdout is not None
        descriptor = self._child.stdout.fileno()
        parts: list[bytes] = []
        while size:
            self._wait(descriptor, select.POLLIN, until)
            part = os.read(descriptor, min(size, 1 << 20))
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
            self.kill()
            raise DeadlineError(
                "The time for this query ran out.",
                hint="Ask for less: fewer patterns, a LIMIT, or a more selective first pattern.",
            )

    def _obituary(self) -> ResourceError | TooComplexError:
        """Say why the process ended: the stack overflows on deep nesting, memory aborts."""
        status = self._child.wait()
        self.kill()
        if status in (-signal.SIGSEGV, -signal.SIGBUS):
            return TooComplexError(
                "The query is nested too deeply.", hint="Flatten nested groups and expressions."
            )
        return ResourceError(
            "The query used more memory than one query may.",
            hint="Ask for less: fewer unconnected patterns, a LIMIT, no large sort.",
        )
