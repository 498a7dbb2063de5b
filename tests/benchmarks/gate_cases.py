"""Random shapes, graphs and changes: is the judgement of a change that of the two whole graphs?

A case is made from its number alone, so a number that fails is a test to write down.
"""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Final

from pyoxigraph import BlankNode, Literal, NamedNode, RdfFormat, Triple, parse
from rdflib import Graph

from migov.errors import MigovError
from migov.gate.affected import (
    Comparison,
    Index,
    Names,
    Overlay,
    PlainIndex,
    StoreIndex,
    validate_change,
)
from migov.gate.affected.compare import told_apart
from migov.gate.documents import read_document, to_graph, to_node
from migov.gate.report import Finding
from migov.gate.validation import validate

EX: Final = "http://example.org/"
PREFIXES: Final = (
    f"@prefix : <{EX}> . @prefix sh: <http://www.w3.org/ns/shacl#> .\n"
    "@prefix xsd: <http://www.w3.org/2001/XMLSchema#> .\n"
    "@prefix rdf: <http://www.w3.org/1999/02/22-rdf-syntax-ns#> .\n"
    "@prefix rdfs: <http://www.w3.org/2000/01/rdf-schema#> .\n"
)
_NAMES: Final = [f":n{number}" for number in range(5)]
_BLANK: Final = [f"_:b{number}" for number in range(3)]
_PREDICATES: Final = [f":p{number}" for number in range(3)]
_CLASSES: Final = [f":C{number}" for number in range(3)]
_LITERALS: Final = [
    *("1", "2", '"01"^^xsd:integer', '"1.50"^^xsd:decimal', '"x"^^xsd:integer'),
    *('"a"', '"abc"', '"a"@en', '"b"@en', '"c"@fr', "true"),
    *('"2020-01-01"^^xsd:date', '"2021-06-01"^^xsd:date'),
]


@dataclass(frozen=True, slots=True)
class Case:
    """A shapes graph and the triples of a graph before and after a change."""

    shapes: str
    before: tuple[Triple, ...]
    after: tuple[Triple, ...]

    def __str__(self) -> str:
        gone = sorted(str(triple) for triple in set(self.before) - set(self.after))
        new = sorted(str(triple) for triple in set(self.after) - set(self.before))
        kept = sorted(str(triple) for triple in set(self.before) & set(self.after))
        lines = [*kept, *(f"- {each}" for each in gone), *(f"+ {each}" for each in new)]
        return "\n".join([self.shapes, *lines])


