"""A row limit cuts exactly, in every format, and every cut answer says so."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Iterator
from dataclasses import replace
from typing import Any
from xml.etree import ElementTree

import pytest
from flask import Flask
from flask.testing import FlaskClient
from hypothesis import given, settings
from hypothesis import strategies as st
from pyoxigraph import (
    BlankNode,
    Literal,
    NamedNode,
    Quad,
    QueryResultsFormat,
    QuerySolutions,
    QueryTriples,
    RdfFormat,
    Store,
    parse,
    parse_query_results,
    serialize,
)
from SPARQLWrapper import JSON, XML, SPARQLWrapper

from conftest import ROOT, running
from migov.engine import Engine, Published, Query
from migov.engine.spool import CUT, TooLarge, cut_rows, cut_triples
from migov.settings import Settings
from migov.web import create_app

SOLUTIONS = {
    "json": QueryResultsFormat.JSON,
    "xml": QueryResultsFormat.XML,
    "csv": QueryResultsFormat.CSV,
    "tsv": QueryResultsFormat.TSV,
}
GRAPHS = {
    "ttl": RdfFormat.TURTLE,
    "nt": RdfFormat.N_TRIPLES,
    "rdf": RdfFormat.RDF_XML,
    "jsonld": RdfFormat.JSON_LD,
    "trig": RdfFormat.TRIG,
    "nq": RdfFormat.N_QUADS,
}
AWKWARD = st.one_of(
    st.text(max_size=12),
    st.lists(
        st.sampled_from(
            [
                "},{",
                "},{}",
                '"',
                "\\",
                "{}",
                "[{",
                "]}}",
                "\r\n",
                "\n",
                ",",
                "<result>",
                "</head>",
                "é",
            ]
        ),
        max_size=5,
    ).map("".join),
)
TERMS = st.one_of(
    AWKWARD.filter(lambda text: "\x00" not in text).map(Literal),
    st.integers(0, 5).map(lambda number: NamedNode(f"http://e/{number}")),
    st.just(None),
)
LIMIT = 10_000_000


def asked(rows: list[tuple[Literal | NamedNode | None, ...]]) -> QuerySolutions:
    """Return an engine's result with these rows."""
    lines = " ".join(
        f"({' '.join('UNDEF' if term is None else str(term) for term in row)})" for row in rows
    )
    names = " ".join(f"?v{number}" for number in range(len(rows[0]) if rows else 1))
    found = Store().query(f"SELECT * {{ VALUES ({names}) {{ {lines} }} }}")
    assert isinstance(found, QuerySolutions)
    return found


def rows_of(body: bytes, name: str) -> list[list[str]]:
    if name == "csv":
        return list(csv.reader(io.StringIO(body.decode(), newline="")))[1:]
    results = parse_query_results(body, format=SOLUTIONS[name])
    assert isinstance(results, QuerySolutions)
    return [[str(term) for term in row] for row in results]


@settings(max_examples=80, deadline=None)
@given(
    st.integers(1, 3).flatmap(lambda width: st.lists(st.tuples(*[TERMS] * width), max_size=9)),
    st.integers(1, 10),
    st.sampled_from(sorted(SOLUTIONS)),
)
def test_the_first_rows_are_given_and_no_more(
    rows: list[tuple[Literal | NamedNode | None, ...]], most: int, name: str
) -> None:
    whole = asked(rows).serialize(format=SOLUTIONS[name]) or b""
    result = asked(rows)
    body, is_cut = cut_rows(
        lambda out: result.serialize(out, format=SOLUTIONS[name]), name, LIMIT, most
    )
    assert is_cut == (len(rows) > most)
    if is_cut:
        assert rows_of(body, name) == rows_of(whole, name)[:most]
    else:
        assert body == whole


