"""How well names are matched: precision and recall by threshold, with n and intervals.

    python -m benchmarks.link_quality

True pairs: countries by their common and official names in four languages (pycountry, another
source than our labels, which are CLDR's), and international bodies, agencies and ministries in
four languages by names, acronyms and misspellings. False ones: texts that look like a body and
name another (`tests/linking/false_pairs.tsv`), and every country's names asked of an index
that does not have that country.
"""

from __future__ import annotations

import csv
import gettext
import random
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from math import sqrt
from pathlib import Path
from typing import Any, Final

import pycountry
from babel import Locale

from migov.linking.index import NameIndex
from migov.linking.score import Candidate, candidates
from migov.targets.portrait import Portrait, portrait

LANGUAGES: Final = ("en", "fr", "es", "ar")
THRESHOLDS: Final = (40, 50, 60, 70, 80, 90, 100)
_FOLDER: Final = Path(__file__).resolve().parent.parent / "linking"
_SEED: Final = 20261126


@dataclass(frozen=True, slots=True)
class Case:
    """A text as somebody writes it, and what it names: None for nothing that the index has.

    `sort` says what makes it hard; `index` is the one to ask.
    """

    text: str
    right: str | None
    sort: str
    index: NameIndex
    wrong: str | None = None


@dataclass(frozen=True, slots=True)
class Judged:
    """A case with what was found for it."""

    case: Case
    found: tuple[Candidate, ...]

    @property
    def is_in_three(self) -> bool:
        return self.case.right in [each.portrait.iri for each in self.found[:3]]

    @property
    def accepted(self) -> list[str]:
        """What would be taken without anybody looking."""
        return [each.portrait.iri for each in self.found if each.is_certain]

    @property
    def is_wrongly_accepted(self) -> bool:
        return any(iri != self.case.right for iri in self.accepted)


def judged() -> list[Judged]:
    """Return every case with its candidates."""
    return [
        Judged(case, tuple(candidates(portrait("", [(case.text, None)]), case.index)))
        for case in (*true_cases(), *false_cases())
    ]


def true_cases() -> Iterator[Case]:
    """Yield texts that name something the index has."""
    chance = random.Random(_SEED)
    whole = NameIndex(countries())
    for code, texts in names_of_countries().items():
        for text in texts:
            yield Case(text, code, "country", whole)
        yield Case(_misspelt(texts[0], chance), code, "country, misspelt", whole)
    bodies = NameIndex(_bodies())
    for row in _rows("organisations.tsv"):
        for language in LANGUAGES:
            yield Case(row[language], row["id"], "body", bodies)
            if language != "ar":
                yield Case(_misspelt(row[language], chance), row["id"], "body, misspelt", bodies)
        for acronym in filter(None, row["acronyms"].split("|")):
            yield Case(acronym, row["id"], "acronym", bodies)


def false_cases() -> Iterator[Case]:
    """Yield texts that must not be taken for what looks like them."""
    bodies = _bodies()
    index = NameIndex(bodies)
    named = {
        text: each.iri
        for each in bodies
        for name in each.names
        for text in (name.text, name.folded)
    }
    for row in _rows("false_pairs.tsv"):
        yield Case(row["text"], named.get(row["text"]), row["why"], index, row["not"])
    every = countries()
    for each in every:
        others = _without(each.iri)
        for text in names_of_countries()[each.iri][:1]:
            yield Case(text, None, "a country that is not there", others)


@cache
def _without(code: str) -> NameIndex:
    return NameIndex(each for each in countries() if each.iri != code)


@cache
def countries() -> tuple[Portrait, ...]:
    """Return the countries and territories of ISO 3166-1 with CLDR's names, by alpha-3 code."""
    territories = {language: Locale(language).territories for language in LANGUAGES}
    return tuple(
        portrait(
            country.alpha_3,
            [
                (territories[language][country.alpha_2], language)
                for language in LANGUAGES
                if country.alpha_2 in territories[language]
            ],
            types=frozenset({"country"}),
        )
        for country in _iso()
    )


