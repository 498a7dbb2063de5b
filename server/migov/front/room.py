"""Room for connections: when there are too many, those that only wait give way.

A connection that sends nothing costs a descriptor, and a process has only so many of them: whoever
holds most of them loses the oldest first. One that sends a request without an end costs memory as
well: when all of them hold too much, the longest go first.
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


def free_memory(connections: Iterable[Connection], most: int) -> None:
    """Let connections go whose requests are not whole while these hold more than `most` bytes."""
    held = [(each.held, each) for each in connections if each.only_waits and each.held]
    total = sum(size for size, _ in held)
    if total <= most:
        return
    held.sort(key=lambda pair: -pair[0])
    for size, each in held:
        each.transport.abort()
        total -= size
        if total <= most - most // _SHARE:
            break
