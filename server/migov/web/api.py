"""`/openapi.json` and `/api`: the canned queries as an interface for programs."""

from __future__ import annotations

import json

from flask import Blueprint, Response, request

from migov.protocol.formats import JSON, PAGE
from migov.protocol.openapi import document, failures
from migov.web.request import chosen_language, format_among, languages
from migov.web.responses import body, page
from migov.web.site import site, state
from migov.web.subjects import by_subject

blueprint = Blueprint("api", __name__)


@blueprint.get("/openapi.json")
def openapi() -> Response:
    """Give the OpenAPI document; titles are English unless `lang` says otherwise."""
    made = _made(chosen_language() or "en")
    return body(json.dumps(made, ensure_ascii=False, indent=1).encode(), JSON)


@blueprint.get("/api")
def index() -> Response:
    """Show the same to people."""
    format_among((PAGE,))
    return page(
        "api.html",
        document=_made(languages()[0]),
        language=languages()[0],
        failures=failures(),
        queries=state().catalogue,
    )


def _made(language: str) -> dict[str, object]:
    root = request.url_root.rstrip("/")
    return document(by_subject(state().catalogue), root, language, site().settings.page)
