"""`migov serve --scratch`: the protocols with their writes, against a real server."""

from __future__ import annotations

import shlex
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import ClassVar
from urllib.parse import urlencode, urlsplit

import httpx
import pytest
from pyoxigraph import RdfFormat, Store, parse

from cli_runner import migov
from conftest import ROOT
from migov.protocol.formats import GRAPHS, Format
from scratch_support import empty, scratch

G, H = "http://example.org/g", "http://example.org/h"
AT_G = "/graphs?" + urlencode({"graph": G})
TURTLE = {"Content-Type": "text/turtle"}
UPDATE = {"Content-Type": "application/sparql-update"}
HTML = {"Accept": "text/html"}
FORM = {"Content-Type": "application/x-www-form-urlencoded"}
RDF = "http://www.w3.org/1999/02/22-rdf-syntax-ns#"


@pytest.fixture(scope="module")
def server() -> Iterator[httpx.Client]:
    with scratch("--deadline", "5") as client:
        yield client


@pytest.fixture
def store(server: httpx.Client) -> httpx.Client:
    """The server with nothing in its dataset."""
    empty(server)
    return server


def put(store: httpx.Client, text: str, path: str = AT_G) -> httpx.Response:
    return store.put(path, content=text, headers=TURTLE)


def said(store: httpx.Client, path: str = AT_G) -> set[str]:
    """Return the triples of a graph, without the labels of blank nodes."""
    response = store.get(path, headers={"Accept": "application/n-triples"})
    assert response.status_code == 200, response.text
    return set(response.text.splitlines())


def ask(store: httpx.Client, pattern: str) -> bool:
    response = store.post("/sparql", data={"query": f"ASK {{ {pattern} }}"})
    return bool(response.json()["boolean"])


def told(response: httpx.Response, status: int) -> str:
    """Return what a problem document says."""
    assert response.status_code == status, response.text
    assert response.headers["Content-Type"] == "application/problem+json"
    document = response.json()
    assert document["status"] == status
    return f"{document['detail']} {document.get('hint', '')}"


class TestItSaysWhatItIs:
    def test_in_every_answer(self, store: httpx.Client) -> None:
        for path in ("/", "/sparql", "/graphs?default", "/nowhere"):
            response = store.get(path)
            assert "anybody on this machine" in response.headers["Migov-Scratch"]
            assert "Access-Control-Allow-Origin" not in response.headers

    def test_on_its_page(self, store: httpx.Client) -> None:
        english = store.get("/sparql", headers=HTML).text
        assert "This is a scratch dataset." in english
        french = store.get("/sparql?lang=fr", headers=HTML).text
        assert '<html lang="fr">' in french
        assert "Ceci est un jeu de données d’essai." in french
        assert "scratch" not in french.replace("migov.css", "").lower().replace("scratch.", "")

    def test_in_its_description(self, store: httpx.Client) -> None:
        put(store, "<a:a> <a:b> 1, 2 .")
        put(store, "", "/graphs?" + urlencode({"graph": H}))
        put(store, "<a:a> <a:b> 1, 2, 3 .", "/graphs?default")
        text = store.get("/sparql").text
        assert "sd:SPARQL11Update" in text
        assert "sd:EmptyGraphs" in text
        for name, triples in ((G, 2), (H, 0)):
            assert ask_of(text, f"?g sd:name <{name}> ; sd:graph/void:triples {triples}")
        assert ask_of(text, "?d sd:defaultGraph/void:triples 3")

    @pytest.mark.parametrize("name", ["explain", "inferred"])
    def test_it_is_plain_sparql(self, store: httpx.Client, name: str) -> None:
        fields = {"query": "ASK {}", name: "true"}
        assert name in told(store.post("/sparql", data=fields), 403)
        assert store.post("/sparql", data=fields, headers=HTML).status_code == 403

    @pytest.mark.parametrize(
        "path", ["/graph/x", "/queries", "/id/actor/ilo", "/dumps", "/changes"]
    )
    def test_nothing_of_the_files_is_here(self, store: httpx.Client, path: str) -> None:
        told(store.get(path), 404)
        told(store.post(path), 404)

    def test_people_find_its_graphs(self, store: httpx.Client) -> None:
        put(store, "<a:a> <a:b> 1 .")
        response = store.get("/graphs", headers=HTML)
        assert (response.status_code, response.headers["Location"]) == (303, "/")
        page = store.get("/", headers=HTML).text
        assert f'href="{AT_G}"' in page
        assert "1 triple<" in page

    def test_every_write_is_another_version(self, store: httpx.Client) -> None:
        before = store.get("/sparql").headers["Migov-Snapshot"]
        assert store.get("/sparql").headers["Migov-Snapshot"] == before
        put(store, "<a:a> <a:b> 1 .")
        assert store.get("/sparql").headers["Migov-Snapshot"] != before

    @pytest.mark.parametrize("host", ["0.0.0.0", "192.0.2.1", "example.org", "::"])
    def test_only_the_loopback(self, host: str) -> None:
        result = migov("serve", "--scratch", "--host", host, "--port", "0")
        assert result.code == 2
        assert "takes writes from anybody" in result.err


