"""What the head of a request may not be, and the errors that say so (RFC 9110, RFC 9112)."""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import lru_cache
from typing import Final

from httptools import HttpParserInvalidMethodError, HttpRequestParser

from migov.errors import MigovError, RequestError
from migov.front.exchange import CONTINUE, Headers, expectations
from migov.protocol.errors import (
    ExpectationError,
    HeadTooLongError,
    HttpVersionError,
    NotImplementedHereError,
)

LONGEST_HEAD: Final = 262_144
"""Bytes of a request's first lines: a long query may come in the address."""
MOST_HEADERS: Final = 200
"""Headers of one request: browsers send some twenty, proxies add a few."""
_HOST: Final = re.compile(
    rb"(?:[A-Za-z0-9._~!$&'()*+;=%-]+|\[[0-9A-Fa-f:.]+\])(?::[0-9]{0,5})?"  # no comma: joined ones
)
_LINE: Final = re.compile(rb"(?:\A|\n)([!#$%&'*+.^_`|~0-9A-Za-z-]{1,40}) [^\s]+ HTTP/([0-9])")


def wrong_head(count: int, fields: Mapping[bytes, bytes], version: str) -> MigovError | None:
    """Return why a head of `count` headers is no request to answer, or None.

    RFC 9112, 3.2 and 6.1, and RFC 9110, 10.1.1.

    >>> wrong_head(1, {b"host": b"example.org:80"}, "1.1") is None
    True
    >>> wrong_head(0, {}, "1.1").message
    'This request of HTTP/1.1 has no Host.'
    """
    if (version != "1.1" and version != "1.0") or b"transfer-encoding" in fields:
        wrong = _wrong_transfer(fields.get(b"transfer-encoding"), version)
        if wrong is not None:
            return wrong
    if count > MOST_HEADERS:
        return HeadTooLongError(
            f"The request has {count:,} headers; this server reads {MOST_HEADERS}.",
            hint="Leave some out.",
        )
    if b"expect" in fields and version != "1.0":
        unmet = next(iter(expectations(fields[b"expect"]) - {CONTINUE}), None)
        if unmet is not None:
            return ExpectationError(
                f"This server does not do what is expected: {unmet.decode('latin-1')}.",
                hint="Leave Expect out, or expect 100-continue.",
            )
    host = fields.get(b"host")
    if host is None:
        return None if version == "1.0" else _no_host("has no Host")
    return None if is_host(host) else _no_host("has more than one Host, or one that is no host")


@lru_cache(maxsize=1000)
def is_host(value: bytes) -> bool:
    """Return whether this is the host of a URL, with a port or without (RFC 9110, 7.2).

    >>> is_host(b"[::1]:8000"), is_host(b"a.example,b.example"), is_host(b"")
    (True, False, False)
    """
    return len(value) < 300 and _HOST.fullmatch(value) is not None


def wrong_line(data: bytes) -> MigovError:
    """Return the error for bytes in which a parser found no method that it knows."""
    found = next((line for line in _LINE.finditer(data) if not _is_known(line[1])), None)
    if found is None:
        return no_request()
    if found[2] != b"1":
        return _no_version(found[2].decode())
    method = found[1].decode()
    return NotImplementedHereError(
        f"This server knows no method {method}.",
        hint=f"Write it {method.upper()}: methods are in capitals."
        if method != method.upper()
        else "OPTIONS tells which methods a path takes.",
    )


def _is_known(method: bytes) -> bool:
    """Return whether the parser knows a method: others may stand before one in the same bytes."""
    try:
        HttpRequestParser(None).feed_data(method + b" / ")
    except HttpParserInvalidMethodError:
        return False
    return True


def size_of(url: bytes, headers: Headers) -> int:
    """Return the bytes of a head as far as it is kept."""
    return len(url) + sum(len(name) + len(value) for name, value in headers)


def head_too_long() -> HeadTooLongError:
    """Return the error for more than is read around a body."""
    return HeadTooLongError(
        f"What stands around the body is longer than {LONGEST_HEAD:,} bytes.",
        hint="Send a long query as the body of POST.",
    )


def no_request() -> RequestError:
    """Return the error for what is not HTTP/1.1 at all."""
    return RequestError(
        "This is not a request of HTTP/1.1.",
        hint="Does this program speak another protocol, or TLS?",
    )


def _no_host(what: str) -> RequestError:
    return RequestError(
        f"This request of HTTP/1.1 {what}.",
        hint="Send one header “Host:” with the name or address, and the port where it is not 80.",
    )


def _no_version(version: str) -> HttpVersionError:
    return HttpVersionError(
        f"HTTP/{version} is not spoken here.", hint="Speak HTTP/1.1, or HTTP/1.0."
    )


def _wrong_transfer(coding: bytes | None, version: str) -> MigovError | None:
    if version not in ("1.0", "1.1"):
        return _no_version(version)
    if version == "1.0":
        return RequestError(
            "HTTP/1.0 has no Transfer-Encoding: where this body ends is not told.",
            hint="Send its Content-Length, or speak HTTP/1.1.",
        )
    if coding is not None and coding.strip().lower() != b"chunked":
        return NotImplementedHereError(
            "Of transfer codings this server reads chunked alone.",
            hint="Send “Transfer-Encoding: chunked”, or a Content-Length.",
        )
    return None
