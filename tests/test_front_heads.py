"""Heads that are no request to answer, and what may not be read as one (RFC 9110, RFC 9112)."""

from __future__ import annotations

import json
import logging
import re
import socket
import time
from collections.abc import Iterator
from contextlib import ExitStack, suppress
from urllib.parse import quote

import httpx
import pytest

from front_support import Served, exchange, received, serving, until
from migov.access import new_token
from migov.settings import Settings
from writing_support import AUTHOR, policed_repository

_ANSWER = re.compile(rb"HTTP/1\.1 (\d{3}) ")
RUNAWAY = "SELECT (COUNT(*) AS ?n) { ?a ?b ?c . ?d ?e ?f . ?g ?h ?i . ?j ?k ?l }"
QUERY = b"Content-Type: application/sparql-query\r\nConnection: close\r\n"


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    """A small repository that takes writes, behind a proxy on this machine."""
    folder = tmp_path_factory.mktemp("heads")
    tokens = folder / "private" / "tokens.json"
    new_token(tokens, "ann", ["merge"], AUTHOR)
    settings = Settings(cache=folder / "cache", tokens=tokens, proxies="127.0.0.1", deadline=3.0)
    with serving(policed_repository(folder / "checkout"), settings) as both:
        yield both


@pytest.fixture(autouse=True)
def quiet(caplog: pytest.LogCaptureFixture) -> Iterator[None]:
    """Nothing that a client sends is an error of this server."""
    yield
    records = caplog.get_records("call")
    assert [each.getMessage() for each in records if each.levelno >= logging.ERROR] == []


def head(*lines: str, target: str = "/health", method: str = "GET", version: str = "1.1") -> bytes:
    first = f"{method} {target} HTTP/{version}"
    return "\r\n".join([first, *lines, "Connection: close", "", ""]).encode()


def post(*lines: bytes, body: bytes, version: bytes = b"1.1") -> bytes:
    more = b"".join(line + b"\r\n" for line in lines)
    return b"POST /sparql HTTP/%b\r\nHost: x\r\n%b%b\r\n%b" % (version, QUERY, more, body)


def status(answer: bytes) -> int:
    found = _ANSWER.match(answer)
    assert found is not None, answer
    return int(found[1])


def told(answer: bytes) -> dict[str, str]:
    assert b"\r\ncontent-type: application/problem+json\r\n" in answer
    document: dict[str, str] = json.loads(answer.partition(b"\r\n\r\n")[2])
    assert document["detail"]
    assert document["hint"]
    return document


@pytest.mark.parametrize("target", ["/health", "/sparql?query=ASK%20%7B%7D", "http://y/health"])
@pytest.mark.parametrize(
    "hosts",
    [
        [],
        ["Host:"],
        ["Host: a", "Host: b"],
        ["Host: a", "Host: a"],
        ["Host: a,b"],
        ["Host: a b"],
        ["Host: a/b"],
        ["Host: u@a"],
        ["Host: http://a"],
        ["Host: a:b"],
        ["Host: a\\b"],
        ["Host: [::1"],
        ["Host: é"],
    ],
)
def test_a_host_is_there_once_and_is_one(served: Served, target: str, hosts: list[str]) -> None:
    answer = exchange(served.early, head(*hosts, target=target))
    assert status(answer) == 400
    assert "Host" in told(answer)["detail"]
    assert b"\r\nconnection: close\r\n" in answer


@pytest.mark.parametrize("host", ["x", "a.example:8000", "127.0.0.1", "[::1]:80", "a_b", "%C3%A9"])
def test_hosts_of_all_kinds(served: Served, host: str) -> None:
    assert status(exchange(served.early, head(f"Host: {host}"))) == 200


def test_old_clients_name_no_host(served: Served) -> None:
    assert status(exchange(served.early, head(version="1.0"))) == 200
    assert status(exchange(served.early, head("Host: a b", version="1.0"))) == 400


def test_the_host_in_the_address_goes_before_the_header(served: Served) -> None:
    lines = ("Host: header.example", "Accept: text/turtle")
    found = exchange(served.early, head(*lines, target="http://address.example:81/sparql"))
    assert status(found) == 200
    assert b"http://address.example:81/sparql" in found
    assert b"header.example" not in found


@pytest.mark.parametrize("target", ["http://u:p@x/health", "http:///health", "x:80", "health"])
def test_what_is_no_address(served: Served, target: str) -> None:
    assert status(exchange(served.early, head("Host: x", target=target))) == 400


