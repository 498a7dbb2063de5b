"""`/sparql`: the protocol, in every format, with every refusal."""

from __future__ import annotations

import csv
import io
import json
from urllib.parse import urlencode

import pytest
from flask.testing import FlaskClient
from pyoxigraph import QueryResultsFormat, RdfFormat, parse, parse_query_results
from werkzeug.test import TestResponse

from migov.vocabulary import ASSERTED_GRAPH, GRAPH, INFERRED_GRAPH

SELECT = "SELECT ?s ?label { VALUES ?s { place:mar } ?s skos:prefLabel ?label } ORDER BY ?label"
ASK = "ASK { place:mar a mg:Country }"
CONSTRUCT = "CONSTRUCT { ?s mg:m49 ?code } WHERE { ?s mg:m49 ?code . VALUES ?s { place:mar } }"
RECORD = GRAPH + "data/records/gfmd/thamm.ttl"
PROBLEM = "application/problem+json"


def ask(client: FlaskClient, query: str, accept: str | None = None, **fields: str) -> TestResponse:
    headers = {"Accept": accept} if accept else {}
    return client.get("/sparql", query_string={"query": query, **fields}, headers=headers)


def problem(response: TestResponse, status: int) -> dict[str, object]:
    assert response.status_code == status
    assert response.mimetype == PROBLEM
    document: dict[str, object] = response.get_json(force=True)
    assert document["status"] == status
    assert document["detail"]
    return document


class TestFormats:
    @pytest.mark.parametrize(
        ("media_type", "format"),
        [
            ("application/sparql-results+json", QueryResultsFormat.JSON),
            ("application/sparql-results+xml", QueryResultsFormat.XML),
            ("text/tab-separated-values", QueryResultsFormat.TSV),
        ],
    )
    def test_solutions(
        self, client: FlaskClient, media_type: str, format: QueryResultsFormat
    ) -> None:
        response = ask(client, SELECT, media_type)
        assert response.mimetype == media_type
        results = parse_query_results(response.data, format=format)
        labels = {solution["label"].value for solution in results}  # type: ignore[union-attr]
        assert {"Morocco", "Maroc", "Marruecos", "المغرب"} <= labels

    def test_csv(self, client: FlaskClient) -> None:
        response = ask(client, SELECT, "text/csv")
        assert response.content_type == "text/csv; charset=utf-8"
        rows = list(csv.reader(io.StringIO(response.get_data(as_text=True))))
        assert rows[0] == ["s", "label"]
        assert ["https://w3id.org/migov/id/place/mar", "Morocco"] in rows

    @pytest.mark.parametrize(
        ("format", "body"), [("json", '"boolean":true'), ("xml", "<boolean>true"), ("csv", "true")]
    )
    def test_truth(self, client: FlaskClient, format: str, body: str) -> None:
        assert body in ask(client, ASK, format=format).get_data(as_text=True)

    @pytest.mark.parametrize(
        ("media_type", "format"),
        [
            ("text/turtle", RdfFormat.TURTLE),
            ("application/n-triples", RdfFormat.N_TRIPLES),
            ("application/rdf+xml", RdfFormat.RDF_XML),
            ("application/ld+json", RdfFormat.JSON_LD),
            ("application/trig", RdfFormat.TRIG),
            ("application/n-quads", RdfFormat.N_QUADS),
        ],
    )
    def test_graphs(self, client: FlaskClient, media_type: str, format: RdfFormat) -> None:
        response = ask(client, CONSTRUCT, media_type)
        assert response.mimetype == media_type
        (quad,) = parse(response.data, format=format)
        assert str(quad.object) == '"504"'

    def test_page(self, client: FlaskClient) -> None:
        page = ask(client, SELECT, "text/html").get_data(as_text=True)
        assert '<a href="/id/place/mar"' in page
        assert 'lang="ar"' in page
        graph = ask(client, CONSTRUCT, "text/html").get_data(as_text=True)
        assert "504" in graph
        assert "Yes" in ask(client, ASK, "text/html").get_data(as_text=True)

    def test_the_page_without_a_query_is_a_form(self, client: FlaskClient) -> None:
        response = client.get("/sparql", headers={"Accept": "text/html"})
        assert response.status_code == 200
        assert b"<textarea" in response.data

    def test_negotiation_knows_both_kinds(self, client: FlaskClient) -> None:
        accept = "application/sparql-results+xml, text/turtle"
        assert ask(client, SELECT, accept).mimetype == "application/sparql-results+xml"
        assert ask(client, CONSTRUCT, accept).mimetype == "text/turtle"


