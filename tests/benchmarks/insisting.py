"""`python -m benchmarks.insisting 150`: small questions beside clients that insist on slow ones.

As many clients ask queries that never end, each another one as soon as it is answered. Meanwhile
four ask small ones, and one reads the front page and `/ready`. With `--afresh` every slow query has
a connection of its own, with `--pages` its answer is wanted as a page. What the others wait for is
told for the time after the first eight seconds, in which the slow clients become known.
"""

from __future__ import annotations

import argparse
import http.client
import statistics
import sys
import tempfile
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from functools import partial
from itertools import count
from urllib.parse import urlencode

from benchmarks.hostile import ROOT, Server
from benchmarks.runaways import runaway

_PATIENCE = 60.0
_UNKNOWN = 8.0
_SMALL = 4
_PAUSE = 0.02
_PAGE = {"Accept": "text/html"}


@dataclass
class Waits:
    """What one kind of request met: seconds that each took, and how they ended."""

    seconds: list[float] = field(default_factory=list)
    ends: Counter[str] = field(default_factory=Counter)

    def __str__(self) -> str:
        if not self.seconds:
            return "no answer"
        found = sorted(self.seconds)
        p99 = found[int(len(found) * 0.99)]
        told = f"median {statistics.median(found):.3f} s, p99 {p99:.3f} s, most {found[-1]:.3f} s"
        return f"{told}; {dict(self.ends)}"


class Client:
    """Asks one thing after another, over one connection as long as that lasts."""

    def __init__(self, host: str, *, afresh: bool = False) -> None:
        self._host = host
        self._afresh = afresh
        self._connection = http.client.HTTPConnection(host, timeout=_PATIENCE)

    def get(self, target: str, headers: dict[str, str]) -> str:
        """Return the status of the answer, or what went wrong."""
        try:
            self._connection.request("GET", target, headers=headers)
            answer = self._connection.getresponse()
            answer.read()
        except (OSError, http.client.HTTPException) as error:
            self._connection.close()
            return type(error).__name__
        if self._afresh:
            self._connection.close()
        return str(answer.status)


class Run:
    """One run of all clients against a server."""

    def __init__(self, host: str, *, afresh: bool, pages: bool) -> None:
        self._host = host
        self._afresh = afresh
        self._headers = _PAGE if pages else {}
        self._numbers = count()
        self._ends = threading.Event()
        self._began = time.monotonic()
        self.slow = Waits()
        self.small = Waits()
        self.page = Waits()
        self.ready = Waits()

    def go(self, insisting: int, seconds: float) -> None:
        """Let so many clients insist for so long."""
        asks = [self._insist] * insisting + [self._ask_small] * _SMALL + [self._look]
        threads = [threading.Thread(target=ask, daemon=True) for ask in asks]
        for thread in threads:
            thread.start()
        time.sleep(seconds)
        self._ends.set()

    def _insist(self) -> None:
        client = Client(self._host, afresh=self._afresh)
        for number in self._on_and_on():
            target = f"/sparql?{urlencode({'query': runaway(number)})}"
            self._timed(self.slow, partial(client.get, target, self._headers))

    def _ask_small(self) -> None:
        client = Client(self._host)
        for number in self._on_and_on():
            target = f"/sparql?{urlencode({'query': f'ASK {{}} # {number}'})}"
            self._timed(self.small, partial(client.get, target, {}))
            time.sleep(_PAUSE)

    def _look(self) -> None:
        client = Client(self._host)
        for _ in self._on_and_on():
            self._timed(self.page, partial(client.get, "/", _PAGE))
            self._timed(self.ready, partial(client.get, "/ready", {}))
            time.sleep(_PAUSE)

    def _on_and_on(self) -> Iterator[int]:
        while not self._ends.is_set():
            yield next(self._numbers)

    def _timed(self, waits: Waits, ask: Callable[[], str]) -> None:
        began = time.monotonic()
        end = ask()
        if began - self._began >= _UNKNOWN and not self._ends.is_set():
            waits.seconds.append(time.monotonic() - began)
            waits.ends[end] += 1


def main() -> int:
    """Run the clients and print what each kind of request waited for."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("insisting", type=int, nargs="?", default=150)
    parser.add_argument("--seconds", type=float, default=30.0)
    parser.add_argument("--afresh", action="store_true")
    parser.add_argument("--pages", action="store_true")
    asked = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="migov-insisting-") as cache:
        server = Server("--root", str(ROOT), "--cache", cache)
        try:
            run = Run(server.host, afresh=asked.afresh, pages=asked.pages)
            run.go(asked.insisting, asked.seconds)
            is_there = server.is_running()
        finally:
            with suppress(TimeoutError):
                server.stop()
    print(f"{asked.insisting} clients that insist, {asked.seconds:g} s")
    for name in ("slow", "small", "page", "ready"):
        print(f"{name:6} {getattr(run, name)}")
    return 0 if is_there else 1


if __name__ == "__main__":
    sys.exit(main())
