"""A change judged by what it can affect."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field

from pyoxigraph import Triple
from rdflib import Graph
from rdflib.term import Node

from migov.gate.affected.compare import Names, told_apart, without
from migov.gate.affected.index import Index, PlainIndex, Term
from migov.gate.affected.judge import judge, targeted
from migov.gate.affected.neighbourhood import Neighbourhood
from migov.gate.affected.plan import Part, Plan, make_plan
from migov.gate.affected.walk import Pairs, Walk
from migov.gate.report import Finding
from migov.gate.validation import order


@dataclass(frozen=True, slots=True)
class Whole:
    """A shape of which a part had to be judged on the whole graph, and why.

    The reason is "sparql" (a SPARQL constraint or component), "recursion" (the shape refers to
    itself), or "broken" (it refers to what is no shape, or its path is none).
    """

    rule: str
    reason: str


@dataclass(frozen=True, slots=True)
class Comparison:
    """What a change does to the findings.

    `left` has the findings of the nodes that the change can affect; those of all other nodes stay
    as they are, and `left_of` gives them from the findings before. `checked` counts the nodes
    that were judged. `graph` is pySHACL's report on them in the graph after.
    """

    introduced: tuple[Finding, ...]
    left: tuple[Finding, ...]
    fixed: tuple[Finding, ...]
    whole: tuple[Whole, ...]
    checked: int
    graph: Graph = field(default_factory=Graph, repr=False, compare=False)

    def left_of(self, findings: Iterable[Finding], before: Index) -> tuple[Finding, ...]:
        """Return what is left of the findings of the whole graph before, given as one report."""
        return tuple(sorted(without(findings, self.fixed, Names(before)), key=order))


def validate_change(
    before: Index,
    after: Index,
    added: Iterable[Triple],
    removed: Iterable[Triple],
    shapes: Graph | Plan,
) -> Comparison:
    """Judge what a change can affect, in the graph before and in the graph after.

    `added` and `removed` are the difference of the two graphs, triple for triple: a blank node
    that has another label after is another node, which costs time and nothing else. A Plan made
    once saves reading the shapes again. The shapes are the same before and after: a change of the
    shapes themselves can affect every node. Raises ShapesError.
    """
    plan = shapes if isinstance(shapes, Plan) else make_plan(shapes)
    gained, lost = PlainIndex(added), PlainIndex(removed)
    if not (gained or lost):
        return Comparison((), (), (), (), 0)
    walk = Walk(before, after, gained, lost)
    return _compared(plan, before, after, list(walk.pairs(plan)))


def _compared(plan: Plan, before: Index, after: Index, pairs: list[Pairs]) -> Comparison:
    old, was, _ = _judged(plan, before, {each.part: each.before for each in pairs})
    new, now, report = _judged(plan, after, {each.part: each.after for each in pairs})
    introduced, left, fixed = told_apart(old, new, Names(before), Names(after))
    return Comparison(
        introduced=tuple(sorted(introduced, key=order)),
        left=tuple(sorted(left, key=order)),
        fixed=tuple(sorted(fixed, key=order)),
        whole=tuple(_whole(plan)),
        checked=len(was | now),
        graph=report,
    )


def _judged(
    plan: Plan, index: Index, asked: Mapping[Part, frozenset[Term]]
) -> tuple[list[Finding], set[Node], Graph]:
    near = Neighbourhood(index)
    for part, nodes in asked.items():
        assert part.reads is not None
        near.add(part.reads, nodes)
    whole = [part for part in plan.parts if part.reads is None]
    if whole:
        data = Graph(bind_namespaces="none")
        for triple in index.triples():
            data.add(
                (near.node(triple.subject), near.node(triple.predicate), near.node(triple.object))
            )
    else:
        data = near.graph()
    questions = [(part, [near.node(node) for node in nodes]) for part, nodes in asked.items()]
    questions += targeted(data, whole)
    findings, report = judge(plan, data, questions)
    return findings, {node for _, nodes in questions for node in nodes}, report


def _whole(plan: Plan) -> Iterator[Whole]:
    found = {(part.root.rule, part.reason or "") for part in plan.parts if part.reads is None}
    return (Whole(*each) for each in sorted(found))
