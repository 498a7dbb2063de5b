"""What an answer looks like to clients, analysts and caches, over HTTP."""

from __future__ import annotations

import gzip
import re
from dataclasses import replace
from typing import Any
from urllib.parse import quote

import pytest
from flask import Flask
from flask.testing import FlaskClient
from pyoxigraph import RdfFormat, parse
from rdflib import Graph

from migov.catalogue import load_catalogue
from migov.engine import Published
from migov.errors import AnswerTooLargeError, ContentError
from migov.protocol.problems import problem
from migov.repository import Repository
from migov.settings import Settings

HTML = {"Accept": "text/html"}
MOROCCO = "https://w3id.org/migov/id/place/mar"
FUNDS = "/queries/who-funds-and-implements"


def wrong(client: FlaskClient, query: str) -> dict[str, Any]:
    response = client.get("/sparql", query_string={"query": query})
    assert response.status_code == 400
    document: dict[str, Any] = response.get_json(force=True)
    return document


def text(client: FlaskClient, path: str) -> str:
    return client.get(path, headers=HTML).get_data(as_text=True)


class TestFormats:
    @pytest.mark.filterwarnings("ignore:ConjunctiveGraph is deprecated")  # rdflib makes one
    @pytest.mark.parametrize(
        "path", ["/id/place/mar", "/concept/role/funder", "/ns", "/graph/data/actors/ilo.ttl"]
    )
    def test_json_ld_is_in_the_default_graph(self, client: FlaskClient, path: str) -> None:
        body = client.get(path, headers={"Accept": "application/ld+json"}).data
        assert len(Graph().parse(data=body, format="json-ld")) > 3
        quads = list(parse(client.get(f"{path}?format=nq").data, format=RdfFormat.N_QUADS))
        assert all(str(quad.graph_name).startswith("<") for quad in quads)

    @pytest.mark.parametrize(("format", "sign"), [("ttl", "@prefix"), ("rdf", "xmlns:")])
    def test_only_prefixes_that_are_used(self, client: FlaskClient, format: str, sign: str) -> None:
        query = f"CONSTRUCT {{ <{MOROCCO}> mg:m49 ?c }} WHERE {{ <{MOROCCO}> mg:m49 ?c }}"
        response = client.get("/sparql", query_string={"query": query, "format": format})
        body = response.get_data(as_text=True)
        assert "mg" in body
        assert body.count(sign) <= 3
        assert "skos" not in body
        assert len(Graph().parse(data=body, format="xml" if format == "rdf" else "turtle")) == 1

    def test_a_graph_is_shown_thing_by_thing(self, client: FlaskClient) -> None:
        query = f"CONSTRUCT {{ <{MOROCCO}> ?p ?o }} WHERE {{ <{MOROCCO}> ?p ?o }}"
        page = text(client, f"/sparql?query={quote(query)}")
        assert page.count('<section class="subject">') == 1
        assert "Maroc" in page
        assert "<h3>" in text(client, "/queries/corridor-graph")

    def test_what_fits_is_named(self, client: FlaskClient) -> None:
        for accept, query in (("image/png", "ASK {}"), ("text/turtle", "ASK {}")):
            response = client.get(
                "/sparql", query_string={"query": query}, headers={"Accept": accept}
            )
            assert response.status_code == 406
            document = response.get_json(force=True)
            assert accept in document["detail"] or "Turtle" in document["detail"]
            assert "text/csv" in document["hint"]

    def test_compressed_when_asked(self, client: FlaskClient) -> None:
        for path in ("/queries", "/id/place/mar.ttl", f"{FUNDS}.csv?country=mar"):
            plain = client.get(path)
            small = client.get(path, headers={"Accept-Encoding": "gzip"})
            assert "Content-Encoding" not in plain.headers
            assert small.headers["Content-Encoding"] == "gzip"
            assert gzip.decompress(small.data) == plain.data
            assert int(small.headers["Content-Length"]) == len(small.data)
            assert "Accept-Encoding" in small.headers["Vary"]
        refused = client.get("/queries", headers={"Accept-Encoding": "gzip;q=0"})
        assert "Content-Encoding" not in refused.headers