class Shapes:
    """Writes random shapes: every component of SHACL Core, every form of path."""

    def __init__(self, chance: random.Random) -> None:
        self._chance = chance
        self._helpers = chance.randint(0, 2)

    def text(self) -> str:
        """Return a shapes graph in Turtle."""
        helpers = [
            f":H{number} a sh:NodeShape ; {self._constraints(False, 1, number + 1)} ."
            for number in range(self._helpers)
        ]
        roots = [self._root(number) for number in range(self._chance.randint(1, 3))]
        return PREFIXES + "\n".join([*helpers, *roots])

    def _root(self, number: int) -> str:
        chance = self._chance
        targets = [self._target() for _ in range(chance.choice((1, 1, 2)))]
        name, kind = f":S{number}", "sh:NodeShape"
        if chance.random() < 0.15:
            name, kind = chance.choice(_CLASSES), "sh:NodeShape , rdfs:Class"
        if chance.random() < 0.03:
            return f"{name} a {kind} ; {' ; '.join(targets)} ; sh:sparql [ sh:select {_QUERY} ] ."
        if chance.random() < 0.4:
            return f"{name} a {kind} ; {' ; '.join(targets)} ; sh:property {self._plain()} ."
        off = "sh:deactivated true ; " if chance.random() < 0.05 else ""
        if chance.random() < 0.25 and kind == "sh:NodeShape":
            body = f"sh:path {self._path()} ; {self._constraints(True, 2, 0)}"
            kind = "sh:PropertyShape"
        else:
            body = self._constraints(False, 3, 0)
        return f"{name} a {kind} ; {off}{' ; '.join(targets)} ; {body} ."

    def _plain(self) -> str:
        """Return property shapes that tell of nearly every change of what they read."""
        chance = self._chance
        path = self._path(3)
        if chance.random() < 0.3:
            classes = chance.sample(_CLASSES, 2)
            return " , ".join(
                f"[ sh:path {path} ; sh:qualifiedValueShape [ sh:class {each} ] ;"
                f" sh:qualifiedValueShapesDisjoint true ; sh:qualifiedMinCount {least} ]"
                for each, least in zip(classes, (1, 2), strict=True)
            )
        constraint = chance.choice(
            (
                *("sh:in ( 1 )", "sh:in ( :n0 )", "sh:minCount 3"),
                f"sh:class {chance.choice(_CLASSES)}",
                f"sh:not [ sh:class {chance.choice(_CLASSES)} ]",
            )
        )
        return f"[ sh:path {path} ; {constraint} ]"

    def _target(self) -> str:
        chance = self._chance
        return chance.choice(
            (
                f"sh:targetClass {chance.choice(_CLASSES)}",
                f"sh:targetClass {chance.choice(_CLASSES)}",
                f"sh:targetSubjectsOf {chance.choice(_PREDICATES)}",
                f"sh:targetObjectsOf {chance.choice(_PREDICATES)}",
                f"sh:targetNode {chance.choice([*_NAMES, chance.choice(_LITERALS)])}",
            )
        )

    def _path(self, depth: int = 2) -> str:
        chance = self._chance
        if depth == 0 or chance.random() < 0.45:
            return chance.choice([*_PREDICATES, *_PREDICATES, "rdf:type", "rdfs:subClassOf"])
        inner = [self._path(depth - 1) for _ in range(chance.choice((2, 2, 3)))]
        return chance.choice(
            (
                f"[ sh:inversePath {inner[0]} ]",
                f"[ sh:inversePath {inner[0]} ]",
                f"( {' '.join(inner)} )",
                f"[ sh:alternativePath ( {' '.join(inner)} ) ]",
                f"[ sh:zeroOrMorePath {inner[0]} ]",
                f"[ sh:oneOrMorePath {inner[0]} ]",
                f"[ sh:zeroOrOnePath {inner[0]} ]",
            )
        )

    def _constraints(self, is_property: bool, depth: int, after: int) -> str:
        """Return some constraints; a helper refers only to helpers that come after it."""
        chance = self._chance
        written: dict[str, str] = {}
        for _ in range(chance.randint(1, 4)):
            parameter, value = self._constraint(is_property, depth, after)
            if parameter in written and parameter in _REPEATABLE:
                written[parameter] += f" , {value}"
            else:
                written[parameter] = value
        return " ; ".join(f"sh:{parameter} {value}" for parameter, value in written.items())

    def _constraint(self, is_property: bool, depth: int, after: int) -> tuple[str, str]:
        chance = self._chance
        kinds = [self._value, self._value, self._pair]
        if is_property:
            kinds += [self._count, self._count]
        if depth:
            kinds += [lambda _: self._nested(is_property, depth, after)] * 3
        return chance.choice(kinds)(is_property)

    def _value(self, _: bool) -> tuple[str, str]:
        chance = self._chance
        terms = [*_NAMES, *_LITERALS]
        return chance.choice(
            (
                ("class", chance.choice(_CLASSES)),
                ("class", chance.choice(_CLASSES)),
                ("datatype", chance.choice(("xsd:integer", "xsd:string", "rdf:langString"))),
                ("nodeKind", chance.choice(("sh:IRI", "sh:BlankNode", "sh:BlankNodeOrIRI"))),
                ("minInclusive", "2"),
                ("maxExclusive", "2"),
                ("minExclusive", '"2020-06-01"^^xsd:date'),
                ("maxInclusive", "1"),
                ("minLength", "2"),
                ("maxLength", "20"),
                ("pattern", '"[13a]$"'),
                ("languageIn", '( "en" )'),
                ("hasValue", chance.choice(terms)),
                ("in", f"( {' '.join(chance.sample(terms, 4))} )"),
                ("closed", f"true ; sh:ignoredProperties ( {chance.choice(_PREDICATES)} )"),
            )
        )

    def _pair(self, is_property: bool) -> tuple[str, str]:
        chance = self._chance
        if is_property and chance.random() < 0.2:  # pySHACL refuses to order blank nodes
            return chance.choice(("lessThan", "lessThanOrEquals")), chance.choice(_PREDICATES)
        return chance.choice(("equals", "disjoint")), chance.choice(_PREDICATES)

    def _count(self, _: bool) -> tuple[str, str]:
        chance = self._chance
        return chance.choice(
            (
                ("minCount", str(chance.randint(1, 2))),
                ("maxCount", str(chance.randint(0, 2))),
                ("uniqueLang", "true"),
            )
        )

    def _nested(self, is_property: bool, depth: int, after: int) -> tuple[str, str]:
        chance = self._chance

        def shape() -> str:
            if after < self._helpers and chance.random() < 0.3:
                return f":H{chance.randrange(after, self._helpers)}"
            if chance.random() < 0.3:
                inner = self._constraints(True, depth - 1, after)
                return f"[ sh:path {self._path(1)} ; {inner} ]"
            return f"[ a sh:NodeShape ; {self._constraints(False, depth - 1, after)} ]"

        def node() -> str:
            if after < self._helpers and chance.random() < 0.5:
                return f":H{chance.randrange(after, self._helpers)}"
            return f"[ a sh:NodeShape ; {self._constraints(False, depth - 1, after)} ]"

        def property_() -> str:
            return f"[ sh:path {self._path()} ; {self._constraints(True, depth - 1, after)} ]"

        def qualified() -> str:
            apart = "sh:qualifiedValueShapesDisjoint true ; " if chance.random() < 0.5 else ""
            least = chance.choice(("sh:qualifiedMinCount 1", "sh:qualifiedMaxCount 0"))
            return f"{shape()} ; {apart}{least}"

        def siblings() -> str:
            path = self._path(1)
            each = f"[ sh:path {path} ; sh:qualifiedValueShape "
            return f"{each}{qualified()} ] , {each}{qualified()} ]"

        kinds = [
            ("property", property_),
            ("property", property_),
            ("property", property_),
            ("property", siblings),
            ("node", node),
            ("not", shape),
            *((name, lambda: f"( {shape()} {shape()} )") for name in ("and", "or", "xone")),
        ]
        if is_property:
            kinds += [("qualifiedValueShape", qualified)]
        parameter, make = chance.choice(kinds)
        return parameter, make()


