"""One connection: what is sent ahead, in parts, too long, too slowly, or by somebody who leaves."""

from __future__ import annotations

import json
import re
import socket
import struct
import time
from collections.abc import Iterator
from dataclasses import replace
from urllib.parse import quote

import pytest

from front_support import Served, exchange, received, serving, until
from migov.operating.requests import Finished
from migov.repository import Repository
from migov.settings import Settings

RUNAWAY = "SELECT (COUNT(*) AS ?n) { ?a ?b ?c . ?d ?e ?f . ?g ?h ?i . ?j ?k ?l }"
LONG = "SELECT * { ?a ?b ?c . ?a ?d ?e } LIMIT 5000"
_SPLIT = re.compile(rb"(?=HTTP/1\.1 \d)")


@pytest.fixture(scope="module")
def served(repository: Repository, settings: Settings) -> Iterator[Served]:
    with serving(repository, replace(settings, deadline=20.0, kept=2)) as both:
        yield both


@pytest.fixture
def told(served: Served) -> Iterator[list[Finished]]:
    with served.telling() as found:
        yield found


def get(path: str, *headers: str, last: bool = False) -> bytes:
    lines = [f"GET {path} HTTP/1.1", "Host: x", *headers, *(["Connection: close"] if last else [])]
    return "\r\n".join([*lines, "", ""]).encode()


def value(number: int) -> str:
    return "/sparql?query=" + quote(f"SELECT ({number} AS ?n) {{}}")


def test_every_request_is_told_of(served: Served, told: list[Finished]) -> None:
    body = json.dumps({"head": {"vars": ["n"]}})
    for path in (value(41), value(41), "/sparql?query=A", "/id/actor/ilo", "/nowhere"):
        before = len(told)
        answer = exchange(served.early, get(path, "X-Request-Id: from-a-proxy", last=True))
        assert b"\r\nx-request-id: from-a-proxy\r\n" in answer
        until(lambda: len(told) > before)  # noqa: B023
    exchange(served.early, b"nonsense\r\n\r\n")
    until(lambda: len(told) == 6)
    seen = [(each.route, each.status, each.is_kept) for each in told]
    assert seen == [
        ("/sparql", 200, False),
        ("/sparql", 200, True),
        ("/sparql", 400, False),
        ("/id/<kind>/<path:slug>", 200, False),
        (None, 404, False),
        (None, 400, False),
    ]
    assert all(each.size > len(body) and 0 < each.seconds < 10 for each in told)
    assert {each.id for each in told[:5]} == {"from-a-proxy"}
    assert {each.client for each in told[:5]} == {"127.0.0.1"}


def test_what_is_sent_ahead_is_answered_in_order(served: Served) -> None:
    paths = []
    for number in range(60):
        paths.append(value(number))
        if number % 5 == 0:
            paths.append("/nowhere")
        if number % 7 == 0:
            paths.append("/sparql?query=" + quote("ASK {", safe=""))
    requests = [get(path) for path in paths] + [get(value(-1), last=True)]
    answers = _SPLIT.split(exchange(served.early, b"".join(requests)))[1:]
    assert len(answers) == len(requests)
    for path, answer in zip(paths, answers, strict=False):
        status = answer[9:12]
        if path == "/nowhere":
            assert status == b"404"
        elif "ASK" in path:
            assert status == b"400"
        else:
            assert status == b"200"
            number = json.loads(answer.partition(b"\r\n\r\n")[2])["results"]["bindings"][0]["n"]
            assert quote(f"({number['value']} AS") in path


def test_one_byte_at_a_time(served: Served) -> None:
    body = b"query=" + quote("SELECT ('é' AS ?a) {}").encode()
    head = (
        b"POST /sparql HTTP/1.1\r\nHost: x\r\nConnection: close\r\n"
        b"Content-Type: application/x-www-form-urlencoded\r\n"
        b"Content-Length: %d\r\n\r\n" % len(body)
    )
    with socket.create_connection(served.early, timeout=10) as connection:
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        for byte in head + body:
            connection.send(bytes([byte]))
        answer = received(connection)
    assert answer.startswith(b"HTTP/1.1 200")
    assert "é".encode() in answer


@pytest.mark.parametrize("path", ["/sparql", "/nowhere", "/changes"])
def test_chunked_bodies_are_whole(served: Served, path: str) -> None:
    chunks = b"".join(b"%x\r\n%b\r\n" % (len(part), part) for part in (b"ASK ", b"{", b" }"))
    head = (
        f"POST {path} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n"
        "Content-Type: application/sparql-query\r\nTransfer-Encoding: chunked\r\n\r\n"
    ).encode()
    answer = exchange(served.early, head + chunks + b"0\r\n\r\n")
    if path == "/sparql":
        assert answer.endswith(b'"boolean":true}')
        by_flask = exchange(served.flask, head + chunks + b"0\r\n\r\n")
        assert by_flask.endswith(b'"boolean":true}')
    else:
        assert answer[9:10] == b"4"


@pytest.mark.parametrize("path", ["/sparql", "/nowhere"])
def test_too_long_a_body_in_chunks(served: Served, path: str) -> None:
    head = (
        f"POST {path} HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n"
        "Content-Type: application/sparql-query\r\n\r\n"
    ).encode()
    chunk = b"%x\r\n%b\r\n" % (100_000, b"a" * 100_000)
    answer = exchange(served.early, head + chunk * 20 + b"0\r\n\r\n")
    assert answer.startswith(b"HTTP/1.1 413")
    assert b"application/problem+json" in answer


def test_a_head_that_is_too_long(served: Served) -> None:
    answer = exchange(served.early, get("/", "X: " + "a" * 400_000))
    assert answer.startswith(b"HTTP/1.1 431")
    assert json.loads(answer.partition(b"\r\n\r\n")[2])["type"].endswith("/problem/head-too-long")


