"""`/reconcile` as OpenRefine and its kin use it."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import httpx
import pytest
import yaml

from json_schema import conforms_to

_SHAPES = {
    version: yaml.safe_load(
        (Path(__file__).parent / "reconciliation" / f"{version}.yaml").read_text(encoding="utf-8")
    )
    for version in ("0.2", "1.0-draft")
}


def fits(version: str, name: str, document: Any) -> None:
    shapes = _SHAPES[version]
    conforms_to({**shapes[name], "$defs": shapes["$defs"]}, document)


def asked(endpoint: str, lang: str = "", /, **query: Any) -> list[dict[str, Any]]:
    """Return the candidates for one query of a 0.2 batch, checked against the specification."""
    response = httpx.post(
        f"{endpoint}/reconcile{lang}", data={"queries": json.dumps({"q0": query})}
    )
    assert response.status_code == 200, response.text
    fits("0.2", "results", response.json())
    found: list[dict[str, Any]] = response.json()["q0"]["result"]
    return found


def test_the_address_that_users_paste_gives_the_manifest(endpoint: str) -> None:
    manifest = httpx.get(f"{endpoint}/reconcile").json()
    fits("0.2", "manifest", manifest)
    assert manifest["identifierSpace"] == "https://w3id.org/migov/"
    assert manifest["suggest"]["entity"]["service_url"].startswith(endpoint)
    french = httpx.get(f"{endpoint}/reconcile/fr").json()
    assert french["suggest"]["entity"]["service_url"].endswith("/reconcile/fr")
    assert french["defaultTypes"][0]["name"] == "Pays ou territoire"


def test_the_draft_has_a_manifest_of_its_own(endpoint: str) -> None:
    manifest = httpx.get(f"{endpoint}/reconcile/1.0-draft").json()
    fits("1.0-draft", "manifest", manifest)


@pytest.mark.parametrize(
    "name",
    ["Morocco", "Maroc", "Marruecos", "المغرب", "MOROCCO ", "Marrocco", "Moroco", "MAR"],
)
def test_a_country_is_found_by_its_names_in_four_languages_and_misspelt(
    endpoint: str, name: str
) -> None:
    best = asked(endpoint, query=name, type="ns#Country")[0]
    assert best["id"] == "id/place/mar"


def test_a_whole_name_is_certain_and_an_acronym_or_a_shared_name_is_not(endpoint: str) -> None:
    assert asked(endpoint, query="Organisation mondiale de la santé")[0]["match"] is True
    assert asked(endpoint, query="OMS")[0]["id"] == "id/actor/who"
    assert asked(endpoint, query="OMS")[0]["match"] is False
    assert {each["match"] for each in asked(endpoint, query="Congo")} == {False}


def test_a_score_is_the_sum_of_its_features(endpoint: str) -> None:
    for query in ({"query": "Tunisie"}, {"query": "Ministry of Labour"}, {"query": "Oxford"}):
        for each in asked(endpoint, **query):
            points = sum(feature["value"] for feature in each["features"])
            assert each["score"] == pytest.approx(min(100, max(0, points)), abs=0.11)


def test_types_narrow_what_is_found(endpoint: str) -> None:
    assert {
        each["type"][0]["id"] for each in asked(endpoint, query="Tunisia", type="ns#Country")
    } == {"ns#Country"}
    places = asked(endpoint, query="Morocco", type=["ns#Place", "ns#Corridor"])
    assert {kind["id"] for each in places for kind in each["type"]} > {"ns#Country"}
    assert asked(endpoint, query="Morocco", type="ns#Nothing") == []
    both = {"type": ["ns#Mechanism", "ns#Organisation"], "type_strict": "all"}
    assert [each["id"] for each in asked(endpoint, query="GHWA", **both)] == ["id/initiative/ghwa"]


def test_properties_tell_namesakes_apart(endpoint: str) -> None:
    by_code = {"properties": [{"pid": "ns#isoAlpha3", "v": "COD"}]}
    best = asked(endpoint, query="Congo", **by_code)[0]
    assert (best["id"], best["match"]) == ("id/place/cod", True)
    by_region = {"properties": [{"pid": "ns#within", "v": {"id": "id/place/maghreb"}}]}
    first = asked(endpoint, query="Maroc", **by_region)[0]
    assert "property-ns#within" in {feature["id"] for feature in first["features"]}
    alone = asked(endpoint, properties=by_code["properties"])
    assert [each["id"] for each in alone] == ["id/place/cod"]


def test_a_batch_by_get_answers_every_key(endpoint: str) -> None:
    batch = {f"q{number}": {"query": "ILO", "limit": 1} for number in range(10)}
    answer = httpx.get(f"{endpoint}/reconcile", params={"queries": json.dumps(batch)}).json()
    assert list(answer) == list(batch)
    assert {len(each["result"]) for each in answer.values()} == {1}


def test_the_draft_answers_in_the_language_of_each_query(endpoint: str) -> None:
    name = {"matchType": "name", "propertyValue": "Tunisia"}
    code = {"matchType": "property", "propertyId": "ns#isoAlpha2", "propertyValue": "TN"}
    queries = [
        {"conditions": [name], "type": "ns#Country", "lang": "fr"},
        {"conditions": [name, {**code, "required": True}], "lang": "ar"},
        {"conditions": [{"matchType": "id", "propertyValue": "id/place/tun"}]},
        {"conditions": [name, {**code, "propertyValue": "MA", "required": True}]},
    ]
    response = httpx.post(f"{endpoint}/reconcile/1.0-draft/match", json={"queries": queries})
    fits("1.0-draft", "results", response.json())
    found = [each["candidates"] for each in response.json()["results"]]
    assert [each[0]["name"] for each in found[:3]] == ["Tunisie", "تونس", "Tunisia"]
    # The code that is required decides; that the name is another country's makes it uncertain.
    assert [(each["id"], each["match"]) for each in found[3]] == [("id/place/mar", False)]


@pytest.mark.parametrize("base", ["/reconcile", "/reconcile/1.0-draft"])
def test_typing_brings_entities_types_and_properties(endpoint: str, base: str) -> None:
    for kind, prefix, expected in (
        ("entity", "moro", "id/place/mar"),
        ("entity", "id/place/mar", "id/place/mar"),
        ("type", "count", "ns#Country"),
        ("property", "iso", "ns#isoAlpha2"),
    ):
        url = f"{endpoint}{base}/suggest/{kind}"
        document = httpx.get(url, params={"prefix": prefix}).json()
        fits("0.2", "suggestions", document)
        assert expected in [each["id"] for each in document["result"]]


def test_flyouts_and_previews_say_what_a_thing_is(endpoint: str) -> None:
    flyout = httpx.get(f"{endpoint}/reconcile/fr/flyout/entity", params={"id": "id/actor/who"})
    assert "Organisation mondiale de la Santé" in flyout.json()["html"]
    preview = httpx.get(f"{endpoint}/reconcile/preview", params={"id": "id/place/mar"})
    assert "Q1028" in preview.text
    assert "frame-ancestors *" in preview.headers["Content-Security-Policy"]


def test_only_previews_may_stand_in_frames_of_others(endpoint: str) -> None:
    for path in ("/reconcile/preview", "/reconcile/fr/preview", "/reconcile/1.0-draft/preview"):
        headers = httpx.get(endpoint + path, params={"id": "id/place/mar"}).headers
        assert "X-Frame-Options" not in headers
        assert "frame-ancestors *" in headers["Content-Security-Policy"]
        assert "script-src" not in headers["Content-Security-Policy"]
        assert "default-src 'none'" in headers["Content-Security-Policy"]
        # A preview that cannot be shown is an error page like any other.
        refused = httpx.get(endpoint + path, params={"id": "id/place/nowhere"}).headers
        assert refused["X-Frame-Options"] == "DENY"
    for path in (
        "/reconcile",
        "/reconcile/flyout/entity?id=id/place/mar",
        "/id/place/mar",
        "/links/review",
        "/changes",
    ):
        headers = httpx.get(endpoint + path, headers={"Accept": "*/*"}).headers
        assert headers["X-Frame-Options"] == "DENY", path
        assert "frame-ancestors 'none'" in headers["Content-Security-Policy"]


def test_columns_are_extended_in_both_versions(endpoint: str) -> None:
    wanted = {
        "ids": ["id/place/mar", "id/actor/who", "id/initiative/amicall", "id/place/nowhere"],
        "properties": [
            {"id": "ns#isoAlpha2"},
            {"id": "concept/identifier-scheme/wikidata"},
            {"id": "ns#startEarliest"},
            {"id": "ns#scope"},
        ],
    }
    response = httpx.post(f"{endpoint}/reconcile", data={"extend": json.dumps(wanted)})
    fits("0.2", "extension", response.json())
    rows = response.json()["rows"]
    assert rows["id/place/mar"]["ns#isoAlpha2"] == [{"str": "MA"}]
    assert rows["id/actor/who"]["concept/identifier-scheme/wikidata"] == [{"str": "Q7817"}]
    assert "date" in rows["id/initiative/amicall"]["ns#startEarliest"][0]
    assert rows["id/initiative/amicall"]["ns#scope"][0]["id"] == "concept/scope/transnational"
    assert set(map(len, rows["id/place/nowhere"].values())) == {0}
    draft = httpx.post(f"{endpoint}/reconcile/1.0-draft/extend", json=wanted).json()
    fits("1.0-draft", "extension", draft)
    assert draft["rows"][0]["properties"][0] == {"id": "ns#isoAlpha2", "values": [{"str": "MA"}]}
    proposals = httpx.get(f"{endpoint}/reconcile/properties", params={"type": "ns#Country"}).json()
    fits("0.2", "properties", proposals)


@pytest.mark.parametrize(
    ("queries", "said"),
    [
        ('{"q0":', "queries is not JSON, line 1, column 7"),
        ("[1]", "queries is not what was expected: an object"),
        ('{"q0": {}}', "q0 is not what was expected"),
        ('{"q0": {"query": 5}}', "q0.query"),
        ('{"q0": {"query": "x", "limit": "many"}}', "q0.limit"),
        ('{"q0": {"query": "x", "type_strict": "perhaps"}}', "q0.type_strict"),
        ('{"q0": {"query": "x", "properties": [{"pid": "p"}]}}', "q0.properties[0]"),
        (json.dumps({str(n): {"query": "x"} for n in range(101)}), "101 queries"),
        (json.dumps({"q": {"query": "x" * 1001}}), "at most 1,000 characters"),
        (json.dumps({str(n): {"query": "x " * 251} for n in range(20)}), "10,040 letters of names"),
        (
            json.dumps({"q": {"properties": [{"pid": "ns#m49", "v": ["1"] * 201}]}}),
            "201 values of properties",
        ),
        ("[" * 5000, "not JSON"),
    ],
)
def test_a_wrong_batch_gets_one_clear_error(endpoint: str, queries: str, said: str) -> None:
    response = httpx.post(f"{endpoint}/reconcile", data={"queries": queries})
    assert response.status_code == 422
    assert response.headers["Content-Type"] == "application/problem+json"
    assert said in response.json()["detail"]


def test_hostile_texts_find_nothing_and_harm_nothing(endpoint: str) -> None:
    for text in ("<script>", '"} } # ', "\u202e" * 50, "a " * 400, "%00", "' OR 1=1", "ﷺ" * 300):
        assert isinstance(asked(endpoint, query=text), list)
    signs = {"properties": [{"pid": "ns#isoAlpha3", "v": "MAR"}]}
    assert asked(endpoint, query="!?", **signs)[0]["id"] == "id/place/mar"
    id = "id/place/<script>alert(1)</script>"
    response = httpx.get(f"{endpoint}/reconcile/preview", params={"id": id})
    assert response.status_code == 404
    assert "<script>" not in response.text or "json" in response.headers["Content-Type"]


def test_a_draft_question_with_hundreds_of_names_is_refused(endpoint: str) -> None:
    names = {"matchType": "name", "propertyValue": ["Morocco"] * 201}
    response = httpx.post(
        f"{endpoint}/reconcile/1.0-draft/match", json={"queries": [{"conditions": [names]}]}
    )
    assert response.status_code == 422
    assert "201 names" in response.json()["detail"]


def test_what_is_too_long_for_a_name_begins_none(endpoint: str) -> None:
    response = httpx.get(f"{endpoint}/reconcile/suggest/entity", params={"prefix": "mor " * 300})
    assert response.json()["result"] == []


def test_a_post_without_a_batch_says_what_to_send(endpoint: str) -> None:
    response = httpx.post(f"{endpoint}/reconcile", data={"query": "Morocco"})
    assert response.status_code == 422
    assert "queries" in response.json()["detail"]


def test_other_pages_may_ask_and_frame_the_preview(endpoint: str) -> None:
    response = httpx.options(f"{endpoint}/reconcile", headers={"Origin": "http://127.0.0.1:3333"})
    assert response.headers["Access-Control-Allow-Origin"] == "*"
    assert "POST" in response.headers["Access-Control-Allow-Methods"]
