"""Findings as a JUnit report: one test case for each, and one that passes where there is none."""

from __future__ import annotations

import re
from typing import Final
from xml.etree.ElementTree import Element, SubElement, indent, tostring

from migov.verdict.model import Judged, Verdict
from migov.verdict.render import words as say

_NOT_XML: Final = re.compile("[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


def as_junit(verdict: Verdict, language: str = "en") -> str:
    """Return the introduced findings; those that block fail, the others are skipped."""
    found = verdict.findings.introduced
    blocking = sum(judged.blocks for judged in found)
    suite = Element(
        "testsuite",
        name="migov check",
        tests=str(len(found) or 1),
        failures=str(blocking),
        errors="0",
        skipped=str(len(found) - blocking),
    )
    for judged in found:
        _case(suite, judged, language)
    if not found:
        SubElement(
            suite, "testcase", classname="migov", name=say.outcome(verdict, language), file=""
        )
    root = Element("testsuites")
    root.append(suite)
    indent(root)
    text = tostring(root, encoding="unicode")
    return f'<?xml version="1.0" encoding="UTF-8"?>\n{text}\n'


def _case(suite: Element, judged: Judged, language: str) -> None:
    finding, place = judged.finding, judged.finding.place
    name = _xml(f"{say.rule(finding)} {place or say.subject(finding, language)}".strip())
    case = SubElement(suite, "testcase", classname=_xml(say.rule(finding)), name=name)
    if place is not None:
        case.set("file", _xml(place.source))
        if place.line is not None:
            case.set("line", str(place.line))
    parts = [
        str(place or ""),
        say.subject(finding, language),
        finding.message(language),
        say.in_language(finding.expected, language),
        say.excuse(judged, language) or "",
    ]
    outcome = SubElement(case, "failure" if judged.blocks else "skipped")
    outcome.set("message", _xml(finding.message(language)))
    if judged.blocks:
        outcome.set("type", finding.severity.name.lower())
    outcome.text = _xml("\n".join(part for part in parts if part))


def _xml(text: str) -> str:
    """Return a text without the characters that XML has no way to write."""
    return _NOT_XML.sub("�", text)
