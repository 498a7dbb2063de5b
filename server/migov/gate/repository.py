"""The whole graph of a repository, judged: checks and shapes, with places in the files."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path

from rdflib import Graph

from migov.dataset import ContentFile, content_files, holds_graph, read_quads, shape_files
from migov.errors import Place
from migov.gate.checks import Context, run
from migov.gate.documents import add_quads
from migov.gate.explain import Explainer
from migov.gate.honesty import contradictions
from migov.gate.report import Finding, Report
from migov.gate.validation import validate
from migov.repository import Repository


def union(files: Iterable[ContentFile]) -> Graph:
    """Return the union of the graphs that files hold; raises ContentSyntaxError."""
    graph = Graph(bind_namespaces="none")
    for file in files:
        if holds_graph(file.path):
            add_quads(graph, read_quads(file))
    return graph


def check_repository(repository: Repository, targets: Path | None = None) -> Report:
    """Validate the asserted graph of a repository; raises ContentSyntaxError for a broken file.

    `targets` is the folder with the manifests of pinned snapshots that links are compared with.
    """
    files = content_files(repository)
    shapes = union(shape_files(repository))
    report = validate(union(files), shapes)
    context = Context.whole({file.path: file for file in files}, targets=targets)
    findings = [
        *run(context),
        *contradictions(context),
        *Explainer(shapes, context.after).explain_all(report.findings),
    ]
    return replace(report, findings=tuple(sorted(findings, key=_order)))


def _order(finding: Finding) -> tuple[int, str, int, int]:
    place = finding.place or Place("")
    return -finding.severity, place.source, place.line or 0, place.column or 0
