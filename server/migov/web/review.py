"""`/links/review`: candidates to decide on, and what the decisions mean or become.

Decisions are rows of mapping sets, proposed as a git patch: the verdict comes back as at
`/changes`, and with a token and `merge=true` what conforms is merged. Nothing else is stored.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import Any, Final

from flask import Blueprint, Response, current_app, request, url_for

from migov.change.model import Change, Files, by_path
from migov.change.patch import patch
from migov.dataset.files import mapping_paths, read_file
from migov.errors import ConflictError, MigovError, ParameterError
from migov.linking.decided import sets_among
from migov.linking.decisions import CHOICES, Choice, proposal
from migov.linking.listed import Listed, open_rows, read_listed
from migov.protocol.formats import PAGE, Format
from migov.protocol.operation import Parameters, flag, last, parameters_of
from migov.protocol.problems import Problem, problem
from migov.verdict.asked import Proposal
from migov.vocabulary import compact
from migov.web.changes import OFFERED, answered, is_merge
from migov.web.known import entities_here
from migov.web.links import href
from migov.web.request import explicit_format, format_among, languages, url_parameters
from migov.web.responses import page
from migov.web.site import site
from migov.web.translation import translated
from migov.web.writing import writer

blueprint = Blueprint("review", __name__)

_FORM: Final = "application/x-www-form-urlencoded"
_FILES: Final = "multipart/form-data"
_KINDS: Final = ("name", "acronym", "type", "country", "year", "part of", "identifier")


@dataclass(frozen=True, slots=True)
class _Sheet:
    """What a request is about: the list as it came, its candidates, and what was decided of each.

    `made` has the decision and the reason by the number of a candidate.
    """

    listed: str = ""
    candidates: tuple[Listed, ...] = ()
    made: Mapping[int, tuple[Choice, str]] = field(default_factory=dict)
    reviewer: str = ""


@blueprint.get("/links/review")
def form() -> Response:
    """Show the questions that are open, or the form for a list of candidates."""
    format_among((PAGE,))
    return _page(_Sheet() if flag(url_parameters(), "new") else _Sheet(candidates=_open()))


@blueprint.post("/links/review")
def decide() -> Response:
    """Show a list of candidates, or give the verdict on decisions about them."""
    request.max_form_memory_size = current_app.config["MAX_CONTENT_LENGTH"]
    fields = _fields()
    named = last(fields or (), "format") if explicit_format() is None else None
    format = format_among(OFFERED, named)
    sheet = _Sheet()
    try:
        sheet = _from_json() if fields is None else _sheet(fields)
        asked = [*url_parameters(), *(fields or ())]
        if format is PAGE and not sheet.made:
            return _page(sheet)
        return _decided(sheet, asked, format, last(fields or (), "access_token"))
    except MigovError as error:
        if format is not PAGE:
            raise
        return _page(sheet, failure=problem(error))


def _decided(sheet: _Sheet, asked: Parameters, format: Format, token: str | None) -> Response:
    """Give the verdict; `token` is that of the form: one in an address would stand in logs."""
    if not sheet.made:
        raise ParameterError("Nothing was decided.", hint="Decide on a candidate, and say why.")
    credentials = request.headers.get("Authorization")
    if credentials is None and token and request.mimetype == _FORM:  # RFC 6750, section 2.2
        credentials = f"Bearer {token}"
    merges = is_merge(asked, credentials)
    change = _change(sheet, sheet.reviewer or _author(credentials))
    if not change.touched:
        raise ParameterError("The mapping sets say so already.")
    written = patch(change)

    def proposed(report: str) -> Proposal:
        return Proposal(written.encode(), "patch", report, languages()[0], name="review")

    message = last(asked, "message") or f"Review links: {len(sheet.made)} decided"
    answer = answered(proposed, format, credentials, message, merges=merges)
    if format is not PAGE:
        return answer
    lines = (line[1:] for line in written.splitlines() if line.startswith("+"))
    rows = [line for line in lines if not line.startswith(("+", "#"))]
    return _page(sheet, answer=answer, rows=rows)


def _change(sheet: _Sheet, reviewer: str) -> Change:
    known = entities_here()
    made = [
        (each.register, each.decision(known, *sheet.made[number]))
        for number, each in enumerate(sheet.candidates, 1)
        if number in sheet.made
    ]
    return proposal(_files(), made, reviewer, date.today().isoformat())


def _author(credentials: str | None) -> str:
    """Return the name of whose token it is; without one the reviewer has to be named."""
    writing = writer()
    if writing is None or credentials is None:
        raise ParameterError(
            "The reviewer is not named.", hint="Fill in reviewer: a name, or that of a team."
        )
    return writing.token(credentials, "propose").author.partition("<")[0].strip()


def _files() -> Files:
    root = site().published.repository
    return by_path(read_file(path, root.root) for path in mapping_paths(root))


def _open() -> tuple[Listed, ...]:
    return tuple(open_rows(sets_among(_files().values())))


def _fields() -> Parameters | None:
    """Return the fields of a form, None for a document of another kind."""
    if request.mimetype == _FORM:
        return parameters_of(request.get_data())
    if request.mimetype == _FILES:
        sent = [(name, value) for name, value in request.form.items(multi=True)]
        for name, file in request.files.items():
            content = file.read()
            if content:
                sent.append((name, _text(content)))
        return sent
    return None


def _text(content: bytes) -> str:
    try:
        return content.decode("utf-8")
    except UnicodeDecodeError as error:
        raise ParameterError("The list of candidates is not UTF-8 text.") from error


def _sheet(fields: Parameters) -> _Sheet:
    listed = last(fields, "file") or last(fields, "list") or ""
    found = _open()
    if listed.strip():
        found = tuple(read_listed(listed))
        listed = json.dumps(json.loads(listed), ensure_ascii=False)  # shorter, on its way back
    made: dict[int, tuple[Choice, str]] = {}
    for number, each in enumerate(found, 1):
        choice = last(fields, f"decision-{number}")
        if choice:
            if last(fields, f"pair-{number}") != _pair(each):
                raise ConflictError(
                    "The questions are others now.", hint="Read the page again, and decide anew."
                )
            made[number] = (_choice(choice), last(fields, f"reason-{number}") or "")
    return _Sheet(listed, found, made, last(fields, "reviewer") or "")


def _from_json() -> _Sheet:
    text = _text(request.get_data())
    try:
        given = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise ParameterError("The decisions are not JSON.") from error
    candidates = given.get("candidates") if isinstance(given, dict) else None
    if not isinstance(candidates, list):
        raise ParameterError(
            "The decisions have no list candidates.",
            hint='Send {"reviewer": "…", "candidates": […]}, each with decision and reason.',
        )
    found = tuple(read_listed(json.dumps(candidates)))
    made = {
        number: (_choice(each.get("decision")), str(each.get("reason") or ""))
        for number, each in enumerate(candidates, 1)
        if each.get("decision")
    }
    return _Sheet("", found, made, str(given.get("reviewer") or ""))


def _choice(text: object) -> Choice:
    if text not in CHOICES:
        raise ParameterError(f"“{text}” is no decision.", hint=f"One of {', '.join(CHOICES)}.")
    return text


def _pair(each: Listed) -> str:
    return f"{each.subject} {each.object}"


def _page(
    sheet: _Sheet,
    *,
    answer: Response | None = None,
    rows: list[str] | None = None,
    failure: Problem | None = None,
) -> Response:
    response = page(
        "review.html",
        status=failure.status if failure else answer.status_code if answer else 200,
        cards=[_card(sheet, number, each) for number, each in enumerate(sheet.candidates, 1)],
        listed=sheet.listed,
        reviewer=sheet.reviewer,
        choices={
            "accept": translated("the same"),
            "reject": translated("not the same"),
            "unsure": translated("unsure"),
        },
        kinds={kind: translated(kind) for kind in _KINDS},
        address=url_for("review.decide", _external=True),
        takes_writes=writer() is not None,
        verdict=json.loads(answer.get_data()) if answer else None,
        rows=rows or (),
        failure=failure,
        language=languages()[0],
    )
    response.headers.extend(list(failure.headers if failure else ()))
    response.headers["Cache-Control"] = "no-store"  # open questions are read from the files
    return response


def _card(sheet: _Sheet, number: int, each: Listed) -> dict[str, Any]:
    known, language = entities_here(), languages()[0]
    mine = known.index.by_iri.get(each.subject)
    choice, reason = sheet.made.get(number, ("", ""))

    def label(iri: str) -> str:
        return known.label(iri, language)[0] if iri in known.labels else compact(iri)

    about = {} if mine is None else {"name": [name.text for name in mine.names], **mine.told(label)}
    return {
        "number": number,
        "pair": _pair(each),
        "candidate": each,
        "href": href(each.object),
        "ours": {"name": label(each.subject), "href": href(each.subject), "about": about},
        "choice": choice,
        "reason": reason,
    }
