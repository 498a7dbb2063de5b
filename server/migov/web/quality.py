"""`/quality`: how much is stated, inferred and ambiguous, what lacks what, licences, citation."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from flask import Blueprint, Response, url_for
from pyoxigraph import BlankNode, Literal, NamedNode

from migov import __version__
from migov.engine import select
from migov.protocol.formats import PAGE
from migov.web.request import format_among, languages
from migov.web.responses import page
from migov.web.site import state

blueprint = Blueprint("quality", __name__)

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


@blueprint.get("/quality")
def quality() -> Response:
    """Show coverage and quality, each number from a canned query that is named beside it."""
    format_among((PAGE,))
    catalogue = state().catalogue
    certain = _rows(CERTAIN)
    return page(
        "quality.html",
        certain={
            name: sum(int(row[name].value) for row in certain if name in row)
            for name in CERTAINTIES
        },
        records=len(certain),
        coverage=_coverage(_rows(LACKING)),
        sources=(CERTAIN, LACKING),
        beside=[catalogue[slug] for slug in BESIDE if slug in catalogue],
        language=languages()[0],
        version=__version__,
        address=url_for("home.home", _external=True),
    )


_Row = Mapping[str, NamedNode | BlankNode | Literal]


def _rows(slug: str) -> list[_Row]:
    """Return the rows of a canned query, none where the repository has no such query."""
    current = state()
    query = current.catalogue.get(slug)
    if query is None:
        return []
    # Values are compared here and said by the page, so they are asked for in one language.
    return list(select(current.house, query.bind({"lang": "en"}, current.terms)))


def _coverage(rows: list[_Row]) -> list[Coverage]:
    """Return for each fact how many initiatives have which value, the least stated first."""
    counted: dict[str, Counter[str]] = {}
    for row in rows:
        for column, value in row.items():
            if isinstance(value, Literal) and not column.endswith("Label"):
                counted.setdefault(column, Counter())[value.value] += 1
    found = [Coverage(column, dict(counts)) for column, counts in counted.items()]
    return sorted(found, key=lambda each: (each.counts.get("stated", 0), each.column))
