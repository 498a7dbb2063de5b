"""Queries that wait for a worker, those first of whose askers nothing bad is known.

Nobody can tell from a text whether it is slow: a worker has to try. Whoever asks slow ones on and
on would so hold up everybody, since all would wait for each to be tried. So first comes who was
answered quickly the last time, then a stranger from a network that asks many slow ones, then who
asked a slow one (a busy machine may make a small one slow by chance), and last who did it twice.
"""

from __future__ import annotations

import time
from collections import Counter, deque
from collections.abc import Iterable, Iterator
from typing import Final

from migov.engine.tickets import Asker, Ticket

_MANY: Final = 8
"""Slow queries of one network after which those of whom nothing is known there are doubted."""
_MEMORY: Final = 10.0
"""Seconds for which they are remembered, and for as long again at most."""


class Line:
    """The lines, in the order in which they have their turn; nobody doubts those in the first."""

    def __init__(self) -> None:
        self._lines: tuple[deque[Ticket], ...] = (deque(), deque(), deque(), deque())
        self._trusted, *self._doubted = self._lines
        self._slow: Counter[str] = Counter()
        self._slow_before: Counter[str] = Counter()
        self._turned = time.monotonic()

    def __len__(self) -> int:
        return sum(map(len, self._lines))

    def __bool__(self) -> bool:
        return any(self._lines)

    @property
    def has_doubted(self) -> bool:
        return any(self._doubted)

    def is_trusted(self, ticket: Ticket) -> bool:
        """Whether a query need not wait behind others."""
        return self._line_of(ticket.asker) is self._trusted

    def add(self, ticket: Ticket) -> None:
        """Put a query into its line."""
        self._line_of(ticket.asker).append(ticket)

    def put_back(self, tickets: Iterable[Ticket]) -> None:
        """Put queries in front of all that wait, in their order."""
        self._trusted.extendleft(reversed(list(tickets)))

    def next_trusted(self) -> Ticket | None:
        """Take out the first of the first line; who came into doubt meanwhile changes lines."""
        while self._trusted:
            ticket = self._trusted.popleft()
            line = self._line_of(ticket.asker)
            if line is self._trusted:
                return ticket
            line.append(ticket)
        return None

    def next_doubted(self) -> Ticket:
        """Take out the first of the others; there is one."""
        return next(line for line in self._doubted if line).popleft()

    def over(self, now: float) -> Iterator[Ticket]:
        """Take out those in front whose time is over, or whom nobody waits for."""
        for line in self._lines:
            while line and (line[0].until <= now or line[0].is_abandoned):
                yield line.popleft()

    def everybody(self) -> Iterator[Ticket]:
        """Take out all."""
        for line in self._lines:
            while line:
                yield line.popleft()

    def was_quick(self, ticket: Ticket) -> None:
        """Remember that a query was answered at once."""
        if ticket.asker is not None:
            ticket.asker.slow = 0

    def was_slow(self, ticket: Ticket) -> None:
        """Remember that a query turned out to be slow, and whether its asker was trusted before."""
        if ticket.is_slow:
            return
        ticket.is_slow = True
        ticket.was_trusted = self.is_trusted(ticket)
        if ticket.asker is not None:
            ticket.asker.slow = (ticket.asker.slow or 0) + 1
            self._forget()
            self._slow[ticket.asker.network] += 1

    def _line_of(self, asker: Asker | None) -> deque[Ticket]:
        if asker is None or asker.slow == 0:
            return self._trusted
        if asker.slow is not None:
            return self._doubted[min(asker.slow, 2)]
        self._forget()
        seen = self._slow[asker.network] + self._slow_before[asker.network]
        return self._doubted[0] if seen >= _MANY else self._trusted

    def _forget(self) -> None:
        """Forget what is longer ago than is remembered."""
        now = time.monotonic()
        if now - self._turned >= _MEMORY:
            self._slow_before = self._slow if now - self._turned < 2 * _MEMORY else Counter()
            self._slow = Counter()
            self._turned = now
