"""`migov query`: what it shows, in which format, in which language."""

from __future__ import annotations

import csv
import io
import json
from pathlib import Path

import pytest
from pyoxigraph import RdfFormat, parse

from cli_runner import ROOT, copy_of_content, migov
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


def test_a_graph_in_rdf_xml_declares_only_what_it_uses() -> None:
    written = migov("query", "CONSTRUCT WHERE { actor:ilo a ?c }", "-f", "rdf").out
    assert len(list(parse(written, format=RdfFormat.RDF_XML))) == 1
    assert "xmlns:mg=" in written
    assert "xmlns:dcat=" not in written


@pytest.mark.parametrize(
    "value", ["MAR", "MA", "504", "Morocco", "maroc", "Marruecos", "place:mar"]
)
def test_a_country_goes_by_its_codes_and_names(value: str) -> None:
    known = migov("query", "initiatives-of-country", "--country", "mar", "-f", "csv")
    assert known.body.count(b"\n") > 3
    given = migov("query", "initiatives-of-country", "--country", value, "-f", "csv")
    assert given.body == known.body


def test_an_empty_value_means_any() -> None:
    def rows(*arguments: str) -> list[str]:
        result = migov("query", *arguments, "-f", "csv")
        assert result.code == 0, result.err
        return result.out.splitlines()

    every = rows("initiatives-of-country", "--country", "")
    assert set(rows("initiatives-of-country", "--country", "mar")) < set(every)
    assert rows("initiatives-of-country", "--country", " ") == every
    assert len(rows("concepts-of-scheme", "--scheme", "")) > 100
    assert rows("concepts-of-scheme") == rows("concepts-of-scheme", "--scheme", "role")
    everything = migov("query", "initiative-graph", "--initiative", "", "-f", "nt").body
    assert set(migov("query", "initiative-graph", "-f", "nt").body.split(b"\n")) < set(
        everything.split(b"\n")
    )


@pytest.mark.parametrize(
    ("slug", "typed", "written"),
    [
        ("search", "evenement", "Type d’événement"),
        ("search", "main-d'oeuvre", "11e Forum de l’ASEAN sur la main-d’œuvre migrante"),
        ("search", "MAIN-D’ŒUVRE", "11e Forum de l’ASEAN sur la main-d’œuvre migrante"),
        ("country-codes", "cote d'i", "Côte d’Ivoire"),
        ("country-codes", "TÜRKIYE", "Türkiye"),
    ],
)
def test_ordinary_typing_finds_what_is_written_well(slug: str, typed: str, written: str) -> None:
    assert written in migov("query", slug, "--text", typed, "-f", "csv").out


def test_what_fits_best_is_found_first_and_each_thing_once() -> None:
    answer = migov("query", "search", "--text", "thamm", "-f", "csv").out
    rows = list(csv.DictReader(io.StringIO(answer)))
    assert (rows[0]["thing"].rpartition("/")[2], rows[0]["as"]) == ("thamm", "acronym")
    things = [row["thing"] for row in rows]
    assert len(set(things)) == len(things)
    files = ["/graph/" in thing for thing in things]
    assert files == sorted(files)
    assert any(files)


def test_a_broken_draft_keeps_no_other_question_from_its_answer(tmp_path: Path) -> None:
    copy_of_content(tmp_path)
    good = len(list((tmp_path / "queries").glob("*.rq")))
    (tmp_path / "queries" / "draft.rq").write_text("#+ title: [\n", encoding="utf-8")
    assert migov("query", "budgets", folder=tmp_path).code == 0
    listing = migov("query", folder=tmp_path)
    assert listing.code == 0
    assert f"{good} questions" in listing.out
    asked = migov("query", "draft", folder=tmp_path)
    assert asked.code == 2
    for result in (listing, asked, migov("validate", folder=tmp_path)):
        assert "\n  queries/draft.rq:" in result.err
    served = migov("serve", "--port", "0", folder=tmp_path)
    assert served.code == 2
    assert "\n  queries/draft.rq:" in served.err
