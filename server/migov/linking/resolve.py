"""From any known identifier to what of ours has it, and back."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from migov.errors import ParameterError
from migov.gate.checks.identifiers import fits_form, form, has_right_check, mended
from migov.linking.ours import Ours
from migov.targets.portrait import Portrait


@dataclass(frozen=True, slots=True)
class Resolved:
    """One of ours, with every identifier it has and every IRI it is known to be the same as."""

    portrait: Portrait
    identifiers: tuple[tuple[str, str], ...]
    links: tuple[str, ...]


def by_iri(ours: Ours, iri: str) -> list[Resolved]:
    """Return what of ours is an IRI: its own, one it is linked with, or one of a known register.

    Registers write one thing in several ways (http and https, `wiki/` and `entity/`); all are
    understood.
    """
    own = ours.index.by_iri.get(iri)
    if own is not None:
        return [_resolved(ours, own)]
    linked = ours.linked.get(iri) or ours.linked.get(_other_scheme(iri))
    if linked is not None:
        return [_resolved(ours, ours.index.by_iri[each]) for each in sorted(linked)]
    for scheme in ours.schemes:
        value = mended(scheme, iri)
        if value is not None and (found := ours.index.with_identifier((scheme, value))):
            return [_resolved(ours, each) for each in found]
    return []


def by_identifier(ours: Ours, text: str) -> list[Resolved]:
    """Return what of ours has an identifier, written `scheme:value`.

    Raises ParameterError where there is no such scheme, or the value cannot be one of it.
    """
    scheme, colon, value = text.partition(":")
    if not colon or scheme not in ours.schemes:
        raise ParameterError(
            f"“{text}” names no scheme of identifiers that is known here.",
            hint=f"Write scheme:value, such as wikidata:Q1028; {', '.join(ours.schemes)}.",
        )
    value = mended(scheme, value) or value.strip()
    if not fits_form(scheme, value) or not has_right_check(scheme, value):
        known = form(scheme)
        what = "has another form" if not fits_form(scheme, value) else "fails its own check"
        raise ParameterError(
            f"“{value}” cannot be an identifier of {scheme}: it {what}.",
            hint=f"One looks like {known[1]}." if known else None,
        )
    return [_resolved(ours, each) for each in ours.index.with_identifier((scheme, value))]


def _resolved(ours: Ours, each: Portrait) -> Resolved:
    links: Sequence[str] = sorted(iri for iri, of in ours.linked.items() if each.iri in of)
    return Resolved(each, tuple(sorted(each.identifiers)), tuple(links))


def _other_scheme(iri: str) -> str:
    """Return an http address as https, and the other way round."""
    if iri.startswith("http://"):
        return "https://" + iri.removeprefix("http://")
    return "http://" + iri.removeprefix("https://")
