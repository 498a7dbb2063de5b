"""Triples → statements: which blank nodes stand inside others, and which need a label."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from itertools import count
from typing import Final

from pyoxigraph import BlankNode, NamedNode, Triple

from migov.change.write.names import Names
from migov.dataset.turtle.blocks import Blank, Collection, Node, Pair, Term
from migov.dataset.turtle.layout import statement

_RDF: Final = "http://www.w3.org/1999/02/22-rdf-syntax-ns#"
_FIRST, _REST, _NIL = (NamedNode(_RDF + name) for name in ("first", "rest", "nil"))


class Nodes:
    """One whole graph as it is to be written."""

    def __init__(self, triples: Sequence[Triple], names: Names) -> None:
        self._names = names
        self.said: dict[object, list[Triple]] = defaultdict(list)
        self.uses: dict[BlankNode, list[Triple]] = defaultdict(list)
        for triple in triples:
            self.said[triple.subject].append(triple)
            if isinstance(triple.object, BlankNode):
                self.uses[triple.object].append(triple)
        used = set(names.labels.values())
        labels = (f"_:b{number}" for number in count(1))
        self._free_labels = (label for label in labels if label not in used)
        self._label_what_cannot_be_nested()

    def _label_what_cannot_be_nested(self) -> None:
        blank = dict.fromkeys(node for node in self.said if isinstance(node, BlankNode))
        blank |= dict.fromkeys(self.uses)
        for node in blank:
            if len(self.uses[node]) > 1:
                self._label(node)
        outside: set[object] = set()
        for node in blank:  # what nests in itself, round a circle, is cut open at one place
            passed: set[object] = set()
            at: object = node
            while isinstance(at, BlankNode) and self.nests(at) and at not in passed:
                passed.add(at)
                if at in outside:
                    break
                at = self.uses[at][0].subject
            if isinstance(at, BlankNode) and at in passed and at not in outside:
                self._label(at)
            outside |= passed

    def _label(self, node: BlankNode) -> None:
        if node not in self._names.labels:
            self._names.labels[node] = next(self._free_labels)

    def nests(self, node: object) -> bool:
        """Return whether a term is a blank node that is written where it is used."""
        return (
            isinstance(node, BlankNode)
            and node not in self._names.labels
            and len(self.uses[node]) == 1
        )

    def statement(self, subject: object, triples: Iterable[Triple]) -> str:
        """Return the statement that says these triples of a subject, in the house style."""
        if isinstance(subject, BlankNode) and subject not in self._names.labels:
            head: Node = Blank((), 0)
        else:
            head = Term(self._names.term(subject), 0)
        return statement(head, self._pairs(triples))

    def _pairs(self, triples: Iterable[Triple]) -> tuple[Pair, ...]:
        return tuple(
            Pair(Term(self._names.predicate(triple.predicate), 0), (self._node(triple.object),))
            for triple in triples
        )

    def _node(self, term: object) -> Node:
        if not isinstance(term, BlankNode):
            if term == _NIL:
                return Collection((), 0)
            return Term(self._names.term(term), 0)
        if not self.nests(term):
            return Term(self._names.term(term), 0)
        items = self._items(term)
        if items is not None:
            return Collection(tuple(self._node(item) for item in items), 0)
        return Blank(self._pairs(self.said[term]), 0)

    def _items(self, cell: BlankNode) -> list[object] | None:
        """Return the items of a list that starts here, or None when this is none."""
        items: list[object] = []
        at: object = cell
        while at != _NIL:
            said = {triple.predicate: triple.object for triple in self.said[at]}
            if not self.nests(at) or len(self.said[at]) != 2 or said.keys() != {_FIRST, _REST}:
                return None
            items.append(said[_FIRST])
            at = said[_REST]
        return items
