"""Which classes a node is of, in one graph and as a change moves it."""

from __future__ import annotations

from collections.abc import Iterable

from pyoxigraph import NamedNode

from migov.gate.affected.index import Index, PlainIndex, Term
from migov.gate.affected.paths import CLASSES, SUBCLASS, TYPE, Links, touching

_NONE: frozenset[Term] = frozenset()


class Classes:
    """The classes of nodes, with those above them, remembered."""

    def __init__(self, index: Links) -> None:
        self._index = index
        self._above: dict[Term, frozenset[Term]] = {}
        self._nodes: dict[Term, frozenset[Term]] = {}

    def of(self, node: Term) -> frozenset[Term]:
        """Return every class that a node is an instance of."""
        found = self._nodes.get(node)
        if found is None:
            found = _NONE.union(*map(self.above, self._index.objects(node, TYPE)))
            self._nodes[node] = found
        return found

    def above(self, kind: Term) -> frozenset[Term]:
        """Return a class and every class above it."""
        found = self._above.get(kind)
        if found is None:
            seen, fresh = {kind}, [kind]
            while fresh:
                for upper in self._index.objects(fresh.pop(), SUBCLASS):
                    if upper not in seen:
                        seen.add(upper)
                        fresh.append(upper)
            found = self._above[kind] = frozenset(seen)
        return found


def moved(
    before: Index, after: Index, added: PlainIndex, removed: PlainIndex, old: Classes, new: Classes
) -> dict[Term, set[Term]]:
    """Return the nodes that enter or leave a class, by class.

    A type that is added to a node that was of that class already changes nothing.
    """
    nodes = touching(CLASSES, removed, before) | touching(CLASSES, added, after)
    found: dict[Term, set[Term]] = {}
    for node in nodes:
        for kind in old.of(node) ^ new.of(node):
            found.setdefault(kind, set()).add(node)
    return found


def members(found: dict[Term, set[Term]], classes: Iterable[NamedNode]) -> set[Term]:
    """Return the nodes that enter or leave one of some classes."""
    return set[Term]().union(*(found.get(kind, ()) for kind in classes))
