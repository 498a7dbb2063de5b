"""Triples with blank nodes looked for in a graph, the blank nodes standing for any node."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any, Final

from pyoxigraph import BlankNode, Triple

from migov.dataset.canonical import blanks
from migov.errors import TooComplexError

Binding = Mapping[BlankNode, object]
_STEPS: Final = 20_000
_LONGEST: Final = 200


class Graph:
    """Triples by subject, predicate and object, to be matched against."""

    def __init__(self, triples: Iterable[Triple]) -> None:
        self._triples = dict.fromkeys(triples)
        self._index: dict[tuple[str, object], list[Triple]] = defaultdict(list)
        for triple in self._triples:
            self._index["s", triple.subject].append(triple)
            self._index["p", triple.predicate].append(triple)
            self._index["o", triple.object].append(triple)

    def matches(self, pattern: Sequence[Triple], known: Binding) -> Iterator[Binding]:
        """Yield the ways in which a pattern's blank nodes stand for terms of the graph.

        `known` are those that stand for themselves. Raises TooComplexError after too many steps.
        """
        steps = 0 if len(pattern) <= _LONGEST else _STEPS
        waiting: list[tuple[Binding, tuple[Triple, ...]]] = [(known, tuple(pattern))]
        while waiting:
            steps += 1
            if steps > _STEPS:
                raise TooComplexError(
                    "The blank nodes fit this graph in too many ways.",
                    hint="Say more about each of them, or give the nodes IRIs.",
                )
            binding, left = waiting.pop()
            if not left:
                yield binding
                continue
            choices = [self._candidates(triple, binding) for triple in left]
            at = min(range(len(left)), key=lambda index: len(choices[index]))
            rest = left[:at] + left[at + 1 :]
            for triple in choices[at]:
                extended = _extended(binding, left[at], triple)
                if extended is not None:
                    waiting.append((extended, rest))

    def _candidates(self, pattern: Triple, binding: Binding) -> Sequence[Triple]:
        keys: list[tuple[str, object]] = [("p", pattern.predicate)]
        for position, term in (("s", pattern.subject), ("o", pattern.object)):
            bound = binding.get(term) if isinstance(term, BlankNode) else term
            if bound is not None:
                keys.append((position, bound))
        return min((self._index.get(key, []) for key in keys), key=len)


def _extended(binding: Binding, pattern: Triple, triple: Triple) -> Binding | None:
    if pattern.predicate != triple.predicate:
        return None
    extended = dict(binding)
    for term, value in ((pattern.subject, triple.subject), (pattern.object, triple.object)):
        if isinstance(term, BlankNode):
            if extended.setdefault(term, value) != value:
                return None
        elif term != value:
            return None
    return extended


def groups(triples: Iterable[Triple], apart: Iterable[BlankNode] = ()) -> list[list[Triple]]:
    """Return triples in groups that share blank nodes; those in `apart` join nothing."""
    fixed = set(apart)
    by_node: dict[BlankNode, list[Triple]] = defaultdict(list)
    result: list[list[Triple]] = []
    for triple in triples:
        nodes = [node for node in blanks(triple) if node not in fixed]
        for node in nodes:
            by_node[node].append(triple)
        if not nodes:
            result.append([triple])
    seen: set[Triple] = set()
    for start in [triple for found in by_node.values() for triple in found]:
        if start in seen:
            continue
        seen.add(start)
        group = [start]
        for triple in group:  # grows while it is read
            for node in blanks(triple):
                for near in by_node.get(node, ()):
                    if near not in seen:
                        seen.add(near)
                        group.append(near)
        result.append(group)
    return result


def without_known(triples: Iterable[Triple], graph: Iterable[Triple]) -> list[Triple]:
    """Return triples without those that the graph says already, blank nodes and all.

    What is proposed twice is said once: a group of triples that the graph entails adds nothing.
    """
    known = Graph(graph)
    mine = {node: _apart(node) for triple in triples for node in blanks(triple)}
    fresh = []
    for group in groups(triples):
        try:
            said = any(True for _ in known.matches(group, {}))
        except TooComplexError:
            said = False
        if not said:
            fresh += [
                Triple(_renamed(t.subject, mine), t.predicate, _renamed(t.object, mine))
                for t in group
            ]
    return fresh


def _apart(node: BlankNode) -> BlankNode:
    return BlankNode(f"proposed{node.value}")


def _renamed(term: Any, names: Mapping[BlankNode, BlankNode]) -> Any:
    return names.get(term, term) if isinstance(term, BlankNode) else term
