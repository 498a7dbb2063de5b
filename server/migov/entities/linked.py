"""What leads to a thing: links, and participations. All of it, or the first where very much does.

A store sorts by looking at every name it sorts, which for a hundred thousand of them takes longer
than a page may. So a bounded part is asked for first, and sorted here; only what leads to few
things is asked for whole. What stands beside a link is joined and put together here too, since an
OPTIONAL with several patterns may be worked out for the whole graph.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import product
from typing import Final

from pyoxigraph import NamedNode

from migov.engine import Engine, Row, select
from migov.entities.claims import PREFIXES
from migov.entities.sparql import Term, iri_of, node, values
from migov.vocabulary import NS, STANDARD_PREFIXES

MOST_LINKS: Final = 500
"""Links and participations that are all shown; of more, only the first."""
FIRST: Final = 50
"""Links of one property, or participations, that are shown where there are too many."""
_SORTED: Final = 1000
"""Links of one property that the store sorts before it gives the first."""
_RDF, _RDFS = (STANDARD_PREFIXES[prefix] for prefix in ("rdf", "rdfs"))
Statement = tuple[Term, Term, Term, Term]
"""A graph and a triple that stands there."""
_ELSEWHERE: Final = frozenset(
    {NS + "actor", NS + "participationIn", _RDF + "subject", _RDF + "object"}
)
"""Properties whose links are told as participations, or as what an annotation says."""
_NOTED: Final = {
    NS + "locator": "locator",
    NS + "certainty": "certainty",
    NS + "wording": "wording",
    _RDFS + "comment": "comment",
    _RDF + "predicate": "p",
    _RDF + "object": "o",
}
_SAID: Final = ("locator", "certainty", "wording", "comment")
_TAKEN: Final = {
    NS + "role": "role",
    NS + "actor": "actor",
    NS + "participationIn": "target",
    NS + "locator": "locator",
    NS + "certainty": "certainty",
    NS + "wording": "wording",
}


@dataclass(frozen=True, slots=True)
class Linked:
    """Rows of ?g ?p ?o ?locator ?certainty ?wording ?comment for what has a thing as its value.

    Where `counts` is not empty the rows are the first of each property only, and it says how many
    statements there are of each.
    """

    rows: list[Row]
    counts: Mapping[str, int] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Taking:
    """Rows of ?g ?n ?role ?actor ?target ?locator ?certainty ?wording for participations.

    Where `more` is not zero they are the first only, of so many.
    """

    rows: list[Row]
    more: int = 0


def links_to(engine: Engine, iri: str) -> Linked:
    """Return what has a thing as its value, or has a nameless node that has it."""
    this, besides = node(iri), f"FILTER(?p NOT IN ({_names(_ELSEWHERE)}))"
    rows = select(
        engine,
        f"SELECT ?g ?p ?o WHERE {{ GRAPH ?g {{ ?o ?p {this} }} {besides} }} LIMIT {MOST_LINKS + 1}",
    )
    counts: dict[str, int] = {}
    if len(rows) > MOST_LINKS:
        counts = _counts(engine, iri)
        rows = _first(engine, iri, counts)
    elif any(iri_of(row["o"]) is None for row in rows):
        rows += select(
            engine,
            f"""SELECT DISTINCT ?g ?p ?o WHERE {{
              {{ SELECT ?g ?s ?p WHERE {{
                GRAPH ?g {{ ?s ?p {this} }} {besides} FILTER(isBlank(?s))
              }} LIMIT {MOST_LINKS} }}
              GRAPH ?g {{ ?o ?via ?s }} FILTER(isIRI(?o))
            }} LIMIT {MOST_LINKS}""",
        )
    named = [row for row in rows if iri_of(row["o"]) is not None]
    return Linked(with_notes(engine, iri, _sorted(named, "p", "o", "g"), back=True), counts)


def takes_part(engine: Engine, iri: str) -> Taking:
    """Return the participations in a thing or of an actor."""
    this = values("this", [iri])
    rows = select(
        engine,
        f"""{PREFIXES} SELECT ?g ?n ?q ?w WHERE {{
          {{ SELECT DISTINCT ?n WHERE {{
            {this} {{ ?n mg:participationIn ?this }} UNION {{ ?n mg:actor ?this }}
          }} LIMIT {MOST_LINKS + 1} }}
          GRAPH ?g {{ ?n ?q ?w }} FILTER(?q IN ({_names(_TAKEN)}))
        }}""",
    )
    found = [
        row
        for row in wide(rows, ("g", "n"), _TAKEN)
        if row.keys() >= {"role", "actor", "target"}
        and iri in (_iri(row, "actor"), _iri(row, "target"))
    ]
    found = _sorted(found, "role", "n")
    if len({row["n"] for row in rows}) <= MOST_LINKS:
        return Taking(found)
    counted = select(
        engine,
        f"""{PREFIXES} SELECT (COUNT(DISTINCT ?n) AS ?number) WHERE {{
          {this} {{ ?n mg:participationIn ?this }} UNION {{ ?n mg:actor ?this }}
        }}""",
    )
    return Taking(found[:FIRST], int(counted[0]["number"].value))


def with_notes(engine: Engine, iri: str, rows: Sequence[Row], *, back: bool = False) -> list[Row]:
    """Return rows of ?g ?p ?o about a thing with what annotations say of each in its graph.

    With `back` the thing is the value of ?o.
    """
    this = node(iri)
    notes = notes_on(engine, dict.fromkeys(row["o"] for row in rows) if back else [this])
    found: list[Row] = []
    for row in rows:
        ends = (row["o"], row["p"], this) if back else (this, row["p"], row["o"])
        found += [{**note, **row} for note in notes.get((row["g"], *ends), [{}])]
    return found


def notes_on(engine: Engine, subjects: Iterable[Term]) -> dict[Statement, list[Row]]:
    """Return what annotations say of the statements about some things, by graph and statement."""
    about = " ".join(str(subject) for subject in subjects if isinstance(subject, NamedNode))
    if not about:
        return {}
    # Found by their subject alone: very many annotations have the same predicate or object.
    rows = select(
        engine,
        f"""{PREFIXES} SELECT ?g ?s ?note ?q ?w WHERE {{
          {{ SELECT ?g ?s ?note WHERE {{
            VALUES ?s {{ {about} }} GRAPH ?g {{ ?note rdf:subject ?s }}
          }} }}
          GRAPH ?g {{ ?note ?q ?w }}
        }}""",
    )
    found: dict[Statement, list[Row]] = defaultdict(list)
    for row in wide(rows, ("g", "s", "note"), _NOTED):
        if row.keys() >= {"p", "o"}:
            said = {name: row[name] for name in _SAID if name in row}
            found[row["g"], row["s"], row["p"], row["o"]].append(said)
    return found


def wide(rows: Iterable[Row], keys: Sequence[str], names: Mapping[str, str]) -> list[Row]:
    """Return rows of ?q ?w about the same keys as one row with a column for each property.

    A property with several values makes several rows, as OPTIONAL would.
    """
    held: dict[tuple[Term, ...], dict[str, dict[Term, None]]] = {}
    for row in rows:
        of_key = held.setdefault(tuple(row[key] for key in keys), {})
        if (name := names.get(row["q"].value)) is not None:
            of_key.setdefault(name, {})[row["w"]] = None
    return [
        {**dict(zip(keys, key, strict=True)), **dict(zip(columns, combination, strict=True))}
        for key, columns in held.items()
        for combination in product(*columns.values())
    ]


def _counts(engine: Engine, iri: str) -> dict[str, int]:
    """Return how many statements have a thing as their value, by property."""
    rows = select(
        engine,
        f"SELECT ?p (COUNT(*) AS ?number) WHERE {{ ?o ?p {node(iri)} }} GROUP BY ?p",
    )
    counts = {row["p"].value: int(row["number"].value) for row in rows if "p" in row}
    return {name: number for name, number in counts.items() if name not in _ELSEWHERE}


def _first(engine: Engine, iri: str, counts: Mapping[str, int]) -> list[Row]:
    """Return the first links of each property: by name where few enough are to be sorted."""
    this = node(iri)
    branches = " UNION ".join(
        f"""{{ SELECT ?p ?o WHERE {{ ?o {node(name)} {this} BIND({node(name)} AS ?p) }}
        {"ORDER BY ?o" if number <= _SORTED else ""} LIMIT {FIRST} }}"""
        for name, number in sorted(counts.items())
    )
    if not branches:
        return []
    return select(
        engine,
        f"SELECT ?g ?p ?o WHERE {{ {branches} GRAPH ?g {{ ?o ?p {this} }} }}",
    )


def _sorted(rows: Iterable[Row], *names: str) -> list[Row]:
    return sorted(rows, key=lambda row: tuple(row[name].value for name in names))


def _iri(row: Row, name: str) -> str | None:
    return iri_of(row.get(name))


def _names(iris: Collection[str]) -> str:
    return ", ".join(str(node(iri)) for iri in sorted(iris))
