"""What stands around a thing and belongs on its page: dated things, and what was said."""

from __future__ import annotations

from dataclasses import dataclass

from pyoxigraph import Literal

from migov.engine import Engine, select
from migov.entities.sparql import iri_of, node, values
from migov.vocabulary import NS, STANDARD_PREFIXES


@dataclass(frozen=True, slots=True)
class Dated:
    """A thing with a start or an issue date and perhaps an end, as one graph states them."""

    iri: str
    graph: str
    start: str
    end: str | None


@dataclass(frozen=True, slots=True)
class Quoted:
    """What somebody said, in the words of a source."""

    iri: str
    text: Literal
    speaker: str | None
    graph: str
    locator: str | None


def dated_around(engine: Engine, iri: str) -> list[Dated]:
    """Return the dates of a thing, of its events and of its outputs, the earliest first."""
    rows = select(
        engine,
        f"""PREFIX mg: <{NS}> SELECT DISTINCT ?g ?thing ?start ?end WHERE {{
          {node(iri)} (mg:hasEvent|mg:hasOutput)? ?thing
          GRAPH ?g {{
            ?thing mg:startDate|mg:issuedDate ?start ; mg:startEarliest|mg:issuedEarliest ?first
            OPTIONAL {{ ?thing mg:endDate ?end }}
          }}
        }} ORDER BY ?first ?thing ?g LIMIT 60""",
    )
    return [
        Dated(
            row["thing"].value,
            row["g"].value,
            row["start"].value,
            row["end"].value if "end" in row else None,
        )
        for row in rows
    ]


def quoted_around(engine: Engine, iri: str) -> list[Quoted]:
    """Return what was said at a thing, by somebody, or at an event of it."""
    rows = select(
        engine,
        f"""PREFIX mg: <{NS}> PREFIX rdf: <{STANDARD_PREFIXES["rdf"]}>
        SELECT DISTINCT ?g ?quotation ?text ?speaker ?locator WHERE {{
          {values("this", [iri])}
          {{ ?this mg:hasQuotation ?quotation }}
          UNION {{ ?this mg:hasEvent/mg:hasQuotation ?quotation }}
          UNION {{ ?quotation mg:speaker ?this }}
          GRAPH ?g {{
            ?quotation mg:text ?text
            OPTIONAL {{ ?quotation mg:speaker ?speaker }}
            OPTIONAL {{
              ?note rdf:subject ?quotation ; rdf:predicate mg:text ; rdf:object ?text ;
                mg:locator ?locator
            }}
          }}
        }} ORDER BY ?quotation ?text LIMIT 30""",
    )
    return [
        Quoted(
            row["quotation"].value,
            text,
            iri_of(row.get("speaker")),
            row["g"].value,
            row["locator"].value if "locator" in row else None,
        )
        for row in rows
        if isinstance(text := row["text"], Literal)
    ]
