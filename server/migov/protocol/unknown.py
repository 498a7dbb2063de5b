"""The terms of a query that stand nowhere in the dataset, and what may have been meant."""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Final
from typing import Literal as OneOf

from pyoxigraph import Literal, NamedNode

from migov.entities import KnownTerms, Likeness
from migov.errors import Place
from migov.sparql.patterns import Element, Shape, Span, elements_of
from migov.sparql.tokens import iris
from migov.vocabulary import STANDARD_PREFIXES, compact

Reason = Likeness | OneOf["absent", "inferred", "language", "datatype"]
"""Why a term is told: its likeness to a known one, or that nothing is like it (absent), that it
stands only in what follows from the statements, or that its text has another language or datatype.
"""

_MOST: Final = 200
"""IRIs of one query that are looked up, in one query."""
_MOST_VALUES: Final = 50
"""Literals of one query that are looked up, one by one."""
_TOLD: Final = 20
"""Unknown IRIs, and unknown literals, that are told: comparing each with every name takes time."""
_RDF: Final = STANDARD_PREFIXES["rdf"]
_XSD: Final = STANDARD_PREFIXES["xsd"]
_ESCAPES: Final = {"t": "\t", "b": "\b", "n": "\n", "r": "\r", "f": "\f"}


@dataclass(frozen=True, slots=True)
class Suggestion:
    """A term to write instead, and the IRI that it names where it is one."""

    text: str
    iri: str | None = None


@dataclass(frozen=True, slots=True)
class Unknown:
    """A term as the query has it, where it first stands, why it is told, and what may fit."""

    text: str
    iri: str | None
    place: Place
    reason: Reason
    suggestions: tuple[Suggestion, ...] = ()


@dataclass(frozen=True, slots=True)
class _Value:
    """A literal of a query and the property whose value it has to be, where that is one IRI."""

    literal: Literal
    span: Span
    predicate: str | None = None


def unknown_terms(
    shape: Shape, known: KnownTerms, prefixes: Mapping[str, str], *, inferred: bool
) -> list[Unknown]:
    """Return the IRIs and literals of a query that are not in the dataset, in their order.

    With `inferred` what follows from the statements counts as well. Raises LimitError.
    """
    resolved = iris(shape.tokens, known=prefixes)
    spans = _named(shape, resolved)
    found = [
        *_unknown_iris(shape, known, spans, inferred=inferred),
        *itertools.islice(_unknown_values(shape, known, resolved), _TOLD),
    ]
    return sorted(found, key=lambda term: (term.place.line or 0, term.place.column or 0))


def _unknown_iris(
    shape: Shape, known: KnownTerms, spans: Mapping[str, int], *, inferred: bool
) -> Iterator[Unknown]:
    present = known.present(spans, inferred=inferred)
    absent = [iri for iri in spans if iri not in present][:_TOLD]
    entailed = set() if inferred or not absent else known.present(absent, inferred=True)
    for iri in absent:
        at = spans[iri]
        text, place = shape.tokens[at].text, _place(shape, at)
        if iri in entailed:
            yield Unknown(text, iri, place, "inferred")
            continue
        similar = known.similar(iri)
        reason: Reason = next(iter(similar.values()), "absent")
        yield Unknown(text, iri, place, reason, tuple(map(_named_by, similar)))


def _unknown_values(
    shape: Shape, known: KnownTerms, resolved: Sequence[str | None]
) -> Iterator[Unknown]:
    for value in itertools.islice(_values(shape, resolved), _MOST_VALUES):
        literal, predicate = value.literal, value.predicate
        if known.values_present([literal], predicate):
            continue
        text, place = shape.written(value.span), _place(shape, value.span.start)
        called = tuple(map(_named_by, known.called(literal.value)[:3]))
        if called and predicate is not None and not known.has_literals(predicate):
            yield Unknown(text, None, place, "name", called)
            continue
        others = known.written_otherwise(literal, predicate)
        if others:
            has_tags = any(other.language for other in others) or literal.language is not None
            reason: Reason = "language" if has_tags else "datatype"
            yield Unknown(text, None, place, reason, tuple(_as_literal(one) for one in others))
        elif called:
            yield Unknown(text, None, place, "name", called)
        else:
            is_text = literal.datatype.value in (_XSD + "string", _RDF + "langString")
            spelt = tuple(map(_named_by, known.spelt_like(literal.value))) if is_text else ()
            yield Unknown(text, None, place, "spelling" if spelt else "absent", spelt)


def _named(shape: Shape, resolved: Sequence[str | None]) -> dict[str, int]:
    """Return the IRIs that a query names as terms, each with the token where it first stands."""
    expressions = [element.span for element in _elements(shape) if element.kind != "triple"]
    found: dict[str, int] = {}
    for span in _looked_at(shape):
        for at in range(span.start, span.end):
            iri = resolved[at]
            if iri is None or len(found) == _MOST:
                continue
            is_datatype = at > 1 and shape.tokens[at - 1].text == "^" == shape.tokens[at - 2].text
            is_function = (
                at + 1 < len(shape.tokens)
                and shape.tokens[at + 1].text == "("
                and (at >= shape.tail.start or any(s.start <= at < s.end for s in expressions))
            )
            if not is_datatype and not is_function and _is_iri(iri):
                found.setdefault(iri, at)
    return found


