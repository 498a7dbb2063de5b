"""Things are found by words: over HTTP, on the command line, and inside SPARQL."""

from __future__ import annotations

import json
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from pyoxigraph import NamedNode, RdfFormat, parse

from cli_runner import migov
from migov.engine import Published
from migov.fulltext import Index, Search
from migov.protocol.search_terms import TERMS
from migov.settings import Settings
from migov.snapshot import build_snapshot
from migov.vocabulary import NS, SEARCH, STANDARD_PREFIXES
from migov.web import create_app
from small import repository as small_repository
from small import write

ABSTRACT = STANDARD_PREFIXES["dcterms"] + "abstract"
ID = "https://w3id.org/migov/id/"


def found(client: FlaskClient, **parameters: str) -> dict[str, Any]:
    response = client.get("/search", query_string=parameters)
    assert response.status_code == 200, response.get_data(as_text=True)
    document: dict[str, Any] = response.get_json()
    return document


def first(client: FlaskClient, text: str, **parameters: str) -> dict[str, Any]:
    result: dict[str, Any] = found(client, q=text, **parameters)["results"][0]
    return result


class TestWhatIsFound:
    @pytest.mark.parametrize(
        ("text", "iri"),
        [
            ("thamm", "initiative/thamm"),
            ("THAMM", "initiative/thamm"),
            ("OIM", "actor/iom"),
            ("International Organization for Migration", "actor/iom"),
            ("Maroc", "place/mar"),
            ("marruecos", "place/mar"),
            ("المغرب", "place/mar"),
            ("MAR", "place/mar"),
            ("cote d'ivoire", "place/civ"),
            ("CÔTE D’IVOIRE", "place/civ"),
            ("labour migration governance north africa", "initiative/thamm"),
        ],
    )
    def test_a_thing_by_its_names_in_any_language(
        self, client: FlaskClient, text: str, iri: str
    ) -> None:
        assert first(client, text)["iri"] == ID + iri

    def test_a_word_stands_for_longer_ones_and_ligatures_are_letters(
        self, client: FlaskClient
    ) -> None:
        assert {"Migrants", "migration", "migrants"} <= {
            piece
            for hit in found(client, q="migra", limit="100")["results"]
            for piece in hit["found"]
        }
        assert "œuvre" in first(client, "main d'oeuvre", lang="fr")["text"]

    def test_all_of_a_result(self, client: FlaskClient) -> None:
        hit = first(client, "thamm", lang="fr")
        assert hit["label"].startswith("THAMM – Gouvernance")
        assert hit["type"]
        assert all(kind["iri"].startswith(NS) and kind["label"] for kind in hit["type"])
        assert hit["found"] == ["THAMM"]
        assert hit["property"] == NS + "acronym"
        assert "https://w3id.org/migov/graph/data/records/gfmd/thamm.ttl" in hit["record"]
        assert hit["score"] > 0

    def test_whole_names_come_before_words_of_names_and_these_before_summaries(
        self, client: FlaskClient
    ) -> None:
        results = found(client, q="diaspora", limit="100")["results"]
        kinds = [hit["property"] in (ABSTRACT, STANDARD_PREFIXES["skos"] + "definition")
                 for hit in results]  # fmt: skip
        assert results[0]["text"].lower() == "diaspora"
        assert kinds.index(True) > 3
        scores = [hit["score"] for hit in results]
        assert scores == sorted(scores, reverse=True)

    def test_a_language_narrows_and_prefers(self, client: FlaskClient) -> None:
        english = found(client, q="migration", language="en", limit="100")["results"]
        assert {hit["language"] for hit in english} == {"en"}
        assert found(client, q="marruecos", language="fr")["results"] == []
        assert first(client, "thamm launch", language="EN-gb")["language"] == "en"
        assert first(client, "migration", lang="fr")["language"] == "fr"

    @pytest.mark.parametrize(
        "name", ["Initiative", "initiative", "mg:Initiative", NS + "Initiative"]
    )
    def test_a_type_narrows_its_subclasses_included(self, client: FlaskClient, name: str) -> None:
        results = found(client, q="morocco", type=name)["results"]
        assert len(results) >= 2
        assert all(hit["iri"].startswith(ID + "initiative/") for hit in results)

    def test_a_concept_scheme_is_a_type(self, client: FlaskClient) -> None:
        results = found(client, q="migration", type="theme")["results"]
        assert results
        assert all("/concept/theme/" in hit["iri"] for hit in results)

    def test_pages_follow_one_another(self, client: FlaskClient) -> None:
        whole = [hit["iri"] for hit in found(client, q="migration", limit="60")["results"]]
        assert len(whole) == len(set(whole)) == 60
        pages = [
            hit["iri"]
            for offset in range(0, 60, 20)
            for hit in found(client, q="migration", limit="20", offset=str(offset))["results"]
        ]
        assert pages == whole
        response = client.get("/search?q=migration&limit=20&offset=20&lang=fr")
        assert 'offset=40>; rel="next"' in response.headers["Link"]
        assert "lang=fr" in response.headers["Link"]
        past = found(client, q="thamm", offset="5000")
        assert (past["results"], past["more"]) == ([], False)

    def test_what_no_thing_has_is_found_nowhere(self, client: FlaskClient) -> None:
        assert found(client, q="thamm qqqq") == {
            **found(client, q="qqqq"),
            "q": "thamm qqqq",
            "results": [],
        }

    def test_it_is_repeatable_and_changes_with_the_snapshot(self, client: FlaskClient) -> None:
        response = client.get("/search?q=thamm")
        etag = response.headers["ETag"]
        again = client.get("/search?q=thamm", headers={"If-None-Match": etag})
        assert again.status_code == 304


