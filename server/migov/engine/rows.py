"""Answers as Python values, for the questions that this software asks for itself."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Final

from pyoxigraph import (
    BlankNode,
    Literal,
    NamedNode,
    QueryBoolean,
    QueryResultsFormat,
    QuerySolutions,
    RdfFormat,
    Triple,
    parse,
    parse_query_results,
)

from migov.engine.operations import Answer, Engine, Query

Row = Mapping[str, NamedNode | BlankNode | Literal]
_FORMATS: Final = {"json": QueryResultsFormat.JSON, "tsv": QueryResultsFormat.TSV}


def select(
    engine: Engine, text: str, *, inferred: bool = False, within: float | None = None
) -> list[Row]:
    """Return the solutions of a SELECT query; an unbound variable has no key.

    It may take `within` seconds where the engine would allow more.
    """
    query = Query(text, solutions="json", graph=None, inferred=inferred, within=within)
    return list(_rows(engine.answer(query)))


def each(engine: Engine, text: str, *, within: float | None = None) -> Iterator[Row]:
    """Yield what `select` returns, of an answer that may be long: in few bytes, one by one."""
    yield from _rows(engine.answer(Query(text, solutions="tsv", graph=None, within=within)))


def _rows(answer: Answer) -> Iterator[Row]:
    results = parse_query_results(answer.body, format=_FORMATS[answer.format])
    assert isinstance(results, QuerySolutions)
    names = [variable.value for variable in results.variables]
    for solution in results:
        yield {name: value for name in names if (value := solution[name]) is not None}


def ask(engine: Engine, text: str, *, inferred: bool = False) -> bool:
    """Return the answer of an ASK query."""
    answer = engine.answer(Query(text, solutions="json", graph=None, inferred=inferred))
    result = parse_query_results(answer.body, format=QueryResultsFormat.JSON)
    assert isinstance(result, QueryBoolean)
    return bool(result)


def construct(engine: Engine, text: str, *, inferred: bool = False) -> list[Triple]:
    """Return the triples of a CONSTRUCT or DESCRIBE query."""
    answer = engine.answer(Query(text, solutions=None, graph="nt", inferred=inferred))
    triples = parse(answer.body, format=RdfFormat.N_TRIPLES)
    return [Triple(triple.subject, triple.predicate, triple.object) for triple in triples]
