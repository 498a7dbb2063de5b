"""The requests that come through a worker's channel, and which of them are not wanted any more."""

from __future__ import annotations

import select
import socket
from collections import deque
from typing import Final, NamedTuple

from migov.engine import frames

_AT_ONCE: Final = 65_536


class Request(NamedTuple):
    """What is asked; see `frames.REQUEST` for the fields of the head."""

    order: int
    solutions: int
    graph: int
    inferred: int
    rows: int
    text: bytes
    prefixes: bytes
    dataset: bytes


class Arriving:
    """Requests in the order in which they came; several may wait."""

    def __init__(self, connection: socket.socket) -> None:
        self._connection = connection
        self._poll = select.poll()
        self._poll.register(connection, select.POLLIN)
        self._held = bytearray()
        self._waiting: deque[Request] = deque()

    def next(self) -> Request | None:
        """Wait for a request and return it; None when no more will come."""
        if self._waiting:
            return self._waiting.popleft()
        while (request := self._read()) is not None:
            if request.order != frames.SKIP:
                return request
        return None

    def unwanted(self) -> int:
        """Drop those that wait before a word that they are not wanted, and return how many.

        Only what has come already is looked at.
        """
        dropped = 0
        while self._has_more() and (request := self._read()) is not None:
            if request.order == frames.SKIP:
                dropped += len(self._waiting)
                self._waiting.clear()
            else:
                self._waiting.append(request)
        return dropped

    def _has_more(self) -> bool:
        return bool(self._held) or bool(self._poll.poll(0))

    def _read(self) -> Request | None:
        size = frames.REQUEST.size
        if not self._fill(size):
            return None
        order, solutions, graph, inferred, rows, *lengths = frames.REQUEST.unpack_from(self._held)
        if not self._fill(size + sum(lengths)):
            return None
        texts = []
        for length in lengths:
            texts.append(bytes(self._held[size : size + length]))
            size += length
        del self._held[:size]
        return Request(order, solutions, graph, inferred, rows, *texts)

    def _fill(self, size: int) -> bool:
        """Read until so many bytes are held; returns False where the channel ends before."""
        while len(self._held) < size:
            part = self._connection.recv(_AT_ONCE)
            if not part:
                return False
            self._held += part
        return True
