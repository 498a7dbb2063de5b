"""Lists of things: the entities of a kind, the concepts of a scheme, the named graphs."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from pyoxigraph import Literal

from migov.engine import Engine, select
from migov.entities.labels import Label, labels
from migov.entities.sparql import iri_of, values
from migov.vocabulary import CONCEPT, ID, NS, STANDARD_PREFIXES

_PREFIXES = f"PREFIX mg: <{NS}> PREFIX skos: <{STANDARD_PREFIXES['skos']}> "

MOST = 1000
"""Things that one list names."""


@dataclass(frozen=True, slots=True)
class Entry:
    """One thing in a list: its name, what it is, and a code or definition where it has one."""

    iri: str
    label: Label
    about: tuple[str, ...] = ()
    note: Label | None = None
    code: str | None = None


def entities_of(engine: Engine, kind: str, languages: Sequence[str]) -> list[Entry]:
    """Return the entities whose IRIs lie in one folder of `id/`, by label."""
    rows = select(
        engine,
        f"""{_PREFIXES} SELECT DISTINCT ?s ?class WHERE {{
          ?s a ?class . FILTER(isIRI(?s) && STRSTARTS(STR(?s), {Literal(f"{ID}{kind}/")}))
        }} ORDER BY ?s ?class""",
    )
    classes: dict[str, list[str]] = {}
    for row in rows:
        if (iri := iri_of(row["class"])) is not None:
            classes.setdefault(row["s"].value, []).append(iri)
    known = labels(engine, classes, languages)
    return _by_label([Entry(iri, known[iri], tuple(about)) for iri, about in classes.items()])


def concepts_of(engine: Engine, scheme: str, languages: Sequence[str]) -> list[Entry]:
    """Return the concepts of a scheme: by code where all have one, else by label."""
    rows = select(
        engine,
        f"""{_PREFIXES} SELECT ?s ?code ?definition WHERE {{
          {values("scheme", [scheme])} ?s skos:inScheme ?scheme .
          OPTIONAL {{ ?s skos:notation ?code }}
          OPTIONAL {{ ?s skos:definition ?definition }}
        }} ORDER BY ?s ?code ?definition""",
    )
    codes: dict[str, str | None] = {}
    notes: dict[str, dict[str, Label]] = {}
    for row in rows:
        iri = row["s"].value
        codes.setdefault(iri, row["code"].value if "code" in row else None)
        if (definition := row.get("definition")) is not None:
            language = getattr(definition, "language", None)
            notes.setdefault(iri, {})[language or ""] = Label(definition.value, language)
    known = labels(engine, codes, languages)
    entries = [
        Entry(
            iri,
            known[iri],
            note=next(
                (notes[iri][tag] for tag in (*languages, "") if tag in notes.get(iri, {})), None
            ),
            code=code,
        )
        for iri, code in codes.items()
    ]
    entries = _by_label(entries)
    if all(entry.code for entry in entries):
        entries.sort(key=lambda entry: _number(entry.code or ""))
    return entries


def instances_of(engine: Engine, class_or_scheme: str, languages: Sequence[str]) -> list[Entry]:
    """Return the instances of a class, or the concepts of a scheme, by label."""
    if class_or_scheme.startswith(CONCEPT):
        return concepts_of(engine, class_or_scheme, languages)
    rows = select(
        engine,
        f"""{_PREFIXES} PREFIX rdfs: <{STANDARD_PREFIXES["rdfs"]}> SELECT DISTINCT ?s WHERE {{
          {values("of", [class_or_scheme])} ?s a/rdfs:subClassOf* ?of FILTER(isIRI(?s))
        }} LIMIT {MOST}""",
    )
    known = labels(engine, [row["s"].value for row in rows], languages)
    return _by_label([Entry(iri, label) for iri, label in known.items()])


def schemes(engine: Engine, languages: Sequence[str]) -> list[Entry]:
    """Return the concept schemes by label."""
    rows = select(
        engine,
        f"{_PREFIXES} SELECT DISTINCT ?s WHERE {{ ?s a skos:ConceptScheme FILTER(isIRI(?s)) }}",
    )
    known = labels(engine, [row["s"].value for row in rows], languages)
    return _by_label([Entry(iri, label) for iri, label in known.items()])


def graphs_of(engine: Engine, languages: Sequence[str]) -> list[Entry]:
    """Return the named graphs with what each is, records first."""
    rows = select(
        engine,
        f"""{_PREFIXES} SELECT DISTINCT ?g ?class WHERE {{
          GRAPH ?g {{ ?g a ?class }} FILTER(?class IN (mg:SourceRecord, mg:CuratedGraph))
        }} ORDER BY DESC(?class) ?g""",
    )
    classes = {row["g"].value: row["class"].value for row in rows}
    known = labels(engine, classes, languages)
    return [Entry(iri, known[iri], (about,)) for iri, about in classes.items()]


def _by_label(entries: list[Entry]) -> list[Entry]:
    return sorted(entries, key=lambda entry: (entry.label.text.casefold(), entry.iri))


def _number(code: str) -> tuple[bool, list[int], str]:
    """Sort key of a code: 2 before 10, 10.7 after 10, letters after numbers, no code last."""
    parts = code.split(".")
    numeric = all(part.isdigit() for part in parts)
    return (not numeric, [int(part) for part in parts] if numeric else [], code)