class TestOperations:
    def test_post_form(self, client: FlaskClient) -> None:
        response = client.post("/sparql", data={"query": ASK, "format": "xml"})
        assert response.mimetype == "application/sparql-results+xml"

    def test_post_direct(self, client: FlaskClient) -> None:
        response = client.post(
            "/sparql?inferred=true",
            data="ASK { initiative:thamm mg:fundedBy ?x }",
            content_type="application/sparql-query",
        )
        assert response.get_json(force=True)["boolean"] is True

    def test_head(self, client: FlaskClient) -> None:
        response = client.head("/sparql", query_string={"query": ASK})
        assert response.status_code == 200
        assert response.mimetype == "application/sparql-results+json"
        assert response.data == b""

    def test_options(self, client: FlaskClient) -> None:
        response = client.options("/sparql", headers={"Origin": "https://example.org"})
        assert response.headers["Access-Control-Allow-Origin"] == "*"
        assert "POST" in response.headers["Access-Control-Allow-Methods"]
        assert "Content-Type" in response.headers["Access-Control-Allow-Headers"]

    def test_dataset_of_the_request(self, client: FlaskClient) -> None:
        query = "SELECT (COUNT(*) AS ?n) { ?s ?p ?o }"
        whole = _number(ask(client, query))
        one = _number(ask(client, query, **{"default-graph-uri": RECORD}))
        assert 0 < one < whole
        named = "SELECT (COUNT(DISTINCT ?g) AS ?n) { GRAPH ?g { ?s ?p ?o } }"
        assert _number(ask(client, named, **{"named-graph-uri": RECORD})) == 1
        assert _number(ask(client, named)) > 100

    def test_several_graphs(self, client: FlaskClient) -> None:
        other = GRAPH + "data/records/ilo/thamm-launch.ttl"
        fields = [
            ("query", "SELECT (COUNT(DISTINCT ?g) AS ?n) { GRAPH ?g { ?s ?p ?o } }"),
            ("named-graph-uri", RECORD),
            ("named-graph-uri", other),
        ]
        assert _number(client.get(f"/sparql?{urlencode(fields)}")) == 2

    def test_inferred_only_on_request(self, client: FlaskClient) -> None:
        query = "ASK { ?initiative mg:fundedBy ?actor }"
        assert ask(client, query).get_json(force=True)["boolean"] is False
        for clause in (f"FROM <{ASSERTED_GRAPH}> FROM <{INFERRED_GRAPH}>",):
            text = query.replace("ASK", f"ASK {clause}")
            assert ask(client, text).get_json(force=True)["boolean"] is True
        asked = ask(client, query, inferred="true")
        assert asked.get_json(force=True)["boolean"] is True


def _number(response: TestResponse) -> int:
    assert response.status_code == 200, response.get_data(as_text=True)
    document = response.get_json(force=True)
    return int(document["results"]["bindings"][0]["n"]["value"])


