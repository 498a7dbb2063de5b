"""Requests that come again, byte for byte: answered unread, and never otherwise than when read."""

from __future__ import annotations

import socket
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import quote

import pytest

import small
from front_support import Served, alike, answer_on, ask, exchange, get, serving, until
from migov.front.again import Remembered
from migov.front.exchange import Request
from migov.operating.requests import Finished
from migov.settings import Settings

COUNT = "/sparql?query=" + quote("SELECT (COUNT(*) AS ?n) { ?s a mg:Project }")
RUNAWAY = "/sparql?query=" + quote(
    f"SELECT (COUNT(*) AS ?n) {{ {' . '.join(f'?a{n} ?b{n} ?c{n}' for n in range(12))} }}"
)


@pytest.fixture(scope="module")
def checkout(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("again") / "checkout"


@pytest.fixture(scope="module")
def served(checkout: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    settings = Settings(cache=tmp_path_factory.mktemp("cache"), workers=1, kept=1)
    with serving(small.repository(checkout), settings) as both:
        yield both


@pytest.fixture
def told(served: Served) -> Iterator[list[Finished]]:
    with served.telling() as found:
        yield found


@pytest.fixture
def connection(served: Served) -> Iterator[socket.socket]:
    with socket.create_connection(served.early, timeout=20) as connected:
        yield connected


def test_each_time_the_same_answer_with_an_id_of_its_own(
    served: Served, connection: socket.socket, told: list[Finished]
) -> None:
    request = get(COUNT)
    answers = [ask(connection, request) for _ in range(5)]
    assert len(set(answers)) == 5
    assert len({alike(answer) for answer in answers}) == 1
    assert served.front.remembered.get(request) is not None
    until(lambda: len(told) == 5)
    assert [each.is_kept for each in told] == [False, True, True, True, True]
    assert len({each.id for each in told}) == 5
    assert {(each.method, each.route, each.status, each.size, each.client) for each in told} == {
        ("GET", "/sparql", 200, told[0].size, "127.0.0.1")
    }
    elsewhere = exchange(served.flask, get(COUNT, "Connection: close"))
    assert alike(answers[-1]) == alike(elsewhere).replace(b"\r\nconnection: close", b"")


OTHERWISE = {
    "an id of the proxy's": get(COUNT, "X-Request-Id: one"),
    "a trace": get(COUNT, f"traceparent: 00-{'a' * 32}-{'b' * 16}-01"),
    "a condition": get(COUNT, 'If-None-Match: "other"'),
    "HEAD": get(COUNT, method="HEAD"),
    "a folded header": get(COUNT, "Accept: text/csv,", " */*"),
    "a header that is left out": get(COUNT, "X_Y: z"),
    "a body of nothing": get(COUNT, "Content-Length: 0"),
    "the last one": get(COUNT, "Connection: close"),
    "lines before it": b"\r\n" + get(COUNT),
    "too long": get(COUNT, "X-Long: " + "x" * 5_000),
    "not for /sparql": get("/health"),
    "two at once": get(COUNT) + get("/nowhere"),
    "the beginning of another": get(COUNT) + b"GET /nowhere HTTP/1.1\r\nHost: x\r\nConnection: ",
}


@pytest.mark.parametrize("name", OTHERWISE)
def test_what_is_more_than_one_plain_request_is_read_each_time(served: Served, name: str) -> None:
    request = OTHERWISE[name]
    rest = b"close\r\n\r\n" if request.endswith(b"Connection: ") else b""
    found = set()
    for _ in range(4):
        with socket.create_connection(served.early, timeout=20) as connection:
            connection.sendall(request)
            answers = [answer_on(connection, has_body=name != "HEAD")]
            if request.count(b" HTTP/1.1") == 2:
                connection.sendall(rest)
                answers.append(answer_on(connection))
                assert answers[-1].startswith(b"HTTP/1.1 404 ")
        found.add(tuple(map(alike, answers)))
    assert len(found) == 1
    assert served.front.remembered.get(request) is None


def test_one_that_comes_in_parts_is_read(served: Served, connection: socket.socket) -> None:
    request = get(COUNT)
    whole = [ask(connection, request) for _ in range(3)][-1]
    for cut in (1, len(request) // 2, len(request) - 1):
        connection.sendall(request[:cut])
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        assert alike(ask(connection, request[cut:])) == alike(whole)
    assert alike(ask(connection, request)) == alike(whole)
    connection.sendall(request + request)
    assert {alike(answer_on(connection)) for _ in range(2)} == {alike(whole)}


def test_a_new_snapshot_answers_anew(
    served: Served, checkout: Path, connection: socket.socket
) -> None:
    request = get(COUNT)
    before = [ask(connection, request) for _ in range(3)][-1]
    site = served.front.site
    assert site is not None
    small.write(checkout / "data/late.ttl", "initiative:late a mg:Project .")
    site.refresh()
    after = [alike(ask(connection, request)) for _ in range(3)]
    assert len(set(after)) == 1
    assert after[0] != alike(before)
    (checkout / "data/late.ttl").unlink()
    site.refresh()
    assert alike(ask(connection, request)) == alike(before)


def test_a_client_that_used_its_time_is_told_so(tmp_path: Path) -> None:
    settings = Settings(cache=tmp_path / "cache", workers=1, budget=0.5, deadline=1.0)
    with (
        serving(small.repository(tmp_path / "checkout"), settings) as served,
        socket.create_connection(served.early, timeout=20) as connection,
    ):
        request = get(COUNT)
        for _ in range(3):
            assert ask(connection, request).startswith(b"HTTP/1.1 200 ")
        assert served.front.remembered.get(request) is not None
        assert ask(connection, get(RUNAWAY)).startswith(b"HTTP/1.1 503 ")
        refused = ask(connection, request)
        assert refused.startswith(b"HTTP/1.1 429 ")
        assert b"\r\nretry-after: " in refused


def test_only_so_many_are_remembered() -> None:
    remembered = Remembered()
    requests = [get(f"{COUNT}%20%23{number}") for number in range(1_010)]
    for raw in requests:
        headers = [(b"host", b"x")]
        request = Request(b"GET", b"/sparql", headers, dict(headers), "1.1", True)
        remembered.remember(raw, request, raw)
    seen = [remembered.get(raw) is not None for raw in requests]
    assert seen == [False] * 10 + [True] * 1_000
