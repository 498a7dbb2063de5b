"""`/contribute/record`: a form for a new record, made from the shapes, that gives a file to send.

What somebody writes enters the file as serialised terms, and only the process of the verdict reads
that file.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from flask import Blueprint, Response, current_app, request

from migov.errors import MigovError, ParameterError
from migov.protocol.formats import PAGE, Format
from migov.protocol.operation import last
from migov.protocol.problems import Problem, problem
from migov.verdict.asked import Proposal, Verdicts
from migov.vocabulary import CONCEPT, NS
from migov.web import alike
from migov.web.record_findings import at_controls
from migov.web.record_form import RecordForm, Section, record_form
from migov.web.record_read import Draft, read
from migov.web.record_values import MOST_ROWS, Values, fields_of, values_of
from migov.web.request import format_among, languages
from migov.web.responses import body, page
from migov.web.translation import translated
from migov.web.writing import VERDICTS

blueprint = Blueprint("contribute", __name__)

_FILE: Final = Format("ttl", "graph", "Turtle", ("text/turtle",))
_PATCH: Final = Format("patch", "graph", "git patch", ("text/x-diff",))
_ROOM: Final = {"participation": 2}
"""Rows that a section has room for before anybody asks for more, if not one."""


@dataclass(slots=True)
class _Sheet:
    """The form as it is shown: what was written, what is wrong with it, and what it makes."""

    values: Values
    more: str | None = None
    """The section that another row was asked for, or the question that another value was."""
    draft: Draft | None = None
    verdict: Mapping[str, Any] | None = None
    patch: str = ""
    files: Mapping[str, str] = field(default_factory=dict)
    wrong: dict[str, list[str]] = field(default_factory=dict)
    is_told: bool = False
    """Whether all that has to be mended is told at its control."""
    failure: Problem | None = None

    @property
    def status(self) -> int:
        if self.failure is not None:
            return self.failure.status
        return 422 if self.values.wrong else 200


@blueprint.get("/contribute/record")
def form() -> Response:
    """Show the form."""
    format_among((PAGE,))
    return _page(_Sheet(Values()))


@blueprint.post("/contribute/record")
def draft() -> Response:
    """Give the record with the verdict on it, its file or patch alone, or a longer form."""
    try:
        fields = fields_of(request.get_data())
    except ParameterError as error:
        return _page(_Sheet(Values(), failure=problem(error)))
    sheet = _Sheet(values_of(fields), more=last(fields, "add"))
    same = last(fields, "same")
    if same is not None:
        sheet.values.given = {**sheet.values.given, "about": [same]}
    if sheet.more is not None or same is not None:
        return _page(sheet)
    try:
        _judge(sheet)
    except MigovError as error:
        sheet.failure = problem(error)
    wanted = last(fields, "as")
    if sheet.verdict is None or wanted not in ("file", "patch"):
        return _page(sheet)
    return _sent(sheet, wanted)


def _judge(sheet: _Sheet) -> None:
    """Make the record of a form, and ask for the verdict on it."""
    sheet.draft = read(sheet.values)
    sheet.wrong = {control: [message] for control, message in sheet.values.wrong.items()}
    if sheet.draft is None:
        return
    verdicts: Verdicts = current_app.extensions[VERDICTS]
    proposal = Proposal(sheet.draft.text.encode(), "trig", "json", languages()[0])
    verdict = json.loads(verdicts.ask(proposal)[1])
    sheet.verdict = verdict
    sheet.patch = verdict.pop("patch")
    made = new_files(sheet.patch)
    sheet.files = {sheet.draft.path: made.pop(sheet.draft.path), **made}
    sheet.wrong, sheet.is_told = at_controls(verdict, sheet.draft, languages()[0])


def new_files(patch: str) -> dict[str, str]:
    """Return the files that a git patch makes, by their paths.

    >>> new_files("diff --git a/x b/x\\nnew file mode 100644\\n+++ b/x\\n@@ -0,0 +1 @@\\n+a\\n")
    {'x': 'a\\n'}
    """
    found = {}
    for part in ("\n" + patch).split("\ndiff --git ")[1:]:
        head, _, hunk = part.partition("\n@@ ")
        path = head.rpartition("\n+++ b/")[2]
        lines = [line[1:] for line in hunk.split("\n")[1:] if line.startswith("+")]
        found[path] = "\n".join(lines) + "\n"
    return found


def _sent(sheet: _Sheet, wanted: str) -> Response:
    assert sheet.draft is not None
    name = sheet.draft.path.rpartition("/")[2]
    if wanted == "patch":
        response = body(sheet.patch.encode(), _PATCH)
        name = name.removesuffix(".ttl") + ".patch"
    else:
        response = body(sheet.files[sheet.draft.path].encode(), _FILE)
    response.headers.set("Content-Disposition", "attachment", filename=name)
    return response


def _described(values: Values) -> alike.Described:
    """Return what the form says of its initiative, as far as one question goes."""
    rows = values.rows(record_form().sections["mg-identifier"])
    schemes = [
        (values.one(f"mg-identifier-{row}-mg-scheme"), values.one(f"mg-identifier-{row}-mg-value"))
        for row in rows
    ]
    names = (values.one(name) for name in ("name-en", "name-fr", "title", "skos-altLabel"))
    return alike.within(
        alike.Described(
            tuple(filter(None, names)),
            tuple(values.many("mg-acronym")),
            tuple(alike.identifier(scheme, value) for scheme, value in schemes if scheme and value),
        )
    )


def _rows(sheet: _Sheet, asked: RecordForm) -> dict[str, list[int]]:
    """Return the numbers of the rows that each section shows."""
    shown = {}
    for section in asked.sections.values():
        numbers = sheet.values.rows(section, empty=True)
        room = max(_ROOM.get(section.key, 1), len(numbers) + (sheet.more == section.key))
        following = max(numbers, default=-1) + 1
        added = range(following, min(following + room - len(numbers), MOST_ROWS))
        shown[section.key] = [*numbers, *added]
    return shown


def _labels(asked: RecordForm, rows: Mapping[str, list[int]]) -> dict[str, str]:
    """Return what each control that may be wrong is called in a list of what is."""
    found = {
        "publisher": asked.record("dcterms-publisher").label,
        "document": asked.record("mg-sourceDocument").label,
        "lines": asked.record("mg-extent").label,
        "at": asked.record("mg-locator").label,
        "record-en": translated("Name of the record, in English"),
        "record-fr": translated("Name of the record, in French"),
        "summary-en": translated("Summary in your own words, in English"),
        "summary-fr": translated("Summary in your own words, in French"),
        "about": translated("An initiative that the graph has"),
        "slug": translated("Short name for addresses"),
        "name-en": translated("Name, in English"),
        "name-fr": translated("Name, in French"),
        "title": translated("Title, in the words of the source"),
        "type": translated("Type"),
        "start": translated("Start, as stated"),
        "end": translated("End, as stated"),
    }
    plain = [*asked.filed, *(each for group in asked.facts.values() for each in group)]
    found.update((each.key, each.label) for each in plain)
    for section in asked.sections.values():
        for place, row in enumerate(rows[section.key], 1):
            for each in section.questions:
                found[section.control(row, each)] = translated(
                    "{name}: {said}", name=f"{section.title} {place}", said=each.label
                )
    return found


def _page(sheet: _Sheet) -> Response:
    asked, values = record_form(), sheet.values
    rows = _rows(sheet, asked)
    labels = _labels(asked, rows)

    def controls_of(section: Section) -> list[str]:
        said = [each for each in section.questions if each.key != "mg-certainty"]
        return [section.key, *(section.control(row, q) for row in rows[section.key] for q in said)]

    about, added = values.one("about"), asked.sections.get(sheet.more or "")
    response = page(
        "contribute.html",
        status=sheet.status,
        sheet=sheet,
        values=values,
        one=values.one,
        asked=asked,
        rows=rows,
        labels=labels,
        focus=added and added.control(rows[added.key][-1], added.questions[0]),
        wrong=sheet.wrong,
        listed=[(control, labels[control]) for control in labels if control in sheet.wrong],
        alike=alike.shown(_described(values), "initiative", [about] if about else ()),
        options=asked.options,
        controls_of=controls_of,
        documents=asked.options((NS + "SourceDocument",)),
        types=asked.options((CONCEPT + "initiative-type",)),
        language=languages()[0],
        verdict=sheet.verdict,
        told_elsewhere=sheet.is_told,
        failure=sheet.failure,
    )
    response.headers.extend(list(sheet.failure.headers if sheet.failure else ()))
    response.headers["X-Robots-Tag"] = "noindex"
    return response
