"""Answers as Python values, for the questions that this software asks for itself."""

from __future__ import annotations

from collections.abc import Mapping

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

from migov.engine.operations import Engine, Query

Row = Mapping[str, NamedNode | BlankNode | Literal]


def select(engine: Engine, text: str, *, inferred: bool = False) -> list[Row]:
    """Return the solutions of a SELECT query; an unbound variable has no key."""
    answer = engine.answer(Query(text, solutions="json", graph=None, inferred=inferred))
    results = parse_query_results(answer.body, format=QueryResultsFormat.JSON)
    assert isinstance(results, QuerySolutions)
    names = [variable.value for variable in results.variables]
    return [
        {name: value for name in names if (value := solution[name]) is not None}
        for solution in results
    ]


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
