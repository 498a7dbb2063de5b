"""`/quality`: how much is stated, inferred and ambiguous, what lacks what, licences, citation."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Hashable, Iterable, Mapping
from dataclasses import dataclass
from typing import Final, TypeVar

from flask import Blueprint, Response, url_for
from pyoxigraph import Literal

from migov import __version__
from migov.engine import Engine, Row, each
from migov.protocol.formats import PAGE
from migov.web.later import later, now_or_later
from migov.web.request import format_among, languages
from migov.web.responses import page, passing
from migov.web.site import state

blueprint = Blueprint("quality", __name__)
Found = TypeVar("Found")

CERTAINTIES: Final = ("stated", "inferred", "ambiguous")
CERTAIN: Final = "certainty-by-record"
LACKING: Final = "what-is-not-stated"
BESIDE: Final = (
    "where-records-differ",
    "said-by-several-records",
    "readings-by-certainty",
    "precision-of-dates",
    "unnamed-sets",
    "regions-without-initiatives",
    "global-compact-gaps",
)
"""Canned queries that tell more of coverage and quality, in the order of the page."""


@dataclass(frozen=True, slots=True)
class Coverage:
    """For one fact, how many initiatives have each value: "stated", "uncertain", "not stated"."""

    column: str
    counts: Mapping[str, int]

    @property
    def total(self) -> int:
        return sum(self.counts.values())


@dataclass(frozen=True, slots=True)
class Certain:
    """How many roles are read how surely, in so many records."""

    counts: Mapping[str, int]
    records: int


@blueprint.get("/quality")
def quality() -> Response:
    """Show coverage and quality, each number from a canned query that is named beside it."""
    format_among((PAGE,))
    catalogue = state().catalogue
    certain: Certain | None = _found(CERTAIN, _certain)
    coverage: list[Coverage] | None = _found(LACKING, _coverage)
    response = page(
        "quality.html",
        certain=certain,
        coverage=coverage,
        too_many={
            slug for slug in (CERTAIN, LACKING) if later().is_out_of_reach(state(), _key(slug))
        },
        sources=(CERTAIN, LACKING),
        beside=[catalogue[slug] for slug in BESIDE if slug in catalogue],
        language=languages()[0],
        version=__version__,
        address=url_for("home.home", _external=True),
    )
    return passing(response) if certain is None or coverage is None else response


def _key(slug: str) -> Hashable:
    return "quality", slug


def _found(slug: str, make: Callable[[Iterable[Row]], Found]) -> Found | None:
    """Return what is made of the rows of a canned query, None where they take too long for now.

    There are none where the repository has no such query.
    """
    current = state()
    query = current.catalogue.get(slug)
    if query is None:
        return make(())
    # Values are compared here and said by the page, so they are asked for in one language.
    text = query.bind({"lang": "en"}, current.terms)

    def question(engine: Engine, seconds: float | None) -> Found:
        return make(each(engine, text, within=seconds))

    found: Found | None = now_or_later(_key(slug), question)
    return found


def _certain(rows: Iterable[Row]) -> Certain:
    """Return how many roles are read how surely, and in how many records."""
    counts, records = dict.fromkeys(CERTAINTIES, 0), 0
    for records, row in enumerate(rows, 1):  # noqa: B007
        for name in CERTAINTIES:
            counts[name] += int(row[name].value) if name in row else 0
    return Certain(counts, records)


def _coverage(rows: Iterable[Row]) -> list[Coverage]:
    """Return for each fact how many initiatives have which value, the least stated first."""
    counted: dict[str, Counter[str]] = {}
    for row in rows:
        for column, value in row.items():
            if isinstance(value, Literal) and not column.endswith("Label"):
                counted.setdefault(column, Counter())[value.value] += 1
    found = [Coverage(column, dict(counts)) for column, counts in counted.items()]
    return sorted(found, key=lambda each: (each.counts.get("stated", 0), each.column))
