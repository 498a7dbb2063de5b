"""Everything the graph says about one thing, with who says it, where and how surely."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final

from pyoxigraph import Literal

from migov.engine import Engine, Row, select
from migov.entities.claims import (
    KEPT,
    PREFIXES,
    Claim,
    Property,
    Source,
    claim_of,
    grouped,
    sources_of,
)
from migov.entities.labels import Label
from migov.entities.linked import links_to, takes_part, with_notes
from migov.entities.sparql import Term, iri_of, values
from migov.vocabulary import INFERRED_GRAPH, NS, STANDARD_PREFIXES

_MOST_INFERRED: Final = 500
"""Inferred statements that are listed."""
_SORTED: Final = 4 * _MOST_INFERRED
"""Inferred statements that are sorted before the first are listed; a store sorts slowly."""


@dataclass(frozen=True, slots=True)
class Participation:
    """One actor in one role in one target, as one source has it."""

    iri: str
    role: str
    actor: str
    target: str
    claim: Claim


@dataclass(slots=True)
class Description:
    """All of it. `facts` are asserted, `kept` is beside them, `inferred` follows from the graph.

    Of what leads to a thing that very many name only the first is here: `linked` then says how
    many statements there are of each property, and `taking` how many participations.
    """

    iri: str
    facts: list[Property]
    kept: list[Property]
    participations: list[Participation]
    incoming: list[Property]
    inferred: list[Property]
    inferred_incoming: list[Property]
    sources: dict[str, Source]
    linked: Mapping[str, int] = field(default_factory=dict)
    taking: int = 0
    more_inferred: bool = False

    @property
    def known(self) -> bool:
        return bool(self.facts or self.kept or self.incoming or self.participations)

    def values_of(self, iri: str) -> list[Term]:
        """Return the asserted values of one property."""
        return [
            value.term
            for part in (*self.facts, *self.kept)
            if part.iri == iri
            for value in part.values
        ]

    def iris(self) -> set[str]:
        """Return every IRI that stands in the description."""
        found = {self.iri, *self.sources}
        for part in (
            *self.facts,
            *self.kept,
            *self.incoming,
            *self.inferred,
            *self.inferred_incoming,
        ):
            found.add(part.iri)
            for value in part.values:
                terms = [value.term, *(term for group in value.parts.values() for term in group)]
                found.update(value.parts, (iri for term in terms if (iri := iri_of(term))))
                found.update(claim.certainty for claim in value.claims if claim.certainty)
        for entry in self.participations:
            found.update((entry.role, entry.actor, entry.target))
            found.update((entry.claim.certainty,) if entry.claim.certainty else ())
        return found


def describe(engine: Engine, iri: str) -> Description:
    """Return what the graph says about an IRI; `known` is false when it says nothing."""
    this = values("this", [iri])
    outgoing = with_notes(engine, iri, select(engine, _outgoing(this)))
    incoming, taking = links_to(engine, iri), takes_part(engine, iri)
    inferred = sorted(select(engine, _inferred(this)), key=_place)
    graphs = {row["g"].value for row in (*outgoing, *incoming.rows, *taking.rows)}
    sources = sources_of(engine, graphs)
    facts = grouped(outgoing, sources, iri)
    listed = inferred[:_MOST_INFERRED]
    back = [{**row, "o": row["s"]} for row in listed if "s" in row]
    return Description(
        iri,
        facts=[part for part in facts if part.iri not in KEPT],
        kept=[part for part in facts if part.iri in KEPT],
        participations=[_participation(row, sources) for row in taking.rows],
        incoming=_with_counted(grouped(incoming.rows, sources, None), incoming.counts),
        inferred=grouped([row for row in listed if "o" in row], {}, iri),
        inferred_incoming=grouped(back, {}, None),
        sources=sources,
        linked=incoming.counts,
        taking=taking.more,
        more_inferred=len(inferred) > len(listed),
    )


def summaries(engine: Engine, iri: str, languages: Sequence[str]) -> dict[str, Label]:
    """Return what the records that describe a thing say of it in a paragraph, by record."""
    rows = select(
        engine,
        f"""{PREFIXES} PREFIX dcterms: <{STANDARD_PREFIXES["dcterms"]}>
        SELECT ?record ?text WHERE {{
          {values("this", [iri])} ?record mg:describes ?this ; dcterms:abstract ?text
        }} ORDER BY ?record ?text""",
    )
    found: dict[str, dict[str, Label]] = {}
    for row in rows:
        text = row["text"]
        if isinstance(text, Literal) and text.language and text.language in languages:
            label = Label(text.value, text.language)
            found.setdefault(row["record"].value, {})[text.language] = label
    return {
        record: next(texts[language] for language in languages if language in texts)
        for record, texts in found.items()
    }


def _with_counted(properties: list[Property], counts: Mapping[str, int]) -> list[Property]:
    """Return properties and those of which there is only a count."""
    told = {part.iri for part in properties}
    return [*properties, *(Property(iri, []) for iri in counts if iri not in told)]


def _outgoing(this: str) -> str:
    return f"""{PREFIXES}
    SELECT ?g ?p ?o ?part ?partValue WHERE {{
      {this}
      GRAPH ?g {{
        ?this ?p ?o .
        OPTIONAL {{ FILTER(isBlank(?o)) ?o ?part ?partValue }}
      }}
    }} ORDER BY ?p ?o ?g ?part ?partValue"""


def _inferred(this: str) -> str:
    # What a page shows as participations is not told again.
    return f"""{PREFIXES}
    SELECT ?p ?o ?s WHERE {{
      {this}
      GRAPH <{INFERRED_GRAPH}> {{
        {{ ?this ?p ?o }} UNION {{ ?s ?p ?this }}
        FILTER(?p NOT IN (mg:hasParticipation, mg:playsRole))
      }}
    }} LIMIT {_SORTED}"""


def _place(row: Row) -> tuple[str, ...]:
    return tuple(str(row.get(name, "")) for name in ("p", "o", "s"))


def _participation(row: Row, sources: Mapping[str, Source]) -> Participation:
    source = sources[row["g"].value]
    return Participation(
        row["n"].value,
        row["role"].value,
        row["actor"].value,
        row["target"].value,
        claim_of(row, source, NS + "actor", None),
    )
