"""From a change back to the nodes that are judged otherwise because of it.

A shape's result for a node changes only if it reads a triple that is gone or one that is new, or
if a node on the way enters or leaves a class. Reading the triples that both graphs have, it walks
the same way in both: so the removed triples are followed back in the graph before alone, the
added ones in the graph after.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from pyoxigraph import BlankNode

from migov.gate.affected.classes import Classes, members, moved
from migov.gate.affected.index import Index, PlainIndex, Term
from migov.gate.affected.paths import Step, touching, turned, values
from migov.gate.affected.plan import Part, Plan, Targets
from migov.gate.affected.reads import Reads


@dataclass(frozen=True, slots=True, eq=False)
class Pairs:
    """The focus nodes to judge a part for, in the graph before and in the graph after."""

    part: Part
    before: frozenset[Term]
    after: frozenset[Term]


class Walk:
    """One change, followed back through the shapes of a plan."""

    def __init__(self, before: Index, after: Index, added: PlainIndex, removed: PlainIndex) -> None:
        self._sides = (
            _Side(before, removed, Classes(before)),
            _Side(after, added, Classes(after)),
        )
        old, new = (side.classes for side in self._sides)
        self._moved = moved(before, after, added, removed, old, new)
        self._carried = [_blank_nodes_below(side.change, side.index) for side in self._sides]
        self._reached: list[dict[Reads, set[Term]]] = [{}, {}]
        self._crossing: dict[Targets, set[Term]] = {}
        self._targets: list[dict[Targets, dict[Term, bool]]] = [{}, {}]

    def pairs(self, plan: Plan) -> Iterator[Pairs]:
        """Yield what is to be judged again, without the parts that cannot be localised."""
        for part in plan.parts:
            if part.reads is not None:
                found = self._affected(part.root.targets, part.reads)
                before, after = (self._targeted(part.root.targets, found, n) for n in (0, 1))
                if before or after:
                    yield Pairs(part, before, after)

    def _affected(self, targets: Targets, reads: Reads) -> set[Term]:
        return set[Term]().union(
            self._targets_moved(targets),
            *(self._reach(reads, side) for side in (0, 1)),
            *self._carried,
        )

    def _targeted(self, targets: Targets, nodes: Iterable[Term], number: int) -> frozenset[Term]:
        side = self._sides[number]
        known = self._targets[number].setdefault(targets, {})
        for node in nodes:
            if node not in known:
                known[node] = targets.hold(node, side.index, side.classes)
        return frozenset(node for node in nodes if known[node])

    def _targets_moved(self, targets: Targets) -> set[Term]:
        """Return the nodes that become targets, and those that no longer are."""
        if targets not in self._crossing:
            nodes = members(self._moved, targets.classes)
            for side in self._sides:
                for inverse, predicates in (
                    (False, targets.subjects_of),
                    (True, targets.objects_of),
                ):
                    for predicate in predicates:
                        nodes |= touching(Step(predicate, inverse), side.change, side.index)
            one, other = (self._targeted(targets, nodes, number) for number in (0, 1))
            self._crossing[targets] = set(one ^ other)
        return self._crossing[targets]

    def _reach(self, reads: Reads, number: int) -> set[Term]:
        """Return the nodes from which the change can be read in one of the graphs."""
        reached = self._reached[number]
        if reads in reached:
            return reached[reads]
        side = self._sides[number]
        found = members(self._moved, reads.classes)
        if reads.everything:
            found |= set(side.change.said_by())
        for path, beyond in reads.paths:
            found |= touching(path, side.change, side.index)
            inner = self._reach(beyond, number)
            if beyond.paths:  # a finding may be about a blank node there, named by its holder
                inner = inner | self._carried[number]
            if inner:
                found |= values(turned(path), inner, side.index)
        reached[reads] = found
        return found


@dataclass(frozen=True, slots=True)
class _Side:
    index: Index
    change: PlainIndex
    classes: Classes


def _blank_nodes_below(change: PlainIndex, index: Index) -> set[Term]:
    """Return the blank nodes that a change may name otherwise: those it mentions, those they hold.

    People know a blank node by what holds it, so a finding about it changes with its holder.
    """
    found = {node for node in change.nodes() if isinstance(node, BlankNode)}
    fresh = list(found)
    while fresh:
        for _, term in index.outgoing(fresh.pop()):
            if isinstance(term, BlankNode) and term not in found:
                found.add(term)
                fresh.append(term)
    return set(found)
