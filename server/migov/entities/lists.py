"""Lists of things: the entities of a kind, the concepts of a scheme, the named graphs."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from pyoxigraph import Literal

from migov.engine import Engine, Row, select
from migov.entities.classes import with_subclasses
from migov.entities.labels import Label, labels
from migov.entities.sparql import iri_of, values
from migov.vocabulary import CONCEPT, ID, KINDS, NS, STANDARD_PREFIXES

_PREFIXES = f"PREFIX mg: <{NS}> PREFIX skos: <{STANDARD_PREFIXES['skos']}> "

MOST: Final = 1000
"""Things that one list names."""
PART: Final = 500
"""Things of one part, where there are more than a list names."""
CLASSES: Final = {
    kind: NS + name
    for kind, name in zip(
        KINDS,
        (
            *("Initiative", "Actor", "Place", "Person", "Event", "Output", "Objective"),
            *("Quotation", "Corridor", "Participation", "ExternalInstrument", "SourceDocument"),
        ),
        strict=True,
    )
}
"""What the entities are that stand in each folder of `id/`."""


@dataclass(frozen=True, slots=True)
class Entry:
    """One thing in a list: its name, what it is, and a code or definition where it has one."""

    iri: str
    label: Label
    about: tuple[str, ...] = ()
    note: Label | None = None
    code: str | None = None


@dataclass(frozen=True, slots=True)
class Part:
    """Things in order, and whether there are more. A list that has several parts is not sorted as
    a whole: a store would take too long for that."""

    entries: list[Entry]
    offset: int = 0
    more: bool = False

    @property
    def is_whole(self) -> bool:
        return not (self.offset or self.more)


def entities_of(engine: Engine, kind: str, languages: Sequence[str], offset: int = 0) -> Part:
    """Return the entities whose IRIs lie in one folder of `id/`, by label; of many, one part."""
    of_kind = with_subclasses(engine, [CLASSES[kind]])[CLASSES[kind]]
    folder = Literal(f"{ID}{kind}/")
    found, more = _part(
        engine,
        f"""SELECT DISTINCT ?s WHERE {{
          {values("class", of_kind)} ?s a ?class FILTER(isIRI(?s) && STRSTARTS(STR(?s), {folder}))
        }}""",
        offset,
    )
    iris = [row["s"].value for row in found]
    rows = select(
        engine,
        f"SELECT DISTINCT ?s ?class WHERE {{ {values('s', iris)} ?s a ?class }}",
    )
    classes: dict[str, list[str]] = {iri: [] for iri in iris}
    for row in rows:
        if (iri := iri_of(row["class"])) is not None:
            classes[row["s"].value].append(iri)
    known = labels(engine, classes, languages)
    entries = _by_label([Entry(iri, known[iri], tuple(sorted(of))) for iri, of in classes.items()])
    return Part(entries, offset, more)


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
    classes = with_subclasses(engine, [class_or_scheme])[class_or_scheme]
    rows = select(
        engine,
        f"""SELECT DISTINCT ?s WHERE {{ {values("class", classes)} ?s a ?class FILTER(isIRI(?s)) }}
        LIMIT {MOST}""",
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


def graphs_of(engine: Engine, languages: Sequence[str], offset: int = 0) -> Part:
    """Return the named graphs with what each is, records first; of many, one part."""
    rows, more = _part(
        engine,
        f"""{_PREFIXES} SELECT DISTINCT ?g ?class WHERE {{
          VALUES ?class {{ mg:SourceRecord mg:CuratedGraph }} GRAPH ?g {{ ?g a ?class }}
        }}""",
        offset,
    )
    rows.sort(key=lambda row: row["g"].value)
    rows.sort(key=lambda row: row["class"].value, reverse=True)
    classes = {row["g"].value: row["class"].value for row in rows}
    known = labels(engine, classes, languages)
    return Part([Entry(iri, known[iri], (about,)) for iri, about in classes.items()], offset, more)


def _part(engine: Engine, text: str, offset: int) -> tuple[list[Row], bool]:
    """Return all rows where there are few, else a part of them, and whether there are more.

    Parts are in the order in which the store finds them, which stays as long as its content.
    """
    rows = select(engine, f"{text} LIMIT {(PART if offset else MOST) + 1} OFFSET {offset}")
    if offset == 0 and len(rows) <= MOST:
        return rows, False
    return rows[:PART], len(rows) > PART


def _by_label(entries: list[Entry]) -> list[Entry]:
    return sorted(entries, key=lambda entry: (entry.label.text.casefold(), entry.iri))


def _number(code: str) -> tuple[bool, list[int], str]:
    """Sort key of a code: 2 before 10, 10.7 after 10, letters after numbers, no code last."""
    parts = code.split(".")
    numeric = all(part.isdigit() for part in parts)
    return (not numeric, [int(part) for part in parts] if numeric else [], code)
