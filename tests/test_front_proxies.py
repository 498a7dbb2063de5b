"""What a request says of who asks: trusted proxies, origins, tokens, and names of parameters."""

from __future__ import annotations

import re

import httpx
import pytest

from front_support import Served, exchange
from heads_support import head, quiet, served, status, told

__all__ = ["quiet", "served"]


def described(served: Served, *lines: str) -> bytes:
    """Return the address of the endpoint as its description has it."""
    sent = head("Host: inside:8000", "Accept: application/n-triples", *lines, target="/sparql")
    found = re.search(rb"service-description#endpoint> <([^>]*)>", exchange(served.early, sent))
    assert found is not None
    return found[1]


@pytest.mark.parametrize(
    ("lines", "address"),
    [
        ((), b"http://inside:8000"),
        (("X-Forwarded-Proto: https",), b"https://inside:8000"),
        (("X-Forwarded-Host: graph.example",), b"http://graph.example"),
        (("X-Forwarded-Proto: https", "X-Forwarded-Host: graph.example"), b"https://graph.example"),
        (("X-Forwarded-Proto: javascript", "X-Forwarded-Host: a/b"), b"http://inside:8000"),
        (("X-Forwarded-Host: evil.example, graph.example",), b"http://graph.example"),
    ],
)
def test_addresses_are_those_that_the_proxy_was_asked_by(
    served: Served, lines: tuple[str, ...], address: bytes
) -> None:
    for _ in range(2):  # the second answer is a kept one
        assert described(served, *lines) == address + b"/sparql"


def test_what_a_stranger_says_of_its_host_is_not_believed(endpoint: str) -> None:
    forwarded = {"X-Forwarded-Host": "graph.example", "Accept": "text/turtle"}
    assert b"graph.example" not in httpx.get(f"{endpoint}/sparql", headers=forwarded).content


@pytest.mark.parametrize(
    ("origin", "expected"),
    [
        ("https://graph.example", 401),  # our own page: all that is missing is a token
        ("https://GRAPH.example", 401),
        ("http://inside", 403),
        ("https://evil.example", 403),
        ("https://graph.example.evil.example", 403),
        ("https://evil.example/graph.example", 403),
        ("null", 403),
        ("", 403),
    ],
)
@pytest.mark.parametrize("path", ["/sparql", "/graphs?graph=a:b", "/changes?merge=true"])
def test_pages_behind_a_proxy_are_told_from_foreign_ones(
    served: Served, path: str, origin: str, expected: int
) -> None:
    body = b"CLEAR ALL" if path == "/sparql" else b"<a:a> <a:b> <a:c> ."
    kind = "application/sparql-update" if path == "/sparql" else "text/turtle"
    lines = (
        "Host: inside",
        "X-Forwarded-Host: graph.example",
        "X-Forwarded-Proto: https",
        f"Origin: {origin}",
        f"Content-Type: {kind}",
        f"Content-Length: {len(body)}",
    )
    answer = exchange(served.early, head(*lines, target=path, method="POST") + body)
    assert status(answer) == expected


def test_two_tokens_are_none(served: Served) -> None:
    lines = ("Host: x", "Authorization: Bearer a", "Authorization: Bearer b", "Content-Length: 0",
             "Content-Type: application/sparql-update")  # fmt: skip
    answer = exchange(served.early, head(*lines, target="/sparql", method="POST"))
    assert status(answer) == 401
    assert "more than one Authorization" in told(answer)["detail"]


@pytest.mark.parametrize(
    ("name", "meant"),
    [
        ("default-graph-url", "default-graph-uri"),
        ("default_graph_uri", "default-graph-uri"),
        ("named-graphs-uri", "named-graph-uri"),
        ("infered", "inferred"),
        ("Format", "format"),
        ("Query", "query"),
        ("explian", "explain"),
    ],
)
@pytest.mark.parametrize("place", ["address", "form"])
def test_a_misspelt_parameter_is_told(served: Served, name: str, meant: str, place: str) -> None:
    address = f"http://{served.early[0]}:{served.early[1]}/sparql"
    given = {name: "x"} if name == "Query" else {"query": "ASK {}", name: "x"}
    if place == "address":
        answer = httpx.get(address, params=given)
    else:
        answer = httpx.post(address, data=given)
    assert answer.status_code == 400
    if name != "Query" or place == "address":
        assert f"“{meant}”" in answer.json()["hint"]


@pytest.mark.parametrize(
    "name",
    [
        "infer",
        "queryLn",
        "queryId",
        "timeout",
        "output",
        "maxrows",
        "reasoning",
        "insert-graph-uri",
    ],
)
def test_what_clients_of_other_stores_send_is_passed_over(served: Served, name: str) -> None:
    address = f"http://{served.early[0]}:{served.early[1]}/sparql"
    assert httpx.get(address, params={"query": "ASK {}", name: "x"}).json()["boolean"] is True
