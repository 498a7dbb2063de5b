"""Whole replies as bytes, headed exactly as Flask heads them."""

from __future__ import annotations

import json
from dataclasses import dataclass
from functools import lru_cache
from http import HTTPStatus
from typing import Final

from migov.operating.observed import STOPPED
from migov.protocol.formats import Format
from migov.protocol.heads import (
    CACHE_CONTROL,
    EXPOSED,
    SECURITY,
    compressed,
    is_text,
    is_worth_compressing,
)
from migov.protocol.problems import MEDIA_TYPE, Problem
from migov.protocol.truncation import TRUNCATED

_METHODS: Final = b"allow: DELETE, GET, HEAD, OPTIONS, PATCH, POST, PUT\r\n"
_CACHED: Final = f"cache-control: {CACHE_CONTROL}\r\n".encode()


@dataclass(frozen=True, slots=True)
class Reply:
    """A status, the head (without status line, date, id and the empty line) and the body."""

    status: int
    head: bytes
    body: bytes = b""
    tag: str | None = None
    route: str | None = None


def answer(
    content: bytes,
    format: Format,
    snapshot: str,
    gzip: bool,
    tag: str | None,
    modified: str,
    cut: str | None,
) -> Reply:
    """Return the reply that carries an answer, compressed where that is taken and worth it.

    `snapshot` is a digest; without a `tag` the answer may be another one next time; `cut` says to
    how many rows it was.
    """
    is_compressed = gzip and is_worth_compressing(content) and is_text(format.media_type)
    if is_compressed:
        content = compressed(content)
    begin, common, encoding = _of(format, snapshot, is_compressed)
    named = f"etag: {tag}\r\nlast-modified: {modified}\r\n".encode() if tag else b""
    own = f"{TRUNCATED.lower()}: {cut}\r\n".encode() if cut else b""
    head = b"%b%d\r\n%b%b%b%b" % (begin, len(content), own, common, named, encoding)
    return Reply(HTTPStatus.OK, head, content, tag)


def unchanged(snapshot: str, tag: str) -> Reply:
    """Return the reply to a client that has the answer with this tag."""
    common = _common(snapshot, True).replace(b"vary: Accept,", b"vary: Accept, Accept-Language,")
    return Reply(HTTPStatus.NOT_MODIFIED, common + f"etag: {tag}\r\n".encode(), tag=tag)


def problem_reply(problem: Problem, snapshot: str, gzip: bool) -> Reply:
    """Return the reply that carries a problem document."""
    content = problem.body()
    is_compressed = gzip and is_worth_compressing(content)
    if is_compressed:
        content = compressed(content)
    begin, common, encoding = _around(MEDIA_TYPE, snapshot, is_compressed, varies=True)
    own = "".join(f"{name.lower()}: {value}\r\n" for name, value in problem.headers).encode()
    head = b"%b%d\r\n%b%b%b" % (begin, len(content), own, common, encoding)
    return Reply(problem.status, head, content)


def methods(snapshot: str) -> Reply:
    """Return the reply to `OPTIONS *`: what this server takes at any of its paths (9.3.7)."""
    return Reply(HTTPStatus.NO_CONTENT, _METHODS + _common(snapshot, False))


def stopped(snapshot: str, id: str) -> Reply:
    """Return the reply to a request that was not answered when the server had to end."""
    content = json.dumps({**STOPPED, "request": id}).encode()
    begin, common, _ = _around(MEDIA_TYPE, snapshot, False, varies=True)
    head = b"%b%d\r\nretry-after: 5\r\n%b" % (begin, len(content), common)
    return Reply(HTTPStatus.SERVICE_UNAVAILABLE, head, content)


@lru_cache(maxsize=100)
def _of(format: Format, snapshot: str, is_compressed: bool) -> tuple[bytes, bytes, bytes]:
    varies = is_text(format.media_type)
    return _around(format.content_type, snapshot, is_compressed, varies=varies)


def _around(
    content_type: str, snapshot: str, is_compressed: bool, *, varies: bool
) -> tuple[bytes, bytes, bytes]:
    """Return what stands in a head before the length of the content, after it, and at its end.

    An answer in a text format `varies`: it may come compressed or not.
    """
    begin = f"content-type: {content_type}\r\ncontent-length: ".encode()
    encoding = b"content-encoding: gzip\r\n" if is_compressed else b""
    return begin, _common(snapshot, varies), encoding


@lru_cache(maxsize=20)
def _common(snapshot: str, varies: bool) -> bytes:
    """Return what every head has."""
    lines = [f"{name.lower()}: {value}" for name, value in SECURITY.items()]
    lines += [f"migov-snapshot: {snapshot}"] if snapshot else []
    lines += [
        "access-control-allow-origin: *",
        f"access-control-expose-headers: {EXPOSED}",
        "vary: Accept, Accept-Encoding" if varies else "vary: Accept",
        "",
    ]
    return "\r\n".join(lines).encode() + _CACHED
