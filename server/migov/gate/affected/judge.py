"""pySHACL, asked about exactly these focus nodes of exactly these shapes.

Its options cannot say that: `focus_nodes` takes IRIs alone and keeps the targets of the graph it
is given, and with `use_shapes` every node meets every shape. The shapes themselves can: validating
a shape with focus nodes is what a whole validation does after it has looked for targets. Handing
all nodes to a property shape at once saves building its constraints for every node.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

from pyshacl import Validator
from pyshacl.constraints import CONSTRAINT_PARAMETERS_MAP
from pyshacl.constraints.core.shape_based_constraints import PropertyConstraintComponent
from pyshacl.errors import ConstraintLoadWarning
from pyshacl.graph_abstraction import DataGraph
from rdflib import Graph
from rdflib.term import Node

from migov.gate.affected.plan import Part, Plan
from migov.gate.report import Finding
from migov.gate.validation import findings_of, pyshacl_failures

Asked = tuple[Part, list[Node]]


def judge(plan: Plan, data: Graph, asked: Iterable[Asked]) -> tuple[list[Finding], Graph]:
    """Return what pySHACL finds for parts of shapes and their focus nodes, and its report."""
    with pyshacl_failures():
        graph = DataGraph.from_rdflib(data)
        results = [
            result for part, nodes in asked if nodes for result in _judged(plan, part, graph, nodes)
        ]
        report = _report(plan, results)
    return list(findings_of(report, data, plan.shapes)), report


def targeted(data: Graph, parts: Iterable[Part]) -> list[Asked]:
    """Return some parts with every target that they have in a whole graph."""
    graph = DataGraph.from_rdflib(data)
    return [(part, list(part.root.shape.focus_nodes(graph))) for part in parts]


def _report(plan: Plan, results: list[Any]) -> Graph:
    report, _ = Validator.create_validation_report(plan.graph, not results, results)
    assert isinstance(report, Graph)
    return report


def _judged(plan: Plan, part: Part, graph: DataGraph, nodes: list[Node]) -> Iterator[Any]:
    shape = part.root.shape
    if part.property is not None:
        # What stands above is passed on, so that pySHACL's guard against recursion sees it.
        path = [shape, PropertyConstraintComponent(shape)]
        inner = plan.graph.lookup_shape_from_node(part.property)
        yield from inner.validate(plan.executor, graph, focus=nodes, _evaluation_path=path)[1]
    elif shape.is_property_shape:
        yield from shape.validate(plan.executor, graph, focus=nodes)[1]
    else:
        yield from _without_properties(plan, shape, graph, nodes)


def _without_properties(
    plan: Plan, shape: Any, graph: DataGraph, nodes: list[Node]
) -> Iterator[Any]:
    """Judge a node shape by its own constraints, in the way its `validate` method does."""
    found = {
        CONSTRAINT_PARAMETERS_MAP.get(each) for each, _ in plan.graph.predicate_objects(shape.node)
    }
    values = shape.value_nodes(graph, nodes)
    for kind in found:
        if kind is None or kind is PropertyConstraintComponent:
            continue
        try:
            constraint = kind(shape)
        except ConstraintLoadWarning:  # what SHACL says to ignore, such as a count on a node
            continue
        yield from constraint.evaluate(plan.executor, graph, values, [shape, constraint])[1]
    for custom in shape.find_custom_constraints():
        constraint = custom.make_validator_for_shape(shape)
        yield from constraint.evaluate(plan.executor, graph, values, [shape, constraint])[1]