def ask_of(turtle: str, pattern: str) -> bool:
    store = Store()
    store.load(turtle.encode(), format=RdfFormat.TURTLE)
    prefixes = (
        "PREFIX sd: <http://www.w3.org/ns/sparql-service-description#> "
        "PREFIX void: <http://rdfs.org/ns/void#> "
    )
    return bool(store.query(f"{prefixes} ASK {{ {pattern} }}"))


def test_the_readme(store: httpx.Client, tmp_path: Path) -> None:
    """What the README says to type does what it says."""
    text = (ROOT / "README.md").read_text(encoding="utf-8")
    port = "http://127.0.0.1:8001"
    (tmp_path / "record.ttl").write_text("<#it> <a:b> 1 .")
    commands = [line for line in text.splitlines() if line.startswith("curl") and port in line]
    assert len(commands) == 2
    for command in commands:
        words = shlex.split(command.replace(port, str(store.base_url).rstrip("/")))
        subprocess.run([*words, "--silent", "--fail"], cwd=tmp_path, check=True)
    assert ask(store, "?s ?p 1 . GRAPH <http://example.org/record> { ?it <a:b> 1 }")


class TestUpdates:
    def test_form_and_direct(self, store: httpx.Client) -> None:
        form = store.post("/sparql", data={"update": "INSERT DATA { <a:a> <a:b> 1 }"})
        direct = store.post("/sparql", content="INSERT DATA { <a:a> <a:b> 2 }", headers=UPDATE)
        for response in (form, direct):
            assert (response.status_code, response.content) == (204, b"")
        assert ask(store, "<a:a> <a:b> 1, 2")

    def test_all_of_it_or_nothing(self, store: httpx.Client) -> None:
        update = "INSERT DATA { <a:a> <a:b> 1 } ; DROP GRAPH <http://example.org/none>"
        told(store.post("/sparql", data={"update": update}), 400)
        assert not ask(store, "?s ?p ?o")

    def test_nothing_to_do(self, store: httpx.Client) -> None:
        assert store.post("/sparql", data={"update": ""}).status_code == 204

    def test_its_dataset(self, store: httpx.Client) -> None:
        put(store, "<a:a> <a:b> 1 .")
        update = "INSERT { <a:found> ?p ?o } WHERE { ?s ?p ?o }"
        assert store.post("/sparql", data={"update": update}).status_code == 204
        assert not ask(store, "<a:found> ?p ?o")
        fields = {"update": update, "using-graph-uri": G}
        assert store.post("/sparql", data=fields).status_code == 204
        assert ask(store, "<a:found> <a:b> 1")
        path = "/sparql?" + urlencode({"using-named-graph-uri": G})
        update = "INSERT { <a:named> ?p ?o } WHERE { GRAPH ?g { ?s ?p ?o } }"
        assert store.post(path, content=update, headers=UPDATE).status_code == 204
        assert ask(store, "<a:named> <a:b> 1")

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
    def test_a_dataset_in_both(self, store: httpx.Client, name: str, update: str) -> None:
        put(store, "<a:a> <a:b> 1 .")
        told(store.post("/sparql", data={"update": update, name: G}), 400)

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
        store: httpx.Client,
        method: str,
        path: str,
        headers: dict[str, str],
        body: str | bytes,
        status: int,
    ) -> None:
        put(store, "<a:a> <a:b> 1 .")
        told(store.request(method, path, headers=headers, content=body), status)
        assert len(said(store)) == 1

    def test_a_mistake_is_found(self, store: httpx.Client) -> None:
        update = "INSERT DATA {\n  <a:a> <a:b> x:c }"
        document = store.post("/sparql", data={"update": update}).json()
        assert (document["line"], document["column"]) == (2, 15)
        assert "x:" in document["detail"]
        relative = store.post("/sparql", data={"update": "INSERT DATA { <a> <b> }"}).json()
        assert (relative["line"], relative["text"]) == (1, "INSERT DATA { <a> <b> }")
        assert relative["column"] <= len(relative["text"]) + 1

    def test_on_its_page(self, store: httpx.Client) -> None:
        done = store.post("/sparql", data={"update": "INSERT DATA { <a:a> <a:b> 1 }"}, headers=HTML)
        assert done.status_code == 200
        assert "The update is done." in done.text
        wrong = store.post("/sparql", data={"update": "INSERT <b>DATA</b>"}, headers=HTML)
        assert wrong.status_code == 400
        assert "&lt;b&gt;DATA" in wrong.text
        rows = store.get("/sparql", params={"query": "SELECT * { ?s ?p ?o }"}, headers=HTML)
        assert "1 row." in rows.text


