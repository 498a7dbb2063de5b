"""How long this server works for one client: seconds of answering in a minute.

A token bucket for each address (RFC 6585 answers with 429). The library `limits` counts requests
before they run; here the cost is known only afterwards, and a request that still runs counts by
the time it has taken. So a bucket is kept here, in a few lines.
"""

from __future__ import annotations

import math
import threading
import time
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

_MINUTE: Final = 60.0
_MOST: Final = 10_000
"""Clients that are remembered; the one that was seen least recently is forgotten first."""


@dataclass(slots=True)
class _Account:
    """What a client has left at a moment; its running requests and the sum of their beginnings."""

    left: float
    at: float
    running: int = 0
    begun: float = 0.0


@dataclass(frozen=True, slots=True)
class Balance:
    """What a client has left: seconds of work, and the seconds until it has all of them again."""

    left: float
    wait: float
    reset: float

    @property
    def is_spent(self) -> bool:
        return self.wait > 0

    def headers(self, seconds: float) -> list[tuple[str, str]]:
        """Return the header fields that tell it (draft-ietf-httpapi-ratelimit-headers)."""
        left, reset = max(0, math.floor(self.left)), math.ceil(self.reset)
        found = [
            ("RateLimit-Policy", f'"work";q={math.ceil(seconds)};w={int(_MINUTE)}'),
            ("RateLimit", f'"work";r={left};t={reset}'),
        ]
        return [("Retry-After", str(math.ceil(self.wait))), *found] if self.is_spent else found


class Budgets:
    """The accounts of clients, each with so many `seconds` a minute. Thread-safe."""

    def __init__(
        self, seconds: float, most: int = _MOST, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self.seconds = seconds
        self._rate = seconds / _MINUTE
        self._most = most
        self._clock = clock
        self._accounts: OrderedDict[str, _Account] = OrderedDict()
        self._lock = threading.Lock()

    def __len__(self) -> int:
        return len(self._accounts)

    def begin(self, client: str) -> Balance:
        """Take note that a request of a client runs, unless its budget is spent."""
        now = self._clock()
        with self._lock:
            account = self._account(client, now)
            balance = self._balance(account, now)
            if not balance.is_spent:
                account.running += 1
                account.begun += now
            return balance

    def end(self, client: str, began: float, is_free: bool = False) -> None:
        """Take note that a request is over that began at a moment of the clock, and charge it."""
        now = self._clock()
        with self._lock:
            account = self._account(client, now)
            if account.running:
                account.running -= 1
                account.begun -= began
            if not is_free:
                account.left -= now - began

    def now(self) -> float:
        return self._clock()

    def _account(self, client: str, now: float) -> _Account:
        account = self._accounts.get(client)
        if account is None:
            account = self._accounts[client] = _Account(self.seconds, now)
            while len(self._accounts) > self._most:
                self._accounts.popitem(last=False)
        else:
            self._accounts.move_to_end(client)
        account.left = min(self.seconds, account.left + (now - account.at) * self._rate)
        account.at = now
        return account

    def _balance(self, account: _Account, now: float) -> Balance:
        left = account.left - (account.running * now - account.begun)
        wait = 0.0 if left > 0 else max(0.001, -left / self._rate)
        return Balance(left, wait, max(0.0, (self.seconds - left) / self._rate))