class TestCaches:
    @pytest.mark.parametrize("function", ["NOW()", "RAND()", "uuid()", "STRUUID()", "BNODE()"])
    def test_new_each_time(self, client: FlaskClient, function: str) -> None:
        fields = {"query": f"SELECT ({function} AS ?x) {{}}"}
        first = client.get("/sparql", query_string=fields)
        assert first.status_code == 200
        assert "ETag" not in first.headers
        again = client.get("/sparql", query_string=fields, headers={"If-None-Match": '"x"'})
        assert again.status_code == 200

    def test_the_words_alone_change_nothing(self, client: FlaskClient) -> None:
        query = "SELECT ?now { BIND('NOW()' AS ?now) } # RAND()"
        assert "ETag" in client.get("/sparql", query_string={"query": query}).headers

    def test_a_page_elsewhere_may_send_an_etag(self, client: FlaskClient) -> None:
        headers = client.options("/sparql").headers
        assert "If-None-Match" in headers["Access-Control-Allow-Headers"]


class TestMistakes:
    @pytest.mark.parametrize(
        ("query", "line", "column", "says"),
        [
            ("PREFIX a: <http://a/>\n  DELETE WHERE { ?s ?p ?o }", 2, 3, "update"),
            ("INSERT DATA { <a:b> <a:c> 1 }", 1, 1, "a query was announced"),
            ("LOAD <http://127.0.0.1/>", 1, 1, "update"),
            ("clear all", 1, 1, "update"),
            ('SELECT * {\n ?s ?p "open }', 2, 8, "never closed"),
            ("ASK { ?s ?p '''open }", 1, 13, "never closed"),
        ],
    )
    def test_position(
        self, client: FlaskClient, query: str, line: int, column: int, says: str
    ) -> None:
        document = wrong(client, query)
        assert (document["line"], document["column"]) == (line, column)
        assert says in document["detail"]

    def test_a_long_line_is_cut_around_the_place(self, client: FlaskClient) -> None:
        query = "SELECT * { " + "?s ?p ?o . " * 40 + "FILTR(?o) " + "?s ?p ?o . " * 40 + "}"
        document = wrong(client, query)
        assert len(document["text"]) <= 200
        assert "FILTR" in document["text"]
        assert document["column"] == query.index("FILTR") + 1
        page = text(client, f"/sparql?query={quote(query)}")
        shown, caret = re.search(r"<pre[^>]*>([^\n]*)\n( *)\^</pre>", page).groups()  # type: ignore[union-attr]
        assert shown[len(caret) :].startswith("FILTR")

    def test_titles_that_fit(self, client: FlaskClient) -> None:
        kind = "application/sparql-query"
        for response, title in (
            (client.post("/sparql", data=b"ASK {\xff}", content_type=kind), "Not UTF-8"),
            (client.post("/sparql"), "No query was given"),
            (client.get("/sparql?query=%FF"), "Not UTF-8"),
        ):
            assert response.status_code == 400
            assert response.get_json(force=True)["title"] == title

    def test_too_large_does_not_ask_to_try_again(self) -> None:
        told = problem(AnswerTooLargeError("Too large."))
        assert told.status == 422
        assert not told.headers

    def test_a_broken_query_file_is_named_from_the_repository(
        self, repository: Repository, tmp_path: Any
    ) -> None:
        folder = tmp_path / "queries"
        folder.mkdir()
        (folder / "broken.rq").write_text("SELECT", encoding="utf-8")
        with pytest.raises(ContentError) as caught:
            load_catalogue(folder)
        assert caught.value.place is not None
        assert caught.value.place.source == "queries/broken.rq"


