"""Property paths as what they read: forwards to values, backwards to those who reach a node.

A path here may read more than pySHACL's evaluation of it, never less. SHACL asks for the inverse
of a sequence to be walked from its end; pySHACL walks it from its beginning. Both are read.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from functools import reduce
from typing import Final, Protocol

from pyoxigraph import NamedNode
from rdflib import RDF, RDFS, Graph, URIRef
from rdflib.term import Node

from migov.gate.affected.index import PlainIndex, Term
from migov.gate.shapes import SH


class Links(Protocol):
    """The part of an index that a path needs."""

    def objects(self, subject: Term, predicate: NamedNode) -> Iterable[Term]:
        """Return what a node says with a predicate."""

    def subjects(self, predicate: NamedNode, object_: Term) -> Iterable[Term]:
        """Return the nodes that say a term with a predicate."""


@dataclass(frozen=True, slots=True)
class Step:
    """One predicate, forwards or backwards."""

    predicate: NamedNode
    inverse: bool = False


@dataclass(frozen=True, slots=True)
class Sequence:
    """One path after the other."""

    parts: tuple[Path, ...]


@dataclass(frozen=True, slots=True)
class Alternative:
    """Any of several paths."""

    parts: tuple[Path, ...]


@dataclass(frozen=True, slots=True)
class Repeat:
    """A path any number of times (`many`) or once, and not at all where `none`."""

    path: Path
    none: bool
    many: bool


Path = Step | Sequence | Alternative | Repeat


class BrokenPath(Exception):
    """A path that pySHACL will refuse, or that leads into itself."""


def read_path(shapes: Graph, node: Node, inverse: bool = False, depth: int = 0) -> Path:
    """Return the path that a node of a shapes graph stands for; raises BrokenPath."""
    if isinstance(node, URIRef):
        return Step(NamedNode(str(node)), inverse)
    if depth > _DEPTH:
        raise BrokenPath
    if shapes.value(node, RDF.first) is not None:
        parts = tuple(read_path(shapes, item, inverse, depth + 1) for item in _items(shapes, node))
        if inverse:
            return Alternative((Sequence(parts), Sequence(parts[::-1])))
        return Sequence(parts)
    inner = shapes.value(node, SH.inversePath)
    if inner is not None:
        return read_path(shapes, inner, not inverse, depth + 1)
    choices = shapes.value(node, SH.alternativePath)
    if choices is not None:
        return Alternative(
            tuple(read_path(shapes, item, inverse, depth + 1) for item in _items(shapes, choices))
        )
    for predicate, none, many in _REPEATS:
        inner = shapes.value(node, predicate)
        if inner is not None:
            return Repeat(read_path(shapes, inner, inverse, depth + 1), none, many)
    raise BrokenPath


def _items(shapes: Graph, node: Node) -> list[Node]:
    try:
        return list(shapes.items(node))
    except ValueError as error:  # rdflib's word for a list that leads into itself
        raise BrokenPath from error


_DEPTH: Final = 10
_REPEATS: Final = (
    (SH.zeroOrMorePath, True, True),
    (SH.oneOrMorePath, False, True),
    (SH.zeroOrOnePath, True, False),
)


def turned(path: Path) -> Path:
    """Return the path that leads from the values of a path back to where it began.

    >>> p, q = NamedNode("http://x/p"), NamedNode("http://x/q")
    >>> turned(Sequence((Step(p), Step(q, inverse=True)))) == Sequence((Step(q), Step(p, True)))
    True
    """
    match path:
        case Step():
            return Step(path.predicate, not path.inverse)
        case Sequence():
            return Sequence(tuple(turned(part) for part in reversed(path.parts)))
        case Alternative():
            return Alternative(tuple(turned(part) for part in path.parts))
        case Repeat():
            return Repeat(turned(path.path), path.none, path.many)


def values(path: Path, nodes: set[Term], links: Links) -> set[Term]:
    """Return the nodes that a path leads to from any of some nodes."""
    match path:
        case Step(predicate, inverse):
            if inverse:
                return {term for node in nodes for term in links.subjects(predicate, node)}
            return {term for node in nodes for term in links.objects(node, predicate)}
        case Sequence(parts):
            return reduce(lambda reached, part: values(part, reached, links), parts, nodes)
        case Alternative(parts):
            return set[Term]().union(*(values(part, nodes, links) for part in parts))
        case Repeat(inner, none, many):
            reached = values(inner, nodes, links)
            fresh = reached if many else set[Term]()
            while fresh:
                fresh = values(inner, fresh, links) - reached
                reached = reached | fresh
            return reached | nodes if none else reached


def touching(path: Path, change: PlainIndex, links: Links) -> set[Term]:
    """Return the nodes from which a path reads a triple of a change."""
    match path:
        case Step(predicate, inverse):
            return {
                triple.object if inverse else triple.subject
                for triple in change.with_predicate(predicate)
            }
        case Sequence(parts):
            *first, last = parts
            found = touching(last, change, links)
            for part in reversed(first):
                if found:
                    found = values(turned(part), found, links)
                found = found | touching(part, change, links)
            return found
        case Alternative(parts):
            return set[Term]().union(*(touching(part, change, links) for part in parts))
        case Repeat(inner, _, many):
            found = touching(inner, change, links)
            if found and many:
                found = values(Repeat(turned(inner), True, True), found, links)
            return found


TYPE: Final = NamedNode(str(RDF.type))
SUBCLASS: Final = NamedNode(str(RDFS.subClassOf))
CLASSES: Final = Sequence((Step(TYPE), Repeat(Step(SUBCLASS), none=True, many=True)))
"""What SHACL reads to know the classes of a node."""
