"""Statements with who makes them: sources, claims, values, and answers grouped into these."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from typing import Final

from pyoxigraph import BlankNode, Literal

from migov.engine import Engine, Row, select
from migov.entities.sparql import Term, iri_of, values
from migov.vocabulary import CONCEPT, NS, STANDARD_PREFIXES

_RDF, _RDFS, _SKOS = (STANDARD_PREFIXES[prefix] for prefix in ("rdf", "rdfs", "skos"))
PREFIXES: Final = f"PREFIX mg: <{NS}> PREFIX rdf: <{_RDF}> PREFIX rdfs: <{_RDFS}> "
STATED: Final = CONCEPT + "certainty/stated"
KEPT: Final = frozenset(
    {
        _RDF + "type",
        _SKOS + "prefLabel",
        *(
            f"{NS}{edge}{end}"
            for edge in ("start", "end", "issued")
            for end in ("Earliest", "Latest")
        ),
    }
)
"""What a record's keeper writes beside the facts, claiming nothing of the source."""

CLAIMED_OF_RECORDS: Final = frozenset(
    NS + name for name in ("submitter", "listedUnder", "describes")
)


@dataclass(frozen=True, slots=True)
class Source:
    """A named graph that states something: a source record, or a file of this project's editors."""

    graph: str
    record: bool
    locator: str | None


@dataclass(frozen=True, slots=True)
class Claim:
    """One statement of something by one source: where, how surely, and in which words."""

    source: Source
    locator: str | None = None
    certainty: str | None = None
    wording: Literal | None = None
    comments: tuple[Literal, ...] = ()

    @property
    def doubtful(self) -> bool:
        """Whether the source does not plainly state it."""
        return self.certainty not in (None, STATED)


@dataclass(slots=True)
class Value:
    """One value of a property, what it holds where it is a node without a name, and its claims."""

    term: Term
    parts: dict[str, list[Term]] = field(default_factory=dict)
    claims: list[Claim] = field(default_factory=list)


@dataclass(slots=True)
class Property:
    """A property and its values, or, looking back, the things that have this one as a value."""

    iri: str
    values: list[Value]


def claim_pattern(subject: str, object: str) -> str:
    """Return the pattern that finds what an annotation says of a triple in the same graph."""
    return f"""OPTIONAL {{
      ?note rdf:subject {subject} ; rdf:predicate ?p ; rdf:object {object} .
      OPTIONAL {{ ?note mg:locator ?locator }}
      OPTIONAL {{ ?note mg:certainty ?certainty }}
      OPTIONAL {{ ?note mg:wording ?wording }}
      OPTIONAL {{ ?note rdfs:comment ?comment }}
    }}"""


def sources_of(engine: Engine, graphs: Iterable[str]) -> dict[str, Source]:
    """Return for each named graph whether it is a source record, and its default locator."""
    wanted = sorted(set(graphs))
    if not wanted:
        return {}
    rows = select(
        engine,
        f"""{PREFIXES} SELECT ?g ?locator WHERE {{
          {values("g", wanted)} ?g a mg:SourceRecord OPTIONAL {{ ?g mg:locator ?locator }}
        }}""",
    )
    records = {row["g"].value: text_of(row, "locator") for row in rows}
    return {graph: Source(graph, graph in records, records.get(graph)) for graph in wanted}


def grouped(
    rows: Iterable[Row], sources: Mapping[str, Source], subject: str | None
) -> list[Property]:
    """Return rows of ?p ?o … as properties with their values, each with its claims.

    `subject` is what the rows are about, None where each is about its ?o (links that come in).
    """
    properties: dict[str, dict[Term, Value]] = {}
    for row in rows:
        term = row["o"]
        values_of_property = properties.setdefault(row["p"].value, {})
        value = values_of_property.setdefault(term, Value(term))
        part = row.get("part")
        if part is not None and (inner := row["partValue"]) not in value.parts.setdefault(
            part.value, []
        ):
            value.parts[part.value].append(inner)
        source = sources.get(row["g"].value) if "g" in row else None
        if source is not None:
            about = iri_of(term) if subject is None else subject
            _add(claim_of(row, source, row["p"].value, about), value.claims)
    return [Property(iri, list(found.values())) for iri, found in properties.items()]


def _add(claim: Claim, claims: list[Claim]) -> None:
    """Add a claim; the same one with a comment in another language is one claim."""
    for position, known in enumerate(claims):
        if replace(known, comments=()) == replace(claim, comments=()):
            comments = dict.fromkeys((*known.comments, *claim.comments))
            claims[position] = replace(known, comments=tuple(comments))
            return
    claims.append(claim)


def claim_of(row: Row, source: Source, predicate: str, subject: str | None) -> Claim:
    """Return who says a row and where; the record's own locator stands for facts without one."""
    kept = predicate in KEPT or (subject == source.graph and predicate not in CLAIMED_OF_RECORDS)
    locator = text_of(row, "locator")
    if locator is None and source.record and not kept:
        locator = source.locator
    wording, comment = row.get("wording"), row.get("comment")
    return Claim(
        source,
        locator,
        text_of(row, "certainty"),
        wording if isinstance(wording, Literal) else None,
        (comment,) if isinstance(comment, Literal) else (),
    )


def text_of(row: Row, name: str) -> str | None:
    term = row.get(name)
    return None if term is None or isinstance(term, BlankNode) else term.value
