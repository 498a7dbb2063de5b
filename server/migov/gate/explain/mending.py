"""Mechanical corrections of what SHACL finds: names, datatypes, language tags, zeros."""

from __future__ import annotations

import re
from typing import Final

from pyoxigraph import Literal, NamedNode, Triple
from rdflib import RDF, XSD, Graph, URIRef
from rdflib.term import Node as RdfNode

from migov.gate.checks.context import did_you_mean, edit_name, edit_object
from migov.gate.checks.identifiers import mended as mended_identifier
from migov.gate.checks.literals import retagged
from migov.gate.checks.state import FileFacts, Object, State, mg, std
from migov.gate.checks.xsd import fits, mended
from migov.gate.explain.example import turtle
from migov.gate.explain.located import Located, to_term
from migov.gate.report import Edit
from migov.gate.shapes import SH
from migov.vocabulary import BASE

_LANGUAGE: Final = std("dcterms", "language")
_XSD: Final = str(XSD)
_DECLARES_XSD: Final = re.compile(
    rb"^[ \t]*@?prefix[ \t]+xsd:[ \t]*<" + re.escape(_XSD.encode()) + b">",
    re.IGNORECASE | re.MULTILINE,
)


def edits(state: State, shapes: Graph, shape: RdfNode, found: Located) -> list[Edit]:
    """Return the mechanical edits that would mend a value, or none."""
    triple = found.triple
    if triple is None:
        return []
    value = triple.object
    if isinstance(value, NamedNode):
        return _name(state, shapes, shape, found.facts, triple, value)
    if isinstance(value, Literal):
        return _literal(shapes, shape, found.facts, triple, value)
    return []


def _name(
    state: State,
    shapes: Graph,
    shape: RdfNode,
    facts: FileFacts,
    triple: Triple,
    value: NamedNode,
) -> list[Edit]:
    place = facts.positions.object_at(triple)
    allowed = [str(item) for item in _allowed(shapes, shape) if isinstance(item, URIRef)]
    if allowed:
        meant = did_you_mean(value.value, allowed)
    elif value.value.startswith(BASE) and not state.described_in(value.value):
        meant = did_you_mean(value.value, filter(state.described_in, state.describing))
    else:
        return []
    return [] if meant is None else edit_name(facts, place, value.value, meant)


def _literal(
    shapes: Graph, shape: RdfNode, facts: FileFacts, triple: Triple, value: Literal
) -> list[Edit]:
    if triple.predicate == mg("m49"):
        code = mended_identifier("m49", value.value)
        if code is not None:
            return edit_object(facts, triple, f'"{code}"')
    tags = _tags(shapes, shape)
    if tags:
        return _tag(facts, triple, value, tags)
    for datatype in _datatypes(shapes, shape):
        if datatype == str(RDF.langString):
            tag = _language_of(facts)
            return [] if tag is None or value.language else retagged(facts, triple, tag)
        right = _retyped(value, datatype)
        if right is not None:
            return edit_object(facts, triple, _spelt(facts, right))
    for item in _allowed(shapes, shape):
        term: Object | None = to_term(item)  # type: ignore[arg-type]
        if isinstance(term, Literal) and term.value.lower() == value.value.strip().lower():
            return edit_object(facts, triple, _spelt(facts, term))
    return []


def _spelt(facts: FileFacts, literal: Literal) -> str:
    """Return a literal as a file can have it: by a prefix only where the file declares it."""
    text = turtle(literal)
    datatype = literal.datatype.value
    if text.endswith("^^xsd:" + datatype.removeprefix(_XSD)) and not _DECLARES_XSD.search(
        facts.file.content
    ):
        return f"{text.rpartition('^^')[0]}^^<{datatype}>"
    return text


def _retyped(value: Literal, datatype: str) -> Literal | None:
    """Return a literal with the datatype that is expected, if its text can be of it."""
    if not datatype.startswith(_XSD) or (value.language and datatype != str(XSD.string)):
        return None
    if fits(value.value, datatype):
        text = value.value
    else:
        meant = mended(value.value, datatype)
        if meant is None or meant[1] != datatype:
            return None
        text = meant[0]
    right = Literal(text, datatype=NamedNode(datatype))
    return None if right == value else right


def _tag(facts: FileFacts, triple: Triple, value: Literal, tags: list[str]) -> list[Edit]:
    primary = (value.language or "").partition("-")[0].lower()
    if primary in tags and value.language != primary:
        return retagged(facts, triple, primary)
    own = _language_of(facts)
    if value.language is None and own in tags:
        return retagged(facts, triple, str(own))
    return []


def _language_of(facts: FileFacts) -> str | None:
    """Return the one language in which the source of a record is written."""
    values = facts.values(facts.graph, _LANGUAGE)
    texts = {value.value for value in values if isinstance(value, Literal)}
    return texts.pop() if len(texts) == 1 else None


def _datatypes(shapes: Graph, shape: RdfNode) -> list[str]:
    found = [str(datatype) for datatype in shapes.objects(shape, SH.datatype)]
    for holder in shapes.objects(shape, SH["or"]):
        for item in shapes.items(holder):
            found += _datatypes(shapes, item)
    return found


def _allowed(shapes: Graph, shape: RdfNode) -> list[RdfNode]:
    return [item for holder in shapes.objects(shape, SH["in"]) for item in shapes.items(holder)]


def _tags(shapes: Graph, shape: RdfNode) -> list[str]:
    return [
        str(tag) for holder in shapes.objects(shape, SH.languageIn) for tag in shapes.items(holder)
    ]
