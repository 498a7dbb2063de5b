"""Things are found by words: over HTTP, on the command line, and inside SPARQL."""

from __future__ import annotations

import json
import os
import sqlite3
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from hypothesis import given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st
from pyoxigraph import Literal, NamedNode, Quad, RdfFormat, parse

from cli_runner import migov
from migov.engine import Published
from migov.errors import EnvironmentProblem, ParameterError, ResourceError
from migov.fulltext import TEXT, Index, Search, Texts
from migov.fulltext.lookup import RANKED
from migov.protocol.search_terms import TERMS
from migov.settings import Settings
from migov.snapshot import build_snapshot
from migov.vocabulary import NS, SEARCH, STANDARD_PREFIXES
from migov.web import create_app
from migov.words import folded, words
from small import repository as small_repository
from small import write

LABEL = STANDARD_PREFIXES["skos"] + "prefLabel"
ABSTRACT = STANDARD_PREFIXES["dcterms"] + "abstract"
TYPE = STANDARD_PREFIXES["rdf"] + "type"
ID = "https://w3id.org/migov/id/"


def found(client: FlaskClient, **parameters: str) -> dict[str, Any]:
    response = client.get("/search", query_string=parameters)
    assert response.status_code == 200, response.get_data(as_text=True)
    document: dict[str, Any] = response.get_json()
    return document


def first(client: FlaskClient, text: str, **parameters: str) -> dict[str, Any]:
    result: dict[str, Any] = found(client, q=text, **parameters)["results"][0]
    return result


def rows(client: FlaskClient, query: str) -> list[dict[str, str]]:
    response = client.get("/sparql", query_string={"query": query})
    assert response.status_code == 200, response.get_data(as_text=True)
    bindings = response.get_json(force=True)["results"]["bindings"]
    return [{name: term["value"] for name, term in row.items()} for row in bindings]


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


def index_of(folder: Path, quads: list[Quad]) -> Index:
    folder.mkdir(parents=True, exist_ok=True)
    texts = Texts()
    texts.add(quads)
    texts.write(folder / TEXT)
    return Index(lambda: folder, seconds=20, megabytes=256)


def quad(number: int, text: str, language: str | None = "en", predicate: str = LABEL) -> Quad:
    literal = Literal(text, language=language) if language else Literal(text)
    graph = NamedNode(f"http://g/{number % 3}")
    return Quad(NamedNode(f"http://t/{number}"), NamedNode(predicate), literal, graph)


SAID: tuple[Quad, ...] = (
    quad(1, "Labour migration"),
    quad(1, "Migration de travail", "fr"),
    quad(2, "Migrations and work"),
    quad(2, "of labour", "en", ABSTRACT),
    quad(3, "IOM", None, NS + "acronym"),
    quad(3, "Organisation", "fr"),
    quad(4, "Straße in Łódź", "de"),
    quad(5, "ＩＯＭ ２", "en"),
    quad(6, "移民", "zh"),
)

WORDS = sorted(
    {word for one in SAID if isinstance(one.object, Literal) for word in one.object.value.split()}
)


@pytest.fixture(scope="module")
def index(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Index]:
    index = index_of(tmp_path_factory.mktemp("index"), list(SAID))
    yield index
    index.close()


