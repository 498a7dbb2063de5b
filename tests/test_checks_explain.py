"""A finding of SHACL says where, about what, what is expected, and how to mend it."""

from __future__ import annotations

from functools import cache
from pathlib import Path

import pytest
from rdflib import XSD, Graph

from migov.dataset import ContentFile, content_files, shape_files
from migov.gate.checks import State
from migov.gate.explain import Explainer
from migov.gate.report import Finding
from migov.gate.repository import union
from migov.gate.validation import validate
from migov.repository import find_repository

ROOT = Path(__file__).resolve().parent.parent
EXAMPLES = ROOT / "tests" / "shapes"
PATH = "data/records/gfmd/example.ttl"


@cache
def _shapes() -> Graph:
    return union(shape_files(find_repository(ROOT)))


@cache
def _base() -> State:
    files = {
        file.path: file
        for file in content_files(find_repository(ROOT))
        if file.path.startswith("ontology/")
    }
    common = ContentFile("data/common.ttl", (EXAMPLES / "common.ttl").read_bytes())
    return State({**files, common.path: common})


def explained(content: bytes) -> list[Finding]:
    """Return the findings about one file among the things of the examples of shapes."""
    state = State({**_base().files, PATH: ContentFile(PATH, content)}, _base())
    report = validate(union(state.files.values()), _shapes())
    findings = Explainer(_shapes(), state).explain_all(report.findings)
    return [f for f in findings if f.place is not None and f.place.source == PATH]


