"""Servers in this process whose connections, pool and kept answers a test can look at."""

from __future__ import annotations

import asyncio
import re
import socket
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

from migov.engine.pool import Pool
from migov.engine.published import Published
from migov.front.front import Front
from migov.front.server import bind, new_loop, opener, server_of
from migov.operating.requests import Finished
from migov.repository import Repository
from migov.settings import Settings
from migov.web import create_app
from migov.web.served import READINGS
from migov.web.writing import VERDICTS

Head = list[tuple[str, str]]

_OWN = re.compile(rb"\r\n(?:date|content-length): [^\r]*")
_ID = re.compile(rb"\r\nx-request-id: ([^\r]*)")
_LENGTH = re.compile(rb"\r\ncontent-length: (\d+)\r\n")


@dataclass(frozen=True, slots=True)
class Served:
    """One state behind two sockets: with early answers, and by Flask alone."""

    published: Published
    front: Front
    early: tuple[str, int]
    flask: tuple[str, int]

    @property
    def pool(self) -> Pool:
        engine = self.published.edition.engine
        assert isinstance(engine, Pool)
        return engine

    @contextmanager
    def telling(self) -> Iterator[list[Finished]]:
        """Fill a list with the requests that are over during a `with` block."""
        operation = self.front.operation
        assert operation is not None
        found: list[Finished] = []
        over = operation.over

        def noted(finished: Finished, began: float | None) -> None:
            over(finished, began)
            found.append(finished)

        operation.over = noted  # type: ignore[method-assign]
        try:
            yield found
        finally:
            operation.over = over  # type: ignore[method-assign]

    @property
    def address(self) -> str:
        return f"http://{self.early[0]}:{self.early[1]}"


@contextmanager
def serving(repository: Repository, settings: Settings) -> Iterator[Served]:
    """Serve in a thread of this process."""
    loop = new_loop()
    published = Published(repository, settings, opener(loop))
    app = create_app(published, settings)
    servers = [server_of(app, settings, is_early=early) for early in (True, False)]
    listeners = [bind("127.0.0.1", 0) for _ in servers]

    async def serve() -> None:
        await asyncio.gather(
            *(
                server.serve(sockets=[listener])
                for server, listener in zip(servers, listeners, strict=True)
            )
        )

    thread = threading.Thread(target=lambda: loop.run_until_complete(serve()))
    thread.start()
    try:
        names: list[Any] = [listener.getsockname()[:2] for listener in listeners]
        yield Served(published, servers[0].front, names[0], names[1])
    finally:
        for server in servers:
            server.should_exit = True
        thread.join(20)
        app.extensions[VERDICTS].close()
        app.extensions[READINGS].close()
        published.close()
        loop.close()
        for listener in listeners:
            listener.close()


def exchange(place: tuple[str, int], request: bytes, wait: float = 20) -> bytes:
    """Send bytes and return all that comes back until the other side closes."""
    with socket.create_connection(place, timeout=wait) as connection:
        connection.sendall(request)
        return received(connection)


def received(connection: socket.socket) -> bytes:
    """Return all that comes until the other side closes."""
    parts = []
    while part := connection.recv(1 << 16):
        parts.append(part)
    return b"".join(parts)


def place_of(address: str) -> tuple[str, int]:
    parts = urlsplit(address)
    return parts.hostname or "", parts.port or 0


def until(condition: Callable[[], object], seconds: float = 10) -> None:
    """Wait for something that other threads bring about."""
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end, "it did not happen in time"
        time.sleep(0.01)


def get(path: str, *headers: str, method: str = "GET") -> bytes:
    """Return a request without a body."""
    return "\r\n".join([f"{method} {path} HTTP/1.1", "Host: x", *headers, "", ""]).encode()


def answer_on(connection: socket.socket, has_body: bool = True) -> bytes:
    """Return one answer of an open connection."""
    found = b""
    while b"\r\n\r\n" not in found:
        part = connection.recv(1)
        assert part, found
        found += part
    length = _LENGTH.search(found)
    left = int(length[1]) if length and has_body else 0
    while left:
        part = connection.recv(left)
        assert part, found
        found, left = found + part, left - len(part)
    return found


def ask(connection: socket.socket, request: bytes) -> bytes:
    """Send one request over an open connection and return its answer."""
    connection.sendall(request)
    return answer_on(connection)


def alike(answer: bytes) -> bytes:
    """Return an answer without what every answer has of its own."""
    named = _ID.search(answer)
    return _OWN.sub(b"", answer.replace(named[1], b"") if named else answer)