@pytest.mark.parametrize("method", ["FOO", "get", "GETX", "Post", "A-B", "X" * 40])
def test_methods_that_nobody_knows(served: Served, method: str) -> None:
    answer = exchange(served.early, head("Host: x", method=method))
    assert status(answer) == 501
    assert method in told(answer)["detail"]


@pytest.mark.parametrize("method", ["PUT", "DELETE", "TRACE", "PROPFIND", "MKCOL"])
def test_methods_that_are_not_for_this_path(served: Served, method: str) -> None:
    answer = exchange(served.early, head("Host: x", target="/queries", method=method))
    assert status(answer) == 405
    assert b"\r\nallow: GET, HEAD, OPTIONS\r\n" in answer


@pytest.mark.parametrize("version", ["0.9", "2.0"])
def test_other_versions(served: Served, version: str) -> None:
    assert status(exchange(served.early, head("Host: x", version=version))) == 505


@pytest.mark.parametrize(
    ("sent", "expected"),
    [
        (post(b"Transfer-Encoding: gzip, chunked", body=b"6\r\nASK {}\r\n0\r\n\r\n"), 501),
        (post(b"Transfer-Encoding: identity", body=b"ASK {}"), 501),
        (post(b"Transfer-Encoding: gzip", body=b"ASK {}"), 501),
        (post(b"Transfer-Encoding: xchunked", body=b"6\r\nASK {}\r\n0\r\n\r\n"), 501),
        (post(b"Transfer-Encoding: chunked", body=b"6\r\nASK {}\r\n0\r\n\r\n", version=b"1.0"),
         400),
        (post(b"Content-Length: 6", b"Transfer-Encoding: chunked",
              body=b"6\r\nASK {}\r\n0\r\n\r\n"), 400),
        (post(b"Content-Length: 6", b"Content-Length: 7", body=b"ASK {} "), 400),
        (post(b"Content-Length: 6, 6", body=b"ASK {}"), 400),
        (post(b"Content-Length: +6", body=b"ASK {}"), 400),
        (post(b"Transfer-Encoding : chunked", body=b"6\r\nASK {}\r\n0\r\n\r\n"), 400),
        (post(b"X: a", b" Transfer-Encoding: chunked", body=b"0\r\n\r\n"), 400),
        (post(b"Transfer-Encoding: chunked", body=b"0x6\r\nASK {}\r\n0\r\n\r\n"), 400),
        (post(b"Transfer-Encoding: chunked", body=b"6\nASK {}\n0\n\n"), 400),
        (post(b"Transfer-Encoding: chunked", body=b"f" * 20 + b"\r\nASK {}\r\n0\r\n\r\n"), 400),
        (b"GET /health HTTP/1.1\nHost: x\nConnection: close\n\n", 400),
    ],
)  # fmt: skip
def test_a_body_has_one_end_that_all_agree_on(served: Served, sent: bytes, expected: int) -> None:
    smuggled = b"DELETE /graphs?default HTTP/1.1\r\nHost: x\r\n\r\n"
    answer = exchange(served.early, sent + smuggled)
    assert _ANSWER.findall(answer) == [str(expected).encode()]
    told(answer)


def test_nothing_is_read_after_a_head_that_is_refused(served: Served) -> None:
    good = b"GET /health HTTP/1.1\r\nHost: x\r\n\r\n"
    answer = exchange(served.early, good + b"GET /health HTTP/1.1\r\n\r\n" + good * 3)
    assert _ANSWER.findall(answer) == [b"200", b"400"]


def test_too_many_headers(served: Served) -> None:
    assert status(exchange(served.early, head("Host: x", *["X: y"] * 150))) == 200
    answer = exchange(served.early, head("Host: x", *["X: y"] * 300))
    assert status(answer) == 431
    assert "200" in told(answer)["detail"]


@pytest.mark.parametrize("path", [b"/sparql", b"/changes"])
def test_trailers_are_no_headers(served: Served, path: bytes) -> None:
    trailer = b"Accept: text/html\r\nHost: evil.example\r\nContent-Type: text/plain\r\n"
    sent = post(b"Transfer-Encoding: chunked", body=b"6\r\nASK {}\r\n0\r\n" + trailer + b"\r\n")
    plain = post(b"Content-Length: 6", body=b"ASK {}")
    at = [request.replace(b"/sparql", path, 1) for request in (sent, plain)]
    for place in (served.early, served.flask):
        first, second = (exchange(place, request) for request in at)
        assert status(first) == status(second)
        kind = re.compile(rb"\r\ncontent-type: ([^\r]*)")
        assert kind.findall(first) == kind.findall(second)


