"""Canned queries, entities, graphs, the ontology and dumps, over HTTP."""

from __future__ import annotations

import hashlib
import re
from html.parser import HTMLParser
from urllib.parse import urlsplit

import pytest
from flask.testing import FlaskClient
from pyoxigraph import RdfFormat, parse
from werkzeug.test import TestResponse

HTML = {"Accept": "text/html"}
PROBLEM = "application/problem+json"


def page(client: FlaskClient, path: str, **headers: str) -> str:
    response = client.get(path, headers={**HTML, **headers})
    assert response.status_code == 200, path
    assert response.content_type == "text/html; charset=utf-8"
    return response.get_data(as_text=True)


def next_of(response: TestResponse) -> str | None:
    found = re.search(r'<([^>]*)>; rel="next"', response.headers.get("Link", ""))
    return found[1] if found else None


class Links(HTMLParser):
    """The addresses that a page leads to, but for the many that only narrow a list."""

    def __init__(self) -> None:
        super().__init__()
        self.found: set[str] = set()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag == "a" and ("rel", "nofollow") not in attrs:
            self.found.update(value for name, value in attrs if name == "href" and value)


class TestQueries:
    def test_list(self, client: FlaskClient) -> None:
        listed = client.get("/queries", headers={"Accept": "application/json"}).get_json()
        assert len(listed) >= 35
        assert {"slug", "title", "summary", "parameters", "url"} <= set(listed[0])
        text = page(client, "/queries")
        assert all(f'href="/queries/{entry["slug"]}"' in text for entry in listed)

    def test_every_example_answers(self, client: FlaskClient) -> None:
        for entry in client.get("/queries?format=json").get_json():
            path = f"/queries/{entry['slug']}"
            response = client.get(path, query_string=entry["example"])
            assert response.status_code == 200, response.get_data(as_text=True)
            shown = client.get(path, query_string=entry["example"], headers=HTML)
            assert shown.status_code == 200
            assert b"Answer</h2>" in shown.data

    @pytest.mark.parametrize(
        ("suffix", "media_type"),
        [
            ("json", "application/sparql-results+json"),
            ("xml", "application/sparql-results+xml"),
            ("csv", "text/csv"),
            ("tsv", "text/tab-separated-values"),
            ("html", "text/html"),
            ("rq", "application/sparql-query"),
        ],
    )
    def test_suffixes(self, client: FlaskClient, suffix: str, media_type: str) -> None:
        response = client.get(f"/queries/who-funds-and-implements.{suffix}?country=mar")
        assert response.status_code == 200
        assert response.mimetype == media_type

    def test_negotiation_and_a_default_for_programs(self, client: FlaskClient) -> None:
        path = "/queries/who-funds-and-implements"
        assert client.get(path).mimetype == "application/sparql-results+json"
        assert client.get(path, headers={"Accept": "text/csv"}).mimetype == "text/csv"
        assert client.get(path, headers={"Accept": "text/turtle"}).status_code == 406

    def test_the_question_of_the_analyst(self, client: FlaskClient) -> None:
        text = page(client, "/queries/who-funds-and-implements?country=mar")
        for expected in ("European Union", "THAMM", "004:10", "Launch of THAMM"):
            assert expected in text

    @pytest.mark.parametrize("suffix", ["json", "csv", "tsv", "xml"])
    def test_paging(self, client: FlaskClient, suffix: str) -> None:
        path: str | None = f"/queries/country-codes.{suffix}?limit=100"
        sizes = []
        while path is not None:
            response = client.get(path)
            assert response.status_code == 200
            sizes.append(response.data.count(b"MAR"))
            path = next_of(response)
            assert 'rel="first"' in response.headers["Link"]
        assert len(sizes) == 3
        assert sum(sizes) >= 1

    def test_the_last_full_page_has_no_next(self, client: FlaskClient) -> None:
        total = len(
            client.get("/queries/country-codes.json").get_json(force=True)["results"]["bindings"]
        )
        exact = client.get(f"/queries/country-codes.json?limit={total}")
        assert next_of(exact) is None
        short = client.get(f"/queries/country-codes.json?limit={total - 1}")
        assert next_of(short) is not None
        assert len(short.get_json(force=True)["results"]["bindings"]) == total - 1

    def test_pages_link_to_each_other(self, client: FlaskClient) -> None:
        text = page(client, "/queries/country-codes?limit=50&offset=50")
        assert "Rows 51 to 100" in text
        assert 'rel="prev"' in text
        assert 'rel="next"' in text

    @pytest.mark.parametrize(
        "query_string",
        ["country=moroco", "limit=x", "offset=-1", "inferred=maybe", "lang=de", "contry=mar"],
    )
    def test_wrong_parameters(self, client: FlaskClient, query_string: str) -> None:
        response = client.get(f"/queries/who-funds-and-implements?{query_string}")
        assert response.status_code == 422
        assert response.mimetype == PROBLEM
        name = query_string.partition("=")[0]
        assert name in response.get_json(force=True)["detail"]

    def test_wrong_value_names_what_was_meant(self, client: FlaskClient) -> None:
        document = client.get("/queries/who-funds-and-implements?country=moroco").get_json(
            force=True
        )
        assert "mar" in document["parameters"][0]["suggestions"]
        shown = client.get("/queries/who-funds-and-implements?country=moroco", headers=HTML)
        assert shown.status_code == 422
        assert b"<form" in shown.data

    def test_unknown_query(self, client: FlaskClient) -> None:
        response = client.get("/queries/who-fund-and-implement")
        assert response.status_code == 404
        assert "who-funds-and-implements" in response.get_json(force=True)["hint"]

    def test_language_of_labels(self, client: FlaskClient) -> None:
        path = "/queries/who-funds-and-implements?country=mar"
        assert "Union européenne" in page(client, path + "&lang=fr")
        assert "Union européenne" in page(client, path, **{"Accept-Language": "fr-CA,fr;q=0.9"})
        # What a program gets does not depend on its language unless it says so.
        plain = client.get(path, headers={"Accept-Language": "fr"})
        assert "Union européenne" not in plain.get_data(as_text=True)


