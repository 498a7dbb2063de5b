"""What a store says was published to it: which snapshot, and a digest for each graph.

It stands in a graph of the store's own, in standard terms. While a publication is going on, and
after one that broke off, its run has no end: the store is between two states.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from pyoxigraph import Literal, NamedNode, Triple

from migov.engine.operations import Answer, Query
from migov.engine.remote.asking import Dataset, RemoteStore
from migov.engine.rows import Row, select
from migov.snapshot import Snapshot
from migov.vocabulary import ASSERTED_GRAPH, INFERRED_GRAPH, PUBLISHED_GRAPH, STANDARD_PREFIXES

_DCTERMS, _PROV, _VOID = (STANDARD_PREFIXES[prefix] for prefix in ("dcterms", "prov", "void"))
_IDENTIFIER: Final = _DCTERMS + "identifier"
_TRIPLES: Final = _VOID + "triples"
_CREATED: Final = _DCTERMS + "created"
_REVISION: Final = _DCTERMS + "hasVersion"
_MODIFIED: Final = _DCTERMS + "modified"
_RUN: Final = _PROV + "wasGeneratedBy"
_START: Final = _PROV + "startedAtTime"
_END: Final = _PROV + "endedAtTime"
_ALL: Final = "SELECT ?s ?p ?o WHERE { ?s ?p ?o }"


@dataclass(frozen=True, slots=True)
class Held:
    """One graph as a store holds it: the digest of what was written, and its triples as counted."""

    digest: str
    triples: int


@dataclass(frozen=True, slots=True)
class StoreState:
    """What a store holds of ours.

    `graphs` has every graph that a publication finished, the union and what follows among them.
    `unfinished` are those that the last one was going to write or remove. `ended` is None while it
    goes on, or where it broke off.
    """

    run: str
    started: str
    ended: str | None
    digest: str
    built: str
    graphs: Mapping[str, Held]
    unfinished: frozenset[str] = field(default=frozenset())
    revision: str | None = None
    uncommitted: bool = False

    @property
    def is_complete(self) -> bool:
        return self.ended is not None

    def snapshot(self) -> Snapshot:
        """Return the snapshot that the store holds; there is no folder with its files."""
        held = self.graphs
        derived = (ASSERTED_GRAPH, INFERRED_GRAPH)
        return Snapshot(
            digest=self.digest,
            folder=Path(),
            triples=held[ASSERTED_GRAPH].triples if ASSERTED_GRAPH in held else 0,
            inferred=held[INFERRED_GRAPH].triples if INFERRED_GRAPH in held else 0,
            graphs={
                graph: held[graph].triples if graph in held else 0
                for graph in sorted({*held, *self.unfinished})
                if graph not in derived
            },
            built=self.built,
            revision=self.revision,
            uncommitted=self.uncommitted,
        )

    def triples(self) -> list[Triple]:
        """Return the state as its graph in the store."""
        this, run = NamedNode(PUBLISHED_GRAPH), NamedNode(self.run)
        facts = [
            (this, _IDENTIFIER, self.digest),
            (this, _CREATED, self.built),
            (this, _REVISION, self.revision),
            (this, _MODIFIED, "uncommitted" if self.uncommitted else None),
            (run, _START, self.started),
            (run, _END, self.ended),
        ]
        for graph, held in self.graphs.items():
            facts.append((NamedNode(graph), _IDENTIFIER, held.digest))
            facts.append((NamedNode(graph), _TRIPLES, str(held.triples)))
        facts += [(NamedNode(graph), _IDENTIFIER, "unfinished") for graph in self.unfinished]
        return [
            Triple(this, NamedNode(_RUN), run),
            *(
                Triple(subject, NamedNode(predicate), Literal(value))
                for subject, predicate, value in facts
                if value is not None
            ),
        ]


class _StateGraph:
    """The graph of the state as an engine that answers over nothing else."""

    is_settled = False

    def __init__(self, remote: RemoteStore) -> None:
        self._remote = remote

    def answer(self, query: Query) -> Answer:
        until = self._remote.until()
        return self._remote.answer(query, query.text, Dataset((PUBLISHED_GRAPH,)), until)

    def close(self) -> None:
        pass


def read_state(remote: RemoteStore) -> StoreState | None:
    """Return what a store says was published to it, None where nothing was.

    Raises LimitError or StoreProblem.
    """
    return _state(select(_StateGraph(remote), _ALL))


def _state(rows: list[Row]) -> StoreState | None:
    said: dict[str, dict[str, str]] = {}
    for row in rows:
        said.setdefault(row["s"].value, {})[row["p"].value] = row["o"].value
    this = said.pop(PUBLISHED_GRAPH, None)
    if this is None or _RUN not in this:
        return None
    run = said.pop(this[_RUN], {})
    return StoreState(
        run=this[_RUN],
        started=run.get(_START, ""),
        ended=run.get(_END),
        digest=this.get(_IDENTIFIER, ""),
        built=this.get(_CREATED, ""),
        graphs={
            graph: Held(facts[_IDENTIFIER], int(facts[_TRIPLES]))
            for graph, facts in said.items()
            if facts.get(_TRIPLES, "").isdecimal() and _IDENTIFIER in facts
        },
        unfinished=frozenset(graph for graph, facts in said.items() if _TRIPLES not in facts),
        revision=this.get(_REVISION),
        uncommitted=_MODIFIED in this,
    )


def content_digest(content: bytes) -> str:
    """Return the digest that a graph is compared by: that of the bytes it was read from."""
    return hashlib.sha256(content).hexdigest()
