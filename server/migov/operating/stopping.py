"""A server that stops well: it lets go of its socket, finishes what runs, and leaves with 0.

The first signal (SIGTERM, SIGINT, SIGHUP) stops it within the seconds of the setting `farewell`;
what is not over by then is cut off. The second ends it at once.
"""

from __future__ import annotations

import logging
import os
import signal
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType
from typing import Final

import uvicorn

from migov.operating.notify import READY, STOPPING, notify

log = logging.getLogger(__name__)

_CUT_OFF: Final = 1


class StoppingServer(uvicorn.Server):
    """uvicorn that takes a second signal of either kind as a word to end at once."""

    def handle_exit(self, sig: int, frame: FrameType | None) -> None:
        if self.should_exit:
            log.warning("ended at once by a second %s", signal.Signals(sig).name)
            _leave(_CUT_OFF)
        log.info("stopping: %s", signal.Signals(sig).name)
        notify(STOPPING)
        self.should_exit = True

    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        """Take SIGHUP as well, which a closed terminal sends, unless it is ignored (nohup)."""
        with super().capture_signals():
            if threading.current_thread() is not threading.main_thread():
                yield  # no other thread gets signals
                return
            before = signal.getsignal(signal.SIGHUP)
            if before is not signal.SIG_IGN:
                signal.signal(signal.SIGHUP, self.handle_exit)
            try:
                yield
            finally:
                signal.signal(signal.SIGHUP, before)

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        """Start to accept, and tell whoever started this process."""
        await super().startup(sockets)
        if self.started:
            notify(READY)


@contextmanager
def stopped_by_signals() -> Iterator[None]:
    """Let signals end a `with` block like Ctrl-C, with KeyboardInterrupt, before a server runs.

    That is SIGTERM, and SIGHUP unless it is ignored.
    """

    def interrupt(number: int, frame: FrameType | None) -> None:
        raise KeyboardInterrupt

    before = {
        number: signal.getsignal(number)
        for number in (signal.SIGTERM, signal.SIGHUP)
        if signal.getsignal(number) is not signal.SIG_IGN
    }
    for number in before:
        signal.signal(number, interrupt)
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def leave_if_threads_remain() -> None:
    """Leave now, with 0, where a thread still waits for a query whose asker was cut off.

    Python would wait for it. The workers end when this process is gone.
    """
    if any(
        not each.daemon for each in threading.enumerate() if each is not threading.main_thread()
    ):
        _leave(0)


def _leave(code: int) -> None:
    logging.shutdown()
    os._exit(code)
