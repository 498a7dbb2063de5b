"""Answers of the engine: the right dataset, every format, and errors of the one who asks."""

from __future__ import annotations

from typing import Any

import pytest
from pyoxigraph import (
    Literal,
    NamedNode,
    QueryResultsFormat,
    RdfFormat,
    Triple,
    parse,
    parse_query_results,
)

import engine_support
import small
from engine_support import MG, MILLION, rows, workers_of
from migov.engine import LocalEngine, Query, ask, construct, select
from migov.errors import (
    AnswerTooLargeError,
    QuerySyntaxError,
    RequestError,
    UnknownFormatError,
)
from migov.vocabulary import ASSERTED_GRAPH, GRAPH, INFERRED_GRAPH, PREFIXES

snapshot = engine_support.snapshot
engine = engine_support.engine


ASSERTED, INFERRED = f"<{ASSERTED_GRAPH}>", f"<{INFERRED_GRAPH}>"


def types(
    engine: LocalEngine, dataset: str = "", pattern: str = "?s a ?type", **query: Any
) -> set[str]:
    """Return the last parts of the classes that initiative:i has in a dataset."""
    text = f"{MG} SELECT ?type {dataset} {{ VALUES ?s {{ initiative:i }} {pattern} }}"
    found = rows(engine, Query(text, solutions="tsv", **query))
    assert len(found) == len(set(found)), "a triple was given twice"
    return {row[0].rpartition("#")[2].rstrip(">") for row in found}


# Datasets


IN_ANY_GRAPH = "{ SELECT DISTINCT ?s ?type { GRAPH ?g { ?s a ?type } } }"


@pytest.mark.parametrize(
    ("dataset", "pattern", "expected"),
    [
        ("", "?s a ?type", {"Project"}),
        ("", IN_ANY_GRAPH, {"Project"}),
        ("", f"GRAPH {INFERRED} {{ ?s a ?type }}", {"Initiative"}),
        ("", f"GRAPH <{small.ONE}> {{ ?s a ?type }}", {"Project"}),
        ("", f"?s a ?type FILTER('{INFERRED_GRAPH}' != '')", {"Project"}),
        ("", f"{IN_ANY_GRAPH} FILTER('{INFERRED_GRAPH}' != '')", {"Project"}),
        (f"FROM {INFERRED}", "?s a ?type", {"Initiative"}),
        (f"FROM {INFERRED}", IN_ANY_GRAPH, set()),
        (f"FROM {ASSERTED}", "?s a ?type", {"Project"}),
        (f"FROM {ASSERTED} FROM {INFERRED}", "?s a ?type", {"Project", "Initiative"}),
        (f"FROM {ASSERTED} FROM <{small.ONE}>", "?s a ?type", {"Project"}),
        (f"FROM <{small.ONE}>", "?s a ?type", {"Project"}),
        (f"FROM <{small.ONE}> FROM <{small.ONE}>", "?s a ?type", {"Project"}),
        (f"FROM <{small.ONE}> FROM <{small.TWO}>", "?s a ?type", {"Project"}),
        (f"FROM <{small.ONE}> FROM {INFERRED}", "?s a ?type", {"Project", "Initiative"}),
        (f"FROM NAMED <{small.ONE}>", "?s a ?type", set()),
        (f"FROM NAMED <{small.ONE}>", IN_ANY_GRAPH, {"Project"}),
        (f"FROM NAMED {INFERRED}", IN_ANY_GRAPH, {"Initiative"}),
        (
            f"FROM NAMED {INFERRED} FROM NAMED <{small.ONE}>",
            IN_ANY_GRAPH,
            {"Initiative", "Project"},
        ),
        ("FROM <http://example.org/none>", "?s a ?type", set()),
    ],
)
def test_asserted_and_inferred_mix_only_on_request(
    dataset: str, pattern: str, expected: set[str], engine: LocalEngine
) -> None:
    assert types(engine, dataset, pattern) == expected


