"""The Graph Store Protocol of `migov serve --scratch`, against a real server."""

from __future__ import annotations

from urllib.parse import urlencode, urlsplit

import httpx
import pytest

from migov.protocol.formats import GRAPHS, Format
from scratch_support import (
    AT_G,
    RDF,
    TURTLE,
    UPDATE,
    G,
    H,
    ask,
    put,
    said,
    told,
)


class TestGraphStore:
    def test_put_get_delete(self, dataset: httpx.Client) -> None:
        created = put(dataset, "<> <#p> '01'^^<http://www.w3.org/2001/XMLSchema#string> .")
        assert (created.status_code, created.content) == (201, b"")
        assert said(dataset) == {f'<{G}> <{G}#p> "01" .'}
        assert put(dataset, "<a:a> <a:b> 1, 2 .").status_code == 204
        assert len(said(dataset)) == 2
        gone = dataset.delete(AT_G)
        assert (gone.status_code, gone.content) == (204, b"")
        told(dataset.get(AT_G), 404)
        told(dataset.delete(AT_G), 404)
        assert dataset.head(AT_G).status_code == 404

    def test_post_adds(self, dataset: httpx.Client) -> None:
        assert dataset.post(AT_G, content="<a:a> <a:b> 1 .", headers=TURTLE).status_code == 201
        assert dataset.post(AT_G, content="<a:a> <a:b> 2 .", headers=TURTLE).status_code == 204
        assert len(said(dataset)) == 2
        assert len(said(dataset, "/graphs?default")) == 0

    def test_the_default_graph(self, dataset: httpx.Client) -> None:
        assert put(dataset, "<a:a> <a:b> 1 .", "/graphs?default").status_code in (201, 204)
        assert ask(dataset, "<a:a> <a:b> 1")
        assert dataset.delete("/graphs?default").status_code == 204
        assert said(dataset, "/graphs?default") == set()

    def test_an_address_of_its_own(self, dataset: httpx.Client) -> None:
        assert put(dataset, "<> <#p> 1 .", "/graphs/person/1.ttl").status_code == 201
        name = f"{dataset.base_url}/graphs/person/1.ttl"
        assert ask(dataset, f"GRAPH <{name}> {{ <{name}> <{name}#p> 1 }}")
        indirect = "/graphs?" + urlencode({"graph": name})
        assert said(dataset, indirect) == said(dataset, "/graphs/person/1.ttl")

    def test_a_new_graph(self, dataset: httpx.Client) -> None:
        response = dataset.post("/graphs", content="<> <a:b> 1 .", headers=TURTLE)
        assert response.status_code == 201
        location = response.headers["Location"]
        assert urlsplit(location).path.startswith("/graphs/")
        assert said(dataset, location) == {
            f'<{location}> <a:b> "1"^^<http://www.w3.org/2001/XMLSchema#integer> .'
        }
        again = dataset.post("/graphs", content="<> <a:b> 1 .", headers=TURTLE)
        assert again.headers["Location"] != location

    def test_an_empty_graph_is_there(self, dataset: httpx.Client) -> None:
        assert put(dataset, "").status_code == 201
        assert said(dataset) == set()

    @pytest.mark.parametrize("format", GRAPHS, ids=lambda format: format.name)
    def test_every_format(self, dataset: httpx.Client, format: Format) -> None:
        """What is given in a format is taken in it."""
        assert len(GRAPHS) == 6
        put(dataset, "<a:a> <a:b> 'x'@en, [ <a:c> 1.5 ] .")
        given = dataset.get(AT_G, headers={"Accept": format.media_type})
        assert given.headers["Content-Type"].startswith(format.media_type)
        there = "/graphs?" + urlencode({"graph": H})
        response = dataset.put(
            there, content=given.content, headers={"Content-Type": format.media_type}
        )
        assert response.status_code == 201, response.text
        assert len(said(dataset, there)) == 3

    def test_multipart(self, dataset: httpx.Client) -> None:
        """Blank nodes of two documents stay two; a suffix tells the format where no type does."""
        files = [
            ("graphs", ("a.ttl", b"_:x <a:b> 1 .", "text/turtle")),
            ("graphs", ("b.nt", b'_:x <a:b> "1" .\n', "application/octet-stream")),
            ("graphs", ("c.rdf", f'<r:RDF xmlns:r="{RDF}"/>'.encode(), "application/rdf+xml")),
        ]
        response = dataset.post(AT_G, files=files)
        assert response.status_code == 201, response.text
        assert len(said(dataset)) == 2
        told(dataset.put(AT_G, files=files), 415)
        told(dataset.post(AT_G, files=[("a", ("x.png", b"", "image/png"))]), 415)
        wrong = [files[0], ("graphs", ("b.ttl", b"<a:b> <a:c>", "text/turtle"))]
        assert "The document 2 cannot be read" in told(dataset.post(AT_G, files=wrong), 400)
        assert len(said(dataset)) == 2
        headers = {"Content-Type": "multipart/form-data; boundary=x"}
        told(dataset.post(AT_G, content=b"--y\r\n\r\n--y--", headers=headers), 400)
        told(dataset.post(AT_G, content=b"", headers=headers), 400)

    def test_patch(self, dataset: httpx.Client) -> None:
        put(dataset, "<a:a> <a:b> 1 .")
        update = (
            "DELETE { ?s ?p 1 } INSERT { ?s ?p 2 } WHERE { ?s ?p 1 } ; INSERT DATA { <x> <y> 3 }"
        )
        assert dataset.patch(AT_G, content=update, headers=UPDATE).status_code == 204
        assert {line.split()[0] for line in said(dataset)} == {"<a:a>", "<http://example.org/x>"}
        assert not ask(dataset, "?s ?p ?o")
        update = "INSERT DATA { <a:a> <a:b> 1 }"
        assert dataset.patch("/graphs?default", content=update, headers=UPDATE).status_code == 204
        told(dataset.patch("/graphs?graph=a:none", content=update, headers=UPDATE), 404)

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
    def test_a_patch_of_another_graph(self, dataset: httpx.Client, update: str) -> None:
        put(dataset, "<a:a> <a:b> 1 .")
        response = dataset.patch(AT_G, content=update, headers=UPDATE)
        assert response.status_code == 422
        assert len(said(dataset)) == 1

    def test_a_patch_of_another_type(self, dataset: httpx.Client) -> None:
        put(dataset, "")
        response = dataset.patch(AT_G, content="<a:a> <a:b> 1 .", headers=TURTLE)
        told(response, 415)
        assert response.headers["Accept-Patch"] == "application/sparql-update"
        options = dataset.options(AT_G)
        assert options.headers["Accept-Patch"] == "application/sparql-update"
        assert {"GET", "HEAD", "PUT", "POST", "DELETE", "PATCH"} <= set(
            options.headers["Allow"].split(", ")
        )

    def test_preconditions(self, dataset: httpx.Client) -> None:
        fresh = {**TURTLE, "If-None-Match": "*"}
        assert dataset.put(AT_G, content="<a:a> <a:b> 1 .", headers=fresh).status_code == 201
        told(dataset.put(AT_G, content="", headers=fresh), 412)
        etag = dataset.get(AT_G).headers["ETag"]
        put(dataset, "<a:a> <a:b> 1 .", "/graphs?default")  # another graph changes nothing here
        mine = {**TURTLE, "If-Match": etag}
        assert dataset.put(AT_G, content="<a:a> <a:b> 2 .", headers=mine).status_code == 204
        told(dataset.put(AT_G, content="", headers=mine), 412)
        told(dataset.delete(AT_G, headers={"If-Match": etag}), 412)
        weak = {**UPDATE, "If-Match": f"W/{dataset.get(AT_G).headers['ETag']}"}
        told(dataset.patch(AT_G, content="DELETE WHERE { ?s ?p ?o }", headers=weak), 412)
        assert dataset.delete(AT_G, headers={"If-Match": "*"}).status_code == 204
        told(dataset.delete(AT_G, headers={"If-Match": "*"}), 412)

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
        dataset: httpx.Client,
        path: str,
        headers: dict[str, str],
        body: str | bytes,
        status: int,
    ) -> None:
        put(dataset, "<a:a> <a:b> 7 .")
        told(dataset.put(path, headers=headers, content=body), status)
        assert len(said(dataset)) == 1

    def test_negotiation(self, dataset: httpx.Client) -> None:
        put(dataset, "")
        told(dataset.get(AT_G, headers={"Accept": "image/png"}), 406)
        accept = "text/html, application/rdf+xml;q=0.9"
        assert "rdf+xml" in dataset.get(AT_G, headers={"Accept": accept}).headers["Content-Type"]
