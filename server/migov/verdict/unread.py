"""A proposal that cannot be read: a finding where its text is wrong, else an error."""

from __future__ import annotations

from migov.change.model import is_content
from migov.errors import (
    ContentSyntaxError,
    DataSyntaxError,
    MigovError,
    QuerySyntaxError,
    RefusedError,
    TooComplexError,
)
from migov.gate.affected import Names, PlainIndex, fingerprint
from migov.gate.report import Finding, Severity
from migov.verdict import notes
from migov.verdict.model import Findings, Judged, Verdict

_WRONG = (DataSyntaxError, QuerySyntaxError, ContentSyntaxError)
_WRONG_IN_A_FILE = (*_WRONG, RefusedError, TooComplexError)


def unread(error: MigovError, format: str | None, title: str | None = None) -> Verdict:
    """Return the verdict on a text that cannot be read; raises the error where it is none.

    A text with a syntax error does not conform. A patch that does not fit, a graph that is not
    ours or a missing file say nothing about the triples: then nothing was checked.
    """
    place = error.place
    in_a_file = place is not None and is_content(place.source)
    is_finding = isinstance(error, _WRONG_IN_A_FILE) if in_a_file else isinstance(error, _WRONG)
    if place is None or not is_finding or (format == "patch" and not in_a_file):
        raise error
    hint = f" {error.hint}" if error.hint else ""
    finding = Finding(
        "migov:syntax",
        Severity.VIOLATION,
        {
            "en": f"{error.message}{hint}",
            "fr": f"Ce texte ne peut être lu : {error.message}",
        },
        place=place,
    )
    known = fingerprint(finding, Names(PlainIndex()))
    return Verdict(
        title=title,
        findings=Findings((Judged(finding, known, blocks=True),)),
        notes=(notes.only_syntax(),),
    )
