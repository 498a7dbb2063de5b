"""Responses: pages, bytes in a format, problems; and the headers that all of them carry."""

from __future__ import annotations

import gzip
import hashlib
from collections.abc import Iterable
from dataclasses import replace
from http import HTTPStatus
from typing import Any, Final

from flask import Flask, Response, g, render_template, request
from werkzeug.http import generate_etag, quote_etag

from migov.entities import labels
from migov.errors import MigovError
from migov.protocol.formats import PAGE, Format
from migov.protocol.operation import last
from migov.protocol.problems import MEDIA_TYPE, Problem
from migov.protocol.repeatable import repeatable
from migov.web.links import Names
from migov.web.operation import noted, operation
from migov.web.request import languages, url_parameters, wants_page
from migov.web.site import site, state

_EXPOSED: Final = (
    "ETag, Link, Location, Migov-Commit, Migov-Snapshot, Migov-Truncated, RateLimit, "
    "RateLimit-Policy, Retry-After, Vary, X-Request-Id"
)
_POLICY: Final = "; ".join(
    (
        "default-src 'none'",
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


_SMALL: Final = 1000
"""Bytes under which compression gains nothing."""
_TEXT: Final = ("text/", "application/json", "application/sparql-", "application/rdf+xml")
_TEXT_TYPES: Final = ("application/n-triples", "application/n-quads", "application/trig")


def names_of(iris: Iterable[str]) -> Names:
    """Return labels for a page, in the language that the request prefers."""
    return Names(labels(state().house, iris, languages()))


def page(template: str, status: int = HTTPStatus.OK, **values: Any) -> Response:
    """Return a rendered page."""
    values.setdefault("names", Names({}))
    text = render_template(template, **values)
    return Response(text, status=status, content_type=PAGE.content_type)


def body(content: bytes, format: Format) -> Response:
    """Return bytes written in a format."""
    return Response(content, content_type=format.content_type)


def problem_response(problem: Problem) -> Response:
    """Return an error as a page or as a problem document, whichever was asked for."""
    known = noted()
    if known is not None:
        problem = replace(problem, request=known.id)
    operation().metrics.problem(problem.kind.slug)
    if wants_page():
        names = names_of(problem.suggestions) if problem.suggestions else Names({})
        response = page("problem.html", status=problem.status, problem=problem, names=names)
    else:
        response = Response(problem.body(), status=problem.status, content_type=MEDIA_TYPE)
    response.headers.extend(list(problem.headers))
    return response


def _etag() -> str:
    """Name the answer to this request: the state, the request, and what pages say beside it."""
    site_problem = site().problem
    parts = [
        state().version,
        request.method if request.method == "POST" else "GET",
        request.full_path,
        request.headers.get("Accept", ""),
        request.headers.get("Accept-Language", ""),
        site_problem.message if site_problem else "",
    ]
    return quote_etag(hashlib.sha256("\0".join(parts).encode()).hexdigest()[:24], weak=True)


def _repeatable() -> bool:
    """Return whether the query of this request, if it has one, answers alike each time."""
    if request.endpoint == "sparql.sparql":
        try:
            text = last(url_parameters(), "query") or ""
        except MigovError:  # the answer is going to say what is wrong with them
            return False
        return len(text) <= site().settings.text and repeatable(text)
    query = state().catalogue.get((request.view_args or {}).get("slug", ""))
    return request.blueprint != "queries" or query is None or repeatable(query.text)


def _compress(response: Response) -> None:
    """Compress a text that is long enough, where the client takes it."""
    if response.direct_passthrough or not _is_text(response.mimetype or ""):
        return
    response.vary.add("Accept-Encoding")
    content = response.get_data()
    if len(content) > _SMALL and request.accept_encodings["gzip"] > 0:
        response.set_data(gzip.compress(content, compresslevel=5, mtime=0))
        response.headers["Content-Encoding"] = "gzip"
        etag, is_weak = response.get_etag()
        if etag is not None and not is_weak:
            response.set_etag(f"{etag}-gzip")  # other bytes (RFC 9110, 8.8.3)


def _is_text(mimetype: str) -> bool:
    return mimetype.startswith(_TEXT) or mimetype in _TEXT_TYPES or mimetype.endswith("+json")


def _unchanged() -> Response | None:
    """Answer 304 before any work when the client has this very answer.

    Only a good answer carries an ETag, and the same state gives the same request the same answer.
    """
    if request.method not in ("GET", "HEAD") or request.endpoint in ("static", "dumps.file"):
        return None
    if request.blueprint == "operation":  # about this moment, whatever is served
        return None
    if not _repeatable():
        return None
    g.etag = _etag()
    if request.if_none_match.contains_weak(g.etag.removeprefix("W/").strip('"')):
        return Response(status=HTTPStatus.NOT_MODIFIED)
    return None


def _finished(response: Response) -> Response:
    for name, value in SECURITY.items():
        response.headers.setdefault(name, value)
    response.headers.pop("Date", None)  # the server in front writes it
    response.headers["Migov-Snapshot"] = state().snapshot.digest
    response.headers["Access-Control-Allow-Origin"] = "*"
    response.headers["Access-Control-Expose-Headers"] = _EXPOSED
    if request.method == "OPTIONS":
        response.headers["Access-Control-Allow-Methods"] = response.headers.get("Allow", "GET")
        response.headers["Access-Control-Allow-Headers"] = (
            "Accept, Accept-Language, Content-Type, If-None-Match"
        )
        response.headers["Access-Control-Max-Age"] = "86400"
    if request.endpoint != "static":
        response.vary.add("Accept")
        if response.mimetype == PAGE.media_type or response.status_code == HTTPStatus.NOT_MODIFIED:
            response.vary.add("Accept-Language")
        response.headers.setdefault("Cache-Control", "no-cache")
        if "etag" in g and response.status_code in (HTTPStatus.OK, HTTPStatus.NOT_MODIFIED):
            response.headers.setdefault("ETag", g.etag)
        _compress(response)
    return response


def static_version(content: bytes) -> str:
    """Return what makes the address of a static file new when its content is."""
    return generate_etag(content)[:10]


def register(app: Flask) -> None:
    """Put the checks before and the headers after every request of an application."""
    app.before_request(_unchanged)
    app.after_request(_finished)
