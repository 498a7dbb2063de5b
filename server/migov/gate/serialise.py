"""Reports for programs: JSON with stable keys, and the W3C validation report in Turtle."""

from __future__ import annotations

import json
import re
from typing import Any

from pyoxigraph import CanonicalizationAlgorithm, Dataset, RdfFormat, parse, serialize
from rdflib import RDF, BNode, Graph, Literal, URIRef
from rdflib.term import Identifier

from migov.dataset.turtle import format_turtle
from migov.errors import TooComplexError
from migov.gate.report import SH, Finding, Report, Severity
from migov.gate.shapes import SH as SHACL
from migov.vocabulary import STANDARD_PREFIXES


def report_json(report: Report, least: Severity = Severity.VIOLATION) -> str:
    """Return a report as a JSON document; the same report gives the same text."""
    document = {
        "conforms": report.conforms,
        "passes": report.passes(least),
        "failsOn": least.name.lower(),
        "checked": {
            "triples": report.triples,
            "shapes": report.shapes,
            "focusNodes": report.checked,
        },
        "counts": {severity.name.lower(): report.counts()[severity] for severity in Severity},
        "findings": [_finding(finding) for finding in report.findings],
        "notChecked": [
            {"subject": note.subject, "messages": note.messages} for note in report.notes
        ],
    }
    return json.dumps(document, ensure_ascii=False, indent=2) + "\n"


def _finding(finding: Finding) -> dict[str, Any]:
    place = finding.place
    parts = {
        "rule": finding.rule,
        "severity": finding.severity.name.lower(),
        "messages": finding.messages,
        "focusNode": term(finding.focus),
        "path": finding.path,
        "value": term(finding.value),
        "sourceShape": term(finding.shape),
        "constraintComponent": finding.component,
        "file": place.source if place else None,
        "line": place.line if place else None,
        "column": place.column if place else None,
    }
    return {name: value for name, value in parts.items() if value is not None}


def term(node: Identifier | None) -> dict[str, str] | None:
    """Return a term in the manner of SPARQL's JSON results."""
    if node is None:
        return None
    if isinstance(node, Literal):
        term = {"type": "literal", "value": str(node)}
        if node.language:
            term["xml:lang"] = node.language
        elif node.datatype is not None:
            term["datatype"] = str(node.datatype)
        return term
    return {"type": "uri" if isinstance(node, URIRef) else "bnode", "value": str(node)}


def report_turtle(report: Report) -> bytes:
    """Return the validation report in the words of SHACL, findings of our own rules among them.

    Blank nodes have canonical labels, so the same report gives the same bytes.
    """
    graph = Graph(bind_namespaces="none")
    graph += report.graph
    node = graph.value(predicate=RDF.type, object=SHACL.ValidationReport, default=BNode())
    assert isinstance(node, BNode)
    for finding in report.findings:
        if finding.component is None:
            _add(graph, node, finding)
    graph.set((node, RDF.type, SHACL.ValidationReport))
    graph.set((node, SHACL.conforms, Literal(report.conforms)))
    triples = parse(graph.serialize(format="nt").encode(), format=RdfFormat.N_TRIPLES)
    dataset = Dataset(triples)
    dataset.canonicalize(CanonicalizationAlgorithm.RDFC_1_0)
    ordered = sorted({quad.triple for quad in dataset}, key=str)
    prefixes = {name: STANDARD_PREFIXES[name] for name in ("rdf", "sh", "xsd")}
    text = serialize(ordered, format=RdfFormat.TURTLE, prefixes=prefixes) or b""
    try:
        laid_out = format_turtle("the report", text)
    except TooComplexError:  # many results share nameless shapes: nobody could compare the layouts
        laid_out = text
    return _BETWEEN.sub(b" .\n\n", laid_out)


def _add(graph: Graph, report: Identifier, finding: Finding) -> None:
    result = BNode()
    graph.add((report, SHACL.result, result))
    graph.add((result, RDF.type, SHACL.ValidationResult))
    severity = URIRef(SH + finding.severity.name.capitalize())
    graph.add((result, SHACL.resultSeverity, severity))
    graph.add((result, SHACL.sourceConstraintComponent, URIRef(_RULES + finding.rule)))
    if finding.focus is not None:
        graph.add((result, SHACL.focusNode, finding.focus))
    for language, text in finding.messages.items():
        graph.add((result, SHACL.resultMessage, Literal(text, lang=language or None)))


_BETWEEN = re.compile(rb" \.\n(?=[_<])")
_RULES = "https://w3id.org/migov/shape/rule-"
