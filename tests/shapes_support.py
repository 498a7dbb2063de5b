"""The shapes, the examples of them and what a validation finds, for the tests of the shapes.

``tests/shapes/`` holds Turtle examples that a steward can add to. The comment lines at the
head of an example say what it shows:

* ``# constraint:`` the IRI of the shape that it is about;
* ``# component:`` the constraint of that shape that rejects it (invalid examples);
* ``# expect:`` ``conforms``, ``violation``, ``warning`` or ``info``;
* ``# also:`` shape, component and severity of a result that cannot be avoided beside it, as a
  bound that is not a date cannot be compared either.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import pyshacl
import pytest
import rdflib
from rdflib import RDF, RDFS, SH, SKOS, BNode, Graph, URIRef
from rdflib.collection import Collection
from rdflib.term import Node

ROOT = Path(__file__).resolve().parent.parent
EXAMPLES = ROOT / "tests" / "shapes"
SHAPE_FILES = sorted((ROOT / "shapes").glob("*.ttl"))
MG = "https://w3id.org/migov/ns#"
SHAPE = "https://w3id.org/migov/shape/"

# Every other predicate of sh: is a constraint, so that a new kind cannot escape the tests.
NOT_CONSTRAINTS = {
    SH.alternativePath, SH.description, SH.ignoredProperties, SH.inversePath, SH.message, SH.name,
    SH.path, SH.property, SH.qualifiedValueShape, SH.severity, SH.targetClass,
    SH.targetSubjectsOf,
}  # fmt: skip

TARGETS = {SH.targetClass, SH.targetSubjectsOf}

# What means nothing without the constraint beside it, and goes with it.
PARTNERS: dict[Node, list[URIRef]] = {
    SH.closed: [SH.ignoredProperties],
    SH.qualifiedMinCount: [SH.qualifiedValueShape],
}

Constraint = tuple[Node, Node, Node]
Result = tuple[str, str, str]  # shape, parameter, severity


@dataclass(frozen=True)
class Example:
    path: Path
    shape: str
    parameter: str
    expect: str
    also: tuple[Result, ...]

    @property
    def results(self) -> list[Result]:
        return sorted([(self.shape, self.parameter, self.expect), *self.also])

    def __str__(self) -> str:
        return self.path.relative_to(EXAMPLES).as_posix().removesuffix(".ttl")


def read_example(path: Path) -> Example:
    text = path.read_text(encoding="utf-8")
    head = dict(re.findall(r"^# (constraint|component|expect): *(\S+)$", text, re.M))
    also = re.findall(rf"^# also: *{SHAPE}(\S+) sh:(\S+) (\S+)$", text, re.M)
    return Example(
        path=path,
        shape=head["constraint"].removeprefix(SHAPE),
        parameter=head.get("component", "").removeprefix("sh:"),
        expect=head["expect"],
        also=tuple(also),
    )


def union(graphs: Iterable[Graph]) -> Graph:
    merged = Graph()
    for graph in graphs:
        for triple in graph:
            merged.add(triple)
    return merged


def read(path: Path) -> Graph:
    """The file with its literals as they are written: "01" is not made "1"."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(rdflib, "NORMALIZE_LITERALS", False)
        return Graph().parse(path)


def parsed(paths: Iterable[Path]) -> Graph:
    return union(read(path) for path in paths)


SHAPES = parsed(SHAPE_FILES)
VALID = [read_example(path) for path in sorted(EXAMPLES.glob("*/valid-*.ttl"))]
INVALID = [read_example(path) for path in sorted(EXAMPLES.glob("*/invalid-*.ttl"))]


def short(shape: Node | None) -> str:
    return str(shape).removeprefix(SHAPE)


def kebab(name: str) -> str:
    return re.sub(r"(?<=[a-z])(?=[A-Z])", "-", name).lower()


def folder(shape: str) -> str:
    """The folder of the examples of a shape: ``Participation-role`` → ``participation``."""
    return kebab(shape.partition("-")[0])


def named(kind: URIRef) -> list[str]:
    return sorted(short(s) for s in SHAPES.subjects(RDF.type, kind) if isinstance(s, URIRef))


def owner_of(shape: str) -> Node:
    """The node shape whose targets the shape is about: itself, or the one that holds it."""
    node = URIRef(SHAPE + shape)
    return SHAPES.value(predicate=SH.property, object=node) or node


