"""Slow queries for which there is no place: they wait, and are tried once more or told.

Whoever is told asks again at once, and every newcomer takes a worker for some milliseconds until it
is found to be slow. So the more there are, the longer they wait, up to their deadlines: what they
take from small queries does not grow with their number.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from typing import Final

from migov.engine.tickets import Ticket, busy
from migov.errors import MigovError

PAUSE: Final = 1.0
"""Seconds for which one is put off where there are few."""
_A_SECOND: Final = 20
"""How many may come back in a second."""
_FEW: Final = 32
"""Up to so many each is tried once more, in case it was slow by chance alone."""


class Crowd:
    """Those that are put off. For the loop's own thread."""

    def __init__(
        self,
        loop: asyncio.AbstractEventLoop,
        enter: Callable[[Ticket], object],
        fail: Callable[[Ticket, MigovError], object],
    ) -> None:
        """`enter` takes one in that is tried again, `fail` tells one why it has no answer."""
        self._loop = loop
        self._enter = enter
        self._fail = fail
        self._number = 0

    def put_off(self, ticket: Ticket) -> None:
        """Let a slow query wait outside; one of somebody trusted is tried once more in any case."""
        self._number += 1
        is_again = ticket.was_put_off or not (ticket.was_trusted or self._number <= _FEW)
        pause = PAUSE if ticket.was_trusted else max(PAUSE, self._number / _A_SECOND)
        left = max(0.0, ticket.until - time.monotonic())
        is_tried = not is_again and pause < left
        ticket.was_put_off = True
        self._loop.call_later(min(pause, left), self._come_back, ticket, is_tried)

    def _come_back(self, ticket: Ticket, is_tried: bool) -> None:
        self._number -= 1
        if is_tried:
            self._enter(ticket)
        else:
            self._fail(ticket, busy())