# Each example of a shape: place, label, what is expected, an example of a right triple, edits.
CASES = {
    "end-date/invalid-latest-datatype": (
        (20, 18), "Study tour", "a literal of xsd:date",
        'event:launch mg:endLatest "2020-12-31"^^xsd:date .', [],
    ),
    "initiative/invalid-member-type-node": (
        (36, 19), "Study tour", "a concept of actor-type:", None,
        [("actor-type:donors", "actor-type:donor")],
    ),
    "country/invalid-m49-pattern": (
        (13, 12), "Tunisia", "a text like ^[0-9]{3}$", 'place:mar mg:m49 "504" .',
        [('"78"', '"078"')],
    ),
    "participation/invalid-certainty-minCount": (
        (11, 1), None, "at least 1, a concept of certainty:", None, [],
    ),
    "participation/invalid-role-node": (
        (15, 13), None, "a concept of role:", None, [("role:hosting", "role:host")],
    ),
    "external-identifier/invalid-scheme-maxCount": (
        (11, 44), "ILO", "at most 1, a concept of identifier-scheme:",
        "[] mg:scheme identifier-scheme:iom-node .", [],
    ),
    "annotation/invalid-node-closed": (
        (19, 5), "Programme", None, None, [],
    ),
    "corridor/invalid-two-ends-disjoint": (
        (12, 23), "Germany to Rabat", "no value of mg:corridorDestination", None, [],
    ),
    "curated-graph/invalid-title-datatype": (
        (10, 43), None, "a text with a language tag", None, [],
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", CASES)
def test_a_finding_is_explained(name: str) -> None:
    at, label, expects, example, edits = CASES[name]
    findings = explained((EXAMPLES / f"{name}.ttl").read_bytes())
    matching = [f for f in findings if f.place is not None and (f.place.line, f.place.column) == at]
    assert matching, [str(finding.place) for finding in findings]
    finding = matching[0]
    assert finding.label.get("en") == label
    if expects is not None:
        assert finding.expected["en"] == expects
        assert finding.expected["fr"]
    if example is not None:
        assert finding.example == example
    assert [(edit.old, edit.new) for edit in finding.edits] == edits


def test_every_finding_about_an_example_has_a_line_and_a_column() -> None:
    names = sorted(EXAMPLES.glob("*/invalid-*.ttl"))[::29]
    assert len(names) > 8
    for name in names:
        for finding in explained(name.read_bytes()):
            assert finding.place is not None
            assert finding.place.line is not None, name
            assert finding.place.column is not None
            assert finding.expected.keys() in (set(), {"en", "fr"})


ILL_TYPED = b"""@prefix initiative: <https://w3id.org/migov/id/initiative/> .
@prefix mg: <https://w3id.org/migov/ns#> .
@prefix xsd: <http://www.w3.org/2001/XMLSchema#> .

initiative:programme
    mg:startDate "2020"^^xsd:gYear ;
    mg:startEarliest "2020-1-1"^^xsd:date ;
    mg:startLatest "2020-12-31"^^xsd:date .
initiative:study-tour
    mg:endDate "2020"^^xsd:gYear ;
    mg:endEarliest "2020-12-31"^^xsd:date ;
    mg:endLatest "2020-01-01"^^xsd:date .
"""


def test_an_ill_typed_date_does_not_keep_shacl_from_the_rest() -> None:
    findings = explained(ILL_TYPED)
    found = {
        (f.place.line if f.place else None, (f.component or "").rpartition("#")[2])
        for f in findings
    }
    assert (7, "DatatypeConstraintComponent") in found
    assert (7, "LessThanOrEqualsConstraintComponent") in found
    assert (11, "LessThanOrEqualsConstraintComponent") in found
    (mendable,) = [f for f in findings if f.edits]
    assert [edit.new for edit in mendable.edits] == ['"2020-01-01"^^xsd:date']


def test_what_is_too_much_is_what_a_change_added() -> None:
    path = EXAMPLES / "external-identifier" / "invalid-scheme-maxCount.ttl"
    text = path.read_text(encoding="utf-8")
    before = State({**_base().files, PATH: ContentFile(PATH, b"")}, _base())
    after = State({**before.files, PATH: ContentFile(PATH, text.encode())}, before)
    report = validate(union(after.files.values()), _shapes())
    findings = Explainer(_shapes(), after, before).explain_all(report.findings)
    assert [f.place.column for f in findings if f.place and f.place.source == PATH] == [44]


@pytest.mark.parametrize("prefix", ["xsd", "x"])
def test_an_edit_uses_no_prefix_that_the_file_lacks(prefix: str) -> None:
    example = EXAMPLES / "start-date" / "invalid-stated-month-one-digit-or.ttl"
    text = example.read_text(encoding="utf-8").replace("xsd:", f"{prefix}:")
    news = [edit.new for f in explained(text.encode()) for edit in f.edits]
    datatype = "xsd:gYearMonth" if prefix == "xsd" else f"<{XSD.gYearMonth}>"
    assert f'"2018-03"^^{datatype}' in news
    assert prefix == "xsd" or not any("^^xsd:" in new for new in news)


def test_a_second_label_of_a_language_stands_where_the_change_put_it() -> None:
    prefixes = (
        "@prefix initiative: <https://w3id.org/migov/id/initiative/> .\n"
        "@prefix mg: <https://w3id.org/migov/ns#> .\n"
        "@prefix skos: <http://www.w3.org/2004/02/skos/core#> .\n"
    )
    first = ContentFile("data/records/gfmd/a.ttl", (
        prefixes + 'initiative:x a mg:Project ; skos:prefLabel "One"@en , "Un"@fr .\n'
    ).encode())  # fmt: skip
    last = ContentFile("data/records/ilo/b.ttl", (
        prefixes + 'initiative:x skos:prefLabel "Un"@fr .\n'
    ).encode())  # fmt: skip
    before = State({**_base().files, first.path: first, last.path: last}, _base())
    changed = ContentFile(first.path, first.content.replace(b'"Un"@fr', b'"Deux"@fr , "One"'))
    after = State({**before.files, first.path: changed}, before)
    report = validate(union(after.files.values()), _shapes())
    (found,) = [
        finding
        for finding in Explainer(_shapes(), after, before).explain_all(report.findings)
        if (finding.component or "").endswith("UniqueLangConstraintComponent")
    ]
    assert found.place is not None
    assert (found.place.source, found.place.line) == (first.path, 4)
    assert found.place.column == changed.content.decode().splitlines()[3].index('"Deux"') + 1
