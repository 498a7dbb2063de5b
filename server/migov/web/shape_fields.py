"""What a form asks for, read from the SHACL shapes: names, hints, how many, and from what."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from typing import Final

from pyoxigraph import BlankNode, Literal, NamedNode, Quad

from migov.catalogue import Parameter
from migov.vocabulary import NS, SHAPE, STANDARD_PREFIXES, compact

_SH, _RDF, _XSD = (STANDARD_PREFIXES[name] for name in ("sh", "rdf", "xsd"))
_PICKED: Final = {
    NS + name for name in ("Initiative", "ExternalInstrument", "Event", "Place", "Corridor")
}
"""Classes whose instances stand in files of their own, so that there is something to pick."""
_SIMPLE: Final = {_XSD + "gYear": "number", _XSD + "integer": "number"}
_DEPTH: Final = 3

Node = NamedNode | BlankNode | Literal


@dataclass(frozen=True, slots=True)
class ShapeField:
    """One property that a form asks for.

    `of` is the class or the concept scheme of its values, `datatype` that of plain ones; `name` is
    None where the property names itself. `most` is None for any number of values.
    """

    path: str
    name: str | None
    hint: str
    least: int = 0
    most: int | None = None
    of: str | None = None
    datatype: str | None = None

    @property
    def key(self) -> str:
        """The name of the field in a form."""
        return compact(self.path).replace(":", "-")

    def parameter(self, label: str) -> Parameter:
        """Return what reads a value of this field and finds it in the graph."""
        kind = "concept" if self.of and "/concept/" in self.of else "entity"
        if self.of is None:
            return Parameter(self.key, "number", {"en": label})
        return Parameter(self.key, "concept" if kind == "concept" else "entity", {}, of=self.of)


class Shapes:
    """The shapes as a form reads them, in one language first."""

    def __init__(self, quads: Iterable[Quad], preferred: Sequence[str]) -> None:
        self._objects: dict[tuple[object, str], list[Node]] = {}
        self._preferred = preferred
        for quad in quads:
            if isinstance(quad.object, NamedNode | BlankNode | Literal):
                key = quad.subject, quad.predicate.value
                self._objects.setdefault(key, []).append(quad.object)

    def fields(self, shape: str) -> list[ShapeField]:
        """Return the properties that a shape asks for, those of one path together."""
        found: dict[str, ShapeField] = {}
        for property_ in self._all(NamedNode(SHAPE + shape), "property"):
            for field in self._read(property_):
                known = found.get(field.path)
                found[field.path] = field if known is None else _joined(known, field)
        return list(found.values())

    def _read(self, node: Node) -> Iterable[ShapeField]:
        path, several = self._one(node, "path"), False
        paths = [path] if isinstance(path, NamedNode) else []
        if isinstance(path, BlankNode):
            paths, several = self._list(self._one(path, "alternativePath")), True
        of, datatype = self._of(node), self._one(node, "datatype")
        field = ShapeField(
            "",
            None if several else self._text(node, "name"),
            self._text(node, "message") or "",
            max(self._number(node, "minCount") or 0, self._number(node, "qualifiedMinCount") or 0),
            self._number(node, "maxCount"),
            of,
            datatype.value if isinstance(datatype, NamedNode) else None,
        )
        if not several or of:
            for each in paths:
                yield replace(field, path=each.value, least=0 if several else field.least)

    def _of(self, node: Node, depth: int = 0) -> str | None:
        """Return the class that values have to have, or the scheme that they have to be in."""
        found = self._one(node, "class")
        if isinstance(found, NamedNode):
            return found.value
        for term in ("node", "qualifiedValueShape", "property"):
            inner = self._one(node, term)
            if inner is not None and depth < _DEPTH:
                of = self._of(inner, depth + 1)
                if of is not None:
                    return of
        path, value = self._one(node, "path"), self._one(node, "hasValue")
        in_scheme = STANDARD_PREFIXES["skos"] + "inScheme"
        if depth and isinstance(path, NamedNode) and path.value == in_scheme and value is not None:
            return value.value
        return None

    def _all(self, node: Node, term: str) -> list[Node]:
        return self._objects.get((node, _SH + term), [])

    def _one(self, node: Node, term: str) -> Node | None:
        return next(iter(self._all(node, term)), None)

    def _number(self, node: Node, term: str) -> int | None:
        value = self._one(node, term)
        return int(value.value) if isinstance(value, Literal) and value.value.isdigit() else None

    def _text(self, node: Node, term: str) -> str | None:
        texts = {
            each.language: each.value for each in self._all(node, term) if isinstance(each, Literal)
        }
        return next((texts[tag] for tag in self._preferred if tag in texts), None)

    def _list(self, node: Node | None) -> list[NamedNode]:
        found: list[NamedNode] = []
        while node is not None and len(found) < 100:
            first = next(iter(self._objects.get((node, _RDF + "first"), [])), None)
            if isinstance(first, NamedNode):
                found.append(first)
            node = next(iter(self._objects.get((node, _RDF + "rest"), [])), None)
        return found


def offered(fields: Iterable[ShapeField], beside: Iterable[str] = ()) -> list[ShapeField]:
    """Return the fields that a form can ask for plainly: concepts, known things, numbers.

    What needs a description of its own (a budget, an output) is left to the file, and so are the
    paths `beside`, which the form asks for in another way.
    """
    passed = set(beside)
    return [
        field
        for field in fields
        if field.path not in passed
        and (
            (field.of is not None and ("/concept/" in field.of or field.of in _PICKED))
            or field.datatype in _SIMPLE
        )
    ]


def _joined(one: ShapeField, other: ShapeField) -> ShapeField:
    """Return what two shapes ask of one path: both of them hold."""
    most = [each for each in (one.most, other.most) if each is not None]
    return replace(
        one,
        least=max(one.least, other.least),
        most=min(most, default=None),
        of=one.of or other.of,
        datatype=one.datatype or other.datatype,
    )
