"""Room for connections: when there are too many, those that only wait give way.

A connection that sends nothing costs a descriptor, and a process has only so many of them: whoever
holds most of them loses the oldest first. One that sends a request without an end costs memory as
well: when all of them hold too much, the longest go first. So does one that does not read its
replies.
"""

from __future__ import annotations

import resource
from collections import Counter
from collections.abc import Iterable
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from migov.front.connection import Connection

_MOST: Final = 10_000
_FEWEST: Final = 32
_RESERVED: Final = 200
"""Descriptors for all else: workers, files, logs, the index."""
_SHARE: Final = 10
"""One of so many connections goes at a time, so that making room is rare."""

MOST_HELD: Final = 256_000_000
"""Bytes of requests that are not whole yet, of all connections together."""

MOST_UNREAD: Final = 1_000_000_000
"""Bytes of replies that wait to be read, of all connections together."""
_STALLED: Final = 5.0
"""Seconds without a byte read after which a reply goes before those that are being read."""


def most_connections() -> int:
    """Return how many connections this process has room for, by its limit of descriptors."""
    soft, _ = resource.getrlimit(resource.RLIMIT_NOFILE)
    return max(_FEWEST, min(_MOST, soft - _RESERVED))


def make_room(connections: set[Connection], most: int) -> None:
    """Let connections go that only wait; those whose request is being answered stay."""
    held = Counter(each.peer for each in connections)
    waiting = [each for each in connections if each.only_waits]
    waiting.sort(key=lambda each: (-held[each.peer], each.since))
    for each in waiting[: len(connections) - most + most // _SHARE]:
        connections.discard(each)  # it is lost a moment later, and more may come before that
        each.transport.abort()


def free_memory(connections: Iterable[Connection], now: float, held: int, unread: int) -> None:
    """Let connections go while all of them hold more bytes than these.

    Of requests that are not whole the longest go first. Of replies that wait to be read those go
    first of which nothing was read for some seconds, then the longest.
    """
    connections = list(connections)
    arriving = [(each.held, each) for each in connections if each.only_waits]
    _let_go(sorted(arriving, key=lambda pair: -pair[0]), held)
    waiting = [(each.unread, each) for each in connections]
    _let_go(sorted(waiting, key=lambda pair: (now - pair[1].since < _STALLED, -pair[0])), unread)


def _let_go(ordered: list[tuple[int, Connection]], most: int) -> None:
    """Let go of the first ones with their bytes, if all have more than `most`."""
    total = sum(size for size, _ in ordered)
    if total <= most:
        return
    for size, each in ordered:
        each.transport.abort()
        total -= size
        if total <= most - most // _SHARE:
            break
