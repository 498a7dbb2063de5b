"""A graph as something to look up in: what the walk from a change to its focus nodes reads.

Terms are pyoxigraph's, with the lexical forms of the files. A literal is nobody's subject, and
asking for what it says is no error: a path may well end in one and go on.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Protocol

from pyoxigraph import BlankNode, Literal, NamedNode, Triple

Term = NamedNode | BlankNode | Literal | Triple
Subject = NamedNode | BlankNode | Triple


class Index(Protocol):
    """One graph, read by pattern. An answer names each term once; the order is free."""

    def objects(self, subject: Term, predicate: NamedNode) -> Iterable[Term]:
        """Return what a node says with a predicate."""

    def subjects(self, predicate: NamedNode, object_: Term) -> Iterable[Term]:
        """Return the nodes that say a term with a predicate."""

    def outgoing(self, subject: Term) -> Iterable[tuple[NamedNode, Term]]:
        """Return all that a node says."""

    def incoming(self, object_: Term) -> Iterable[tuple[Term, NamedNode]]:
        """Return all that is said of a term."""

    def triples(self) -> Iterator[Triple]:
        """Yield the whole graph: for what cannot be judged in part."""

    def __contains__(self, triple: Triple) -> bool:
        """Return whether the graph has a triple, in this lexical form."""


class PlainIndex:
    """A graph in dictionaries: the seed graph, a test's, the two halves of a change.

    >>> a, p, b = NamedNode("http://x/a"), NamedNode("http://x/p"), NamedNode("http://x/b")
    >>> list(PlainIndex([Triple(a, p, b)]).subjects(p, b))
    [<NamedNode value=http://x/a>]
    """

    def __init__(self, triples: Iterable[Triple] = ()) -> None:
        # Dictionaries to None are sets that remember their order: two runs read the same way.
        self._forth: dict[Term, dict[NamedNode, dict[Term, None]]] = {}
        self._back: dict[Term, dict[NamedNode, dict[Term, None]]] = {}
        self._by_predicate: dict[NamedNode, dict[Triple, None]] = {}
        for triple in triples:
            subject, predicate, object_ = triple
            self._forth.setdefault(subject, {}).setdefault(predicate, {})[object_] = None
            self._back.setdefault(object_, {}).setdefault(predicate, {})[subject] = None
            self._by_predicate.setdefault(predicate, {})[triple] = None

    def objects(self, subject: Term, predicate: NamedNode) -> Iterable[Term]:
        return self._forth.get(subject, {}).get(predicate, ())

    def subjects(self, predicate: NamedNode, object_: Term) -> Iterable[Term]:
        return self._back.get(object_, {}).get(predicate, ())

    def outgoing(self, subject: Term) -> Iterable[tuple[NamedNode, Term]]:
        found = self._forth.get(subject, {})
        return [(predicate, object_) for predicate in found for object_ in found[predicate]]

    def incoming(self, object_: Term) -> Iterable[tuple[Term, NamedNode]]:
        found = self._back.get(object_, {})
        return [(subject, predicate) for predicate in found for subject in found[predicate]]

    def triples(self) -> Iterator[Triple]:
        for found in self._by_predicate.values():
            yield from found

    def with_predicate(self, predicate: NamedNode) -> Iterable[Triple]:
        """Return the triples of a predicate."""
        return self._by_predicate.get(predicate, ())

    def nodes(self) -> Iterable[Term]:
        """Return every subject and every object."""
        return {**self._forth, **self._back}

    def said_by(self) -> Iterable[Term]:
        """Return every subject."""
        return self._forth

    def __contains__(self, triple: Triple) -> bool:
        return triple in self._by_predicate.get(triple.predicate, ())

    def __len__(self) -> int:
        return sum(len(found) for found in self._by_predicate.values())


class Overlay:
    """A graph as a change leaves it, without copying it: the base, fewer triples, more triples.

    `added` and `removed` are what really changes: triples that the base has already are not
    added, and those that it does not have are not removed.
    """

    def __init__(self, base: Index, added: Iterable[Triple], removed: Iterable[Triple]) -> None:
        wanted = dict.fromkeys(added)
        self.added = PlainIndex(triple for triple in wanted if triple not in base)
        self.removed = PlainIndex(
            triple for triple in removed if triple not in wanted and triple in base
        )
        self._base = base

    def objects(self, subject: Term, predicate: NamedNode) -> Iterable[Term]:
        gone = self.removed.objects(subject, predicate)
        kept = [term for term in self._base.objects(subject, predicate) if term not in gone]
        return [*kept, *self.added.objects(subject, predicate)]

    def subjects(self, predicate: NamedNode, object_: Term) -> Iterable[Term]:
        gone = self.removed.subjects(predicate, object_)
        kept = [term for term in self._base.subjects(predicate, object_) if term not in gone]
        return [*kept, *self.added.subjects(predicate, object_)]

    def outgoing(self, subject: Term) -> Iterable[tuple[NamedNode, Term]]:
        gone = set(self.removed.outgoing(subject))
        kept = [pair for pair in self._base.outgoing(subject) if pair not in gone]
        return [*kept, *self.added.outgoing(subject)]

    def incoming(self, object_: Term) -> Iterable[tuple[Term, NamedNode]]:
        gone = set(self.removed.incoming(object_))
        kept = [pair for pair in self._base.incoming(object_) if pair not in gone]
        return [*kept, *self.added.incoming(object_)]

    def triples(self) -> Iterator[Triple]:
        for triple in self._base.triples():
            if triple not in self.removed:
                yield triple
        yield from self.added.triples()

    def __contains__(self, triple: Triple) -> bool:
        return triple in self.added or (triple in self._base and triple not in self.removed)
