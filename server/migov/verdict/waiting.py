"""The process that gives verdicts, as its owner sees it: warm it, fork it, end what it forked."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import Any, Final

from migov.channel import receive_exactly, send_all
from migov.engine.forker import DONE, FORK, ORDER, REAP
from migov.engine.frames import FRAME
from migov.errors import DeadlineError, EnvironmentProblem, ResourceError
from migov.repository import Repository
from migov.settings import Settings

WARM: Final = 2
"""An order beside those of `migov.engine.forker`: work out now what every verdict needs."""
_START_SECONDS: Final = 60.0
_ORDER_SECONDS: Final = 10.0
"""Time in which it forks or reaps, which takes milliseconds; one that was stopped never does."""


class Gone(Exception):
    """The process that waits is not there any more."""


class WaitingProcess:
    """A process of `migov.verdict.worker`. It ends when it is retired and nobody uses it."""

    def __init__(self, repository: Repository, settings: Settings) -> None:
        """Start it and wait until it can fork; raises EnvironmentProblem."""
        self._lock = threading.Lock()
        self._users = 1
        self._is_lost = False
        self._control, theirs = socket.socketpair()
        settings.cache.mkdir(parents=True, exist_ok=True)
        arguments = [repository.root, settings.cache, settings.memory, settings.deadline]
        try:
            with theirs:
                self._process = subprocess.Popen(
                    [sys.executable, "-P", "-m", "migov.verdict.worker", *map(str, arguments)],
                    stdin=theirs.fileno(),
                    stdout=subprocess.DEVNULL,
                    stderr=subprocess.DEVNULL,
                    start_new_session=True,
                )
            self._control.settimeout(_START_SECONDS)
            self._answer()
            self._control.settimeout(_ORDER_SECONDS)
        except (OSError, Gone) as error:
            self.retire()
            raise EnvironmentProblem(
                "A process to check changes in could not start.", hint="Is there memory for it?"
            ) from error

    def is_there(self) -> bool:
        return not self._is_lost and self._process.poll() is None

    def hold(self) -> None:
        with self._lock:
            self._users += 1

    def release(self) -> None:
        with self._lock:
            self._users -= 1
            if self._users == 0:
                self._control.close()
                if hasattr(self, "_process"):
                    self._process.kill()
                    self._process.wait()

    retire = release
    """Its owner is its first user."""

    def warm(self) -> None:
        """Have it work out what every verdict needs; raises Gone."""
        with self._lock:
            self._control.settimeout(_START_SECONDS)
            self._ask(WARM)
            self._control.settimeout(_ORDER_SECONDS)

    @contextmanager
    def fork(self) -> Iterator[Judge]:
        """Yield a process for one proposal, and end it with all that it has started."""
        ours, theirs = socket.socketpair()
        with ours:
            try:
                with theirs, self._lock:
                    process, error = self._ask(FORK, 0, theirs)
            except Gone:
                raise crashed() from None
            if not error and process <= 1:
                raise crashed()
            if error:
                raise EnvironmentProblem(
                    f"A process to check this change in could not start: {os.strerror(error)}.",
                    hint="Is there memory, and may this user have more processes?",
                )
            try:
                yield Judge(ours)
            finally:
                with self._lock:
                    self._end(process)

    def _end(self, process: int) -> None:
        for kill in (os.killpg, os.kill):  # it may not lead its group yet
            with suppress(ProcessLookupError, PermissionError):
                kill(process, signal.SIGKILL)
        with suppress(Gone):
            self._ask(REAP, process)

    def _ask(
        self, what: int, process: int = 0, channel: socket.socket | None = None
    ) -> tuple[int, int]:
        order = ORDER.pack(what, process)
        if self._is_lost:
            raise Gone
        try:
            if channel is None:
                self._control.sendall(order)
            else:
                socket.send_fds(self._control, [order], [channel.fileno()])
            return self._answer()
        except (OSError, Gone) as error:
            # A late answer would be taken for that of the next order, and name no process.
            self._is_lost = True
            self._process.kill()
            raise Gone from error

    def _answer(self) -> tuple[int, int]:
        try:
            answer = self._control.recv(DONE.size, socket.MSG_WAITALL)
        except OSError as error:
            raise Gone from error
        if len(answer) < DONE.size:
            raise Gone
        process, error_number = DONE.unpack(answer)
        return process, error_number


class Judge:
    """The channel to the process that judges one proposal."""

    def __init__(self, channel: socket.socket) -> None:
        self._channel = channel
        channel.setblocking(False)

    def send(self, frame: dict[str, Any], content: bytes, until: float) -> None:
        head = json.dumps(frame).encode()
        with _told():
            send_all(self._channel.fileno(), FRAME.pack(len(head)) + head + content, until)

    def receive(self, until: float) -> tuple[dict[str, Any], bytes]:
        descriptor = self._channel.fileno()
        with _told():
            (length,) = FRAME.unpack(receive_exactly(descriptor, FRAME.size, until))
            frame: dict[str, Any] = json.loads(receive_exactly(descriptor, length, until))
            return frame, receive_exactly(descriptor, frame["length"], until)


@contextmanager
def _told() -> Iterator[None]:
    """Say what it means for a proposal that its process is late or gone."""
    try:
        yield
    except TimeoutError:
        raise DeadlineError(
            "The time for checking this change ran out.", hint="Propose it in smaller parts."
        ) from None
    except ConnectionError:
        raise crashed() from None


def crashed() -> ResourceError:
    """Return the error of a proposal whose process is gone."""
    return ResourceError(
        "The process that checked this change ended before it was done.",
        hint="Does it nest very deeply, or is it very large? Propose it in smaller parts.",
    )