class TestGraphStore:
    def test_put_get_delete(self, store: httpx.Client) -> None:
        created = put(store, "<> <#p> '01'^^<http://www.w3.org/2001/XMLSchema#string> .")
        assert (created.status_code, created.content) == (201, b"")
        assert said(store) == {f'<{G}> <{G}#p> "01" .'}
        assert put(store, "<a:a> <a:b> 1, 2 .").status_code == 204
        assert len(said(store)) == 2
        gone = store.delete(AT_G)
        assert (gone.status_code, gone.content) == (204, b"")
        told(store.get(AT_G), 404)
        told(store.delete(AT_G), 404)
        assert store.head(AT_G).status_code == 404

    def test_post_adds(self, store: httpx.Client) -> None:
        assert store.post(AT_G, content="<a:a> <a:b> 1 .", headers=TURTLE).status_code == 201
        assert store.post(AT_G, content="<a:a> <a:b> 2 .", headers=TURTLE).status_code == 204
        assert len(said(store)) == 2
        assert len(said(store, "/graphs?default")) == 0

    def test_the_default_graph(self, store: httpx.Client) -> None:
        assert put(store, "<a:a> <a:b> 1 .", "/graphs?default").status_code in (201, 204)
        assert ask(store, "<a:a> <a:b> 1")
        assert store.delete("/graphs?default").status_code == 204
        assert said(store, "/graphs?default") == set()

    def test_an_address_of_its_own(self, store: httpx.Client) -> None:
        assert put(store, "<> <#p> 1 .", "/graphs/person/1.ttl").status_code == 201
        name = f"{store.base_url}/graphs/person/1.ttl"
        assert ask(store, f"GRAPH <{name}> {{ <{name}> <{name}#p> 1 }}")
        indirect = "/graphs?" + urlencode({"graph": name})
        assert said(store, indirect) == said(store, "/graphs/person/1.ttl")

    def test_a_new_graph(self, store: httpx.Client) -> None:
        response = store.post("/graphs", content="<> <a:b> 1 .", headers=TURTLE)
        assert response.status_code == 201
        location = response.headers["Location"]
        assert urlsplit(location).path.startswith("/graphs/")
        assert said(store, location) == {
            f'<{location}> <a:b> "1"^^<http://www.w3.org/2001/XMLSchema#integer> .'
        }
        again = store.post("/graphs", content="<> <a:b> 1 .", headers=TURTLE)
        assert again.headers["Location"] != location

    def test_an_empty_graph_is_there(self, store: httpx.Client) -> None:
        assert put(store, "").status_code == 201
        assert said(store) == set()

    @pytest.mark.parametrize("format", GRAPHS, ids=lambda format: format.name)
    def test_every_format(self, store: httpx.Client, format: Format) -> None:
        """What is given in a format is taken in it."""
        assert len(GRAPHS) == 6
        put(store, "<a:a> <a:b> 'x'@en, [ <a:c> 1.5 ] .")
        given = store.get(AT_G, headers={"Accept": format.media_type})
        assert given.headers["Content-Type"].startswith(format.media_type)
        there = "/graphs?" + urlencode({"graph": H})
        response = store.put(
            there, content=given.content, headers={"Content-Type": format.media_type}
        )
        assert response.status_code == 201, response.text
        assert len(said(store, there)) == 3

    def test_multipart(self, store: httpx.Client) -> None:
        """Blank nodes of two documents stay two; a suffix tells the format where no type does."""
        files = [
            ("graphs", ("a.ttl", b"_:x <a:b> 1 .", "text/turtle")),
            ("graphs", ("b.nt", b'_:x <a:b> "1" .\n', "application/octet-stream")),
            ("graphs", ("c.rdf", f'<r:RDF xmlns:r="{RDF}"/>'.encode(), "application/rdf+xml")),
        ]
        response = store.post(AT_G, files=files)
        assert response.status_code == 201, response.text
        assert len(said(store)) == 2
        told(store.put(AT_G, files=files), 415)
        told(store.post(AT_G, files=[("a", ("x.png", b"", "image/png"))]), 415)
        wrong = [files[0], ("graphs", ("b.ttl", b"<a:b> <a:c>", "text/turtle"))]
        assert "The document 2 cannot be read" in told(store.post(AT_G, files=wrong), 400)
        assert len(said(store)) == 2
        headers = {"Content-Type": "multipart/form-data; boundary=x"}
        told(store.post(AT_G, content=b"--y\r\n\r\n--y--", headers=headers), 400)
        told(store.post(AT_G, content=b"", headers=headers), 400)

    def test_patch(self, store: httpx.Client) -> None:
        put(store, "<a:a> <a:b> 1 .")
        update = (
            "DELETE { ?s ?p 1 } INSERT { ?s ?p 2 } WHERE { ?s ?p 1 } ; INSERT DATA { <x> <y> 3 }"
        )
        assert store.patch(AT_G, content=update, headers=UPDATE).status_code == 204
        assert {line.split()[0] for line in said(store)} == {"<a:a>", "<http://example.org/x>"}
        assert not ask(store, "?s ?p ?o")
        update = "INSERT DATA { <a:a> <a:b> 1 }"
        assert store.patch("/graphs?default", content=update, headers=UPDATE).status_code == 204
        told(store.patch("/graphs?graph=a:none", content=update, headers=UPDATE), 404)

    @pytest.mark.parametrize(
        "update",
        [
            f"INSERT DATA {{ GRAPH <{H}> {{ <a:a> <a:b> 1 }} }}",
            f"WITH <{H}> INSERT {{ <a:a> <a:b> 1 }} WHERE {{}}",
            f"INSERT {{ ?s ?p ?o }} USING <{H}> WHERE {{ ?s ?p ?o }}",
            "CLEAR ALL",
            "DROP DEFAULT",
            "INSERT { ?g ?p ?o } WHERE { gRaPh ?g { ?s ?p ?o } }",
            "INSERT { ?g ?p ?o } WHERE { \\u0047RAPH ?g { ?s ?p ?o } }",
        ],
    )
    def test_a_patch_of_another_graph(self, store: httpx.Client, update: str) -> None:
        put(store, "<a:a> <a:b> 1 .")
        response = store.patch(AT_G, content=update, headers=UPDATE)
        assert response.status_code == 422
        assert len(said(store)) == 1

    def test_a_patch_of_another_type(self, store: httpx.Client) -> None:
        put(store, "")
        response = store.patch(AT_G, content="<a:a> <a:b> 1 .", headers=TURTLE)
        told(response, 415)
        assert response.headers["Accept-Patch"] == "application/sparql-update"
        options = store.options(AT_G)
        assert options.headers["Accept-Patch"] == "application/sparql-update"
        assert {"GET", "HEAD", "PUT", "POST", "DELETE", "PATCH"} <= set(
            options.headers["Allow"].split(", ")
        )

    def test_preconditions(self, store: httpx.Client) -> None:
        fresh = {**TURTLE, "If-None-Match": "*"}
        assert store.put(AT_G, content="<a:a> <a:b> 1 .", headers=fresh).status_code == 201
        told(store.put(AT_G, content="", headers=fresh), 412)
        etag = store.get(AT_G).headers["ETag"]
        put(store, "<a:a> <a:b> 1 .", "/graphs?default")  # another graph changes nothing here
        mine = {**TURTLE, "If-Match": etag}
        assert store.put(AT_G, content="<a:a> <a:b> 2 .", headers=mine).status_code == 204
        told(store.put(AT_G, content="", headers=mine), 412)
        told(store.delete(AT_G, headers={"If-Match": etag}), 412)
        weak = {**UPDATE, "If-Match": f"W/{store.get(AT_G).headers['ETag']}"}
        told(store.patch(AT_G, content="DELETE WHERE { ?s ?p ?o }", headers=weak), 412)
        assert store.delete(AT_G, headers={"If-Match": "*"}).status_code == 204
        told(store.delete(AT_G, headers={"If-Match": "*"}), 412)

    @pytest.mark.parametrize(
        ("path", "headers", "body", "status"),
        [
            ("/graphs?graph=x.ttl", TURTLE, "", 400),
            ("/graphs?graph=", TURTLE, "", 400),
            ("/graphs?default&graph=a:b", TURTLE, "", 400),
            ("/graphs", TURTLE, "", 400),
            (AT_G, TURTLE, "<a:a> <a:b> .", 400),
            (AT_G, {"Content-Type": "application/rdf+xml"}, "<a:a> <a:b> 1 .", 400),
            (AT_G, {"Content-Type": "application/ld+json"}, "{", 400),
            (AT_G, TURTLE, b"<a:a> <a:b> '\xff' .", 400),
            (AT_G, {}, "<a:a> <a:b> 1 .", 415),
            (AT_G, {"Content-Type": "text/plain"}, "<a:a> <a:b> 1 .", 415),
            (AT_G, {"Content-Type": "application/json"}, "{}", 415),
            (AT_G, {"Content-Type": "text/turtle; charset=utf-16"}, "", 415),
            (AT_G, {"Content-Type": "text/turtle; version=9"}, "", 415),
            (AT_G, {"Content-Type": "application/trig"}, f"<{H}> {{ <a:a> <a:b> 1 }}", 403),
        ],
    )
    def test_refusals(
        self,
        store: httpx.Client,
        path: str,
        headers: dict[str, str],
        body: str | bytes,
        status: int,
    ) -> None:
        put(store, "<a:a> <a:b> 7 .")
        told(store.put(path, headers=headers, content=body), status)
        assert len(said(store)) == 1

    def test_negotiation(self, store: httpx.Client) -> None:
        put(store, "")
        told(store.get(AT_G, headers={"Accept": "image/png"}), 406)
        accept = "text/html, application/rdf+xml;q=0.9"
        assert "rdf+xml" in store.get(AT_G, headers={"Accept": accept}).headers["Content-Type"]


