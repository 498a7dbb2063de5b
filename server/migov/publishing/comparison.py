"""What a store says, statement by statement, against what was published: edits that counts miss."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Final

from pyoxigraph import Quad, RdfFormat, Store, parse

from migov.dataset.canonical import same
from migov.engine.operations import Query
from migov.engine.remote import Dataset, RemoteStore
from migov.errors import RefusedError, TooComplexError
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
            if not say_the_same(_held(remote, graph), b"".join(wanted.lines(graph))):
                found.add(graph)
        elif _has_more(remote, wanted):
            found.add(graph)
    return frozenset(found)


def say_the_same(one: bytes, other: bytes) -> bool:
    """Return whether N-Triples say the same, whatever blank nodes are called and values written.

    What cannot be compared, since somebody made it so, is not the same.

    >>> first, second = b'_:a <p:p> "1.0"^^<%s> .', b'_:b <p:p> "1.00"^^<%s> .'
    >>> decimal = b"http://www.w3.org/2001/XMLSchema#decimal"
    >>> say_the_same(first % decimal, second % decimal)
    True
    """
    try:
        return same(_stored(one), _stored(other))
    except (RefusedError, TooComplexError):
        return False


def _stored(triples: bytes) -> Store:
    """Return triples as a store writes them that keeps numbers as numbers, as others do too."""
    store = Store()
    store.bulk_extend(
        Quad(quad.subject, quad.predicate, quad.object)
        for quad in parse(triples, format=RdfFormat.N_TRIPLES)
    )
    return store


def _held(remote: RemoteStore, graph: str) -> bytes:
    return remote.answer(Query(_ALL, None, "nt"), _ALL, Dataset((graph,)), remote.until()).body


def _has_more(remote: RemoteStore, wanted: Wanted) -> bool:
    named = tuple(graph for graph in wanted.digests if graph != INFERRED_GRAPH)
    dataset = Dataset((), (ASSERTED_GRAPH, *named))
    return b"true" in remote.bare(_ONLY_THERE, dataset, remote.until())
