"""The 404 facts read from the source documents, each asked of the graph in SPARQL.

``facts/facts.tsv`` holds the rows, ``facts/<publisher>-<record>.rq`` one ASK per row,
``facts/relations.tsv`` the property that carries each relation, and ``facts/exceptions.tsv`` the
rows that a source line contradicts. A check names the graph of its record, the line and the
certainty of its row, so a fact in the wrong record, at another line or said with more confidence
than the source has does not pass.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator
from typing import Any

import pytest
from pyoxigraph import NamedNode

from facts_support import (
    CHECK,
    CHECKS,
    CONCEPT,
    EXCEPTIONS,
    GRAPHS,
    ID,
    NS,
    PROPERTY,
    RDF,
    RECORDS,
    ROOT,
    ROW,
    ROWS,
    Check,
    Row,
    dataset,
    failing,
)


def test_every_row_is_collected() -> None:
    assert len(ROWS) == 404
    assert len(RECORDS) == 18
    assert set(PROPERTY) == {row.relation.split(":")[0] for row in ROWS} - {"role"} | {"role:*"}
    assert [row.id for row in ROWS] == [f"F{number:03}" for number in range(1, 405)]


def test_each_row_has_one_check_and_each_check_a_row() -> None:
    assert Counter(check.id for check in CHECKS) == Counter(row.id for row in ROWS)


def test_checks_stand_in_the_order_of_the_table() -> None:
    for record in RECORDS:
        order = [check.id for check in CHECKS if check.record == record]
        assert order == sorted(order), record


def test_each_file_of_checks_is_a_record_and_each_record_has_one() -> None:
    records = ROOT / "data" / "records"
    files = {
        "-".join(path.relative_to(records).with_suffix("").parts) for path in records.rglob("*.ttl")
    }
    assert set(RECORDS) == files


def test_a_check_stands_with_the_record_that_holds_its_source_line() -> None:
    store = dataset()
    for check in CHECKS:
        extents: Iterator[Any] = store.quads_for_pattern(
            check.graph, NamedNode(f"{NS}extent"), None, check.graph
        )
        lines = {line for quad in extents for line in lines_of(quad.object.value)}
        lines |= category_lines(check)
        wanted = set(lines_of(ROW[check.id].source))
        assert wanted <= lines, f"{check.id} is read from {ROW[check.id].source}"


def lines_of(locator: str) -> list[tuple[str, int]]:
    """The document and number of every line of a locator.

    >>> lines_of("002:38,64-65")
    [('002', 38), ('002', 64), ('002', 65)]
    """
    document, spans = locator.split(":")
    ends = [tuple(map(int, span.split("-"))) for span in spans.split(",")]
    return [(document, line) for span in ends for line in range(span[0], span[-1] + 1)]


def category_lines(check: Check) -> set[tuple[str, int]]:
    """The last line of a listing names the category of all its records."""
    if ROW[check.id].relation != "listed under":
        return set()
    return {("000", 49), ("001", 45)}


@pytest.mark.parametrize("check", CHECKS, ids=lambda check: check.id)
def test_a_check_asks_its_graph_for_the_line_and_certainty_of_its_row(check: Check) -> None:
    row = ROW[check.id]
    local_name = check.graph.value.rsplit("/", 1)[1]
    assert check.body.startswith(f"ASK {{ GRAPH record:{local_name} {{\n")
    assert check.body.count("GRAPH") == 1
    assert f'"{row.source}"' in check.body
    final = re.findall(r"certainty:(\w+)", check.body)[-1]
    assert final == row.certainty
    assert check.sentence.endswith("." if row.certainty == "stated" else f"({row.certainty}).")


def test_checks_use_only_terms_that_the_dataset_defines() -> None:
    """A property or concept that nothing defines could never be asked about anywhere else."""
    store = dataset()
    rdf_type = NamedNode(f"{RDF}type")
    unknown: dict[str, str] = {}
    for check in CHECKS:
        prefixes = dict(re.findall(r"PREFIX ([\w-]+): <([^>]+)>", check.prefixes))
        text = re.sub(r'"(?:[^"\\]|\\.)*"', '""', check.body)
        for prefix, name in re.findall(r"([a-z][\w-]*):([\w-]+(?:\.[\w-]+)*)", text):
            term = NamedNode(prefixes[prefix] + name)
            if not term.value.startswith((NS, ID, CONCEPT)):
                continue
            home = f"{GRAPHS}ontology/" if term.value.startswith((NS, CONCEPT)) else GRAPHS
            homes: Iterator[Any] = store.quads_for_pattern(term, rdf_type, None, None)
            if not any(quad.graph_name.value.startswith(home) for quad in homes):
                unknown.setdefault(term.value, check.id)
    assert unknown == {}


def test_exceptions_name_a_row_a_source_line_and_a_reason() -> None:
    assert set(EXCEPTIONS) <= set(ROW)
    for row in EXCEPTIONS.values():
        assert re.fullmatch(r"\d{3}:[\d,-]+", row["source"]), row
        assert row["reason"].strip(), row


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row.id)
def test_the_fact_holds_or_is_a_reviewed_exception(row: Row) -> None:
    check = CHECK[row.id]
    held = row.id not in failing()
    if row.id in EXCEPTIONS:
        assert not held, f"{row.id} holds again: take it off exceptions.tsv"
    else:
        assert held, f"{row.id} ({row.source}): {check.sentence}\n{check.body}"