def test_the_inferred_graph_answers_to_a_prefixed_name(engine: LocalEngine) -> None:
    prefix = f"PREFIX g: <{GRAPH}>"
    text = "SELECT ?s { GRAPH g:inferred { ?s a mg:Initiative } }"
    assert len(rows(engine, Query(f"{MG} {prefix} {text}", solutions="tsv"))) == 1
    known = {**PREFIXES, "g": GRAPH}
    assert len(rows(engine, Query(text, solutions="tsv", prefixes=known))) == 1
    relative = f"{MG} BASE <{GRAPH}> SELECT ?s FROM <inferred> {{ ?s a mg:Initiative }}"
    assert len(rows(engine, Query(relative, solutions="tsv"))) == 1
    longer = "SELECT ?g { GRAPH ?g { ?s a mg:Initiative } FILTER(?g != g:inferred-) }"
    assert rows(engine, Query(longer, solutions="tsv", prefixes=known)) == []


def test_inferred_joins_whatever_dataset_there_is(engine: LocalEngine) -> None:
    both = {"Project", "Initiative"}
    assert types(engine, inferred=True) == both
    assert types(engine, pattern=IN_ANY_GRAPH, inferred=True) == both
    assert types(engine, f"FROM {ASSERTED}", inferred=True) == both
    assert types(engine, f"FROM <{small.ONE}>", inferred=True) == both
    assert types(engine, f"FROM {ASSERTED} FROM {INFERRED}", inferred=True) == both
    assert types(engine, f"FROM NAMED {INFERRED}", "GRAPH ?g { ?s a ?type }", inferred=True) == {
        "Initiative"
    }


def test_the_dataset_of_the_request_goes_before_the_query_s_own(engine: LocalEngine) -> None:
    from_one = f"FROM <{small.ONE}>"
    assert types(engine, from_one, default_graphs=(INFERRED_GRAPH,)) == {"Initiative"}
    assert types(engine, from_one, default_graphs=()) == set()
    assert types(engine, default_graphs=(ASSERTED_GRAPH,)) == {"Project"}
    both = (ASSERTED_GRAPH, INFERRED_GRAPH)
    assert types(engine, default_graphs=both) == {"Project", "Initiative"}
    assert types(engine, named_graphs=(INFERRED_GRAPH,)) == set()
    assert types(engine, pattern=IN_ANY_GRAPH, named_graphs=(INFERRED_GRAPH,)) == {"Initiative"}
    assert types(engine, default_graphs=(small.ONE,), inferred=True) == {"Project", "Initiative"}
    unseen = f"GRAPH {INFERRED} {{ ?s a ?type }}"
    assert types(engine, pattern=unseen, named_graphs=(small.ONE,)) == set()


def test_the_merge_of_named_graphs_is_gone_after_the_query(engine: LocalEngine) -> None:
    merged = f"SELECT (COUNT(*) AS ?n) FROM <{small.ONE}> FROM <{small.TWO}> {{ ?s ?p ?o }}"
    (count,) = rows(engine, Query(merged, solutions="tsv"))
    assert count == ("8",)
    everything = Query("SELECT (COUNT(*) AS ?n) { GRAPH ?g { ?s ?p ?o } }", solutions="tsv")
    for _ in range(3):
        before = rows(engine, everything)
        with pytest.raises(AnswerTooLargeError):
            engine.answer(Query(MILLION, default_graphs=(small.ONE, small.TWO)))
        assert rows(engine, everything) == before == [(str(sum(engine.snapshot.graphs.values())),)]


# Formats and errors of the one who asks


@pytest.mark.parametrize("name", ["json", "xml", "csv", "tsv"])
def test_solutions_and_truths_come_in_every_format(name: str, engine: LocalEngine) -> None:
    answer = engine.answer(Query("SELECT ?n { VALUES ?n { 'é' } }", solutions=name, graph=None))
    assert (answer.kind, answer.format) == ("solutions", name)
    assert "é" in answer.body.decode()
    if name != "csv":
        formats = {"json": QueryResultsFormat.JSON, "xml": QueryResultsFormat.XML}
        results = parse_query_results(answer.body, formats.get(name, QueryResultsFormat.TSV))
        assert [row["n"] for row in results] == [Literal("é")]  # type: ignore[union-attr]
    truth = engine.answer(Query("ASK {}", solutions=name, graph=None))
    assert (truth.kind, truth.format) == ("boolean", name)
    assert b"true" in truth.body


