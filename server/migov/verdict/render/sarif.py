"""Findings in SARIF 2.1.0, as code scanning tools read them."""

from __future__ import annotations

import json
from typing import Any, Final
from urllib.parse import quote

from migov import __version__
from migov.errors import Place
from migov.gate.report import Edit, Severity
from migov.verdict.model import Judged, Verdict
from migov.verdict.notes import shape_name
from migov.verdict.render import words as say
from migov.vocabulary import SHAPE

SCHEMA: Final = "https://json.schemastore.org/sarif-2.1.0.json"
_LEVELS: Final = {
    Severity.VIOLATION: "error",
    Severity.WARNING: "warning",
    Severity.INFO: "note",
}


def as_sarif(verdict: Verdict, language: str = "en") -> str:
    """Return one run: introduced findings are new, those left are unchanged, those fixed absent."""
    found = [
        *((judged, "new") for judged in verdict.findings.introduced),
        *((judged, "unchanged") for judged in verdict.findings.left),
        *((judged, "absent") for judged in verdict.findings.fixed),
    ]
    rules = sorted({judged.finding.rule for judged, _ in found})
    run = {
        "tool": {
            "driver": {
                "name": "migov",
                "semanticVersion": __version__,
                "informationUri": "https://w3id.org/migov/",
                "rules": [_rule(rule) for rule in rules],
            }
        },
        "language": language,
        "columnKind": "unicodeCodePoints",
        "originalUriBaseIds": {"ROOT": {"description": {"text": "The root of the repository."}}},
        "results": [
            _result(judged, state, rules.index(judged.finding.rule), language)
            for judged, state in found
        ],
        "invocations": [{"executionSuccessful": True, "exitCode": 0 if verdict.conforms else 1}],
    }
    document = {"$schema": SCHEMA, "version": "2.1.0", "runs": [run]}
    return json.dumps(document, ensure_ascii=False, indent=2) + "\n"


def _rule(rule: str) -> dict[str, Any]:
    name = shape_name(rule)
    members: dict[str, Any] = {"id": name, "shortDescription": {"text": name}}
    if rule.startswith(SHAPE):
        members["helpUri"] = rule
    return members


def _result(judged: Judged, state: str, rule: int, language: str) -> dict[str, Any]:
    finding = judged.finding
    about = say.subject(finding, language)
    expected = say.in_language(finding.expected, language)
    parts = [f"{about}: " if about else "", finding.message(language)]
    if expected:
        parts.append(f" {say.WORDS[language]['expected']}: {expected}")
    result: dict[str, Any] = {
        "ruleId": say.rule(finding),
        "ruleIndex": rule,
        "level": _LEVELS[finding.severity],
        "kind": "fail",
        "baselineState": state,
        "message": {"text": "".join(parts)},
        "partialFingerprints": {"migov/v1": judged.fingerprint},
    }
    if finding.place is not None:
        result["locations"] = [{"physicalLocation": _location(finding.place)}]
    if judged.excused:
        result["suppressions"] = [{"kind": "external", "justification": judged.excused}]
    if finding.edits and all(edit.place.column is not None for edit in finding.edits):
        result["fixes"] = [{"artifactChanges": [_change(edit) for edit in finding.edits]}]
    return result


def _artifact(path: str) -> dict[str, str]:
    return {"uri": quote(path), "uriBaseId": "ROOT"}


def _location(place: Place) -> dict[str, Any]:
    location: dict[str, Any] = {"artifactLocation": _artifact(place.source)}
    if place.line is not None:
        region: dict[str, Any] = {"startLine": place.line}
        if place.column is not None:
            region["startColumn"] = place.column
        if place.text:
            region["snippet"] = {"text": place.text}
        location["region"] = region
    return location


def _change(edit: Edit) -> dict[str, Any]:
    lines = edit.old.split("\n")
    line, column = edit.place.line or 1, edit.place.column or 1
    region = {
        "startLine": line,
        "startColumn": column,
        "endLine": line + len(lines) - 1,
        "endColumn": len(lines[-1]) + (column if len(lines) == 1 else 1),
    }
    return {
        "artifactLocation": _artifact(edit.place.source),
        "replacements": [{"deletedRegion": region, "insertedContent": {"text": edit.new}}],
    }