_QUERY: Final = f'"SELECT $this ?value WHERE {{ $this <{EX}p0>/<{EX}p1> ?value }}"'
_REPEATABLE: Final = {"class", "property", "node", "not", "equals", "disjoint", "hasValue"}


def make_case(number: int) -> Case:
    """Return the case of a number."""
    chance = random.Random(number)
    shapes = Shapes(chance).text()
    before = dict.fromkeys(_triple(chance) for _ in range(chance.choice((5, 15, 25, 40, 60))))
    gone = set(chance.sample(list(before), min(len(before), chance.randint(0, 5))))
    after = dict.fromkeys([triple for triple in before if triple not in gone])
    after.update(dict.fromkeys(_triple(chance) for _ in range(chance.randint(0, 5))))
    changed = list(after)
    if chance.random() < 0.15:  # the same nodes read from a file again may have other labels
        labels = [blank.removeprefix("_:") for blank in _BLANK]
        turned = dict(zip(labels, chance.sample(labels, len(labels)), strict=True))
        changed = [_relabelled(triple, turned) for triple in after]
    return Case(shapes, tuple(before), tuple(changed))


def _triple(chance: random.Random) -> Triple:
    kind = chance.random()
    if kind < 0.25:
        words = (chance.choice(_NAMES + _BLANK), "a", chance.choice(_CLASSES))
    elif kind < 0.3:
        words = (chance.choice(_CLASSES), "rdfs:subClassOf", chance.choice(_CLASSES))
    else:
        nodes = [*_NAMES, *_NAMES, *_BLANK, *_CLASSES[:1]]
        terms = [*nodes, *nodes, *_LITERALS]
        words = (chance.choice(nodes), chance.choice(_PREDICATES), chance.choice(terms))
    return read(" ".join(words) + " .")[0]