def test_a_long_query_in_the_address(served: Served) -> None:
    query = "SELECT (1 AS ?n) { # " + "x" * 90_000 + "\n}"
    path = "/sparql?query=" + quote(query, safe="")
    assert exchange(served.early, get(path, last=True)).startswith(b"HTTP/1.1 200")


@pytest.mark.parametrize(
    "sent",
    [
        b"\x16\x03\x01\x02\x00\x01",
        b"GET\r\n\r\n",
        b"GET / HTTP/9.9\r\n\r\n",
        b"GET /\x00 HTTP/1.1\r\nHost: x\r\n\r\n",
        b"GET / HTTP/1.1\r\nHost x\r\n\r\n",
        "GET /id/é HTTP/1.1\r\nHost: x\r\n\r\n".encode(),
        b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 3\r\nTransfer-Encoding: chunked\r\n\r\nabc",
        b"POST /sparql HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n",
        b"POST /sparql HTTP/1.1\r\nHost: x\r\nContent-Length: -1\r\n\r\n",
        b"GET * HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n",
        b"CONNECT x:1 HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n",
    ],
)
def test_what_is_no_request_is_told_so_in_its_turn(served: Served, sent: bytes) -> None:
    before = get(value(77)) + get("/nowhere")
    answers = _SPLIT.split(exchange(served.early, before + sent))[1:]
    assert [answer[9:12] for answer in answers] == [b"200", b"404", b"400"]
    assert b"application/problem+json" in answers[2]
    assert b"connection: close" in answers[2]


@pytest.mark.parametrize("path", ["/sparql", "/nowhere"])
def test_a_client_that_waits_to_be_told(served: Served, path: str) -> None:
    head = (
        f"POST {path} HTTP/1.1\r\nHost: x\r\nContent-Type: application/sparql-query\r\n"
        "Content-Length: 6\r\nExpect: 100-continue\r\nConnection: close\r\n\r\n"
    ).encode()
    with socket.create_connection(served.early, timeout=10) as connection:
        connection.sendall(head)
        assert connection.recv(100) == b"HTTP/1.1 100 Continue\r\n\r\n"
        connection.sendall(b"ASK {}")
        assert received(connection)[9:12] in (b"200", b"404", b"405")
    too_much = head.replace(b"Content-Length: 6", b"Content-Length: 99999999")
    assert exchange(served.early, too_much)[9:12] in (b"413", b"404")


def test_a_connection_is_kept_and_old_clients_are_not(served: Served) -> None:
    with socket.create_connection(served.early, timeout=10) as connection:
        for number in range(5):
            connection.sendall(get(value(number)))
            assert connection.recv(4096).startswith(b"HTTP/1.1 200")
    old = exchange(served.early, get(value(3)).replace(b"HTTP/1.1", b"HTTP/1.0"))
    assert old.startswith(b"HTTP/1.1 200")
    assert b"\r\nconnection: close\r\n" in old


def test_an_offer_of_another_protocol_is_passed_over(served: Served) -> None:
    offer = ("Connection: Upgrade, HTTP2-Settings", "Upgrade: h2c", "HTTP2-Settings: AAMAAABk")
    with socket.create_connection(served.early, timeout=10) as connection:
        connection.sendall(get(value(1), *offer) + get(value(2), *offer))
        found = b""
        while found.count(b"HTTP/1.1 200") < 2:
            part = connection.recv(4096)
            assert part
            found += part


def test_no_header_passes_as_another(served: Served) -> None:
    answer = exchange(served.early, get("/nowhere", "Accept_Language: fr", "Accept: text/html",
                                        last=True))  # fmt: skip
    assert b'lang="en"' in answer


@pytest.mark.parametrize("accept", ["*/*", "text/html"])
def test_who_leaves_frees_a_worker(served: Served, accept: str, told: list[Finished]) -> None:
    path = "/sparql?query=" + quote(RUNAWAY)
    clients = [socket.create_connection(served.early, timeout=10) for _ in range(8)]
    for client in clients:
        client.sendall(get(path, f"Accept: {accept}"))
    until(lambda: served.pool.busy >= 2)
    for client in clients:
        client.close()
    until(lambda: served.pool.busy == 0)
    until(lambda: sum(not each.status for each in told) == 8)
    assert exchange(served.early, get(value(5), last=True)).startswith(b"HTTP/1.1 200")


def test_who_does_not_read_is_waited_for_and_holds_nobody_up(
    served: Served, told: list[Finished]
) -> None:
    """The next request of a connection begins when the reply before it is on its way."""
    path = "/sparql?query=" + quote(LONG)
    with socket.create_connection(served.early, timeout=30) as slow:
        slow.sendall(get(path, "X-Request-Id: a") * 30 + get(value(9), last=True))
        time.sleep(0.5)
        before = len(told)
        assert exchange(served.early, get(value(6), last=True)).startswith(b"HTTP/1.1 200")
        time.sleep(0.5)
        assert len(told) - before < 5
        answers = _SPLIT.split(received(slow))[1:]
    assert [answer[9:12] for answer in answers] == [b"200"] * 31
    assert len({len(answer) for answer in answers[:30]}) == 1


def test_a_client_that_resets(served: Served) -> None:
    path = "/sparql?query=" + quote(LONG)
    for _ in range(5):
        with socket.create_connection(served.early, timeout=10) as client:
            linger = struct.pack("ii", 1, 0)
            client.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, linger)
            client.sendall(get(path) * 3)
            client.recv(10)
    assert exchange(served.early, get(value(8), last=True)).startswith(b"HTTP/1.1 200")
