"""Plain queries at /sparql, answered before Flask sees them: what it would have answered."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from migov.engine import frames
from migov.engine.operations import Query
from migov.engine.pool import Pool
from migov.errors import MigovError
from migov.front.alike import Manner, may_reach_out
from migov.front.exchange import Request
from migov.front.front import Front
from migov.front.plain import PlainQuery
from migov.front.replies import unchanged
from migov.protocol.errors import EncodingError
from migov.protocol.formats import choose_for_query, prefers_page
from migov.protocol.heads import is_unchanged, takes_gzip
from migov.protocol.operation import (
    FORM,
    Parameters,
    checked,
    last,
    media_type_of,
    parameters_of,
    read_operation,
)
from migov.protocol.operation import QUERY as DIRECT
from migov.protocol.repeatable import repeatable
from migov.settings import Settings

if TYPE_CHECKING:
    from migov.front.connection import Connection

_PATH: Final = b"/sparql"
_PLAIN: Final = frozenset(("query", "format", "default-graph-uri", "named-graph-uri", "inferred"))
"""Parameters that are understood here; a request with any other is for Flask."""


def is_early(request: Request, front: Front) -> bool:
    """Whether a request may be a plain query, as far as its head tells."""
    url = request.url
    return (
        url.startswith(_PATH)
        and url[len(_PATH) : len(_PATH) + 1] in (b"", b"?")
        and request.method in (b"GET", b"HEAD", b"POST")
        and b"authorization" not in request.fields
        and b"content-encoding" not in request.fields
        and request.size <= front.longest_body
        and b"#" not in url
        and url.isascii()
        and front.is_early
    )


class Early(PlainQuery):
    """A request that is likely a plain query; where it turns out to be more, Flask gets it."""

    def __init__(self, connection: Connection, request: Request) -> None:
        super().__init__(connection, request)
        self.is_whole = False
        self._asked: Query
        self._settings: Settings

    def turn(self) -> None:
        if self.is_whole:
            super().turn()

    def _query(self) -> Query:
        return self._asked

    def _begin(self) -> None:
        request, body = self.request, bytes(self.body)
        is_post = request.method == b"POST"
        posted = (body, request.fields.get(b"content-type")) if is_post else None
        self._settings = self._take(
            takes_gzip(request.header(b"accept-encoding") or ""), posted
        ).settings
        if not request.has_conditions and self._is_answered_by_kept():
            return
        content_type = request.header(b"content-type")
        try:
            given = parameters_of(request.url[len(_PATH) + 1 :])
            is_form = is_post and media_type_of(content_type) == FORM
            form = parameters_of(body) if is_form else ()
        except EncodingError:
            self.connection.hand_over(request, self.body)
            return
        if self._is_for_flask(given, form, content_type):
            self.connection.hand_over(request, self.body)
        else:
            self._answer(given, form, content_type)

    def _is_for_flask(self, given: Parameters, form: Parameters, content_type: str | None) -> bool:
        """Whether a request is more than a plain query, or wants a page."""
        if not isinstance(self._state.engine, Pool) or self.request.is_for_one_state:
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
        if any(map(may_reach_out, texts)):
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
        operation = read_operation(request.method.decode(), given, content_type, bytes(self.body))
        self._asked = query = checked(
            operation,
            self._wanted,
            graphs=front.graphs_of(state),
            characters=self._settings.text,
            prefixes=state.prefixes,
            rows=self._settings.rows,
        )
        if request.method == b"POST":
            self._is_repeatable = repeatable(query.text)
        self.connection.remember_manner(Manner(request, self._wanted, query, self._gzip))
        self.ask(frames.pack_query(query, front.prefixes_of(state)))

    def _is_with_the_client(self, given: Parameters) -> bool:
        """Find the tag of the answer, if it has one, and whether the client has that answer."""
        request = self.request
        if request.method == b"POST":
            return False
        text = last(given, "query") or ""
        self._is_repeatable = len(text) <= self._settings.text and repeatable(text)
        if not self._is_repeatable:
            return False
        self._tag = self._tag_of(request)
        return request.has_conditions and is_unchanged(
            request.header(b"if-none-match"),
            request.header(b"if-modified-since"),
            self._tag,
            self.connection.front.modified(self._state),
        )
