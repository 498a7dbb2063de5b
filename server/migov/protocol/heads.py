"""What the head of an answer says: who may use it, what it may do, how long it may be kept.

Answers are made in two places, in Flask and in front of it, and have the same heads.
"""

from __future__ import annotations

import gzip
import hashlib
from datetime import datetime
from functools import lru_cache
from typing import Final

from werkzeug.datastructures import Accept
from werkzeug.http import http_date, parse_accept_header, parse_date, parse_etags

EXPOSED: Final = (
    "ETag, Link, Location, Migov-Commit, Migov-Snapshot, Migov-Truncated, RateLimit, "
    "RateLimit-Policy, Retry-After, Vary, X-Request-Id"
)
_POLICY: Final = "; ".join(
    (
        "default-src 'none'",
        "script-src 'self'",
        "connect-src 'self'",
        "style-src 'self'",
        "img-src 'self' data:",
        "form-action 'self'",
        "base-uri 'none'",
        "frame-ancestors 'none'",
    )
)
SECURITY: Final = {
    "Content-Security-Policy": _POLICY,
    "Cross-Origin-Opener-Policy": "same-origin",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=()",
    "Referrer-Policy": "strict-origin-when-cross-origin",
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
}
CACHE_CONTROL: Final = "no-cache"
"""Kept by whoever wants, and asked about before each use: a merge may change any answer."""

_SMALL: Final = 1000
"""Bytes under which compression gains nothing."""
_TEXT: Final = ("text/", "application/json", "application/sparql-", "application/rdf+xml")
_TEXT_TYPES: Final = ("application/n-triples", "application/n-quads", "application/trig")
_USUAL: Final = 200


def is_text(media_type: str) -> bool:
    """Return whether answers of a media type are worth compressing."""
    return media_type.startswith(_TEXT) or media_type in _TEXT_TYPES or media_type.endswith("+json")


def is_worth_compressing(content: bytes) -> bool:
    return len(content) > _SMALL


def compressed(content: bytes) -> bytes:
    """Return bytes in gzip, the same for the same content."""
    return gzip.compress(content, compresslevel=5, mtime=0)


def takes_gzip(header: str) -> bool:
    """Return whether an Accept-Encoding header (RFC 9110, 12.5.3), empty without one, has gzip.

    >>> takes_gzip("br;q=1.0, gzip;q=0.5"), takes_gzip("gzip;q=0"), takes_gzip("")
    (True, False, False)
    """
    return _takes_gzip(header) if len(header) <= _USUAL else _reads_gzip(header)


def _reads_gzip(header: str) -> bool:
    return bool(parse_accept_header(header, Accept)["gzip"] > 0)


_takes_gzip = lru_cache(maxsize=1000)(_reads_gzip)


def etag(version: str, target: str, accept: str, language: str, notice: str) -> str:
    """Return the entity tag of the answer to a GET, weak since it may be compressed or not.

    `version` names the state of everything that answers are made from, `target` is path and query,
    `accept` and `language` are headers, `notice` is what pages say of the server itself.
    """
    parts = (version, "GET", target, accept, language, notice)
    # What is no Unicode text (a lone surrogate) still has a name.
    named = "\0".join(parts).encode("utf-8", "surrogatepass")
    return f'W/"{hashlib.sha256(named).hexdigest()[:24]}"'


def last_modified(moment: str | datetime) -> str:
    """Return a moment, or its ISO 8601 text, as HTTP writes it.

    >>> last_modified("2026-01-31T12:00:00+00:00")
    'Sat, 31 Jan 2026 12:00:00 GMT'
    """
    return http_date(datetime.fromisoformat(moment) if isinstance(moment, str) else moment)


def is_unchanged(
    if_none_match: str | None, if_modified_since: str | None, tag: str, modified: str
) -> bool:
    """Return whether a client that sends these headers has the answer with this tag and date.

    The tag decides where one is sent (RFC 9110, 13.2.2). The date has to be the very one that was
    sent before, since an older snapshot may be published again and is then no older answer.

    >>> is_unchanged('"a", W/"b"', None, 'W/"b"', ""), is_unchanged("*", None, 'W/"b"', "")
    (True, False)
    """
    if if_none_match is not None:
        sent = parse_etags(if_none_match)
        return sent.is_weak(_opaque(tag)) or sent.is_strong(_opaque(tag))
    if if_modified_since is None:
        return False
    since = parse_date(if_modified_since)
    return since is not None and http_date(since) == modified


def meets(if_match: str | None, tag: str | None) -> bool:
    """Return whether an answer with this tag, None without one, is one that If-Match names.

    The comparison is the strong one (RFC 9110, 13.1.1): a weak tag names no bytes.

    >>> meets('"a", "b"', '"b"'), meets("*", None), meets('W/"b"', 'W/"b"'), meets(None, None)
    (True, True, False, True)
    """
    if if_match is None or if_match.strip() == "*":
        return True
    return (
        tag is not None
        and not tag.startswith("W/")
        and parse_etags(if_match).is_strong(_opaque(tag))
    )


def _opaque(tag: str) -> str:
    return tag.removeprefix("W/").strip('"')
