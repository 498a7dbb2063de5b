"""The W3C SHACL suite (Core and SPARQL), run through the gate's own path.

Each document goes through the strict parser and reaches pySHACL as terms, exactly as a document
from outside does. Every case passes, or stands in `shacl-misses.tsv` with the reason; a listed
case that passes fails too, so the list stays true.
"""

from __future__ import annotations

import csv
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import pytest
from pyoxigraph import CanonicalizationAlgorithm, Dataset, Quad, RdfFormat, parse
from rdflib import RDF, BNode, Graph, Namespace, URIRef
from rdflib.collection import Collection
from rdflib.term import Node

from conformance.material import suite
from migov.errors import MigovError
from migov.gate.documents import read_document, to_graph
from migov.gate.validation import validate

MF = Namespace("http://www.w3.org/2001/sw/DataAccess/tests/test-manifest#")
SHT = Namespace("http://www.w3.org/ns/shacl-test#")
SH = Namespace("http://www.w3.org/ns/shacl#")
COUNT = 121
MISSES = Path(__file__).with_name("shacl-misses.tsv")
COMPARED = (
    SH.focusNode,
    SH.resultPath,
    SH.resultSeverity,
    SH.sourceConstraintComponent,
    SH.sourceShape,
    SH.value,
)
"""What the suite asks implementations to agree on; messages only where a case gives one."""


@dataclass(frozen=True, slots=True)
class Case:
    """One test: its name in the suite and the document that describes it."""

    name: str
    node: URIRef
    document: Path


def _read(path: Path) -> Graph:
    return to_graph([read_document(str(path), path.read_bytes(), base=path.as_uri())])


def _cases(document: Path, root: Path) -> Iterator[Case]:
    graph = _read(document)
    for include in sorted(graph.objects(None, MF.include), key=str):
        yield from _cases(_path(include), root)
    for entries in graph.objects(None, MF.entries):
        for entry in Collection(graph, entries):
            assert isinstance(entry, URIRef)
            folder = document.parent.relative_to(root).as_posix()
            yield Case(f"{folder}/{str(entry).rpartition('/')[2]}", entry, document)


def _path(node: Node | None) -> Path:
    return Path(str(node).removeprefix("file://"))


@cache
def _misses() -> dict[str, str]:
    with MISSES.open(encoding="utf-8", newline="") as lines:
        return {row["case"]: row["reason"] for row in csv.DictReader(lines, delimiter="\t")}


CASES = list(_cases(suite("shacl") / "manifest.ttl", suite("shacl")))


def test_the_suite_is_whole() -> None:
    assert len(CASES) == COUNT
    assert set(_misses()) <= {case.name for case in CASES}
    assert all(_misses().values())


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_case(case: Case) -> None:
    fault = _fault(case)
    if case.name in _misses():
        assert fault is not None, f"{case.name} passes now; take it off the list of misses"
    else:
        assert fault is None, fault


def _fault(case: Case) -> str | None:
    """Run one case; return what is wrong with the report, or None."""
    manifest = _read(case.document)
    action = manifest.value(case.node, MF.action)
    wanted = manifest.value(case.node, MF.result)
    data = _read(_path(manifest.value(action, SHT.dataGraph)))
    shapes = _read(_path(manifest.value(action, SHT.shapesGraph)))
    try:
        report = validate(data, shapes)
    except MigovError as error:
        return None if wanted == SHT.Failure else f"failed: {error.message}"
    if wanted == SHT.Failure:
        return "a failure was expected, and a report was given"
    assert wanted is not None
    conforms = manifest.value(wanted, SH.conforms)
    if str(conforms) != str(report.conforms).lower():
        return f"conforms: {report.conforms}, and {conforms} was expected"
    (given,) = report.graph.subjects(RDF.type, SH.ValidationReport)
    predicates: tuple[URIRef, ...] = COMPARED
    if any(manifest.triples((None, SH.resultMessage, None))):
        predicates = (*COMPARED, SH.resultMessage)
    ours = _canonical(report.graph, given, predicates)
    theirs = _canonical(manifest, wanted, predicates)
    return None if ours == theirs else f"given:\n{ours}\nexpected:\n{theirs}"


def _canonical(graph: Graph, report: Node, predicates: Iterable[URIRef]) -> str:
    """Return the results of a report, with their paths, as canonical N-Quads."""
    wanted = set(predicates)
    kept = Graph()
    for result in graph.objects(report, SH.result):
        copies: dict[Node, Node] = {}  # two reports may or may not share the node of a path
        for _, predicate, value in graph.triples((result, None, None)):
            if predicate == SH.resultPath:
                kept.add((result, predicate, _copied(graph, value, kept, copies)))
            elif predicate in wanted:
                kept.add((result, predicate, value))
    triples = parse(kept.serialize(format="nt").encode(), format=RdfFormat.N_TRIPLES)
    dataset = Dataset(Quad(t.subject, t.predicate, t.object) for t in triples)
    dataset.canonicalize(CanonicalizationAlgorithm.RDFC_1_0)
    return "\n".join(sorted(str(quad) for quad in dataset))


def _copied(graph: Graph, path: Node, kept: Graph, copies: dict[Node, Node]) -> Node:
    if not isinstance(path, BNode):
        return path
    if path not in copies:
        copies[path] = BNode()
        for _, predicate, value in graph.triples((path, None, None)):
            kept.add((copies[path], predicate, _copied(graph, value, kept, copies)))
    return copies[path]
