"""The order of predicates and objects inside a statement."""

from __future__ import annotations

import re
from typing import Final

_FIRST: Final = """
    rdf:subject rdf:predicate rdf:object
    mg:describes mg:participationIn mg:role mg:actor
    sh:path sh:targetClass sh:targetNode sh:targetSubjectsOf sh:targetObjectsOf
    skos:prefLabel rdfs:label dcterms:title mg:name skos:altLabel mg:acronym skos:notation
    dcterms:identifier skos:definition dcterms:description dcterms:abstract skos:scopeNote
    rdfs:comment dcterms:type rdfs:subClassOf rdfs:subPropertyOf rdfs:domain rdfs:range
    owl:inverseOf mg:startDate mg:startEarliest mg:startLatest mg:endDate mg:endEarliest
    mg:endLatest mg:issuedDate mg:issuedEarliest mg:issuedLatest mg:isoAlpha2 mg:isoAlpha3 mg:m49
    mg:scheme mg:value mg:identifierIRI mg:amount mg:currency
"""
"""What a thing is and is called; a statement about a triple reads as that triple."""

_LAST: Final = """
    mg:budget mg:identifier dcterms:creator dcterms:created dcterms:publisher dcterms:source
    mg:sourceDocument mg:certainty mg:locator mg:wording mg:extent mg:evidence dcterms:language
    mg:submitter mg:listedUnder foaf:page dcterms:license sh:severity sh:name sh:description
    sh:message sh:property skos:topConceptOf skos:inScheme skos:example rdfs:isDefinedBy
"""
"""Where it is said, how sure it is, and on what terms."""

_RANKS: Final = {name: rank for rank, name in enumerate(_FIRST.split(), -100)} | {
    name: rank for rank, name in enumerate(_LAST.split(), 1)
}
_LANGUAGES: Final = ("en", "fr", "es", "ar")
_TAG = re.compile(r"[\"']@([A-Za-z]+(?:-[A-Za-z0-9]+)*)$")
_DIGITS = re.compile(r"(\d+)")


def predicate_key(name: str) -> tuple[int, str]:
    """Return where a predicate stands: the class first, the source last, others by name.

    >>> sorted(["mg:scope", "mg:locator", "skos:prefLabel", "a"], key=predicate_key)
    ['a', 'skos:prefLabel', 'mg:scope', 'mg:locator']
    """
    if name in ("a", "rdf:type"):
        return -1000, ""
    return _RANKS.get(name, 0), name


def object_key(text: str) -> tuple[object, ...]:
    """Return where an object stands: by language in the house's order, numbers as numbers.

    >>> sorted(['"b"@fr', '"a"@en', "x:10", "x:9"], key=object_key)
    ['x:9', 'x:10', '"a"@en', '"b"@fr']
    """
    kind = 2 if text.startswith("[") else 1 if text[0] in "\"'" else 0
    tag = _TAG.search(text)
    language = tag[1].lower() if tag else ""
    known = _LANGUAGES.index(language) if language in _LANGUAGES else len(_LANGUAGES)
    pieces = _DIGITS.split(text)
    natural = tuple(_number(piece) if piece.isdecimal() else (-1, piece) for piece in pieces)
    return kind, known if language else -1, language, natural, text


def _number(digits: str) -> tuple[int, str]:
    """Return where a number stands; Python makes none of more than 4,300 digits."""
    significant = digits.lstrip("0")
    return len(significant), significant
