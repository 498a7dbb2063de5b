"""Heads that are no request to answer, and what may not be read as one (RFC 9110, RFC 9112)."""

from __future__ import annotations

import re
import socket

import pytest

from front_support import Served, exchange, received
from heads_support import ANSWER, head, post, quiet, served, status, told

__all__ = ["quiet", "served"]


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
    assert ANSWER.findall(answer) == [str(expected).encode()]
    told(answer)


def test_nothing_is_read_after_a_head_that_is_refused(served: Served) -> None:
    good = b"GET /health HTTP/1.1\r\nHost: x\r\n\r\n"
    answer = exchange(served.early, good + b"GET /health HTTP/1.1\r\n\r\n" + good * 3)
    assert ANSWER.findall(answer) == [b"200", b"400"]


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


@pytest.mark.parametrize("target", ["/health", "/sparql?query=ASK%20%7B%7D", "/queries"])
@pytest.mark.parametrize("value", ["nonsense", "100-continue, more", "100-continue=1"])
def test_what_nobody_does_is_not_expected(served: Served, target: str, value: str) -> None:
    answer = exchange(served.early, head("Host: x", f"Expect: {value}", target=target))
    assert status(answer) == 417
    assert "100-continue" in told(answer)["hint"]
    for version, fine in (("1.0", value), ("1.1", "100-Continue"), ("1.1", "")):
        lines = ("Host: x", f"Expect: {fine}")
        assert exchange(served.early, head(*lines, target=target, version=version))[9] in b"12"


def test_the_server_as_a_whole_says_what_it_takes(served: Served) -> None:
    answer = exchange(served.early, head("Host: x", target="*", method="OPTIONS"))
    assert status(answer) == 204
    assert b"\r\nallow: DELETE, GET, HEAD, OPTIONS, PATCH, POST, PUT\r\n" in answer
    assert b"\r\ncontent-length:" not in answer
    assert status(exchange(served.early, head("Host: x", target="*"))) == 400


@pytest.mark.parametrize("method", ["GET", "HEAD"])
@pytest.mark.parametrize(
    "target",
    [
        "/sparql?query=ASK%20%7B%7D",
        "/sparql?query=SELECT%20(RAND()%20AS%20%3Fx)%20%7B%7D",
        "/queries",
    ],
)
def test_conditions_on_what_there_is(served: Served, target: str, method: str) -> None:
    """RFC 9110, 13.1.1 and 13.1.2: `*` is any answer there is, and weak tags match nothing."""
    for place in (served.early, served.flask):
        for _ in range(2):  # what is kept answers the second time, if anything does
            assert status(exchange(place, head("Host: x", target=target, method=method))) == 200
            for line, expected in (
                ("If-None-Match: *", 304),
                ('If-None-Match: "other"', 200),
                ("If-Match: *", 200),
                ('If-Match: "other"', 412),
            ):
                sent = head("Host: x", line, target=target, method=method)
                answer = exchange(place, sent)
                assert status(answer) == expected, line
                assert expected != 304 or not answer.partition(b"\r\n\r\n")[2]


@pytest.mark.parametrize("line", ["If-None-Match: *", "If-Match: *"])
@pytest.mark.parametrize(
    ("target", "expected"),
    [("/nowhere", 404), ("/sparql?query=ASK", 400), ("/graphs?graph=http://nowhere.example/", 404)],
)
def test_conditions_do_not_hide_what_is_wrong(
    served: Served, target: str, expected: int, line: str
) -> None:
    for place in (served.early, served.flask):
        assert status(exchange(place, head("Host: x", line, target=target))) == expected


@pytest.mark.parametrize(
    ("method", "target", "lines", "expected"),
    [
        ("POST", "/sparql", ["Content-Type: text/plain"], 415),
        ("POST", "/sparql", [], 415),
        ("POST", "/sparql", ["Content-Type: application/sparql-update"], 401),
        ("PUT", "/graphs?graph=http://x/", ["Content-Type: text/turtle"], 401),
        ("PUT", "/graph/data/x.ttl", ["Content-Type: text/turtle"], 401),
        ("PUT", "/graphs?graph=http://x/", ["Content-Type: a/b", "Authorization: Bearer x"], 100),
        ("POST", "/sparql", ["Content-Type: application/sparql-query"], 100),
        ("POST", "/sparql", ["Content-Type: application/x-www-form-urlencoded"], 100),
        ("PUT", "/graphs?graph=http://x/", ["Content-Type: a/b; c", "Authorization: B x"], 100),
        ("POST", "/graphs", ["Content-Type: text/turtle", "Authorization: Bearer x"], 100),
        ("POST", "/changes", ["Content-Type: text/turtle"], 100),
    ],
)
def test_a_client_that_waits_is_refused_at_once(
    served: Served, method: str, target: str, lines: list[str], expected: int
) -> None:
    """RFC 9110, 10.1.1: nobody sends a body that is going to be refused as it is."""
    length = ("Host: x", "Content-Length: 6", *lines)
    sent = head(*length, "Expect: 100-continue", target=target, method=method)
    with socket.create_connection(served.early, timeout=10) as connection:
        connection.sendall(sent)
        first = connection.recv(1 << 16)
        assert status(first) == expected
        if expected == 100:
            connection.sendall(b"ASK {}")
            assert status(received(connection)) in (200, 400, 401, 422)
        else:
            whole = first + received(connection)
            same = exchange(served.early, head(*length, target=target, method=method) + b"# here")
            assert told(whole) | {"request": ""} == told(same) | {"request": ""}
