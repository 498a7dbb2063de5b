"""A large graph: a pyoxigraph store to look up in, and the lexical forms that it forgets.

The store makes "01"^^xsd:integer a "1". What is judged is what was written, so the few triples
whose literal the store writes otherwise are remembered beside it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Final, TypeGuard

from pyoxigraph import DefaultGraph, Literal, NamedNode, Quad, Store, Triple

from migov.gate.affected.index import Term

Forms = Mapping[Triple, tuple[Triple, ...]]
"""A triple as the store has it → the triples that were written, where they differ."""

_XSD: Final = "http://www.w3.org/2001/XMLSchema#"
_ANY: Final = NamedNode(_XSD + "any")
_STRING: Final = _XSD + "string"
_REMEMBERED: Final = 100_000


class StoreIndex:
    """One graph of a store: its default graph, or a named one."""

    def __init__(
        self, store: Store, forms: Forms, graph: NamedNode | DefaultGraph | None = None
    ) -> None:
        self._store = store
        self._forms = forms
        self._graph = DefaultGraph() if graph is None else graph

    @classmethod
    def load(cls, read: Callable[[], Iterable[Triple]]) -> StoreIndex:
        """Return an index in memory of a graph that can be read more than once."""
        store = Store()
        store.bulk_extend(Quad(*triple) for triple in read())
        return cls(store, written_forms(read))

    def _quads(
        self, subject: Term | None, predicate: NamedNode | None, object_: Term | None
    ) -> Iterator[Quad | Triple]:
        if isinstance(subject, (Literal, Triple)):
            return
        quads = self._store.quads_for_pattern(subject, predicate, object_, self._graph)
        if not self._forms:
            yield from quads
            return
        for quad in quads:
            written = self._forms.get(quad.triple) if _typed(quad.object) else None
            for each in (quad,) if written is None else written:
                if object_ is None or each.object == object_:
                    yield each

    def objects(self, subject: Term, predicate: NamedNode) -> Iterable[Term]:
        return [quad.object for quad in self._quads(subject, predicate, None)]

    def subjects(self, predicate: NamedNode, object_: Term) -> Iterable[Term]:
        return [quad.subject for quad in self._quads(None, predicate, object_)]

    def outgoing(self, subject: Term) -> Iterable[tuple[NamedNode, Term]]:
        return [(quad.predicate, quad.object) for quad in self._quads(subject, None, None)]

    def incoming(self, object_: Term) -> Iterable[tuple[Term, NamedNode]]:
        return [(quad.subject, quad.predicate) for quad in self._quads(None, None, object_)]

    def triples(self) -> Iterator[Triple]:
        for quad in self._quads(None, None, None):
            yield Triple(quad.subject, quad.predicate, quad.object)

    def __contains__(self, triple: Triple) -> bool:
        return any(True for _ in self._quads(*triple))


def written_forms(read: Callable[[], Iterable[Triple]]) -> Forms:
    """Return the forms that a store would forget of a graph that can be read more than once.

    >>> a, p = NamedNode("http://x/a"), NamedNode("http://x/p")
    >>> said = [Triple(a, p, Literal("01", datatype=NamedNode(_XSD + "integer")))]
    >>> [(str(kept.object), len(written)) for kept, written in written_forms(lambda: said).items()]
    [('"1"^^<http://www.w3.org/2001/XMLSchema#integer>', 1)]
    """
    stored: dict[Literal, Literal] = {}
    scratch = Store()
    changed: dict[Triple, dict[Triple, None]] = {}
    for triple in read():
        literal = triple.object
        if not _typed(literal):
            continue
        if literal not in stored:
            if len(stored) > _REMEMBERED:
                stored.clear()
            stored[literal] = _stored(literal, scratch)
        if stored[literal] != literal:
            kept = Triple(triple.subject, triple.predicate, stored[literal])
            changed.setdefault(kept, {})[triple] = None
    if changed:  # where both forms were written, the graph has both triples
        for triple in read():
            if triple in changed:
                changed[triple][triple] = None
    return {triple: tuple(written) for triple, written in changed.items()}


def _typed(term: Term) -> TypeGuard[Literal]:
    """Return whether a store may write a term otherwise: typed literals of XML Schema."""
    if not isinstance(term, Literal):
        return False
    datatype = term.datatype.value
    return datatype != _STRING and datatype.startswith(_XSD)


def _stored(literal: Literal, scratch: Store) -> Literal:
    scratch.clear()
    scratch.add(Quad(_ANY, _ANY, literal))
    (quad,) = scratch
    assert isinstance(quad.object, Literal)
    return quad.object