@cache
def names_of_countries() -> dict[str, list[str]]:
    """Return names by alpha-3 code: common and official, in four languages, none twice."""
    translations = {
        language: gettext.translation("iso3166-1", pycountry.LOCALES_DIR, languages=[language])
        for language in LANGUAGES[1:]
    }
    names: dict[str, list[str]] = {}
    for country in _iso():
        english = [
            getattr(country, name, None) for name in ("name", "common_name", "official_name")
        ]
        texts = [text for text in english if text]
        texts += [t.gettext(text) for text in texts[:] for t in translations.values()]
        names[country.alpha_3] = list(dict.fromkeys(texts))
    return names


def _iso() -> list[Any]:
    return list(pycountry.countries)


@cache
def _bodies() -> tuple[Portrait, ...]:
    return tuple(
        portrait(
            row["id"],
            [(row[language], language) for language in LANGUAGES],
            filter(None, row["acronyms"].split("|")),
            types=frozenset({"body"}),
        )
        for row in _rows("organisations.tsv")
    )


def _rows(name: str) -> list[dict[str, str]]:
    with (_FOLDER / name).open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file, delimiter="\t"))


def _misspelt(text: str, chance: random.Random) -> str:
    """Return a text with one letter left out, doubled, exchanged with the next, or another."""
    places = [at for at in range(1, len(text) - 1) if text[at].isalpha() and text[at + 1].isalpha()]
    if not places:
        return text + text[-1]
    at = chance.choice(places)
    letter = chance.choice("aeinrst")
    return text[:at] + chance.choice(
        [
            text[at + 1 :],
            text[at] + text[at:],
            text[at + 1] + text[at] + text[at + 2 :],
            letter + text[at + 1 :],
        ]
    )


def interval(successes: int, n: int) -> tuple[float, float]:
    """Return the 95 % Wilson interval of a proportion.

    >>> [round(bound, 3) for bound in interval(300, 300)]
    [0.987, 1.0]
    """
    if n == 0:
        return 0.0, 1.0
    z, p = 1.96, successes / n
    middle = (p + z * z / (2 * n)) / (1 + z * z / n)
    half = z * sqrt(p * (1 - p) / n + z * z / (4 * n * n)) / (1 + z * z / n)
    return max(0.0, middle - half), min(1.0, middle + half)


def report(results: list[Judged]) -> Iterator[str]:
    """Yield the lines of a report in Markdown."""
    true = [each for each in results if each.case.right is not None]
    yield "| taken at | precision | 95 % interval | n taken | recall | 95 % interval | n true |"
    yield "|---|---|---|---|---|---|---|"
    for threshold in THRESHOLDS:
        taken = [each for each in results if each.found and each.found[0].score >= threshold]
        right = sum(each.found[0].portrait.iri == each.case.right for each in taken)
        yield _row(f"score ≥ {threshold}", right, len(taken), right, len(true))
    taken = [each for each in results if each.accepted]
    right = sum(not each.is_wrongly_accepted for each in taken)
    yield _row("without review", right, len(taken), right, len(true))
    yield ""
    yield "| true pairs | in the first three | recall | 95 % interval |"
    yield "|---|---|---|---|"
    for sort in dict.fromkeys(["all", *(each.case.sort for each in true)]):
        of_sort = [each for each in true if sort in ("all", each.case.sort)]
        hits = sum(each.is_in_three for each in of_sort)
        low, high = interval(hits, len(of_sort))
        share = f"{hits / len(of_sort):.3f} | {low:.3f}–{high:.3f}"
        yield f"| {sort} | {hits} of {len(of_sort)} | {share} |"


def _row(name: str, right: int, taken: int, found: int, n: int) -> str:
    low, high = interval(right, taken)
    least, most = interval(found, n)
    return (
        f"| {name} | {right / max(1, taken):.3f} | {low:.3f}–{high:.3f} | {taken} "
        f"| {found / n:.3f} | {least:.3f}–{most:.3f} | {n} |"
    )


if __name__ == "__main__":
    print("\n".join(report(judged())))
