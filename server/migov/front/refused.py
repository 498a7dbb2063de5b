"""A request that never came whole, or was none: it is told so in its turn, and nothing follows."""

from __future__ import annotations

import time
from contextlib import suppress
from typing import TYPE_CHECKING

from migov.errors import BudgetError, MigovError
from migov.front.exchange import Exchange, Request

if TYPE_CHECKING:
    from migov.front.connection import Connection


class Refused(Exchange):
    """A refusal that waits for its turn."""

    route = None

    def __init__(self, connection: Connection, error: MigovError) -> None:
        self.request = Request(b"", b"", [], {}, "1.1", False)
        self.body = bytearray()
        self.is_whole = True
        self.keep_alive = self.streams = self.response_complete = False
        self.connection = connection
        self.began = time.perf_counter()
        self._error = error
        with suppress(BudgetError):  # it is refused all the same
            self._admit()

    def turn(self) -> None:
        self._refuse(self._error, self.connection.front.snapshot)

    def lost(self) -> None:
        self._over(0, 0, False)
