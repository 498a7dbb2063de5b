"""A request that differs from an earlier one in the text of its query: only that is read.

A program asks one thing after another in the same way. What its requests say beside their texts
stands for itself once it was read: headers, formats and conditions are the same bytes.
"""

from __future__ import annotations

import re
from binascii import a2b_qp
from collections import OrderedDict
from dataclasses import replace
from typing import TYPE_CHECKING, Final, NamedTuple

from migov.engine import frames
from migov.engine.operations import Query
from migov.front.again import MOST, is_plain
from migov.front.exchange import Request
from migov.front.plain import PlainQuery
from migov.protocol.formats import Wanted
from migov.protocol.operation import check
from migov.protocol.repeatable import repeatable

if TYPE_CHECKING:
    from migov.front.connection import Connection

_REQUEST: Final = re.compile(
    rb"(GET /sparql\?(?:[^ &]*&)*?query=)([A-Za-z0-9%+\-._~!$'()*,/:;=?@]++)(?=[& ])"
)
"""A request up to the text of its query, and that text, in the characters that URLs have."""
_NO_ESCAPE: Final = re.compile(rb"%(?![0-9A-Fa-f]{2})")
_LONGEST: Final = 16_384
"""Bytes of a request that is looked at, and four times those of one that is remembered."""


class Manner(NamedTuple):
    """What a request says beside the text of its query, and how that text was asked first."""

    request: Request
    wanted: Wanted
    query: Query
    gzip: bool


class Manners:
    """Manners by the bytes that requests have beside their texts.

    What is read in those hangs on nothing else, so it never ages.
    """

    def __init__(self) -> None:
        self._known: OrderedDict[bytes, Manner] = OrderedDict()

    def __len__(self) -> int:
        return len(self._known)

    def find(self, raw: bytes) -> tuple[Manner, bytes, str] | None:
        """Return the manner of a request, its address and its text, where that is for no parser.

        A text that may ask another endpoint is not: Flask sees to those.
        """
        found = _REQUEST.match(raw) if len(raw) <= _LONGEST else None
        if found is None:
            return None
        manner = self._known.get(_beside(found, raw))
        text = None if manner is None else decoded(found[2])
        if manner is None or text is None or may_reach_out(text) or not text.strip():
            return None
        return manner, raw[4 : raw.index(b" ", found.end())], text

    def remember(self, raw: bytes, manner: Manner) -> None:
        """Remember how a query was asked, where `raw` says nothing that is for this one alone."""
        found = _REQUEST.match(raw)
        if (
            found is None
            or len(raw) > _LONGEST
            or not is_plain(raw, manner.request)
            or manner.query.default_graphs is not None
            or manner.query.named_graphs is not None
        ):
            return
        beside = _beside(found, raw)
        if len(beside) * 4 <= _LONGEST:
            self._known[beside] = manner
            if len(self._known) > MOST:
                self._known.popitem(last=False)


class Alike(PlainQuery):
    """A query of which only the text is new. It has its turn at once."""

    is_whole = True

    def __init__(self, connection: Connection, manner: Manner, url: bytes, text: str) -> None:
        first = manner.request
        request = Request(b"GET", url, first.headers, first.fields, first.version, True)
        super().__init__(connection, request)
        self._wanted = manner.wanted
        self._manner = manner
        self._text = text

    def _query(self) -> Query:
        return replace(self._manner.query, text=self._text, prefixes=self._state.prefixes)

    def _begin(self) -> None:
        front, text = self.connection.front, self._text
        site = self._take(self._manner.gzip)
        if self._is_answered_by_kept():
            return
        self._admit()
        check(
            text,
            graphs=front.graphs_of(self._state),
            characters=site.settings.text,
            prefixes=self._state.prefixes,
        )
        self._is_repeatable = repeatable(text)
        if self._is_repeatable:
            self._tag = self._tag_of(self.request)
        self.ask(frames.pack_query(self._manner.query, front.prefixes_of(self._state), text))


def _beside(found: re.Match[bytes], raw: bytes) -> bytes:
    return found[1] + raw[found.end() :]


def decoded(encoded: bytes) -> str | None:
    """Return a value of a form, None where it is none in UTF-8.

    Quoted-printable text has another sign and is otherwise the same, and is decoded in C: parsing
    what a query needs took a sixth of the time of a whole request.

    >>> decoded(b"ASK+%7B%7D+%23+100%25+%3D+%C3%A9"), decoded(b"%E9"), decoded(b"100%")
    ('ASK {} # 100% = é', None, None)
    """
    if _NO_ESCAPE.search(encoded):
        return None
    quoted = encoded.replace(b"+", b" ").replace(b"=", b"=3D").replace(b"%", b"=")
    try:
        return a2b_qp(quoted).decode()
    except UnicodeDecodeError:
        return None


def may_reach_out(text: str) -> bool:
    """Whether a text may ask another endpoint: by that word, or by an escape that may hide it."""
    return "SERVICE" in text.upper() or "\\u" in text.lower()
