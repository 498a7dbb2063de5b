"""Terms in our own queries: serialised by pyoxigraph, and only ever inside VALUES."""

from __future__ import annotations

from collections.abc import Iterable

from pyoxigraph import BlankNode, Literal, NamedNode

from migov.errors import UnknownEntityError

Term = NamedNode | BlankNode | Literal


def node(iri: str) -> NamedNode:
    """Return an IRI as a term; raises UnknownEntityError for text that is no IRI."""
    try:
        return NamedNode(iri)
    except ValueError as error:
        raise UnknownEntityError(f"“{iri}” is not an IRI.") from error


def values(name: str, iris: Iterable[str]) -> str:
    """Return a VALUES clause for one variable.

    >>> values("s", ["http://example.org/a"])
    'VALUES ?s { <http://example.org/a> }'
    """
    return f"VALUES ?{name} {{ {' '.join(str(node(iri)) for iri in iris)} }}"


def iri_of(term: Term | None) -> str | None:
    """Return the IRI of a term, or None when it is none."""
    return term.value if isinstance(term, NamedNode) else None
