"""How many triples a store has in graphs: the cheapest way to see that somebody edits them."""

from __future__ import annotations

import time
from collections.abc import Iterable
from pathlib import Path
from typing import Final

from migov.engine.remote.asking import Dataset, RemoteStore
from migov.engine.remote.engine import RemoteEngine
from migov.engine.remote.state import StoreState
from migov.engine.rows import select
from migov.snapshot import Snapshot
from migov.vocabulary import ASSERTED_GRAPH, INFERRED_GRAPH

_DERIVED: Final = (ASSERTED_GRAPH, INFERRED_GRAPH)
_COUNTS: Final = "SELECT ?g (COUNT(*) AS ?n) WHERE { GRAPH ?g { ?s ?p ?o } } GROUP BY ?g"
_COUNT: Final = "SELECT (COUNT(*) AS ?n) WHERE { ?s ?p ?o }"
_SHARE: Final = 20
"""Counts are so many times as far apart as one takes: to look costs a store little."""


def counted(remote: RemoteStore, graphs: Iterable[str]) -> dict[str, int]:
    """Return how many triples a store has in each of these graphs, the derived ones among them."""
    asserted = {graph: 0 for graph in graphs if graph not in _DERIVED}
    named = Snapshot("0" * 64, Path(), 0, 0, asserted, "")  # it names graphs and says nothing else
    engine = RemoteEngine(remote, named, None)
    found = {row["g"].value: int(row["n"].value) for row in select(engine, _COUNTS)}
    for graph in _DERIVED:
        found[graph] = count(remote, graph)
    return found


def count(remote: RemoteStore, graph: str) -> int:
    """Return how many triples a store has in one graph."""
    body = remote.bare(_COUNT, Dataset((graph,)), remote.until())
    return int(body.split()[-1])


class Recount:
    """Which graphs of a state have more or fewer triples than were published, told now and then."""

    def __init__(self, remote: RemoteStore) -> None:
        self._remote = remote
        self._again = 0.0

    def altered(self, state: StoreState) -> tuple[str, ...] | None:
        """Return those graphs, or None where it is too early to count again.

        Raises LimitError or StoreProblem, and then waits longer.
        """
        began = time.monotonic()
        if began < self._again:
            return None
        try:
            now = counted(self._remote, state.graphs)
        finally:
            ended = time.monotonic()
            self._again = ended + _SHARE * (ended - began)
        return tuple(
            sorted(graph for graph, held in state.graphs.items() if now.get(graph) != held.triples)
        )
