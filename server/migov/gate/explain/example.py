"""An example of a right triple, from the shape or from what other files say."""

from __future__ import annotations

import re
from collections.abc import Iterator
from itertools import islice
from typing import Final

from pyoxigraph import BlankNode, Literal, NamedNode
from rdflib import RDF, XSD, Graph, URIRef
from rdflib.term import Node as RdfNode

from migov.gate.checks.context import named
from migov.gate.checks.state import Node, Object, State
from migov.gate.explain.located import to_term
from migov.gate.shapes import SH
from migov.vocabulary import CONCEPT, STANDARD_PREFIXES

_SAMPLES: Final = {
    XSD.date: '"2020-10-14"^^xsd:date',
    XSD.gYear: '"2020"^^xsd:gYear',
    XSD.gYearMonth: '"2019-06"^^xsd:gYearMonth',
    XSD.dateTime: '"2020-10-14T09:30:00Z"^^xsd:dateTime',
    XSD.integer: "12",
    XSD.decimal: "300000.00",
    XSD.boolean: "true",
    XSD.string: '"…"',
    RDF.langString: '"…"@en',
}
_LOOKED_AT: Final = 400
"""How many triples are looked at for an example."""


def example(
    state: State,
    shapes: Graph,
    shape: RdfNode,
    subject: Node,
    predicate: NamedNode,
    wrong: Object | None,
) -> str | None:
    """Return a right triple in Turtle: one that the data has, or one that the shape asks for."""
    if str(shapes.value(shape, SH.maxCount)) == "0":
        return None  # nothing is right here
    value = _asked_for(shapes, shape)
    if value is not None:
        return f"{turtle(subject)} {named(predicate.value)} {value} ."
    others = [
        (holder, other)
        for holder, other in islice(_existing(state, predicate), _LOOKED_AT)
        if other != wrong and fits(state, shapes, shape, other)
    ]
    if others:
        holder, other = min(others, key=lambda pair: _distance(pair[0], subject))
        return f"{turtle(holder)} {named(predicate.value)} {turtle(other)} ."
    sample = None if shapes.value(shape, SH.pattern) is not None else _sample(shapes, shape)
    return None if sample is None else f"{turtle(subject)} {named(predicate.value)} {sample} ."


def _distance(node: Node, subject: Node) -> int:
    """Return how far an example is: another thing of the same kind is nearest, itself farthest."""
    if node == subject:
        return 2
    return 0 if _folder(node) == _folder(subject) else 1


def _folder(node: Node) -> str:
    return node.value.rpartition("/")[0] if isinstance(node, NamedNode) else ""


def turtle(value: Object) -> str:
    """Return a term as a steward writes it.

    >>> turtle(Literal("2020", datatype=NamedNode("http://www.w3.org/2001/XMLSchema#gYear")))
    '"2020"^^xsd:gYear'
    """
    if isinstance(value, NamedNode):
        return named(value.value)
    if isinstance(value, BlankNode):
        return "[]"
    datatype = value.datatype.value.removeprefix(STANDARD_PREFIXES["xsd"])
    if value.language or datatype == "string" or datatype == value.datatype.value:
        return str(value)
    quoted = str(Literal(value.value))
    return value.value if datatype in ("integer", "boolean") else f"{quoted}^^xsd:{datatype}"


def _asked_for(shapes: Graph, shape: RdfNode) -> str | None:
    """Return the value that a shape itself names: the one, the first of a list, a language."""
    fixed = shapes.value(shape, SH.hasValue)
    if isinstance(fixed, URIRef):
        return turtle(NamedNode(str(fixed)))
    for holder in shapes.objects(shape, SH["in"]):
        first = next(iter(shapes.items(holder)), None)
        term = to_term(first) if first is not None else None  # type: ignore[arg-type]
        if term is not None:
            return turtle(term)
    languages = _languages(shapes, shape)
    return f'"…"@{languages[0]}' if languages else None


def _sample(shapes: Graph, shape: RdfNode) -> str | None:
    for datatype in _datatypes(shapes, shape):
        if datatype in _SAMPLES:
            return _SAMPLES[datatype]
    return None


def _datatypes(shapes: Graph, shape: RdfNode) -> Iterator[URIRef]:
    for datatype in shapes.objects(shape, SH.datatype):
        if isinstance(datatype, URIRef):
            yield datatype
    for holder in shapes.objects(shape, SH["or"]):
        for item in shapes.items(holder):
            yield from _datatypes(shapes, item)


def _languages(shapes: Graph, shape: RdfNode) -> list[str]:
    found = [shape, *shapes.objects(shape, SH.qualifiedValueShape)]
    return [
        str(tag)
        for node in found
        for holder in shapes.objects(node, SH.languageIn)
        for tag in shapes.items(holder)
    ]


def _existing(state: State, predicate: NamedNode) -> Iterator[tuple[Node, Object]]:
    for path in state.paths:
        for triple in state.facts(path).triples:
            subject, value = triple.subject, triple.object
            if triple.predicate != predicate or not isinstance(value, (NamedNode, Literal)):
                continue
            if isinstance(subject, (NamedNode, BlankNode)):
                yield subject, value


def fits(state: State, shapes: Graph, shape: RdfNode, value: Object) -> bool:
    """Return whether a value fits what a shape says of a value by itself, as far as is plain."""
    for datatype in shapes.objects(shape, SH.datatype):
        if not isinstance(value, Literal) or value.datatype.value != str(datatype):
            return False
    text = "" if isinstance(value, BlankNode) else value.value
    for pattern in shapes.objects(shape, SH.pattern):
        if not re.search(str(pattern), text):
            return False
    for wanted in shapes.objects(shape, SH["class"]):
        if not isinstance(value, NamedNode) or str(wanted) not in state.types(value):
            return False
    for node in shapes.objects(shape, SH.node):
        if not _is_in_scheme(shapes, node, value):
            return False
    alternatives = list(shapes.objects(shape, SH["or"]))
    return all(
        any(
            fits(state, shapes, item, value) and _is_in_scheme(shapes, item, value)
            for item in shapes.items(holder)
        )
        for holder in alternatives
    )


def _is_in_scheme(shapes: Graph, node: RdfNode, value: Object) -> bool:
    for property_ in shapes.objects(node, SH.property):
        scheme = str(shapes.value(property_, SH.hasValue))
        if scheme.startswith(CONCEPT):
            return isinstance(value, NamedNode) and value.value.startswith(f"{scheme}/")
    return True