def _relabelled(triple: Triple, labels: dict[str, str]) -> Triple:
    subject, predicate, object_ = (
        BlankNode(labels[term.value]) if isinstance(term, BlankNode) else term for term in triple
    )
    assert isinstance(subject, (NamedNode, BlankNode))
    assert isinstance(predicate, NamedNode)
    assert isinstance(object_, (NamedNode, BlankNode, Literal))
    return Triple(subject, predicate, object_)


def read(turtle: str) -> list[Triple]:
    """Return the triples of a text in Turtle, blank nodes with the labels of the text."""
    quads = parse((PREFIXES + turtle).encode(), format=RdfFormat.TURTLE)
    return [quad.triple for quad in quads]


def shapes_graph(turtle: str) -> Graph:
    """Return a shapes graph from Turtle."""
    return to_graph([read_document("shapes.ttl", turtle.encode())])


def data_graph(triples: Iterable[Triple]) -> Graph:
    """Return triples as a plain graph of rdflib, blank nodes with their labels."""
    graph = Graph(bind_namespaces="none")
    for triple in triples:
        subject, predicate, object_ = map(to_node, triple)
        graph.add((subject, predicate, object_))
    return graph


def indexes(case: Case, kind: int) -> tuple[Index, Index]:
    """Return the two graphs of a case in one of three ways to keep them."""
    before: Index = PlainIndex(case.before)
    if kind == 0:
        return before, PlainIndex(case.after)
    if kind == 1:
        before = StoreIndex.load(lambda: case.before)
    gone = [triple for triple in case.before if triple not in set(case.after)]
    return before, Overlay(before, case.after, gone)


@dataclass(frozen=True, slots=True)
class Outcome:
    """How a case went: what disagrees (nothing, if all is well) and what was found."""

    faults: tuple[str, ...]
    counts: Counter[str]
    compared: bool = True
    """False where pySHACL refuses the case: it does not order blank nodes."""


def run(case: Case, kind: int = 0) -> Outcome:
    """Judge the change and both whole graphs, and compare."""
    shapes = shapes_graph(case.shapes)
    before, after = indexes(case, kind)
    removed = [triple for triple in case.before if triple not in set(case.after)]
    added = [triple for triple in case.after if triple not in set(case.before)]
    try:
        old = validate(data_graph(case.before), shapes).findings
        new = validate(data_graph(case.after), shapes).findings
    except MigovError as error:
        return Outcome((), Counter({f"refused: {error.message}": 1}), False)
    judged = validate_change(before, after, added, removed, shapes)
    return Outcome(tuple(_faults(judged, old, new, before, after)), _counts(judged, old, new))


def _faults(
    judged: Comparison, old: Sequence[Finding], new: Sequence[Finding], before: Index, after: Index
) -> Iterable[str]:
    names, later = Names(before), Names(after)
    introduced, left, fixed = told_apart(old, new, names, later)
    for word, ours, theirs, known in (
        ("introduced", judged.introduced, introduced, later),
        ("left", judged.left_of(old, before), left, later),
        ("fixed", judged.fixed, fixed, names),
    ):
        # What is left is told by the report before in one case and after in the other.
        one = Counter(_told(finding, known if word != "left" else names, word) for finding in ours)
        other = Counter(_told(finding, known, word) for finding in theirs)
        yield from (f"{word}: {each} was missed" for each in other - one)
        yield from (f"{word}: {each} was invented" for each in one - other)
    allowed = Counter(later.key(finding) for finding in left)
    extra = Counter(later.key(finding) for finding in judged.left) - allowed
    yield from (f"left among the judged: {each} was invented" for each in extra)


def _told(finding: Finding, names: Names, word: str) -> tuple[object, ...]:
    key = names.key(finding)
    return key if word == "left" else (key, finding.via)


def _counts(judged: Comparison, old: Sequence[Finding], new: Sequence[Finding]) -> Counter[str]:
    return Counter(
        {
            "introduced": len(judged.introduced),
            "fixed": len(judged.fixed),
            "left": len(judged.left),
            "findings before": len(old),
            "findings after": len(new),
            "with findings introduced": bool(judged.introduced),
            "with findings fixed": bool(judged.fixed),
            "with a part judged whole": bool(judged.whole),
        }
    )
