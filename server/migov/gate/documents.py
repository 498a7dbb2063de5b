"""RDF from outside: accepted by a strict parser first, then handed on term by term.

rdflib never parses a text from outside: it would fetch JSON-LD contexts, expand entities without
end, and give literals another lexical form. pyoxigraph reads the text; its terms become rdflib's.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import PurePath
from typing import Final, cast

from pyoxigraph import BlankNode, Literal, NamedNode, Quad, RdfFormat, parse
from rdflib import BNode, Graph, URIRef
from rdflib import Literal as RdfLiteral
from rdflib.term import Identifier

from migov.errors import DataSyntaxError, Place, RefusedError, UnknownFormatError
from migov.gate.ill_typed import bearable

FORMATS: Final = {
    "turtle": RdfFormat.TURTLE,
    "n-triples": RdfFormat.N_TRIPLES,
    "n-quads": RdfFormat.N_QUADS,
    "trig": RdfFormat.TRIG,
    "rdf-xml": RdfFormat.RDF_XML,
    "json-ld": RdfFormat.JSON_LD,
}
"""The formats of RDF that are read, by the names that people give them."""

SUFFIXES: Final = {
    ".ttl": "turtle",
    ".nt": "n-triples",
    ".nq": "n-quads",
    ".trig": "trig",
    ".rdf": "rdf-xml",
    ".owl": "rdf-xml",
    ".xml": "rdf-xml",
    ".jsonld": "json-ld",
    ".json": "json-ld",
}

_ENTITY = re.compile(r"<!ENTITY\s+(?:%\s+)?[^\s>]+\s*(SYSTEM\b|PUBLIC\b|\"[^\"]*\"|'[^']*')?")
_ENTITY_LENGTH = 1000
_POSITION = re.compile(r" \(line \d+\)$")
_PARSER = re.compile(r"^Parser error (?:at|between) .*?: ", re.DOTALL)


@dataclass(frozen=True, slots=True)
class Document:
    """One text from outside as it was read: its name, its format and its quads."""

    name: str
    format: str
    quads: tuple[Quad, ...]


def format_of(name: str, given: str | None = None) -> str:
    """Return the name of the format of a document; raises UnknownFormatError.

    >>> format_of("data/x.ttl"), format_of("-", "json-ld")
    ('turtle', 'json-ld')
    """
    if given is not None:
        if given in FORMATS:
            return given
        found = SUFFIXES.get(f".{given.removeprefix('.').lower()}")
    else:
        found = SUFFIXES.get(PurePath(name).suffix.lower())
    if found is None:
        raise UnknownFormatError(
            f"{name} does not tell its RDF format."
            if given is None
            else f"There is no RDF format {given!r}.",
            hint=f"Name one of {', '.join(FORMATS)}.",
        )
    return found


def read_document(
    name: str, content: bytes, format: str | None = None, base: str | None = None
) -> Document:
    """Parse a document whole; raises DataSyntaxError with file, line and column.

    Blank nodes get labels from the order in the document, so that two runs say the same.
    """
    kind = format_of(name, format)
    if kind == "rdf-xml":
        _refuse_entities(name, content)
    labels: dict[BlankNode, BlankNode] = {}

    def stable(term: object) -> object:
        if isinstance(term, BlankNode):
            return labels.setdefault(term, BlankNode(f"n{len(labels)}"))
        if isinstance(term, (NamedNode, Literal)):
            return term
        raise DataSyntaxError(
            f"{name} has a triple term of RDF 1.2, which SHACL does not know.", place=Place(name)
        )

    quads = []
    try:
        for quad in parse(content, format=FORMATS[kind], base_iri=base):
            quads.append(
                Quad(
                    cast("NamedNode", stable(quad.subject)),
                    quad.predicate,
                    cast("NamedNode", stable(quad.object)),
                    quad.graph_name,
                )
            )
    except SyntaxError as error:
        raise _syntax_error(name, kind, content, error) from error
    return Document(name, kind, tuple(quads))


def to_graph(documents: Iterable[Document]) -> Graph:
    """Return the union of all graphs of the documents; their blank nodes stay apart."""
    graph = Graph(bind_namespaces="none")
    for number, document in enumerate(documents):
        add_quads(graph, document.quads, f"d{number}")
    return graph


def add_quads(graph: Graph, quads: Iterable[Quad], stem: str = "") -> None:
    """Add quads as triples to a graph, terms exactly as they were written."""
    for quad in quads:
        subject, object_ = to_node(quad.subject, stem), to_node(quad.object, stem)
        graph.add((cast("URIRef", subject), URIRef(quad.predicate.value), object_))


def to_node(term: object, stem: str = "") -> Identifier:
    """Return a term of pyoxigraph as a node of rdflib with the same lexical form."""
    match term:
        case NamedNode():
            return URIRef(term.value)
        case BlankNode():
            return BNode(stem + term.value)
        case Literal(language=str(tag)):
            return RdfLiteral(term.value, lang=tag)
        case Literal():
            if term.datatype.value == "http://www.w3.org/2001/XMLSchema#string":
                return RdfLiteral(term.value)
            datatype = URIRef(term.datatype.value)
            return bearable(RdfLiteral(term.value, datatype=datatype, normalize=False))
    raise DataSyntaxError("Triple terms of RDF 1.2 are not data that SHACL knows.")


def _refuse_entities(name: str, content: bytes) -> None:
    """Entities that name a namespace are common and harmless; entities of entities are a bomb."""
    head, found, _ = content.decode("utf-8", errors="replace").partition("<rdf:RDF")
    text = head if found else content.decode("utf-8", errors="replace")
    for entity in _ENTITY.finditer(text):
        value = entity[1] or "SYSTEM"
        if value in ("SYSTEM", "PUBLIC") or "&" in value or len(value) > _ENTITY_LENGTH:
            line = text.count("\n", 0, entity.start()) + 1
            raise RefusedError(
                f"{name} declares an XML entity that is external, long, or made of others.",
                place=Place.within(name, text, line, 1),
                hint="Write the text where it is used, or send Turtle.",
            )


def _syntax_error(
    name: str, kind: str, content: bytes, error: SyntaxError
) -> DataSyntaxError | RefusedError:
    message = str(error.msg)
    if "LoadDocumentCallback" in message:
        return RefusedError(
            f"{name} has a JSON-LD context at another address, which is not fetched.",
            place=Place(name),
            hint="Write the context into the document.",
        )
    line, column = error.lineno, error.offset
    text = content.decode("utf-8", errors="replace")
    reason = _PARSER.sub("", _POSITION.sub("", message)).rstrip(".")
    return DataSyntaxError(
        f"{name} is not valid {_LABELS[kind]}: {reason}.",
        place=Place.within(name, text, line, column),
        hint="Mend that line." if line else "Is it in another format? Name it with --data-format.",
    )


_LABELS = {
    "turtle": "Turtle",
    "n-triples": "N-Triples",
    "n-quads": "N-Quads",
    "trig": "TriG",
    "rdf-xml": "RDF/XML",
    "json-ld": "JSON-LD",
}
