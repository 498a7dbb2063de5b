"""A plain query in the hands of the workers, and the reply that its answer becomes."""

from __future__ import annotations

import logging
import time
from abc import abstractmethod
from collections.abc import Hashable
from functools import partial
from typing import TYPE_CHECKING, Final

from migov.engine import frames
from migov.engine.failures import error_of
from migov.engine.operations import Query
from migov.engine.pool import Pool
from migov.engine.tickets import Ticket
from migov.errors import MigovError
from migov.front.exchange import Exchange, Request
from migov.front.kept import Generation
from migov.front.replies import Reply, answer, stopped
from migov.protocol.formats import Wanted
from migov.protocol.heads import etag
from migov.protocol.operation import told
from migov.protocol.prefixes import without_unused
from migov.protocol.truncation import truncated
from migov.web.site import Site, State

if TYPE_CHECKING:
    from migov.front.connection import Connection

log = logging.getLogger(__name__)

_LONG: Final = 50_000
"""Bytes of an answer from which on work over all of it is done beside the loop."""


class PlainQuery(Ticket, Exchange):
    """A request whose answer is that of one query. Who reads it says what is asked, and `ask`s.

    `_key` names the answer among those kept; it is kept if it `_is_repeatable`, and has a `_tag` if
    clients may keep it too.
    """

    route = "/sparql"
    streams = False
    response_complete = False
    _generation: Generation
    _gzip: bool
    _is_repeatable: bool
    _key: Hashable
    _state: State
    _tag: str | None = None
    _wanted: Wanted

    def __init__(self, connection: Connection, request: Request) -> None:
        super().__init__()
        self.request = request
        self.body = bytearray()
        self.keep_alive = request.keep_alive
        self.connection = connection
        self.began = time.perf_counter()

    @abstractmethod
    def _begin(self) -> None:
        """Answer, or see to it that an answer comes; raises RequestError or LimitError."""

    @abstractmethod
    def _query(self) -> Query:
        """Return what the workers are asked."""

    def turn(self) -> None:
        try:
            self._begin()
        except MigovError as error:
            self._tell(error)
        except Exception as error:
            self._defect(error)

    def _take(self, gzip: bool, posted: Hashable = None) -> Site:
        """Take the state that answers now, and name the answer; `posted` is what came in a body."""
        front, request = self.connection.front, self.request
        site = front.site
        assert site is not None  # without one Flask answers everything
        self._state = site.state
        self._generation = front.generation(site, self._state)
        self._gzip = gzip
        accept, language = map(request.fields.get, (b"accept", b"accept-language"))
        self._key = (request.url, accept, language, gzip, posted)
        return site

    def _is_answered_by_kept(self) -> bool:
        """Whether this answer is kept, and is now given; raises BudgetError."""
        reply = self.connection.front.kept.get(self._generation, self._key)
        if reply is None:
            return False
        self._admit()
        self.connection.remember(self.request, self._key)
        self._reply(reply, is_kept=True)
        return True

    def _tag_of(self, request: Request) -> str:
        """Return the tag of the answer to a request for one."""
        version, notice = self._generation
        target = request.url.decode("ascii")
        return etag(
            version,
            target if "?" in target else f"{target}?",
            request.header(b"accept") or "",
            request.header(b"accept-language") or "",
            notice,
        )

    def ask(self, packed: bytes) -> None:
        """Ask the workers, by a query as `frames` packs it; raises BusyError."""
        engine = self._state.engine
        assert isinstance(engine, Pool)  # who read the request saw to that
        self.packed = packed
        self.until = engine.deadline()
        self.asker = self._asker()
        engine.ask(self)

    def lost(self) -> None:
        self.is_abandoned = True
        self._over(0, 0, False)

    def cut_off(self) -> None:
        """Say that the server stops before the answer is there."""
        self.keep_alive = False
        self._reply(stopped(self.connection.front.snapshot, self.id))
        self.is_abandoned = True

    # What the pool tells.

    def answered(self, kind: int, name: int, body: bytes) -> None:
        try:
            if kind == frames.ERROR:
                self.failed(error_of(frames.error_of(body), self._query().text))
            elif len(body) >= _LONG and (self._gzip or kind == frames.GRAPH):
                self.connection.beside(partial(self._made, kind, name, body), self._write)
            else:
                self._write(self._made(kind, name, body))
        except Exception as error:
            self._defect(error)

    def failed(self, error: MigovError) -> None:
        query = self._query()
        self._tell(told(error, query.text, query, self._wanted))

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
            truncated(frames.KINDS[kind], self._query().rows) if is_cut else None,
        )

    def _write(self, reply: Reply) -> None:
        if self.is_abandoned:
            return
        if self._is_repeatable:
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