class TestNothingReachesOutside:
    @pytest.mark.parametrize(
        "update",
        [
            "LOAD <http://127.0.0.1:1/>",
            "LOAD SILENT <file:///etc/passwd>",
            "load <http://127.0.0.1:1/> INTO GRAPH <a:g>",
            "\\u004COAD <http://127.0.0.1:1/>",
            "#\nLOAD#\n<http://127.0.0.1:1/>",
            "PREFIX a: <http://127.0.0.1:1/> LOAD a:x",
            "INSERT DATA { <a:a> <a:b> '# ' } ; LOAD <http://127.0.0.1:1/> # '",
            "INSERT { ?s ?p ?o } WHERE { SERVICE <http://127.0.0.1:1/> { ?s ?p ?o } }",
            "INSERT { ?s ?p ?o } WHERE { SERVICE SILENT ?x { ?s ?p ?o } }",
            "DELETE { ?s ?p ?o } WHERE { FILTER(?a<?b#c>)\n SERVICE <a:b> {} }",
            "INSERT { ?s ?p ?o } USING <http://127.0.0.1:1/> WHERE { ?s ?p ?o }",
            "INSERT { ?s ?p ?o } USING NAMED <file:///etc/passwd> WHERE { ?s ?p ?o }",
            "PREFIX f: <file:///etc/> INSERT { ?s ?p ?o } USING f:passwd WHERE { ?s ?p ?o }",
            "BASE <file:///etc/> INSERT { ?s ?p ?o } USING <passwd> WHERE { ?s ?p ?o }",
        ],
    )
    def test_updates(self, store: httpx.Client, update: str) -> None:
        assert store.post("/sparql", data={"update": update}).status_code == 403
        assert not ask(store, "?s ?p ?o")

    @pytest.mark.parametrize("name", ["using-graph-uri", "using-named-graph-uri"])
    def test_the_dataset_of_an_update(self, store: httpx.Client, name: str) -> None:
        fields = {"update": "INSERT { ?s ?p 1 } WHERE { ?s ?p ?o }", name: "file:///etc/passwd"}
        told(store.post("/sparql", data=fields), 403)

    @pytest.mark.parametrize(
        "query",
        [
            "SELECT * { SERVICE <http://127.0.0.1:1/> { ?s ?p ?o } }",
            "SELECT * FROM <file:///etc/passwd> { ?s ?p ?o }",
            "BASE <file:///etc/> SELECT * FROM NAMED <passwd> { GRAPH ?g { ?s ?p ?o } }",
            "SELECT * FROM <relative> { ?s ?p ?o }",
        ],
    )
    def test_queries(self, store: httpx.Client, query: str) -> None:
        told(store.post("/sparql", data={"query": query}), 403)

    @pytest.mark.parametrize(
        ("media_type", "body", "status"),
        [
            ("application/ld+json", '{"@context": "http://127.0.0.1:1/"}', 403),
            ("application/ld+json", '{"\\u0040context": "http://127.0.0.1:1/"}', 403),
            ("application/ld+json", '{"@context": ["http://127.0.0.1:1/", {}]}', 403),
            ("application/ld+json", '{"@context": {"@import": "http://127.0.0.1:1/"}}', 403),
            ("application/ld+json", '[{"a:b": {"@context": "file:///etc/passwd"}}]', 403),
            ("application/rdf+xml", f'<!DOCTYPE r [<!ENTITY a "b">]><r:RDF xmlns:r="{RDF}"/>', 403),
            ("application/rdf+xml", f'<?xml version="1.0"?><!-- --><!DOCTYPE r:RDF SYSTEM '
             f'"http://127.0.0.1:1/"><r:RDF xmlns:r="{RDF}"/>', 403),
            ("application/rdf+xml", f'\n\n<!--<x>-->\n<!DOCTYPE\nr><r:RDF xmlns:r="{RDF}"/>', 403),
            ("application/rdf+xml",
             f'<r:RDF xmlns:r="{RDF}"><!DOCTYPE r [<!ENTITY a "b">]></r:RDF>', 400),
            ("application/rdf+xml", f'<!doctype r><r:RDF xmlns:r="{RDF}"/>', 400),
            ("application/rdf+xml",
             f'<?xml version="1.0" encoding="UTF-7"?><r:RDF xmlns:r="{RDF}"/>', 400),
        ],
    )  # fmt: skip
    def test_documents(self, store: httpx.Client, media_type: str, body: str, status: int) -> None:
        headers = {"Content-Type": media_type}
        told(store.put(AT_G, content=body.encode(), headers=headers), status)
        told(store.get(AT_G), 404)

    def test_other_encodings(self, store: httpx.Client) -> None:
        text = f'<?xml version="1.0" encoding="UTF-16"?><!DOCTYPE r><r:RDF xmlns:r="{RDF}"/>'
        headers = {"Content-Type": "application/rdf+xml"}
        for encoding in ("utf-16", "utf-16-le", "utf-16-be"):
            told(store.put(AT_G, content=text.encode(encoding), headers=headers), 400)

    def test_what_only_looks_like_it(self, store: httpx.Client) -> None:
        body = f'<r:RDF xmlns:r="{RDF}"><!-- <!DOCTYPE r> --><r:Description r:about="a:a">'
        body += '<b xmlns="a:"><![CDATA[<!DOCTYPE r>]]></b></r:Description></r:RDF>'
        headers = {"Content-Type": "application/rdf+xml"}
        assert store.put(AT_G, content=body, headers=headers).status_code == 201
        assert said(store) == {'<a:a> <a:b> "<!DOCTYPE r>" .'}
        update = "INSERT DATA { <a:load> <a:service> 'LOAD' } # LOAD <a:b>"
        assert store.post("/sparql", data={"update": update}).status_code == 204

    @pytest.mark.parametrize(
        ("media_type", "body"),
        [
            ("text/turtle", b"<a:a> <a:b> " + b"[ <a:b> " * 100_000),
            ("text/turtle", b"<a:a> <a:b> " + b"( " * 50_000),
            ("application/ld+json", b'{"a:b":' * 100_000),
            ("application/rdf+xml", b"<a>" * 100_000),
        ],
    )
    def test_monsters(self, store: httpx.Client, media_type: str, body: bytes) -> None:
        response = store.put(AT_G, content=body, headers={"Content-Type": media_type})
        assert response.status_code in (400, 503)
        assert response.headers["Content-Type"] == "application/problem+json"
        assert not ask(store, "?s ?p ?o")


