"""The OWL 2 RL closure of the axioms that an ontology like ours uses, in milliseconds.

Classes and properties below and equal to others, domains, ranges, inverses, symmetric and
transitive properties, and chains: rules cax-sco, cax-eqc, prp-spo1, prp-eqp, prp-dom, prp-rng,
prp-inv, prp-symp, prp-trp and prp-spo2 of OWL 2 Profiles, section 4.3, each new triple joined with
what is known once. What says something about the vocabulary of RDF, RDFS, OWL or XML Schema itself
is not of this fragment; then owlrl has to do it.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping
from typing import Final, TypeGuard

from pyoxigraph import BlankNode, NamedNode, Triple

from migov.vocabulary import STANDARD_PREFIXES

Term = NamedNode | BlankNode

_RDF, _RDFS, _OWL, _XSD = (STANDARD_PREFIXES[prefix] for prefix in ("rdf", "rdfs", "owl", "xsd"))
TYPE: Final = NamedNode(_RDF + "type")
_FIRST, _REST, _NIL = (NamedNode(_RDF + name) for name in ("first", "rest", "nil"))
_SUB_CLASS, _SUB_PROPERTY = NamedNode(_RDFS + "subClassOf"), NamedNode(_RDFS + "subPropertyOf")
_DOMAIN, _RANGE = NamedNode(_RDFS + "domain"), NamedNode(_RDFS + "range")
_SAME_CLASS = NamedNode(_OWL + "equivalentClass")
_SAME_PROPERTY = NamedNode(_OWL + "equivalentProperty")
_INVERSE, _CHAIN = NamedNode(_OWL + "inverseOf"), NamedNode(_OWL + "propertyChainAxiom")
_TRANSITIVE = NamedNode(_OWL + "TransitiveProperty")
_SYMMETRIC = NamedNode(_OWL + "SymmetricProperty")
_KINDS: Final = (_TRANSITIVE, _SYMMETRIC)
_AXIOMS: Final = {
    _SUB_CLASS,
    _SUB_PROPERTY,
    _DOMAIN,
    _RANGE,
    _SAME_CLASS,
    _SAME_PROPERTY,
    _INVERSE,
    _CHAIN,
}
_HARMLESS: Final = {
    NamedNode(_OWL + "Thing"),
    NamedNode(_RDFS + "Resource"),
    NamedNode(_RDFS + "Literal"),
    NamedNode(_RDF + "Statement"),
    NamedNode(_RDF + "langString"),
}
"""Classes from which no rule goes on: to be one of them makes nothing else follow."""

_Links = Mapping[Term, Collection[Term]]
_None: Final[frozenset[Term]] = frozenset()


def close_fragment(triples: Iterable[Triple]) -> set[Triple] | None:
    """Return the triples between nodes that follow, the given ones included; None if owlrl must.

    >>> a, b, p = (NamedNode(f"http://x/{name}") for name in "abp")
    >>> found = close_fragment([Triple(p, TYPE, _SYMMETRIC), Triple(a, p, b)])
    >>> Triple(b, p, a) in found
    True
    """
    axioms, links = _Axioms(), list[Triple]()
    cells: dict[Term, dict[NamedNode, list[Term]]] = defaultdict(lambda: defaultdict(list))
    chains: list[tuple[Term, Term]] = []
    for triple in triples:
        subject, predicate, value = triple.subject, triple.predicate, triple.object
        if not _is_node(subject) or not _is_node(value):
            return None
        if predicate in (_FIRST, _REST):
            cells[subject][predicate].append(value)
        elif predicate == _CHAIN:
            chains.append((subject, value))
        elif predicate in _AXIOMS or (predicate == TYPE and value in _KINDS):
            if not axioms.add(subject, predicate, value):
                return None
        elif _is_reserved(subject) or _is_reserved(value) or _is_reserved(predicate, TYPE):
            return None
        else:
            links.append(triple)
    for result, head in chains:
        parts = _items(cells, head)
        if parts is None or any(map(_is_reserved, (result, *parts))):
            return None
        axioms.add_chain(result, parts)
    return _Closing(axioms).closed(links)


def _is_node(term: object) -> TypeGuard[Term]:
    return isinstance(term, (NamedNode, BlankNode))


def _is_reserved(term: Term, *allowed: Term) -> bool:
    if term in allowed or not isinstance(term, NamedNode):
        return False
    return term.value.startswith((_RDF, _RDFS, _OWL, _XSD))


def _items(
    cells: Mapping[Term, Mapping[NamedNode, list[Term]]], head: Term
) -> tuple[Term, ...] | None:
    """Return the items of a list, or None for one that is not well formed."""
    found: list[Term] = []
    seen: set[Term] = set()
    while head != _NIL:
        cell = cells.get(head)
        if cell is None or head in seen or len(cell[_FIRST]) != 1 or len(cell[_REST]) != 1:
            return None
        seen.add(head)
        found.append(cell[_FIRST][0])
        head = cell[_REST][0]
    return tuple(found) or None


class _Axioms:
    """What each class and each property leads to, in one step."""

    def __init__(self) -> None:
        self.classes: dict[Term, set[Term]] = defaultdict(set)
        self.properties: dict[Term, set[Term]] = defaultdict(set)
        self.domains: dict[Term, set[Term]] = defaultdict(set)
        self.ranges: dict[Term, set[Term]] = defaultdict(set)
        self.inverses: dict[Term, set[Term]] = defaultdict(set)
        self.transitive: set[Term] = set()
        self.chains: dict[Term, list[tuple[Term, tuple[Term, ...], int]]] = defaultdict(list)

    def add(self, subject: Term, predicate: NamedNode, value: Term) -> bool:
        """Take one axiom; returns whether it is of the fragment."""
        if _is_reserved(subject):
            return False
        if predicate == TYPE and value == _TRANSITIVE:
            self.transitive.add(subject)
        elif predicate == TYPE:
            self.inverses[subject].add(subject)
        elif not _is_reserved(value):
            self._put(subject, predicate, value)
        elif value not in _HARMLESS and not str(value).startswith(f"<{_XSD}"):
            return False
        return predicate in (_SUB_CLASS, _DOMAIN, _RANGE) or not _is_reserved(value, *_KINDS)

    def _put(self, subject: Term, predicate: NamedNode, value: Term) -> None:
        if predicate == _INVERSE:
            self.inverses[subject].add(value)
            self.inverses[value].add(subject)
        elif predicate in (_SUB_CLASS, _SAME_CLASS):
            self.classes[subject].add(value)
            if predicate == _SAME_CLASS:
                self.classes[value].add(subject)
        elif predicate in (_SUB_PROPERTY, _SAME_PROPERTY):
            self.properties[subject].add(value)
            if predicate == _SAME_PROPERTY:
                self.properties[value].add(subject)
        else:
            (self.domains if predicate == _DOMAIN else self.ranges)[subject].add(value)

    def add_chain(self, result: Term, parts: tuple[Term, ...]) -> None:
        for at, part in enumerate(parts):
            self.chains[part].append((result, parts, at))


_Link = tuple[Term, Term, Term]


class _Closing:
    """Triples by property, forwards and backwards, and those that still have to be joined."""

    def __init__(self, axioms: _Axioms) -> None:
        self._axioms = axioms
        self._forth: dict[Term, dict[Term, set[Term]]] = defaultdict(lambda: defaultdict(set))
        self._back: dict[Term, dict[Term, set[Term]]] = defaultdict(lambda: defaultdict(set))
        self._waiting: list[_Link] = []

    def closed(self, links: Iterable[Triple]) -> set[Triple]:
        for triple in links:
            self._add(triple.subject, triple.predicate, triple.object)  # type: ignore[arg-type]
        while self._waiting:
            subject, predicate, value = self._waiting.pop()
            if predicate == TYPE:
                for kind in self._axioms.classes.get(value, _None):
                    self._add(subject, TYPE, kind)
            else:
                self._join(subject, predicate, value)
        return {
            Triple(subject, predicate, value)
            for predicate, found in self._forth.items()
            if isinstance(predicate, NamedNode)  # a property without a name says nothing in RDF
            for subject, values in found.items()
            for value in values
        }

    def _add(self, subject: Term, predicate: Term, value: Term) -> None:
        values = self._forth[predicate][subject]
        if value not in values:
            values.add(value)
            self._back[predicate][value].add(subject)
            self._waiting.append((subject, predicate, value))

    def _join(self, subject: Term, predicate: Term, value: Term) -> None:
        axioms = self._axioms
        for above in axioms.properties.get(predicate, _None):
            self._add(subject, above, value)
        for kind in axioms.domains.get(predicate, _None):
            self._add(subject, TYPE, kind)
        for kind in axioms.ranges.get(predicate, _None):
            self._add(value, TYPE, kind)
        for back in axioms.inverses.get(predicate, _None):
            self._add(value, back, subject)
        if predicate in axioms.transitive:
            for further in list(self._forth[predicate][value]):
                self._add(subject, predicate, further)
            for earlier in list(self._back[predicate][subject]):
                self._add(earlier, predicate, value)
        for result, parts, at in axioms.chains.get(predicate, ()):
            starts = self._walked({subject}, reversed(parts[:at]), self._back)
            ends = self._walked({value}, parts[at + 1 :], self._forth) if starts else _None
            for start in starts:
                for end in ends:
                    self._add(start, result, end)

    def _walked(
        self, nodes: set[Term], parts: Iterable[Term], links: Mapping[Term, _Links]
    ) -> set[Term]:
        for part in parts:
            known = links.get(part, {})
            nodes = {far for node in nodes for far in known.get(node, ())}
        return nodes
