"""`migov serve --scratch`: the protocols with their writes, against a real server."""

from __future__ import annotations

import shlex
import subprocess
from pathlib import Path
from urllib.parse import urlencode

import httpx
import pytest
from pyoxigraph import RdfFormat, Store, parse

from cli_runner import migov
from conftest import ROOT
from scratch_support import (
    AT_G,
    FORM,
    HTML,
    RDF,
    UPDATE,
    G,
    H,
    ask,
    put,
    said,
    told,
)


class TestItSaysWhatItIs:
    def test_in_every_answer(self, dataset: httpx.Client) -> None:
        for path in ("/", "/sparql", "/graphs?default", "/nowhere"):
            response = dataset.get(path)
            assert "anybody on this machine" in response.headers["Migov-Scratch"]
            assert "Access-Control-Allow-Origin" not in response.headers

    def test_on_its_page(self, dataset: httpx.Client) -> None:
        english = dataset.get("/sparql", headers=HTML).text
        assert "This is a scratch dataset." in english
        french = dataset.get("/sparql?lang=fr", headers=HTML).text
        assert '<html lang="fr">' in french
        assert "Ceci est un jeu de données d’essai." in french
        assert "scratch" not in french.replace("migov.css", "").lower().replace("scratch.", "")

    def test_in_its_description(self, dataset: httpx.Client) -> None:
        put(dataset, "<a:a> <a:b> 1, 2 .")
        put(dataset, "", "/graphs?" + urlencode({"graph": H}))
        put(dataset, "<a:a> <a:b> 1, 2, 3 .", "/graphs?default")
        text = dataset.get("/sparql").text
        assert "sd:SPARQL11Update" in text
        assert "sd:EmptyGraphs" in text
        for name, triples in ((G, 2), (H, 0)):
            assert ask_of(text, f"?g sd:name <{name}> ; sd:graph/void:triples {triples}")
        assert ask_of(text, "?d sd:defaultGraph/void:triples 3")

    @pytest.mark.parametrize("name", ["explain", "inferred"])
    def test_it_is_plain_sparql(self, dataset: httpx.Client, name: str) -> None:
        fields = {"query": "ASK {}", name: "true"}
        assert name in told(dataset.post("/sparql", data=fields), 403)
        assert dataset.post("/sparql", data=fields, headers=HTML).status_code == 403

    @pytest.mark.parametrize(
        "path", ["/graph/x", "/queries", "/id/actor/ilo", "/dumps", "/changes"]
    )
    def test_nothing_of_the_files_is_here(self, dataset: httpx.Client, path: str) -> None:
        told(dataset.get(path), 404)
        told(dataset.post(path), 404)

    def test_people_find_its_graphs(self, dataset: httpx.Client) -> None:
        put(dataset, "<a:a> <a:b> 1 .")
        response = dataset.get("/graphs", headers=HTML)
        assert (response.status_code, response.headers["Location"]) == (303, "/")
        page = dataset.get("/", headers=HTML).text
        assert f'href="{AT_G}"' in page
        assert "1 triple<" in page

    def test_every_write_is_another_version(self, dataset: httpx.Client) -> None:
        before = dataset.get("/sparql").headers["Migov-Snapshot"]
        assert dataset.get("/sparql").headers["Migov-Snapshot"] == before
        put(dataset, "<a:a> <a:b> 1 .")
        assert dataset.get("/sparql").headers["Migov-Snapshot"] != before

    @pytest.mark.parametrize("host", ["0.0.0.0", "192.0.2.1", "example.org", "::"])
    def test_only_the_loopback(self, host: str) -> None:
        result = migov("serve", "--scratch", "--host", host, "--port", "0")
        assert result.code == 2
        assert "takes writes from anybody" in result.err

    def test_no_store_elsewhere(self) -> None:
        result = migov("serve", "--scratch", "--engine", "http://127.0.0.1:9/query", "--port", "0")
        assert result.code == 2
        assert "leave --engine out" in result.err


def ask_of(turtle: str, pattern: str) -> bool:
    store = Store()
    store.load(turtle.encode(), format=RdfFormat.TURTLE)
    prefixes = (
        "PREFIX sd: <http://www.w3.org/ns/sparql-service-description#> "
        "PREFIX void: <http://rdfs.org/ns/void#> "
    )
    return bool(store.query(f"{prefixes} ASK {{ {pattern} }}"))


def test_the_readme(dataset: httpx.Client, tmp_path: Path) -> None:
    """What the README says to type does what it says."""
    text = (ROOT / "README.md").read_text(encoding="utf-8")
    port = "http://127.0.0.1:8001"
    (tmp_path / "record.ttl").write_text("<#it> <a:b> 1 .")
    commands = [line for line in text.splitlines() if line.startswith("curl") and port in line]
    assert len(commands) == 2
    for command in commands:
        words = shlex.split(command.replace(port, str(dataset.base_url).rstrip("/")))
        subprocess.run([*words, "--silent", "--fail"], cwd=tmp_path, check=True)
    assert ask(dataset, "?s ?p 1 . GRAPH <http://example.org/record> { ?it <a:b> 1 }")