def _looked_at(shape: Shape) -> list[Span]:
    """Return where terms are asked for: the patterns, what is after them, and DESCRIBE's own."""
    spans = [shape.where.span] if shape.where else []
    if shape.form == "DESCRIBE":
        tokens = shape.tokens
        end = next(
            (at for at in range(shape.head.start, shape.head.end) if tokens[at].is_word("FROM")),
            shape.head.end,
        )
        spans.insert(0, Span(shape.head.start, end))
    return [*spans, shape.tail]


def _elements(shape: Shape) -> list[Element]:
    return list(elements_of(shape.where)) if shape.where else []


def _values(shape: Shape, resolved: Sequence[str | None]) -> Iterator[_Value]:
    """Yield the literals that have to be there: objects, those of VALUES, and compared ones."""
    for element in _elements(shape):
        if element.kind == "triple" and len(element.parts) == 3:
            _, verb, value = element.parts
            literal = _literal(shape, value, resolved)
            if literal is not None:
                yield _Value(literal, value, _property(shape, verb, resolved))
        elif element.kind == "filter":
            yield from _compared(shape, element.span, resolved)
        elif element.kind == "values":
            yield from _listed(shape, element.span, resolved)


def _compared(shape: Shape, span: Span, resolved: Sequence[str | None]) -> Iterator[_Value]:
    """Yield the literals of a filter that a variable by itself has to be equal to."""
    tokens = shape.tokens
    for at in range(span.start + 1, span.end - 1):
        if tokens[at].text != "=" or tokens[at - 1].text in ("!", "<", ">"):
            continue
        value = _literal_at(shape, at + 1)
        if tokens[at - 1].kind == "variable" and tokens[at - 2].text in ("(", "&", "|"):
            literal = _literal(shape, value, resolved)
            if literal is not None and tokens[value.end].text in (")", "&", "|"):
                yield _Value(literal, value)


def _listed(shape: Shape, span: Span, resolved: Sequence[str | None]) -> Iterator[_Value]:
    at = span.start
    while at < span.end:
        value = _literal_at(shape, at)
        literal = _literal(shape, value, resolved)
        if literal is not None:
            yield _Value(literal, value)
        at = value.end


def _literal_at(shape: Shape, at: int) -> Span:
    """Return the tokens of the term that begins here, as far as it could be a literal."""
    tokens = shape.tokens
    if tokens[at].kind == "string" and at + 1 < len(tokens):
        if tokens[at + 1].kind == "language":
            return Span(at, at + 2)
        if [token.text for token in tokens[at + 1 : at + 3]] == ["^", "^"]:
            return Span(at, at + 4)
    is_signed = tokens[at].text in ("+", "-") and tokens[at + 1].kind == "number"
    return Span(at, at + 2 if is_signed else at + 1)


def _property(shape: Shape, verb: Span, resolved: Sequence[str | None]) -> str | None:
    if verb.end - verb.start != 1:
        return None
    iri = resolved[verb.start]
    if shape.tokens[verb.start].is_word("A"):
        return _RDF + "type"
    return iri if iri is not None and _is_iri(iri) else None


def _literal(shape: Shape, span: Span, resolved: Sequence[str | None]) -> Literal | None:
    """Return the literal that some tokens write, or None where they write another term."""
    tokens = shape.tokens[span.start : span.end]
    first, last = tokens[0], tokens[-1]
    try:
        if first.kind == "string":
            text = _unquoted(first.text)
            if last.kind == "language":
                return Literal(text, language=last.text[1:].lower())
            datatype = resolved[span.end - 1] if len(tokens) == 4 else None
            return Literal(text, datatype=NamedNode(datatype)) if datatype else Literal(text)
        if last.kind == "number":
            name = "double" if "e" in last.text.lower() else "decimal"
            name = "integer" if last.text.isdigit() else name
            text = "".join(token.text for token in tokens)
            return Literal(text, datatype=NamedNode(_XSD + name))
        if first.is_word("TRUE", "FALSE"):
            return Literal(first.text.lower(), datatype=NamedNode(_XSD + "boolean"))
    except ValueError:  # a language or a datatype that is none: the engine's parser tells
        return None
    return None


def _unquoted(text: str) -> str:
    """Return what a string of SPARQL says.

    >>> _unquoted("'''a\\\\tb'''"), _unquoted('"say \\\\"x\\\\""')
    ('a\\tb', 'say "x"')
    """
    marks = 3 if text[:3] in ('"""', "'''") and len(text) >= 6 else 1
    characters = iter(text[marks:-marks])
    return "".join(
        _ESCAPES.get(following := next(characters, ""), following) if one == "\\" else one
        for one in characters
    )


def _is_iri(text: str) -> bool:
    try:
        NamedNode(text)
    except ValueError:
        return False
    return True


def _named_by(iri: str) -> Suggestion:
    short = compact(iri)
    return Suggestion(short if short != iri else f"<{iri}>", iri)


def _as_literal(literal: Literal) -> Suggestion:
    text = str(literal)
    for name in ("integer", "decimal", "boolean"):
        if literal.datatype.value == _XSD + name:
            return Suggestion(literal.value)
    return Suggestion(
        text.replace(f"^^<{_XSD}", "^^xsd:").removesuffix(">") if "^^" in text else text
    )


def _place(shape: Shape, at: int) -> Place:
    lines = shape.text[: shape.tokens[at].offset].split("\n")
    return Place.within("query", shape.text, len(lines), len(lines[-1]) + 1)
