"""What a shape reads of a graph from its focus node, as a tree of paths.

Every branch is a path that validation may walk; it may stop earlier, and the tree does not mind:
it names all that can be read, so what is not in it cannot matter.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final

from pyoxigraph import NamedNode
from rdflib import Literal, URIRef
from rdflib.term import Node

from migov.gate.affected.paths import BrokenPath, Path, Step, read_path
from migov.gate.shapes import SH


@dataclass(frozen=True, slots=True, eq=False)
class Reads:
    """What is read at one place of the tree, and at the ends of the paths that go on from it."""

    paths: tuple[tuple[Path, Reads], ...] = ()
    classes: frozenset[NamedNode] = frozenset()
    everything: bool = False
    """Whether all that the node says is read, as a closed shape does."""

    @property
    def nothing(self) -> bool:
        """Whether the graph is not looked at."""
        return not (self.paths or self.classes or self.everything)


NOTHING: Final = Reads()


class NotLocal(Exception):
    """A shape of which nobody can say what it reads; `reason` says why."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


class Reader:
    """Finds out what the shapes of one shapes graph read."""

    def __init__(self, shapes: Any) -> None:
        self._shapes = shapes
        self._known: dict[Node, Reads] = {}

    def of_node(self, node: Node, above: tuple[Node, ...] = ()) -> Reads:
        """Return what the shape that a node stands for reads; raises NotLocal."""
        if node in above:
            raise NotLocal("recursion")
        if node not in self._known:
            try:
                shape = self._shapes.lookup_shape_from_node(node)
            except KeyError as error:
                raise NotLocal("broken") from error
            self._known[node] = self.of_shape(shape, above)
        return self._known[node]

    def of_shape(self, shape: Any, above: tuple[Node, ...] = (), properties: bool = True) -> Reads:
        """Return what a shape of pySHACL reads, with or without its `sh:property`."""
        if shape.deactivated:
            return NOTHING
        if any(shape.objects(SH.sparql)) or shape.find_custom_constraints():
            raise NotLocal("sparql")
        inside = (*above, shape.node)
        parts = [self.of_node(part, inside) for part in self._parts(shape, properties)]
        compared = tuple(
            (Step(NamedNode(str(predicate))), NOTHING)
            for parameter in _COMPARED
            for predicate in shape.objects(parameter)
            if isinstance(predicate, URIRef)
        )
        here = Reads(
            paths=tuple(path for part in parts for path in part.paths),
            classes=frozenset(
                NamedNode(str(kind)) for kind in shape.objects(SH["class"]) if _iri(kind)
            ).union(*(part.classes for part in parts)),
            everything=_closed(shape) or any(part.everything for part in parts),
        )
        if not shape.is_property_shape:
            return Reads((*here.paths, *compared), here.classes, here.everything)
        try:
            path = read_path(self._shapes.graph, shape.path())
        except BrokenPath as error:
            raise NotLocal("broken") from error
        return Reads(((path, here), *compared))

    def _parts(self, shape: Any, properties: bool) -> list[Node]:
        """Return the shapes that the value nodes of a shape are held against."""
        found = list(shape.objects(SH.property)) if properties else []
        for parameter in _SINGLE:
            found.extend(shape.objects(parameter))
        for parameter in _LISTS:
            for members in shape.objects(parameter):
                found.extend(self._shapes.graph.items(members))
        if any(shape.objects(SH.qualifiedValueShape)):
            for parent in self._shapes.subjects(SH.property, shape.node):
                for sibling in self._shapes.objects(parent, SH.property):
                    found.extend(self._shapes.objects(sibling, SH.qualifiedValueShape))
        return list(dict.fromkeys(found))


def _closed(shape: Any) -> bool:
    return any(isinstance(value, Literal) and bool(value) for value in shape.objects(SH.closed))


def _iri(node: Node) -> bool:
    return isinstance(node, URIRef)


_COMPARED = (SH.equals, SH.disjoint, SH.lessThan, SH.lessThanOrEquals)
_SINGLE = (SH.node, SH["not"], SH.qualifiedValueShape)
_LISTS = (SH["and"], SH["or"], SH.xone)
