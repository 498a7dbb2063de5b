"""An engine whose dataset is in a SPARQL 1.1 store elsewhere: the same questions, the same answers.

What a query means is decided here: which graphs it sees goes with it, so that stores agree whose
own default graph is empty, or is everything they hold.
"""

from __future__ import annotations

import logging
import re
import time
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final, cast

from migov.confined import Confined
from migov.engine.operations import Answer, Kind, Limits, Query
from migov.engine.remote.credentials import OfferedAuth, credentials_for
from migov.engine.remote.portable import portable
from migov.engine.remote.rewriting import (
    BELOW,
    deeper_than,
    graphs_named,
    most_rows,
    names_within,
    solutions_behind,
    steps_in,
    with_classes,
    with_graphs,
    with_limit,
    with_steps,
)
from migov.engine.remote.store import JSON, N_TRIPLES, Reply, Store, broken, out_of_time
from migov.errors import (
    AnswerTooLargeError,
    BusyError,
    MigovError,
    Place,
    QuerySyntaxError,
    RefusedError,
    RequestError,
    StoreProblem,
    UnknownFormatError,
)
from migov.snapshot import Snapshot
from migov.sparql.tokens import dataset_clause, iris, tokenize
from migov.vocabulary import ASSERTED_GRAPH, GRAPH, INFERRED_GRAPH, PUBLISHED_GRAPH

log = logging.getLogger(__name__)

_POSITION: Final = re.compile(r"error at (\d+):(\d+): ")
_DEEPEST: Final = 20
_ROOM: Final = 4
"""How much longer a store may write an answer than it is here: JSON repeats every name."""

VERSION: Final = f"""SELECT ?run ?end WHERE {{
  <{PUBLISHED_GRAPH}> <http://www.w3.org/ns/prov#wasGeneratedBy> ?run
  OPTIONAL {{ ?run <http://www.w3.org/ns/prov#endedAtTime> ?end }}
}} ORDER BY ?run ?end"""
"""What changes with every publication to the store, when it begins and when it ends."""


@dataclass(frozen=True, slots=True)
class Dataset:
    """The graphs that a query sees as one, and those that it may name."""

    default: tuple[str, ...]
    named: tuple[str, ...] = ()


