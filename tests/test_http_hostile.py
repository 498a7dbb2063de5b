"""A real server and those who mean it harm: nothing runs, nothing hangs, others are served."""

from __future__ import annotations

import contextlib
import http.client
import socket
import threading
import time
from urllib.parse import urlsplit

import httpx
import pytest
from flask.testing import FlaskClient

RUNAWAY = "SELECT (COUNT(*) AS ?n) { ?a ?b ?c . ?d ?e ?f . ?g ?h ?i . ?j ?k ?l }"
ASK = "ASK { place:mar a mg:Country }"


def ask(endpoint: str, query: str, **fields: str) -> httpx.Response:
    return httpx.post(f"{endpoint}/sparql", data={"query": query, **fields}, timeout=20)


@pytest.mark.parametrize(
    "query",
    [
        "SELECT * " + "{" * 40_000 + "}" * 40_000,
        "ASK { FILTER(" + "(" * 40_000 + "1" + ")" * 40_000 + ") }",
        "SELECT * {" + " OPTIONAL { ?s ?p ?o" * 4_000 + "}" * 4_000 + "}",
        "ASK { FILTER(" + "!" * 90_000 + "true) }",
        "ASK { FILTER(" + "-" * 90_000 + "1) }",
        "SELECT * { ?s " + "/".join(["<a:b>"] * 15_000) + " ?o }",
        "SELECT * {" + "[" * 20_000,
        "\\u007B" * 16_000,
    ],
    ids=["groups", "parentheses", "optionals", "not", "minus", "path", "open", "escaped"],
)
def test_monsters_are_refused(endpoint: str, query: str) -> None:
    began = time.monotonic()
    response = ask(endpoint, query)
    assert response.status_code in (400, 503), response.text[:300]
    assert response.headers["Content-Type"] == "application/problem+json"
    assert time.monotonic() - began < 6
    assert ask(endpoint, ASK).json()["boolean"] is True


def test_a_runaway_ends_at_its_deadline_and_others_are_served(endpoint: str) -> None:
    found: list[tuple[int, float, str | None]] = []

    def burn() -> None:
        began = time.monotonic()
        response = ask(endpoint, RUNAWAY)
        retry = response.headers.get("Retry-After")
        found.append((response.status_code, time.monotonic() - began, retry))

    thread = threading.Thread(target=burn)
    thread.start()
    time.sleep(0.3)
    while thread.is_alive():
        began = time.monotonic()
        assert ask(endpoint, ASK).status_code == 200
        assert time.monotonic() - began < 2
        time.sleep(0.05)
    thread.join()
    status, seconds, retry = found[0]
    assert status == 503
    assert 2.9 < seconds < 4.5
    assert retry == "5"


@pytest.mark.parametrize(
    "value",
    [
        "mar> } UNION { ?s ?p ?o } #",
        "https://w3id.org/migov/id/place/mar> . ?x ?y ?z",
        "mar\\u003E",
        "} SERVICE <http://127.0.0.1:1/> {",
        '"',
        "\ud800".encode("utf-8", "surrogatepass").decode("latin-1"),
        "UNDEF } VALUES ?x { 1",
        "",
    ],
)
def test_parameters_inject_nothing(client: FlaskClient, value: str) -> None:
    response = client.get("/queries/who-funds-and-implements", query_string={"country": value})
    assert response.status_code == (422 if value else 200)


@pytest.mark.parametrize("value", ['a" . ?x ?y ?z #', "a\n}", "\\", "SERVICE <x> {}", "'''"])
def test_text_stays_text(client: FlaskClient, value: str) -> None:
    response = client.get("/queries/search", query_string={"text": value})
    assert response.status_code == 200
    assert response.get_json(force=True)["results"]["bindings"] == []


@pytest.mark.parametrize(
    "path",
    [
        "/id/actor/<script>alert(1)</script>",
        "/queries/<script>alert(1)</script>",
        "/<script>alert(1)</script>",
        "/queries/who-funds-and-implements?country=<script>alert(1)</script>",
        "/sparql?query=<script>alert(1)</script>",
        "/id/actor?format=<script>alert(1)</script>",
        "/?lang=<script>alert(1)</script>",
        "/problem/<script>alert(1)</script>",
    ],
)
def test_nothing_from_the_address_becomes_markup(client: FlaskClient, path: str) -> None:
    response = client.get(path, headers={"Accept": "text/html"})
    assert "<script>" not in response.get_data(as_text=True)
    assert response.status_code >= 400


def test_links_lead_to_the_web_or_here_only(client: FlaskClient) -> None:
    query = "SELECT ('<b>x</b>' AS ?a) (IRI('javascript:alert(1)') AS ?b) ?c { VALUES ?c { 'y' } }"
    page = client.get(
        "/sparql", query_string={"query": query}, headers={"Accept": "text/html"}
    ).get_data(as_text=True)
    assert 'href="javascript:' not in page
    assert "<b>x" not in page
    assert "&lt;b&gt;x" in page


@pytest.mark.parametrize(
    "head",
    [
        b"GET / HTTP/1.1\r\nHost: x\r\nX: " + b"a" * 400_000 + b"\r\n\r\n",
        b"\x00\x01\x02\r\n\r\n",
        b"GET /sparql?query=%FF%FE HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n",
        b"GET /%2e%2e/%2e%2e/etc/passwd HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n",
        b"POST /sparql HTTP/1.1\r\nHost: x\r\nContent-Length: 99999999999\r\n"
        b"Content-Type: application/sparql-query\r\nConnection: close\r\n\r\n",
    ],
)
def test_raw_bytes(endpoint: str, head: bytes) -> None:
    address = urlsplit(endpoint)
    place = (address.hostname or "", address.port or 0)
    with socket.create_connection(place, timeout=5) as sent, contextlib.suppress(OSError):
        sent.sendall(head)
        answer = sent.recv(100)
        assert not answer or answer[:10] in (b"HTTP/1.1 2", b"HTTP/1.1 4")
    assert ask(endpoint, ASK).json()["boolean"] is True


def test_head_and_keep_alive(endpoint: str) -> None:
    address = urlsplit(endpoint)
    connection = http.client.HTTPConnection(address.hostname or "", address.port or 0, timeout=10)
    try:
        for path in ("/", "/id/actor/ilo", "/sparql?query=ASK%20%7B%7D", "/nowhere"):
            connection.request("HEAD", path)
            response = connection.getresponse()
            assert response.read() == b""
            assert response.status == (404 if path == "/nowhere" else 200)
    finally:
        connection.close()