@pytest.mark.parametrize("prefixes", [{}, PREFIXES], ids=["plain", "prefixes"])
@pytest.mark.parametrize(
    ("name", "format_"),
    [
        ("ttl", RdfFormat.TURTLE),
        ("nt", RdfFormat.N_TRIPLES),
        ("rdf", RdfFormat.RDF_XML),
        ("jsonld", RdfFormat.JSON_LD),
        ("trig", RdfFormat.TRIG),
        ("nq", RdfFormat.N_QUADS),
    ],
)
def test_graphs_come_in_every_format(
    name: str, format_: RdfFormat, prefixes: dict[str, str], engine: LocalEngine
) -> None:
    text = f"{MG} CONSTRUCT {{ ?s a ?t }} {{ ?s a ?t }}"
    query = Query(text, solutions=None, graph=name, prefixes=prefixes)
    answer = engine.answer(query)
    assert (answer.kind, answer.format) == ("graph", name)
    assert len(list(parse(answer.body, format_))) == 1


@pytest.mark.parametrize(
    "query",
    [
        Query("SELECT * {}", solutions=None),
        Query("ASK {}", solutions=None),
        Query("CONSTRUCT WHERE { ?s ?p ?o }", graph=None),
        Query("DESCRIBE <http://example.org/>", graph=None),
    ],
    ids=["SELECT", "ASK", "CONSTRUCT", "DESCRIBE"],
)
def test_a_kind_of_result_that_nobody_accepts_is_told(query: Query, engine: LocalEngine) -> None:
    with pytest.raises(UnknownFormatError) as caught:
        engine.answer(query)
    assert caught.value.hint


@pytest.mark.parametrize(
    ("text", "line", "column"),
    [
        ("SELECT ?s {\n  ?s ?p }", 2, 9),
        ("ASK { ?s ?p ?o }\n}", 2, 1),
        ("SELECT ?s {\n  ?s mg:x ?o }", 2, 10),
        ("# \u2028 \x85\nASK { ?s }", 2, 10),
        ("ASK {\r\n ?s }", 2, 5),
        ("", 1, 1),
        ("INSERT DATA { <http://a/> <http://a/> <http://a/> }", 1, 10),
        ("LOAD <http://127.0.0.1/>", 1, 10),
    ],
)
def test_a_syntax_error_has_its_place(
    text: str, line: int, column: int, engine: LocalEngine
) -> None:
    with pytest.raises(QuerySyntaxError, match="not valid SPARQL") as caught:
        engine.answer(Query(text))
    place = caught.value.place
    assert place is not None
    assert (place.source, place.line) == ("query", line)
    assert place.text == text.split("\n")[line - 1].rstrip("\r")
    assert place.column is not None
    assert abs(place.column - column) <= 1


@pytest.mark.parametrize(
    "query",
    [
        Query("ASK {}", default_graphs=("no IRI",)),
        Query("ASK {}", named_graphs=("<x>",)),
        Query("ASK FROM <relative> {}"),
        Query("ASK { a:x a:y a:z }", prefixes={"a": "no IRI"}),
        Query("ASK {} # \ud800"),
        Query("BASE <http://[> ASK { GRAPH <x> {} }"),
        Query("SELECT * { SERVICE <http://127.0.0.1:1/> {} }"),
        Query("ASK { SERVICE <http://127.0.0.1:1/> {} }"),
    ],
)
def test_what_no_store_takes_is_the_asker_s_error_and_costs_no_worker(
    query: Query, engine: LocalEngine
) -> None:
    before = set(workers_of(str(engine.snapshot.folder)))
    with pytest.raises(RequestError):
        engine.answer(query)
    assert set(workers_of(str(engine.snapshot.folder))) == before
    assert ask(engine, "ASK {}")


def test_rows_are_python_values(engine: LocalEngine) -> None:
    text = f"{MG} SELECT ?label ?nothing {{ initiative:i skos:prefLabel ?label }} ORDER BY ?label"
    text = "PREFIX skos: <http://www.w3.org/2004/02/skos/core#> " + text
    assert select(engine, text) == [
        {"label": Literal("Deux", language="fr")},
        {"label": Literal("One", language="en")},
    ]
    is_initiative = f"{MG} ASK {{ initiative:i a mg:Initiative }}"
    assert not ask(engine, is_initiative)
    assert ask(engine, is_initiative, inferred=True)
    supported = construct(engine, f"{MG} CONSTRUCT WHERE {{ ?a mg:supportedBy ?b }}", inferred=True)
    i, j = (NamedNode(f"https://w3id.org/migov/id/initiative/{name}") for name in "ij")
    assert supported == [Triple(j, NamedNode("https://w3id.org/migov/ns#supportedBy"), i)]
