"""`/shape/…`: the constraints that the data has to meet, as RDF and in words."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Final

from flask import Blueprint, Response
from pyoxigraph import BlankNode, Literal, NamedNode, Quad

from migov.entities import NoSuchEntityError, written
from migov.protocol.formats import FORMATS, GRAPHS, PAGE
from migov.vocabulary import SHAPE, STANDARD_PREFIXES
from migov.web.request import format_among, languages
from migov.web.responses import body, names_of, page
from migov.web.site import state

blueprint = Blueprint("shapes", __name__)

_SH: Final = STANDARD_PREFIXES["sh"]
_TARGETS: Final = {_SH + f"target{kind}" for kind in ("Class", "SubjectsOf", "ObjectsOf")}


@dataclass(slots=True)
class Shape:
    """One shape: what it is about, and what it tells whoever breaks it."""

    iri: str
    targets: list[str] = field(default_factory=list)
    path: str | None = None
    severity: str = "Violation"
    messages: list[Literal] = field(default_factory=list)
    parts: list[str] = field(default_factory=list)

    @property
    def name(self) -> str:
        return self.iri.removeprefix(SHAPE)

    def message(self, preferred: Sequence[str]) -> Literal | None:
        by_language = {message.language: message for message in self.messages}
        return next((by_language[tag] for tag in preferred if tag in by_language), None)


@blueprint.get("/shape")
def index() -> Response:
    """List the shapes that say what they are about."""
    format_among((PAGE,))
    shapes = [shape for shape in _shapes(state().shapes).values() if shape.targets]
    names = names_of({target for shape in shapes for target in shape.targets})
    return page("shapes.html", names=names, shapes=sorted(shapes, key=lambda shape: shape.name))


@blueprint.get("/shape/<name>")
def shape(name: str) -> Response:
    """Show a shape in words, or give its triples."""
    stem, _, suffix = name.rpartition(".")
    named = suffix if stem and suffix in FORMATS else None
    iri = SHAPE + (stem if named else name)
    format = format_among((PAGE, *GRAPHS), named)
    known = _shapes(state().shapes)
    if iri not in known:
        raise NoSuchEntityError(iri, [])
    if format is not PAGE:
        found = _closed(state().shapes, iri)
        return body(written(found, format.name, state().prefixes), format)
    this = known[iri]
    parts = [known[part] for part in sorted(this.parts) if part in known]
    paths = {each.path for each in (this, *parts) if each.path}
    return page(
        "shape.html",
        names=names_of({*this.targets, *paths}),
        shape=this,
        constraints=[each for each in (this, *parts) if each.messages],
        preferred=languages(),
    )


def _shapes(quads: Iterable[Quad]) -> dict[str, Shape]:
    shapes: dict[str, Shape] = {}
    for quad in quads:
        if not isinstance(quad.subject, NamedNode) or not quad.subject.value.startswith(SHAPE):
            continue
        found = shapes.setdefault(quad.subject.value, Shape(quad.subject.value))
        value, predicate = quad.object, quad.predicate.value
        if predicate == _SH + "message" and isinstance(value, Literal):
            found.messages.append(value)
        elif not isinstance(value, NamedNode):
            continue
        elif predicate in _TARGETS:
            found.targets.append(value.value)
        elif predicate == _SH + "path":
            found.path = value.value
        elif predicate == _SH + "severity":
            found.severity = value.value.removeprefix(_SH)
        elif predicate == _SH + "property":
            found.parts.append(value.value)
    return shapes


def _closed(quads: Sequence[Quad], iri: str) -> list[Quad]:
    """Return the quads of a shape with the nameless nodes it leads to."""
    wanted: set[NamedNode | BlankNode] = {NamedNode(iri)}
    while True:
        found = [quad for quad in quads if quad.subject in wanted]
        nameless = {quad.object for quad in found if isinstance(quad.object, BlankNode)}
        if nameless <= wanted:
            return found
        wanted |= nameless
