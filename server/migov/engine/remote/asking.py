"""Asking a store elsewhere: what goes there is read here first, and so is what it says.

Both are read by workers that may be killed. What a query means is not decided here.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final, cast

from migov.confined import Confined
from migov.engine.failures import error_of
from migov.engine.operations import Answer, Kind, Limits, Query
from migov.engine.remote.credentials import OfferedAuth, credentials_for
from migov.engine.remote.rewriting import (
    BELOW,
    deeper_than,
    most_rows,
    solutions_behind,
    with_limit,
)
from migov.engine.remote.store import JSON, N_TRIPLES, Reply, Store, broken, out_of_time
from migov.errors import (
    AnswerTooLargeError,
    RequestError,
)
from migov.vocabulary import ASSERTED_GRAPH, PUBLISHED_GRAPH

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

    def until(self, within: float | None = None) -> float:
        """Return the moment at which a question that begins now has to be answered."""
        return self._limits.until(within)

    def answer(self, query: Query, text: str, dataset: Dataset, until: float) -> Answer:
        """Return the whole answer over a dataset; raises as `Engine.answer` does.

        `text` is the query in its portable form.
        """
        frame = self._read(query, text, until)
        kind = cast("Kind", frame["kind"])
        name = query.graph if kind == "graph" else query.solutions
        if name is None:
            raise error_of({"error": "format", "kind": kind}, query.text)
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
                raise error_of({"error": "large"}, query.text)
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
                raise error_of(frame, query.text)
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


def version_of(remote: RemoteStore, until: float) -> bytes:
    """Return what a store says of the last publication to it: the same bytes while it stands."""
    return remote.raw(VERSION, Dataset((PUBLISHED_GRAPH,)), until)