@pytest.mark.parametrize("rest", [b"0\r\nX: " + b"a" * 1000, b"1;" + b"a" * 1000])
def test_what_stands_around_a_body_has_an_end(served: Served, rest: bytes) -> None:
    with socket.create_connection(served.early, timeout=20) as connection:
        connection.sendall(post(b"Transfer-Encoding: chunked", body=rest))
        try:
            for _ in range(40):
                connection.sendall(b"a" * 50_000)
        except ConnectionError:
            return  # it was refused while this was being sent
        connection.shutdown(socket.SHUT_WR)
        assert status(received(connection)) == 431


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


def test_connections_that_only_wait_give_way(
    served: Served, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whoever holds most loses the oldest first; what is being answered stays."""
    monkeypatch.setattr(served.front, "most_connections", 40)
    slow = "/sparql?query=" + quote(RUNAWAY)
    half = b"GET /health HTTP/1.1\r\nHost: x\r\nX: "
    body = b"POST /sparql HTTP/1.1\r\nHost: x\r\nContent-Length: 100\r\n\r\nASK"
    with ExitStack() as stack:

        def opened(sent: bytes, source: str = "127.0.0.1") -> socket.socket:
            found = socket.create_connection(served.early, 20, source_address=(source, 0))
            stack.callback(found.close)
            found.sendall(sent)
            return found

        asking = opened(head("Host: x", target=slow))
        polite = opened(half, "127.0.0.2")
        waiting = [opened((half, body, b"")[number % 3]) for number in range(200)]
        for _ in range(3):
            assert status(exchange(served.early, head("Host: x"))) == 200
        polite.sendall(b"y\r\nConnection: close\r\n\r\n")
        assert status(received(polite)) == 200
        assert status(received(asking)) == 503
        left = [each for each in waiting if not is_gone(each)]
        assert 25 <= len(left) <= 40
        assert waiting[-1] in left
        assert waiting[0] not in left


def test_requests_that_are_not_whole_hold_only_so_much(
    served: Served, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The longest go first, and only when all of them are too much together."""
    monkeypatch.setattr(served.front, "most_held", 1_000_000)
    begin = b"POST /sparql HTTP/1.1\r\nHost: x\r\nContent-Length: 1000000\r\n\r\n"
    with ExitStack() as stack:

        def opened(sent: bytes) -> socket.socket:
            found = stack.enter_context(socket.create_connection(served.early, 20))
            found.sendall(sent)
            return found

        small = post(b"Content-Length: 6", body=b"ASK")
        short, tall = opened(small), [opened(begin + b"a" * 200_000) for _ in range(20)]
        tall += [opened(b"GET / HTTP/1.1\r\nX: " + b"a" * 200_000) for _ in range(20)]
        until(lambda: sum(map(is_gone, tall)) >= 36)
        time.sleep(1.2)  # nobody else goes
        assert sum(map(is_gone, tall)) == 36
        short.sendall(b" {}")
        assert b'"boolean":true' in received(short)


def test_replies_that_nobody_reads_hold_only_so_much(
    served: Served, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Those that hold most go, and everybody else gets the whole reply."""
    monkeypatch.setattr(served.front, "most_unread", 20_000_000)
    monkeypatch.setattr("migov.front.room._STALLED", 0.5)
    pattern = " . ".join(f"?s{number} ?p{number} ?o{number}" for number in range(5))
    body = f"SELECT * {{ {pattern} }} LIMIT 9000".encode()
    asked = post(b"Content-Length: %d" % len(body), b"Connection: close", body=body)
    whole = len(exchange(served.early, asked))
    assert whole > 9_000_000
    with ExitStack() as stack:
        idle = [stack.enter_context(socket.create_connection(served.early, 20)) for _ in range(8)]
        for connection in idle:
            connection.sendall(asked)
        for connection in idle:
            assert connection.recv(1) == b"H"
        time.sleep(3.2)  # the server looks once a second
        assert len(exchange(served.early, asked)) == whole
        got = [1 + len(what_is_left(connection)) for connection in idle]
    assert whole in got
    assert sum(each < whole for each in got) >= 4


def what_is_left(connection: socket.socket) -> bytes:
    """Return what still comes, from a connection that may have been broken off."""
    parts = []
    with suppress(ConnectionError):
        while part := connection.recv(1 << 16):
            parts.append(part)
    return b"".join(parts)


def is_gone(connection: socket.socket) -> bool:
    connection.setblocking(False)
    try:
        return connection.recv(1) == b""
    except BlockingIOError:
        return False
    except ConnectionError:
        return True
