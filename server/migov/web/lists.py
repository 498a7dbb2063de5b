"""`/initiatives`, `/actors`, `/countries`, `/events`, `/records`: lists that narrow by facets.

What is chosen stands in the address, each value as one parameter, and every link on the page is
such an address: a list can be kept, sent and followed as a feed.
"""

from __future__ import annotations

import logging
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from http import HTTPStatus
from typing import Any, Final

from flask import Blueprint, Response, jsonify

from migov.entities.facets import (
    MOST_VALUES,
    UNSTATED,
    Counts,
    Lines,
    counts_of,
    lines_of,
    list_query,
)
from migov.entities.listing import BoundsError, Facet
from migov.entities.listings import LISTINGS
from migov.entities.texts import abstracts
from migov.errors import LimitError, StoreProblem
from migov.protocol.formats import JSON, PAGE
from migov.protocol.operation import last
from migov.web.asked import Asked, asked_of, named
from migov.web.feeds import ATOM, feed_of
from migov.web.links import Names, here
from migov.web.mistaken import mistaken
from migov.web.request import format_among, languages, url_parameters
from migov.web.responses import body, names_of, page
from migov.web.site import state
from migov.web.translation import LANGUAGE_NAMES, translated

log = logging.getLogger(__name__)
blueprint = Blueprint("lists", __name__)

TITLES: Final = {
    "initiatives": "Initiatives",
    "actors": "Actors",
    "countries": "Countries and territories",
    "events": "Events",
    "records": "Source records",
}
LEADS: Final = {
    "initiatives": "Programmes, projects, instruments and other efforts that records describe.",
    "actors": "Organisations, states, people, and groups that a source counts without naming them.",
    "countries": "Countries and territories as ISO 3166-1 and M49 list them.",
    "events": "What took place on known dates.",
    "records": "Each record holds what one source states, line by line.",
}
FACETS: Final = {
    "country": "Country or territory",
    "region": "Region",
    "theme": "Theme",
    "objective": "Objective of the Global Compact",
    "role": "Role",
    "actor": "Actor",
    "type": "Type",
    "class": "Kind",
    "status": "Status",
    "period": "Began in",
    "from": "Began",
    "to": "Began",
    "publisher": "Publisher",
    "listing": "Listed under",
    "language": "Language of the source",
    "submitter": "Submitter",
    "initiative": "Initiative",
    "document": "Source document",
}
YEARS: Final = {"from": "from {year}", "to": "to {year}"}
"""How a bound of a range of years is said."""
ORDERS: Final = {
    "name": "by name",
    "latest": "latest first",
    "records": "most records first",
    "initiatives": "most initiatives first",
}
_SHOWN: Final = 6
"""Values of a facet that are shown at once; the others unfold."""
_OPEN: Final = 4
"""Facets whose values are shown at once."""


@dataclass(frozen=True, slots=True)
class Choice:
    """A value of a facet as a page shows it: `address` is the list with it, or without it."""

    label: str
    language: str | None
    address: str
    number: int | None = None
    facet: str = ""
    unstated: bool = False


@dataclass(frozen=True, slots=True)
class Narrowing:
    """A facet as a page shows it."""

    name: str
    title: str
    first: list[Choice]
    more: list[Choice]
    cut: bool
    is_open: bool
    bounds: tuple[str, str] | None = None


def _listed(name: str, suffix: str | None = None) -> Response:
    asked, wrong = asked_of(LISTINGS[name]), None
    format = format_among((PAGE, JSON, ATOM), suffix)
    try:
        asked.check_bounds()
    except BoundsError as error:
        if format is not PAGE:
            raise
        wrong, asked = error, asked.without_bounds()  # whoever mistypes a year keeps the list
    if format is ATOM:
        return _feed(asked)
    engine, preferred = state().house, languages()
    lines = lines_of(
        engine,
        asked.listing,
        asked.chosen,
        asked.order,
        preferred,
        limit=asked.page.limit,
        offset=asked.page.offset,
    )
    try:
        counts = counts_of(engine, asked.listing, asked.chosen)
    except (LimitError, StoreProblem) as error:  # the list is worth something without numbers
        log.warning("the facets of %s were not counted: %s", name, error.message)
        counts = None
    if format is JSON:
        return jsonify(_document(asked, lines, counts))
    return _page(asked, lines, counts, wrong)


for _name in LISTINGS:
    blueprint.add_url_rule(f"/{_name}", _name, _listed, defaults={"name": _name})
    blueprint.add_url_rule(f"/{_name}.<suffix>", f"{_name}_as", _listed, defaults={"name": _name})


def _page(asked: Asked, lines: Lines, counts: Counts | None, wrong: BoundsError | None) -> Response:
    listing = asked.listing
    names = names_of(_iris(asked, lines, counts))
    parameters = url_parameters()
    limit, offset = asked.page.limit, asked.page.offset
    return page(
        "listing.html",
        HTTPStatus.UNPROCESSABLE_ENTITY if wrong else HTTPStatus.OK,
        names=names,
        asked=asked,
        title=TITLES[listing.name],
        lead=LEADS[listing.name],
        mistaken=mistaken(asked, names),
        chips=_chips(asked, names),
        wrong=translated(wrong.text, **wrong.values) if wrong else None,
        hint=wrong.hint if wrong else None,
        years={name: last(parameters, name) or "" for name in YEARS},
        facets=_narrowings(asked, counts, names),
        facet_titles=FACETS,
        orders=[
            (ORDERS[order.name], asked.address(sort=named(order, listing)), order == asked.order)
            for order in listing.orders
        ],
        lines=lines,
        texts=abstracts(state().house, lines.things, languages()),
        total=counts.total if counts else None,
        cleared=asked.address({}),
        feed=asked.address(suffix=".atom", sort=""),
        previous=asked.address(offset=str(max(0, offset - limit))) if offset else None,
        next=asked.address(offset=str(offset + limit)) if lines.more else None,
        query=here(
            "/sparql",
            query=list_query(state().house, listing, asked.chosen, asked.order, languages()),
        ),
    )


