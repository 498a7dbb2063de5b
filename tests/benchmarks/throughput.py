"""`python -m benchmarks.throughput 1000000`: requests a second, ours and the peers in the same run.

All servers are up at once and one is loaded at a time, in rounds whose order turns, so that what
else the machine does falls on all alike. A figure is the median of the rounds' ratios; the least
and the most of them say what may be claimed.
"""

from __future__ import annotations

import argparse
import http.client
import json
import os
import platform
import socket
import statistics
import sys
import tempfile
import threading
import time
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from http import HTTPStatus
from pathlib import Path
from typing import Final
from urllib.parse import quote, urlsplit

from benchmarks.load import Load, fire
from benchmarks.made import INITIATIVE, records_for, write_snapshot, write_triples
from benchmarks.naps import naps
from benchmarks.peers import Peer, all_of, ours, oxigraph_disk, oxigraph_memory, rdflib_endpoint
from migov.vocabulary import CONCEPT, NS, STANDARD_PREFIXES

MEMORY, DISK, STORE = "migov, memory", "migov, disk", "oxigraph, disk"
STORE_MEMORY, RDFLIB = "oxigraph, memory", "rdflib-endpoint"

_PREFIXES: Final = f"PREFIX mg: <{NS}> PREFIX skos: <{STANDARD_PREFIXES['skos']}> "
REPEATED: Final = f"SELECT ?p ?o WHERE {{ <{INITIATIVE}7> ?p ?o }}"
LOOKUP: Final = f"SELECT ?p ?o WHERE {{ <{INITIATIVE}{{subject}}> ?p ?o }} LIMIT 1{{number}}"
ROWS: Final = (
    f"{_PREFIXES}SELECT ?s ?i ?r ?a WHERE {{ ?s mg:participationIn ?i ; mg:role ?r ; mg:actor ?a }}"
    " LIMIT 10000 # {subject} {number}"
)
QUESTIONS: Final = {
    "join": f"""{_PREFIXES}SELECT ?i ?label ?actor WHERE {{
        ?i mg:theme <{CONCEPT}theme/diaspora> ; mg:coversPlace ?p ; skos:prefLabel ?label .
        ?x mg:participationIn ?i ; mg:role <{CONCEPT}role/funder> ; mg:actor ?a .
        ?a mg:locatedIn ?p ; skos:prefLabel ?actor . FILTER(LANG(?label) = "en") }} LIMIT NUMBER""",
    "aggregate": f"""{_PREFIXES}SELECT ?place (COUNT(DISTINCT ?i) AS ?n) WHERE {{
        ?i mg:coversPlace ?place ; mg:theme <{CONCEPT}theme/diaspora>
        }} GROUP BY ?place ORDER BY DESC(?n) LIMIT NUMBER""",
    "path": f"""{_PREFIXES}SELECT ?i ?above WHERE {{
        ?i a mg:Project ; mg:theme <{CONCEPT}theme/technology> ; mg:partOf+ ?above
        }} LIMIT NUMBER""",
    "10,000 rows": f"""{_PREFIXES}SELECT ?s ?i ?r ?a WHERE {{
        ?s mg:participationIn ?i ; mg:role ?r ; mg:actor ?a }} LIMIT 10000 # NUMBER""",
}
_ONE_BY_ONE: Final = ", one after another"
_BESIDE: Final = "p99 beside runaways, 8 connections"
ADMITTED: Final = 72
"""Runaways that a server with two workers takes in: four under way for each, and 64 that wait."""
_SETTLED: Final = 5.0
"""Seconds in which each of the runaways is found to be one, and in which the last of them ends."""
_PATIENCE: Final = 300.0
"""Seconds that one query may take a server."""
_IN_A_ROW: Final = 5
_LONG: Final = 5.0
"""How often a question is put, a new one each time, before another server has its turn; and seconds
after which no more follow. The median counts: the first finds a machine that was busy elsewhere."""
RUNAWAY: Final = "SELECT (COUNT(*) AS ?n) {{ ?a ?b ?c . ?d ?e ?f . ?g ?h ?i FILTER({} != 0) }}"


