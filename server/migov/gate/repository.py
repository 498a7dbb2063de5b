"""The whole graph of a repository, judged: structure and shapes, with places in the files."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace

from rdflib import Graph, URIRef

from migov.dataset import ContentFile, content_files, read_quads
from migov.errors import Place
from migov.gate.documents import add_quads
from migov.gate.positions import Positions
from migov.gate.report import Finding, Report
from migov.gate.structure import check_structure
from migov.gate.validation import validate
from migov.repository import Repository
from migov.vocabulary import PREFIXES


def shape_files(repository: Repository) -> list[ContentFile]:
    """Read the shapes of a repository, sorted by path."""
    return [
        ContentFile(path.relative_to(repository.root).as_posix(), path.read_bytes())
        for path in sorted(repository.shapes.rglob("*.ttl"))
    ]


def union(files: Iterable[ContentFile]) -> Graph:
    """Return the union of the graphs of Turtle files; raises ContentSyntaxError."""
    graph = Graph(bind_namespaces="none")
    for file in files:
        if file.path.endswith(".ttl"):
            add_quads(graph, read_quads(file))
    return graph


def check_repository(repository: Repository) -> Report:
    """Validate the asserted graph of a repository; raises ContentSyntaxError for a broken file."""
    files = content_files(repository)
    report = validate(union(files), union(shape_files(repository)))
    findings = [*check_structure(files), *placed(report.findings, files)]
    return replace(report, findings=tuple(sorted(findings, key=_order)))


def _order(finding: Finding) -> tuple[int, str, int, int]:
    place = finding.place or Place("")
    return -finding.severity, place.source, place.line or 0, place.column or 0


def placed(findings: Iterable[Finding], files: Sequence[ContentFile]) -> list[Finding]:
    """Return findings with the file and line where the focus node's statement stands."""
    found: dict[str, Positions] = {}
    subjects: dict[str, list[str]] = {}
    for file in files:
        if file.path.endswith(".ttl"):
            found[file.path] = Positions(file)
            for subject in found[file.path].subjects():
                subjects.setdefault(subject, []).append(file.path)
    return [
        replace(finding, place=_place(finding, found, subjects))
        if finding.place is None
        else finding
        for finding in findings
    ]


def _place(
    finding: Finding, found: Mapping[str, Positions], subjects: Mapping[str, Sequence[str]]
) -> Place | None:
    subject, predicate = finding.focus, _predicate(finding.path)
    if finding.via is not None:
        subject, predicate = finding.via
    if not isinstance(subject, URIRef):
        return None
    paths = subjects.get(str(subject), ())
    places = [found[path].statement(str(subject), predicate) for path in paths]
    saying = [
        place
        for place, path in zip(places, paths, strict=True)
        if place != found[path].statement(str(subject))
    ]
    return next(iter([*saying, *places]), None)


def _predicate(path: str | None) -> str | None:
    """Return the IRI of a path that is one predicate, written in full or with a prefix of ours."""
    if path is None:
        return None
    if path.startswith("<"):
        return path[1:-1]
    prefix, _, local = path.partition(":")
    return PREFIXES[prefix] + local if prefix in PREFIXES else None
