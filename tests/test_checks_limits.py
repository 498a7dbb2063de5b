"""Texts of any length and many new things are checked like others: nothing takes their square."""

from __future__ import annotations

from collections import Counter

import pytest
from pyoxigraph import RdfFormat, parse
from rdflib import RDF, BNode, Graph, URIRef

from migov.dataset import ContentFile
from migov.gate.checks import Context, run
from migov.gate.report import Finding, Report
from migov.gate.serialise import report_turtle
from migov.gate.shapes import SH
from test_checks import BASE, FILES

_PATH = "data/actors/new-actors.ttl"
_HEAD = f"""@base <https://w3id.org/migov/graph/{_PATH}> .
@prefix actor: <https://w3id.org/migov/id/actor/> .
@prefix document: <https://w3id.org/migov/id/document/> .
@prefix dcterms: <http://purl.org/dc/terms/> .
@prefix mg: <https://w3id.org/migov/ns#> .
@prefix skos: <http://www.w3.org/2004/02/skos/core#> .
@prefix xsd: <http://www.w3.org/2001/XMLSchema#> .
<> a mg:CuratedGraph ; dcterms:license <https://creativecommons.org/licenses/by/4.0/> .
"""


def found(text: str) -> list[Finding]:
    return run(Context.change(BASE, {**FILES, _PATH: ContentFile(_PATH, (_HEAD + text).encode())}))


@pytest.mark.parametrize("end", ["", " ann@example.org"])
@pytest.mark.parametrize("text", ["x", "word ", "1", "+1 ", "a@", "a.", "<a ", "-"])
def test_a_long_text_is_searched_for_addresses(text: str, end: str) -> None:
    """A search that begins again at each of these letters would take minutes."""
    rules = {f.rule for f in found(f'actor:iom skos:note "{text * (300_000 // len(text))}{end}" .')}
    assert ("migov:e-mail" in rules) is bool(end)


@pytest.mark.parametrize("count", ["²", "9" * 5000, "-1", ""])
def test_a_count_of_lines_may_be_anything(count: str) -> None:
    text = f"""document:000 mg:lineCount "{count}"^^xsd:integer .
    [] mg:locator "000:1-{"9" * 450}" , "000:{"1," * 5000}1" ."""
    assert "migov:locator-lines" not in {finding.rule for finding in found(text)}


def test_the_likeliest_of_many_duplicates_are_told() -> None:
    text = "\n".join(
        f'actor:team-{n:03} a mg:Organisation ; skos:prefLabel "Travel Team"@en .'
        for n in range(100)
    )
    told = Counter(str(f.focus) for f in found(text) if f.rule == "migov:likely-duplicate")
    assert len(told) == 99
    assert set(told.values()) == {1, 2, 3}


def test_many_results_of_one_nameless_shape_are_reported() -> None:
    """So many nodes that hang together cannot be compared, and need not be laid out."""
    graph, report, shape = Graph(), BNode(), BNode()
    graph.add((report, RDF.type, SH.ValidationReport))
    for number in range(300):
        result = BNode()
        graph.add((report, SH.result, result))
        graph.add((result, SH.sourceShape, shape))
        graph.add((result, SH.focusNode, URIRef(f"http://a.example/{number}")))
    written = report_turtle(Report((), graph=graph))
    assert len(list(parse(written, format=RdfFormat.TURTLE))) == 902
    assert report_turtle(Report((), graph=graph)) == written


def test_a_file_that_says_nothing_of_its_graph_is_told_at_its_beginning() -> None:
    text = "# path\n@prefix mg: <https://w3id.org/migov/ns#> .\n<http://a.example/s> a mg:Actor .\n"
    file = ContentFile(_PATH, text.encode())
    told = {
        f.rule.removeprefix("migov:"): (f.place.line, f.place.column)
        for f in run(Context.change(BASE, {**FILES, _PATH: file}))
        if f.place is not None
    }
    assert told["graph-described"] == told["missing-licence"] == (1, 1)
