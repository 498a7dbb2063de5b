"""The W3C suites that need a server: a scratch dataset, filled and read over HTTP."""

from __future__ import annotations

import csv
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from functools import cache
from pathlib import Path

import httpx
from pyoxigraph import (
    NamedNode,
    QueryResultsFormat,
    QuerySolutions,
    RdfFormat,
    Triple,
    parse,
    parse_query_results,
)
from rdflib import Graph
from rdflib.collection import Collection

from conformance.material import suite
from conformance.suites.manifest import MF
from conformance.suites.results import canonical_graph
from scratch_support import scratch

FORMATS = {".ttl": RdfFormat.TURTLE, ".rdf": RdfFormat.RDF_XML, ".nt": RdfFormat.N_TRIPLES}
MISSES = Path(__file__).with_name("protocols-misses.tsv")
EVERYTHING = "SELECT ?g ?s ?p ?o { { ?s ?p ?o } UNION { GRAPH ?g { ?s ?p ?o } } }"

Contents = Mapping[str | None, Path]
"""What each graph says; None is the default graph."""


@cache
def misses() -> dict[str, str]:
    """Return why each case that is known to fail does."""
    with MISSES.open(encoding="utf-8", newline="") as lines:
        return {row["case"]: row["reason"] for row in csv.DictReader(lines, delimiter="\t")}


def judge(name: str, fault: str | None) -> None:
    """Fail for a fault that no miss explains, and for a miss that is none any more."""
    if name in misses():
        assert fault is not None, f"{name} passes now; take it off the list of misses"
    else:
        assert fault is None, fault


def judge_test(name: str, test: Callable[[], None]) -> None:
    """Run a test of a suite that has no files, and judge whether its assertions hold."""
    try:
        test()
    except AssertionError as error:
        judge(name, str(error) or "an assertion does not hold")
    else:
        judge(name, None)


def names_of(folder: str) -> list[str]:
    """Return the names of the tests in a folder of SPARQL 1.1 whose manifest gives no files."""
    path = suite("sparql") / "sparql11" / folder / "manifest.ttl"
    graph = Graph().parse(path, format="turtle", publicID=path.as_uri())
    entries = [
        entry for head in graph.objects(None, MF.entries) for entry in Collection(graph, head)
    ]
    return [f"sparql11/{folder}/{str(entry).rpartition('#')[2]}" for entry in entries]


@contextmanager
def server() -> Iterator[httpx.Client]:
    with scratch("--deadline", "20") as client:
        yield client


def fill(client: httpx.Client, contents: Contents) -> None:
    """Let the dataset hold these files and nothing else, in one update."""
    parts = ["DROP ALL"]
    for number, (graph, path) in enumerate(contents.items()):
        # Labels of blank nodes hold in the whole update, and those of two files are not the same.
        text = " ".join(f"{triple} ." for triple in triples_of(path)).replace("_:", f"_:g{number}")
        parts.append(
            f"INSERT DATA {{ {text} }}"
            if graph is None
            else f"CREATE SILENT GRAPH {NamedNode(graph)} ; "
            f"INSERT DATA {{ GRAPH {NamedNode(graph)} {{ {text} }} }}"
        )
    response = client.post("/sparql", data={"update": " ; ".join(parts)})
    assert response.status_code == 204, response.text


def triples_of(path: Path) -> list[Triple]:
    """Return the triples of a file."""
    return [
        Triple(quad.subject, quad.predicate, quad.object)
        for quad in parse(path=path, format=FORMATS[path.suffix], base_iri=path.as_uri())
    ]


def state(client: httpx.Client) -> dict[str | None, str]:
    """Return what each graph says now, canonical; those that say nothing are left out."""
    response = client.post("/sparql", data={"query": EVERYTHING, "format": "xml"})
    solutions = parse_query_results(response.content, format=QueryResultsFormat.XML)
    assert isinstance(solutions, QuerySolutions)
    found: dict[str | None, list[Triple]] = {}
    for row in solutions:
        graph = row["g"].value if row["g"] is not None else None
        found.setdefault(graph, []).append(Triple(row["s"], row["p"], row["o"]))
    return {graph: canonical_graph(triples) for graph, triples in found.items()}


def wanted(contents: Iterable[tuple[str | None, Path]]) -> dict[str | None, str]:
    """Return the same for files."""
    found = {graph: canonical_graph(triples_of(path)) for graph, path in contents}
    return {graph: text for graph, text in found.items() if text}
