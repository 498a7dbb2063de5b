"""`python -m benchmarks.runaways 1000`: queries that never end, answered when their time is over.

As many run at once as are asked for; each is to be answered by its deadline and a quarter of a
second. Exit code 1 if one is not, or is answered by anything but the deadline.
"""

from __future__ import annotations

import argparse
import http.client
import json
import statistics
import sys
import tempfile
import time
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

from benchmarks.hostile import ROOT, Server
from benchmarks.naps import NAP, naps

_PATIENCE = 60.0


@dataclass(frozen=True, slots=True)
class Answered:
    """How a runaway ended: the status, the type of its problem, and seconds after it was sent."""

    status: int
    problem: str
    seconds: float


def runaway(number: int) -> str:
    """Return a query that does not end, another one for each number."""
    patterns = "".join(f" ?a{n} ?b{n} ?c{n} ." for n in range(12))
    endless = (
        f"SELECT (COUNT(*) AS ?n{number}) {{{patterns} }}",
        f"SELECT * {{{patterns} FILTER(CONCAT(STR(?a0), STR(?c11)) = '{number}') }}",
        f"SELECT (SUM(RAND()) AS ?n{number}) {{{patterns} }} GROUP BY ?a11",
        f"ASK {{{patterns} FILTER(STRLEN(CONCAT(STR(?a0), STR(?c11))) > {10**6 + number}) }}",
        f"SELECT (COUNT(*) AS ?n{number}) {{ ?a (<a:a>|!<a:b>)* ?b .{patterns} }}",
    )
    return endless[number % len(endless)]


def ask(host: str, text: str) -> Answered:
    """Send a query and wait for the whole answer."""
    connection = http.client.HTTPConnection(host, timeout=_PATIENCE)
    began = time.monotonic()
    try:
        headers = {"Content-Type": "application/sparql-query", "Accept": "application/json"}
        connection.request("POST", "/sparql", text.encode(), headers)
        answer = connection.getresponse()
        body = answer.read()
    finally:
        connection.close()
    seconds = time.monotonic() - began
    problem = ""
    if answer.status >= 400:
        problem = str(json.loads(body)["type"]).rpartition("/")[2]
    return Answered(answer.status, problem, seconds)


def main() -> int:
    """Run them, print when they were answered, and return the exit code."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("runaways", type=int, nargs="?", default=1000)
    parser.add_argument("--at-once", type=int, default=2)
    parser.add_argument("--deadline", type=float, default=1.0)
    asked = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="migov-runaways-") as cache:
        options = ("--deadline", str(asked.deadline), "--workers", str(asked.at_once))
        server = Server("--root", str(ROOT), "--cache", cache, *options)
        try:
            with ThreadPoolExecutor(asked.at_once) as threads, naps() as late:
                answers = list(
                    threads.map(
                        lambda number: ask(server.host, runaway(number)), range(asked.runaways)
                    )
                )
            still_there = server.is_running() and ask(server.host, "ASK {}").status == 200
        finally:
            server.stop()
    over = [each.seconds - asked.deadline for each in answers]
    in_time = sum(seconds <= 0.25 for seconds in over)
    ends = Counter((each.status, each.problem) for each in answers)
    print(f"deadline {asked.deadline} s, {asked.at_once} at once")
    print(f"answered within the deadline and 0.25 s: {in_time} of {len(answers)}")
    print(f"over the deadline: median {statistics.median(over):.3f} s, most {max(over):.3f} s")
    print(f"a nap of {NAP} s in the client was late by at most {max(late):.3f} s")
    for (status, problem), count in ends.items():
        print(f"{count:8} {status} {problem}")
    return 0 if in_time == len(answers) and len(ends) == 1 and still_there else 1


if __name__ == "__main__":
    sys.exit(main())
