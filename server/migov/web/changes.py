"""`/changes`: what proposed triples mean, and with a token and `merge=true` a merge of them.

Without `merge=true` the verdict comes back, and nothing is stored.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any, Final

from flask import Blueprint, Response, current_app, request, url_for

from migov.change.read.formats import FORMATS as KINDS
from migov.errors import MigovError, ParameterError
from migov.protocol.errors import MediaTypeError, NotOfferedError
from migov.protocol.formats import PAGE, Format
from migov.protocol.operation import Parameters, flag, last, parameters_of
from migov.protocol.problems import Problem, problem
from migov.protocol.writing import refuse_foreign_origin
from migov.verdict.asked import Proposal, Verdicts
from migov.web.request import explicit_format, format_among, languages, url_parameters
from migov.web.responses import body, page
from migov.web.writing import REPORTS, VERDICTS, write_of, writer

blueprint = Blueprint("changes", __name__)

EXTENSION: Final = VERDICTS
OFFERED: Final = (*REPORTS, PAGE)
"""How a verdict can be written. A program that takes anything gets JSON."""

_FORM: Final = "application/x-www-form-urlencoded"
_MEDIA_TYPES: Final = {media_type: kind for kind, (media_type, *_) in KINDS.items()}
_TITLES: Final = {
    "turtle": "Turtle",
    "trig": "TriG",
    "n-quads": "N-Quads",
    "rdf-patch": "RDF Patch",
    "update": "SPARQL Update",
    "patch": "git patch",
}


@dataclass(frozen=True, slots=True)
class _Asked:
    """What the request proposes: the text, what it is, and the graph or file it is meant for."""

    content: bytes = b""
    kind: str = "turtle"
    target: str | None = None
    replace: bool = False


@blueprint.get("/changes")
def form() -> Response:
    """Show the form to paste triples into."""
    format_among((PAGE,))
    return _page(_Asked())


@blueprint.post("/changes")
def check() -> Response:
    """Give the verdict on a proposed change; it conforms or not, and both are answers."""
    is_form = request.mimetype == _FORM
    fields = parameters_of(request.get_data()) if is_form else url_parameters()
    # A form that is posted by hand has its format in the address or beside the text.
    named = last(fields, "format") if is_form and explicit_format() is None else None
    format = format_among(OFFERED, named)
    if _is_merge(fields):
        return _merged(_asked(fields, is_form), format, last(fields, "message"))
    if format is not PAGE:
        return body(_answer(_asked(fields, is_form), format.name), format)
    asked = _Asked()
    try:
        asked = _asked(fields, is_form)
        return _page(asked, verdict=json.loads(_answer(asked, "json")))
    except MigovError as error:
        return _page(asked, failure=problem(error))


def _asked(fields: Parameters, is_form: bool) -> _Asked:
    """Read a request; raises ParameterError or MediaTypeError."""
    if is_form:
        content = (last(fields, "change") or "").replace("\r\n", "\n").encode()
        kind = last(fields, "as") or "turtle"
        if kind not in KINDS:
            raise ParameterError(f"as is “{kind}”: expected one of {', '.join(KINDS)}.")
    else:
        content = request.get_data()
        found = _MEDIA_TYPES.get(request.mimetype)
        if found is None:
            raise MediaTypeError(
                f"A change does not come as {request.mimetype or 'nothing'}.",
                hint=f"Send it as one of {', '.join(_MEDIA_TYPES)}.",
            )
        kind = found
    if not content.strip():
        raise ParameterError("There is no change: the text is empty.")
    target = last(fields, "graph") or last(fields, "file")
    # The form always has a field for the graph; the other formats name their own.
    return _Asked(content, kind, target if kind == "turtle" else None, flag(fields, "replace"))


def _answer(asked: _Asked, format: str) -> bytes:
    verdicts: Verdicts = current_app.extensions[EXTENSION]
    return verdicts.ask(_proposal(asked, format))[1]


def _proposal(asked: _Asked, format: str) -> Proposal:
    return Proposal(
        asked.content,
        asked.kind,
        format,
        languages()[0],
        target=asked.target,
        replace=asked.replace,
    )


def _is_merge(fields: Parameters) -> bool:
    """Return whether a merge is asked for; raises UnauthorizedError for a token that is not good.

    A verdict needs no token, but one that is brought is looked at.
    """
    writing, credentials = writer(), request.headers.get("Authorization")
    is_merge = flag(fields, "merge")
    if is_merge and writing is None:
        raise NotOfferedError(
            "This server merges nothing: its operator has set no tokens.",
            hint="Leave merge=true out for the verdict alone, or use migov merge or git.",
        )
    if writing is not None and credentials is not None:
        writing.token(credentials, "propose")
    return is_merge


def _merged(asked: _Asked, format: Format, message: str | None) -> Response:
    writing = writer()
    assert writing is not None
    refuse_foreign_origin(request.headers.get("Origin"), request.host)
    token = writing.token(request.headers.get("Authorization"), "merge")
    report = REPORTS[0] if format is PAGE else format
    written = writing.merged(token, write_of(_proposal(asked, report.name), report, message))
    if format is PAGE:
        response = _page(asked, verdict=json.loads(written.body))
    else:
        response = body(written.body, format)
    response.status_code = written.status
    response.headers.extend(list(written.headers))
    return response


def _page(
    asked: _Asked,
    *,
    verdict: dict[str, Any] | None = None,
    failure: Problem | None = None,
) -> Response:
    response = page(
        "changes.html",
        status=failure.status if failure else 200,
        asked=asked,
        text=asked.content.decode("utf-8", "replace"),
        kinds=_TITLES,
        address=url_for("changes.form", _external=True),
        takes_writes=writer() is not None,
        verdict=verdict,
        failure=failure,
        language=languages()[0],
    )
    response.headers.extend(list(failure.headers if failure else ()))
    return response
