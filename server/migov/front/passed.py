"""Requests that Flask answers, in a thread; and those of its answers that are kept."""

from __future__ import annotations

import asyncio
import re
import time
from contextlib import suppress
from typing import TYPE_CHECKING, Any, Final, cast
from urllib.parse import quote, unquote

from uvicorn._types import HTTPScope
from uvicorn.protocols.http.httptools_impl import RequestResponseCycle

from migov.engine.local import Abandoned
from migov.engine.tickets import Asker
from migov.errors import BudgetError, RequestError
from migov.front.exchange import Exchange, Headers, Request
from migov.front.head import is_host
from migov.front.kept import Generation
from migov.front.replies import Reply, methods
from migov.operating.observed import EXCHANGE
from migov.operating.operation import UNOBSERVED
from migov.protocol.heads import CACHE_CONTROL, takes_gzip

if TYPE_CHECKING:
    from migov.front.connection import Connection

_PERSONAL: Final = frozenset((b"authorization", b"cookie", b"range", b"if-range", b"origin"))
"""Headers with which an answer may be for one asker alone."""
_VARIES: Final = frozenset((b"accept", b"accept-encoding", b"accept-language"))
_ID: Final = b"x-request-id"
_MOST_GATHERED: Final = 4_000_000
"""Bytes of an answer that are held in the hope of keeping it."""
_ABSOLUTE: Final = re.compile(rb"https?://([^/?]+)(.*)", re.IGNORECASE)
_ASCII: Final = "".join(map(chr, range(0x21, 0x7F)))


