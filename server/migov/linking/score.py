"""How likely two things are one: a sum of named features, so that a reviewer can follow it."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from typing import Final

from migov.linking.index import NameIndex, likeness_of_names
from migov.targets.names import is_acronym
from migov.targets.portrait import Portrait

IDENTIFIER: Final = 100.0
OTHER_IDENTIFIER: Final = -60.0
NAME: Final = 80.0
SAME_NAME: Final = 20.0
ACRONYM: Final = 10.0
OTHER_ACRONYM: Final = -15.0
COUNTRY: Final = 5.0
OTHER_COUNTRY: Final = -40.0
TYPE: Final = 5.0
OTHER_TYPE: Final = -30.0
YEAR: Final = 2.0
OTHER_YEAR: Final = -10.0
PARENT: Final = 3.0
"""Points of each feature; a score is their sum, held between 0 and 100."""

CLOSE: Final = 10.0
"""Points within which the second candidate makes the first uncertain."""


@dataclass(frozen=True, slots=True)
class Feature:
    """One reason: its name, the points it adds, and what was compared."""

    name: str
    points: float
    seen: str = ""


@dataclass(frozen=True, slots=True)
class Candidate:
    """One thing that may be meant, with its score and the reasons for it.

    `is_certain` says that it may be accepted without a person looking: the same identifier, or
    the very same name and nothing else that has it, and nothing that speaks against it.
    `rivals` are things that are nearly as likely or share the name.
    """

    portrait: Portrait
    score: float
    features: tuple[Feature, ...]
    is_certain: bool = False
    rivals: tuple[str, ...] = ()


def features(asked: Portrait, known: Portrait, index: NameIndex) -> list[Feature]:
    """Return the reasons for and against two portraits being of one thing."""
    return [
        *_identifiers(asked, known),
        *_names(asked, known, index),
        *_acronyms(asked, known),
        *_sets("country", asked.countries, known.countries, COUNTRY, OTHER_COUNTRY),
        *_sets("type", asked.types, known.types, TYPE, OTHER_TYPE),
        *_years(asked, known),
        *_sets("parent", asked.parents, known.parents, PARENT, 0.0),
    ]


def candidates(
    asked: Portrait,
    index: NameIndex,
    most: int = 3,
    wanted: Callable[[Portrait], bool] = lambda _: True,
) -> list[Candidate]:
    """Return the most likely things for a portrait, best first, of those that are `wanted`."""
    texts = [*dict.fromkeys(name.text for name in asked.names), *sorted(asked.acronyms)]
    near = {each.iri: each for each in index.near(texts, wanted)}
    for identifier in asked.identifiers:
        near.update((each.iri, each) for each in index.with_identifier(identifier))
    scored = [_scored(asked, known, index) for known in near.values() if wanted(known)]
    return _told_apart(asked, [each for each in scored if each.score > 0], index, most)


def _told_apart(
    asked: Portrait, scored: Iterable[Candidate], index: NameIndex, most: int
) -> list[Candidate]:
    """Return the best candidates in order, with their rivals, and which one is certain."""
    ordered = sorted(scored, key=lambda each: (-each.score, each.portrait.iri))
    found = []
    for each in ordered[:most]:
        rivals = tuple(
            other.portrait.iri
            for other in ordered[: most + 1]
            if other is not each and other.score >= each.score - CLOSE
        )
        every = tuple(dict.fromkeys((*rivals, *_namesakes(asked, each.portrait, index))))
        found.append(replace(each, is_certain=_certain(asked, each, every), rivals=every))
    return found


def _scored(asked: Portrait, known: Portrait, index: NameIndex) -> Candidate:
    reasons = features(asked, known, index)
    points = sum(feature.points for feature in reasons)
    return Candidate(known, round(min(100.0, max(0.0, points)), 1), tuple(reasons))


def _namesakes(asked: Portrait, known: Portrait, index: NameIndex) -> Iterable[str]:
    """Yield other things that the name could mean: theirs too, or the beginning of theirs.

    `Congo` is a name of one State and how people call two; a thing of another kind is no rival.
    """
    for name in asked.names:
        for other in index.with_name(name.folded):
            if other.iri != known.iri:
                yield other.iri
        for other in index.beginning_with(name.folded + " "):
            if other.iri != known.iri and other.types & known.types:
                yield other.iri


def _certain(asked: Portrait, each: Candidate, rivals: Sequence[str]) -> bool:
    """Whether nobody needs to look: precision is worth more than reach here."""
    points = {feature.name: feature.points for feature in each.features}
    if min(points.values(), default=0.0) < 0:
        return False
    if "identifier" in points:
        # A name that is nothing like ours casts doubt on the number beside it.
        return not asked.names or "acronym" in points or points.get("name", 0.0) >= NAME / 3
    # An acronym that one body has in our graph may be another's elsewhere.
    is_spelt_out = any(not is_acronym(name.text.strip()) for name in asked.names)
    return "same name" in points and is_spelt_out and not rivals


def _identifiers(asked: Portrait, known: Portrait) -> Iterable[Feature]:
    shared = sorted(asked.identifiers & known.identifiers)
    if shared:
        yield Feature("identifier", IDENTIFIER, " ".join(shared[0]))
        return
    schemes = {scheme for scheme, _ in asked.identifiers} & {s for s, _ in known.identifiers}
    if schemes:
        yield Feature("other identifier", OTHER_IDENTIFIER, min(schemes))


def _names(asked: Portrait, known: Portrait, index: NameIndex) -> Iterable[Feature]:
    best, seen = 0.0, ""
    for one in asked.names:
        for other in known.names:
            likeness = likeness_of_names(one.folded, other.folded, index, best)
            if likeness > best:
                best, seen = likeness, f"{one.text} ~ {other.text}"
    if best > 0:
        yield Feature("name", round(NAME * best, 1), seen)
    if best == 1.0:
        yield Feature("same name", SAME_NAME, seen)


def _acronyms(asked: Portrait, known: Portrait) -> Iterable[Feature]:
    shared = sorted(asked.acronyms & known.acronyms)
    if shared:
        is_all = all(name.folded.replace(" ", "") in asked.acronyms for name in asked.names)
        # An acronym alone is a hint to one of several bodies, never a name.
        yield Feature("acronym", NAME * 0.8 if is_all else ACRONYM, shared[0].upper())
    elif asked.acronyms and known.acronyms:
        yield Feature("other acronym", OTHER_ACRONYM, min(known.acronyms).upper())


def _sets(
    name: str, asked: frozenset[str], known: frozenset[str], gain: float, loss: float
) -> Iterable[Feature]:
    if asked & known:
        yield Feature(name, gain, min(asked & known))
    elif asked and known and loss:
        yield Feature(f"other {name}", loss, min(known))


def _years(asked: Portrait, known: Portrait) -> Iterable[Feature]:
    if asked.years & known.years:
        yield Feature("year", YEAR, str(min(asked.years & known.years)))
    elif asked.years and known.years:
        yield Feature("other year", OTHER_YEAR, str(min(known.years)))
