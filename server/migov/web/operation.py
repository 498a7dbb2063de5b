"""What an operator asks of a server: is it ready, and what does it count."""

from __future__ import annotations

import ipaddress
import logging
import time
from collections.abc import Mapping
from http import HTTPStatus
from typing import Any, Final

from flask import Blueprint, Flask, Response, current_app, g, jsonify, request

from migov.engine import Load, Query
from migov.errors import MigovError, ResourceError, TooComplexError
from migov.operating.metrics import CONTENT_TYPE
from migov.operating.observed import SCOPE, Noted
from migov.operating.operation import UNOBSERVED, Operation
from migov.protocol.errors import UnknownPathError
from migov.protocol.problems import problem
from migov.settings import Settings
from migov.web.served import served
from migov.web.site import Site, site

log = logging.getLogger(__name__)
blueprint = Blueprint("operation", __name__)

EXTENSION: Final = "migov.operation"
_LOOPBACK: Final = "loopback"


@blueprint.get("/ready")
def ready() -> Response:
    """Ask a worker a real query, and tell what is served."""
    began = time.perf_counter()
    found: dict[str, Any] = {"snapshot": served().version, "problem": None}
    if (notice := site().problem) is not None:
        found["problem"] = notice.message  # the last good snapshot answers all the same
    try:
        _ask()
    except MigovError as error:
        told = problem(error)
        log.warning("not ready: %s", error.message)
        response = jsonify({"ready": False, **found, "reason": told.detail})
        response.status_code = HTTPStatus.SERVICE_UNAVAILABLE
        response.headers["Retry-After"] = "5"
    else:
        milliseconds = round((time.perf_counter() - began) * 1000, 1)
        response = jsonify({"ready": True, **found, "milliseconds": milliseconds})
    response.headers["Cache-Control"] = "no-store"
    return response


def _ask() -> None:
    """Ask a worker; again where that one has just ended, which says nothing of the others."""
    query = Query("ASK { ?s ?p ?o }", graph=None)
    try:
        served().engine.answer(query)
    except (ResourceError, TooComplexError):
        served().engine.answer(query)


@blueprint.get("/health")
def health() -> Response:
    """Say that this process is alive; a server answers it before it comes here."""
    return Response("alive\n", content_type="text/plain; charset=utf-8")


@blueprint.get("/metrics")
def metrics() -> Response:
    """Give the counts to those who may read them; for others nothing is here."""
    if not _may_read(operation().settings.metrics):
        raise UnknownPathError("Nothing is served at this path.")
    response = Response(operation().metrics.text(), content_type=CONTENT_TYPE)
    response.headers["Cache-Control"] = "no-store"
    return response


def operation() -> Operation:
    """Return the operation of the running application."""
    found: Operation = current_app.extensions[EXTENSION]
    return found


def noted() -> Noted | None:
    """Return what is noted of this request, None where no server is around the application."""
    scope = request.environ.get("asgi.scope")
    found: Noted | None = scope.get(SCOPE) if scope else None
    return found


def operation_of(site: Site, settings: Settings) -> Operation:
    """Return the operation of an application over a site."""

    def reading() -> Mapping[str, float]:
        state = site.state
        found = {
            "triples": float(state.snapshot.triples),
            "inferred_triples": float(state.snapshot.inferred),
            "files_broken": float(site.problem is not None),
        }
        for name, engine in (("strangers", state.engine), ("house", state.house)):
            load = getattr(engine, "load", None)
            if load is not None:
                known: Load = load()
                found[f"{name}_workers"] = known.workers
                found[f"{name}_workers_busy"] = known.busy
                found[f"{name}_queries_waiting"] = known.waiting
        return found

    return Operation(settings, lambda: site.state.snapshot.digest, reading)


def register(app: Flask) -> None:
    """Let every request of an application begin and end at its operation."""
    app.before_request(_begun)
    app.after_request(_ended)


def _begun() -> None:
    known = noted()
    if known is None:
        return
    known.route = request.url_rule.rule if request.url_rule else None
    if known.route not in UNOBSERVED and request.endpoint != "static":
        known.admitted = operation().admit(known.client)


def _ended(response: Response) -> Response:
    if (outcome := g.get("write_outcome")) is not None:  # `web.writing` says what became of it
        operation().metrics.write(outcome)
    return response


def _may_read(setting: str) -> bool:
    if setting != _LOOPBACK:
        return setting == "all"
    known = noted()
    if known is None:
        return True  # no socket is between: a program in this process asks
    client = known.client or ""
    try:
        is_here = ipaddress.ip_address(client).is_loopback
    except ValueError:
        return False
    # What came through a proxy that is not trusted comes from anywhere.
    return is_here and (not known.is_forwarded or client != known.peer)
