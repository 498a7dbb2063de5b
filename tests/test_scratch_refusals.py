"""What `migov serve --scratch` refuses: what reaches outside, what is too much, foreign pages."""

from __future__ import annotations

from typing import ClassVar

import httpx
import pytest

from scratch_support import (
    AT_G,
    FORM,
    RDF,
    TURTLE,
    UPDATE,
    ask,
    said,
    told,
)


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
    def test_updates(self, dataset: httpx.Client, update: str) -> None:
        assert dataset.post("/sparql", data={"update": update}).status_code == 403
        assert not ask(dataset, "?s ?p ?o")

    @pytest.mark.parametrize("name", ["using-graph-uri", "using-named-graph-uri"])
    def test_the_dataset_of_an_update(self, dataset: httpx.Client, name: str) -> None:
        fields = {"update": "INSERT { ?s ?p 1 } WHERE { ?s ?p ?o }", name: "file:///etc/passwd"}
        told(dataset.post("/sparql", data=fields), 403)

    @pytest.mark.parametrize(
        "query",
        [
            "SELECT * { SERVICE <http://127.0.0.1:1/> { ?s ?p ?o } }",
            "SELECT * FROM <file:///etc/passwd> { ?s ?p ?o }",
            "BASE <file:///etc/> SELECT * FROM NAMED <passwd> { GRAPH ?g { ?s ?p ?o } }",
            "SELECT * FROM <relative> { ?s ?p ?o }",
        ],
    )
    def test_queries(self, dataset: httpx.Client, query: str) -> None:
        told(dataset.post("/sparql", data={"query": query}), 403)

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
    def test_documents(
        self, dataset: httpx.Client, media_type: str, body: str, status: int
    ) -> None:
        headers = {"Content-Type": media_type}
        told(dataset.put(AT_G, content=body.encode(), headers=headers), status)
        told(dataset.get(AT_G), 404)

    def test_other_encodings(self, dataset: httpx.Client) -> None:
        text = f'<?xml version="1.0" encoding="UTF-16"?><!DOCTYPE r><r:RDF xmlns:r="{RDF}"/>'
        headers = {"Content-Type": "application/rdf+xml"}
        for encoding in ("utf-16", "utf-16-le", "utf-16-be"):
            told(dataset.put(AT_G, content=text.encode(encoding), headers=headers), 400)

    def test_what_only_looks_like_it(self, dataset: httpx.Client) -> None:
        body = f'<r:RDF xmlns:r="{RDF}"><!-- <!DOCTYPE r> --><r:Description r:about="a:a">'
        body += '<b xmlns="a:"><![CDATA[<!DOCTYPE r>]]></b></r:Description></r:RDF>'
        headers = {"Content-Type": "application/rdf+xml"}
        assert dataset.put(AT_G, content=body, headers=headers).status_code == 201
        assert said(dataset) == {'<a:a> <a:b> "<!DOCTYPE r>" .'}
        update = "INSERT DATA { <a:load> <a:service> 'LOAD' } # LOAD <a:b>"
        assert dataset.post("/sparql", data={"update": update}).status_code == 204

    @pytest.mark.parametrize(
        ("media_type", "body"),
        [
            ("text/turtle", b"<a:a> <a:b> " + b"[ <a:b> " * 100_000),
            ("text/turtle", b"<a:a> <a:b> " + b"( " * 50_000),
            ("application/ld+json", b'{"a:b":' * 100_000),
            ("application/rdf+xml", b"<a>" * 100_000),
        ],
    )
    def test_monsters(self, dataset: httpx.Client, media_type: str, body: bytes) -> None:
        response = dataset.put(AT_G, content=body, headers={"Content-Type": media_type})
        assert response.status_code in (400, 503)
        assert response.headers["Content-Type"] == "application/problem+json"
        assert not ask(dataset, "?s ?p ?o")


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
        dataset: httpx.Client,
        origin: str,
        method: str,
        path: str,
        headers: dict[str, str],
        body: str,
    ) -> None:
        foreign = {**headers, "Origin": origin}
        told(dataset.request(method, path, headers=foreign, content=body), 403)
        assert not ask(dataset, "?s ?p ?o")

    @pytest.mark.parametrize("site", ["cross-site", "same-site"])
    def test_a_form_without_an_origin(self, dataset: httpx.Client, site: str) -> None:
        method, path, headers, body = self.WRITES[0]
        foreign = {**headers, "Sec-Fetch-Site": site}
        told(dataset.request(method, path, headers=foreign, content=body), 403)

    def test_its_own_pages_may(self, dataset: httpx.Client) -> None:
        method, path, headers, body = self.WRITES[0]
        own = {
            **headers,
            "Origin": str(dataset.base_url).rstrip("/"),
            "Sec-Fetch-Site": "same-origin",
        }
        assert dataset.request(method, path, headers=own, content=body).status_code == 204

    @pytest.mark.parametrize("host", ["evil.example", "127.0.0.1.evil.example", "192.0.2.1:80", ""])
    def test_another_name_for_the_loopback(self, dataset: httpx.Client, host: str) -> None:
        """A name that a foreign page controls may lead here (DNS rebinding)."""
        for method, path, headers, body in (*self.WRITES, ("GET", "/sparql", {}, "")):
            named = {**headers, "Host": host, "Origin": f"http://{host}"}
            response = dataset.request(method, path, headers=named, content=body)
            assert response.status_code in (400, 403)
        assert not ask(dataset, "?s ?p ?o")