@dataclass(frozen=True, slots=True)
class Case:
    """One comparison: a load by connections, our server and a peer, and what is wanted."""

    title: str
    query: str
    connections: int
    mine: str
    peer: str
    target: float | None


def cases() -> list[Case]:
    """Return the comparisons of the order book, and those that are reported beside them."""
    found = []
    for number in (8, 64):
        found += [
            Case("repeated point lookup", REPEATED, number, MEMORY, STORE, 2.5),
            Case("first-time point lookup, default store", LOOKUP, number, MEMORY, STORE, 0.9),
            Case("first-time point lookup, disk", LOOKUP, number, DISK, STORE, 0.6),
            Case("first-time point lookup, memory", LOOKUP, number, MEMORY, STORE_MEMORY, None),
        ]
    for number in (1, 8):
        found += [
            Case("10,000 rows, first time, default store", ROWS, number, MEMORY, STORE, 0.95),
            Case("10,000 rows, first time, disk", ROWS, number, DISK, STORE, None),
        ]
    found.append(Case("first-time point lookup", LOOKUP, 8, MEMORY, RDFLIB, 4.0))
    return found


class Bench:
    """The servers, and what was measured of them."""

    def __init__(self, peers: dict[str, Peer], records: int, seconds: float) -> None:
        self._peers = peers
        self._records = records
        self._seconds = seconds
        self._next = 0
        self._clients: dict[str, http.client.HTTPConnection] = {}

    def load(self, name: str, query: str, connections: int) -> Load:
        """Load one server; numbers are never used twice in a run."""
        self._next += 1_000_000
        found = fire(
            self._peers[name].endpoint,
            query,
            subjects=self._records,
            first=self._next,
            connections=connections,
            seconds=self._seconds,
        )
        if found.failures:
            print(f"    {name}: {found.failures} requests failed", flush=True)
        return found

    def ask(self, name: str, query: str) -> tuple[float, int]:
        """Return how many seconds a query takes, and how many rows it has.

        Raises TimeoutError when there is no answer within a few minutes.
        """
        target = urlsplit(self._peers[name].endpoint)
        client = self._clients.get(name) or http.client.HTTPConnection(
            target.hostname or "", target.port, timeout=_PATIENCE
        )
        self._clients[name] = client
        path = f"{target.path}?query={quote(query, safe='')}"
        began = time.perf_counter()
        try:
            client.request("GET", path, headers={"Accept": "application/sparql-results+json"})
            response = client.getresponse()
            body = response.read()
        except TimeoutError:
            del self._clients[name]
            raise
        took = time.perf_counter() - began
        if response.status != HTTPStatus.OK:
            raise SystemExit(f"{name} answered {response.status} to {query}")
        return took, len(json.loads(body)["results"]["bindings"])


def compared(bench: Bench, chosen: Sequence[Case], rounds: int) -> dict[Case, list[float]]:
    """Return the ratio of each round, ours to the peer's, for each case."""
    ratios: dict[Case, list[float]] = {case: [] for case in chosen}
    for number in range(rounds):
        turned = [*chosen[number % len(chosen) :], *chosen[: number % len(chosen)]]
        rates: dict[tuple[str, str, int], float] = {}
        for case in turned:
            pair = (case.mine, case.peer) if number % 2 else (case.peer, case.mine)
            for name in pair:
                key = name, case.query, case.connections
                if key not in rates:
                    rates[key] = bench.load(name, case.query, case.connections).rate
            mine, other = (rates[n, case.query, case.connections] for n in (case.mine, case.peer))
            if not (mine and other):  # a load may be too short for any answer
                print(
                    f"  {case.title}, {case.connections}: {mine:,.1f} to {other:,.1f}", flush=True
                )
                continue
            ratios[case].append(mine / other)
            line = f"  {case.title}, {case.connections}: {mine:,.0f} to {other:,.0f} of {case.peer}"
            print(f"{line} = {mine / other:.2f}", flush=True)
        print(f"round {number + 1} of {rounds}", flush=True)
    return ratios


