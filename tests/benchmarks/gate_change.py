"""`python -m benchmarks.gate_change 100000 1000000`: a change of 1,000 triples, judged.

The change adds records, edits others and breaks some. The graph before is in a store, the graph
after is the same store and the change. All graphs are loaded first, and judged in turn in each
round. `--whole` also has pySHACL judge the graph after, whole.
"""

from __future__ import annotations

import argparse
import statistics
import sys
import time
import warnings
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

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
from migov.repository import Repository


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


@dataclass(slots=True)
class Measured:
    """A graph, and what judging the change over it took: seconds by the clock, and of work."""

    index: StoreIndex
    triples: int
    clock: list[float] = field(default_factory=list)
    work: list[float] = field(default_factory=list)

    def judge(self, plan: Plan) -> Comparison:
        """Judge the change once more."""
        added, removed = change(1000)
        began, busy = time.perf_counter(), time.process_time()
        after = Overlay(self.index, added, removed)
        found = validate_change(
            self.index, after, after.added.triples(), after.removed.triples(), plan
        )
        self.clock.append(time.perf_counter() - began)
        self.work.append(time.process_time() - busy)
        return found


def loaded(repository: Repository, size: int) -> Measured:
    """Return a graph of about so many triples."""
    began = time.perf_counter()
    triples = 0

    def read() -> Iterator[Triple]:  # twice, by the index
        nonlocal triples
        triples = 0
        for triple in grown(repository, size):
            triples += 1
            yield triple

    index = StoreIndex.load(read)
    found = Measured(index, triples)
    print(f"{found.triples} triples in {time.perf_counter() - began:.0f} s", flush=True)
    return found


def main() -> int:
    """Print what each graph took, and for all but the first the ratio to it, round by round."""
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
    graphs = [loaded(repository, size) for size in asked.sizes]
    for _ in range(asked.rounds):
        results = [graph.judge(plan) for graph in graphs]
    for graph, found in zip(graphs, results, strict=True):
        print(
            f"{graph.triples} triples: {_spread(graph.clock)} s by the clock,"
            f" {_spread(graph.work)} s of work; {found.checked} nodes,"
            f" {len(found.introduced)} introduced, {len(found.left)} left,"
            f" {len(found.fixed)} fixed"
        )
    for graph in graphs[1:]:
        clock, work = (
            [mine / other for mine, other in zip(many, few, strict=True)]
            for many, few in ((graph.clock, graphs[0].clock), (graph.work, graphs[0].work))
        )
        print(
            f"{graph.triples} against {graphs[0].triples} triples: {_spread(clock)} by the clock,"
            f" {_spread(work)} of work",
            flush=True,
        )
    if asked.whole:
        for size, graph in zip(asked.sizes, graphs, strict=True):
            took = _whole(grown(repository, size), shapes_graph)
            print(f"pySHACL on all of {graph.triples}: {took:.1f} s", flush=True)
            print(f"  {_spread([took / each for each in graph.clock])} times the gate's")
    return 0


def _spread(figures: list[float]) -> str:
    """Return the median of figures, and the least and the most of them."""
    return f"{statistics.median(figures):.3f} ({min(figures):.3f} to {max(figures):.3f})"


def _whole(triples: Iterable[Triple], shapes_graph: Graph) -> float:
    added, removed = change(1000)
    gone = set(removed)
    data = data_graph([*(triple for triple in triples if triple not in gone), *added])
    began = time.perf_counter()
    validate(data, shapes_graph)
    return time.perf_counter() - began


if __name__ == "__main__":
    sys.exit(main())
