"""What the SPARQL editor asks for: the terms to complete, and those that are in no statement."""

from __future__ import annotations

import threading
from contextlib import suppress
from typing import Any, Final
from weakref import WeakKeyDictionary

from flask import Blueprint, Response, jsonify

from migov.engine import Engine, select
from migov.entities import labels
from migov.errors import LimitError
from migov.protocol.explanation import REASONS
from migov.protocol.formats import JSON
from migov.protocol.limits import check_text
from migov.protocol.operation import flag, last
from migov.protocol.unknown import Unknown, unknown_terms
from migov.sparql.patterns import UnreadError, read_shape
from migov.vocabulary import NS, STANDARD_PREFIXES
from migov.web.ontology import terms_here
from migov.web.request import format_among, languages, url_parameters
from migov.web.site import site, state
from migov.web.translation import translated

blueprint = Blueprint("editor", __name__)

_SKOS: Final = STANDARD_PREFIXES["skos"]
_MOST: Final = 3000
"""Terms of other vocabularies, and concepts, that are completed."""
_IN_USE: Final = {
    "property": "SELECT DISTINCT ?term { ?s ?term ?o }",
    "class": "SELECT DISTINCT ?term { ?s a ?term FILTER(isIRI(?term)) }",
    "constant": f"SELECT DISTINCT ?term {{ ?term <{_SKOS}inScheme> ?s FILTER(isIRI(?term)) }}",
}
_KINDS: Final = {"classes": "class", "datatypes": "type"}

_read: Final[WeakKeyDictionary[Engine, dict[str, str]]] = WeakKeyDictionary()
_reading: Final = threading.Lock()


@blueprint.get("/sparql/terms")
def terms() -> Response:
    """Return the prefixes and terms that a query may use, with their labels."""
    format_among((JSON,))
    own = terms_here()
    kinds = {
        **{iri: _KINDS.get(term.section, "property") for iri, term in own.items()},
        **_in_use(),
    }
    known = labels(state().house, kinds, languages())
    told: list[dict[str, Any]] = []
    for iri, kind in sorted(kinds.items()):
        about = own[iri].definition(languages()) if iri in own else None
        entry = {"iri": iri, "label": known[iri].text, "kind": kind}
        told.append({**entry, "about": about.text} if about else entry)
    return jsonify({"prefixes": dict(state().prefixes), "terms": told})


@blueprint.get("/sparql/unknown")
def unknown() -> Response:
    """Return the terms of a query that stand nowhere in the dataset, and what may have been meant.

    The query is read as tokens and never evaluated; one that cannot be read so has none.
    """
    format_among((JSON,))
    parameters = url_parameters()
    text, inferred = last(parameters, "query") or "", flag(parameters, "inferred")
    check_text(text, site().settings.text, services=True)
    current, found = state(), list[Unknown]()
    with suppress(UnreadError):
        found = unknown_terms(read_shape(text), current.known, current.prefixes, inferred=inferred)
    iris = {one.iri for term in found for one in term.suggestions if one.iri}
    named = labels(current.house, iris, languages())
    return jsonify(
        {
            "unknown": [
                {
                    "text": term.text,
                    "line": term.place.line,
                    "column": term.place.column,
                    "why": translated(REASONS[term.reason]),
                    "instead": [
                        {"text": one.text, "label": named[one.iri].text if one.iri else None}
                        for one in term.suggestions
                    ],
                }
                for term in found
            ]
        }
    )


def _in_use() -> dict[str, str]:
    """Return the properties, classes and concepts of the dataset, read once a snapshot."""
    engine = state().house
    with _reading:
        found = _read.get(engine)
        if found is None:
            try:
                found = _asked(engine)
            except LimitError:  # so large that the ontology's own terms have to do
                found = {}
            _read[engine] = found
        return found


def _asked(engine: Engine) -> dict[str, str]:
    return {
        row["term"].value: kind
        for kind, query in _IN_USE.items()
        for row in select(engine, f"{query} LIMIT {_MOST}")
        if not row["term"].value.startswith(NS)
    }
