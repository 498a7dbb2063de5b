"""`/contribute/alike`: what the graph has already under names, acronyms or identifiers like these.

The form for a new record asks as one types, and shows the same when a record is checked.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import islice
from typing import Any, Final

from flask import Blueprint, Response, jsonify

from migov.entities import short_name
from migov.errors import ParameterError
from migov.gate.checks.identifiers import mended
from migov.linking.alike import alike
from migov.linking.reconciliation.documents import narrowest
from migov.linking.score import NAME, Candidate, Feature
from migov.protocol.formats import JSON, PAGE
from migov.protocol.misspelt import LOOSE, refuse_misspelt
from migov.protocol.operation import Parameters
from migov.targets.portrait import Identifier, portrait
from migov.vocabulary import ID, NS
from migov.web.known import entities_here
from migov.web.links import href
from migov.web.request import format_among, languages, url_parameters
from migov.web.responses import names_of, page
from migov.web.translation import number, translated

blueprint = Blueprint("alike", __name__)

_LONGEST: Final = 300
_MOST: Final = 6
"""Names, acronyms and identifiers, each, that one question may have."""
_ABOUT: Final = {
    "initiative": NS + "Initiative",
    "actor": NS + "Organisation",
    "place": NS + "Place",
    "event": NS + "Event",
}
_SLUG: Final = re.compile(r"[a-z0-9]+(-[a-z0-9]+)*")


@dataclass(frozen=True, slots=True)
class Described:
    """What is known of a thing that somebody describes."""

    names: tuple[str, ...] = ()
    acronyms: tuple[str, ...] = ()
    identifiers: tuple[Identifier, ...] = ()

    def __bool__(self) -> bool:
        return bool(self.names or self.acronyms or self.identifiers)


_READ: Final = ("name", "acronym", "identifier", "about", "beside", "lang", "format")


@blueprint.get("/contribute/alike")
def look() -> Response:
    """Return what may be the thing that is described, as JSON or as a page."""
    format = format_among((JSON, PAGE))
    fields = url_parameters()
    refuse_misspelt(fields, _READ, LOOSE)
    about = next((value for name, value in fields if name == "about"), "initiative")
    if about not in _ABOUT:
        raise ParameterError(f"about is “{about}”: expected one of {', '.join(_ABOUT)}.")
    described = described_by(fields)
    besides = [value for name, value in fields if name == "beside"][:_MOST]
    found = shown(described, about, besides)
    if format is PAGE:
        names = names_of(_ABOUT.values())
        kinds = [(slug, names.label(iri).text) for slug, iri in _ABOUT.items()]
        response = page("alike.html", described=described, found=found, about=about, kinds=kinds)
    else:
        response = jsonify({"alike": found})
    response.headers["X-Robots-Tag"] = "noindex"
    return response


def described_by(fields: Parameters) -> Described:
    """Return what the fields `name`, `acronym` and `identifier` describe.

    Raises ParameterError for what is longer or more than anybody writes, and for an identifier
    of no scheme.
    """
    return Described(
        tuple(_texts(fields, "name")),
        tuple(_texts(fields, "acronym")),
        tuple(identifier(*_split(text)) for text in _texts(fields, "identifier")),
    )


def _split(text: str) -> tuple[str, str]:
    """Return scheme and value of an identifier; raises ParameterError where it names no scheme."""
    scheme, colon, value = text.partition(":")
    if not colon:
        schemes = ", ".join(entities_here().schemes)
        raise ParameterError(
            f"identifier is “{text}”, which names no scheme.",
            hint=f"Write scheme:value, such as wikidata:Q1028; {schemes}.",
        )
    return scheme, value


def identifier(scheme: str, value: str) -> Identifier:
    """Return an identifier as the graph writes those of its scheme."""
    return scheme, mended(scheme, value) or value.strip()


def within(described: Described) -> Described:
    """Return as much of a description as one question may have."""
    return Described(
        tuple(text[:_LONGEST] for text in described.names[:_MOST]),
        tuple(text[:_LONGEST] for text in described.acronyms[:_MOST]),
        described.identifiers[:_MOST],
    )


def shown(described: Described, about: str, besides: Iterable[str] = ()) -> list[dict[str, Any]]:
    """Return what may be the thing that is described, as pages and programs show it.

    `besides` are slugs of things of its kind that are left out.
    """
    if not described:
        return []
    known = entities_here()
    asked = portrait(
        "",
        [(text, None) for text in described.names],
        described.acronyms,
        identifiers=frozenset(described.identifiers),
    )
    left_out = {f"{ID}{about}/{slug}" for slug in besides}
    return [_shown(each) for each in alike(known, asked, _ABOUT[about], left_out)]


def _shown(each: Candidate) -> dict[str, Any]:
    known, iri = entities_here(), each.portrait.iri
    label, tag = known.label(iri, languages()[0])
    types = [each for each in narrowest(known, each.portrait) if each.startswith(NS)]
    slug = iri.rpartition("/")[2]
    return {
        "iri": iri,
        "slug": slug if iri == f"{ID}initiative/{slug}" and _SLUG.fullmatch(slug) else None,
        "label": label,
        "language": tag,
        "kind": known.label(types[0], languages()[0])[0] if types else short_name(iri),
        "score": each.score,
        "reasons": [reason for reason in _reasons(each.features) if reason],
        "url": href(iri),
    }


def _reasons(features: Sequence[Feature]) -> Iterable[str]:
    """Yield the reasons for a score in words, each with what it adds."""
    is_same = any(each.name == "same name" for each in features)
    for each in features:
        theirs = each.seen.rpartition(" ~ ")[2]
        if each.name == "name" and is_same:
            continue
        match each.name:
            case "same name":
                points = sum(f.points for f in features if f.name in ("name", "same name"))
                text = translated("same name “{name}”", name=theirs)
            case "name":
                points, share = each.points, number(100 * each.points / NAME)
                text = translated("{share} % like the name “{name}”", share=share, name=theirs)
            case "acronym":
                points, text = each.points, translated("same acronym {name}", name=each.seen)
            case "other acronym":
                points, text = each.points, translated("its acronym is {name}", name=each.seen)
            case "identifier":
                points, text = each.points, translated("same identifier {name}", name=each.seen)
            case "other identifier":
                points, text = each.points, translated("another identifier {name}", name=each.seen)
            case _:
                points, text = each.points, f"{translated(each.name)} {each.seen}"
        yield f"{text} ({'+' if points > 0 else '−'}{number(abs(points))})"


def _texts(fields: Parameters, name: str) -> Iterable[str]:
    """Yield the values of a field; raises ParameterError for too many or too long ones."""
    values = [" ".join(value.split()) for key, value in fields if key == name]
    if len(values) > _MOST:
        raise ParameterError(f"{name} is given {len(values)} times; up to {_MOST} are looked at.")
    for value in islice(values, _MOST):
        if len(value) > _LONGEST:
            raise ParameterError(
                f"{name} has {len(value):,} characters; up to {_LONGEST} are compared.",
                hint="Give the name alone.",
            )
        if value:
            yield value
