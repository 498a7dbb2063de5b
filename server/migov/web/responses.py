"""Responses: pages, bytes in a format, problems; and the headers that all of them carry."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from functools import lru_cache
from http import HTTPStatus
from typing import Any

from flask import Flask, Response, g, render_template, request
from werkzeug.http import generate_etag

from migov.entities import labels
from migov.errors import MigovError
from migov.operating.observed import EXCHANGE
from migov.protocol.errors import PreconditionError
from migov.protocol.formats import PAGE, Format
from migov.protocol.heads import (
    CACHE_CONTROL,
    EXPOSED,
    SECURITY,
    compressed,
    etag,
    is_text,
    is_unchanged,
    is_worth_compressing,
    last_modified,
    meets,
    takes_gzip,
)
from migov.protocol.operation import last
from migov.protocol.problems import MEDIA_TYPE, Problem, problem
from migov.protocol.repeatable import repeatable
from migov.web.links import Names
from migov.web.operation import noted, operation
from migov.web.request import languages, refuse_coded_body, url_parameters, wants_page
from migov.web.site import site, state


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


def passing(response: Response) -> Response:
    """Return an answer that another one is going to take the place of, though nothing changes."""
    g.pop("etag", None)
    response.headers["Cache-Control"] = "no-store"
    return response


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
    return etag(
        state().version,
        request.full_path,
        request.headers.get("Accept", ""),
        request.headers.get("Accept-Language", ""),
        site().notice,
    )


def _last_modified() -> str:
    """Return when this answer last changed: a query's with the snapshot, a page's with anything."""
    current = state()
    if request.endpoint == "sparql.sparql":
        return last_modified(current.snapshot.built)
    return last_modified(current.since)


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
    if request.endpoint == "static" and response.status_code == HTTPStatus.OK:
        response.direct_passthrough = False  # a script or style sheet is small enough to be read
    if response.direct_passthrough or not is_text(response.mimetype or ""):
        return
    response.vary.add("Accept-Encoding")
    content = response.get_data()
    if is_worth_compressing(content) and takes_gzip(request.headers.get("Accept-Encoding", "")):
        response.set_data(_kept(content) if request.endpoint == "static" else compressed(content))
        response.headers["Content-Encoding"] = "gzip"
        etag, is_weak = response.get_etag()
        if etag is not None and not is_weak:
            response.set_etag(f"{etag}-gzip")  # other bytes (RFC 9110, 8.8.3)


_kept = lru_cache(maxsize=8)(compressed)
"""Static files in gzip: there are a few, and they are the same for everyone."""


def _unchanged() -> Response | None:
    """Answer 304 before any work when the client has this very answer.

    Only a good answer carries an ETag, and the same state gives the same request the same answer.
    """
    if request.method not in ("GET", "HEAD") or request.endpoint in ("static", "dumps.file"):
        return None
    if request.blueprint == "operation":  # about this moment, whatever is served
        return None
    if not state().is_settled or not _repeatable():
        return None
    g.etag = _etag()
    headers = request.headers
    if is_unchanged(
        headers.get("If-None-Match"), headers.get("If-Modified-Since"), g.etag, _last_modified()
    ):
        return Response(status=HTTPStatus.NOT_MODIFIED)
    return None


def _conditioned(response: Response) -> Response:
    """Return a good answer, or what its conditions ask for in its place (RFC 9110, 13.2.2)."""
    if request.method not in ("GET", "HEAD") or response.status_code != HTTPStatus.OK:
        return response
    if request.endpoint in ("static", "dumps.file") or "ETag" in response.headers:
        return response  # who gave it the tag saw to that
    headers = request.headers
    if not meets(headers.get("If-Match"), g.get("etag")):
        return problem_response(
            problem(
                PreconditionError(
                    "This is not in the state that If-Match names.",
                    hint="Ask for it without If-Match, and look at its ETag.",
                )
            )
        )
    if headers.get("If-None-Match", "").strip() == "*":
        return Response(status=HTTPStatus.NOT_MODIFIED)
    return response


def _finished(response: Response) -> Response:
    response = _conditioned(response)
    for name, value in SECURITY.items():
        response.headers.setdefault(name, value)
    if not response.headers["X-Frame-Options"]:  # any frame may show it; the policy says so
        del response.headers["X-Frame-Options"]
    response.headers.pop("Date", None)  # the server in front writes it
    if state().is_settled:
        response.headers["Migov-Snapshot"] = state().snapshot.digest
    response.headers["Access-Control-Allow-Origin"] = "*"
    response.headers["Access-Control-Expose-Headers"] = EXPOSED
    if request.method == "OPTIONS":
        response.headers["Access-Control-Allow-Methods"] = response.headers.get("Allow", "GET")
        response.headers["Access-Control-Allow-Headers"] = (
            "Accept, Accept-Language, Content-Type, If-Modified-Since, If-None-Match"
        )
        response.headers["Access-Control-Max-Age"] = "86400"
    if request.endpoint != "static":
        response.vary.add("Accept")
        if response.mimetype == PAGE.media_type or response.status_code == HTTPStatus.NOT_MODIFIED:
            response.vary.add("Accept-Language")
        response.headers.setdefault("Cache-Control", CACHE_CONTROL)
        if "etag" in g and response.status_code in (HTTPStatus.OK, HTTPStatus.NOT_MODIFIED):
            response.headers.setdefault("ETag", g.etag)
            response.headers.setdefault("Last-Modified", _last_modified())
    _compress(response)
    _tell(response)
    return response


def _tell(response: Response) -> None:
    """Tell the server around this application what only the application knows of a request."""
    scope = request.environ.get("asgi.scope")
    exchange = scope.get(EXCHANGE) if scope else None
    if exchange is not None:
        exchange.route = request.url_rule.rule if request.url_rule else None
        if "etag" in g and response.status_code == HTTPStatus.OK:
            exchange.generation = state().version, site().notice


def static_version(content: bytes) -> str:
    """Return what makes the address of a static file new when its content is."""
    return generate_etag(content)[:10]


def register(app: Flask) -> None:
    """Put the checks before and the headers after every request of an application."""
    app.before_request(refuse_coded_body)
    app.before_request(_unchanged)
    app.after_request(_finished)