class TestEntities:
    @pytest.mark.parametrize(
        "path",
        [
            "/id/initiative/thamm",
            "/id/initiative/ghwa",
            "/id/actor/ilo",
            "/id/place/mar",
            "/id/person/1",
            "/id/event/thamm-launch-morocco",
            "/id/corridor/mar-deu",
            "/id/participation/gfmd-ghwa--ghwa--host--who",
            "/id/document/004",
            "/concept/role",
            "/concept/role/funder",
            "/concept/sdg/10.7",
            "/ns",
            "/graph/data/records/gfmd/thamm.ttl",
            "/graph/data/actors/ilo.ttl",
            "/graph/inferred",
            "/shape/Participation",
            "/shape/Participation-actor",
        ],
    )
    def test_each_kind_is_a_page_and_rdf(self, client: FlaskClient, path: str) -> None:
        text = page(client, path)
        assert text.count("<h1") == 1
        response = client.get(path, headers={"Accept": "text/turtle"})
        assert response.mimetype == "text/turtle"
        assert "Accept" in response.headers["Vary"]
        assert list(parse(response.data, format=RdfFormat.TURTLE))

    @pytest.mark.parametrize(
        ("suffix", "format"),
        [
            ("ttl", RdfFormat.TURTLE),
            ("nt", RdfFormat.N_TRIPLES),
            ("rdf", RdfFormat.RDF_XML),
            ("jsonld", RdfFormat.JSON_LD),
            ("trig", RdfFormat.TRIG),
            ("nq", RdfFormat.N_QUADS),
        ],
    )
    def test_formats(self, client: FlaskClient, suffix: str, format: RdfFormat) -> None:
        for path in (f"/id/actor/ilo.{suffix}", f"/id/actor/ilo?format={suffix}"):
            quads = list(parse(client.get(path).data, format=format))
            assert any("XM-DAC-41302" in str(quad.object) for quad in quads)
            assert any("participation/" in str(quad.subject) for quad in quads)

    def test_a_graph_keeps_its_name(self, client: FlaskClient) -> None:
        path = "/graph/data/records/gfmd/thamm.ttl"
        for address in (f"{path}.nq", f"{path}?format=nq"):
            quads = list(parse(client.get(address).data, format=RdfFormat.N_QUADS))
            assert {str(quad.graph_name) for quad in quads} == {f"<https://w3id.org/migov{path}>"}

    def test_facts_name_their_record(self, client: FlaskClient) -> None:
        text = page(client, "/id/initiative/thamm")
        for expected in (
            'href="/graph/data/records/gfmd/thamm.ttl"',
            'href="/graph/data/records/ilo/thamm-launch.ttl"',
            "001:5",
            "Certain countries of the European Union",
            "Germany",
            "What follows",
            "un programme sous régional",
        ):
            assert expected in text

    def test_doubt_is_shown(self, client: FlaskClient) -> None:
        assert 'class="certainty">ambiguous' in page(client, "/id/initiative/tamkine-migrants")

    def test_links_both_ways(self, client: FlaskClient) -> None:
        assert 'href="/id/initiative/thamm"' in page(client, "/id/actor/giz")
        assert 'href="/id/actor/giz"' in page(client, "/id/initiative/thamm")
        assert 'href="/id/initiative/thamm"' in page(client, "/id/place/mar")

    def test_language(self, client: FlaskClient) -> None:
        text = page(client, "/id/place/mar?lang=fr")
        assert '<h1 lang="fr" dir="auto">Maroc</h1>' in text
        assert "lang=fr" in text.split("<main")[1]
        assert "<h1" in page(client, "/id/place/mar", **{"Accept-Language": "fr"})
        assert client.get("/id/place/mar?lang=xx").status_code == 422

    @pytest.mark.parametrize(
        ("path", "suggestion"),
        [
            ("/id/initiative/tham", "/id/initiative/thamm"),
            ("/concept/role/funders", "/concept/role/funder"),
            ("/graph/data/records/gfmd/tham.ttl", "/graph/data/records/gfmd/thamm.ttl"),
        ],
    )
    def test_unknown(self, client: FlaskClient, path: str, suggestion: str) -> None:
        response = client.get(path, headers={"Accept": "text/turtle"})
        assert response.status_code == 404
        assert response.mimetype == PROBLEM
        assert f"https://w3id.org/migov{suggestion}" in response.get_json(force=True)["suggestions"]
        shown = client.get(path, headers=HTML)
        assert shown.status_code == 404
        assert f'href="{suggestion}"' in shown.get_data(as_text=True)

    @pytest.mark.parametrize(
        "path", ["/id/actor/%3Cx%3E", "/id/actor/a%20b", "/id/nokind/x", "/id/nokind", "/concept/x"]
    )
    def test_strange_paths(self, client: FlaskClient, path: str) -> None:
        assert client.get(path).status_code == 404

    def test_version_of_the_ontology(self, client: FlaskClient) -> None:
        assert client.get("/ns/0.1.0").headers["Location"] == "/ns"
        assert client.get("/ns/9").status_code == 404
        assert 'id="Initiative"' in page(client, "/ns")

    @pytest.mark.parametrize(
        "path", ["/id/place", "/id/output", "/initiatives", "/concept", "/graph", "/shape"]
    )
    def test_lists(self, client: FlaskClient, path: str) -> None:
        assert page(client, path).count("<li>") > 10