@cache
def parts(shape: Node) -> frozenset[Node]:
    """The nodes that a shape is made of: its lists, its alternatives, the helpers it names."""
    seen, queue = {shape}, [shape]
    while queue:
        for node in SHAPES.objects(queue.pop()):
            inside = isinstance(node, BNode) or str(node).startswith(SHAPE)
            if inside and node not in seen:
                seen.add(node)
                queue.append(node)
    return frozenset(seen)


@cache
def alone(name: str) -> Graph:
    """One shape with its targets and helpers, and without the properties beside it."""
    shape = URIRef(SHAPE + name)
    owner = owner_of(name)
    graph = Graph()
    graph.add((owner, RDF.type, SH.NodeShape))
    if owner != shape:
        graph.add((owner, SH.property, shape))
    for predicate, value in SHAPES.predicate_objects(owner):
        if predicate in TARGETS:
            graph.add((owner, predicate, value))
    for predicate, value in SHAPES.predicate_objects(shape):
        if owner == shape and predicate == SH.property:
            continue
        graph.add((shape, predicate, value))
        for part in parts(value) if predicate != RDF.type else ():
            for triple in SHAPES.triples((part, None, None)):
                graph.add(triple)
    return graph


def switched_off(graph: Graph, constraint: Constraint) -> Graph:
    subject, parameter, _ = constraint
    without = union([graph])
    without.remove(constraint)
    for partner in PARTNERS.get(parameter, ()):
        without.remove((subject, partner, None))
    if (subject, None, None) not in without:  # an alternative of sh:or has to stay a shape
        without.add((subject, RDF.type, SH.NodeShape))
    return without


def nearest_shape(node: Node) -> str:
    """The smallest named shape that the node is part of."""
    if isinstance(node, URIRef):
        return short(node)
    holders = {shape for shape in SHAPES.subjects(RDF.type) if isinstance(shape, URIRef)}
    return min((len(parts(shape)), short(shape)) for shape in holders if node in parts(shape))[1]


def spelt(value: Node) -> str:
    members = list(Collection(SHAPES, value)) if isinstance(value, BNode) else [value]
    return "|".join(
        re.split("[#/]", member)[-1] if isinstance(member, URIRef) else str(member)
        for member in members
        if not isinstance(member, BNode)
    )


def collected_constraints() -> dict[str, Constraint]:
    """Every constraint under a name that stays the same from run to run."""
    found: dict[str, Constraint] = {}
    for subject, predicate, value in SHAPES:
        parameter = str(predicate).removeprefix(str(SH))
        if parameter != str(predicate) and predicate not in NOT_CONSTRAINTS:
            name = f"{nearest_shape(subject)} {parameter} {spelt(value)}"
            found[name.strip()] = (subject, predicate, value)
    return {name: found[name] for name in sorted(found)}


CONSTRAINTS = collected_constraints()
EVERY_SHAPE = named(SH.NodeShape) + named(SH.PropertyShape)


@cache
def surroundings() -> Graph:
    """What every example stands in: sub-classes, members of schemes, some common things.

    Of a concept only ``skos:inScheme`` is taken. Without its class no shape targets it, and an
    example is checked for itself.
    """
    ontology = parsed(sorted((ROOT / "ontology").rglob("*.ttl")))
    axioms = Graph()
    for predicate in (RDFS.subClassOf, SKOS.inScheme):
        for triple in ontology.triples((None, predicate, None)):
            axioms.add(triple)
    return union([axioms, read(EXAMPLES / "common.ttl")])


@cache
def example_graph(example: Example) -> Graph:
    return union([surroundings(), read(example.path)])


def findings(data: Graph, shapes: Graph) -> list[tuple[str, Result]]:
    """The results of a validation: focus node, then shape, parameter and severity."""
    _, report, text = pyshacl.validate(data, shacl_graph=shapes, inplace=True)
    assert isinstance(report, Graph), text
    found = []
    for result in report.objects(None, SH.result):
        component = str(report.value(result, SH.sourceConstraintComponent))
        parameter = component.removeprefix(str(SH)).removesuffix("ConstraintComponent")
        severity = str(report.value(result, SH.resultSeverity)).removeprefix(str(SH))
        shape = short(report.value(result, SH.sourceShape))
        triple = (shape, parameter[0].lower() + parameter[1:], severity.lower())
        found.append((str(report.value(result, SH.focusNode)), triple))
    return sorted(found)


def results(example: Example, shapes: Graph) -> list[Result]:
    return [result for _, result in findings(example_graph(example), shapes)]


@cache
def results_alone(example: Example, shape: str) -> list[Result]:
    return results(example, alone(shape))
