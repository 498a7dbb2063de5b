"""Connections that only wait, never end, or never read: they give way to others."""

from __future__ import annotations

import socket
import time
from contextlib import ExitStack, suppress
from urllib.parse import quote

import pytest

from front_support import Served, exchange, received, until
from heads_support import head, post, quiet, served, status

__all__ = ["quiet", "served"]

RUNAWAY = "SELECT (COUNT(*) AS ?n) { ?a ?b ?c . ?d ?e ?f . ?g ?h ?i . ?j ?k ?l }"


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
