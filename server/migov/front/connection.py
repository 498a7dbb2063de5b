"""One connection: requests in, replies out, in the order in which they came.

The parsing is uvicorn's. What is different: plain queries never become an ASGI request; what a
client sends ahead waits for its turn; a body is read before a thread is taken for it; whoever is
too slow, too long or gone is let go; and every refusal is a problem document.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Callable, Hashable
from typing import Any, ClassVar, Final, cast

import httptools
from uvicorn.protocols.http.flow_control import HIGH_WATER_LIMIT, FlowControl
from uvicorn.protocols.http.httptools_impl import STATUS_LINE, HttpToolsProtocol

from migov.errors import MigovError
from migov.front.again import Again
from migov.front.alike import Alike, Manner
from migov.front.early import Early, is_early
from migov.front.exchange import Exchange, Request, joined
from migov.front.front import Front
from migov.front.head import (
    LONGEST_HEAD,
    head_too_long,
    no_request,
    size_of,
    wrong_head,
    wrong_line,
)
from migov.front.passed import Passed
from migov.front.plain import PlainQuery
from migov.front.refused import Refused
from migov.front.replies import Reply
from migov.front.room import make_room
from migov.front.unread import refused_unread
from migov.protocol.errors import TooLongError

_AROUND: Final = 8
"""Bytes for each one of a body that may stand around it: lengths of chunks, and trailers."""
_IDLE: Final = 15.0
"""Seconds for which a connection stays open without a request."""
_SLOWEST: Final = 60.0
"""Seconds that a request may take to arrive, and that a reply may rest without being read."""
_LINGERS: Final = 2.0
"""Seconds for which the rest of a refused request is read, so that the refusal is read too."""
_JOINED: Final = 65_536
"""Bytes up to which a head and a body are copied into one write."""


class Connection(HttpToolsProtocol):
    """A connection of the server that `front` belongs to."""

    front: ClassVar[Front]

    def __init__(self, *arguments: Any, **named: Any) -> None:
        super().__init__(*arguments, **named)
        self.peer: str | None = None
        self._current: Exchange | None = None
        self._queue: deque[Exchange] = deque()
        self._arriving: Exchange | None = None
        self._is_in_head = False
        self._is_advancing = False
        self._is_ending = False
        self._head_size = 0
        self.since = self.loop.time()
        self.unread = 0
        self._raw = b""
        self._dates: list[tuple[bytes, bytes]] = []
        self._date = b""

    # What the transport tells.

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        super().connection_made(transport)
        self.flow = _Flow(transport, self._queue)
        self.peer = self.client[0] if self.client else None
        self.asker = self.front.newcomer(self.peer)
        if len(self.connections) > self.front.most_connections:
            make_room(cast("set[Connection]", self.connections), self.front.most_connections)

    def connection_lost(self, exc: Exception | None) -> None:
        self.connections.discard(self)
        self._is_ending = True
        for exchange in (self._current, *self._queue):
            if exchange is not None and not exchange.response_complete:
                exchange.lost()
        self._current = self._arriving = None
        self._queue.clear()
        self.flow.resume_writing()
        self.parser = None  # type: ignore[assignment]

    def data_received(self, data: bytes) -> None:
        if self._is_ending:
            return
        if self._rests:
            if self._is_answered_again(data):
                return
            self._raw = data
            if self._is_asked_alike(data):
                return
        else:
            self._raw = b""
        try:
            self.parser.feed_data(data)
        except httptools.HttpParserUpgrade as upgrade:  # another protocol was offered: not taken
            if rest := data[upgrade.args[0] :]:
                self.data_received(rest)
            return
        except httptools.HttpParserInvalidMethodError:
            self._break_off(wrong_line(data))
            return
        except httptools.HttpParserError:
            self._break_off(no_request())
            return
        arriving = self._arriving
        if self._is_in_head or arriving is not None:
            self._head_size += len(data)
            body = 0 if arriving is None else len(arriving.body)
            if self._head_size > LONGEST_HEAD + _AROUND * body:
                self._break_off(head_too_long())

    def resume_writing(self) -> None:
        super().resume_writing()
        self._advance()

    def shutdown(self) -> None:
        """Close when the replies under way are written; called when the server stops."""
        last = self._queue[-1] if self._queue else self._current
        if last is None:
            self.transport.close()
        else:
            last.keep_alive = False

    def cut_off(self) -> None:
        """Tell whoever still waits that the server stops, and close."""
        exchange = self._current
        if isinstance(exchange, PlainQuery) and not exchange.response_complete:
            exchange.cut_off()
        self.transport.close()

    # What the parser tells.

    def on_message_begin(self) -> None:
        self._is_in_head = True
        self._head_size = 0
        self.since = self.loop.time()
        self.url = b""
        self.headers = []

    def on_header(self, name: bytes, value: bytes) -> None:
        if b"_" not in name:  # to CGI that is a hyphen: no header is to pass as another one
            self.headers.append((name.lower(), value))

    def on_headers_complete(self) -> None:
        self._is_in_head = False
        if self._is_ending:
            return
        if self._head_size and size_of(self.url, self.headers) > LONGEST_HEAD:
            self._break_off(head_too_long())
            return
        parser = self.parser
        fields = dict(self.headers)
        if len(fields) < len(self.headers):
            fields = joined(self.headers)
        version = parser.get_http_version()
        keeps = version != "1.0" and parser.should_keep_alive()
        request = Request(parser.get_method(), self.url, self.headers, fields, version, keeps)
        wrong = wrong_head(len(self.headers), fields, version) or refused_unread(
            request, self.front
        )
        if wrong is not None:
            self._break_off(wrong)
            return
        self.headers = []  # what comes as a trailer is not of this head (RFC 9110, 6.5.1)
        self._arriving = exchange = (
            Early(self, request) if is_early(request, self.front) else Passed(self, request)
        )
        self._queue.append(exchange)
        if self._current is not None or len(self._queue) > 1:
            self.flow.pause_reading()
        self._advance()

    def on_body(self, body: bytes) -> None:
        exchange = self._arriving
        self._head_size -= len(body)
        if exchange is None or exchange.response_complete:
            return
        exchange.body += body
        if exchange.streams:
            self.since = self.loop.time()
            if len(exchange.body) > HIGH_WATER_LIMIT:
                self.flow.pause_reading()
            if exchange is self._current:
                exchange.turn()
        elif len(exchange.body) > self.front.longest_body:
            self._break_off(
                TooLongError(
                    "The body is longer than this server reads.",
                    hint="Send less text: move long VALUES lists into several requests.",
                )
            )

    def on_message_complete(self) -> None:
        exchange, self._arriving = self._arriving, None
        if exchange is not None:
            exchange.is_whole = True
            if exchange is self._current:
                exchange.turn()

    # What exchanges ask for.

    def remember(self, request: Request, key: Hashable) -> None:
        """Answer the bytes of this request by this key from now on, if they came alone."""
        if self._raw:
            self.front.remembered.remember(self._raw, request, key)

    def remember_manner(self, manner: Manner) -> None:
        """Read no more than the text of a query that is asked in this manner from now on."""
        if self._raw:
            self.front.manners.remember(self._raw, manner)

    def reply(self, exchange: Exchange, reply: Reply, body: bytes) -> None:
        """Write a whole reply, and go on with the next request."""
        transport = self.transport
        if transport.is_closing():
            return
        if self._dates is not self.server_state.default_headers:
            self._dates = self.server_state.default_headers
            self._date = b"".join(b"%b: %b\r\n" % header for header in self._dates)
        closes = b"" if exchange.keep_alive else b"connection: close\r\n"
        head = b"%b%b%bx-request-id: %b\r\n%b\r\n" % (
            STATUS_LINE[reply.status],
            self._date,
            reply.head,
            exchange.id.encode(),
            closes,
        )
        if len(body) < _JOINED:
            transport.write(head + body)
        else:
            transport.write(head)
            transport.write(body)
        if not exchange.keep_alive:
            self.end()
        self.replied()

    def replied(self) -> None:
        """Go on with the next request: the reply to this one is written."""
        self.server_state.total_requests += 1
        self._current = None
        self.since = self.loop.time()
        if self._queue:
            self._advance()

    def hand_over(self, request: Request, body: bytearray) -> None:
        """Let Flask answer a whole request whose turn it is."""
        exchange = Passed(self, request)
        exchange.body = body
        exchange.is_whole = True
        self._current = exchange
        exchange.turn()

    def start(self, exchange: Passed) -> None:
        """Let a thread answer a request."""
        self._start_asgi_task(exchange, self.app)

    def beside(self, work: Callable[[], Reply], done: Callable[[Reply], object]) -> None:
        """Make a reply in a thread, so that the loop goes on meanwhile."""
        making = self.loop.run_in_executor(None, work)
        making.add_done_callback(lambda made: done(made.result()))

    def look(self, now: float) -> None:
        """Let go of a client that is too slow; called from time to time by the server."""
        before, self.unread = self.unread, self.transport.get_write_buffer_size()
        if self.unread != before:
            self.since = now
        rested = now - self.since
        if self._is_ending:
            if rested > (_SLOWEST if self.unread else _LINGERS):
                self.transport.abort()
        elif rested > _SLOWEST:
            if self.unread or self._is_in_head or self._arriving is not None:
                self.transport.abort()
        elif rested > _IDLE and self._current is None and not self._queue and not self._is_in_head:
            self.transport.close()

    @property
    def only_waits(self) -> bool:
        """Whether no request of this client is whole, so that nothing is lost with it."""
        arriving = self._arriving
        if arriving is not None and not arriving.streams:
            return self._current in (None, arriving)
        return self._current is None

    @property
    def held(self) -> int:
        """The bytes of a request that is not whole yet."""
        arriving = self._arriving
        return (self._head_size if self._is_in_head else 0) + len(
            arriving.body if arriving else b""
        )

    @property
    def _rests(self) -> bool:
        """Whether what comes next begins a request that is answered at once."""
        return not (
            self._is_in_head
            or self._current
            or self._arriving
            or self._queue
            or self.flow.write_paused
        )

    def _is_answered_again(self, data: bytes) -> bool:
        """Answer a request that was seen before, if its answer is still kept."""
        seen = self.front.remembered.get(data)
        if seen is None:
            return False
        exchange = Again(self, seen)
        reply = exchange.kept()
        if reply is None:
            return False
        exchange.reply(reply)
        return True

    def _is_asked_alike(self, data: bytes) -> bool:
        """Ask a query of which only the text is new."""
        found = self.front.manners.find(data)
        if found is None:
            return False
        self._current = exchange = Alike(self, *found)
        exchange.turn()
        return True

    def _advance(self) -> None:
        """Let the next request have its turn, unless the client does not read what it gets."""
        if self._is_advancing:
            return
        self._is_advancing = True
        try:
            while self._queue and self._current is None and not self.flow.write_paused:
                self._current = exchange = self._queue.popleft()
                if not self._queue:
                    self.flow.resume_reading()
                if exchange is self._arriving and exchange.waits and not exchange.streams:
                    self.transport.write(b"HTTP/1.1 100 Continue\r\n\r\n")
                exchange.turn()
        finally:
            self._is_advancing = False

    def _break_off(self, error: MigovError) -> None:
        """Refuse what arrives, in its turn, and read nothing more."""
        if self._is_ending:  # the parser found something else wrong with what is refused already
            return
        unfinished, self._arriving = self._arriving, None
        self._is_ending = True
        self._is_in_head = False
        if unfinished is not None and unfinished.streams and unfinished is self._current:
            self.transport.abort()  # a thread is at work on what will never be whole
            return
        if unfinished is self._current:
            self._current = None
        elif unfinished is not None:
            self._queue.remove(unfinished)
        self._queue.append(Refused(self, error))
        self._advance()

    def end(self) -> None:
        """Close once the reply is sent; a client that still sends is to see it all the same."""
        if self._arriving is None and not self._is_ending:
            self.transport.close()
            return
        self._is_ending = True
        self._arriving = None
        self.flow.resume_reading()
        if self.transport.can_write_eof():
            self.transport.write_eof()


class _Flow(FlowControl):
    """Flow control that reads no further while requests wait for their turn."""

    def __init__(self, transport: asyncio.Transport, queue: deque[Exchange]) -> None:
        super().__init__(transport)
        self._queue = queue

    def resume_reading(self) -> None:
        if not self._queue:
            super().resume_reading()


def bound_to(front: Front) -> type[Connection]:
    """Return the class of the connections of one server."""
    return type("Connection", (Connection,), {"front": front})
