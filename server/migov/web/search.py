"""`/search`: things by the words in their names and summaries, as JSON and as a page.

Without words it explains the terms of a search in SPARQL, whose IRIs lead here.
"""

from __future__ import annotations

from collections.abc import Mapping
from http import HTTPStatus
from typing import Any, Final

from flask import Blueprint, Response, jsonify, request

from migov.entities import Label, labels, written
from migov.errors import MigovError, ParameterError
from migov.fulltext import Hit, Search, SearchPage
from migov.protocol.formats import GRAPHS, JSON, PAGE
from migov.protocol.misspelt import LOOSE, refuse_misspelt
from migov.protocol.operation import last
from migov.protocol.paging import Page, link_header, links, read_page
from migov.protocol.problems import Problem, problem
from migov.protocol.search import types_of
from migov.protocol.search_terms import TERMS, search_vocabulary
from migov.vocabulary import NS, SEARCH
from migov.web.request import format_among, languages, url_parameters
from migov.web.responses import body, names_of, page
from migov.web.site import state

blueprint = Blueprint("search", __name__)

_STANDARD: Final = 20
_TYPES: Final = (
    "Initiative",
    "Actor",
    "Place",
    "Event",
    "Output",
    "Objective",
    "Quotation",
    "Corridor",
    "Person",
    "SourceRecord",
)
"""The classes that the form offers."""
_LANGUAGES: Final = {"en": "English", "fr": "français", "es": "español", "ar": "العربية"}
"""The languages that the form offers, each in its own words."""
_ONCE: Final = ("q", "language", "type", "limit", "offset")


@blueprint.get("/search")
def search() -> Response:
    """Answer a search, show its form, or explain its terms."""
    asked = any(name == "q" for name, _ in url_parameters())
    format = format_among((JSON, PAGE) if asked else (PAGE, *GRAPHS, JSON))
    if format in GRAPHS:
        return body(written(search_vocabulary(), format.name, state().prefixes), format)
    if format is PAGE:
        return _page(asked)
    search = _asked()
    found = state().services.index.search(search)
    response = jsonify(_document(search, found))
    response.headers["Link"] = link_header(_links(search, found))
    return response


def _asked() -> Search:
    """Return what the request looks for; raises ParameterError."""
    parameters = url_parameters()
    refuse_misspelt(parameters, (*_ONCE, "lang", "format"), LOOSE)
    for name in _ONCE:
        if (times := sum(key == name for key, _ in parameters)) > 1:
            raise ParameterError(f"{name} is given {times} times.", hint="Give it once.")
    text = last(parameters, "q")
    if text is None or not text.strip():
        raise ParameterError(
            "There is nothing to look for.", hint="Give it as q: /search?q=labour+migration"
        )
    wanted = read_page(last(parameters, "limit"), last(parameters, "offset"), _STANDARD)
    return Search(
        text,
        last(parameters, "language"),
        types_of(last(parameters, "type")),
        wanted.limit,
        wanted.offset,
        languages()[0],
    )


def _document(search: Search, found: SearchPage) -> dict[str, Any]:
    iris = {iri for hit in found.hits for iri in (hit.iri, *hit.types)}
    known = labels(state().house, iris, languages())
    return {
        "q": search.text,
        "language": search.language,
        "limit": search.limit,
        "offset": search.offset,
        "more": found.more,
        "cut": found.is_cut,
        "results": [_result(hit, known) for hit in found.hits],
    }


def _result(hit: Hit, known: Mapping[str, Label]) -> dict[str, Any]:
    return {
        "iri": hit.iri,
        "label": known[hit.iri].text,
        "type": [{"iri": iri, "label": known[iri].text} for iri in hit.types],
        "score": hit.score,
        "text": hit.text,
        "language": hit.language,
        "property": hit.predicate,
        "snippet": hit.shown,
        "found": [piece for piece, is_found in hit.snippet if is_found],
        "record": list(hit.graphs),
    }


def _links(search: Search, found: SearchPage) -> dict[str, str]:
    kept = {
        name: value
        for name, value in url_parameters()
        if name in ("q", "language", "type", "lang", "format") and value
    }
    path = request.script_root + request.path
    return links(Page(search.limit, search.offset), found.more, path, kept)


def _page(asked: bool) -> Response:
    if not asked:
        return _shown(None, SearchPage(()))
    try:
        search = _asked()
        return _shown(search, state().services.index.search(search))
    except MigovError as error:
        return _shown(None, SearchPage(()), problem(error))


def _shown(search: Search | None, found: SearchPage, failure: Problem | None = None) -> Response:
    neighbours = _links(search, found) if search else {}
    iris = {iri for hit in found.hits for iri in (hit.iri, hit.predicate, *hit.types, *hit.graphs)}
    response = page(
        "search.html",
        status=failure.status if failure else HTTPStatus.OK,
        search=search,
        found=found,
        failure=failure,
        neighbours=neighbours,
        names=names_of({*iris, *(NS + name for name in _TYPES)}),
        given={name: request.args.get(name, "") for name in _ONCE},
        types=[(name, NS + name) for name in _TYPES],
        text_languages=_LANGUAGES,
        language=languages()[0],
        terms=TERMS,
        namespace=SEARCH,
    )
    response.headers.extend(list(failure.headers if failure else ()))
    if neighbours:
        response.headers["Link"] = link_header(neighbours)
    return response
