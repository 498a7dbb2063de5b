"""`/initiatives`, `/actors`, `/countries`, `/events`, `/records`: lists that narrow by facets.

What is chosen stands in the address, each value as one parameter, and every link on the page is
such an address: a list can be kept, sent and followed as a feed.
"""

from __future__ import annotations

import logging
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Final
from urllib.parse import urlencode

from flask import Blueprint, Response, jsonify, request

from migov.entities.facets import (
    MOST_VALUES,
    UNSTATED,
    Chosen,
    Counts,
    Facet,
    Lines,
    Listing,
    Order,
    counts_of,
    lines_of,
    list_query,
)
from migov.entities.listings import LISTINGS
from migov.entities.texts import abstracts
from migov.errors import LimitError, ParameterError, StoreProblem
from migov.protocol.formats import JSON, PAGE
from migov.protocol.operation import last
from migov.protocol.paging import Page, read_page
from migov.web.feeds import ATOM, feed_of
from migov.web.links import Names, here
from migov.web.request import LANGUAGES, format_among, languages, url_parameters
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
    "publisher": "Publisher",
    "listing": "Listed under",
    "language": "Language of the source",
    "submitter": "Submitter",
    "initiative": "Initiative",
    "document": "Source document",
}
ORDERS: Final = {
    "name": "by name",
    "latest": "latest first",
    "records": "most records first",
    "initiatives": "most initiatives first",
}
_STANDARD: Final = 25
_SHOWN: Final = 6
"""Values of a facet that are shown at once; the others unfold."""
_OPEN: Final = 4
"""Facets whose values are shown at once."""
_OTHERS: Final = frozenset({"lang", "format", "sort", "limit", "offset"})


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


@dataclass(frozen=True, slots=True)
class Asked:
    """A list as an address asks for it."""

    listing: Listing
    chosen: Chosen
    order: Order
    page: Page

    def address(self, chosen: Chosen | None = None, suffix: str = "", **changed: str) -> str:
        """Return the address of this list, with other values or another order, on its first page
        unless `offset` is among what is changed."""
        values = self.chosen if chosen is None else chosen
        kept = {"sort": self.order.name if self.order != self.listing.orders[0] else ""}
        kept |= changed
        if (language := request.args.get("lang")) in LANGUAGES:
            kept.setdefault("lang", language or "")
        if self.page.limit != _STANDARD:
            kept["limit"] = str(self.page.limit)
        fields = [
            (facet.name, value)
            for facet in self.listing.facets
            for value in values.get(facet.name, ())
        ]
        fields += [(name, value) for name, value in kept.items() if value]
        path = f"{request.script_root}/{self.listing.name}{suffix}"
        return f"{path}?{urlencode(fields)}" if fields else path

    def with_value(self, name: str, value: str) -> str:
        return self.address({**self.chosen, name: [*self.chosen.get(name, ()), value]})

    def without_value(self, name: str, value: str) -> str:
        kept = [each for each in self.chosen.get(name, ()) if each != value]
        return self.address({**self.chosen, name: kept})


def _listed(name: str, suffix: str | None = None) -> Response:
    asked = _asked(LISTINGS[name])
    format = format_among((PAGE, JSON, ATOM), suffix)
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
    return _page(asked, lines, counts)


for _name in LISTINGS:
    blueprint.add_url_rule(f"/{_name}", _name, _listed, defaults={"name": _name})
    blueprint.add_url_rule(f"/{_name}.<suffix>", f"{_name}_as", _listed, defaults={"name": _name})


def _asked(listing: Listing) -> Asked:
    """Return what the address asks for; raises ParameterError."""
    parameters = url_parameters()
    known = {facet.name for facet in listing.facets}
    chosen: dict[str, list[str]] = {}
    for name, value in parameters:
        if name in known:
            if value and value not in chosen.setdefault(name, []):
                chosen[name].append(value)
        elif name not in _OTHERS:
            raise ParameterError(
                f"The list has no facet “{name}”.",
                hint=f"It has {', '.join(sorted(known))}; and sort, limit, offset, lang, format.",
            )
    for facet in listing.facets:
        for value in chosen.get(facet.name, ()):
            if value != UNSTATED:
                facet.condition("?s", value, 0)  # raises for a value that can be none
    wanted = last(parameters, "sort")
    order = next((order for order in listing.orders if order.name == wanted), listing.orders[0])
    if wanted and order.name != wanted:
        raise ParameterError(
            f"sort is “{wanted}”: expected one of "
            f"{', '.join(order.name for order in listing.orders)}."
        )
    limits = read_page(last(parameters, "limit"), last(parameters, "offset"), _STANDARD)
    return Asked(listing, chosen, order, limits)


def _page(asked: Asked, lines: Lines, counts: Counts | None) -> Response:
    listing = asked.listing
    names = names_of(_iris(asked, lines, counts))
    chips = [
        _choice(facet, value, asked.without_value(facet.name, value), names)
        for facet in listing.facets
        for value in asked.chosen.get(facet.name, ())
    ]
    limit, offset = asked.page.limit, asked.page.offset
    return page(
        "listing.html",
        names=names,
        asked=asked,
        title=TITLES[listing.name],
        lead=LEADS[listing.name],
        chips=chips,
        facets=_narrowings(asked, counts, names) if counts else [],
        facet_titles=FACETS,
        orders=[
            (ORDERS[order.name], asked.address(sort=_named(order, listing)), order == asked.order)
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


def _named(order: Order, listing: Listing) -> str:
    return "" if order == listing.orders[0] else order.name


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


def _narrowings(asked: Asked, counts: Counts, names: Names) -> list[Narrowing]:
    """Return the facets that can narrow what is left: those with a value that not all have."""
    found: list[Narrowing] = []
    for facet in asked.listing.facets:
        chosen = {_value(facet, given) for given in asked.chosen.get(facet.name, ())}
        counted = counts.facets[facet.name]
        open_ = [entry for entry in counted if entry.value not in chosen]
        if not any(entry.value is not None for entry in open_):
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
                is_open=len(found) < _OPEN,
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
    chosen = [
        _choice(facet, value, "", names).label
        for facet in asked.listing.facets
        for value in asked.chosen.get(facet.name, ())
    ]
    title = " · ".join(["migov", translated(TITLES[asked.listing.name]), *chosen])
    content = feed_of(
        asked.listing,
        asked.chosen,
        title,
        page_address=asked.address(),
        feed_address=asked.address(suffix=".atom"),
    )
    return body(content, ATOM)
