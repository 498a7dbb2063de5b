"""An engine whose dataset is in a SPARQL 1.1 store elsewhere: the same questions, the same answers.

What a query means is decided here: which graphs it sees goes with it, so that stores agree whose
own default graph is empty, or is everything they hold.
"""

from __future__ import annotations

import logging
from collections.abc import Sequence
from typing import Final

from migov.engine.operations import Answer, Query
from migov.engine.remote.asking import Dataset, RemoteStore, version_of
from migov.engine.remote.portable import portable
from migov.engine.remote.rewriting import (
    BELOW,
    graphs_named,
    names_within,
    steps_in,
    with_classes,
    with_graphs,
    with_steps,
)
from migov.errors import BusyError, RefusedError, RequestError, StoreProblem
from migov.snapshot import Snapshot
from migov.sparql.tokens import dataset_clause, iris, tokenize
from migov.vocabulary import ASSERTED_GRAPH, GRAPH, INFERRED_GRAPH, PUBLISHED_GRAPH

log = logging.getLogger(__name__)


class RemoteEngine:
    """Answers queries over what was published to a store. Safe for use by many threads."""

    def __init__(
        self,
        remote: RemoteStore,
        snapshot: Snapshot,
        version: bytes | None,
        *,
        is_own: bool = False,
    ) -> None:
        """`snapshot` describes what the store holds; `is_own` says that only we ask.

        `version` is what the store says of itself while it holds just that; an answer that came
        while it said something else is none. None asks nothing: the store is being written to, and
        the same question may get another answer a moment later.
        """
        self.snapshot = snapshot
        self._remote = remote
        self._version = version
        self._is_own = is_own

    @property
    def is_settled(self) -> bool:
        """Whether the store stays as it is: nobody writes to it now, and nobody else ever does."""
        return self._version is not None

    def answer(self, query: Query) -> Answer:
        """Return the whole answer; raises RequestError, LimitError or StoreProblem."""
        until = self._remote.until(query.within)
        text = portable(query.text, query.prefixes)
        dataset = self._dataset(query, text, until)
        if self._remote.names_all:
            text, dataset = self._for_virtuoso(text, dataset, until)
        found = self._asked(query, text, dataset, until)
        if self._version is not None and version_of(self._remote, until) != self._version:
            raise BusyError(
                "The store was published to while this was answered.",
                hint="Try again in a few seconds.",
            )
        return found

    def _asked(self, query: Query, text: str, dataset: Dataset, until: float) -> Answer:
        try:
            return self._remote.answer(query, text, dataset, until)
        except RequestError as error:
            if not self._is_own or type(error) is not RequestError:
                raise
            log.warning("%s", error.message)
            raise StoreProblem(
                "The store behind this server cannot answer this question.",
                hint="Another store can; its operator finds what this one says in our log.",
            ) from error

    def close(self) -> None:
        """The store is closed by whoever opened it; other engines may use it."""

    def _dataset(self, query: Query, text: str, until: float) -> Dataset:
        """Return the graphs that the query sees, as `LocalEngine` would choose them.

        A store may hold more than was published to it. Graphs to name go along only where a name
        is asked for.
        """
        tokens = tokenize(query.text)
        clause = dataset_clause(tokens, query.prefixes)
        if query.default_graphs is not None or query.named_graphs is not None:
            default, named = list(query.default_graphs or ()), list(query.named_graphs or ())
        elif clause is not None:
            default, named = list(clause.default), list(clause.named)
        else:
            default, named = [ASSERTED_GRAPH], list(self.snapshot.graphs)
            if INFERRED_GRAPH in iris(tokens, known=query.prefixes):
                named.append(INFERRED_GRAPH)
        if query.inferred:
            default.append(INFERRED_GRAPH)
            named.append(INFERRED_GRAPH)
        asked = graphs_named(text)
        named = [graph for graph in named if self._has(graph) and (asked is None or graph in asked)]
        return Dataset(self._merged(default, until), tuple(dict.fromkeys(named)) or _nothing(asked))

    def _for_virtuoso(self, text: str, dataset: Dataset, until: float) -> tuple[str, Dataset]:
        """Return the same question as Virtuoso reads it rightly, and in time.

        It counts one solution in a graph that may not be named, and takes long over lists of
        graphs: where all may be named, the query says how their names begin.
        """
        text = with_classes(
            with_graphs(text, dataset.named, _EMPTY), self._remote.depth_of(BELOW, until)
        )
        if self._is_own:
            steps = dict.fromkeys(steps_in(text).values())
            text = with_steps(text, {step: self._remote.depth_of(step, until) for step in steps})
        if not set(dataset.named) >= self.snapshot.graphs.keys():
            return text, dataset
        beginnings = {_beginning(graph) for graph in self.snapshot.graphs}
        if "" in beginnings or not beginnings:
            return text, dataset
        others = [graph for graph in dataset.named if graph not in self.snapshot.graphs]
        return names_within(text, sorted(beginnings), others), Dataset(dataset.default)

    def _has(self, graph: str) -> bool:
        return graph == INFERRED_GRAPH or graph in self.snapshot.graphs

    def _merged(self, graphs: Sequence[str], until: float) -> tuple[str, ...]:
        """Return the default graphs without those that others contain; none at all is one without.

        Stores give a triple once for each graph that has it, where the merge of graphs has it once
        (SPARQL 1.1 Query, section 13.2). Then graphs that share triples cannot be asked as one.
        """
        names = [name for name in dict.fromkeys(graphs) if self._has(name)]
        if ASSERTED_GRAPH in graphs:
            names.append(ASSERTED_GRAPH)
        if ASSERTED_GRAPH in names:
            names = [name for name in names if name not in self.snapshot.graphs]
        shared = [name for name in names if name != INFERRED_GRAPH]
        if len(shared) > 1 and not self._merges(until) and self._share(shared, until):
            raise RefusedError(
                "These graphs have statements in common, and the store behind this server would "
                "count them twice.",
                hint="Ask them with FROM NAMED and GRAPH ?g, or the union of all with "
                f"FROM <{ASSERTED_GRAPH}>.",
            )
        return tuple(names) or (_EMPTY,)

    def _merges(self, until: float) -> bool:
        small = min(self.snapshot.graphs, key=lambda graph: self.snapshot.graphs[graph] or 10**9)
        return self._remote.merges(ASSERTED_GRAPH, small, until)

    def _share(self, graphs: Sequence[str], until: float) -> bool:
        text = "ASK { GRAPH ?g { ?s ?p ?o } GRAPH ?h { ?s ?p ?o } FILTER(STR(?g) < STR(?h)) }"
        dataset = Dataset((_EMPTY,), tuple(graphs))
        return b"true" in self._remote.bare(text, dataset, until)


_EMPTY: Final = PUBLISHED_GRAPH + "/nothing"
"""A graph that no store has. To name none would leave the choice to the store."""


def _beginning(graph: str) -> str:
    """Return the folder that a graph's file lies in, as its IRI begins; "" for other graphs.

    >>> _beginning("https://w3id.org/migov/graph/data/actors/ilo.ttl")
    'https://w3id.org/migov/graph/data/'
    """
    folder, slash, _ = graph.removeprefix(GRAPH).partition("/")
    return GRAPH + folder + slash if slash and graph.startswith(GRAPH) else ""


def _nothing(asked: Sequence[str] | None) -> tuple[str, ...]:
    """Return what stands for no named graph where a query may name some."""
    return () if asked == [] else (_EMPTY,)
