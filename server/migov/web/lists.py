"""`/initiatives`, `/actors`, `/countries`, `/events`, `/records`: lists that narrow by facets.

What is chosen stands in the address, each value as one parameter, and every link on the page is
such an address: a list can be kept, sent and followed as a feed.
"""

from __future__ import annotations

from dataclasses import dataclass
from http import HTTPStatus
from typing import Any, Final

from flask import Blueprint, Response, jsonify

from migov.entities.facets import MOST_VALUES, UNSTATED, list_query
from migov.entities.listing import BoundsError, Facet
from migov.entities.listings import LISTINGS
from migov.entities.texts import abstracts
from migov.entities.told import Told
from migov.errors import DeadlineError
from migov.protocol.formats import JSON, PAGE
from migov.protocol.operation import last
from migov.web.asked import Asked, asked_of, named
from migov.web.feeds import ATOM, feed_of
from migov.web.links import Names, here
from migov.web.list_parts import BEYOND, FIRST, LINES, ORDER, TOLD, TOTAL, Parts, parts_of
from migov.web.mistaken import mistaken
from migov.web.request import format_among, languages, url_parameters
from migov.web.responses import body, names_of, page, passing
from migov.web.site import state
from migov.web.translation import LANGUAGE_NAMES, number, translated

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
_LESS: Final = "Narrow the list, or search."
_SAID: Final = {
    (ORDER, True): "In no order: these are being sorted. Look again in a few minutes, or narrow "
    "the list.",
    (ORDER, False): "In no order: there are too many to be sorted. Narrow the list, or search.",
    (LINES, True): "These are still being looked for. Look again in a few minutes, or narrow the "
    "list.",
    (LINES, False): "These take too long to be found. Narrow the list in another way, or search.",
}
_ENDS: Final = "This list ends after the first {count}. Narrow it, or search."
_COUNTING: Final = "Still being counted: {names}. Look again in a few minutes."
_UNCOUNTED: Final = "Not counted, since there are too many: {names}. Narrow the list, or search."
"""What is said of what a list lacks, by its part and whether that is being found out."""
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
    parts = parts_of(asked)
    if format is JSON:
        if LINES in parts.missing:
            raise DeadlineError("The things of this list were not found in time.", hint=_LESS)
        response = jsonify(_document(asked, parts))
    else:
        response = _page(asked, parts, wrong)
    return passing(response) if parts.missing else response


for _name in LISTINGS:
    blueprint.add_url_rule(f"/{_name}", _name, _listed, defaults={"name": _name})
    blueprint.add_url_rule(f"/{_name}.<suffix>", f"{_name}_as", _listed, defaults={"name": _name})


def _page(asked: Asked, parts: Parts, wrong: BoundsError | None) -> Response:
    listing = asked.listing
    names = names_of(_iris(asked, parts))
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
        facets=_narrowings(asked, parts, names),
        facet_titles=FACETS,
        orders=[
            (ORDERS[order.name], asked.address(sort=named(order, listing)), order == asked.order)
            for order in listing.orders
        ],
        parts=parts,
        remarks=_remarks(asked, parts),
        texts=abstracts(state().house, parts.things, languages()),
        total=parts.total,
        cleared=asked.address({}),
        feed=asked.address(suffix=".atom", sort=""),
        previous=asked.address(offset=str(max(0, offset - limit))) if offset else None,
        next=asked.address(offset=str(offset + limit)) if parts.more else None,
        query=here(
            "/sparql",
            query=list_query(state().house, listing, asked.chosen, asked.order, languages()),
        ),
    )


def _remarks(asked: Asked, parts: Parts) -> list[str]:
    """Return what is to be said of what a list lacks."""
    missing, coming = parts.missing, parts.coming
    found = [translated(_SAID[part, part in coming]) for part in (LINES, ORDER) if part in missing]
    if BEYOND in missing:
        found.append(translated(_ENDS, count=number(FIRST)))
    titles = {facet.name: FACETS[facet.name] for facet in asked.listing.facets}
    titles |= {TOTAL: "how many there are", TOLD: "details of the lines"}
    for is_coming, said in ((True, _COUNTING), (False, _UNCOUNTED)):
        names = [
            translated(title)
            for part, title in titles.items()
            if part in missing and (part in coming) is is_coming
        ]
        if names:
            found.append(translated(said, names=", ".join(names)))
    return found


def _iris(asked: Asked, parts: Parts) -> set[str]:
    """Return everything that a page of a list names."""
    found = set(parts.things)
    for told in parts.told.values.values():
        found.update(value for values in told.values() for value in values if ":" in value)
    for facet in asked.listing.facets:
        if facet.kind == "thing":
            counted = parts.facets.get(facet.name, ())
            found.update(entry.value for entry in counted if entry.value)
    return found | _given(asked)


def _given(asked: Asked) -> set[str]:
    """Return the things that are chosen."""
    return {
        facet.iri(value)
        for facet in asked.listing.facets
        if facet.kind == "thing"
        for value in asked.chosen.get(facet.name, ())
        if value != UNSTATED
    }


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


def _narrowings(asked: Asked, parts: Parts, names: Names) -> list[Narrowing]:
    """Return the facets that can narrow what is left: those with a value that not all have, and
    those that take a range."""
    found: list[Narrowing] = []
    for facet in asked.listing.facets:
        chosen = {_value(facet, given) for given in asked.chosen.get(facet.name, ())}
        counted = parts.facets.get(facet.name, ())
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


def _document(asked: Asked, parts: Parts) -> dict[str, Any]:
    names = names_of(_iris(asked, parts))
    missing = {"missing": sorted(parts.missing)} if parts.missing else {}
    unknown = _unknown(asked, names)
    return {
        "list": asked.listing.name,
        "chosen": {name: list(values) for name, values in asked.chosen.items()},
        **({"unknown": unknown} if unknown else {}),
        **missing,
        "total": parts.total,
        "limit": asked.page.limit,
        "offset": asked.page.offset,
        "more": parts.more,
        "things": [
            {"iri": iri, "label": names.label(iri).text, **_told(parts.told, iri)}
            for iri in parts.things
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
            for name, counted in parts.facets.items()
        },
    }


def _unknown(asked: Asked, names: Names) -> list[dict[str, Any]]:
    return [
        {
            "facet": each.facet,
            "value": each.given,
            "meant": [{"label": label.text, "url": address} for label, address in each.meant],
        }
        for each in mistaken(asked, names)
    ]


def _told(told: Told, iri: str) -> dict[str, Any]:
    values: dict[str, Any] = {name: list(found) for name, found in told.of(iri).items()}
    return {**values, **({"numbers": numbers} if (numbers := told.numbers.get(iri)) else {})}


def _feed(asked: Asked) -> Response:
    names = names_of(_given(asked))
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