class TestForeignPages:
    WRITES: ClassVar[tuple[tuple[str, str, dict[str, str], str], ...]] = (
        ("POST", "/sparql", FORM, "update=INSERT%20DATA%20%7B%20%3Ca:a%3E%20%3Ca:b%3E%201%20%7D"),
        ("POST", "/sparql", UPDATE, "INSERT DATA { <a:a> <a:b> 1 }"),
        ("PUT", "/graphs?default", TURTLE, "<a:a> <a:b> 1 ."),
        ("POST", "/graphs?default", TURTLE, "<a:a> <a:b> 1 ."),
        ("PATCH", "/graphs?default", UPDATE, "INSERT DATA { <a:a> <a:b> 1 }"),
        ("DELETE", "/graphs?default", {}, ""),
    )

    @pytest.mark.parametrize(
        "origin", ["http://evil.example", "null", "http://127.0.0.1:1", "file://"]
    )
    @pytest.mark.parametrize(("method", "path", "headers", "body"), WRITES)
    def test_origin(
        self,
        store: httpx.Client,
        origin: str,
        method: str,
        path: str,
        headers: dict[str, str],
        body: str,
    ) -> None:
        foreign = {**headers, "Origin": origin}
        told(store.request(method, path, headers=foreign, content=body), 403)
        assert not ask(store, "?s ?p ?o")

    @pytest.mark.parametrize("site", ["cross-site", "same-site"])
    def test_a_form_without_an_origin(self, store: httpx.Client, site: str) -> None:
        method, path, headers, body = self.WRITES[0]
        foreign = {**headers, "Sec-Fetch-Site": site}
        told(store.request(method, path, headers=foreign, content=body), 403)

    def test_its_own_pages_may(self, store: httpx.Client) -> None:
        method, path, headers, body = self.WRITES[0]
        own = {
            **headers,
            "Origin": str(store.base_url).rstrip("/"),
            "Sec-Fetch-Site": "same-origin",
        }
        assert store.request(method, path, headers=own, content=body).status_code == 204

    @pytest.mark.parametrize("host", ["evil.example", "127.0.0.1.evil.example", "192.0.2.1:80", ""])
    def test_another_name_for_the_loopback(self, store: httpx.Client, host: str) -> None:
        """A name that a foreign page controls may lead here (DNS rebinding)."""
        for method, path, headers, body in (*self.WRITES, ("GET", "/sparql", {}, "")):
            named = {**headers, "Host": host, "Origin": f"http://{host}"}
            response = store.request(method, path, headers=named, content=body)
            assert response.status_code in (400, 403)
        assert not ask(store, "?s ?p ?o")