class TestIndex:
    @pytest.mark.parametrize(
        ("text", "language", "expected"),
        [
            ("labour migration", None, [1, 2]),
            ("migration", "fr", [1]),
            ("migration", "en", [1, 2]),
            ("iom", None, [3, 5]),
            ("iom", "fr", [3]),
            ("iom", "en", [3, 5]),
            ("strasse lodz", None, [4]),
            ("移民", None, [6]),
            ("lab", None, [1, 2]),
            ("la", None, []),
        ],
    )
    def test_words_languages_and_order(
        self, index: Index, text: str, language: str | None, expected: list[int]
    ) -> None:
        hits = index.search(Search(text, language)).hits
        assert sorted(hit.iri for hit in hits) == sorted(f"http://t/{n}" for n in expected)
        assert not hits or hits[0].iri == f"http://t/{expected[0]}"

    @given(st.text(max_size=40), st.sampled_from([None, "en", "fr", "x"]))
    @hypothesis_settings(max_examples=200, deadline=None)
    def test_any_text_is_answered_or_told(
        self, index: Index, text: str, language: str | None
    ) -> None:
        if words(folded(text)):
            assert len(index.search(Search(text, language)).hits) <= len(SAID)
        else:
            with pytest.raises(ParameterError, match="no word"):
                index.search(Search(text, language))

    @given(st.lists(st.sampled_from(WORDS), min_size=1, max_size=3))
    @hypothesis_settings(max_examples=100, deadline=None)
    def test_a_hit_is_what_has_every_word(self, index: Index, chosen: list[str]) -> None:
        said: dict[str, list[str]] = {}
        for one in SAID:
            assert isinstance(one.subject, NamedNode)
            assert isinstance(one.object, Literal)
            said.setdefault(one.subject.value, []).extend(folded(one.object.value).split())
        wanted = words(folded(" ".join(chosen)))
        expected = {
            thing
            for thing, present in said.items()
            if all(
                any(one == word or (len(word) > 2 and one.startswith(word)) for one in present)
                for word in wanted
            )
        }
        hits = index.search(Search(" ".join(chosen))).hits
        assert {hit.iri for hit in hits} == expected

    def test_of_very_many_the_most_referred_to_are_ranked_and_a_whole_name_always_is(
        self, tmp_path: Path
    ) -> None:
        number = RANKED + 200
        quads = [quad(at, f"migration {at}") for at in range(number)]
        quads.append(quad(number + 7, "Migration"))
        quads += [
            Quad(NamedNode(f"http://r/{at}"), NamedNode("http://p"), NamedNode("http://t/1150"))
            for at in range(3)
        ]
        index = index_of(tmp_path, quads)
        page = index.search(Search("migration", limit=1000))
        assert page.is_cut
        assert page.hits[0].iri == f"http://t/{number + 7}"
        assert "http://t/1150" in {hit.iri for hit in page.hits}
        assert not index.search(Search("migration 5")).is_cut
        index.close()

    def test_a_long_text_is_cut_around_what_was_found(self, tmp_path: Path) -> None:
        text = "word " * 200 + "needle " + "more " * 200
        index = index_of(tmp_path, [quad(1, text, "en", ABSTRACT)])
        (hit,) = index.search(Search("needle")).hits
        assert ("needle", True) in hit.snippet
        assert hit.shown.startswith("…")
        assert hit.shown.endswith("…")
        assert len(hit.shown) < 260
        index.close()

    def test_without_a_file_and_with_a_broken_one_it_says_so(self, tmp_path: Path) -> None:
        index = Index(lambda: tmp_path, seconds=20, megabytes=256)
        with pytest.raises(EnvironmentProblem, match="no full-text index"):
            index.search(Search("a"))
        (tmp_path / TEXT).write_bytes(b"no database")
        with pytest.raises((EnvironmentProblem, ResourceError)):
            index.search(Search("a"))
        index.close()

    def test_a_sqlite_without_fts5_is_told(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        class Without(sqlite3.Connection):
            def execute(self, sql: str, *values: Any) -> Any:
                if "fts5" in sql:
                    raise sqlite3.OperationalError("no such module: fts5")
                return super().execute(sql, *values)

        connect = sqlite3.connect
        monkeypatch.setattr(
            sqlite3, "connect", lambda path, **options: connect(path, factory=Without, **options)
        )
        with pytest.raises(EnvironmentProblem, match="FTS5"):
            Texts().write(tmp_path / TEXT)

    def test_the_same_quads_make_the_same_index(self, tmp_path: Path) -> None:
        for name, quads in (("a", SAID), ("b", tuple(reversed(SAID)))):
            index_of(tmp_path / name, list(quads)).close()
        assert (tmp_path / "a" / TEXT).read_bytes() == (tmp_path / "b" / TEXT).read_bytes()

    def test_who_looks_can_open_nothing(self, tmp_path: Path) -> None:
        index_of(tmp_path, list(SAID)).close()
        program = (
            "import sys; from pathlib import Path; from migov.confined import serve;"
            "from migov.fulltext.lookup import Lookup; lookup = Lookup(Path(sys.argv[1]))\n"
            "def reply(request, content):\n"
            "    tried = []\n"
            "    for what in (lambda: open('/etc/hostname'), lambda: open('x', 'w'),\n"
            "                 lambda: __import__('socket').socket()):\n"
            "        try: what(); tried.append(True)\n"
            "        except OSError: tried.append(False)\n"
            "    _, body = lookup.reply({'text': 'labour', 'language': None, 'types': [],\n"
            "                            'limit': 5, 'offset': 0, 'prefers': None})\n"
            "    return {'tried': tried}, body\n"
            "serve(reply, 256)"
        )
        child = subprocess.Popen(
            [sys.executable, "-c", program, str(tmp_path / TEXT)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
        )
        head = json.dumps({"length": 0}).encode()
        assert child.stdin is not None
        assert child.stdout is not None
        with child:  # it ends when its input does, so that stays open until it has answered
            child.stdin.write(len(head).to_bytes(4, "big") + head)
            child.stdin.flush()
            out = b""
            while b"http://t/1" not in out and (part := os.read(child.stdout.fileno(), 65536)):
                out += part
        assert b'"tried": [false, false, false]' in out
        assert b"http://t/1" in out


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


class TestSparql:
    def test_the_index_gives_the_bindings(self, client: FlaskClient) -> None:
        found = rows(
            client,
            """SELECT * { SERVICE search:index {
              ?thing search:text 'labour migration' ; search:score ?score ; search:matched ?text ;
                search:property ?property ; search:record ?record ; search:language "en" ;
                search:type mg:Initiative ; search:limit 2 .
            } ?thing a ?class } ORDER BY DESC(?score)""",
        )
        assert {row["thing"] for row in found} <= {
            ID + "initiative/lmida-studies",
            ID + "initiative/thamm",
        }
        assert all("igration" in row["text"] for row in found)
        assert all(row["record"].startswith("https://w3id.org/migov/graph/") for row in found)

    def test_a_search_joins_with_the_rest_like_any_pattern(self, client: FlaskClient) -> None:
        service = 'SERVICE search:index { ?i search:text "thamm" ; search:type mg:Initiative }'
        for query in (
            f"SELECT ?i {{ {service} }}",
            f"SELECT ?i {{ ?i mg:acronym ?a . {service} }}",
            f"SELECT ?i {{ {{ SELECT ?i {{ {service} }} }} }}",
            f"SELECT ?i {{ ?i mg:acronym ?a FILTER EXISTS {{ {service} }} }}",
            f"SELECT ?i {{ GRAPH ?g {{ {service} ?i mg:acronym ?a }} }} GROUP BY ?i",
            f"SELECT ?i {{ VALUES ?n {{ 1 }} OPTIONAL {{ {service} }} }}",
            f"SELECT ?i FROM <https://w3id.org/migov/graph/data/records/gfmd/thamm.ttl> "
            f"{{ {service} ?i mg:acronym ?a }}",
        ):
            assert rows(client, query) == [{"i": ID + "initiative/thamm"}], query

    def test_the_text_may_be_bound_beside_it(self, client: FlaskClient) -> None:
        found = rows(
            client,
            """SELECT ?q ?thing { VALUES ?q { "maroc" "egypt"@en "***" }
            SERVICE search:index { ?thing search:text ?q ; search:type mg:Country } }""",
        )
        assert sorted((row["q"], row["thing"]) for row in found) == [
            ("egypt", ID + "place/egy"),
            ("maroc", ID + "place/mar"),
        ]

    def test_the_text_may_come_from_the_graph(self, client: FlaskClient) -> None:
        found = rows(
            client,
            """SELECT DISTINCT ?thing { place:mar skos:prefLabel ?name
            SERVICE search:index { ?thing search:text ?name ; search:type mg:Country } }""",
        )
        assert found == [{"thing": ID + "place/mar"}]

    @pytest.mark.parametrize(
        ("group", "status"),
        [
            ("?t search:text ?q", 422),
            ("?t search:text '***'", 422),
            ("?t search:text 'a' ; search:type mg:Nonsense", 422),
            ("", 400),
            ("?t", 400),
            ("?t search:score ?s", 400),
            ("?t search:text 'a' ; search:limit 0", 400),
            ("?t search:text 'a' ; search:limit ?n", 400),
            ("?t search:text 'a' ; search:score ?t", 400),
            ("?t search:text 'a' ; search:score 1", 400),
            ("?t search:text 'a' , 'b'", 400),
            ("?t search:text 'a' ; search:nothing 1", 400),
            ("?t search:text 'a' ; a mg:Place", 400),
            ("?t search:text 'a' . ?u search:score ?s", 400),
            ("?t search:text 'a' FILTER(?t)", 400),
            ("?t search:text 'a' OPTIONAL { ?t a ?c }", 400),
            ("place:mar search:text 'a'", 400),
            ("?t search:text 'a' ; search:language en", 400),
            ("SERVICE search:index { ?t search:text 'a' }", 403),
            (f"?t search:text '{'a' * 501}'", 422),
            ("?t search:text ?l . } ?x skos:prefLabel ?l {", 400),
        ],
    )
    def test_what_is_no_search_is_told(self, client: FlaskClient, group: str, status: int) -> None:
        query = f"SELECT * {{ SERVICE search:index {{ {group} }} }}"
        response = client.get("/sparql", query_string={"query": query})
        assert response.status_code == status, response.get_data(as_text=True)

    def test_too_many_texts_are_told(self, client: FlaskClient) -> None:
        query = "SELECT * { ?x skos:prefLabel ?l SERVICE search:index { ?t search:text ?l } }"
        response = client.get("/sparql", query_string={"query": query})
        assert response.status_code == 400
        assert "50 texts" in response.get_json(force=True)["detail"]

    def test_escapes_are_undone_once(self, client: FlaskClient) -> None:
        for text in (r"'c\u00f4te'", r'"c\u00F4te"', "'''côte'''", r"'c\nôte'"):
            query = f"ASK {{ SERVICE search:index {{ ?t search:text {text} }} }}"
            response = client.get("/sparql", query_string={"query": query})
            assert response.status_code == 200, response.get_data(as_text=True)

    def test_its_answer_is_repeatable(self, client: FlaskClient) -> None:
        query = "ASK { SERVICE search:index { ?t search:text 'thamm' } }"
        assert "ETag" in client.get("/sparql", query_string={"query": query}).headers

    def test_the_service_description_names_it(self, client: FlaskClient) -> None:
        response = client.get("/sparql", headers={"Accept": "application/n-triples"})
        assert f"<{SEARCH}index>" in response.get_data(as_text=True)


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
