"""A shapes graph taken apart: who is targeted, and the parts that can be judged for themselves.

A node shape is the sum of its property shapes and of its other constraints, and each part reads
its own few paths. A change that touches one property has one part judged again, not thirty.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from pyoxigraph import BlankNode, Literal, NamedNode
from pyshacl import Validator
from pyshacl.graph_abstraction import DataGraph
from rdflib import BNode, Graph, URIRef
from rdflib import Literal as RdfLiteral
from rdflib.term import Node

from migov.gate.affected.classes import Classes
from migov.gate.affected.index import Index, Term
from migov.gate.affected.reads import NotLocal, Reader, Reads
from migov.gate.affected.remembered import RememberedGraph
from migov.gate.shapes import SH, prepared
from migov.gate.validation import OPTIONS, pyshacl_failures, rule_of


@dataclass(frozen=True, slots=True, eq=False)
class Targets:
    """Which nodes a shape is about."""

    nodes: frozenset[Term]
    classes: frozenset[NamedNode]
    subjects_of: tuple[NamedNode, ...]
    objects_of: tuple[NamedNode, ...]

    def hold(self, node: Term, index: Index, classes: Classes) -> bool:
        """Return whether a node is a target in a graph."""
        return (
            node in self.nodes
            or not self.classes.isdisjoint(classes.of(node))
            or any(any(True for _ in index.objects(node, each)) for each in self.subjects_of)
            or any(any(True for _ in index.subjects(each, node)) for each in self.objects_of)
        )


@dataclass(frozen=True, slots=True, eq=False)
class Root:
    """A shape with targets."""

    shape: Any
    rule: str
    targets: Targets


@dataclass(frozen=True, slots=True, eq=False)
class Part:
    """A part of a root: one of its property shapes, or (`property` is None) all else.

    `reads` is None for what cannot be localised, for the `reason`.
    """

    root: Root
    property: Node | None
    reads: Reads | None
    reason: str | None = None


@dataclass(frozen=True, slots=True, eq=False)
class Plan:
    """A shapes graph made ready; it serves any number of changes, one at a time."""

    shapes: Graph
    graph: Any
    executor: Any
    parts: tuple[Part, ...]


def make_plan(shapes: Graph) -> Plan:
    """Take a shapes graph apart; raises ShapesError when pySHACL cannot use it."""
    with pyshacl_failures():
        validator: Any = Validator(
            DataGraph.from_rdflib(Graph(bind_namespaces="none")),
            shacl_graph=RememberedGraph(prepared(shapes)),
            options=dict(OPTIONS),
        )
        graph = validator.shacl_graph
        reader = Reader(graph)
        parts = [
            part
            for shape in sorted(graph.shapes, key=lambda shape: str(shape.node))
            if not shape.deactivated
            for part in _parts(shape, shapes, graph, reader)
        ]
    return Plan(shapes, graph, validator.make_executor(), tuple(parts))


def _parts(shape: Any, shapes: Graph, graph: Any, reader: Reader) -> Iterable[Part]:
    nodes, classes, implicit, objects_of, subjects_of = (list(each) for each in shape.target())
    targets = Targets(
        nodes=frozenset(to_term(node) for node in nodes),
        classes=frozenset(_names([*classes, *implicit])),
        subjects_of=_names(subjects_of),
        objects_of=_names(objects_of),
    )
    if not any((nodes, classes, implicit, objects_of, subjects_of)):
        return
    root = Root(shape, rule_of(shape.node, shapes), targets)
    properties = [] if shape.is_property_shape else list(shape.objects(SH.property))
    for node in (None, *properties):
        try:
            reads = (
                reader.of_shape(shape, properties=shape.is_property_shape)
                if node is None
                else reader.of_node(node, (shape.node,))
            )
            if node is not None and not graph.lookup_shape_from_node(node).is_property_shape:
                raise NotLocal("broken")
        except NotLocal as error:
            yield Part(root, node, None, error.reason)
        else:
            yield Part(root, node, reads)


def _names(nodes: Iterable[Node]) -> tuple[NamedNode, ...]:
    return tuple(NamedNode(str(node)) for node in nodes if isinstance(node, URIRef))


def to_term(node: Node) -> Term:
    """Return a node of rdflib as a term of pyoxigraph."""
    if isinstance(node, BNode):
        return BlankNode(str(node))
    if isinstance(node, RdfLiteral):
        datatype = None if node.datatype is None else NamedNode(str(node.datatype))
        if node.language:
            return Literal(str(node), language=node.language)
        return Literal(str(node), datatype=datatype)
    return NamedNode(str(node))
