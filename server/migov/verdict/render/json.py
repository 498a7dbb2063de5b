"""A verdict for programs; `verdict.schema.json` beside this package says what it may hold."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Final

from pyoxigraph import Quad, Triple

from migov import __version__
from migov.change.entities import EntityChange
from migov.errors import Place
from migov.gate.report import Severity
from migov.gate.serialise import term
from migov.verdict.model import Judged, QueryImpact, Verdict, counted

SCHEMA: Final = "https://w3id.org/migov/schema/verdict-1.json"
FORMAT: Final = 1
"""Changes when a reader of the format before would misread it."""


def schema() -> dict[str, Any]:
    """Return the JSON schema of the format."""
    path = Path(__file__).resolve().parent.parent / "verdict.schema.json"
    document: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    return document


def as_json(verdict: Verdict, language: str = "en") -> str:
    """Return the verdict as a JSON document, with messages in both languages."""
    return json.dumps(document(verdict, language), ensure_ascii=False, indent=2) + "\n"


def document(verdict: Verdict, language: str = "en") -> dict[str, Any]:
    """Return the verdict as plain JSON values."""
    found = verdict.findings
    return {
        "$schema": SCHEMA,
        "format": FORMAT,
        "software": __version__,
        "language": language,
        "title": verdict.title,
        "conforms": verdict.conforms,
        "counts": {
            "introduced": _counts(found.introduced),
            "left": _counts(found.left),
            "fixed": _counts(found.fixed),
        },
        "introduced": [_finding(judged) for judged in found.introduced],
        "left": [_finding(judged) for judged in found.left],
        "fixed": [_finding(judged) for judged in found.fixed],
        "change": _change(verdict),
        "inference": _inference(verdict),
        "impact": _impact(verdict),
        "notChecked": [
            {"subject": note.subject, "messages": note.messages} for note in verdict.notes
        ],
        "focusNodes": verdict.nodes,
        "patch": verdict.patch,
    }


def _counts(found: Sequence[Judged]) -> dict[str, int]:
    numbers = counted(found)
    return {severity.name.lower(): numbers[severity] for severity in sorted(Severity, reverse=True)}


def _finding(judged: Judged) -> dict[str, Any]:
    finding = judged.finding
    members: dict[str, Any] = {
        "rule": finding.rule,
        "severity": finding.severity.name.lower(),
        "fingerprint": judged.fingerprint,
        "blocks": judged.blocks,
        "excused": judged.excused,
        "messages": finding.messages,
        "place": _place(finding.place),
        "label": finding.label or None,
        "focusNode": term(finding.focus),
        "holder": None
        if finding.via is None
        else {"node": term(finding.via[0]), "property": finding.via[1]},
        "path": finding.path,
        "value": term(finding.value),
        "constraintComponent": finding.component,
        "expected": finding.expected or None,
        "example": finding.example,
        "edits": [
            {"place": _place(edit.place), "old": edit.old, "new": edit.new}
            for edit in finding.edits
        ]
        or None,
    }
    return {name: value for name, value in members.items() if value is not None}


def _place(place: Place | None) -> dict[str, Any] | None:
    if place is None:
        return None
    members = {"file": place.source, "line": place.line, "column": place.column, "text": place.text}
    return {name: value for name, value in members.items() if value is not None}


def _change(verdict: Verdict) -> dict[str, Any]:
    diff = verdict.diff
    members: dict[str, Any] = {"files": list(verdict.touched), "leftOut": list(verdict.left_out)}
    if diff is None:
        return members
    return {
        **members,
        "laidOut": list(diff.laid_out),
        "graphs": [
            {
                "graph": graph.graph,
                "file": graph.path,
                "added": [_line(quad) for quad in graph.added],
                "removed": [_line(quad) for quad in graph.removed],
            }
            for graph in diff.graphs
        ],
        "entities": {
            what: [_entity(entity) for entity in getattr(diff.entities, what)]
            for what in ("added", "changed", "removed", "renamed")
        },
    }


def _entity(entity: EntityChange) -> dict[str, Any]:
    members: dict[str, Any] = {
        "iri": entity.iri,
        "labels": dict(entity.labels),
        "classes": list(entity.classes),
        "added": entity.added,
        "removed": entity.removed,
        "replacedBy": entity.replaced_by,
    }
    return {name: value for name, value in members.items() if value is not None}


def _line(statement: Quad | Triple) -> str:
    """Return a triple in N-Triples."""
    return f"{statement.subject} {statement.predicate} {statement.object} ."


def _inference(verdict: Verdict) -> dict[str, Any] | None:
    if verdict.inference is None:
        return None
    return {
        "gained": [_line(each) for each in verdict.inference.gained],
        "lost": [_line(each) for each in verdict.inference.lost],
    }


def _impact(verdict: Verdict) -> dict[str, Any] | None:
    if verdict.impact is None:
        return None
    return {
        "asked": verdict.impact.asked,
        "changed": [_query(query) for query in verdict.impact.changed],
    }


def _query(query: QueryImpact) -> Mapping[str, Any]:
    return {
        "query": query.slug,
        "title": dict(query.title),
        "values": dict(query.values),
        "before": query.before,
        "after": query.after,
        "failure": query.failure,
        "columns": list(query.columns),
        "gained": list(query.gained),
        "lost": list(query.lost),
    }
