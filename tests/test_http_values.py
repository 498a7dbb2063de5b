"""Values of parameters over HTTP mean what they mean on the command line."""

from __future__ import annotations

import httpx
import pytest


def answer(endpoint: str, slug: str, **values: str) -> httpx.Response:
    return httpx.get(f"{endpoint}/queries/{slug}.json", params=values)


@pytest.mark.parametrize("value", ["MAR", "MA", "504", "Morocco", "maroc", "place/mar"])
def test_a_country_goes_by_its_codes_and_names(endpoint: str, value: str) -> None:
    given = answer(endpoint, "initiatives-of-country", country=value)
    assert given.status_code == 200
    assert given.json() == answer(endpoint, "initiatives-of-country", country="mar").json()


def test_an_unknown_name_is_answered_with_names(endpoint: str) -> None:
    response = answer(endpoint, "initiatives-of-country", country="morroco")
    assert response.status_code == 422
    document = response.json()
    assert "mar (Morocco)" in document["hint"]
    assert document["parameters"][0]["suggestions"][0] == "mar"
    assert document["parameters"][0]["labels"]["mar"] == "Morocco"


def test_a_field_left_empty_means_any(endpoint: str) -> None:
    every = answer(endpoint, "initiatives-of-country", country="").json()["results"]["bindings"]
    one = answer(endpoint, "initiatives-of-country", country="mar").json()["results"]["bindings"]
    assert len(every) > len(one)


def test_a_period_that_ends_before_it_begins_is_refused(endpoint: str) -> None:
    period = {"from": "2020", "to": "2019"}
    response = answer(endpoint, "initiatives-between-dates", **period)
    assert response.status_code == 422
    assert "from is “2020”" in response.json()["detail"]


def test_what_is_required_is_asked_for_with_an_example(endpoint: str) -> None:
    response = answer(endpoint, "facts-of-initiative")
    assert response.status_code == 422
    assert "such as iom-lm-0416" in response.json()["detail"]
