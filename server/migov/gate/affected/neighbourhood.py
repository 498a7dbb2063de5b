"""The part of a graph that some focus nodes read, as a plain graph of rdflib."""

from __future__ import annotations

from collections.abc import Iterable

from pyoxigraph import BlankNode, NamedNode
from rdflib import Graph
from rdflib.term import Node

from migov.gate.affected.classes import Classes
from migov.gate.affected.index import Index, Term
from migov.gate.affected.paths import values
from migov.gate.affected.reads import Reads
from migov.gate.documents import to_node

_Triple = tuple[Term, NamedNode, Term]


class Neighbourhood:
    """Gathers what is read, each place once. More than is read does no harm, less would."""

    def __init__(self, index: Index) -> None:
        self._index = index
        self._objects: dict[tuple[Term, NamedNode], tuple[Term, ...]] = {}
        self._subjects: dict[tuple[NamedNode, Term], tuple[Term, ...]] = {}
        self._outgoing: dict[Term, tuple[tuple[NamedNode, Term], ...]] = {}
        self._triples: dict[_Triple, None] = {}
        self._named: set[Term] = set()
        self._classes = Classes(self)
        self._nodes: dict[Term, Node] = {}

    def add(self, reads: Reads, nodes: Iterable[Term]) -> None:
        """Gather what is read from some nodes."""
        here = set(nodes)
        self._name_blank_nodes(here)
        for path, beyond in reads.paths:
            self.add(beyond, values(path, here, self))
        for node in here:
            if reads.classes:
                self._classes.of(node)
            if reads.everything:
                self._name_blank_nodes([term for _, term in self.outgoing(node)])

    def objects(self, subject: Term, predicate: NamedNode) -> tuple[Term, ...]:
        """Return what a node says with a predicate, and gather it."""
        key = (subject, predicate)
        found = self._objects.get(key)
        if found is None:
            found = self._objects[key] = tuple(self._index.objects(subject, predicate))
            for term in found:
                self._triples[subject, predicate, term] = None
        return found

    def subjects(self, predicate: NamedNode, object_: Term) -> tuple[Term, ...]:
        """Return who says a term with a predicate, and gather it."""
        key = (predicate, object_)
        found = self._subjects.get(key)
        if found is None:
            found = self._subjects[key] = tuple(self._index.subjects(predicate, object_))
            for term in found:
                self._triples[term, predicate, object_] = None
        return found

    def outgoing(self, subject: Term) -> tuple[tuple[NamedNode, Term], ...]:
        """Return all that a node says, and gather it."""
        found = self._outgoing.get(subject)
        if found is None:
            found = self._outgoing[subject] = tuple(self._index.outgoing(subject))
            for predicate, term in found:
                self._triples[subject, predicate, term] = None
        return found

    def _name_blank_nodes(self, nodes: Iterable[Term]) -> None:
        """Gather what a message says of blank nodes: what they say, and what holds them."""
        fresh = [node for node in nodes if isinstance(node, BlankNode) and node not in self._named]
        while fresh:
            node = fresh.pop()
            if node in self._named:
                continue
            self._named.add(node)
            around = [term for _, term in self.outgoing(node)]
            for subject, predicate in self._index.incoming(node):
                self._triples[subject, predicate, node] = None
                around.append(subject)
            fresh.extend(term for term in around if isinstance(term, BlankNode))

    def graph(self) -> Graph:
        """Return what was gathered, terms exactly as they were written."""
        graph = Graph(bind_namespaces="none")
        for subject, predicate, term in self._triples:
            graph.add((self.node(subject), self.node(predicate), self.node(term)))
        return graph

    def node(self, term: Term) -> Node:
        """Return a term as a node of rdflib."""
        found = self._nodes.get(term)
        if found is None:
            found = self._nodes[term] = to_node(term)
        return found