class TestHostileInput:
    @pytest.mark.parametrize(
        ("parameters", "words"),
        [
            ("q=", "nothing to look for"),
            ("q=%20", "nothing to look for"),
            ("q=***", "no word"),
            ("q=%22%22", "no word"),
            (f"q={'a' * 501}", "501 characters"),
            ("q=a&q=b", "given 2 times"),
            ("q=a&limit=0", "limit"),
            ("q=a&limit=x", "limit"),
            ("q=a&limit=100000", "limit"),
            ("q=a&offset=-1", "offset"),
            ("q=a&type=Nonsense", "Nonsense"),
            ("q=a&type=%3E%20%7B", "type"),
            ("q=a&lang=xx", "lang"),
        ],
    )
    def test_what_does_not_fit_is_told(
        self, client: FlaskClient, parameters: str, words: str
    ) -> None:
        response = client.get(f"/search?{parameters}", headers={"Accept": "application/json"})
        assert response.status_code == 422, response.get_data(as_text=True)
        assert words in response.get_json(force=True)["detail"]
        page = client.get(f"/search?{parameters}", headers={"Accept": "text/html"})
        assert (page.status_code, page.mimetype) == (422, "text/html")

    def test_bytes_that_are_no_text_are_told(self, client: FlaskClient) -> None:
        assert client.get("/search?q=%FF%FE").status_code == 400

    @pytest.mark.parametrize(
        "text",
        ['"', "'", '" OR "a', "thamm*", "NEAR(thamm mar)", "NOT thamm", "thamm AND", "{label1} : a",
         "type : t1", "-thamm", "^thamm", "thamm\x00", "\u202ethamm", "thamm) OR (a",
         "'; DROP TABLE thing; --", "<script>thamm</script>", "\U0001f600 thamm"],
    )  # fmt: skip
    def test_no_text_is_a_query_of_the_index(self, client: FlaskClient, text: str) -> None:
        response = client.get("/search", query_string={"q": text})
        assert response.status_code in (200, 422)
        page = client.get("/search", query_string={"q": text}, headers={"Accept": "text/html"})
        assert "<script>" not in page.get_data(as_text=True)
        assert first(client, "thamm")["iri"] == ID + "initiative/thamm"


