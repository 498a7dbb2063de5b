"""What gives a node its classes, read from the ontology, and which classes exclude each other."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

from pyoxigraph import BlankNode, NamedNode, Triple

from migov.gate.checks.state import TYPE, FileFacts, Node, std


@dataclass(slots=True)
class Schema:
    """Axioms of one ontology, closed upwards where that is what they mean."""

    classes: dict[str, set[str]] = field(default_factory=lambda: defaultdict(set))
    properties: dict[str, set[str]] = field(default_factory=lambda: defaultdict(set))
    domains: dict[str, set[str]] = field(default_factory=lambda: defaultdict(set))
    ranges: dict[str, set[str]] = field(default_factory=lambda: defaultdict(set))
    inverses: dict[str, set[str]] = field(default_factory=lambda: defaultdict(set))
    disjoint: set[frozenset[str]] = field(default_factory=set)
    asymmetric: set[str] = field(default_factory=set)
    irreflexive: set[str] = field(default_factory=set)

    @classmethod
    def read(cls, ontology: FileFacts) -> Schema:
        """Return the axioms that the file of an ontology states."""
        schema = cls()
        into = {
            std("rdfs", "subClassOf"): schema.classes,
            std("rdfs", "subPropertyOf"): schema.properties,
            std("rdfs", "domain"): schema.domains,
            std("rdfs", "range"): schema.ranges,
        }
        for triple in ontology.triples:
            subject, value = triple.subject, triple.object
            if not isinstance(value, NamedNode):
                continue
            if isinstance(subject, NamedNode):
                if triple.predicate in into:
                    into[triple.predicate][subject.value].add(value.value)
                elif triple.predicate == std("owl", "inverseOf"):
                    schema.inverses[subject.value].add(value.value)
                    schema.inverses[value.value].add(subject.value)
                elif triple.predicate == std("owl", "disjointWith"):
                    schema.disjoint.add(frozenset((subject.value, value.value)))
                elif value == std("owl", "AsymmetricProperty"):
                    schema.asymmetric.add(subject.value)
                elif value == std("owl", "IrreflexiveProperty"):
                    schema.irreflexive.add(subject.value)
            if value == std("owl", "AllDisjointClasses") and triple.predicate == TYPE:
                members = list(_members(ontology, _as_node(subject)))
                schema.disjoint |= {frozenset((a, b)) for a in members for b in members if a != b}
        return schema

    def above(self, name: str) -> set[str]:
        """Return a class with its superclasses."""
        return _upwards(self.classes, name)

    def given_by(self, triple: Triple, node: Node) -> set[str]:
        """Return the classes that one triple gives a node: by its class, its domain, its range."""
        if triple.predicate == TYPE:
            is_of = triple.subject == node and isinstance(triple.object, NamedNode)
            return self.above(str(triple.object)[1:-1]) if is_of else set()
        found: set[str] = set()
        for name in _upwards(self.properties, triple.predicate.value):
            found |= self.domains.get(name, set()) if triple.subject == node else set()
            found |= self.ranges.get(name, set()) if triple.object == node else set()
            for back in self.inverses.get(name, ()):
                found |= self.ranges.get(back, set()) if triple.subject == node else set()
                found |= self.domains.get(back, set()) if triple.object == node else set()
        return {upper for name in found for upper in self.above(name)}

    def excluded(self, classes: Iterable[str]) -> Iterator[tuple[str, str]]:
        """Yield the pairs among classes that no node may have both, in order."""
        names = sorted(classes)
        for at, one in enumerate(names):
            for other in names[at + 1 :]:
                if frozenset((one, other)) in self.disjoint:
                    yield one, other


def _upwards(graph: dict[str, set[str]], name: str) -> set[str]:
    found, waiting = set[str](), [name]
    while waiting:
        each = waiting.pop()
        if each not in found:
            found.add(each)
            waiting += graph.get(each, ())
    return found


def _members(facts: FileFacts, node: Node) -> Iterator[str]:
    for cell in facts.values(node, std("owl", "members")):
        rest: object = cell
        while rest != std("rdf", "nil"):
            at = _as_node(rest)
            yield from (str(item)[1:-1] for item in facts.values(at, std("rdf", "first")))
            rest = next(iter(facts.values(at, std("rdf", "rest"))), std("rdf", "nil"))


def _as_node(term: object) -> Node:
    assert isinstance(term, (NamedNode, BlankNode))
    return term