@pytest.mark.parametrize("name", SOLUTIONS)
@pytest.mark.parametrize("text", ["plain", '"}},{"', "},{", "a\\", "\r\n", "<result>"])
def test_long_answers_are_cut_where_they_should_be(name: str, text: str) -> None:
    rows = [(Literal(f"{number} {text}"), Literal(text)) for number in range(3000)]
    for most in (1, 2999, 3000, 3001):
        result = asked(rows)  # type: ignore[arg-type]
        body, is_cut = cut_rows(
            lambda out, of=result: of.serialize(out, format=SOLUTIONS[name]),  # type: ignore[misc]
            name,
            LIMIT,
            most,
        )
        assert is_cut == (most < 3000)
        assert len(rows_of(body, name)) == min(most, 3000)


def test_the_rest_is_not_evaluated() -> None:
    written: list[int] = []
    store = Store()
    store.extend(
        Quad(NamedNode(f"http://e/{number}"), NamedNode("http://e/p"), Literal("x"))
        for number in range(20_000)
    )
    result = store.query("SELECT * { ?s ?p ?o }")

    def write(out: io.BytesIO) -> None:
        assert isinstance(result, QuerySolutions)
        try:
            result.serialize(out, format=QueryResultsFormat.JSON)
        finally:
            written.append(out.tell())

    body, is_cut = cut_rows(write, "json", LIMIT, 10)
    assert is_cut
    assert len(body) < written[0] < 20_000
    again = store.query("SELECT * { ?s ?p ?o }")
    assert isinstance(again, QuerySolutions)
    with pytest.raises(TooLarge):
        cut_rows(
            lambda out: again.serialize(out, format=QueryResultsFormat.JSON), "json", 1000, 10_000
        )


@settings(max_examples=60, deadline=None)
@given(st.lists(TERMS, max_size=8), st.integers(1, 9), st.sampled_from(sorted(GRAPHS)))
def test_the_first_triples_are_given_and_no_more(
    values: list[Literal | NamedNode | None], most: int, name: str
) -> None:
    store = Store()
    for number, value in enumerate(values):
        node = BlankNode(f"b{number}") if value is None else value
        store.add(Quad(NamedNode(f"http://e/s{number}"), NamedNode("http://e/p"), node))
    whole = store.query("CONSTRUCT WHERE { ?s ?p ?o }")
    again = store.query("CONSTRUCT WHERE { ?s ?p ?o }")
    assert isinstance(whole, QueryTriples)
    assert isinstance(again, QueryTriples)
    if name in ("nt", "nq"):
        body, is_cut = cut_rows(
            lambda out: again.serialize(out, format=GRAPHS[name]), name, LIMIT, most
        )
    else:
        body, is_cut = cut_triples(
            again, lambda some, out: serialize(some, out, GRAPHS[name]), name, LIMIT, most
        )
    found = [(quad.subject, quad.predicate) for quad in parse(body, format=GRAPHS[name])]
    assert is_cut == (len(values) > most)
    first = [(triple.subject, triple.predicate) for triple in whole][:most]
    assert sorted(map(str, found)) == sorted(map(str, first))


@pytest.fixture(scope="module")
def limited(current: Published, settings: Settings) -> Flask:
    return create_app(current, replace(settings, rows=5))


@pytest.fixture
def client(limited: Flask) -> FlaskClient:
    return limited.test_client()


SELECT = "SELECT ?c { ?c a mg:Country } ORDER BY ?c"
CONSTRUCT = "CONSTRUCT { ?c a mg:Country } WHERE { ?c a mg:Country }"


