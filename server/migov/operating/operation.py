"""The operation of one server: every request passes here when it begins and when it is over."""

from __future__ import annotations

import logging
import re
from collections.abc import Callable, Mapping
from dataclasses import fields
from typing import Final

from migov import __version__
from migov.engine.tally import REASONS, STARTED, TALLY
from migov.errors import BudgetError
from migov.operating.budget import Balance, Budgets
from migov.operating.log import request_line
from migov.operating.metrics import Metrics
from migov.operating.requests import Finished, client_of, is_trusted, network_of, networks
from migov.settings import Settings, variable

log = logging.getLogger(__name__)

_USER: Final = re.compile(r"//[^/\s@]*@")
UNOBSERVED: Final = frozenset(("/health", "/ready", "/metrics"))
"""Paths for whoever looks after the server: they cost no budget and fill no log."""


class Operation:
    """What a server tells of itself and demands of its clients. Thread-safe."""

    def __init__(
        self,
        settings: Settings,
        snapshot: Callable[[], str],
        reading: Callable[[], Mapping[str, float]],
    ) -> None:
        """`snapshot` returns the digest of what is served, `reading` what is the case now."""
        self.settings = settings
        self._trusted = networks(settings.proxies)
        self._budgets = Budgets(settings.budget) if settings.budget else None
        self._reading = reading
        self.metrics = Metrics(__version__, snapshot, self._now)

    def client(
        self, peer: str | None, forwarded_for: str | None, forwarded: str | None
    ) -> str | None:
        """Return the address of whoever asked, behind the proxies that are trusted."""
        return client_of(peer, self._trusted, forwarded_for, forwarded)

    def believes(self, peer: str | None) -> bool:
        """Return whether what the other end of a socket says of others is believed."""
        return bool(self._trusted) and is_trusted(peer, self._trusted)

    def admit(self, client: str | None) -> float | None:
        """Let a request begin; returns the moment, None where nothing is counted.

        Give that moment back to `over`. Raises BudgetError when the client's budget is spent.
        """
        if self._budgets is None:
            return None
        began = self._budgets.now()
        balance = self._budgets.begin(network_of(client))
        if balance.is_spent:
            raise self._spent(balance)
        return began

    def over(self, finished: Finished, began: float | None) -> None:
        """Take note that a request is over: charge it, count it, write it down."""
        if self._budgets is not None and began is not None:
            self._budgets.end(network_of(finished.client), began, finished.is_kept)
        if finished.route in UNOBSERVED:
            return
        self.metrics.observe(finished)
        request_line(finished)

    def _spent(self, balance: Balance) -> BudgetError:
        seconds = self.settings.budget
        return BudgetError(
            f"This server works {seconds:g} seconds a minute for one client, and these are used.",
            headers=tuple(balance.headers(seconds)),
            hint="Wait as long as Retry-After says, ask for less, or take a dump.",
        )

    def _now(self) -> Mapping[str, float]:
        counted = TALLY.counts()
        return {
            **self._reading(),
            "workers_started": counted.get(STARTED, 0),
            **{f"workers_ended_{reason}": counted.get(reason, 0) for reason in REASONS},
            "clients_counted": len(self._budgets) if self._budgets else 0,
        }


def log_settings(settings: Settings) -> None:
    """Write what the server starts with, without the names and passwords of an address.

    No other setting is a secret: that of tokens is the name of a file.
    """
    given = {setting.name: getattr(settings, setting.name) for setting in fields(settings)}
    known = {
        name: _USER.sub("//…@", str(value)) for name, value in given.items() if value is not None
    }
    log.info("settings (each can be given as %s)", variable("name"), extra={"fields": known})
