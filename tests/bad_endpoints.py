"""HTTP servers that are no good SPARQL endpoints, each in its own way."""

from __future__ import annotations

import gzip
import ssl
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

JSON = "application/sparql-results+json"
EMPTY = b'{"head": {"vars": ["x"]}, "results": {"bindings": []}}'


class Handler(BaseHTTPRequestHandler):
    """Behaves as the last part of the path says, and keeps what it was asked."""

    protocol_version = "HTTP/1.1"

    def do_POST(self) -> None:
        length = int(self.headers.get("Content-Length") or 0)
        seen = self.rfile.read(length).decode()
        asked: list[Any] = self.server.asked  # type: ignore[attr-defined]
        asked.append((self.path, dict(self.headers), seen))
        with suppress(OSError):
            getattr(self, f"do_{self.path.strip('/').replace('-', '_')}")()

    def do_GET(self) -> None:
        self.do_POST()

    def send(self, body: bytes, media_type: str = JSON, status: int = 200, **headers: str) -> None:
        self.send_response(status)
        self.send_header("Content-Type", media_type)
        self.send_header("Content-Length", str(len(body)))
        for name, value in headers.items():
            self.send_header(name.replace("_", "-"), value)
        self.end_headers()
        self.wfile.write(body)

    def do_good(self) -> None:
        self.send(EMPTY)

    def do_redirect(self) -> None:
        self.send(EMPTY, status=302, Location="/good")

    def do_permanent(self) -> None:
        self.send(EMPTY, status=308, Location="http://169.254.169.254/latest/meta-data")

    def do_failing(self) -> None:
        self.send(b"no", "text/plain", 500)

    def do_busy(self) -> None:
        self.send(b"later", "text/plain", 503)

    def do_closed(self) -> None:
        self.send(b"who are you", "text/plain", 401)

    def do_gone(self) -> None:
        self.send(b"no", "text/plain", 404)

    def do_html(self) -> None:
        self.send(b"<html>", "text/html; charset=utf-8")

    def do_untyped(self) -> None:
        self.wfile.write(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}")

    def do_compressed(self) -> None:
        self.send(gzip.compress(b"0" * 1_000_000), Content_Encoding="gzip")

    def do_silent(self) -> None:
        time.sleep(8)

    def do_dripping_head(self) -> None:
        for _ in range(80):
            self.wfile.write(b"H" if _ else b"HTTP/1.1 200 OK\r\nX: ")
            time.sleep(0.1)

    def do_dripping(self) -> None:
        self.wfile.write(f"HTTP/1.1 200 OK\r\nContent-Type: {JSON}\r\n\r\n".encode())
        for _ in range(80):
            self.wfile.write(b" ")
            time.sleep(0.1)

    def do_endless(self) -> None:
        self.wfile.write(f"HTTP/1.1 200 OK\r\nContent-Type: {JSON}\r\n\r\n".encode())
        while True:
            self.wfile.write(b" " * 100_000)

    def do_cut(self) -> None:
        self.wfile.write(
            f"HTTP/1.1 200 OK\r\nContent-Type: {JSON}\r\nContent-Length: 999\r\n\r\n{{".encode()
        )
        self.close_connection = True

    def do_no_http(self) -> None:
        self.wfile.write(b"SSH-2.0-OpenSSH_9.2\r\n")
        self.close_connection = True

    def do_not_json(self) -> None:
        self.send(b"<sparql/>")

    def do_truth(self) -> None:
        self.send(b'{"head": {}, "boolean": true}')

    def do_bad_iri(self) -> None:
        self.send(one_row('{"type": "uri", "value": "http://a/> } } INSERT"}'))

    def do_bad_tag(self) -> None:
        self.send(one_row('{"type": "literal", "value": "a", "xml:lang": "en } }"}'))

    def do_triple(self) -> None:
        iri = '{"type": "uri", "value": "http://a/"}'
        triple = f'{{"subject": {iri}, "predicate": {iri}, "object": {iri}}}'
        self.send(one_row(f'{{"type": "triple", "value": {triple}}}'))

    def do_tricky(self) -> None:
        self.send(one_row(r'{"type": "literal", "value": "\") } } ?x { \u0000 \\ \n \r # \u0022"}'))

    def do_blank(self) -> None:
        self.send(
            b'{"head": {"vars": ["x", "y"]}, "results": {"bindings": ['
            b'{"x": {"type": "bnode", "value": "b0"}, "y": {"type": "bnode", "value": "b0"}}]}}'
        )

    def do_less(self) -> None:
        self.send(b'{"head": {"vars": ["z"]}, "results": {"bindings": [{}, {}]}}')

    def do_entities(self) -> None:
        entities = "".join(f'<!ENTITY e{n + 1} "{f"&e{n};" * 10}">' for n in range(9))
        self.send(
            f'<!DOCTYPE x [<!ENTITY e0 "0123456789">{entities}]>'
            '<sparql xmlns="http://www.w3.org/2005/sparql-results#"><head><variable name="x"/>'
            "</head><results><result><binding name='x'><literal>&e9;</literal></binding>"
            "</result></results></sparql>".encode(),
            "application/sparql-results+xml",
        )

    def do_deep(self) -> None:
        self.send(b'{"head": ' + b"[" * 400_000)

    def log_message(self, format: str, *args: Any) -> None:
        pass


def one_row(term: str) -> bytes:
    bindings = f'[{{"x": {term}}}]'
    return f'{{"head": {{"vars": ["x"]}}, "results": {{"bindings": {bindings}}}}}'.encode()


class Server(ThreadingHTTPServer):
    daemon_threads = True
    block_on_close = False

    def __init__(self, context: ssl.SSLContext | None = None) -> None:
        super().__init__(("127.0.0.1", 0), Handler)
        self.asked: list[tuple[str, dict[str, str], str]] = []
        if context is not None:
            self.socket = context.wrap_socket(
                self.socket, server_side=True, do_handshake_on_connect=False
            )

    @property
    def port(self) -> int:
        return int(self.server_address[1])

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Whoever asks may go at any time."""


@contextmanager
def serving(context: ssl.SSLContext | None = None) -> Iterator[Server]:
    """Serve every bad endpoint on a free port of the loopback."""
    server = Server(context)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05})
    thread.start()
    try:
        yield server
    finally:
        server.shutdown()
        thread.join(timeout=5)
        server.server_close()
