"""Questions → candidates among our entities, with every reason as a number."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from typing import Final

from migov.linking.ours import Ours
from migov.linking.reconciliation.asking import LONGEST, Condition, Question
from migov.linking.score import Candidate, Feature, candidates
from migov.targets.portrait import Portrait, portrait
from migov.vocabulary import BASE, CONCEPT, NS, PREFIXES
from migov.words import folded

PROPERTY: Final = 10.0
OTHER_PROPERTY: Final = -10.0
"""Points for a property that a candidate shares, or has otherwise."""
_IDENTIFIERS: Final = CONCEPT + "identifier-scheme/"
_LIKELY: Final = 40.0
"""Points from which a thing is worth suggesting."""
_MORE: Final = 10
"""Candidates beyond those asked for that properties may bring forward."""


@dataclass(frozen=True, slots=True)
class Wish:
    """What a question says beside names, in our own IRIs."""

    types: frozenset[str]
    conditions: tuple[Condition, ...]


def iri_of(identifier: str) -> str:
    """Return the IRI that an identifier of this service stands for; IRIs and short names pass.

    >>> iri_of("id/place/mar"), iri_of("mg:Country")
    ('https://w3id.org/migov/id/place/mar', 'https://w3id.org/migov/ns#Country')
    """
    prefix, colon, local = identifier.partition(":")
    if colon and prefix in PREFIXES and not local.startswith("//"):
        return PREFIXES[prefix] + local
    if "://" in identifier:
        return identifier
    return BASE + identifier.lstrip("/")


def id_of(iri: str) -> str:
    """Return the identifier of this service for one of our IRIs.

    >>> id_of("https://w3id.org/migov/id/place/mar")
    'id/place/mar'
    """
    return iri.removeprefix(BASE)


def answered(ours: Ours, question: Question) -> list[Candidate]:
    """Return the candidates for one question, best first; nothing found is an empty list."""
    wish = Wish(frozenset(map(iri_of, question.types)), question.conditions)
    if question.ids:
        return _by_id(ours, question)
    asked = _asked(question)
    if asked.names or asked.identifiers:
        reach = question.limit + (_MORE if wish.conditions or wish.types else 0)
        found = candidates(asked, ours.index, reach, lambda known: _fits(known, wish, question))
    else:  # only properties: whatever has one of them
        found = [
            Candidate(each, 0.0, ())
            for each in ours.index.portraits
            if any(_agrees(each, condition) for condition in wish.conditions)
            and _fits(each, wish, question)
        ]
    judged = [_with_wishes(each, wish, question) for each in found]
    judged.sort(key=lambda each: (-each.score, each.portrait.iri))
    return judged[: question.limit]


def _by_id(ours: Ours, question: Question) -> list[Candidate]:
    known = (ours.index.by_iri.get(iri_of(identifier)) for identifier in question.ids)
    return [
        Candidate(each, 100.0, (Feature("identifier", 100.0, each.iri),), is_certain=True)
        for each in known
        if each is not None
    ][: question.limit]


def _asked(question: Question) -> Portrait:
    identifiers = frozenset(
        (scheme, value)
        for condition in question.conditions
        if (scheme := scheme_of(condition.property)) is not None and condition.quantifier != "none"
        for value in condition.values
    )
    texts = [(text, None) for text in question.names]
    return portrait("", texts, identifiers=identifiers)


def scheme_of(property: str) -> str | None:
    """Return the identifier scheme that a property of this service names, or None.

    >>> scheme_of("concept/identifier-scheme/wikidata"), scheme_of("ns#isoAlpha2")
    ('wikidata', 'iso-alpha2')
    """
    iri = iri_of(property)
    codes = {NS + "isoAlpha2": "iso-alpha2", NS + "isoAlpha3": "iso-alpha3", NS + "m49": "m49"}
    if iri.startswith(_IDENTIFIERS):
        return iri.removeprefix(_IDENTIFIERS)
    return codes.get(iri)


def _fits(known: Portrait, wish: Wish, question: Question) -> bool:
    if wish.types and question.strictness != "should":
        has = (
            wish.types <= known.types if question.strictness == "all" else wish.types & known.types
        )
        if not has:
            return False
    return all(
        _agrees(known, condition) is True for condition in wish.conditions if condition.required
    )


def _with_wishes(each: Candidate, wish: Wish, question: Question) -> Candidate:
    """Return a candidate with what types and properties say for or against it."""
    extra = list(_wishes(each.portrait, wish, question))
    if not extra:
        return each
    points = sum(feature.points for feature in (*each.features, *extra))
    against = any(feature.points < 0 for feature in extra)
    return replace(
        each,
        score=round(min(100.0, max(0.0, points)), 1),
        features=(*each.features, *extra),
        is_certain=each.is_certain and not against,
    )


def _wishes(known: Portrait, wish: Wish, question: Question) -> Iterable[Feature]:
    if wish.types and question.strictness == "should" and not wish.types & known.types:
        yield Feature("other type", -10.0, min(known.types))
    for condition in wish.conditions:
        if scheme_of(condition.property) is not None:
            continue  # identifiers have a feature of their own
        agrees = _agrees(known, condition)
        if agrees is not None:
            name = f"property {condition.property}"
            yield Feature(name, PROPERTY if agrees else OTHER_PROPERTY, ", ".join(condition.values))


def _agrees(known: Portrait, condition: Condition) -> bool | None:
    """Whether a thing has the values, or None where it says nothing of that property."""
    said = _said(known, condition.property)
    if said is None:
        return None
    has = [bool({iri_of(value), folded(value), value.lower()} & said) for value in condition.values]
    if condition.quantifier == "none":
        return not any(has)
    return all(has) if condition.quantifier == "all" else any(has)


def _said(known: Portrait, property: str) -> frozenset[str] | None:
    scheme = scheme_of(property)
    if scheme is not None:
        values = [value.lower() for s, value in known.identifiers if s == scheme]
        return frozenset(values) or None
    return known.facts.get(iri_of(property))


def begun(ours: Ours, text: str, types: Sequence[str] = (), most: int = 10) -> list[Portrait]:
    """Return things to suggest as one types: whole identifiers, then names that begin so or near.

    Of `types`, where some are given, a thing has at least one. What is too long for a name begins
    none.
    """
    if len(text) > LONGEST:
        return []
    iri, beginning = iri_of(text), folded(text)
    found = {iri: ours.index.by_iri[iri]} if iri in ours.index.by_iri else {}
    if beginning:
        found.update((each.iri, each) for each in ours.index.beginning_with(beginning))
        near = candidates(portrait("", [(text, None)]), ours.index, most)
        found.update((each.portrait.iri, each.portrait) for each in near if each.score >= _LIKELY)
    wanted = set(map(iri_of, types))
    return [each for each in found.values() if not wanted or wanted & each.types][:most]
