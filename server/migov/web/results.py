"""Answers as tables to read: labels in the place of IRIs, each linked to what it names."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any

from pyoxigraph import (
    BlankNode,
    Literal,
    NamedNode,
    QueryBoolean,
    QueryResultsFormat,
    QuerySolutions,
    RdfFormat,
    parse,
    parse_query_results,
)

from migov.engine import Answer
from migov.web.links import Names, Shown
from migov.web.responses import names_of

MOST_ROWS = 1000
"""Rows that a page shows of a query without pages; the other formats have them all."""

Term = NamedNode | BlankNode | Literal


@dataclass(frozen=True, slots=True)
class Table:
    """Columns and rows to show; `total` counts the rows of the answer, shown or not."""

    columns: list[str]
    rows: list[list[Shown | None]]
    total: int

    @property
    def cut(self) -> bool:
        return self.total > len(self.rows)


@dataclass(frozen=True, slots=True)
class Subject:
    """What a graph says of one thing: for each property its values."""

    thing: Shown
    properties: list[tuple[Shown, list[Shown]]]


@dataclass(frozen=True, slots=True)
class Graph:
    """The triples of an answer by subject; `total` counts those of the answer, shown or not."""

    subjects: list[Subject]
    shown: int
    total: int

    @property
    def cut(self) -> bool:
        return self.total > self.shown


@dataclass(frozen=True, slots=True)
class Result:
    """An answer for a page: a table, a graph, or a truth value."""

    table: Table | None = None
    graph: Graph | None = None
    truth: bool | None = None


_Naming = Callable[[Iterable[str]], Names]


def result_of(answer: Answer, naming: _Naming = names_of) -> Result:
    """Return an answer (JSON solutions or a Turtle graph) made ready to show."""
    if answer.kind == "graph":
        return Result(graph=_graph(answer.body, naming))
    results = parse_query_results(answer.body, format=QueryResultsFormat.JSON)
    if isinstance(results, QueryBoolean):
        return Result(truth=bool(results))
    assert isinstance(results, QuerySolutions)
    columns = [variable.value for variable in results.variables]
    found = [[_plain(term) for term in solution] for solution in results]
    shown = found[:MOST_ROWS]
    names = _names((term for row in shown for term in row), naming)
    return Result(table=_joined(columns, shown, len(found), names))


def _graph(body: bytes, naming: _Naming) -> Graph:
    """Return a Turtle graph by subject and property, in the order in which it is written."""
    triples = list(parse(body, format=RdfFormat.TURTLE))
    grouped: dict[Term, dict[Term, list[Term]]] = {}
    for triple in triples[:MOST_ROWS]:
        subject, value = _plain(triple.subject), _plain(triple.object)
        if subject is not None and value is not None:
            grouped.setdefault(subject, {}).setdefault(triple.predicate, []).append(value)
    terms = (
        term
        for subject, properties in grouped.items()
        for predicate, values in properties.items()
        for term in (subject, predicate, *values)
    )
    names = _names(terms, naming)
    subjects = [
        Subject(
            names.term(subject),
            [(names.term(at), [names.term(value) for value in held]) for at, held in found.items()],
        )
        for subject, found in grouped.items()
    ]
    return Graph(subjects, min(len(triples), MOST_ROWS), len(triples))


def cut(body: bytes, limit: int, offset: int = 0) -> tuple[bytes, bool]:
    """Return JSON solutions with at most `limit` rows after the first `offset`, and whether there
    are more."""
    document: dict[str, Any] = json.loads(body)
    bindings = document["results"]["bindings"]
    if not offset and len(bindings) <= limit:
        return body, False
    document["results"]["bindings"] = bindings[offset : offset + limit]
    text = json.dumps(document, ensure_ascii=False, separators=(",", ":"))
    return text.encode(), len(bindings) > offset + limit


def row_count(body: bytes) -> int:
    """Return the number of JSON solutions."""
    return len(json.loads(body)["results"]["bindings"])


def _names(terms: Iterable[Term | None], naming: _Naming) -> Names:
    return naming({term.value for term in terms if isinstance(term, NamedNode)})


def _joined(columns: list[str], rows: list[list[Term | None]], total: int, names: Names) -> Table:
    """Show ?xLabel in the place of ?x: one column, read as the label, linked to the thing."""
    spoken = {
        columns.index(name.removesuffix("Label")): position
        for position, name in enumerate(columns)
        if name.endswith("Label") and name.removesuffix("Label") in columns
    }
    kept = [position for position in range(len(columns)) if position not in spoken.values()]

    def cell(row: list[Term | None], position: int) -> Shown | None:
        term = row[position]
        label = row[spoken[position]] if position in spoken else None
        if isinstance(term, NamedNode) and isinstance(label, Literal):
            shown = names.iri(term.value)
            return Shown(label.value, shown.href, label.language, shown.title, shown.external)
        return None if term is None else names.term(term)

    return Table(
        [columns[position] for position in kept],
        [[cell(row, position) for position in kept] for row in rows],
        total,
    )


def _plain(term: object) -> Term | None:
    """Return a term as it is shown; a triple term, which RDF 1.2 allows, as its text."""
    if term is None or isinstance(term, NamedNode | BlankNode | Literal):
        return term
    return Literal(str(term))