class TestUpdates:
    def test_form_and_direct(self, dataset: httpx.Client) -> None:
        form = dataset.post("/sparql", data={"update": "INSERT DATA { <a:a> <a:b> 1 }"})
        direct = dataset.post("/sparql", content="INSERT DATA { <a:a> <a:b> 2 }", headers=UPDATE)
        for response in (form, direct):
            assert (response.status_code, response.content) == (204, b"")
        assert ask(dataset, "<a:a> <a:b> 1, 2")

    def test_all_of_it_or_nothing(self, dataset: httpx.Client) -> None:
        update = "INSERT DATA { <a:a> <a:b> 1 } ; DROP GRAPH <http://example.org/none>"
        told(dataset.post("/sparql", data={"update": update}), 400)
        assert not ask(dataset, "?s ?p ?o")

    def test_nothing_to_do(self, dataset: httpx.Client) -> None:
        assert dataset.post("/sparql", data={"update": ""}).status_code == 204

    def test_its_dataset(self, dataset: httpx.Client) -> None:
        put(dataset, "<a:a> <a:b> 1 .")
        update = "INSERT { <a:found> ?p ?o } WHERE { ?s ?p ?o }"
        assert dataset.post("/sparql", data={"update": update}).status_code == 204
        assert not ask(dataset, "<a:found> ?p ?o")
        fields = {"update": update, "using-graph-uri": G}
        assert dataset.post("/sparql", data=fields).status_code == 204
        assert ask(dataset, "<a:found> <a:b> 1")
        path = "/sparql?" + urlencode({"using-named-graph-uri": G})
        update = "INSERT { <a:named> ?p ?o } WHERE { GRAPH ?g { ?s ?p ?o } }"
        assert dataset.post(path, content=update, headers=UPDATE).status_code == 204
        assert ask(dataset, "<a:named> <a:b> 1")

    @pytest.mark.parametrize("name", ["using-graph-uri", "using-named-graph-uri"])
    @pytest.mark.parametrize(
        "update",
        [
            f"INSERT {{ <a:a> <a:b> 1 }} USING <{G}> WHERE {{}}",
            f"INSERT {{ <a:a> <a:b> 1 }} USING NAMED <{G}> WHERE {{}}",
            f"WITH <{G}> INSERT {{ <a:a> <a:b> 1 }} WHERE {{}}",
            f"CLEAR DEFAULT ; WITH <{G}> INSERT {{ <a:a> <a:b> 1 }} WHERE {{}}",
        ],
    )
    def test_a_dataset_in_both(self, dataset: httpx.Client, name: str, update: str) -> None:
        put(dataset, "<a:a> <a:b> 1 .")
        told(dataset.post("/sparql", data={"update": update, name: G}), 400)

    @pytest.mark.parametrize(
        ("method", "path", "headers", "body", "status"),
        [
            ("GET", "/sparql?update=CLEAR%20ALL", {}, "", 400),
            ("POST", "/sparql?update=CLEAR%20ALL", {}, "", 400),
            ("POST", "/sparql?update=CLEAR%20ALL", UPDATE, "CLEAR ALL", 400),
            ("POST", "/sparql", FORM, "update=CLEAR%20ALL&query=ASK%20%7B%7D", 400),
            ("POST", "/sparql?query=ASK%20%7B%7D", UPDATE, "CLEAR ALL", 400),
            ("POST", "/sparql", FORM, "update=CLEAR%20ALL&update=CLEAR%20ALL", 400),
            ("POST", "/sparql", FORM, "update=CLEAR%20ALL&default-graph-uri=a:b", 400),
            ("POST", "/sparql", FORM, "query=ASK%20%7B%7D&using-graph-uri=a:b", 400),
            ("POST", "/sparql?named-graph-uri=a:b", UPDATE, "CLEAR ALL", 400),
            ("POST", "/sparql", FORM, "update=SELECT%20*%20%7B%7D", 400),
            ("POST", "/sparql", FORM, "query=CLEAR%20ALL", 400),
            ("POST", "/sparql", FORM, "update=%FF", 400),
            ("POST", "/sparql", UPDATE, b"INSERT DATA { <a:a> <a:b> '\xff' }", 400),
            ("POST", "/sparql", {"Content-Type": "text/plain"}, "CLEAR ALL", 415),
            ("POST", "/sparql", {}, "CLEAR ALL", 415),
            (
                "POST",
                "/sparql",
                {"Content-Type": "application/sparql-update; charset=utf-16"},
                "CLEAR ALL".encode("utf-16"),
                415,
            ),
            ("PUT", "/sparql", UPDATE, "CLEAR ALL", 405),
            ("DELETE", "/sparql", {}, "", 405),
            ("POST", "/sparql", UPDATE, "INSERT DATA { " + "#" * 100_001 + "\n}", 413),
            ("POST", "/sparql", UPDATE, "INSERT DATA " + "{" * 101, 400),
            (
                "POST",
                "/sparql",
                UPDATE,
                "INSERT { <a:a> <a:a> 1 } WHERE { ?s " + "/".join(["<a:b>"] * 569) + " ?o }",
                400,
            ),
        ],
    )
    def test_refusals(
        self,
        dataset: httpx.Client,
        method: str,
        path: str,
        headers: dict[str, str],
        body: str | bytes,
        status: int,
    ) -> None:
        put(dataset, "<a:a> <a:b> 1 .")
        told(dataset.request(method, path, headers=headers, content=body), status)
        assert len(said(dataset)) == 1

    def test_a_mistake_is_found(self, dataset: httpx.Client) -> None:
        update = "INSERT DATA {\n  <a:a> <a:b> x:c }"
        document = dataset.post("/sparql", data={"update": update}).json()
        assert (document["line"], document["column"]) == (2, 15)
        assert "x:" in document["detail"]
        relative = dataset.post("/sparql", data={"update": "INSERT DATA { <a> <b> }"}).json()
        assert (relative["line"], relative["text"]) == (1, "INSERT DATA { <a> <b> }")
        assert relative["column"] <= len(relative["text"]) + 1

    def test_on_its_page(self, dataset: httpx.Client) -> None:
        done = dataset.post(
            "/sparql", data={"update": "INSERT DATA { <a:a> <a:b> 1 }"}, headers=HTML
        )
        assert done.status_code == 200
        assert "The update is done." in done.text
        wrong = dataset.post("/sparql", data={"update": "INSERT <b>DATA</b>"}, headers=HTML)
        assert wrong.status_code == 400
        assert "&lt;b&gt;DATA" in wrong.text
        rows = dataset.get("/sparql", params={"query": "SELECT * { ?s ?p ?o }"}, headers=HTML)
        assert "1 row." in rows.text


