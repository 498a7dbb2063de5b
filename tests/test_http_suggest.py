"""What the search box suggests, over HTTP."""

from __future__ import annotations

from typing import Any

import pytest
from flask.testing import FlaskClient
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st


def suggested(client: FlaskClient, text: str, **headers: str) -> list[dict[str, Any]]:
    response = client.get("/suggest", query_string={"q": text}, headers=headers)
    assert response.status_code == 200
    assert response.mimetype == "application/json"
    found: list[dict[str, Any]] = response.get_json()["suggestions"]
    return found


@pytest.mark.parametrize(
    ("typed", "expected"),
    [
        ("moro", "place/mar"),
        ("Maroc", "place/mar"),
        ("marruecos", "place/mar"),
        ("المغرب", "place/mar"),
        ("MAR", "place/mar"),
        ("504", "place/mar"),
        ("Q1028", "place/mar"),
        ("xm-dac-47066", "actor/iom"),
        ("oim", "actor/iom"),
        ("thamm", "initiative/thamm"),
        ("cote d'iv", "place/civ"),
    ],
)
def test_names_in_any_language_codes_and_identifiers(
    client: FlaskClient, typed: str, expected: str
) -> None:
    found = [entry["iri"].partition("/id/")[2] for entry in suggested(client, typed)]
    assert expected in found
    assert len(found) <= 8


def test_each_is_ready_to_show(client: FlaskClient) -> None:
    first = suggested(client, "oim", **{"Accept-Language": "fr"})[0]
    assert first["label"] == "Organisation internationale pour les migrations (OIM)"
    assert first["language"] == "fr"
    assert first["type"] == "Organisation"
    assert client.get(first["url"], headers={"Accept": "text/html"}).status_code == 200


def test_the_named_language_stays(client: FlaskClient) -> None:
    response = client.get("/suggest?q=maroc&lang=fr")
    assert all("lang=fr" in entry["url"] for entry in response.get_json()["suggestions"])


@pytest.mark.parametrize("text", ["", " ", "…", "zzzzqq", "a", '" OR *', "<script>"])
def test_nothing_to_suggest_is_an_empty_list(client: FlaskClient, text: str) -> None:
    assert isinstance(suggested(client, text), list)


def test_too_long(client: FlaskClient) -> None:
    assert client.get("/suggest", query_string={"q": "x" * 201}).status_code == 422


@settings(
    max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(st.text(max_size=40))
def test_any_text_is_answered(client: FlaskClient, text: str) -> None:
    suggested(client, text)