class TestOverHTTP:
    @pytest.mark.parametrize("name", [*SOLUTIONS, *GRAPHS])
    def test_a_cut_answer_says_so(self, client: FlaskClient, name: str) -> None:
        query = SELECT if name in SOLUTIONS else CONSTRUCT
        response = client.get("/sparql", query_string={"query": query, "format": name})
        assert response.status_code == 200
        unit = "rows" if name in SOLUTIONS else "triples"
        assert response.headers["Migov-Truncated"] == f"{unit}=5"
        assert "Migov-Truncated" in response.headers["Access-Control-Expose-Headers"]
        if name in SOLUTIONS:
            assert len(rows_of(response.data, name)) == 5
        else:
            assert len(list(parse(response.data, format=GRAPHS[name]))) == 5
        is_told = CUT.encode() in response.data
        assert is_told == (name not in ("csv", "tsv", "jsonld"))

    @pytest.mark.parametrize("query", [f"{SELECT} LIMIT 5", f"{SELECT} LIMIT 4 OFFSET 2", "ASK {}"])
    def test_an_answer_that_fits_is_whole(self, client: FlaskClient, query: str) -> None:
        for accept in ("application/sparql-results+json", "text/html"):
            response = client.get(
                "/sparql", query_string={"query": query}, headers={"Accept": accept}
            )
            assert "Migov-Truncated" not in response.headers
            assert b"cut" not in response.data

    @pytest.mark.parametrize(
        "query",
        [
            f"{SELECT} LIMIT 6",
            "SELECT ?c { { SELECT ?c { ?c a mg:Country } ORDER BY ?c } }",
            "SELECT ?c { ?c a ?k } ORDER BY ?c VALUES ?k { mg:Country }",
            f"{SELECT} # LIMIT 5",
        ],
    )
    def test_the_query_keeps_its_meaning(
        self, client: FlaskClient, engine: Engine, query: str
    ) -> None:
        response = client.get("/sparql", query_string={"query": query, "format": "tsv"})
        prefixes = {"mg": "https://w3id.org/migov/ns#"}
        whole = engine.answer(Query(query, "tsv", None, prefixes=prefixes)).body
        assert rows_of(response.data, "tsv") == rows_of(whole, "tsv")[:5]
        assert response.headers["Migov-Truncated"] == "rows=5"

    def test_a_count_is_not_cut_inside(self, client: FlaskClient) -> None:
        query = "SELECT (COUNT(*) AS ?n) { { SELECT ?c { ?c a mg:Country } } }"
        response = client.get("/sparql", query_string={"query": query, "format": "csv"})
        assert int(response.get_data(as_text=True).split()[1]) > 200
        assert "Migov-Truncated" not in response.headers

    def test_json_keeps_the_members_that_clients_read(self, client: FlaskClient) -> None:
        response = client.get("/sparql", query_string={"query": SELECT, "format": "json"})
        document = json.loads(response.data)
        assert document["head"] == {"vars": ["c"], "link": [CUT]}
        assert document["truncated"] == {"rows": 5}
        assert len(document["results"]["bindings"]) == 5

    def test_xml_keeps_to_its_schema(self, client: FlaskClient) -> None:
        response = client.get("/sparql", query_string={"query": SELECT, "format": "xml"})
        root = ElementTree.fromstring(response.data)
        names = [part.tag.rpartition("}")[2] for part in root[0]]
        assert names == ["variable", "link"]  # head: variables, then links (results format, 2.2.1)

    def test_the_page_says_so_in_both_languages(self, client: FlaskClient) -> None:
        for language, words in (("en", "This answer is cut"), ("fr", "Cette réponse est tronquée")):
            for query in (SELECT, CONSTRUCT):
                response = client.get(
                    "/sparql",
                    query_string={"query": query, "lang": language},
                    headers={"Accept": "text/html"},
                )
                assert words in response.get_data(as_text=True)
        assert "Migov-Truncated" in client.get("/problem/cut").get_data(as_text=True)

    def test_pages_and_canned_queries_are_whole(self, client: FlaskClient) -> None:
        response = client.get("/queries/country-codes.json")
        assert len(json.loads(response.data)["results"]["bindings"]) > 100


@pytest.fixture(scope="module")
def address(cache: object) -> Iterator[str]:
    with running(ROOT, cache, "--rows", "5") as found:  # type: ignore[arg-type]
        yield found


def test_clients_read_a_cut_answer(address: str) -> None:
    for format in (JSON, XML):
        client = SPARQLWrapper(f"{address}/sparql", returnFormat=format)
        client.setQuery(f"PREFIX mg: <https://w3id.org/migov/ns#> {SELECT}")
        found: Any = client.queryAndConvert()
        if format == JSON:
            assert len(found["results"]["bindings"]) == 5
        else:
            assert found.toxml().count("<result>") == 5
