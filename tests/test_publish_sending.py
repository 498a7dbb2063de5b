"""What a server may say while graphs are sent to it: what is tried again, and what is told."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

import small
from migov.errors import EnvironmentProblem, StoreProblem
from migov.publishing import Sender, endpoints_of
from migov.publishing.wanted import chunks

UPDATE = "http://store.example/update"


@dataclass
class Scripted:
    """An HTTP server that answers from a list, then with 204; it keeps what it was sent."""

    statuses: list[int] = field(default_factory=list)
    largest: int = 10**9
    got: list[tuple[str, int]] = field(default_factory=list)

    @contextmanager
    def running(self) -> Iterator[str]:
        script = self

        class Handler(BaseHTTPRequestHandler):
            def do_PUT(self) -> None:
                length = int(self.headers.get("Content-Length", 0))
                self.rfile.read(length)
                script.got.append((self.command, length))
                status = script.statuses.pop(0) if script.statuses else 204
                self.send_response(413 if length > script.largest else status)
                self.send_header("Content-Length", "0")
                self.end_headers()

            do_POST = do_DELETE = do_PUT  # noqa: N815 (named by the library)

            def log_message(self, *_: object) -> None:
                pass

        server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        thread = threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True)
        thread.start()
        try:
            yield f"http://127.0.0.1:{server.server_port}/graphs"
        finally:
            server.shutdown()
            server.server_close()
            thread.join()


LINES = [
    f"<http://e.example/{n}> <http://e.example/p> '{'x' * 100}' .\n".encode() for n in range(999)
]


def sender_to(url: str, pause: Callable[[float], None], chunk: int = 10**6) -> Sender:
    endpoints = endpoints_of("http://store.example/query", "", UPDATE, url)
    return Sender(endpoints, None, chunk=chunk, pause=pause)


@pytest.mark.parametrize("status", [408, 429, 502, 503, 504])
def test_what_may_pass_is_tried_again_with_growing_pauses(status: int) -> None:
    pauses: list[float] = []
    script = Scripted([status, status, 204])
    with script.running() as url:
        sender = sender_to(url, pauses.append)
        sender.put(small.ONE, LINES[:3])
        sender.close()
    assert len(script.got) == 3
    assert pauses == [0.5, 1.0]


@pytest.mark.parametrize("status", [500, 400, 403, 404, 301])
def test_what_will_not_pass_is_told_at_once(status: int) -> None:
    script = Scripted([status])
    with script.running() as url:
        sender = sender_to(url, lambda _: pytest.fail("it waits"))
        with pytest.raises(StoreProblem, match=str(status)):
            sender.put(small.ONE, LINES[:3])
        sender.close()
    assert len(script.got) == 1


def test_a_store_that_stays_away_is_told_in_the_end() -> None:
    pauses: list[float] = []
    script = Scripted([503] * 99)
    with script.running() as url:
        sender = sender_to(url, pauses.append)
        with pytest.raises(StoreProblem, match="503"):
            sender.drop(small.ONE)
        sender.close()
    assert pauses == [0.5, 1.0, 2.0, 4.0]


def test_parts_that_are_too_long_are_sent_smaller() -> None:
    script = Scripted(largest=30_000)
    with script.running() as url:
        sender = sender_to(url, lambda _: None, chunk=100_000)
        sender.put(small.ONE, LINES)
        sender.close()
    taken = [entry for entry in script.got if entry[1] <= 30_000]
    assert sum(length for _, length in taken) == sum(map(len, LINES))
    assert [method for method, _ in taken] == ["PUT"] + ["POST"] * (len(taken) - 1)


def test_a_body_that_no_store_takes_is_told() -> None:
    script = Scripted(largest=10)
    with script.running() as url:
        sender = sender_to(url, lambda _: None)
        with pytest.raises(EnvironmentProblem, match="takes no body of"):
            sender.put(small.ONE, LINES)
        sender.close()


def test_a_part_that_failed_brings_no_blank_node_twice() -> None:
    lines = [f'_:b{n} <http://e.example/p> "{"x" * 100}" .\n'.encode() for n in range(9)]
    script = Scripted([204, 204, 503])
    with script.running() as url:
        sender = sender_to(url, lambda _: None, chunk=300)
        sender.put(small.ONE, lines)
        sender.close()
    methods = [method for method, _ in script.got]
    assert methods.count("PUT") == 2, "the graph begins anew"
    assert methods[:4] == ["PUT", "POST", "POST", "PUT"]


def test_chunks_say_the_same_and_keep_blank_nodes_together() -> None:
    lines = [b"_:a <http://e/p> _:b .\n", b"_:c <http://e/p> _:d .\n", b"_:b <http://e/p> _:c .\n"]
    lines += LINES[:20]
    parts = list(chunks(lines, 500))
    assert len(parts) > 3
    assert sorted(b"".join(parts).splitlines()) == sorted(line.rstrip() for line in lines)
    assert len([part for part in parts if b"_:" in part]) == 1
