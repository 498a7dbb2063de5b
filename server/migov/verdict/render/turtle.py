"""A verdict as the W3C validation report, findings of our own rules among the results."""

from __future__ import annotations

from collections.abc import Iterable

from migov.gate.report import Finding, Report
from migov.gate.serialise import report_turtle
from migov.verdict.model import Judged, Verdict
from migov.verdict.ruling import place_order


def as_turtle(verdict: Verdict, language: str = "en") -> str:
    """Return the report on the nodes that the change can affect, as they are after it.

    Results of the shapes are pySHACL's own, whether the change introduces them or leaves them.
    Messages are in both languages, as the shapes have them; `language` changes nothing.
    """
    found = sorted((*verdict.findings.introduced, *verdict.findings.left), key=place_order)
    report = Report(tuple(_findings(found)), graph=verdict.report)
    return report_turtle(report).decode()


def _findings(found: Iterable[Judged]) -> Iterable[Finding]:
    return (judged.finding for judged in found)
