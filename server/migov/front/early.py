"""Plain queries at /sparql, answered before Flask sees them: what it would have answered."""

from __future__ import annotations

import logging
import time
from functools import partial
from typing import TYPE_CHECKING, Any, Final

from migov.engine import frames
from migov.engine.failures import error_of
from migov.engine.operations import Query
from migov.engine.pool import Pool
from migov.engine.tickets import Ticket
from migov.errors import MigovError
from migov.front.exchange import Exchange, Request
from migov.front.front import Front
from migov.front.kept import Generation
from migov.front.replies import Reply, answer, stopped, unchanged
from migov.protocol.errors import EncodingError
from migov.protocol.formats import Wanted, choose_for_query, prefers_page
from migov.protocol.heads import etag, is_unchanged, takes_gzip
from migov.protocol.operation import (
    FORM,
    Operation,
    Parameters,
    checked,
    last,
    media_type_of,
    parameters_of,
    read_operation,
    told,
)
from migov.protocol.operation import QUERY as DIRECT
from migov.protocol.prefixes import without_unused
from migov.protocol.repeatable import repeatable
from migov.protocol.truncation import truncated
from migov.settings import Settings
from migov.web.site import State

if TYPE_CHECKING:
    from migov.front.connection import Connection

log = logging.getLogger(__name__)

_PATH: Final = b"/sparql"
_PLAIN: Final = frozenset(("query", "format", "default-graph-uri", "named-graph-uri", "inferred"))
"""Parameters that are understood here; a request with any other is for Flask."""
_LONG: Final = 50_000
"""Bytes of an answer from which on work over all of it is done beside the loop."""


def is_early(request: Request, front: Front) -> bool:
    """Whether a request may be a plain query, as far as its head tells."""
    url = request.url
    return (
        url.startswith(_PATH)
        and url[len(_PATH) : len(_PATH) + 1] in (b"", b"?")
        and request.method in (b"GET", b"HEAD", b"POST")
        and b"authorization" not in request.fields
        and request.size <= front.longest_body
        and b"#" not in url
        and url.isascii()
        and front.is_early
    )


