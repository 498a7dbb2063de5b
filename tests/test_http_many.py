"""Pages of a graph in which very many things name the same ones."""

from __future__ import annotations

import re
import shutil
from collections.abc import Iterator

import pytest
from flask.testing import FlaskClient

from migov.engine import select
from migov.engine.published import Published, published
from migov.entities import describe
from migov.entities.linked import FIRST, MOST_LINKS
from migov.entities.lists import MOST, PART
from migov.repository import Repository, find_repository
from migov.settings import Settings
from migov.vocabulary import CONCEPT, ID, NS
from migov.web import create_app
from migov.web.ontology import terms_of

NUMBER = 2_600
"""More than a page lists, sorts or counts at once."""
PLACES = ("mar", "tun", "fra", "deu", "esp")
_PREFIXES = f"""
@prefix mg: <{NS}> .
@prefix dcterms: <http://purl.org/dc/terms/> .
@prefix skos: <http://www.w3.org/2004/02/skos/core#> .
@prefix xsd: <http://www.w3.org/2001/XMLSchema#> .
@prefix rdf: <http://www.w3.org/1999/02/22-rdf-syntax-ns#> .
"""


def _made(number: int) -> str:
    initiative = f"<{ID}initiative/many-{number}>"
    return f"""
{initiative} a mg:Programme ; skos:prefLabel "Programme {number:05}"@en , "Éveil {number:05}"@fr ;
  mg:coversPlace <{ID}place/{PLACES[number % len(PLACES)]}> ; mg:theme <{CONCEPT}theme/diaspora> ;
  mg:startEarliest "{1990 + number % 30}-01-01"^^xsd:date .
<{ID}participation/many-{number}> a mg:Participation ; mg:participationIn {initiative} ;
  mg:role <{CONCEPT}role/funder> ; mg:actor <{ID}actor/giz> .
[] a mg:Annotation ; rdf:subject {initiative} ; rdf:predicate mg:theme ;
  rdf:object <{CONCEPT}theme/diaspora> ; mg:locator "001:{1 + number % 90}" .
"""


@pytest.fixture(scope="module")
def many(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Published]:
    root = tmp_path_factory.mktemp("many")
    repository = find_repository()
    for folder in ("ontology", "shapes", "queries"):
        shutil.copytree(repository.root / folder, root / folder)
    shutil.copytree(repository.root / "data" / "places", root / "data" / "places")
    record = root / "data" / "records" / "many.ttl"
    record.parent.mkdir()
    record.write_text(_PREFIXES + "".join(map(_made, range(NUMBER))), encoding="utf-8")
    settings = Settings(cache=tmp_path_factory.mktemp("cache"), watch=0.0, inference="off")
    with published(Repository(root), settings) as opened:
        yield opened


@pytest.fixture(scope="module")
def client(many: Published) -> FlaskClient:
    settings = Settings(watch=0.0, inference="off")
    return create_app(many, settings).test_client()


HTML = {"Accept": "text/html"}


def _page(client: FlaskClient, address: str) -> str:
    response = client.get(address, headers=HTML)
    assert response.status_code == 200, address
    return response.get_data(as_text=True)


def test_a_place_that_many_name_shows_the_first_of_each_property_and_counts_all(
    client: FlaskClient, many: Published
) -> None:
    number = NUMBER // len(PLACES)
    assert number > MOST_LINKS
    found = describe(many.edition.house, ID + "place/mar")
    assert found.linked[NS + "coversPlace"] == number
    [covers] = [part for part in found.incoming if part.iri == NS + "coversPlace"]
    names = [value.term.value for value in covers.values]
    every = sorted(f"{ID}initiative/many-{one}" for one in range(NUMBER) if one % len(PLACES) == 0)
    assert names == every[:FIRST]
    shown = _page(client, "/id/place/mar")
    assert f"The first of {number:,} statements." in shown.replace("\u202f", ",")
    assert f"premières de {number}" in _page(client, "/id/place/mar?lang=fr").replace("\u202f", "")


def test_what_few_name_is_listed_whole(client: FlaskClient) -> None:
    shown = _page(client, "/id/initiative/many-7")
    assert "The first of" not in shown
    assert "/id/participation/many-7" not in shown  # told as who takes part
    assert "001:8" in shown.replace("\u200b", "")


def test_a_busy_actor_has_the_first_of_its_participations_and_their_number(
    client: FlaskClient, many: Published
) -> None:
    found = describe(many.edition.house, ID + "actor/giz")
    assert found.taking == NUMBER
    assert len(found.participations) == FIRST
    assert "participations." in _page(client, "/id/actor/giz")


def test_annotations_without_a_name_are_counted_with_what_they_say(many: Published) -> None:
    found = describe(many.edition.house, CONCEPT + "theme/diaspora")
    assert found.linked == {NS + "theme": NUMBER}
    [theme] = found.incoming
    locators = {claim.locator for value in theme.values for claim in value.claims}
    assert len(theme.values) == FIRST
    assert None not in locators


def test_parts_of_a_long_list_have_everything_once(client: FlaskClient, many: Published) -> None:
    assert NUMBER > MOST
    address: str | None = "/id/participation"
    found: list[str] = []
    parts = 0
    while address:
        shown = _page(client, address)
        assert "There are too many to sort" in shown
        found += re.findall(r'<a href="(/id/participation/[^"?]+)"', shown)
        onward = re.search(r'rel="next" href="([^"]+)"', shown)
        address = onward[1] if onward else None
        parts += 1
    assert parts == -(-NUMBER // PART)
    assert sorted(found) == sorted(f"/id/participation/many-{one}" for one in range(NUMBER))


def test_a_short_list_stays_one_list_in_order(client: FlaskClient) -> None:
    shown = _page(client, "/id/place")
    assert "too many to sort" not in shown
    assert 'rel="next"' not in shown


@pytest.mark.parametrize("offset", ["-1", "x", "1e3"])
def test_an_offset_that_is_none_is_told(client: FlaskClient, offset: str) -> None:
    assert client.get(f"/id/participation?offset={offset}", headers=HTML).status_code == 422


def test_past_the_last_part_there_is_a_way_back(client: FlaskClient) -> None:
    assert "past the last" in _page(client, "/id/participation?offset=100000")


def test_unknown_things_are_told_among_many(client: FlaskClient) -> None:
    response = client.get("/id/place/morroco", headers=HTML)
    assert response.status_code == 404
    assert "place:mar" in response.get_data(as_text=True)


def test_the_ontology_is_read_by_what_its_terms_are(many: Published) -> None:
    text = f'SELECT DISTINCT ?s {{ ?s ?p ?o FILTER(isIRI(?s) && STRSTARTS(STR(?s), "{NS}")) }}'
    every = {row["s"].value for row in select(many.edition.house, text)}
    assert {term.iri for term in terms_of(many.edition.house)} == every
    assert len(every) > 100
