"""Every error as a problem document or a page; nothing else ever leaves this server."""

from __future__ import annotations

import logging
from collections.abc import Callable

from flask import Flask, Response
from werkzeug.exceptions import (
    HTTPException,
    MethodNotAllowed,
    NotFound,
    RequestedRangeNotSatisfiable,
    RequestEntityTooLarge,
)

from migov.errors import MigovError, RequestError
from migov.protocol.errors import MethodError, RangeError, TooLongError, UnknownPathError
from migov.protocol.problems import Problem, problem
from migov.web.responses import problem_response
from migov.web.served import writer

log = logging.getLogger(__name__)


Render = Callable[[Problem], Response]


def _translated(error: HTTPException) -> MigovError:
    if isinstance(error, NotFound):
        return UnknownPathError(
            "Nothing is served at this path.",
            hint="The home page lists what there is.",
        )
    if isinstance(error, MethodNotAllowed):
        allowed = tuple(sorted(error.valid_methods or ()))
        return MethodError(
            f"This path takes {', '.join(allowed)} only.",
            allowed=allowed,
            hint=None
            if writer()
            else "The graph changes by reviewed commits to its files, not over HTTP.",
        )
    if isinstance(error, RequestEntityTooLarge):
        return TooLongError(
            "The body is longer than this server reads.",
            hint="Send less text: move long VALUES lists into several requests.",
        )
    if isinstance(error, RequestedRangeNotSatisfiable):
        return RangeError(
            "The part that Range asks for is not there.",
            size=error.length,
            hint="Content-Range says how long it is. Without Range all of it comes.",
        )
    return RequestError(error.description or error.name)


def _defect(error: Exception) -> MigovError:
    log.exception("a request failed", exc_info=error)
    return MigovError(
        "This server made a mistake, and it has been written to its log.",
        hint="Please report what you asked for.",
    )


def register(app: Flask, render: Render = problem_response) -> None:
    """Let an application render every error in one of these ways."""

    def known(error: MigovError) -> Response:
        return render(problem(error))

    def http(error: HTTPException) -> Response:
        return render(problem(_translated(error)))

    def defect(error: Exception) -> Response:
        return render(problem(_defect(error)))

    app.register_error_handler(MigovError, known)
    app.register_error_handler(HTTPException, http)
    app.register_error_handler(Exception, defect)