class Early(Ticket, Exchange):
    """A request that is likely a plain query; where it turns out to be more, Flask gets it."""

    route = "/sparql"

    def __init__(self, connection: Connection, request: Request) -> None:
        super().__init__()
        self.request = request
        self.body = bytearray()
        self.is_whole = False
        self.keep_alive = request.keep_alive
        self.streams = False
        self.response_complete = False
        self.connection = connection
        self.began = time.perf_counter()
        self._tag: str | None = None
        self._generation: Generation
        self._gzip: bool
        self._key: tuple[Any, ...]
        self._operation: Operation
        self._query: Query
        self._settings: Settings
        self._state: State
        self._wanted: Wanted

    def lost(self) -> None:
        self.is_abandoned = True
        self._over(0, 0, False)

    def cut_off(self) -> None:
        """Say that the server stops before the answer is there."""
        self.keep_alive = False
        self._reply(stopped(self.connection.front.snapshot, self.id))
        self.is_abandoned = True

    def turn(self) -> None:
        if not self.is_whole:
            return
        try:
            if not self._begin():
                self.connection.hand_over(self.request, self.body)
        except MigovError as error:
            self._tell(error)
        except Exception as error:
            self._defect(error)

    def _begin(self) -> bool:
        """Answer, or see to it that an answer comes; returns False where that is for Flask."""
        front, request, fields = self.connection.front, self.request, self.request.fields
        site, body = front.site, bytes(self.body)
        assert site is not None  # is_early saw to that
        self._state = state = site.state
        self._settings = site.settings
        self._generation = front.generation(site, state)
        self._gzip = takes_gzip(request.header(b"accept-encoding") or "")
        is_post = request.method == b"POST"
        self._key = (
            request.url,
            fields.get(b"accept"),
            fields.get(b"accept-language"),
            self._gzip,
            (body, fields.get(b"content-type")) if is_post else None,
        )
        reply = front.kept.get(self._generation, self._key)
        if reply is not None and not request.has_conditions:
            self._admit()
            self.connection.remember(request, self._key)
            self._reply(reply, is_kept=True)
            return True
        content_type = request.header(b"content-type")
        try:
            given = parameters_of(request.url[len(_PATH) + 1 :])
            is_form = is_post and media_type_of(content_type) == FORM
            form = parameters_of(body) if is_form else ()
        except EncodingError:
            return False
        if self._is_for_flask(given, form, content_type):
            return False
        self._answer(given, form, content_type)
        return True

    def _is_for_flask(self, given: Parameters, form: Parameters, content_type: str | None) -> bool:
        """Whether a request is more than a plain query, or wants a page."""
        if not isinstance(self._state.engine, Pool):
            return True
        names = {name for name, _ in (*given, *form)}
        if not names <= _PLAIN:
            return True
        if self.request.method != b"POST":
            if "query" not in names:  # the endpoint itself is asked for
                return True
        elif not form and media_type_of(content_type) != DIRECT:
            return True
        texts = [value for name, value in (*given, *form) if name == "query"]
        if not form:
            texts.append(self.body.decode("utf-8", "replace"))
        if any(map(_may_reach_out, texts)):
            return True
        accept = self.request.header(b"accept")
        if prefers_page(accept, next((value for name, value in given if name == "format"), None)):
            return True
        named = last(given, "format") or last(form, "format")
        try:
            return choose_for_query(accept, named).page
        except MigovError:  # what is wrong is told in its turn
            return False

    def _answer(self, given: Parameters, form: Parameters, content_type: str | None) -> None:
        """Do what Flask does, in its order."""
        request, front, state = self.request, self.connection.front, self._state
        self._admit()
        if self._is_with_the_client(given):
            assert self._tag is not None
            self._reply(unchanged(state.snapshot.digest, self._tag))
            return
        named = last(given, "format") or last(form, "format")
        self._wanted = choose_for_query(request.header(b"accept"), named)
        self._operation = read_operation(
            request.method.decode(), given, content_type, bytes(self.body)
        )
        self._query = checked(
            self._operation,
            self._wanted,
            graphs=front.graphs_of(state),
            characters=self._settings.text,
            prefixes=state.prefixes,
            rows=self._settings.rows,
        )
        engine = state.engine
        assert isinstance(engine, Pool)
        self.packed = frames.pack_query(self._query, front.prefixes_of(state))
        self.until = engine.deadline()
        engine.ask(self)

    def _is_with_the_client(self, given: Parameters) -> bool:
        """Find the tag of the answer, if it has one, and whether the client has that answer."""
        request = self.request
        if request.method == b"POST":
            return False
        text = last(given, "query") or ""
        if len(text) > self._settings.text or not repeatable(text):
            return False
        version, notice = self._generation
        target = request.url.decode("ascii")
        self._tag = etag(
            version,
            target if "?" in target else f"{target}?",
            request.header(b"accept") or "",
            request.header(b"accept-language") or "",
            notice,
        )
        return request.has_conditions and is_unchanged(
            request.header(b"if-none-match"),
            request.header(b"if-modified-since"),
            self._tag,
            self.connection.front.modified(self._state),
        )

    def answered(self, kind: int, name: int, body: bytes) -> None:
        try:
            if kind == frames.ERROR:
                self.failed(error_of(frames.error_of(body), self._query.text))
            elif len(body) >= _LONG and (self._gzip or kind == frames.GRAPH):
                self.connection.beside(partial(self._made, kind, name, body), self._write)
            else:
                self._write(self._made(kind, name, body))
        except Exception as error:
            self._defect(error)

    def failed(self, error: MigovError) -> None:
        self._tell(told(error, self._operation, self._query, self._wanted))

    def _made(self, kind: int, name: int, body: bytes) -> Reply:
        """Return the reply with an answer."""
        format = self._wanted.of(frames.KINDS[kind])
        assert format is not None  # the worker refuses a result that no format was asked for
        if kind == frames.GRAPH:
            body = without_unused(body, format.name, self._state.prefixes)
        is_cut = bool(name & frames.CUT)
        return answer(
            body,
            format,
            self._state.snapshot.digest,
            self._gzip,
            self._tag,
            self.connection.front.modified(self._state),
            truncated(frames.KINDS[kind], self._query.rows) if is_cut else None,
        )

    def _write(self, reply: Reply) -> None:
        if self.is_abandoned:
            return
        is_post = self.request.method == b"POST"
        if self._tag is not None or (is_post and repeatable(self._query.text)):
            asked = len(self.request.url) + len(self.body)
            self.connection.front.kept.keep(self._generation, self._key, asked, reply)
        self._reply(reply)

    def _tell(self, error: MigovError) -> None:
        if not self.is_abandoned and not self.response_complete:
            self._refuse(error, self._state.snapshot.digest, self._gzip)

    def _defect(self, error: Exception) -> None:
        log.error("a request failed", exc_info=error)
        self._tell(
            MigovError(
                "This server made a mistake, and it has been written to its log.",
                hint="Please report what you asked for.",
            )
        )


def _may_reach_out(text: str) -> bool:
    """Whether a text may ask another endpoint: by that word, or by an escape that may hide it."""
    return "SERVICE" in text.upper() or "\\u" in text.lower()
