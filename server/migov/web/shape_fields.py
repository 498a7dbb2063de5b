"""What a form asks for, read from the SHACL shapes: names, hints, how many, and from what."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Final
from typing import Literal as OneOf

from pyoxigraph import BlankNode, Literal, NamedNode, Quad, Triple

from migov.catalogue import Parameter
from migov.vocabulary import CONCEPT, ID, NS, SHAPE, STANDARD_PREFIXES, compact

Kind = OneOf["concept", "entity", "number", "string", "text", "note", "address", "lines"]
"""How a value is asked for: to choose, to pick, or to write."""

_SH, _RDF, _XSD = (STANDARD_PREFIXES[name] for name in ("sh", "rdf", "xsd"))
_PICKED: Final = {
    NS + name
    for name in (
        *("Actor", "Corridor", "Event", "ExternalInstrument", "Initiative", "Organisation"),
        *("Person", "Place", "SourceDocument"),
    )
}
"""Classes whose instances are described elsewhere, so that there is something to pick."""
_KINDS: Final[dict[str, Kind]] = {
    _XSD + "gYear": "number",
    _XSD + "integer": "number",
    _XSD + "decimal": "number",
    _XSD + "string": "string",
    _RDF + "langString": "text",
}
_WEB: Final = "^http"
"""How the pattern of a web address begins."""
_DEPTH: Final = 3
_LONGEST: Final = 100
"""Members of a list that are read."""

Node = NamedNode | BlankNode | Literal


@dataclass(frozen=True, slots=True)
class ShapeField:
    """One property that a form asks for.

    `of` are the classes or concept schemes of its values, `datatype` that of plain ones; `name` is
    None where the property names itself, and `hint` where its shape does not describe it. `most`
    is None for any number of values. `is_free` says that any text will do, in any language.
    """

    path: str
    name: str | None = None
    hint: str | None = None
    least: int = 0
    most: int | None = None
    of: tuple[str, ...] = ()
    datatype: str | None = None
    is_address: bool = False
    is_free: bool = False

    @property
    def key(self) -> str:
        """The name of the field in a form."""
        return compact(self.path).replace(":", "-")

    @property
    def kind(self) -> Kind | None:
        """How a form asks for it: None where it cannot, since the value is to be described."""
        if self.path == NS + "locator":
            return "lines"
        if self.of:
            if all(_is_scheme(each) for each in self.of):
                return "concept"
            return (
                "entity" if all(each in _PICKED or _is_scheme(each) for each in self.of) else None
            )
        if self.is_address:
            return "address"
        return "note" if self.is_free else _KINDS.get(self.datatype or "")

    def parameters(self, label: str) -> list[Parameter]:
        """Return what reads a value of this field and finds it in the graph, class by class."""
        if not self.of:
            return [Parameter(self.key, "number", {"en": label})]
        return [
            Parameter(self.key, "concept" if _is_scheme(each) else "entity", {"en": label}, of=each)
            for each in self.of
        ]


def _is_scheme(iri: str) -> bool:
    return iri.startswith(CONCEPT)


class Shapes:
    """The shapes as a form reads them, in one language first."""

    def __init__(self, quads: Iterable[Quad], preferred: Sequence[str]) -> None:
        self._objects: dict[tuple[Node, str], list[Node]] = {}
        self._preferred = preferred
        for quad in quads:
            subject, value = quad.subject, quad.object
            if isinstance(subject, NamedNode | BlankNode) and not isinstance(value, Triple):
                self._objects.setdefault((subject, quad.predicate.value), []).append(value)

    def fields(self, shape: str) -> list[ShapeField]:
        """Return the properties that a shape asks for, those of one path together."""
        found: dict[str, ShapeField] = {}
        for property_ in self._all(NamedNode(SHAPE + shape), "property"):
            for field in self._read(property_):
                known = found.get(field.path)
                found[field.path] = field if known is None else _joined(known, field)
        return list(found.values())

    def described(self, class_: str) -> Described | None:
        """Return what the shape of a class says of its instances; None without a shape for it."""
        for (subject, predicate), values in self._objects.items():
            if (predicate, values) != (_SH + "targetClass", [NamedNode(class_)]):
                continue
            if isinstance(subject, NamedNode):
                pattern = self._one(subject, "pattern")
                begun = pattern.value if isinstance(pattern, Literal) else ""
                plain = begun.replace("\\", "").removeprefix("^")
                kind = plain.removeprefix(ID).partition("/")[0] if plain.startswith(ID) else None
                return Described(class_, kind, self.fields(subject.value.removeprefix(SHAPE)))
        return None

    def has_labels(self, class_: str) -> bool:
        """Return whether the instances of a class are things with labels."""
        return NamedNode(class_) in self._all(NamedNode(SHAPE + "Entity"), "targetClass")

    def _read(self, node: Node) -> Iterable[ShapeField]:
        path = self._one(node, "path")
        paths: Sequence[Node] = [path] if isinstance(path, NamedNode) else []
        several = isinstance(path, BlankNode)
        if isinstance(path, BlankNode):
            paths = self._list(self._one(path, "alternativePath"))
        datatype, pattern = self._one(node, "datatype"), self._one(node, "pattern")
        begun = pattern.value if isinstance(pattern, Literal) else ""
        field = ShapeField(
            "",
            None if several else self._text(node, "name"),
            None if several else self._text(node, "description"),
            max(self._number(node, "minCount") or 0, self._number(node, "qualifiedMinCount") or 0),
            self._number(node, "maxCount"),
            of := tuple(self._of(node)),
            datatype.value if isinstance(datatype, NamedNode) else None,
            self._one(node, "nodeKind") == NamedNode(_SH + "IRI") or begun.startswith(_WEB),
            bool(begun) and datatype is None,
        )
        if not several or of or datatype is not None:
            for each in paths:
                yield replace(field, path=each.value, least=0 if several else field.least)

    def _of(self, node: Node, depth: int = 0) -> Iterator[str]:
        """Yield the classes that values may have, or the schemes that they may be in."""
        found = self._one(node, "class")
        if isinstance(found, NamedNode):
            yield found.value
            return
        path, value = self._one(node, "path"), self._one(node, "hasValue")
        in_scheme = STANDARD_PREFIXES["skos"] + "inScheme"
        if depth and isinstance(path, NamedNode) and path.value == in_scheme and value is not None:
            yield value.value
            return
        if depth < _DEPTH:
            inner = [self._one(node, t) for t in ("node", "qualifiedValueShape", "property")]
            for each in [*inner, *self._list(self._one(node, "or"))]:
                if each is not None:
                    yield from self._of(each, depth + 1)

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

    def _list(self, node: Node | None) -> list[NamedNode | BlankNode]:
        found: list[NamedNode | BlankNode] = []
        while node is not None and len(found) < _LONGEST:
            first = next(iter(self._objects.get((node, _RDF + "first"), [])), None)
            if isinstance(first, NamedNode | BlankNode):
                found.append(first)
            node = next(iter(self._objects.get((node, _RDF + "rest"), [])), None)
        return found


@dataclass(frozen=True, slots=True)
class Described:
    """What the shape of a class asks of each instance.

    `kind` is what their IRIs begin with after `id/`; None where they have no names.
    """

    class_: str
    kind: str | None
    fields: list[ShapeField]


def _joined(one: ShapeField, other: ShapeField) -> ShapeField:
    """Return what two shapes ask of one path: both of them hold."""
    most = [each for each in (one.most, other.most) if each is not None]
    return replace(
        one,
        hint=one.hint or other.hint,
        least=max(one.least, other.least),
        most=min(most, default=None),
        of=one.of or other.of,
        is_address=one.is_address or other.is_address,
        is_free=one.is_free or other.is_free,
        datatype=one.datatype or other.datatype,
    )
