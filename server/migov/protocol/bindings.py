"""What the patterns beside a SERVICE group bind goes with the question to its endpoint.

The solutions of a group are joined with those of the patterns that stand beside it in the same
group graph pattern. One that fits none of theirs fits nothing, so leaving it out at the endpoint
changes no solution, and an endpoint that knows millions of things is asked about a few hundred.

It goes as a VALUES clause (SPARQL 1.1 Federated Query, section 2.4), and only where that is a
filter and nothing else: over variables that every solution of the group binds, with every row
bound and no row twice. Numbers, dates and texts with a language stay here: endpoints write equal
ones in different ways.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import replace
from typing import Any, Final

from pyoxigraph import Literal, NamedNode

from migov.engine import Engine, Query
from migov.errors import LimitError, RequestError
from migov.sparql.services import Found, ServiceGroup, inline_data

MOST: Final = 1000
"""Rows that go with a question; where there are more, it is asked without."""

Binding = Mapping[str, dict[str, str]]


def bindings_for(
    engine: Engine,
    query: Query,
    found: Found,
    group: ServiceGroup,
    answers: Mapping[int, str],
) -> str | None:
    """Return the clause that goes with the question of a group, "" where none should.

    None says that nothing can fit the group, so that nobody need be asked. `answers` has the
    inline data of groups that are answered already.
    """
    beside = found.beside(group, answers)
    names = sorted(group.certain & beside.variables) if beside else []
    if beside is None or not names:
        return ""
    rows = rows_beside(engine, query, beside.query(names, MOST + 1))
    if rows is None or len(rows) > MOST:
        return ""
    # A blank node of this graph is no node of another (SPARQL 1.1 Query, section 4.1.4).
    rows = [row for row in rows if all(term["type"] != "bnode" for term in row.values())]
    if not rows:
        return None
    kept = [name for name in names if all(_portable(row.get(name)) for row in rows)]
    if not kept:
        return ""
    written = dict.fromkeys(" ".join(_written(row[name]) for name in kept) for row in rows)
    return "\n" + inline_data(kept, "".join(f"({row})" for row in written))


def rows_beside(engine: Engine, query: Query, text: str) -> list[Binding] | None:
    """Return the solutions of a text over the dataset of a query, or None where it has none."""
    try:
        answer = engine.answer(replace(query, text=text, solutions="json", graph=None, rows=0))
    except (RequestError, LimitError):
        return None
    document: dict[str, Any] = json.loads(answer.body)
    rows: list[Binding] = document["results"]["bindings"]
    return rows


def _portable(term: dict[str, str] | None) -> bool:
    """Return whether every endpoint writes a term in the same way: IRIs and plain texts."""
    if term is None:
        return False
    return term["type"] == "uri" or (
        term["type"] == "literal" and "datatype" not in term and "xml:lang" not in term
    )


def _written(term: dict[str, str]) -> str:
    value = term["value"]
    return str(NamedNode(value) if term["type"] == "uri" else Literal(value))
