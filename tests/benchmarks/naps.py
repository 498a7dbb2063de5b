"""How late the machine itself is: what it does to a thread that only naps it does to a server."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

NAP: Final = 0.01
"""Seconds."""


@contextmanager
def naps() -> Iterator[list[float]]:
    """Take naps in a thread; the list holds, at the end, the seconds by which each was late."""
    late: list[float] = []
    over = threading.Event()

    def nap() -> None:
        until = time.monotonic() + NAP
        while not over.wait(max(0.0, until - time.monotonic())):
            late.append(time.monotonic() - until)
            until = time.monotonic() + NAP

    thread = threading.Thread(target=nap)
    thread.start()
    try:
        yield late
    finally:
        over.set()
        thread.join()