class TestPage:
    def page(self, client: FlaskClient, address: str) -> str:
        response = client.get(address, headers={"Accept": "text/html"})
        assert response.status_code == 200
        return response.get_data(as_text=True)

    def test_it_shows_what_was_found_and_who_says_so(self, client: FlaskClient) -> None:
        page = self.page(client, "/search?q=thamm&lang=fr")
        assert "<mark>THAMM</mark>" in page
        assert 'href="/id/initiative/thamm?lang=fr"' in page
        assert "gfmd/thamm" in page
        assert 'value="thamm"' in page

    def test_it_says_when_there_is_nothing(self, client: FlaskClient) -> None:
        assert "Nothing in the graph has all of these words." in self.page(client, "/search?q=qqq")
        assert "Rien dans le graphe" in self.page(client, "/search?q=qqq&lang=fr")

    def test_the_terms_dereference(self, client: FlaskClient) -> None:
        page = self.page(client, "/search")
        assert all(f'id="{term.name}"' in page for term in TERMS)
        response = client.get("/search", headers={"Accept": "text/turtle"})
        subjects = {triple.subject for triple in parse(response.data, format=RdfFormat.TURTLE)}
        assert subjects == {NamedNode(SEARCH + term.name) for term in TERMS}


class TestCommandLine:
    def test_a_table(self) -> None:
        done = migov("search", "thamm", "--type", "initiative")
        assert done.code == 0, done.err
        assert "initiative:thamm" in done.out
        assert "1 thing" in done.err

    def test_json(self) -> None:
        done = migov("search", "main-d’œuvre", "--language", "fr", "-f", "json", "--limit", "2")
        document = json.loads(done.out)
        assert len(document) == 2
        assert {hit["language"] for hit in document} == {"fr"}

    def test_mistakes(self) -> None:
        assert migov("search").code == 2
        for arguments in (("***",), ("a", "--type", "Nonsense"), ("a", "--limit", "0")):
            done = migov("search", *arguments)
            assert (done.code, done.out) == (2, "")
            assert done.err.startswith(("Error", "Usage")), done.err

    def test_inside_a_query(self) -> None:
        done = migov(
            "query",
            'SELECT ?c { SERVICE search:index { ?c search:text "maroc"; search:type mg:Country } }',
            "-f",
            "csv",
        )
        assert done.out.splitlines()[1:] == [ID + "place/mar"]


CANNED = """#+ title: {en: "Which?", fr: "Lesquels ?"}
#+ summary: {en: Those that are found., fr: Ceux que l’on trouve.}
#+ parameters:
#+   text:
#+     type: text
#+     label: {en: Text, fr: Texte}
#+     default: two
#+ view: table
#+ inferred: false
#+ example: {text: one}

PREFIX search: <https://w3id.org/migov/search#>
SELECT ?thing ?score WHERE {
  VALUES ?text { UNDEF }
  SERVICE search:index { ?thing search:text ?text ; search:score ?score }
}
ORDER BY ?thing ?score
"""


def test_a_canned_query_may_search_for_its_parameter(
    tmp_path: Path, cache: Path, settings: Settings
) -> None:
    repository = small_repository(tmp_path)
    write(repository.queries / "which.rq", CANNED)
    published = Published(repository, replace(settings, cache=cache))
    try:
        client = create_app(published, settings).test_client()
        for address in ("/queries/which.csv?text=One", "/queries/which.csv?text=deux"):
            response = client.get(address)
            assert response.status_code == 200, response.get_data(as_text=True)
            assert [line.split(",")[0] for line in response.text.splitlines()[1:]] == [
                ID + "initiative/i"
            ]
        assert client.get("/queries/which.csv").text.splitlines()[1:] == []
        assert client.get("/queries/which.csv?text=").status_code == 422
        assert client.get("/queries/which", headers={"Accept": "text/html"}).status_code == 200
    finally:
        published.close()


def test_an_edit_is_found_and_what_it_replaced_is_not(
    tmp_path: Path, cache: Path, settings: Settings
) -> None:
    repository = small_repository(tmp_path)
    before = build_snapshot(repository, cache)
    write(repository.data / "records/two.ttl", "initiative:i skos:prefLabel 'Trois'@fr .\n")
    after = build_snapshot(repository, cache)
    for snapshot, here, gone in ((before, "deux", "trois"), (after, "trois", "deux")):
        index = Index(partial(Path, snapshot.folder), seconds=20, megabytes=256)
        assert [hit.iri for hit in index.search(Search(here)).hits] == [ID + "initiative/i"]
        assert index.search(Search(gone)).hits == ()
        index.close()


def test_a_search_has_a_place_in_the_application(app: Flask) -> None:
    assert "search.search" in app.view_functions
