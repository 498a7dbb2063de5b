"""Findings as workflow commands: GitHub shows them beside the lines of a pull request."""

from __future__ import annotations

from typing import Final

from migov.gate.report import Severity
from migov.verdict.model import Judged, Verdict
from migov.verdict.render import words as say

_COMMANDS: Final = {
    Severity.VIOLATION: "error",
    Severity.WARNING: "warning",
    Severity.INFO: "notice",
}


def as_github(verdict: Verdict, language: str = "en") -> str:
    """Return one command for each introduced finding, and the outcome as a plain line."""
    lines = [_command(judged, language) for judged in verdict.findings.introduced]
    lines.append(escaped(say.outcome(verdict, language)))
    return "".join(f"{line}\n" for line in lines)


def escaped(text: str) -> str:
    r"""Return a text that cannot end its command.

    >>> escaped("100 %\n::error::x")
    '100 %25%0A::error::x'
    """
    return text.replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")


def _property(text: str) -> str:
    return escaped(text).replace(":", "%3A").replace(",", "%2C")


def _command(judged: Judged, language: str) -> str:
    finding, place = judged.finding, judged.finding.place
    # An excused violation must not look like the reason for a red check.
    command = "warning" if judged.excused else _COMMANDS[finding.severity]
    properties = {"title": say.rule(finding)}
    if place is not None:
        properties["file"] = place.source
        if place.line is not None:
            properties["line"] = str(place.line)
        if place.column is not None:
            properties["col"] = str(place.column)
    parts = [say.subject(finding, language), finding.message(language)]
    if finding.expected:
        word = say.WORDS[language]["expected"]
        parts.append(f"{word}: {say.in_language(finding.expected, language)}")
    if finding.example:
        parts.append(f"{say.WORDS[language]['example']}: {finding.example}")
    excuse = say.excuse(judged, language)
    text = escaped("\n".join(part for part in (*parts, excuse or "") if part))
    listed = ",".join(f"{name}={_property(value)}" for name, value in properties.items())
    return f"::{command} {listed}::{text}"