class TestHome:
    def test_counts_and_ways_to_ask(self, client: FlaskClient) -> None:
        text = page(client, "/")
        for expected in ("249", "Global Forum", "curl", "<form", "who-funds-and-implements"):
            assert expected in text
        assert "Newer files are not published" not in text

    def test_snapshot(self, client: FlaskClient) -> None:
        document = client.get("/snapshot").get_json()
        assert document["problem"] is None
        assert document["triples"] > 10_000
        assert client.get("/").headers["Migov-Snapshot"] == document["digest"]

    def test_every_link_leads_somewhere(self, client: FlaskClient) -> None:
        """From the front page, two steps deep, no page leads to nothing."""
        seen: set[str] = set()
        front = ["/"]
        for _ in range(2):
            found: set[str] = set()
            for path in front:
                reader = Links()
                reader.feed(client.get(path, headers=HTML).get_data(as_text=True))
                found |= {
                    link.partition("#")[0] for link in reader.found if not urlsplit(link).netloc
                }
            front = sorted(found - seen - {""})
            seen |= set(front)
            for path in front:
                response = client.get(path, headers=HTML, buffered=True, follow_redirects=True)
                assert response.status_code == 200, path
        assert len(seen) > 150

    def test_nothing_inline_and_nothing_from_elsewhere(self, client: FlaskClient) -> None:
        for path in ("/", "/id/initiative/thamm", "/sparql", "/queries", "/ns", "/actors"):
            response = client.get(path, headers=HTML)
            text = response.get_data(as_text=True)
            scripts = re.findall(r"<script[^>]*>[^<]*", text)
            run = [
                one for one in scripts if not one.startswith('<script type="application/ld+json"')
            ]
            assert run
            attributes = r'( data-[a-z]+="[^"]*")*'
            assert all(
                re.fullmatch(rf'<script src="/static/[^"]*" defer{attributes}>', one) for one in run
            )
            assert not re.search(r"\s(style|on[a-z]+)=", text)
            policy = response.headers["Content-Security-Policy"]
            assert "unsafe" not in policy
            assert "script-src 'self'" in policy
            assert not re.search(r'(src|<link rel="stylesheet" href)="https?:', text)


class TestDumps:
    def test_files_match_their_checksums(self, client: FlaskClient) -> None:
        listed = client.get("/dumps", headers={"Accept": "application/json"}).get_json()
        sums = client.get("/dumps/SHA256SUMS", buffered=True).get_data(as_text=True)
        assert listed["files"]
        for file in listed["files"]:
            response = client.get(f"/dumps/{file['name']}", buffered=True)
            assert hashlib.sha256(response.data).hexdigest() == file["sha256"]
            assert f"{file['sha256']}  {file['name']}" in sums
            again = client.get(
                f"/dumps/{file['name']}",
                headers={"If-None-Match": response.headers["ETag"]},
                buffered=True,
            )
            assert again.status_code == 304

    def test_page_and_unknown(self, client: FlaskClient) -> None:
        assert "migov.nq.gz" in page(client, "/dumps")
        assert client.get("/dumps/../pyproject.toml").status_code == 404
        assert client.get("/dumps/no.ttl").status_code == 404


@pytest.mark.parametrize("path", ["/", "/queries", "/id/actor/ilo", "/snapshot"])
def test_only_reads(client: FlaskClient, path: str) -> None:
    for method in ("POST", "PUT", "DELETE", "PATCH"):
        response = client.open(path, method=method)
        assert response.status_code == 405
        assert "GET" in response.headers["Allow"]
