"""`migov query`: what it shows, in which format, in which language."""

from __future__ import annotations

import csv
import io
import json
from pathlib import Path

import pytest
from pyoxigraph import RdfFormat, parse

from cli_runner import ROOT, migov
from migov.catalogue import load_catalogue

FUNDERS = "SELECT ?actor { ?p mg:role role:funder ; mg:actor ?actor } ORDER BY ?actor"


def test_the_first_question_of_all() -> None:
    result = migov("query", "who-funds-and-implements", "--country", "mar", columns=120)
    assert result.code == 0
    for text in ("European Union", "financé par", "004:10", "stated"):
        assert text in result.out
    assert result.err.strip().endswith(" s")
    assert "rows in" in result.err


@pytest.mark.parametrize("columns", [60, 80, 120, 200])
def test_nothing_is_wider_than_the_terminal(columns: int) -> None:
    for slug in ("who-funds-and-implements", "budgets", "themes-by-number-of-initiatives"):
        result = migov("query", slug, columns=columns)
        assert result.code == 0
        assert max(len(line) for line in result.out.splitlines()) <= columns


def test_labels_come_in_the_language_asked_for() -> None:
    english = migov("query", "who-funds-and-implements", "--lang", "en").out
    french = migov("query", "who-funds-and-implements", "--lang", "fr").out
    assert "European Union" in english
    assert "Union européenne" in french
    assert "Union européenne" in migov("query", FUNDERS, "--lang", "fr").out


def test_a_parameter_can_be_given_in_three_ways() -> None:
    ways = (
        ("--country", "tun"),
        ("--country=tun",),
        ("-p", "country=tun"),
    )
    answers = [migov("query", "initiatives-of-country", *way, "-f", "csv").body for way in ways]
    assert answers[0] == answers[1] == answers[2]
    assert answers[0] != migov("query", "initiatives-of-country", "-f", "csv").body


def test_formats_of_solutions() -> None:
    table = csv.reader(io.StringIO(migov("query", "budgets", "-f", "csv").out))
    assert next(table)[0] == "initiative"
    document = json.loads(migov("query", "budgets", "-f", "json").body)
    assert len(document["results"]["bindings"]) == 1
    assert migov("query", "budgets", "--format", "tsv").out.startswith("?initiative\t")
    assert migov("query", "budgets", "-f", "xml").out.startswith("<?xml")


def test_a_graph_comes_as_turtle_with_the_prefixes_it_needs() -> None:
    result = migov("query", "CONSTRUCT { actor:ilo a ?c } WHERE { actor:ilo a ?c }")
    assert result.code == 0
    assert len(list(parse(result.body, format=RdfFormat.TURTLE))) == 1
    assert "@prefix dcat:" not in result.out
    ntriples = migov("query", "CONSTRUCT WHERE { actor:ilo a ?c }", "-f", "nt").body
    assert len(list(parse(ntriples, format=RdfFormat.N_TRIPLES))) == 1
    wrong = migov("query", "CONSTRUCT WHERE { actor:ilo a ?c }", "-f", "csv")
    assert wrong.code == 2


def test_files_and_standard_input(tmp_path: Path) -> None:
    file = tmp_path / "funders.rq"
    file.write_text(FUNDERS)
    answer = migov("query", FUNDERS, "-f", "csv").body
    assert answer.count(b"\n") > 3
    assert migov("query", file, "-f", "csv").body == answer
    assert migov("query", "-", "-f", "csv", stdin=FUNDERS.encode()).body == answer
    canned = migov("query", ROOT / "queries" / "budgets.rq", "-f", "csv")
    assert canned.body == migov("query", "budgets", "-f", "csv").body
    assert migov("query", "-", stdin=b"\xff").code == 2


def test_inferred_rows_join_on_request() -> None:
    text = "SELECT * { ?i mg:fundedBy ?a }"
    assert "0 rows" in migov("query", text).err
    assert "0 rows" not in migov("query", text, "--inferred").err


def test_a_truth_value_is_a_word() -> None:
    assert migov("query", "ASK { actor:ilo a mg:Organisation }").out == "true\n"
    assert migov("query", "ASK { actor:ilo a mg:Country }").out == "false\n"


def test_every_canned_query_is_listed_described_and_answered_with_its_example() -> None:
    listing = migov("query").out
    catalogue = load_catalogue(ROOT / "queries")
    for slug, query in catalogue.items():
        assert slug in listing
        described = migov("query", slug, "--describe", "--lang", "fr", columns=300).out
        assert query.title["fr"] in described
        assert all(f"--{parameter.name}" in described for parameter in query.parameters)


def test_the_text_of_a_canned_query_can_be_seen_with_its_values() -> None:
    result = migov("query", "initiatives-of-country", "--country", "tun", "--sparql")
    assert "<https://w3id.org/migov/id/place/tun>" in result.out
    assert "#+" not in result.out