def _iris(asked: Asked, lines: Lines, counts: Counts | None) -> set[str]:
    """Return everything that a page of a list names."""
    found = set(lines.things)
    for told in lines.told.values():
        found.update(value for values in told.values() for value in values if ":" in value)
    for facet in asked.listing.facets:
        if facet.kind != "thing":
            continue
        given = (value for value in asked.chosen.get(facet.name, ()) if value != UNSTATED)
        found.update(facet.iri(value) for value in given)
        counted = counts.facets[facet.name] if counts else []
        found.update(entry.value for entry in counted if entry.value)
    return found


def _chips(asked: Asked, names: Names) -> list[Choice]:
    """Return what is chosen, each with the address of the list without it."""
    found: list[Choice] = []
    for name in asked.listing.names:
        for value in asked.chosen.get(name, ()):
            address = asked.without_value(name, value)
            if name in YEARS:
                said = translated(YEARS[name], year=value)
                found.append(Choice(said, None, address, facet=name))
            else:
                found.append(_choice(asked.listing.facet(name), value, address, names))
    return found


def _narrowings(asked: Asked, counts: Counts | None, names: Names) -> list[Narrowing]:
    """Return the facets that can narrow what is left: those with a value that not all have, and
    those that take a range."""
    found: list[Narrowing] = []
    for facet in asked.listing.facets:
        chosen = {_value(facet, given) for given in asked.chosen.get(facet.name, ())}
        counted = counts.facets[facet.name] if counts else []
        open_ = [entry for entry in counted if entry.value not in chosen]
        if not any(entry.value is not None for entry in open_):
            open_ = []
        if not open_ and not facet.bounds:
            continue
        choices = [
            _choice(
                facet,
                UNSTATED if entry.value is None else facet.short(entry.value),
                asked.with_value(
                    facet.name, UNSTATED if entry.value is None else facet.short(entry.value)
                ),
                names,
                entry.number,
            )
            for entry in open_[:MOST_VALUES]
        ]
        choices.sort(key=lambda choice: (choice.unstated, -(choice.number or 0), choice.label))
        few = len(choices) <= _SHOWN + 2
        first, more = (choices, []) if few else (choices[:_SHOWN], choices[_SHOWN:])
        found.append(
            Narrowing(
                facet.name,
                FACETS[facet.name],
                first,
                more,
                cut=len(open_) > MOST_VALUES,
                is_open=len(found) < _OPEN or bool(facet.bounds),
                bounds=facet.bounds,
            )
        )
    return found


def _value(facet: Facet, given: str) -> str | None:
    if given == UNSTATED:
        return None
    return facet.iri(given) if facet.kind == "thing" else given


def _choice(
    facet: Facet, given: str, address: str, names: Names, number: int | None = None
) -> Choice:
    """Return a value as it is shown."""
    language = None
    if given == UNSTATED:
        label = translated("not stated")
    elif facet.kind == "decade":
        first = facet.decade(given)
        label = f"{first}–{first + 9}"
    elif facet.kind == "text":
        label = LANGUAGE_NAMES.get(given, given)
    else:
        named = names.label(facet.iri(given))
        label, language = named.text, named.language
        if facet.name == "objective":  # known by their numbers
            label = f"{given} · {label}"
    return Choice(label, language, address, number, facet.name, given == UNSTATED)


def _document(asked: Asked, lines: Lines, counts: Counts | None) -> dict[str, Any]:
    names = names_of(_iris(asked, lines, counts))
    return {
        "list": asked.listing.name,
        "chosen": {name: list(values) for name, values in asked.chosen.items()},
        "total": counts.total if counts else None,
        "limit": asked.page.limit,
        "offset": asked.page.offset,
        "more": lines.more,
        "things": [
            {"iri": iri, "label": names.label(iri).text, **_told(lines.told.get(iri, {}))}
            for iri in lines.things
        ],
        "facets": {
            name: [
                {
                    "value": UNSTATED
                    if entry.value is None
                    else asked.listing.facet(name).short(entry.value),
                    "label": None if entry.value is None else names.label(entry.value).text,
                    "count": entry.number,
                }
                for entry in counted[:MOST_VALUES]
            ]
            for name, counted in (counts.facets if counts else {}).items()
        },
    }


def _told(told: Mapping[str, Iterable[str]]) -> dict[str, list[str]]:
    return {name: list(values) for name, values in told.items()}


def _feed(asked: Asked) -> Response:
    names = names_of(_iris(asked, Lines([], False, {}), None))
    chosen = [chip.label for chip in _chips(asked, names)]
    title = " · ".join(["migov", translated(TITLES[asked.listing.name]), *chosen])
    content = feed_of(
        asked.listing,
        asked.chosen,
        title,
        page_address=asked.address(),
        feed_address=asked.address(suffix=".atom"),
    )
    return body(content, ATOM)
