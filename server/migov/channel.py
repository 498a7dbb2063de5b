"""Bytes to and from another process, until a moment of `time.monotonic()`."""

from __future__ import annotations

import ctypes
import os
import select
import signal
import sys
import threading
import time
from typing import Final

GIVES_WAY: Final = 10
"""The niceness of a process whose answers nobody waits for."""
_AT_ONCE: Final = 1 << 20
_SIGNAL_OF_PARENT: Final = 1
"""PR_SET_PDEATHSIG of prctl(2)."""


def send_all(descriptor: int, data: bytes, until: float) -> None:
    """Write all of the data; raises TimeoutError, or ConnectionError where nobody reads it."""
    view = memoryview(data)
    while view:
        _wait(descriptor, select.POLLOUT, until)
        try:
            view = view[os.write(descriptor, view) :]
        except BlockingIOError:
            continue


def receive_exactly(descriptor: int, size: int, until: float) -> bytes:
    """Return as many bytes; raises TimeoutError, or ConnectionError where fewer come."""
    parts: list[bytes] = []
    while size:
        _wait(descriptor, select.POLLIN, until)
        part = os.read(descriptor, min(size, _AT_ONCE))
        if not part:
            raise ConnectionResetError
        parts.append(part)
        size -= len(part)
    return b"".join(parts)


def wake_with_parent() -> None:
    """Let the kernel continue this process, should it be stopped, when the one that made it ends.

    One that is stopped does not see that its channel was closed, and would stay for ever. It must
    not be killed instead: the signal comes when the *thread* that made it ends.
    """
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(_SIGNAL_OF_PARENT, int(signal.SIGCONT), 0, 0, 0)


def end_with_owner(descriptor: int) -> None:
    """End this process once the other end of a socket is closed, even in the middle of its work."""
    threading.Thread(target=_watch, args=(descriptor,), daemon=True).start()


def _watch(descriptor: int) -> None:
    poll = select.poll()
    poll.register(descriptor, 0)  # only what is always reported: the other end is gone
    poll.poll()
    os._exit(0)


def _wait(descriptor: int, event: int, until: float) -> None:
    poll = select.poll()
    poll.register(descriptor, event)
    left = until - time.monotonic()
    if left <= 0 or not poll.poll(left * 1000):
        raise TimeoutError
