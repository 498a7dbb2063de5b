"""`python -m benchmarks.gate_change 100000 1000000`: a change of 1,000 triples, judged.

The change adds records, edits others and breaks some. The graph before is in a store, the graph
after is the same store and the change. `--whole` also has pySHACL judge the graph after, whole.
"""

from __future__ import annotations

import argparse
import statistics
import sys
import time
import warnings
from collections.abc import Iterable
from functools import partial

from pyoxigraph import Triple
from rdflib import Graph

from benchmarks.gate_cases import data_graph
from benchmarks.gate_graphs import grown, parsed, record, shapes
from conftest import ROOT
from migov.gate.affected import (
    Comparison,
    Overlay,
    StoreIndex,
    make_plan,
    validate_change,
)
from migov.gate.affected.plan import Plan
from migov.gate.validation import validate


def change(size: int) -> tuple[list[Triple], list[Triple]]:
    """Return about so many triples that come and go: new records, new words, broken facts."""
    added, removed = list[Triple](), list[Triple]()
    number = 10_000_000
    while len(added) < size * 3 // 4:
        added += parsed(record(number))
        number += 1
    number = 100
    while len(added) + len(removed) < size:
        subject = f"initiative:made-{number}"
        removed += parsed(f'{subject} mg:acronym "P{number}" ; mg:scope scope:regional .')
        added += parsed(f'{subject} mg:acronym "Q{number}" , "R{number}" .')
        added += parsed(f"{subject} mg:destinationPlace place:nowhere-{number} .")
        number += 1
    return added, removed


def measured(
    before: StoreIndex, plan: Plan, rounds: int
) -> tuple[list[float], list[float], Comparison, int]:
    """Return the seconds some rounds took, by the clock and of work, the last result, the size."""
    added, removed = change(1000)
    times, cpu = list[float](), list[float]()
    for _ in range(rounds):
        began, busy = time.perf_counter(), time.process_time()
        after = Overlay(before, added, removed)
        found = validate_change(before, after, after.added.triples(), after.removed.triples(), plan)
        times.append(time.perf_counter() - began)
        cpu.append(time.process_time() - busy)
    return times, cpu, found, len(after.added) + len(after.removed)


def main() -> int:
    """Print one line per graph."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("sizes", type=int, nargs="*", default=[100_000, 1_000_000])
    parser.add_argument("--rounds", type=int, default=7)
    parser.add_argument("--whole", action="store_true")
    asked = parser.parse_args()
    warnings.simplefilter("ignore")
    repository, shapes_graph = shapes(ROOT)
    began = time.perf_counter()
    plan = make_plan(shapes_graph)
    print(f"the shapes made ready in {time.perf_counter() - began:.2f} s")
    for size in asked.sizes:
        read = partial(grown, repository, size)
        triples = sum(1 for _ in read())
        times, cpu, found, changed = measured(StoreIndex.load(read), plan, asked.rounds)
        print(
            f"{triples} triples, {changed} changed: {statistics.median(times):.3f} s"
            f" ({min(times):.3f}-{max(times):.3f}, {len(times)} rounds;"
            f" {statistics.median(cpu):.3f} s of work), {found.checked} nodes,"
            f" {len(found.introduced)} introduced, {len(found.left)} left,"
            f" {len(found.fixed)} fixed",
            flush=True,
        )
        if asked.whole:
            print(f"  pySHACL on the whole graph: {_whole(read(), shapes_graph):.1f} s", flush=True)
    return 0


def _whole(triples: Iterable[Triple], shapes_graph: Graph) -> float:
    added, removed = change(1000)
    gone = set(removed)
    data = data_graph([*(triple for triple in triples if triple not in gone), *added])
    began = time.perf_counter()
    validate(data, shapes_graph)
    return time.perf_counter() - began


if __name__ == "__main__":
    sys.exit(main())
