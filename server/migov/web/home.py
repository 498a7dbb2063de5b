"""The front page, the state of what is served, and what a kind of problem means."""

from __future__ import annotations

from http import HTTPStatus
from typing import Any, Final

from flask import Blueprint, Response, jsonify, url_for

from migov.entities import overview
from migov.errors import MigovError
from migov.protocol.errors import UnknownPathError
from migov.protocol.formats import JSON, PAGE
from migov.protocol.problems import PROBLEMS
from migov.vocabulary import NS
from migov.web.links import here
from migov.web.request import chosen_language, format_among, languages
from migov.web.responses import page
from migov.web.site import site, state

blueprint = Blueprint("home", __name__)

_COUNTED: Final = (
    ("Initiative", "/initiatives"),
    ("Actor", "/actors"),
    ("Participation", "/id/participation"),
    ("Country", "/countries"),
    ("Corridor", "/id/corridor"),
    ("Event", "/events"),
    ("Objective", "/id/objective"),
    ("Output", "/id/output"),
    ("Quotation", "/id/quotation"),
    ("ExternalInstrument", "/id/instrument"),
    ("Person", "/id/person"),
    ("SourceRecord", "/records"),
)
"""The classes that the front page counts, and where each is listed."""
_FEATURED: Final = (
    "who-funds-and-implements",
    "initiatives-of-country",
    "funding-through-structure",
    "corridor-governance",
    "where-records-differ",
    "global-compact-gaps",
)

_GRAPHS: Final = 2_000
"""Graphs that the page of the snapshot lists; of more it leads to the list that has parts."""

SEEN: Final = {
    "map": ("Map of countries", "initiatives-by-country"),
    "corridors": ("Map of corridors", "corridors-between-countries"),
    "timeline": ("Timeline", "initiatives-between-dates"),
    "network": ("Who works with whom", "actor-network"),
    "matrix": ("Global Compact by country", "global-compact-by-country"),
    "themes": ("Themes", "themes-by-number-of-initiatives"),
}
"""Pictures by a short address: what each is called, and its canned query."""


@blueprint.get("/")
def home() -> Response:
    """Show what is in the graph and how to ask."""
    chosen_language()
    current = state()
    seen = overview(current.house, languages(), [NS + name for name, _ in _COUNTED])
    catalogue = current.catalogue
    featured = [catalogue[slug] for slug in _FEATURED if slug in catalogue]
    return page(
        "home.html",
        counts=[
            (seen.classes[NS + name], path) for name, path in _COUNTED if NS + name in seen.classes
        ],
        overview=seen,
        featured=featured or list(catalogue.values())[:6],
        pictures=[
            (title, here(f"/{name}"), catalogue[slug].view)
            for name, (title, slug) in SEEN.items()
            if slug in catalogue
        ],
        queries=len(catalogue),
        language=languages()[0],
        host=url_for("home.home", _external=True).rstrip("/"),
    )


def _seen(name: str) -> Response:
    """Lead to the query that a picture shows."""
    chosen_language()
    query = state().catalogue.find(SEEN[name][1])
    return Response(
        status=HTTPStatus.SEE_OTHER,
        headers={"Location": here(f"/queries/{query.slug}")},
    )


for _name in SEEN:
    blueprint.add_url_rule(f"/{_name}", f"seen_{_name}", _seen, defaults={"name": _name})


@blueprint.get("/snapshot")
def snapshot() -> Response:
    """Tell what is served, at which revision, and what keeps newer files from it."""
    if format_among((JSON, PAGE)) is PAGE:
        return page("snapshot.html", queries=len(state().catalogue), most=_GRAPHS)
    problem = site().problem
    return jsonify(
        {
            **state().snapshot.describe(),
            "queries": len(state().catalogue),
            "problem": _told(problem) if problem else None,
        }
    )


@blueprint.get("/problem/<slug>")
def problem_type(slug: str) -> Response:
    """Say what a kind of problem means: the `type` of every problem document leads here."""
    if slug == "cut":  # no error: the answer is there, and names this address
        return page("cut.html")
    for error, kind in PROBLEMS.items():
        if kind.slug == slug:
            return page("problem-type.html", kind=kind, meaning=error.__doc__ or "")
    raise UnknownPathError(f"There is no kind of problem “{slug}”.")


def _told(problem: MigovError) -> dict[str, Any]:
    place = problem.place
    return {
        "detail": problem.message,
        "file": place.source if place else None,
        "line": place.line if place else None,
        "column": place.column if place else None,
        "text": place.text if place else None,
        "hint": problem.hint,
    }