class TestQuestions:
    def test_each_parameter_once(self, client: FlaskClient) -> None:
        path = f"{FUNDS}?country=mar&country=tun"
        response = client.get(path)
        assert response.status_code == 422
        assert "country" in response.get_json(force=True)["detail"]
        shown = client.get(path, headers=HTML)
        assert shown.status_code == 422
        assert b"<form" in shown.data

    def test_wrong_values_in_words_with_links(self, client: FlaskClient) -> None:
        page = text(client, f"{FUNDS}?country=moroco")
        assert "Country: “moroco”" in page
        assert "mg:Country" not in page.split("Take it elsewhere")[0]
        assert f'<a href="{FUNDS}?country=mar">Morocco</a>' in page
        french = text(client, f"{FUNDS}?country=moroco&lang=fr")
        assert "Pays\u202f: «\u202fmoroco\u202f»" in french or "Pays : « moroco »" in french
        assert ">Maroc</a>" in french

    def test_choices_in_words(self, client: FlaskClient) -> None:
        page = text(client, FUNDS)
        assert '<option value="fr">français</option>' in page

    @pytest.mark.parametrize("suffix", ["json", "csv"])
    def test_past_the_end(self, client: FlaskClient, suffix: str) -> None:
        path = f"/queries/country-codes.{suffix}"
        rows = client.get("/queries/country-codes.json").get_json(force=True)
        total = len(rows["results"]["bindings"])
        link = client.get(f"{path}?limit=100&offset=90000").headers["Link"]
        last = (total - 1) // 100 * 100
        assert re.search(rf'offset={last}>; rel="prev"', link)
        assert 'rel="next"' not in link

    def test_the_command_can_be_copied(self, client: FlaskClient) -> None:
        page = text(client, "/queries/search?text=it%27s+here&lang=fr")
        command = "migov query search --text 'it'\"'\"'s here' --lang fr"
        assert command in page.replace("&#39;", "'").replace("&#34;", '"')

    def test_rows_on_a_phone_name_their_columns(self, client: FlaskClient) -> None:
        page = text(client, f"{FUNDS}?country=mar")
        assert 'data-label="Actor"' in page
        assert 'class="same"' in page

    def test_a_locator_says_what_it_is(self, client: FlaskClient) -> None:
        page = text(client, f"{FUNDS}?country=mar")
        assert '<a href="/id/document/004" title="document 004, line 10"' in page

    def test_search_from_the_front_page(self, client: FlaskClient) -> None:
        front = text(client, "/")
        assert 'action="/search"' in front
        assert "<mark>THAMM</mark>" in text(client, "/search?q=thamm")


class TestServer:
    @pytest.fixture
    def dirty(self, app: Flask, monkeypatch: pytest.MonkeyPatch) -> FlaskClient:
        """A client of an application whose files differ from their commit."""
        served = app.extensions["migov"]
        snapshot = replace(served.state.snapshot, uncommitted=True, revision="0" * 40)
        monkeypatch.setattr(served, "_state", replace(served.state, snapshot=snapshot))
        return app.test_client()

    def test_uncommitted_changes_are_told(self, dirty: FlaskClient) -> None:
        for path in ("/", "/snapshot?format=html", "/queries"):
            assert "with uncommitted changes" in text(dirty, path)
        assert dirty.get("/snapshot").get_json()["uncommitted"] is True

    def test_snapshot_is_a_page_for_browsers(self, client: FlaskClient) -> None:
        assert "<h1>What is served</h1>" in text(client, "/snapshot")
        assert client.get("/snapshot").mimetype == "application/json"

    def test_the_description_is_about_this_server(self, client: FlaskClient) -> None:
        address = "/.well-known/void"
        turtle = client.get(address, headers={"Accept": "text/turtle"})
        assert turtle.mimetype == "text/turtle"
        described = turtle.get_data(as_text=True)
        assert "http://localhost/sparql" in described
        assert "http://localhost/dumps/" in described
        elsewhere = client.get(address, base_url="http://graph.example:8000/")
        assert "http://graph.example:8000/sparql" in elsewhere.get_data(as_text=True)

    def test_pages_do_not_wait_for_strangers(
        self, current: Published, settings: Settings, app: Flask
    ) -> None:
        from migov.web.site import state

        with app.test_request_context("/"):
            assert state().house is current.edition.house
            assert state().engine is current.edition.engine
            assert state().house is not state().engine
