"""What is in the graph, in numbers: exact up to a bound, so that a very large graph tells too."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from migov.engine import Engine, select
from migov.entities.classes import with_subclasses
from migov.entities.labels import Label, labels
from migov.entities.sparql import node, values
from migov.vocabulary import NS, STANDARD_PREFIXES

MOST: Final = 10_000
"""Things that are counted; where there are more, `Count.more` says so."""


@dataclass(frozen=True, slots=True)
class Count:
    """How many there are of something, or with `more` at least how many."""

    iri: str
    label: Label
    number: int
    more: bool = False


@dataclass(frozen=True, slots=True)
class Overview:
    """Counts by class, and source records by publisher."""

    classes: dict[str, Count]
    publishers: list[Count]


def overview(engine: Engine, languages: Sequence[str], classes: Sequence[str]) -> Overview:
    """Return how many things of each class the asserted graphs hold, those of subclasses too, and
    who published the first records."""
    counted = _counted(engine, classes)
    published = select(
        engine,
        f"""PREFIX mg: <{NS}> PREFIX dcterms: <{STANDARD_PREFIXES["dcterms"]}>
        SELECT ?publisher (COUNT(DISTINCT ?record) AS ?number) WHERE {{
          {{ SELECT ?record WHERE {{ ?record a mg:SourceRecord }} LIMIT {MOST} }}
          ?record dcterms:publisher ?publisher
        }} GROUP BY ?publisher ORDER BY DESC(?number) ?publisher LIMIT 100""",
    )
    publishers = {row["publisher"].value: int(row["number"].value) for row in published}
    known = labels(engine, {*counted, *publishers}, languages)

    def count(iri: str, number: int) -> Count:
        return Count(iri, known[iri], min(number, MOST), number > MOST)

    return Overview(
        {iri: count(iri, number) for iri, number in counted.items()},
        [count(iri, number) for iri, number in publishers.items()],
    )


def _counted(engine: Engine, classes: Sequence[str]) -> dict[str, int]:
    """Return for each class that has things how many, one more than the bound for any above."""
    branches = [
        f"""{{ SELECT ({node(of)} AS ?of) (COUNT(*) AS ?number) WHERE {{
          SELECT DISTINCT ?s WHERE {{ {values("class", found)} ?s a ?class }} LIMIT {MOST + 1}
        }} }}"""
        for of, found in with_subclasses(engine, classes).items()
    ]
    rows = select(engine, f"SELECT ?of ?number WHERE {{ {' UNION '.join(branches)} }}")
    return {row["of"].value: int(row["number"].value) for row in rows if row["number"].value != "0"}