class TestHeaders:
    def test_every_answer(self, client: FlaskClient) -> None:
        response = ask(client, ASK)
        assert response.headers["Access-Control-Allow-Origin"] == "*"
        assert "Migov-Snapshot" in response.headers["Access-Control-Expose-Headers"]
        assert len(response.headers["Migov-Snapshot"]) == 64
        assert response.headers["X-Content-Type-Options"] == "nosniff"
        assert "default-src 'none'" in response.headers["Content-Security-Policy"]
        assert response.headers["Vary"] == "Accept, Accept-Encoding"
        page = ask(client, ASK, "text/html")
        assert {part.strip() for part in page.headers["Vary"].split(",")} == {
            "Accept",
            "Accept-Encoding",
            "Accept-Language",
        }

    def test_not_modified(self, client: FlaskClient) -> None:
        first = ask(client, SELECT)
        etag = first.headers["ETag"]
        again = client.get(
            "/sparql", query_string={"query": SELECT}, headers={"If-None-Match": etag}
        )
        assert again.status_code == 304
        assert again.data == b""
        assert again.headers["ETag"] == etag
        assert "Accept" in again.headers["Vary"]
        other = client.get(
            "/sparql",
            query_string={"query": SELECT},
            headers={"If-None-Match": etag, "Accept": "text/csv"},
        )
        assert other.status_code == 200
        assert other.headers["ETag"] != etag

    def test_errors_are_not_cached(self, client: FlaskClient) -> None:
        assert "ETag" not in ask(client, "ASK {").headers


