"""An answer as it is written: bounded in bytes, and cut after so many rows or triples where asked.

The store writes answers in native code, and writes them lazily. So rows are counted in what it
writes, by marks that every row has, and the writing ends soon after the first row too many has
begun. What is left is closed as its format closes and says that it is cut, where the format has a
place for that: CSV and TSV have none, and JSON-LD has none that would not be data.
"""

from __future__ import annotations

import io
import itertools
import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any, Final

from pyoxigraph import Triple

from migov.vocabulary import BASE

CUT: Final = BASE + "problem/cut"
"""Where it is explained that an answer is cut."""

_GROWTH: Final = 1.25
"""How much longer an answer has to be before it is looked at again: looking costs its length."""


class TooLarge(Exception):
    """The answer has more bytes than are given at once."""


class _Enough(Exception):
    pass


class Spool(io.BytesIO):
    """Bytes up to a limit; the first byte over it ends the writing."""

    def __init__(self, limit: int) -> None:
        super().__init__()
        self._limit = limit

    def write(self, data: Any) -> int:
        if self.tell() + len(data) > self._limit:
            raise TooLarge
        return super().write(data)


@dataclass(frozen=True, slots=True)
class _Rows:
    """How rows are told apart in a format.

    `mark` is what every row has at least one of; `places` finds the marks that are no part of a
    value. `more` marks beside one for each row prove another row; it is cut `at` the mark with the
    number of rows plus this, or after it.
    """

    mark: bytes
    places: Callable[[bytes], list[int]]
    more: int
    at: int
    after: bool
    close: bytes = b""


def _everywhere(mark: bytes) -> Callable[[bytes], list[int]]:
    return lambda body: [found.start() for found in re.finditer(re.escape(mark), body)]


_JSON_ROW: Final = re.compile(rb'\},\{"(?=[^,}])')
_JSON_STRING: Final = re.compile(rb'"(?:[^"\\]++|\\.)*+(?:"|\\?\Z)|(,\{)', re.DOTALL)
_CSV_STRING: Final = re.compile(rb'"(?:[^"]++|"")*+(?:"|\Z)|(\r\n)')


def _json_places(body: bytes) -> list[int]:
    """Return where a row follows another.

    Within a string every quotation mark has a backslash before it. So the mark before a quotation
    mark lies within a string only if that one ends it, and then no name of a variable follows. A
    row without any value is a pair of braces, which a string may have as well.
    """
    if b"{}" in body:
        return _outside(_JSON_STRING, body)
    return [found.start() + 1 for found in _JSON_ROW.finditer(body)]


def _csv_places(body: bytes) -> list[int]:
    return _outside(_CSV_STRING, body) if b'"' in body else _everywhere(b"\r\n")(body)


def _outside(strings: re.Pattern[bytes], body: bytes) -> list[int]:
    """Return where the mark of a pattern stands outside the strings of that pattern."""
    return [found.start() for found in strings.finditer(body) if found[1]]


_ROWS: Final = {
    "json": _Rows(b"},{", _json_places, more=0, at=0, after=False, close=b"]}}"),
    "xml": _Rows(
        b"<result>",
        _everywhere(b"<result>"),
        more=1,
        at=1,
        after=False,
        close=b"</results></sparql>",
    ),
    "csv": _Rows(b"\r\n", _csv_places, more=2, at=1, after=True),
    "tsv": _Rows(b"\n", _everywhere(b"\n"), more=2, at=1, after=True),
    "nt": _Rows(b"\n", _everywhere(b"\n"), more=1, at=0, after=True),
    "nq": _Rows(b"\n", _everywhere(b"\n"), more=1, at=0, after=True),
}

COUNTED: Final = frozenset(_ROWS)
"""The formats whose rows can be counted in what is written."""


class _Counted(Spool):
    """A spool that ends the writing once it holds more than `most` rows.

    A row has a byte at least, so nothing is counted in the first `most` bytes: nearly every answer
    ends before.
    """

    def __init__(self, limit: int, rows: _Rows, most: int) -> None:
        super().__init__(limit)
        self._rows = rows
        self._most = most
        self._seen = 0
        self._looked = 0
        self._last: bytes | None = None

    def write(self, data: Any) -> int:
        written = super().write(data)
        if self.tell() > self._most:
            self._count(data)
            enough = self._seen >= self._most + self._rows.more
            if enough and self.tell() >= self._looked * _GROWTH:
                self._looked = self.tell()
                if self.end() is not None:
                    raise _Enough
        return written

    def _count(self, data: bytes) -> None:
        """Add the marks in what is new, which is everything at first; one may lie across two."""
        new = self.getvalue() if self._last is None else self._last + data
        mark = self._rows.mark
        self._seen += new.count(mark)
        self._last = new[-(len(mark) - 1) :] if len(mark) > 1 else b""

    def end(self) -> int | None:
        """Return where the rows that are given end, or None when there are not more of them."""
        if self._seen < self._most + self._rows.more:
            return None
        places = self._rows.places(self.getvalue())
        if len(places) < self._most + self._rows.more:
            return None
        place = places[self._most + self._rows.at - 1]
        return place + len(self._rows.mark) if self._rows.after else place


def cut_rows(
    write: Callable[[Spool], object], format: str, limit: int, most: int
) -> tuple[bytes, bool]:
    """Return what is written, at most so many rows or lines of it, and whether there were more.

    Raises TooLarge at `limit` bytes. The format is one of `COUNTED`.
    """
    rows = _ROWS[format]
    spool = _Counted(limit, rows, most)
    try:
        write(spool)
    except _Enough:
        pass
    except RuntimeError as error:  # what the store makes of it
        if not isinstance(error.__cause__, _Enough):
            raise
    end = spool.end()
    if end is None:
        return spool.getvalue(), False
    return _announced(spool.getvalue()[:end] + rows.close, format, most), True


def cut_triples(
    triples: Iterable[Triple],
    write: Callable[[Iterable[Triple], Spool], object],
    format: str,
    limit: int,
    most: int,
) -> tuple[bytes, bool]:
    """Return what is written of the first triples, and whether there were more.

    For the formats in which one triple may take any number of lines. Raises TooLarge at `limit`
    bytes.
    """
    left, spool = iter(triples), Spool(limit)
    write(itertools.islice(left, most), spool)
    if next(left, None) is None:
        return spool.getvalue(), False
    return _announced(spool.getvalue(), format, most), True


def _announced(body: bytes, format: str, most: int) -> bytes:
    """Return a body that is cut with a word of it, where the format has a place for that."""
    match format:
        case "json":
            head, rest = body.split(b"]},", 1)
            told = f',"link":["{CUT}"]}},"truncated":{{"rows":{most}}},'
            return b"".join((head, b"]", told.encode(), rest))
        case "xml":
            told = f'<link href="{CUT}"/></head><!-- Only the first {most} rows: {CUT} -->'
            return body.replace(b"</head>", told.encode(), 1)
        case "ttl" | "trig" | "nt" | "nq":
            return body + f"# Only the first {most} triples: {CUT}\n".encode()
        case "rdf":
            return body + f"\n<!-- Only the first {most} triples: {CUT} -->\n".encode()
        case _:
            return body
