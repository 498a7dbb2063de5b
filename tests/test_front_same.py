"""What is answered before Flask is what Flask answers: every byte, every header, in order."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace
from urllib.parse import quote, urlencode

import pytest

from front_support import Served, exchange, serving
from migov.repository import Repository
from migov.settings import Settings

DIRECT = "application/sparql-query"
FORM = "application/x-www-form-urlencoded"
ASK = "/sparql?query=ASK%7B%7D"
ROWS = "SELECT ?s ?p ?o WHERE { ?s ?p ?o } ORDER BY ?s ?p ?o LIMIT 40"
ONE = "SELECT ?p WHERE { place:mar ?p ?o } ORDER BY ?p LIMIT 3"
GRAPH = "CONSTRUCT { ?s a ?c } WHERE { ?s a ?c } ORDER BY ?s ?c LIMIT 30"
DESCRIBE = "DESCRIBE place:mar"
QUERIES = {
    "ask": "ASK { place:mar a mg:Country }",
    "one": ONE,
    "rows": ROWS,
    "graph": GRAPH,
    "describe": DESCRIBE,
    "empty": "SELECT ?s { ?s a <http://nothing.example/> }",
    "texts": 'SELECT ("é\\n\\"…" AS ?a) (1e400 AS ?b) {}',
    "named": "SELECT ?g { GRAPH ?g { place:mar a mg:Country } } ORDER BY ?g",
    "from": "SELECT (COUNT(*) AS ?n) FROM <https://w3id.org/migov/graph/inferred> { ?s ?p ?o }",
    "foreign": "SELECT * FROM <http://elsewhere.example/> { ?s ?p ?o }",
    "brackets": "ASK { ?s ?p ?o",
    "word": "SELECT * WHER { ?s ?p ?o }",
    "prefix": "SELECT * { ?s foo:bar ?o }",
    "update": "INSERT DATA { <a:a> <a:b> <a:c> }",
    "nonsense": "\x00\x7f☃",
    "blank": "  ",
    "deep": "ASK " + "{" * 101 + "}" * 101,
    "nested": "ASK " + "{" * 95 + "}" * 95,
    "long": "ASK { # " + "x" * 100_000 + "\n}",
    "service": "SELECT * { SERVICE <http://127.0.0.1:1/> { ?s ?p ?o } }",
    "SeRvIcE": "SELECT * { SeRvIcE <http://127.0.0.1:1/> { ?s ?p ?o } }",
    "escaped": "SELECT * { S\\u0045RVICE <http://127.0.0.1:1/> { ?s ?p ?o } }",
    "long s": "SELECT * { \u017fERVICE <http://127.0.0.1:1/> { ?s ?p ?o } }",
    "undotted": "SELECT * { SERV\u0131CE <http://127.0.0.1:1/> { ?s ?p ?o } }",
    "word of a text": "SELECT * { ?s ?p 'service' }",
    "literal escape": "ASK { ?s ?p 'a\\\"b' }",
    "evaluation": "SELECT (1/0 AS ?x) {}",
}
ACCEPTS = [
    None, "*/*", "application/sparql-results+json", "text/csv", "text/tab-separated-values",
    "application/sparql-results+xml", "text/turtle", "application/ld+json", "application/rdf+xml",
    "application/n-triples", "application/trig", "application/n-quads", "application/json",
    "text/html", "text/html;q=0.5, application/sparql-results+json, text/turtle", "image/png",
    "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8", "text/*;q=0.3, */*;q=0.1",
    "", ";;;", "text/csv;q=x", "a" * 300,
]  # fmt: skip


def get(query: str, method: str = "GET", url: str = "", **headers: str | None) -> bytes:
    target = url or "/sparql?" + urlencode({"query": query}, quote_via=quote, errors="replace")
    return raw(f"{method} {target}", b"", headers)


def post(body: bytes, content_type: str | None, url: str = "/sparql", **given: str | None) -> bytes:
    headers = {"Content-Type": content_type, "Content-Length": str(len(body)), **given}
    return raw(f"POST {url}", body, headers)


def raw(line: str, body: bytes, headers: dict[str, str | None]) -> bytes:
    lines = [f"{line} HTTP/1.1", "Host: x", "Connection: close", "X-Request-Id: one"]
    lines += [
        f"{name.replace('_', '-')}: {value}" for name, value in headers.items() if value is not None
    ]
    return "\r\n".join([*lines, "", ""]).encode("latin-1") + body


def _requests() -> Iterator[tuple[str, bytes]]:
    for name, query in QUERIES.items():
        yield f"GET {name}", get(query)
        yield f"HEAD {name}", get(query, "HEAD")
        yield f"POST {name}", post(query.encode(), DIRECT)
        form = urlencode({"query": query}).encode()
        yield f"form {name}", post(form, FORM)
        yield f"page {name}", get(query, Accept="text/html")
    for accept in ACCEPTS:
        for name in ("one", "graph", "ask", "word"):
            yield f"{name} as {accept}", get(QUERIES[name], Accept=accept)
    for encoding in ("gzip", "gzip;q=0", "br, gzip;q=0.1", "*", "identity", "x" * 300):
        for name in ("rows", "one", "graph", "word"):
            yield f"{name} in {encoding}", get(QUERIES[name], Accept_Encoding=encoding)
            yield f"HEAD {name} in {encoding}", get(QUERIES[name], "HEAD", Accept_Encoding=encoding)
    yield "late", get("ASK { ?s " + "/".join(["<a:b>"] * 400) + " ?o }")
    long = get(QUERIES["deep"], Accept_Encoding="gzip", Accept="text/csv")
    yield "a long problem", long
    for name in ("json", "csv", "turtle", "ttl", "html", "nonsense", "", "xml,json", "text/csv"):
        fields = urlencode({"query": ONE, "format": name})
        yield f"format={name}", get("", url=f"/sparql?{fields}")
        yield f"form format={name}", post(fields.encode(), FORM)
        yield f"format={name} for a page", get("", url=f"/sparql?{fields}", Accept="text/html")
        both = post(f"query={quote(ONE)}".encode(), FORM,
                    url=f"/sparql?format={quote(name)}")  # fmt: skip
        yield f"url format={name}", both
    yield from _parameters()
    yield from _bodies()
    yield from _heads()


def _parameters() -> Iterator[tuple[str, bytes]]:
    inferred = quote("https://w3id.org/migov/graph/inferred")
    one = quote(ONE)
    for number, url in enumerate(
        (
            *(
                "/sparql",
                "/sparql?",
                "/sparql?query=",
                "/sparql/?query=ASK%7B%7D",
                "/sparqlx?query=1",
            ),
            *("/sparql?query=ASK{}", f"{ASK}&query=ASK%7B%7D", "/sparql?query=ASK+%7B%7D"),
            *(f"{ASK}&inferred=true", f"{ASK}&inferred=maybe", f"{ASK}&lang=fr", f"{ASK}&lang=xx"),
            f"/sparql?default-graph-uri={inferred}&query={one}",
            f"/sparql?named-graph-uri={inferred}&query={one}",
            f"/sparql?query={one}&default-graph-uri=x:y",
            *("/sparql?query=%FF%FE", f"{ASK}&x=%FF", "/sparql?query=%zz%", f"{ASK}&unknown=1"),
            *("/sparql?update=INSERT", "/sparql?q&&&=&query=ASK%7B%7D", f"{ASK}#fragment"),
            *("/%73parql?query=ASK%7B%7D", "//sparql?query=ASK%7B%7D", f"http://x{ASK}"),
            *(f"{ASK}&format=json&format=csv", "/sparql?QUERY=ASK%7B%7D", f"{ASK}&limit=1"),
            *("/sparql;a?query=ASK%7B%7D", f"{ASK}&explain=true"),
            "/sparql?" + "&".join(["a=1"] * 1100),
            "/sparql?query=" + quote("SELECT (NOW() AS ?n) { FILTER(false) }"),
        )
    ):
        yield f"url {number} {url[:60]}", get("", url=url)
        yield f"HEAD url {number}", get("", "HEAD", url=url)
        yield f"url {number} for a page", get("", url=url, Accept="text/html")


def _bodies() -> Iterator[tuple[str, bytes]]:
    for number, (body, content_type) in enumerate(
        (
            *((b"ASK {}", None), (b"", None), (b"", DIRECT), (b"ASK {}", "text/plain")),
            *((b"ASK {}", f"{DIRECT}; charset=utf-8"), (b"ASK {}", f"{DIRECT}; charset=latin1")),
            *((b"ASK {}", "Application/SPARQL-Query"), (b"\xff\xfe", DIRECT), (b"query=%FF", FORM)),
            *((b"query=ASK{}&format=%FF", FORM), (b"query=ASK{}&update=x", FORM)),
            *((b"INSERT DATA {}", "application/sparql-update"), (b"ASK {}", ";;;")),
            (b"query=ASK{}&query=ASK{}", f"{FORM};charset=UTF-8"),
            *((b"a" * 2_000_000, DIRECT), (b"a" * 150_000, DIRECT)),
            (b"--x\r\n", "multipart/form-data; boundary=x"),
            *((b"query=ASK{}&inferred=1", FORM), (b"inferred=1", FORM)),
        )
    ):
        yield f"body {number} {body[:20]!r} {content_type}", post(body, content_type)
        query = post(body, content_type, url=ASK)
        yield f"body {number} beside a query in the address", query
    yield "expecting", post(b"ASK {}", DIRECT, Expect="100-continue")


def _heads() -> Iterator[tuple[str, bytes]]:
    for method in ("PUT", "DELETE", "PATCH", "OPTIONS", "TRACE"):
        yield method, get(ONE, method)
    yield "authorised", get(ONE, Authorization="Bearer x")
    yield "twice Accept", get(ONE, Accept="text/csv", accept="application/json")
    yield "language", get(ONE, Accept_Language="fr")
    yield "page in French", get(ONE, Accept_Language="fr", Accept="text/html")
    yield "origin", get(ONE, Origin="http://elsewhere.example")
    yield "upgrade", get(ONE, Upgrade="h2c", HTTP2_Settings="AAMAAABkAAQAAP__")
    for name in ("one", "graph", "word", "service"):
        yield f"any tag, {name}", get(QUERIES[name], If_None_Match="*")
        yield f"other tags, {name}", get(QUERIES[name], If_None_Match='"a", W/"b"')
        yield f"broken tags, {name}", get(QUERIES[name], If_None_Match='"""')
        yield f"old, {name}", get(QUERIES[name], If_Modified_Since="Thu, 01 Jan 1970 00:00:00 GMT")
        yield f"no date, {name}", get(QUERIES[name], If_Modified_Since="yesterday")


REQUESTS = dict(_requests())
_DATE = re.compile(rb"\r\ndate: [^\r]*", re.IGNORECASE)
_ALLOW = re.compile(rb"\r\n((?:access-control-allow-methods|allow): )([^\r]*)")


@pytest.fixture(scope="module")
def served(repository: Repository, settings: Settings) -> Iterator[Served]:
    with serving(repository, replace(settings, deadline=2.0)) as both:
        yield both


def alike(answer: bytes) -> bytes:
    """Return an answer without its date, and with methods in one order: Flask's varies."""

    def ordered(found: re.Match[bytes]) -> bytes:
        return b"\r\n" + found[1] + b", ".join(sorted(found[2].split(b", ")))

    return _ALLOW.sub(ordered, _DATE.sub(b"", answer))


def test_there_are_many() -> None:
    assert len(REQUESTS) > 450


@pytest.mark.parametrize("name", REQUESTS)
def test_the_same(served: Served, name: str) -> None:
    request = REQUESTS[name]
    expected = alike(exchange(served.flask, request))
    assert expected.startswith(b"HTTP/1.1 ")
    for _ in range(2):  # the second time it may have been kept
        assert alike(exchange(served.early, request)) == expected
