"""One worker as an event loop sees it."""

from __future__ import annotations

import asyncio
import os
import signal
import time
from collections import deque
from contextlib import suppress
from typing import Protocol

from migov.engine import frames
from migov.engine.process import ForkedWorker
from migov.engine.tickets import Ticket

_HEAD = frames.REPLY.size


class Owner(Protocol):
    """What a worker tells its pool."""

    def replied(self, worker: PooledWorker, kind: int, name: int, body: bytes) -> None:
        """The query that was first in the channel is answered."""

    def lost(self, worker: PooledWorker) -> None:
        """The channel is closed: the process has ended or is about to."""


class PooledWorker(asyncio.Protocol):
    """A forked worker whose channel is read by an event loop.

    `asked` are the tickets in its channel, None for one that is answered elsewhere; `began` is when
    the first of them came to its turn, and `used` the processor time in seconds that was seen to go
    into that one. On a busy machine little of the time that passes is used. One that `is_doubted`
    tries a query that nobody else is to wait for.
    """

    def __init__(self, owner: Owner, forked: ForkedWorker, loop: asyncio.AbstractEventLoop) -> None:
        self.forked = forked
        self.asked: deque[Ticket | None] = deque()
        self.began = 0.0
        self.used = 0.0
        self.turns = 0
        self.is_slow = False
        self.is_doubted = False
        self.is_lost = False
        self.is_stopped = False
        self.transport: asyncio.Transport
        self._loop = loop
        self._unsent: list[bytes] = []
        self._owner = owner
        self._partial = bytearray()
        self._is_gone = False
        self._seen = (-1, 0.0)
        self._clock = ~forked.process << 3 | 2  # that of another process (clock_getcpuclockid)
        try:
            self._process: int | None = os.pidfd_open(forked.process)
        except OSError:  # then its queries run at any time
            self._process = None

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        self.transport = transport

    def data_received(self, data: bytes) -> None:
        """Take one answer, as nearly always, or parts of some."""
        if not self._partial:
            if len(data) >= _HEAD:
                kind, name, length = frames.REPLY.unpack_from(data)
                if len(data) == _HEAD + length:
                    self._owner.replied(self, kind, name, data[_HEAD:])
                    return
            self._partial = bytearray(data)
        else:
            self._partial += data
        self._take_whole()

    def _take_whole(self) -> None:
        held, position = self._partial, 0
        while len(held) - position >= _HEAD:
            kind, name, length = frames.REPLY.unpack_from(held, position)
            end = position + _HEAD + length
            if len(held) < end:
                break
            body = bytes(memoryview(held)[position + _HEAD : end])
            position = end
            self._owner.replied(self, kind, name, body)
        self._partial = held[position:]

    def connection_lost(self, error: Exception | None) -> None:
        self.is_lost = True
        if not self._is_gone:
            self._owner.lost(self)

    def send(self, packed: bytes) -> None:
        """Send a request, with all others that come up in the same turn of the loop in one go."""
        if not self._unsent:
            self._loop.call_soon(self._flush)
        self._unsent.append(packed)

    def _flush(self) -> None:
        self.transport.write(b"".join(self._unsent))
        self._unsent.clear()

    def look(self) -> None:
        """Add to `used` what went into the first query in the channel since the last look."""
        try:
            now = time.clock_gettime(self._clock)
        except OSError:  # it has just ended
            return
        turn, before = self._seen
        self.used = self.used + now - before if turn == self.turns else 0.0
        self._seen = self.turns, now

    def stop(self) -> None:
        """Let it rest where it is, until `go_on`.

        One whose forking process is gone runs on: should this process end, nobody would wake it.
        """
        if not self.forked.origin.is_there():
            return
        self.is_stopped = self._process is not None
        self._signal(signal.SIGSTOP)

    def go_on(self) -> None:
        self.is_stopped = False
        self._signal(signal.SIGCONT)

    def kill(self) -> None:
        """End the process at once. It is still to be reaped, by `forked.end()`, which waits."""
        self._is_gone = True
        self.forked.kill()
        self.forget()

    def forget(self) -> None:
        """Let go of what this process holds of it."""
        self.transport.abort()
        self.unname()

    def unname(self) -> None:
        """Close the descriptor that names the process, all that is held of one never joined."""
        if self._process is not None:
            os.close(self._process)
            self._process = None

    def _signal(self, number: int) -> None:
        if self._process is not None:
            with suppress(ProcessLookupError):
                signal.pidfd_send_signal(self._process, number)
