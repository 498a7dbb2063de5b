"""`/resolve`: from an identifier to our entity, and back."""

from __future__ import annotations

import httpx
import pytest
from flask.testing import FlaskClient

MOROCCO = "https://w3id.org/migov/id/place/mar"


@pytest.mark.parametrize(
    "identifier",
    ["wikidata:Q1028", "iso-alpha2:MA", "iso-alpha3:MAR", "m49:504", "geonames:2542007"],
)
def test_an_identifier_leads_to_ours(endpoint: str, identifier: str) -> None:
    answer = httpx.get(f"{endpoint}/resolve", params={"identifier": identifier})
    (entity,) = answer.json()["entities"]
    assert entity["iri"] == MOROCCO
    assert identifier in entity["identifiers"]


@pytest.mark.parametrize(
    "iri",
    [
        "http://www.wikidata.org/entity/Q1028",
        "https://www.wikidata.org/wiki/Q1028",
        "http://publications.europa.eu/resource/authority/country/MAR",
        "https://publications.europa.eu/resource/authority/country/MAR",
        MOROCCO,
    ],
)
def test_an_iri_of_any_register_leads_to_ours(endpoint: str, iri: str) -> None:
    answer = httpx.get(f"{endpoint}/resolve", params={"iri": iri})
    (entity,) = answer.json()["entities"]
    assert entity["iri"] == MOROCCO
    assert "http://www.wikidata.org/entity/Q1028" in entity["links"]


def test_spaces_and_missing_zeros_are_understood(endpoint: str) -> None:
    for identifier, slug in (("isni:0000 0001 2163 3745", "actor/who"), ("m49:12", "place/dza")):
        answer = httpx.get(f"{endpoint}/resolve", params={"identifier": identifier})
        assert answer.json()["entities"][0]["path"] == f"/id/{slug}"


def test_a_browser_is_led_to_the_page_in_its_language(endpoint: str) -> None:
    answer = httpx.get(
        f"{endpoint}/resolve",
        params={"identifier": "ror:01f80g185", "lang": "fr"},
        headers={"Accept": "text/html"},
    )
    assert (answer.status_code, answer.headers["Location"]) == (303, "/id/actor/who?lang=fr")


@pytest.mark.parametrize(
    ("parameters", "status", "said"),
    [
        ({}, 422, "either iri or identifier"),
        ({"iri": "http://a", "identifier": "b:c"}, 422, "either iri or identifier"),
        ({"identifier": "Q1028"}, 422, "names no scheme"),
        ({"identifier": "nothing:1"}, 422, "names no scheme"),
        ({"identifier": "ror:01f80g158"}, 422, "fails its own check"),
        ({"identifier": "wikidata:Paris"}, 422, "has another form"),
        ({"identifier": "wikidata:Q1"}, 404, "Nothing here is known as wikidata:Q1"),
        ({"iri": "http://example.org/<script>"}, 404, "Nothing here is known"),
    ],
)
def test_what_cannot_be_resolved_says_why(
    endpoint: str, parameters: dict[str, str], status: int, said: str
) -> None:
    answer = httpx.get(f"{endpoint}/resolve", params=parameters)
    assert answer.status_code == status
    assert said in answer.json()["detail"]


def test_a_page_says_who_decided_on_links_and_shows_no_rejected_one(
    client: FlaskClient,
) -> None:
    html = {"Accept": "text/html"}
    text = client.get("/id/actor/icmpd", headers=html).get_data(as_text=True)
    links = text[text.index('id="links"') :].partition("</section>")[0]
    assert "https://ror.org/" in links
    assert "2026-11-22, The migov maintainers" in links
    assert "confidence 1.0" in links
    assert ">ManualMappingCuration</a>" in links
    assert "ROR record" in links
    rejected = client.get("/id/actor/compas", headers=html).get_data(as_text=True)
    assert "https://ror.org/052gg0110" not in rejected
    assert 'id="links"' not in rejected