class Passed(RequestResponseCycle, Exchange):
    """One request for Flask. Its body is read whole first, so that no thread waits for a client.

    `route` and `generation` are set by the application, if it gets that far; `abandoned` is set
    when the client goes away. Questions of the operator have no `asker`.
    """

    def __init__(self, connection: Connection, request: Request) -> None:
        self.streams = request.size > connection.front.longest_body
        super().__init__(
            scope=cast(HTTPScope, {}),
            transport=cast(asyncio.Transport, _Transport(connection)),
            flow=connection.flow,
            logger=connection.logger,
            access_logger=connection.access_logger,
            access_log=False,
            default_headers=connection.server_state.default_headers,
            message_event=asyncio.Event(),
            expect_100_continue=self.streams and request.waits,
            keep_alive=request.keep_alive and not self.streams,
            on_response=connection.replied,
        )
        self.request = request
        self.is_whole = False
        self.route: str | None = None
        self.generation: Generation | None = None
        self.abandoned = Abandoned()
        self.asker: Asker | None = None
        self.connection = connection
        self.began = time.perf_counter()
        self._has_begun = False
        self._status = 0
        self._size = 0
        self._head: Headers = []
        self._gathered: list[bytes] | None = None
        self._key: tuple[Any, ...] = ()

    def turn(self) -> None:
        if self._has_begun:
            self._tell_reader()
        elif self.is_whole or self.streams:
            self._has_begun = True
            self._begin()

    def _tell_reader(self) -> None:
        self.more_body = not self.is_whole
        self.message_event.set()

    def lost(self) -> None:
        self.disconnected = True
        self.abandoned.set()
        self.message_event.set()
        if not self._has_begun:
            self._over(0, 0, False)

    def _begin(self) -> None:
        if self._is_kept():
            return
        if self.request.url == b"*" and self.request.method == b"OPTIONS":
            with suppress(BudgetError):  # it costs nothing
                self._admit()
            self._reply(methods(self.connection.front.snapshot))
            return
        address = _split(quote(self.request.url, safe=_ASCII).encode())
        if address is None or (address[0] is not None and not is_host(address[0])):
            error = RequestError("The address of this request is not one of HTTP.")
            with suppress(BudgetError):  # it is refused all the same
                self._admit()
            self._refuse(error, self.connection.front.snapshot)
            return
        self.scope = self._scope(*address)
        self.asker = None if self.scope["path"] in UNOBSERVED else self._asker()
        self._tell_reader()
        self.connection.start(self)

    def _scope(self, host: bytes | None, path: bytes, query: bytes) -> HTTPScope:
        """Return the request as ASGI has it; a host in the address goes before the header's."""
        request, connection = self.request, self.connection
        headers = request.headers
        scheme, forwarded = self._asked_as()
        host = forwarded or host
        if host is not None:
            headers = [each for each in headers if each[0] != b"host"] + [(b"host", host)]
        if self.is_whole and self.body and b"content-length" not in request.fields:
            length = str(len(self.body)).encode()
            headers = [each for each in headers if each[0] != b"transfer-encoding"]
            headers.append((b"content-length", length))
        scope = {
            "type": "http",
            "asgi": {"version": connection.asgi_version, "spec_version": "2.3"},
            "http_version": request.version,
            "server": connection.server,
            "client": connection.client,
            "scheme": scheme,
            "root_path": connection.root_path,
            "headers": headers,
            "method": request.method.decode("ascii"),
            "path": unquote(path.decode("ascii")),
            "raw_path": path,
            "query_string": query,
            EXCHANGE: self,
        }
        return cast(HTTPScope, scope)

    def _asked_as(self) -> tuple[str, bytes | None]:
        """Return the scheme that the client spoke, and the host that it named to a trusted proxy.

        Origin is compared with them, and addresses of this server are made from them.
        """
        connection, fields = self.connection, self.request.fields
        operation = connection.front.operation
        spoken: str = connection.scheme or "http"
        if operation is None or not operation.believes(connection.peer):
            return spoken, None
        scheme, host = (
            fields.get(name, b"").rpartition(b",")[2].strip()
            for name in (b"x-forwarded-proto", b"x-forwarded-host")
        )
        if scheme in (b"http", b"https"):
            spoken = scheme.decode()
        return spoken, host if is_host(host) else None

    def _is_kept(self) -> bool:
        """Answer with what is kept; where nothing is, see to it that something can be."""
        front, request, fields = self.connection.front, self.request, self.request.fields
        if front.site is None or request.method not in (b"GET", b"HEAD"):
            return False
        if self.body or self.streams:
            return False
        if not _PERSONAL.isdisjoint(fields):
            return False
        if request.has_conditions:
            return False  # Flask sees to these before it does any work
        self._key = (
            *self._asked_as(),
            fields.get(b"host"),
            request.url,
            fields.get(b"accept"),
            fields.get(b"accept-language"),
            takes_gzip(request.header(b"accept-encoding") or ""),
        )
        reply = front.kept.get(front.generation(front.site, front.site.state), self._key)
        self.route = None if reply is None else reply.route
        if reply is None:
            self._gathered = [] if request.method == b"GET" else None
            return False
        try:
            self._admit()
        except BudgetError:
            return False  # Flask tells it, as a page to whom wants one
        self._reply(reply, is_kept=True)
        return True

    async def send(self, message: Any) -> None:
        """Send what Flask says, and watch it go by.

        a2wsgi says that a reply is complete after its thread is done. A client that has read all
        of it may be gone by then, so here it is complete with its last byte.
        """
        if self.response_complete:
            return
        if message["type"] == "http.response.start":
            self._status = message["status"]
            self._head = list(message["headers"])
            await super().send(message)
            is_bodiless = self.request.method == b"HEAD" or self._status in (204, 304)
            if is_bodiless or self._has_length(0):
                await super().send({"type": "http.response.body", "body": b"", "more_body": False})
        else:
            body = message.get("body", b"")
            self._gather(body)
            if self._has_length(len(body)):
                message["more_body"] = False
            await super().send(message)
        if self.response_complete and not self.disconnected:
            self._keep()

    def _has_length(self, length: int) -> bool:
        """Whether this is all that is left to send."""
        return self.chunked_encoding is False and self.expected_content_length == length

    def _gather(self, part: bytes) -> None:
        self._size += len(part)
        if self._gathered is not None:
            self._gathered.append(part)
            if self._size > _MOST_GATHERED or self._status != 200:
                self._gathered = None

    def _keep(self) -> None:
        """Keep an answer that the application has named, and that is for everybody."""
        if self._gathered is None or self.generation is None or self._status != 200:
            return
        named = dict(self._head)
        varies = {each.strip().lower() for each in named.get(b"vary", b"").split(b",")}
        is_for_all = named.get(b"cache-control") == CACHE_CONTROL.encode()
        if b"etag" not in named or b"set-cookie" in named or not is_for_all or varies - _VARIES:
            return
        head = b"".join(b"%b: %b\r\n" % pair for pair in self._head if pair[0] != _ID)
        reply = Reply(200, head, b"".join(self._gathered), route=self.route)
        asked = len(self.request.url)
        self.connection.front.kept.keep(self.generation, self._key, asked, reply)


class _Transport:
    """The transport as uvicorn's part of an exchange knows it: closing it is the connection's."""

    def __init__(self, connection: Connection) -> None:
        self.write = connection.transport.write
        self.is_closing = connection.transport.is_closing
        self.close = connection.end


def _split(url: bytes) -> tuple[bytes | None, bytes, bytes] | None:
    """Return host, path and query of the address in a request (RFC 9112, 3.2).

    The host is None where the address has none; all is None for another form.

    >>> _split(b"http://example.org?a=b"), _split(b"/a?b#c"), _split(b"*")
    ((b'example.org', b'/', b'a=b'), (None, b'/a', b'b'), None)
    """
    host = None
    url = url.partition(b"#")[0]
    if not url.startswith(b"/"):
        found = _ABSOLUTE.fullmatch(url)
        if found is None:
            return None
        host, rest = found.groups()
        url = rest if rest.startswith(b"/") else b"/" + rest
    path, _, query = url.partition(b"?")
    return host, path, query
