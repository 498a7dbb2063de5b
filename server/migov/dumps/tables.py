"""CSV tables, one for each kind of thing, for people who work in a spreadsheet."""

from __future__ import annotations

import csv
import io
import zipfile
from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import Any, BinaryIO, Final

from pyoxigraph import BlankNode, Literal, NamedNode, RdfFormat, parse

from migov.snapshot import Snapshot
from migov.vocabulary import INFERRED_GRAPH, NS, STANDARD_PREFIXES, compact

_TYPE: Final = STANDARD_PREFIXES["rdf"] + "type"
_OBJECT: Final = STANDARD_PREFIXES["rdf"] + "object"
_SUBCLASS: Final = STANDARD_PREFIXES["rdfs"] + "subClassOf"
_LABEL: Final = STANDARD_PREFIXES["skos"] + "prefLabel"
_SKOS: Final = STANDARD_PREFIXES["skos"]
_TABLES: Final = {
    "initiatives": NS + "Initiative",
    "participations": NS + "Participation",
    "actors": NS + "Actor",
    "places": NS + "Place",
    "corridors": NS + "Corridor",
    "events": NS + "Event",
    "outputs": NS + "Output",
    "objectives": NS + "Objective",
    "quotations": NS + "Quotation",
    "instruments": NS + "ExternalInstrument",
    "identifiers": NS + "ExternalIdentifier",
    "amounts": NS + "MonetaryAmount",
    "annotations": NS + "Annotation",
    "records": NS + "SourceRecord",
    "documents": NS + "SourceDocument",
    "concepts": _SKOS + "Concept",
}
_SEPARATOR: Final = " | "


@dataclass(slots=True)
class _Thing:
    """What all graphs say of one subject."""

    values: dict[str, list[Any]] = field(default_factory=lambda: defaultdict(list))
    graphs: list[str] = field(default_factory=list)
    held_by: list[str] = field(default_factory=list)


def write_tables(snapshot: Snapshot, out: BinaryIO) -> None:
    """Write a ZIP archive of CSV files (UTF-8, RFC 4180), the same bytes for the same snapshot.

    A cell with several values joins them with “ | ”; a column of IRIs has one with their English
    labels beside it. `graph` names the graphs, and so the records, that speak of the thing.
    """
    things = _read(snapshot)
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED, compresslevel=6) as archive:
        for name, rows in _tables(things):
            text = io.StringIO(newline="")
            csv.writer(text).writerows(rows)
            entry = zipfile.ZipInfo(f"{name}.csv", date_time=(1980, 1, 1, 0, 0, 0))
            entry.compress_type = zipfile.ZIP_DEFLATED
            entry.external_attr = 0o644 << 16
            archive.writestr(entry, text.getvalue().encode("utf-8"))


def _read(snapshot: Snapshot) -> dict[str, _Thing]:
    things: dict[str, _Thing] = defaultdict(_Thing)
    inferred = NamedNode(INFERRED_GRAPH)
    for quad in parse(path=str(snapshot.quads), format=RdfFormat.N_QUADS):
        if not isinstance(quad.graph_name, NamedNode) or quad.graph_name == inferred:
            continue
        thing = things[_name(quad.subject)]
        values = thing.values[quad.predicate.value]
        if quad.object not in values:
            values.append(quad.object)
        if quad.graph_name.value not in thing.graphs:
            thing.graphs.append(quad.graph_name.value)
        # An annotation points to the node as well, and does not hold it.
        if isinstance(quad.object, BlankNode) and quad.predicate.value != _OBJECT:
            things[_name(quad.object)].held_by.append(_name(quad.subject))
    return things


def _name(term: Any) -> str:
    return f"_:{term.value}" if isinstance(term, BlankNode) else str(term.value)


def _tables(things: dict[str, _Thing]) -> Iterator[tuple[str, list[list[str]]]]:
    below = _subclasses(things)
    for table, top in _TABLES.items():
        classes = below.get(top, {top})
        names = sorted(
            name
            for name, thing in things.items()
            if any(term.value in classes for term in thing.values.get(_TYPE, ()))
        )
        if names:
            yield table, _rows(names, things)


def _subclasses(things: dict[str, _Thing]) -> dict[str, set[str]]:
    """Return each class with itself and all classes below it."""
    above = {
        name: {term.value for term in thing.values[_SUBCLASS] if isinstance(term, NamedNode)}
        for name, thing in things.items()
        if _SUBCLASS in thing.values
    }
    below: dict[str, set[str]] = defaultdict(set)
    for name in above:
        reached, todo = set(), [name]
        while todo:
            current = todo.pop()
            if current not in reached:
                reached.add(current)
                todo += above.get(current, ())
        for top in reached:
            below[top] |= {name, top}
    return below


def _rows(names: Iterable[str], things: dict[str, _Thing]) -> list[list[str]]:
    chosen = {name: things[name] for name in names}
    columns: dict[str, dict[str, str]] = {}
    for name, thing in chosen.items():
        cells = _cells(thing, things)
        cells["iri"] = "" if name.startswith("_:") else name
        cells["held_by"] = _SEPARATOR.join(thing.held_by)
        for column, value in cells.items():
            columns.setdefault(column, {})[name] = value
    first = [name for name in ("iri", "held_by", "label_en", "label_fr") if name in columns]
    first = [name for name in first if any(columns[name].values())]
    others = sorted(set(columns) - {"iri", "held_by", "label_en", "label_fr", "graph"})
    header = [*first, *others, "graph"]
    return [header, *([columns[column].get(name, "") for column in header] for name in chosen)]


def _cells(thing: _Thing, things: dict[str, _Thing]) -> dict[str, str]:
    cells: dict[str, list[str]] = defaultdict(list)
    for predicate, values in thing.values.items():
        name = "class" if predicate == _TYPE else compact(predicate).rpartition(":")[2]
        for value in values:
            if isinstance(value, Literal):
                label = "label" if predicate == _LABEL else name
                column = f"{label}_{value.language}" if value.language else label
                cells[column].append(value.value)
            elif isinstance(value, NamedNode):
                cells[name].append(value.value)
                label_en = _label(value, things)
                if label_en:
                    cells[f"{name}_label_en"].append(label_en)
    cells["graph"] = thing.graphs
    return {name: _SEPARATOR.join(values) for name, values in cells.items()}


def _label(term: NamedNode, things: dict[str, _Thing]) -> str | None:
    if term.value not in things:
        return None
    labels = things[term.value].values.get(_LABEL, ())
    return next((label.value for label in labels if label.language == "en"), None)
