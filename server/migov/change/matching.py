"""Blank nodes of a graph before and after: which are the same, and which were only altered."""

from __future__ import annotations

from collections import defaultdict, deque
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Final

from pyoxigraph import BlankNode, Quad, Triple

from migov.dataset.canonical import blanks, components, triple_of

_TYPE: Final = "<http://www.w3.org/1999/02/22-rdf-syntax-ns#type>"
_COMMON: Final = 50
"""A trait that more nodes share tells nothing about which of them is meant."""

Nodes = Mapping[BlankNode, BlankNode]


@dataclass(frozen=True, slots=True)
class TripleDiff:
    """What makes one graph of another.

    `removed` has the blank node labels of the graph before, `added` those of the graph after, and
    `nodes` maps the former to the latter wherever a node is on both sides: before without removed,
    renamed by `nodes`, is after without added.
    """

    removed: tuple[Triple, ...]
    added: tuple[Triple, ...]
    nodes: Nodes

    def added_to_before(self) -> tuple[Triple, ...]:
        """Return what is added in the labels of the graph before; new nodes get new labels."""
        names = {after: before for before, after in self.nodes.items()}
        for triple in self.added:
            for node in blanks(triple):
                names.setdefault(node, BlankNode(f"new{node.value}"))
        return tuple(rename(triple, names) for triple in self.added)


def rename(triple: Triple, nodes: Nodes) -> Triple:
    """Return a triple with its blank nodes renamed; those not named stay."""

    def renamed(term: Any) -> Any:
        return nodes.get(term, term) if isinstance(term, BlankNode) else term

    return Triple(renamed(triple.subject), triple.predicate, renamed(triple.object))


def compare(before: Iterable[Quad | Triple], after: Iterable[Quad | Triple]) -> TripleDiff:
    """Return what makes `after` of `before`, in the order of either; raises TooComplexError."""
    old = dict.fromkeys(triple_of(quad) for quad in before)
    new = dict.fromkeys(triple_of(quad) for quad in after)
    nodes = _matched(old, new)
    kept = {rename(triple, nodes) for triple in old if all(n in nodes for n in blanks(triple))}
    back = {renamed: node for node, renamed in nodes.items()}
    stays = {rename(triple, back) for triple in new if all(n in back for n in blanks(triple))}
    return TripleDiff(
        removed=tuple(triple for triple in old if triple not in stays),
        added=tuple(triple for triple in new if triple not in kept),
        nodes=nodes,
    )


def _matched(old: Collection[Triple], new: Collection[Triple]) -> dict[BlankNode, BlankNode]:
    by_signature: dict[str, deque[tuple[BlankNode, ...]]] = defaultdict(deque)
    for component in components(new):
        by_signature[component.signature].append(component.nodes)
    nodes: dict[BlankNode, BlankNode] = {}
    for component in components(old):
        if by_signature[component.signature]:
            nodes.update(
                zip(component.nodes, by_signature[component.signature].popleft(), strict=True)
            )
    old_left = _Neighbours(old, nodes.keys())
    new_left = _Neighbours(new, set(nodes.values()))
    for one, other in _likely(old_left.traits, new_left.traits):
        if one not in nodes and other not in new_left.taken:
            _pair(one, other, nodes, old_left, new_left)
    return nodes


class _Neighbours:
    """The blank nodes that have no counterpart yet: what is said of each, and who is next to it."""

    def __init__(self, triples: Iterable[Triple], taken: Iterable[BlankNode]) -> None:
        self.taken = set(taken)
        self.traits: dict[BlankNode, set[str]] = defaultdict(set)
        self.links: dict[BlankNode, dict[str, list[BlankNode]]] = defaultdict(
            lambda: defaultdict(list)
        )
        for triple in triples:
            subject, value = triple.subject, triple.object
            if isinstance(subject, BlankNode) and isinstance(value, BlankNode):
                self.links[subject][f"> {triple.predicate}"].append(value)
                self.links[value][f"< {triple.predicate}"].append(subject)
            elif isinstance(subject, BlankNode):
                if subject not in self.taken:
                    self.traits[subject].add(f"> {triple.predicate} {value}")
            elif isinstance(value, BlankNode) and value not in self.taken:
                self.traits[value].add(f"< {triple.predicate} {subject}")

    def free(self, node: BlankNode, link: str) -> list[BlankNode]:
        return [near for near in self.links[node][link] if near not in self.taken]


def _likely(
    old: Mapping[BlankNode, set[str]], new: Mapping[BlankNode, set[str]]
) -> list[tuple[BlankNode, BlankNode]]:
    """Return pairs of nodes that share traits, those that share most first."""
    holders: dict[str, list[BlankNode]] = defaultdict(list)
    for node, traits in new.items():
        for trait in traits:
            holders[trait].append(node)
    scores: dict[tuple[BlankNode, BlankNode], int] = defaultdict(int)
    for node, traits in old.items():
        for trait in traits:
            if len(holders[trait]) <= _COMMON:
                for other in holders[trait]:
                    scores[node, other] += 1 if _TYPE in trait else 4
    place_old = {node: at for at, node in enumerate(old)}
    place_new = {node: at for at, node in enumerate(new)}
    return sorted(scores, key=lambda pair: (-scores[pair], place_old[pair[0]], place_new[pair[1]]))


def _pair(
    one: BlankNode,
    other: BlankNode,
    nodes: dict[BlankNode, BlankNode],
    old: _Neighbours,
    new: _Neighbours,
) -> None:
    """Match two nodes, and their neighbours wherever there is no choice."""
    waiting = [(one, other)]
    while waiting:
        one, other = waiting.pop()
        if one in old.taken or other in new.taken:
            continue
        nodes[one] = other
        old.taken.add(one)
        new.taken.add(other)
        for link in list(old.links[one]):
            left, right = old.free(one, link), new.free(other, link)
            if len(left) == len(right) == 1:
                waiting.append((left[0], right[0]))