class RemoteStore:
    """A store and the workers that read what it says; safe for use by many threads."""

    def __init__(self, url: str, user: str | None, limits: Limits, readers: int) -> None:
        """Nothing is asked of the store yet."""
        self._limits = limits
        self._bytes = limits.answer * 1_000_000
        self._auth = credentials_for(url, user)
        self._store = Store(url, self._auth, limit=self._bytes * _ROOM)
        self._readers = Confined(
            "Reading a query or its answer",
            "migov.engine.remote.worker",
            megabytes=limits.memory,
            at_once=readers,
        )
        self._merges: bool | None = None
        self._depths: dict[str, int] = {}

    @property
    def url(self) -> str:
        return self._store.url

    @property
    def auth(self) -> OfferedAuth | None:
        """What authenticates at this store."""
        return self._auth

    @property
    def server(self) -> str:
        """What the store calls itself; empty before it was asked something."""
        return self._store.server

    @property
    def names_all(self) -> bool:
        """Whether this store lets a query name any graph where no list of them goes along.

        By the protocol none could be named; Virtuoso differs, and its optimiser is lost in lists.
        """
        return self._store.is_virtuoso

    def until(self) -> float:
        """Return the moment at which a question that begins now has to be answered."""
        return time.monotonic() + self._limits.deadline

    def answer(self, query: Query, text: str, dataset: Dataset, until: float) -> Answer:
        """Return the whole answer over a dataset; raises as `Engine.answer` does.

        `text` is the query in its portable form.
        """
        frame = self._read(query, text, until)
        kind = cast("Kind", frame["kind"])
        name = query.graph if kind == "graph" else query.solutions
        if name is None:
            raise UnknownFormatError(
                f"A result of kind {kind!r} cannot be written in the format asked for.",
                hint="Ask for another media type, or change the query form.",
            )
        if query.rows and kind == "solutions" and not self.names_all:
            text = with_limit(text, query.rows + 1)
        reply = self._ask(text, kind, dataset, until)
        request = {
            **frame,
            "format": name,
            "prefixes": dict(query.prefixes),
            "limit": self._bytes,
            "rows": query.rows,
        }
        written, body = self._readers.ask(request, reply.body, until)
        match written.get("error"):
            case "large":
                raise _too_large()
            case "malformed":
                if b"cancel" in reply.body[-200:]:  # Oxigraph says 200, and this in the end
                    raise out_of_time()
                raise broken(self.url, f"it is no whole document: {written['message']}")
        return Answer(kind, name, body, is_cut=bool(written.get("cut")))

    def bare(self, text: str, dataset: Dataset, until: float) -> bytes:
        """Return the CSV that answers a portable query of our own."""
        return self.answer(Query(text, "csv", None), text, dataset, until).body

    def measure(self, until: float) -> None:
        """Learn anew how deep classes are, where that is needed, and forget other depths."""
        self._depths = {}
        if self.names_all:
            self.depth_of(BELOW, until)

    def depth_of(self, step: str, until: float) -> int:
        """Return how many steps of a property, written in full, follow one another at most."""
        found = self._depths.get(step)
        if found is None:
            dataset = Dataset((ASSERTED_GRAPH,))
            found = self._depths[step] = next(
                depth
                for depth in range(_DEEPEST + 1)
                if depth == _DEEPEST
                or b"true" not in self.bare(deeper_than(step, depth), dataset, until)
            )
        return found

    def know_as(self, other: RemoteStore) -> None:
        """Know of this store what is known of it by another conversation."""
        self._store.server, self._depths = other.server, dict(other._depths)

    def raw(self, text: str, dataset: Dataset, until: float) -> bytes:
        """Return what a store says to a question of ours, for comparing and not for reading."""
        return self._store.query(text, dataset.default, dataset.named, JSON, until).body

    def merges(self, one: str, other: str, until: float) -> bool:
        """Return whether a default graph of two graphs has what both say only once.

        The one graph has to contain the other.
        """
        if self._merges is None:
            text = "SELECT (COUNT(*) AS ?n) WHERE { ?s ?p ?o }"
            alone = self.bare(text, Dataset((one,)), until)
            self._merges = self.bare(text, Dataset((one, other)), until) == alone
        return self._merges

    def close(self) -> None:
        self._readers.close()
        self._store.close()

    def _read(self, query: Query, text: str, until: float) -> dict[str, Any]:
        """Return kind and variables of a query, read by a parser that keeps to the standard."""
        request = {"given": query.text, "portable": text, "prefixes": dict(query.prefixes)}
        frame, _ = self._readers.ask(request, b"", until)
        match frame.get("error"):
            case "syntax" if frame["given"]:
                raise _syntax_error(frame["message"], query.text)
            case "syntax":
                raise RequestError(
                    "This query can be read in more than one way.",
                    hint="Put spaces around < and >, and write characters instead of escapes.",
                )
            case "evaluation":
                raise RequestError(f"The query could not be evaluated: {frame['message']}.")
        return frame

    def _ask(self, text: str, kind: Kind, dataset: Dataset, until: float) -> Reply:
        accept = N_TRIPLES if kind == "graph" else JSON
        reply = self._store.query(text, dataset.default, dataset.named, accept, until)
        limited = reply
        # Virtuoso cuts the solutions that a graph is made from, and only of solutions says so.
        rows = solutions_behind(text) if kind == "graph" and self._store.is_virtuoso else None
        if rows is not None:
            limited = self._store.query(rows, dataset.default, dataset.named, JSON, until)
        most = limited.most_rows
        own = most_rows(text)
        if most is not None and (own is None or own > most):
            raise AnswerTooLargeError(
                f"The store gives no more than {most:,} rows at once, and this answer has as many "
                "or more.",
                hint="Page through it with LIMIT and OFFSET. Its operator can raise the limit: "
                "ResultSetMaxRows of Virtuoso.",
            )
        return reply


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
        while it said something else is none. None asks nothing: the store is being written to.
        """
        self.snapshot = snapshot
        self._remote = remote
        self._version = version
        self._is_own = is_own

    def answer(self, query: Query) -> Answer:
        """Return the whole answer; raises RequestError, LimitError or StoreProblem."""
        until = self._remote.until()
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


def version_of(remote: RemoteStore, until: float) -> bytes:
    """Return what a store says of the last publication to it: the same bytes while it stands."""
    return remote.raw(VERSION, Dataset((PUBLISHED_GRAPH,)), until)


def _too_large() -> MigovError:
    return AnswerTooLargeError(
        "The answer is longer than this server gives at once.",
        hint="Page through it with LIMIT and OFFSET, or take a dump.",
    )


def _syntax_error(message: str, text: str) -> QuerySyntaxError:
    found = _POSITION.match(message)
    if found is None:
        return QuerySyntaxError(f"The query is not valid SPARQL: {message}.", place=Place("query"))
    reason = message[found.end() :]
    if "Prefix not found" in reason:
        reason = "this prefix is not declared"
    elif reason.startswith("expected"):  # a list of grammar terminals helps nobody
        reason = "this is not expected here"
    return QuerySyntaxError(
        f"The query is not valid SPARQL: {reason}.",
        place=Place.within("query", text, int(found[1]), int(found[2])),
    )