def asked(
    bench: Bench, names: Sequence[str], rounds: int, titles: Sequence[str]
) -> dict[str, dict[str, list[float]]]:
    """Return the seconds that each heavier question takes each server: one median a round.

    A server that does not answer one is not asked again: it is still at work on that one.
    """
    asked_still = set(names)
    taken = {title: {name: list[float]() for name in names} for title in titles}
    for number in range(rounds):
        for title in titles:
            query, rows = QUESTIONS[title], set()
            for name in names if number % 2 else reversed(names):
                if name not in asked_still:
                    continue
                try:
                    seconds, found = _in_a_row(bench, name, query, 100_000 + _IN_A_ROW * number)
                except TimeoutError:
                    asked_still.remove(name)
                    print(f"    {title}: no answer from {name} in {_PATIENCE:g} s", flush=True)
                    continue
                taken[title][name].append(seconds)
                rows.add(found)
            if len(rows) != 1:
                print(f"    {title}: the servers disagree about the number of rows: {rows}")
    return taken


def _in_a_row(bench: Bench, name: str, query: str, first: int) -> tuple[float, int]:
    """Return the median of the seconds that queries take one after another, and their rows.

    Raises TimeoutError when one has no answer.
    """
    taken: list[float] = []
    rows = 0
    for number in range(first, first + _IN_A_ROW):
        seconds, rows = bench.ask(name, query.replace("NUMBER", f"{number}"))
        taken.append(seconds)
        if sum(taken) > _LONG:
            break
    return statistics.median(taken), rows


def neighbours(bench: Bench, endpoint: str, rounds: int, runaways: int) -> list[float]:
    """Return the ratios of p99 of small queries beside runaways to that without them."""
    ratios = []
    for number in range(rounds):
        time.sleep(_SETTLED)
        with naps() as idle_late:
            idle = bench.load(MEMORY, LOOKUP, 8)
        over = threading.Event()
        threads = [
            threading.Thread(target=_burn, args=(endpoint, over, number * 1000 + each))
            for each in range(runaways)
        ]
        for thread in threads:
            thread.start()
        time.sleep(_SETTLED)
        with naps() as late:
            beside = bench.load(MEMORY, LOOKUP, 8)
        over.set()
        for thread in threads:
            thread.join()
        ratios.append(beside.p99 / idle.p99)
        print(
            f"  p99 {idle.p99 * 1000:.1f} ms at {idle.rate:,.0f}/s idle,"
            f" {beside.p99 * 1000:.1f} ms at {beside.rate:,.0f}/s beside {runaways} runaways;"
            f" naps late by {max(idle_late) * 1000:.0f} and {max(late) * 1000:.0f} ms",
            flush=True,
        )
    return ratios


def _burn(endpoint: str, over: threading.Event, number: int) -> None:
    """Ask for what never ends, and for another when that has ended, until somebody says so."""
    target = urlsplit(endpoint)
    place = target.hostname or "", target.port or 80
    while not over.is_set():
        number += 1_000_000
        query = quote(RUNAWAY.format(number))
        head = f"GET {target.path}?query={query} HTTP/1.1\r\nHost: {target.netloc}\r\n"
        with socket.create_connection(place, timeout=1.0) as connection:
            connection.sendall(f"{head}Connection: close\r\n\r\n".encode())
            while not over.is_set():
                try:
                    if not connection.recv(65_536):
                        break
                except TimeoutError:
                    continue


def told(values: Sequence[float]) -> str:
    """Return the median of ratios with the least and the most.

    >>> told([1.0, 3.0, 2.0])
    '2.00 (1.00 to 3.00)'
    """
    return f"{statistics.median(values):.2f} ({min(values):.2f} to {max(values):.2f})"


