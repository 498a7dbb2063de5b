"""The dataset behind the faces of the protocols: that of the files, or a scratch one."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from functools import lru_cache
from typing import Final, Protocol

from flask import current_app, g, url_for
from pyoxigraph import NamedNode, Triple

from migov.dumps.description import say
from migov.engine import Engine, Query
from migov.engine.reading import Readings
from migov.entities import quads_of_graph, written
from migov.errors import RequestError
from migov.protocol.description import (
    described_dataset,
    described_inferred,
    described_service,
)
from migov.protocol.errors import UnknownGraphError, UnknownPathError
from migov.protocol.graph_store import state_of
from migov.protocol.heads import last_modified
from migov.protocol.services import Services
from migov.protocol.writing import Writer
from migov.vocabulary import BASE, INFERRED_GRAPH, STANDARD_PREFIXES
from migov.web.site import site, state

SERVED: Final = "migov.served"
WRITER: Final = "migov.writer"
READINGS: Final = "migov.readings"

_SEE_ALSO: Final = STANDARD_PREFIXES["rdfs"] + "seeAlso"


class Served(Protocol):
    """What the faces of the protocols ask of a dataset.

    `version` changes with every change of it; `prefixes` hold without being declared; a query or an
    update may have so many `characters`, the answer to a query so many `rows`, 0 for any number.
    Relative IRIs in one are resolved against `base`, and are errors without one.
    """

    def __hash__(self) -> int: ...

    @property
    def engine(self) -> Engine: ...

    @property
    def version(self) -> str: ...

    @property
    def prefixes(self) -> Mapping[str, str]: ...

    @property
    def characters(self) -> int: ...

    @property
    def rows(self) -> int: ...

    @property
    def base(self) -> str | None: ...

    @property
    def list_of_graphs(self) -> str:
        """The path of the page that lists the graphs."""

    @property
    def modified(self) -> str | None:
        """When anything changed last, as HTTP writes it; None where that is not told."""

    @property
    def services(self) -> Services | None:
        """What answers SERVICE groups, None where they are refused."""

    def graphs(self) -> Collection[str]:
        """Return the named graphs that a query may name."""

    def description(self, endpoint: str) -> list[Triple]:
        """Return the service description for an endpoint at this address."""

    def graph(self, graph: str | None, format: str) -> bytes:
        """Return what a graph says, None for the default graph, written in a format."""

    def graph_at(self, path: str) -> str:
        """Return the graph that a path under /graphs/ stands for; raises UnknownPathError."""

    def new_graph(self) -> str:
        """Return a name for a graph that comes without one; raises RequestError."""

    def address(self, graph: str) -> str:
        """Return where this server answers for a graph."""


class CurrentSnapshot:
    """The snapshot that is published now."""

    @property
    def engine(self) -> Engine:
        return state().engine

    @property
    def version(self) -> str:
        return state().snapshot.digest

    @property
    def modified(self) -> str | None:
        return last_modified(state().since)

    @property
    def prefixes(self) -> Mapping[str, str]:
        return state().prefixes

    @property
    def characters(self) -> int:
        return site().settings.text

    @property
    def rows(self) -> int:
        return site().settings.rows

    @property
    def base(self) -> str | None:
        return None

    @property
    def list_of_graphs(self) -> str:
        return "/graph"

    @property
    def services(self) -> Services | None:
        return state().services

    def graphs(self) -> Collection[str]:
        return {*state().snapshot.graphs, INFERRED_GRAPH}

    def description(self, endpoint: str) -> list[Triple]:
        snapshot = state().snapshot
        return [
            *described_service(
                endpoint,
                writable=writer() is not None,
                union=True,
                federates=bool(site().settings.federation),
                searches=True,
            ),
            *described_dataset(endpoint, snapshot.triples, snapshot.graphs),
            *described_inferred(endpoint, snapshot.inferred),
            *say(
                NamedNode(endpoint),
                (_SEE_ALSO, url_for("queries.index", _external=True)),
                (_SEE_ALSO, url_for("api.openapi", _external=True)),
            ),
        ]

    def graph(self, graph: str | None, format: str) -> bytes:
        if graph is None or graph == INFERRED_GRAPH:
            return constructed(state().engine, graph, format, self.prefixes)
        return written(quads_of_graph(state().house, graph), format, self.prefixes)

    def graph_at(self, path: str) -> str:
        raise UnknownPathError(
            "Nothing is served at this path.",
            hint="Graphs have the addresses that /graph lists, and /graphs?graph=IRI.",
        )

    def new_graph(self) -> str:
        raise RequestError(
            "A graph of this dataset is a file of its repository, and no name was given.",
            hint="Name it: /graphs?graph=https://w3id.org/migov/graph/data/….ttl",
        )

    def address(self, graph: str) -> str:
        return "/" + graph.removeprefix(BASE) if graph.startswith(BASE) else graph


def served() -> Served:
    """Return the dataset of the running application."""
    found: Served = current_app.extensions[SERVED]
    return found


def renewed() -> Served:
    """Return the dataset as it is by now, where this request has already looked at it."""
    g.pop("state", None)
    return served()


def writer() -> Writer | None:
    """Return what takes writes, None where nothing does."""
    found: Writer | None = current_app.extensions.get(WRITER)
    return found


def readings() -> Readings:
    """Return what reads documents from outside."""
    found: Readings = current_app.extensions[READINGS]
    return found


def constructed(
    engine: Engine, graph: str | None, format: str, prefixes: Mapping[str, str]
) -> bytes:
    """Return all triples of a graph, or of the default graph, written in a format."""
    pattern = "?s ?p ?o"
    where = pattern if graph is None else f"GRAPH {NamedNode(graph)} {{ {pattern} }}"
    return engine.answer(
        Query(
            f"CONSTRUCT {{ {pattern} }} WHERE {{ {where} }}",
            solutions=None,
            graph=format,
            prefixes=prefixes,
        )
    ).body


def graph_state(dataset: Served, graph: str | None) -> str | None:
    """Return a name for what a graph says now, None where there is no such graph."""
    if graph is not None and graph not in dataset.graphs():
        return None
    return _state(dataset, dataset.version, graph)


@lru_cache(maxsize=512)
def _state(dataset: Served, _version: str, graph: str | None) -> str:
    return state_of(dataset.graph(graph, "nt"))


def known_graph(graph: str | None) -> str | None:
    """Return a graph that the dataset has; raises UnknownGraphError for any other."""
    if graph is not None and graph not in served().graphs():
        raise UnknownGraphError(
            f"This dataset has no graph <{graph}>.",
            hint="SELECT DISTINCT ?g { GRAPH ?g { } } at /sparql lists the graphs there are.",
        )
    return graph
