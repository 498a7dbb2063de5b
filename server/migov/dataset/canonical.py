"""When two graphs say the same: blank nodes compared by what they are, not by their labels.

Graphs are equal here exactly when RDFC-1.0 gives both the same canonical form. RDFC-1.0 itself
takes minutes for a list of a thousand equal items, and a graph can be made that keeps it busy for
ever, so it never meets a text from outside. Blank nodes hang together in small components; nearly
all are trees, which are compared in linear time. For the others the work has a limit.
"""

from __future__ import annotations

import hashlib
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import permutations, product
from math import factorial, prod
from typing import Final

from pyoxigraph import BlankNode, Quad, Triple

from migov.errors import RefusedError, TooComplexError

_MOST_NODES: Final = 200
_MOST_ORDERS: Final = 720

Ordered = tuple[BlankNode, ...]


@dataclass(frozen=True, slots=True)
class Component:
    """Blank nodes that hang together, in an order that equal components share."""

    signature: str
    nodes: Ordered


def triple_of(quad: Quad | Triple) -> Triple:
    """Return a quad's triple; raises RefusedError for triple terms of RDF 1.2."""
    if isinstance(quad.subject, Triple) or isinstance(quad.object, Triple):
        raise RefusedError(
            "Triple terms of RDF 1.2 are not used in this graph.",
            hint="Annotate a triple with rdf:subject, rdf:predicate and rdf:object.",
        )
    return Triple(quad.subject, quad.predicate, quad.object)


def same(one: Iterable[Quad | Triple], other: Iterable[Quad | Triple]) -> bool:
    """Return whether two graphs are isomorphic; raises TooComplexError."""
    return _form(one) == _form(other)


def _form(quads: Iterable[Quad | Triple]) -> tuple[frozenset[Triple], Counter[str]]:
    triples = {triple_of(quad) for quad in quads}
    ground = frozenset(triple for triple in triples if not any(blanks(triple)))
    return ground, Counter(component.signature for component in components(triples))


def blanks(triple: Triple) -> Iterator[BlankNode]:
    """Yield the blank nodes of a triple."""
    if isinstance(triple.subject, BlankNode):
        yield triple.subject
    if isinstance(triple.object, BlankNode):
        yield triple.object


def components(triples: Iterable[Triple]) -> list[Component]:
    """Return the components of blank nodes of a graph; raises TooComplexError."""
    neighbourhood: dict[BlankNode, list[Triple]] = defaultdict(list)
    for triple in triples:
        for node in set(blanks(triple)):
            neighbourhood[node].append(triple)
    result = []
    seen: set[BlankNode] = set()
    for start in neighbourhood:
        if start in seen:
            continue
        seen.add(start)
        nodes = [start]
        for node in nodes:  # grows while it is read
            for triple in neighbourhood[node]:
                for near in blanks(triple):
                    if near not in seen:
                        seen.add(near)
                        nodes.append(near)
        result.append(_component(nodes, neighbourhood))
    return result


_Links = dict[BlankNode, list[tuple[str, BlankNode]]]


def _component(
    nodes: Sequence[BlankNode], neighbourhood: dict[BlankNode, list[Triple]]
) -> Component:
    own: dict[BlankNode, str] = {}
    children: _Links = {node: [] for node in nodes}
    parents: _Links = {node: [] for node in nodes}
    for node in nodes:
        lines = []
        for triple in neighbourhood[node]:
            subject, predicate, value = triple.subject, str(triple.predicate), triple.object
            if isinstance(subject, BlankNode) and isinstance(value, BlankNode):
                if subject == node:
                    children[subject].append((predicate, value))
                    parents[value].append((predicate, subject))
            elif subject == node:
                lines.append(f"> {predicate} {value}")
            else:
                lines.append(f"< {predicate} {subject}")
        own[node] = _hash(lines)
    roots = [node for node in nodes if not parents[node]]
    if len(roots) == 1 and all(len(parents[node]) == 1 for node in nodes if node != roots[0]):
        return _tree(roots[0], own, children)
    return _tangle(nodes, own, children, parents)


def _hash(lines: Iterable[str]) -> str:
    return hashlib.sha256("\n".join(sorted(lines)).encode("utf-8", "surrogatepass")).hexdigest()


def _tree(root: BlankNode, own: dict[BlankNode, str], children: _Links) -> Component:
    downwards = [root]
    for node in downwards:
        downwards += [child for _, child in children[node]]
    found: dict[BlankNode, str] = {}
    for node in reversed(downwards):
        lines = [f"{predicate} {found[child]}" for predicate, child in children[node]]
        found[node] = _hash([own[node], *lines])
    ordered, waiting = [], [root]
    while waiting:
        node = waiting.pop()
        ordered.append(node)
        waiting += [
            child for _, child in sorted(children[node], key=lambda link: (link[0], found[link[1]]))
        ]
    return Component("tree " + found[root], tuple(ordered))


def _tangle(
    nodes: Sequence[BlankNode], own: dict[BlankNode, str], children: _Links, parents: _Links
) -> Component:
    """Order nodes by refined colours, and try every order of those that stay alike."""
    if len(nodes) > _MOST_NODES:
        raise _tangled()
    colours = dict(own)
    while True:
        refined = {
            node: _hash(
                [
                    colours[node],
                    *(f"> {predicate} {colours[child]}" for predicate, child in children[node]),
                    *(f"< {predicate} {colours[parent]}" for predicate, parent in parents[node]),
                ]
            )
            for node in nodes
        }
        if len(set(refined.values())) == len(set(colours.values())):
            break
        colours = refined
    classes: dict[str, list[BlankNode]] = defaultdict(list)
    for node in nodes:
        classes[colours[node]].append(node)
    alike = [classes[colour] for colour in sorted(classes)]
    if prod(factorial(min(len(group), 8)) for group in alike) > _MOST_ORDERS:
        raise _tangled()
    best: tuple[list[str], Ordered] | None = None
    for choice in product(*(permutations(group) for group in alike)):
        ordered = tuple(node for group in choice for node in group)
        number = {node: at for at, node in enumerate(ordered)}
        lines = sorted(
            f"{number[node]} {predicate} {number[child]}"
            for node in nodes
            for predicate, child in children[node]
        )
        if best is None or lines < best[0]:
            best = (lines, ordered)
    assert best is not None
    lines, ordered = best
    return Component("tangle " + _hash([*lines, *(f"{own[node]}" for node in ordered)]), ordered)


def _tangled() -> TooComplexError:
    return TooComplexError(
        "Blank nodes refer to each other in a way that is too tangled to be compared.",
        hint="Give some of them IRIs.",
    )
