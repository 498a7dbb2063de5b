"""One request and its reply, whoever makes it, and what is told of it when it is over."""

from __future__ import annotations

import time
from abc import ABC, abstractmethod
from contextlib import suppress
from dataclasses import replace
from typing import TYPE_CHECKING, Final

from migov.engine.tickets import Asker
from migov.errors import MigovError
from migov.front.replies import Reply, problem_reply
from migov.operating.requests import Finished, request_id
from migov.protocol.problems import problem

if TYPE_CHECKING:
    from migov.front.connection import Connection

Headers = list[tuple[bytes, bytes]]

CONTINUE: Final = b"100-continue"
"""The one expectation that there is (RFC 9110, 10.1.1)."""


class Request:
    """The head of a request: `fields` are its headers, repeated ones joined by commas."""

    __slots__ = ("fields", "headers", "keep_alive", "method", "url", "version")

    def __init__(
        self,
        method: bytes,
        url: bytes,
        headers: Headers,
        fields: dict[bytes, bytes],
        version: str,
        keep_alive: bool,
    ) -> None:
        self.method = method
        self.url = url
        self.headers = headers
        self.fields = fields
        self.version = version
        self.keep_alive = keep_alive

    @property
    def size(self) -> int:
        """The length of the body in bytes, as far as the head tells it."""
        with suppress(ValueError):
            return int(self.fields.get(b"content-length", b"0"))
        return 0

    @property
    def waits(self) -> bool:
        """Whether the client sends the body only when told to (RFC 9110, 10.1.1)."""
        expected = self.fields.get(b"expect")
        return expected is not None and self.version != "1.0" and CONTINUE in expectations(expected)

    @property
    def has_conditions(self) -> bool:
        """Whether the client asks for an answer of some states alone (RFC 9110, 13)."""
        fields = self.fields
        return b"if-none-match" in fields or b"if-modified-since" in fields or b"if-match" in fields

    @property
    def is_for_one_state(self) -> bool:
        """Whether conditions hang on what the answer is, not on what the client has."""
        return b"if-match" in self.fields or self.fields.get(b"if-none-match", b"").strip() == b"*"

    def header(self, name: bytes) -> str | None:
        value = self.fields.get(name)
        return None if value is None else value.decode("latin-1")


def expectations(header: bytes) -> set[bytes]:
    """Return what a header Expect asks for.

    >>> sorted(expectations(b"100-Continue, , more"))
    [b'100-continue', b'more']
    """
    return {part for each in header.split(b",") if (part := each.strip().lower())}


def joined(headers: Headers) -> dict[bytes, bytes]:
    """Return headers by name, repeated ones joined by commas (RFC 9110, 5.3).

    >>> joined([(b"accept", b"text/csv"), (b"host", b"x"), (b"accept", b"*/*")])[b"accept"]
    b'text/csv,*/*'
    """
    fields: dict[bytes, bytes] = {}
    for name, value in headers:
        fields[name] = fields[name] + b"," + value if name in fields else value
    return fields


class Exchange(ABC):
    """A request in its place among those of one connection: they are answered in order.

    `body` grows until the request `is_whole`, which `turn` waits for unless the exchange `streams`.
    """

    route: str | None
    request: Request
    body: bytearray
    is_whole: bool
    keep_alive: bool
    streams: bool
    response_complete: bool
    connection: Connection
    began: float
    admitted: float | None = None
    id: str = ""

    @property
    def waits(self) -> bool:
        return self.request.waits

    @abstractmethod
    def turn(self) -> None:
        """Answer if the request is whole: the replies before this one are written."""

    @abstractmethod
    def lost(self) -> None:
        """Take note that the client is gone before it was answered."""

    # For replies that Flask has no part in.

    def _admit(self) -> None:
        """Take the request on; raises BudgetError when its client has used its time."""
        operation = self.connection.front.operation
        fields = self.request.fields
        trace = fields.get(b"traceparent")
        given = fields.get(b"x-request-id")
        self.id = request_id(
            None if given is None else given.decode("latin-1"),
            None if trace is None else trace.decode("latin-1"),
        )
        if operation is not None:
            self.admitted = operation.admit(self._client())

    def _client(self) -> str | None:
        operation = self.connection.front.operation
        peer = self.connection.peer
        if operation is None:
            return peer
        request = self.request
        return operation.client(
            peer, request.header(b"x-forwarded-for"), request.header(b"forwarded")
        )

    def _asker(self) -> Asker:
        """Return who asks: this connection, or a client of the proxy at its other end."""
        front, connection = self.connection.front, self.connection
        if front.operation is not None and front.operation.believes(connection.peer):
            return front.behind_proxy(self._client())
        return connection.asker

    def _reply(self, reply: Reply, *, is_kept: bool = False) -> None:
        """Give a whole reply to the connection, and to the operation what became of it."""
        self.response_complete = True
        body = b"" if self.request.method == b"HEAD" else reply.body
        self._over(reply.status, len(body), is_kept)
        self.connection.reply(self, reply, body)

    def _refuse(self, error: MigovError, snapshot: str, gzip: bool = False) -> None:
        """Reply with a problem document."""
        front = self.connection.front
        told = replace(problem(error), request=self.id)
        if front.operation is not None:
            front.operation.metrics.problem(told.kind.slug)
        self._reply(problem_reply(told, snapshot, gzip))

    def _over(self, status: int, size: int, is_kept: bool) -> None:
        operation = self.connection.front.operation
        if operation is not None:
            operation.over(
                Finished(
                    self.request.method.decode(),
                    self.route,
                    status,
                    time.perf_counter() - self.began,
                    size,
                    is_kept,
                    self.id,
                    self._client(),
                ),
                self.admitted,
            )
