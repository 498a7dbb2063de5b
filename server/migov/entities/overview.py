"""What is in the graph, in numbers."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from pyoxigraph import Literal

from migov.engine import Engine, select
from migov.entities.labels import Label, labels
from migov.vocabulary import NS, STANDARD_PREFIXES


@dataclass(frozen=True, slots=True)
class Count:
    """How many there are of something."""

    iri: str
    label: Label
    number: int


@dataclass(frozen=True, slots=True)
class Overview:
    """Counts by class, and source records by publisher."""

    classes: dict[str, int]
    publishers: list[Count]
    records: int


def overview(engine: Engine, languages: Sequence[str]) -> Overview:
    """Return what the asserted graphs hold, subclasses counted with their classes."""
    prefixes = (
        f"PREFIX mg: <{NS}> PREFIX dcterms: <{STANDARD_PREFIXES['dcterms']}> "
        f"PREFIX rdfs: <{STANDARD_PREFIXES['rdfs']}> "
    )
    by_class = select(
        engine,
        f"""{prefixes} SELECT ?class (COUNT(DISTINCT ?s) AS ?number) WHERE {{
          ?s a/rdfs:subClassOf* ?class FILTER(STRSTARTS(STR(?class), {Literal(NS)}))
        }} GROUP BY ?class ORDER BY DESC(?number) ?class""",
    )
    by_publisher = select(
        engine,
        f"""{prefixes} SELECT ?publisher (COUNT(DISTINCT ?record) AS ?number) WHERE {{
          ?record a mg:SourceRecord ; dcterms:publisher ?publisher
        }} GROUP BY ?publisher ORDER BY DESC(?number) ?publisher""",
    )
    known = labels(engine, [row["publisher"].value for row in by_publisher], languages)
    publishers = [
        Count(iri, known[iri], int(row["number"].value))
        for row in by_publisher
        for iri in [row["publisher"].value]
    ]
    classes = {row["class"].value: int(row["number"].value) for row in by_class}
    return Overview(classes, publishers, sum(count.number for count in publishers))