class TestNewerStandards:
    """What the engine has of RDF 1.2 and SPARQL 1.2, through the faces."""

    def test_triple_terms_go_round(self, store: httpx.Client) -> None:
        turtle = """VERSION "1.2"
        <a:a> <a:b> 1 {| <a:said> <a:x> |} . <a:c> <a:d> <<( <a:a> <a:b> "x"@ar--rtl )>> ."""
        headers = {"Content-Type": "text/turtle; version=1.2"}
        assert store.put(AT_G, content=turtle, headers=headers).status_code == 201
        for media_type, format in (
            ("text/turtle", RdfFormat.TURTLE),
            ("application/n-triples", RdfFormat.N_TRIPLES),
            ("application/trig", RdfFormat.TRIG),
            ("application/n-quads", RdfFormat.N_QUADS),
            ("application/rdf+xml", RdfFormat.RDF_XML),
        ):
            given = store.get(AT_G, headers={"Accept": media_type})
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
    def test_queries(self, store: httpx.Client, query: str, value: str) -> None:
        put(store, "<a:a> <a:b> 1 {| <a:said> <a:x> |} .")
        headers = {"Content-Type": "application/sparql-query; version=1.2"}
        accept = {"Accept": "application/sparql-results+json; version=1.2"}
        response = store.post("/sparql", content=query, headers={**headers, **accept})
        assert response.status_code == 200, response.text
        (binding,) = response.json()["results"]["bindings"]
        assert binding["x"]["value"] == value

    def test_results(self, store: httpx.Client) -> None:
        query = "SELECT (TRIPLE(<a:s>, <a:p>, 1) AS ?t) {}"
        answer = store.post("/sparql", data={"query": query}).json()
        (binding,) = answer["results"]["bindings"]
        assert binding["t"]["type"] == "triple"
        assert binding["t"]["value"]["subject"] == {"type": "uri", "value": "a:s"}
        assert "<triple>" in store.post("/sparql", data={"query": query, "format": "xml"}).text