class TestRefusals:
    @pytest.mark.parametrize(
        ("query", "line", "column", "says"),
        [
            ("SELECT *\nWHERE { ?s mg:theme ?o .\n FILTR(?o) }", 3, 2, "FILTER"),
            ("SELECT * {\n  ?s migov:theme ?o }", 2, 6, "migov:"),
            ("SELECT * { ?s ?p ?o\n", 1, 10, "never closed"),
            ("SELECT * { ?s ?p (1 2 }", 1, 18, "never closed"),
            ("ASK { ?s ?p ?o } }", 1, 18, "never opened"),
            ("SELECT * { ?s ?p }", 1, 19, "not expected"),
        ],
    )
    def test_syntax_with_its_position(
        self, client: FlaskClient, query: str, line: int, column: int, says: str
    ) -> None:
        document = problem(ask(client, query), 400)
        assert (document["line"], document["column"]) == (line, column)
        assert says in f"{document['detail']} {document.get('hint')}"
        assert document["text"] == query.splitlines()[line - 1]

    def test_syntax_on_a_page(self, client: FlaskClient) -> None:
        response = ask(client, "SELECT * { ?s <b>bold</b> }", "text/html")
        assert response.status_code == 400
        page = response.get_data(as_text=True)
        assert "Not valid SPARQL" in page
        assert "<b>bold" not in page
        assert "&lt;b&gt;bold" in page

    def test_no_query(self, client: FlaskClient) -> None:
        problem(client.get("/sparql?query="), 400)
        problem(client.get("/sparql", headers={"Accept": "text/csv"}), 400)
        problem(client.post("/sparql"), 400)

    @pytest.mark.parametrize(
        "query",
        [
            "SELECT * { SERVICE <http://127.0.0.1:1/> { ?s ?p ?o } }",
            "SELECT * FROM <http://127.0.0.1:1/> { ?s ?p ?o }",
            "SELECT * FROM NAMED <file:///etc/passwd> { GRAPH ?g { ?s ?p ?o } }",
        ],
    )
    def test_reaching_outside(self, client: FlaskClient, query: str) -> None:
        assert problem(ask(client, query), 403)["hint"]

    def test_foreign_dataset(self, client: FlaskClient) -> None:
        problem(ask(client, ASK, **{"default-graph-uri": "http://example.org/"}), 403)

    def test_the_word_service_is_fine(self, client: FlaskClient) -> None:
        assert ask(client, "SELECT ('SERVICE' AS ?service) {} # SERVICE").status_code == 200

    def test_methods(self, client: FlaskClient) -> None:
        response = client.delete("/sparql")
        problem(response, 405)
        assert "GET" in response.headers["Allow"]

    @pytest.mark.parametrize("accept", ["image/png", "application/pdf;q=0.9"])
    def test_format(self, client: FlaskClient, accept: str) -> None:
        problem(ask(client, ASK, accept), 406)

    def test_format_of_the_other_kind(self, client: FlaskClient) -> None:
        problem(ask(client, SELECT, "text/turtle"), 406)
        problem(ask(client, CONSTRUCT, "text/csv"), 406)
        problem(ask(client, SELECT, format="yaml"), 406)

    def test_too_long(self, client: FlaskClient) -> None:
        query = ASK + "#" * 1_000_001
        problem(client.post("/sparql", data=query, content_type="application/sparql-query"), 413)
        problem(
            client.post("/sparql", data=b"x" * 13_000_000, content_type="application/sparql-query"),
            413,
        )

    def test_media_type(self, client: FlaskClient) -> None:
        problem(client.post("/sparql", data=ASK, content_type="text/plain"), 415)

    def test_updates(self, client: FlaskClient) -> None:
        document = problem(client.post("/sparql", data={"update": "CLEAR ALL"}), 403)
        assert "commits" in str(document["hint"])
        problem(
            client.post("/sparql", data="CLEAR ALL", content_type="application/sparql-update"),
            403,
        )

    def test_updates_in_other_ways(self, client: FlaskClient) -> None:
        problem(client.get("/sparql", query_string={"update": "CLEAR ALL"}), 403)
        problem(client.post("/sparql?update=CLEAR%20ALL", data={"query": ASK}), 403)
        both = {"query": ASK, "update": "CLEAR ALL"}
        problem(client.post("/sparql", data=both), 403)

    def test_the_dataset_of_an_update(self, client: FlaskClient) -> None:
        document = problem(ask(client, ASK, **{"using-graph-uri": RECORD}), 400)
        assert "default-graph-uri" in str(document["hint"])

    def test_versions(self, client: FlaskClient) -> None:
        for version, status in (("1.1", 200), ("1.2", 200), ("3.0", 415)):
            content_type = f"application/sparql-query; version={version}"
            response = client.post("/sparql", data=ASK, content_type=content_type)
            assert response.status_code == status

    def test_chains(self, client: FlaskClient) -> None:
        path = "/".join(["<a:b>"] * 569)
        document = problem(ask(client, f"ASK {{ ?s {path} ?o }}"), 400)
        assert "more than 100 patterns" in str(document["detail"])

    def test_nests_that_would_be_planned_for_minutes(self, client: FlaskClient) -> None:
        nested = "'a'"
        for _ in range(40):
            nested = f"REPLACE({nested}, 'a', 'b')"
        document = problem(ask(client, f"SELECT ({nested} AS ?b) {{}}"), 400)
        assert "more than 20 calls of REPLACE" in str(document["detail"])
        assert "BIND" in str(document["hint"])

    @pytest.mark.parametrize(("name", "value"), [("inferred", "maybe")])
    def test_parameters(self, client: FlaskClient, name: str, value: str) -> None:
        problem(ask(client, ASK, **{name: value}), 422)

    def test_two_queries(self, client: FlaskClient) -> None:
        problem(client.get(f"/sparql?{urlencode([('query', ASK), ('query', ASK)])}"), 400)

    def test_problems_have_a_page_each(self, client: FlaskClient) -> None:
        kind = str(problem(ask(client, "ASK {"), 400)["type"])
        path = kind.removeprefix("https://w3id.org/migov")
        assert client.get(path).status_code == 200
        assert client.get("/problem/none").status_code == 404

    def test_json_error_for_programs_page_for_people(self, client: FlaskClient) -> None:
        for accept, expected in (
            ("*/*", PROBLEM),
            ("text/turtle", PROBLEM),
            ("text/html", "text/html"),
        ):
            response = client.get("/nowhere", headers={"Accept": accept})
            assert response.status_code == 404
            assert response.mimetype == expected


def test_unicode_in_the_address(client: FlaskClient) -> None:
    response = client.get("/sparql?query=" + "ASK { ?s ?p 'é' }".replace(" ", "%20"))
    assert json.loads(response.data)["boolean"] is False
