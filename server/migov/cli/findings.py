"""A validation report as people read it."""

from __future__ import annotations

from typing import Final

from rdflib import BNode, Literal, URIRef
from rdflib.term import Identifier
from rich.console import Console
from rich.padding import Padding
from rich.text import Text

from migov.cli.terminal import print_trimmed
from migov.gate.report import Finding, Report, Severity
from migov.vocabulary import GRAPH, SHAPE, compact

_STYLES: Final = {Severity.VIOLATION: "bold red", Severity.WARNING: "yellow", Severity.INFO: "cyan"}
_WORDS: Final = {
    "en": {
        Severity.VIOLATION: ("Violation", "violation", "violations"),
        Severity.WARNING: ("Warning", "warning", "warnings"),
        Severity.INFO: ("Info", "remark", "remarks"),
    },
    "fr": {
        Severity.VIOLATION: ("Violation", "violation", "violations"),
        Severity.WARNING: ("Avertissement", "avertissement", "avertissements"),
        Severity.INFO: ("Info", "remarque", "remarques"),
    },
}
_SENTENCES: Final = {
    "en": {
        "conforms": "Conforms",
        "fails": "Does not conform",
        "unchecked": "Not checked",
        "nothing": "nothing was checked",
    },
    "fr": {
        "conforms": "Conforme",
        "fails": "Non conforme",
        "unchecked": "Non vérifié",
        "nothing": "rien n’a été vérifié",
    },
}
_CHECKED: Final = {
    "en": (("triple", "triples"), ("shape", "shapes"), ("node check", "node checks")),
    "fr": (("triplet", "triplets"), ("forme", "formes"), ("nœud vérifié", "nœuds vérifiés")),
}
_COLON: Final = {"en": ": ", "fr": "\N{NO-BREAK SPACE}: "}
_SEMICOLON: Final = {"en": "; ", "fr": "\N{NARROW NO-BREAK SPACE}; "}
_MOST_NOTES: Final = 5


def show_report(report: Report, language: str, least: Severity, out: Console) -> None:
    """Print findings, what was not checked, and the outcome."""
    for finding in report.findings:
        _show_finding(finding, language, out)
    words = _SENTENCES[language]
    for note in report.notes[:_MOST_NOTES]:
        text = note.messages.get(language) or note.messages["en"]
        out.print(Text(f"{words['unchecked']}{_COLON[language]}", style="dim").append(text))
    if len(report.notes) > _MOST_NOTES:
        out.print(Text(f"… + {len(report.notes) - _MOST_NOTES}", style="dim"))
    if report.notes:
        out.print()
    passes = report.passes(least)
    outcome = Text(
        words["conforms" if passes else "fails"], style="bold green" if passes else "bold red"
    )
    counts = [
        _count(report.counts()[severity], severity, language)
        for severity in sorted(Severity, reverse=True)
        if report.counts()[severity]
    ]
    if counts:
        outcome.append(f"{_COLON[language]}{', '.join(counts)}")
    numbers = (report.triples, report.shapes, report.checked)
    checked = ", ".join(
        _counted(number, *forms, language)
        for number, forms in zip(numbers, _CHECKED[language], strict=True)
    )
    if not report.checked:
        checked += f"{_SEMICOLON[language]}{words['nothing']}"
    out.print(outcome.append(f" ({checked})."))


def _count(count: int, severity: Severity, language: str) -> str:
    _, one, many = _WORDS[language][severity]
    return _counted(count, one, many, language)


def _counted(count: int, one: str, many: str, language: str) -> str:
    """Return a number with its noun; French has the singular for none, and spaces in numbers."""
    if language == "fr":
        number = f"{count:,}".replace(",", "\N{NARROW NO-BREAK SPACE}")
        return f"{number} {one if count < 2 else many}"
    return f"{count:,} {one if count == 1 else many}"


def _show_finding(finding: Finding, language: str, out: Console) -> None:
    head = Text()
    if finding.place is not None:
        head.append(f"{finding.place}  ", style="bold")
    head.append(_WORDS[language][finding.severity][0], style=_STYLES[finding.severity])
    out.print(head)
    for text, style in (
        (_subject(finding), ""),
        (finding.message(language), ""),
        (_name(finding.rule), "dim"),
    ):
        if text:
            print_trimmed(Padding(Text(text, style=style), (0, 0, 0, 4)), out)
    out.print()


def _subject(finding: Finding) -> str:
    parts = [_focus(finding), finding.path or ""]
    if finding.value is not None and finding.value != finding.focus:
        parts.append(_term(finding.value))
    return " → ".join(part for part in parts if part)


def _name(iri: str) -> str:
    return f"shape:{iri.removeprefix(SHAPE)}" if iri.startswith(SHAPE) else compact(iri)


def _focus(finding: Finding) -> str:
    if finding.via is not None:
        holder, predicate = finding.via
        return f"{_term(holder)} → {compact(predicate)} → []"
    return _term(finding.focus)


def _term(node: Identifier | None) -> str:
    if isinstance(node, URIRef):
        if node.startswith(GRAPH):
            return node.removeprefix(GRAPH)
        short = compact(str(node))
        return f"<{node}>" if short == str(node) else short
    if isinstance(node, Literal):
        text = node.n3()
        return text if len(text) <= 80 else text[:79] + "…"
    return "[]" if isinstance(node, BNode) else ""
