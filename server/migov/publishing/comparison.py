"""What a store says, statement by statement, against what was published: edits that counts miss."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Final

from pyoxigraph import (
    CanonicalizationAlgorithm,
    Quad,
    RdfFormat,
    Store,
    parse,
)
from pyoxigraph import Dataset as Quads

from migov.engine.operations import Query
from migov.engine.remote import Dataset, RemoteStore
from migov.publishing.wanted import Wanted
from migov.vocabulary import ASSERTED_GRAPH, GRAPH, INFERRED_GRAPH

_ALL: Final = "CONSTRUCT { ?s ?p ?o } WHERE { ?s ?p ?o }"
_ONLY_THERE: Final = f"""ASK {{
  GRAPH <{ASSERTED_GRAPH}> {{ ?s ?p ?o }}
  FILTER NOT EXISTS {{ GRAPH ?g {{ ?s ?p ?o }} FILTER(?g != <{ASSERTED_GRAPH}>) }}
}}"""


def differing(
    remote: RemoteStore, wanted: Wanted, graphs: Iterable[str], say: Callable[[str], object]
) -> frozenset[str]:
    """Return which of these graphs say something else in the store than in the files.

    The union is among them where it has a statement that no graph of the files makes; that it has
    all others is told by its count. Raises StoreProblem or LimitError.
    """
    found = set()
    for graph in graphs:
        if graph != ASSERTED_GRAPH:
            say(f"Comparing {graph.removeprefix(GRAPH)}")
            if _held(remote, graph) != canonical(b"".join(wanted.lines(graph))):
                found.add(graph)
        elif _has_more(remote, wanted):
            found.add(graph)
    return frozenset(found)


def canonical(triples: bytes) -> frozenset[str]:
    """Return what N-Triples say, in a form that blank nodes and ways to write a value leave alike.

    >>> first, second = b'_:a <p:p> "1.0"^^<%s> .', b'_:b <p:p> "1.00"^^<%s> .'
    >>> decimal = b"http://www.w3.org/2001/XMLSchema#decimal"
    >>> canonical(first % decimal) == canonical(second % decimal)
    True
    """
    store = Store()  # it writes values as every store does that keeps numbers as numbers
    store.bulk_extend(
        Quad(quad.subject, quad.predicate, quad.object)
        for quad in parse(triples, format=RdfFormat.N_TRIPLES)
    )
    quads = Quads(store)
    quads.canonicalize(CanonicalizationAlgorithm.RDFC_1_0)
    return frozenset(map(str, quads))


def _held(remote: RemoteStore, graph: str) -> frozenset[str]:
    answer = remote.answer(Query(_ALL, None, "nt"), _ALL, Dataset((graph,)), remote.until())
    return canonical(answer.body)


def _has_more(remote: RemoteStore, wanted: Wanted) -> bool:
    named = tuple(graph for graph in wanted.digests if graph != INFERRED_GRAPH)
    dataset = Dataset((), (ASSERTED_GRAPH, *named))
    return b"true" in remote.bare(_ONLY_THERE, dataset, remote.until())