class TestNewerStandards:
    """What the engine has of RDF 1.2 and SPARQL 1.2, through the faces."""

    def test_triple_terms_go_round(self, dataset: httpx.Client) -> None:
        turtle = """VERSION "1.2"
        <a:a> <a:b> 1 {| <a:said> <a:x> |} . <a:c> <a:d> <<( <a:a> <a:b> "x"@ar--rtl )>> ."""
        headers = {"Content-Type": "text/turtle; version=1.2"}
        assert dataset.put(AT_G, content=turtle, headers=headers).status_code == 201
        for media_type, format in (
            ("text/turtle", RdfFormat.TURTLE),
            ("application/n-triples", RdfFormat.N_TRIPLES),
            ("application/trig", RdfFormat.TRIG),
            ("application/n-quads", RdfFormat.N_QUADS),
            ("application/rdf+xml", RdfFormat.RDF_XML),
        ):
            given = dataset.get(AT_G, headers={"Accept": media_type})
            assert len(list(parse(given.content, format=format))) == 4, media_type

    @pytest.mark.parametrize(
        ("query", "value"),
        [
            (f"SELECT ?x {{ GRAPH ?g {{ ?r <{RDF}reifies> <<( ?s ?p ?x )>> }} }}", "1"),
            ("SELECT ?x { GRAPH ?g { << ?s ?p ?x >> <a:said> ?y } }", "1"),
            ("SELECT ?x { GRAPH ?g { ?s ?p ?x {| <a:said> ?y |} } }", "1"),
            ("SELECT (SUBJECT(?t) AS ?x) { BIND(TRIPLE(<a:s>, <a:p>, 1) AS ?t) }", "a:s"),
            ("SELECT ?x { BIND(isTRIPLE(<<( <a:s> <a:p> 1 )>>) AS ?x) }", "true"),
            ("SELECT ?x { BIND(LANGDIR('a'@ar--rtl) AS ?x) }", "rtl"),
            ("SELECT ?x { BIND(STRLANGDIR('a', 'ar', 'rtl') = 'a'@ar--rtl AS ?x) }", "true"),
        ],
    )
    def test_queries(self, dataset: httpx.Client, query: str, value: str) -> None:
        put(dataset, "<a:a> <a:b> 1 {| <a:said> <a:x> |} .")
        headers = {"Content-Type": "application/sparql-query; version=1.2"}
        accept = {"Accept": "application/sparql-results+json; version=1.2"}
        response = dataset.post("/sparql", content=query, headers={**headers, **accept})
        assert response.status_code == 200, response.text
        (binding,) = response.json()["results"]["bindings"]
        assert binding["x"]["value"] == value

    def test_results(self, dataset: httpx.Client) -> None:
        query = "SELECT (TRIPLE(<a:s>, <a:p>, 1) AS ?t) {}"
        answer = dataset.post("/sparql", data={"query": query}).json()
        (binding,) = answer["results"]["bindings"]
        assert binding["t"]["type"] == "triple"
        assert binding["t"]["value"]["subject"] == {"type": "uri", "value": "a:s"}
        assert "<triple>" in dataset.post("/sparql", data={"query": query, "format": "xml"}).text
