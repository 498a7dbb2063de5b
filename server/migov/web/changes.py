"""`/changes`: what proposed triples mean, and with a token and `merge=true` a merge of them.

Without `merge=true` the verdict comes back, and nothing is stored.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from pathlib import PurePath
from typing import Final

from flask import Blueprint, Response, current_app, request, url_for

from migov.change.read.formats import FORMATS as KINDS
from migov.errors import MigovError, ParameterError
from migov.protocol.errors import MediaTypeError, NotOfferedError
from migov.protocol.formats import PAGE, Format
from migov.protocol.misspelt import LOOSE, refuse_misspelt
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
_MULTIPART: Final = "multipart/form-data"
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


_FIELDS: Final = (
    *("change", "as", "upload", "graph", "file", "replace"),
    *("merge", "message", "format", "lang"),
)


@blueprint.post("/changes")
def check() -> Response:
    """Give the verdict on a proposed change; it conforms or not, and both are answers."""
    is_form = request.mimetype in (_FORM, _MULTIPART)
    fields = (*url_parameters(), *(_fields_of_form() if is_form else ()))
    refuse_misspelt(fields, _FIELDS, LOOSE)
    # A form that is posted by hand has its format in the address or beside the text.
    named = last(fields, "format") if is_form and explicit_format() is None else None
    format = format_among(OFFERED, named)
    credentials = request.headers.get("Authorization")
    if is_merge(fields, credentials):
        asked = _asked(fields, is_form)
        answer = answered(
            partial(_proposal, asked), format, credentials, last(fields, "message"), merges=True
        )
        return answer if format is not PAGE else _page(asked, answer=answer)
    if format is not PAGE:
        return answered(partial(_proposal, _asked(fields, is_form)), format)
    asked = _Asked()
    try:
        asked = _asked(fields, is_form)
        return _page(asked, answer=answered(partial(_proposal, asked), format))
    except MigovError as error:
        return _page(asked, failure=problem(error))


def _fields_of_form() -> Parameters:
    if request.mimetype == _MULTIPART:
        return tuple(request.form.items(multi=True))
    return parameters_of(request.get_data())


def _sent_file() -> tuple[bytes, str | None] | None:
    """Return the file that a form brings and what its name says it is, None without a file."""
    file = request.files.get("upload")
    if file is None or not file.filename:
        return None
    suffix = PurePath(file.filename).suffix.lower()
    return file.read(), next((kind for kind, (_, *own) in KINDS.items() if suffix in own), None)


def _asked(fields: Parameters, is_form: bool) -> _Asked:
    """Read a request; raises ParameterError or MediaTypeError."""
    if is_form:
        content = (last(fields, "change") or "").replace("\r\n", "\n").encode()
        kind = last(fields, "as") or "turtle"
        if kind not in KINDS:
            raise ParameterError(f"as is “{kind}”: expected one of {', '.join(KINDS)}.")
        if (sent := _sent_file()) is not None:
            content, kind = sent[0], sent[1] or kind
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


def _proposal(asked: _Asked, format: str) -> Proposal:
    return Proposal(
        asked.content,
        asked.kind,
        format,
        languages()[0],
        target=asked.target,
        replace=asked.replace,
    )


def is_merge(fields: Parameters, credentials: str | None) -> bool:
    """Return whether a merge is asked for; raises UnauthorizedError for a token that is not good.

    A verdict needs no token, but one that is brought is looked at.
    """
    writing = writer()
    wanted = flag(fields, "merge")
    if wanted and writing is None:
        raise NotOfferedError(
            "This server merges nothing: its operator has set no tokens.",
            hint="Leave merge=true out for the verdict alone, or use migov merge or git.",
        )
    if writing is not None and credentials is not None:
        writing.token(credentials, "propose")
    return wanted


def answered(
    proposed: Callable[[str], Proposal],
    format: Format,
    credentials: str | None = None,
    message: str | None = None,
    *,
    merges: bool = False,
) -> Response:
    """Return the verdict on what is proposed, or what became of it where it is to be merged.

    `proposed` gives the proposal for the name of a report. For a page the report is JSON. Raises
    what `Verdicts.ask` and `GatedWriter.merged` raise.
    """
    report = REPORTS[0] if format is PAGE else format
    proposal = proposed(report.name)
    if not merges:
        verdicts: Verdicts = current_app.extensions[EXTENSION]
        return body(verdicts.ask(proposal)[1], report)
    writing = writer()
    assert writing is not None
    refuse_foreign_origin(request.headers.get("Origin"), request.scheme, request.host)
    token = writing.token(credentials, "merge")
    written = writing.merged(token, write_of(proposal, report, message))
    response = body(written.body, report)
    response.status_code = written.status
    response.headers.extend(list(written.headers))
    return response


def _page(
    asked: _Asked,
    *,
    answer: Response | None = None,
    failure: Problem | None = None,
) -> Response:
    response = page(
        "changes.html",
        status=failure.status if failure else answer.status_code if answer else 200,
        asked=asked,
        text=asked.content.decode("utf-8", "replace"),
        kinds=_TITLES,
        address=url_for("changes.form", _external=True),
        takes_writes=writer() is not None,
        verdict=json.loads(answer.get_data()) if answer else None,
        failure=failure,
        language=languages()[0],
    )
    response.headers.extend(list(failure.headers if failure else ()))
    if answer is not None and "Migov-Commit" in answer.headers:
        response.headers["Migov-Commit"] = answer.headers["Migov-Commit"]
    return response
