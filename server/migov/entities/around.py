"""What stands around a thing and belongs on its page: dated things, and what was said."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from pyoxigraph import Literal, NamedNode

from migov.engine import Engine, select
from migov.entities.linked import notes_on, wide
from migov.entities.sparql import iri_of, node, values
from migov.vocabulary import NS

_THINGS: Final = 1000
"""Events, outputs or quotations that are looked at."""
_DATED: Final = 60
_DATES: Final = {
    NS + "startDate": "start",
    NS + "issuedDate": "start",
    NS + "startEarliest": "first",
    NS + "issuedEarliest": "first",
    NS + "endDate": "end",
}


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
    # Asked for by themselves: Virtuoso finds nothing where a branch of a UNION is a VALUES.
    around = select(
        engine,
        f"""PREFIX mg: <{NS}> SELECT DISTINCT ?thing WHERE {{
          {node(iri)} mg:hasEvent|mg:hasOutput ?thing FILTER(isIRI(?thing))
        }} LIMIT {_THINGS}""",
    )
    things = {iri, *(row["thing"].value for row in around)}
    rows = select(
        engine,
        f"""SELECT ?g ?thing ?q ?w WHERE {{
          {values("thing", sorted(things))}
          GRAPH ?g {{ ?thing ?q ?w }} FILTER(?q IN ({", ".join(f"<{name}>" for name in _DATES)}))
        }}""",
    )
    found = [row for row in wide(rows, ("g", "thing"), _DATES) if row.keys() >= {"start", "first"}]
    found.sort(key=lambda row: tuple(row[name].value for name in ("first", "thing", "g")))
    dated = (
        Dated(
            row["thing"].value,
            row["g"].value,
            row["start"].value,
            row["end"].value if "end" in row else None,
        )
        for row in found
    )
    return list(dict.fromkeys(dated))[:_DATED]


def quoted_around(engine: Engine, iri: str) -> list[Quoted]:
    """Return what was said at a thing, by somebody, or at an event of it."""
    rows = select(
        engine,
        f"""PREFIX mg: <{NS}> SELECT DISTINCT ?g ?quotation ?text ?speaker WHERE {{
          {{ SELECT DISTINCT ?quotation WHERE {{
            {values("this", [iri])}
            {{ ?this mg:hasQuotation ?quotation }}
            UNION {{ ?this mg:hasEvent/mg:hasQuotation ?quotation }}
            UNION {{ ?quotation mg:speaker ?this }}
          }} LIMIT {_THINGS} }}
          GRAPH ?g {{ ?quotation mg:text ?text }}
          OPTIONAL {{ GRAPH ?g {{ ?quotation mg:speaker ?speaker }} }}
        }} ORDER BY ?quotation ?text LIMIT 30""",
    )
    notes = notes_on(engine, dict.fromkeys(row["quotation"] for row in rows))
    return [
        Quoted(
            row["quotation"].value,
            text,
            iri_of(row.get("speaker")),
            row["g"].value,
            note["locator"].value if "locator" in note else None,
        )
        for row in rows
        if isinstance(text := row["text"], Literal)
        for note in notes.get((row["g"], row["quotation"], NamedNode(NS + "text"), text), [{}])
    ]