def _table(heads: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    lines = [heads, ["---"] * len(heads), *rows]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


def _report(
    ratios: dict[Case, list[float]],
    taken: dict[str, dict[str, list[float]]],
    p99: Sequence[float],
) -> str:
    rows = []
    for case, values in ratios.items():
        if not values:
            continue
        target = "" if case.target is None else f"{case.target} ×"
        miss = case.target is not None and statistics.median(values) < case.target
        rows.append(
            [
                f"{case.title}, {case.connections} connections",
                case.peer,
                target,
                told(values) + (" **missed**" if miss else ""),
            ]
        )
    for title, by_name in taken.items():
        for name in [each for each in by_name if each != MEMORY and by_name[each]]:
            each = [o / m for o, m in zip(by_name[name], by_name[MEMORY], strict=False)]
            target = "10 ×" if name == RDFLIB else ""
            missed = " **missed**" if target and statistics.median(each) < 10 else ""
            rows.append([title + _ONE_BY_ONE, name, target, told(each) + missed])
    if p99:
        missed = " **missed**" if statistics.median(p99) > 2 else ""
        rows.append([_BESIDE, "idle", "≤ 2 ×", told(p99) + missed])
    return _table(["comparison", "with", "target", "median (least to most)"], rows)


def main() -> int:
    """Measure, print what was measured, and return 0."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("triples", type=int, nargs="?", default=1_000_000)
    parser.add_argument("--rounds", type=int, default=7)
    parser.add_argument("--seconds", type=int, default=3, help="of each load")
    parser.add_argument("--only", default="", help="comparisons whose title has this")
    parser.add_argument(
        "--peers",
        choices=("all", "oxigraph", "rdflib"),
        default="all",
        help="rdflib-endpoint takes minutes over a million triples, to start and for a join",
    )
    parser.add_argument(
        "--without",
        action="append",
        default=[],
        choices=QUESTIONS,
        help="leave out a question that a peer does not finish",
    )
    parser.add_argument("--folder", type=Path, help="keeps what is made for another run")
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as made:
        folder = given.folder or Path(made)
        print(_measured(given, folder))
    return 0


def _measured(given: argparse.Namespace, folder: Path) -> str:
    records = records_for(given.triples)
    triples = folder / f"{records}.nt"
    if not triples.exists():
        folder.mkdir(parents=True, exist_ok=True)
        write_triples(triples, records)
    snapshot = write_snapshot(folder / "snapshots", records, disk=True)
    started: list[tuple[str, object]] = [(MEMORY, ours(snapshot.folder, "memory"))]
    if given.peers != "rdflib":
        started += [
            (DISK, ours(snapshot.folder, "disk")),
            (STORE, oxigraph_disk(triples, folder)),
            (STORE_MEMORY, oxigraph_memory(triples)),
        ]
    if given.peers != "oxigraph":
        started.append((RDFLIB, rdflib_endpoint(triples)))
    names = {name for name, _ in started}
    chosen = [case for case in cases() if given.only in case.title and case.peer in names]
    questions = [
        title
        for title in QUESTIONS
        if given.only in title + _ONE_BY_ONE and title not in given.without
    ]
    with all_of(started) as peers:
        bench = Bench(peers, records, given.seconds)
        ratios = compared(bench, chosen, given.rounds) if chosen else {}
        taken = asked(bench, [name for name, _ in started], given.rounds, questions)
        p99: Sequence[float] = ()
        if given.only in _BESIDE:
            p99 = neighbours(bench, peers[MEMORY].endpoint, given.rounds, runaways=ADMITTED)
    now = datetime.now(UTC).date()
    machine = f"{os.cpu_count()} cores, {platform.machine()}, Python {platform.python_version()}"
    head = f"{snapshot.triples:,} triples, {given.rounds} rounds of {given.seconds:g} s, {now}"
    load = ", ".join(f"{value:.1f}" for value in os.getloadavg())
    return f"\n{head}; {machine}; load at the end {load}\n\n{_report(ratios, taken, p99)}"


if __name__ == "__main__":
    sys.exit(main())
