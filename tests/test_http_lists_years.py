"""A range of years in a list: from and to, in the address, with the other facets."""

from __future__ import annotations

import re
from typing import Any
from urllib.parse import urlencode
from xml.etree import ElementTree as Xml

import pytest
from flask.testing import FlaskClient
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st
from markupsafe import Markup

from migov.engine import Engine, select
from migov.vocabulary import NS

HTML = {"Accept": "text/html"}
ATOM = "{http://www.w3.org/2005/Atom}"
YEARS = st.none() | st.integers(1985, 2026)


def document(client: FlaskClient, **fields: object) -> dict[str, Any]:
    given = {name: value for name, value in fields.items() if value is not None}
    response = client.get(f"/initiatives.json?{urlencode(given, doseq=True)}&limit=500")
    assert response.status_code == 200, response.get_data(as_text=True)
    found: dict[str, Any] = response.get_json()
    return found


def found(client: FlaskClient, **fields: object) -> set[str]:
    return {thing["iri"] for thing in document(client, **fields)["things"]}


@pytest.fixture(scope="module")
def began(engine: Engine) -> dict[str, set[int]]:
    """The years in which initiatives began or were issued, read without the lists."""
    rows = select(
        engine,
        f"""SELECT ?s ?date WHERE {{
          ?s <{NS}startEarliest>|<{NS}issuedEarliest> ?date
          FILTER(STRSTARTS(STR(?s), "https://w3id.org/migov/id/initiative/"))
        }}""",
    )
    years: dict[str, set[int]] = {}
    for row in rows:
        years.setdefault(row["s"].value, set()).add(int(row["date"].value[:4]))
    assert len(years) >= 8
    return years


@settings(
    max_examples=15,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(first=YEARS, last=YEARS)
@example(first=2010, last=2010)
@example(first=None, last=None)
def test_a_range_has_what_began_in_it(
    client: FlaskClient, began: dict[str, set[int]], first: int | None, last: int | None
) -> None:
    if first is not None and last is not None and first > last:
        first, last = last, first
    wanted = {
        iri
        for iri, years in began.items()
        if any((first or 0) <= year <= (last or 9999) for year in years)
    }
    listed = document(client, **{"from": first, "to": last})
    things = {thing["iri"] for thing in listed["things"]}
    assert listed["total"] == len(things)
    if first is None and last is None:
        assert wanted < things
    else:
        assert things == wanted


def test_a_range_is_the_decade_that_it_covers(client: FlaskClient) -> None:
    assert found(client, period=2010) == found(client, **{"from": 2010, "to": 2019}) != set()


def test_it_combines_with_facets_and_their_counts(client: FlaskClient) -> None:
    fields = {"from": 2010, "to": 2021, "country": "mar"}
    listed = document(client, **fields)
    assert listed["chosen"] == {"country": ["mar"], "from": ["2010"], "to": ["2021"]}
    things = {thing["iri"] for thing in listed["things"]}
    assert things == found(client, **{"from": 2010, "to": 2021}) & found(client, country="mar")
    counted = {choice["value"]: choice["count"] for choice in listed["facets"]["period"]}
    for decade, count in counted.items():
        assert len(found(client, period=decade, **fields)) == count
    feed = Xml.fromstring(client.get(f"/initiatives.atom?{urlencode(fields)}").data)
    assert {entry.findtext(ATOM + "id") for entry in feed.findall(ATOM + "entry")} == things
    assert "from 2010 · to 2021" in (feed.findtext(ATOM + "title") or "")


def test_a_visitor_fills_the_form_and_takes_a_bound_away(client: FlaskClient) -> None:
    text = client.get("/initiatives?country=mar&sort=latest&lang=fr", headers=HTML).text
    form = re.search(
        r'<form class="years" method="get" action="/initiatives">(.*?)</form>', text, re.S
    )
    assert form
    hidden = dict(re.findall(r'type="hidden" name="([^"]+)" value="([^"]*)"', form[1]))
    assert hidden == {"country": "mar", "sort": "latest", "lang": "fr"}
    assert re.findall(r'<input id="year-([a-z]+)"', form[1]) == ["from", "to"]
    sent = urlencode({**hidden, "from": "2010", "to": ""})
    text = client.get(f"/initiatives?{sent}", headers=HTML).text
    assert 'value="2010"' in text
    chip = re.search(
        r'<a class="chip" href="([^"]+)"[^>]*><span class="key">Début</span> '
        r"<span[^>]*>à partir de 2010<",
        text,
    )
    assert chip
    assert str(Markup(chip[1]).unescape()) == "/initiatives?country=mar&sort=latest&lang=fr"
    query = re.search(r'href="(/sparql\?[^"]+)" rel="nofollow">SPARQL', text)
    assert query
    assert "2010" in query[1]


def test_events_have_it_and_lists_without_dates_do_not(client: FlaskClient) -> None:
    assert client.get("/events.json?from=2020&to=2020").get_json()["total"] >= 1
    assert client.get("/events.json?to=1900").get_json()["total"] == 0
    assert client.get("/actors?from=2020").status_code == 422


WRONG = {
    "from=20": "from is “20”: expected a year of four digits, such as 2015.",
    "from=none": "from is “none”: expected a year of four digits, such as 2015.",
    "to=%D9%A2%D9%A0%D9%A1%D9%A0": "to is “٢٠١٠”: expected a year of four digits, such as 2015.",
    "from=%3Cb%3E": "from is “<b>”: expected a year of four digits, such as 2015.",
    "from=2015&to=2010": "The range of years begins in 2015 and ends in 2010.",
    "from=2015&from=2016": "from is given 2 times.",
}  # fmt: skip


@pytest.mark.parametrize("query", WRONG)
def test_what_is_no_range(client: FlaskClient, query: str) -> None:
    """A program gets a problem, a visitor the list with the fields to mend."""
    for suffix in (".json", ".atom"):
        response = client.get(f"/initiatives{suffix}?{query}")
        assert response.status_code == 422
        assert response.get_json(force=True)["detail"] == WRONG[query]
    response = client.get(f"/initiatives?{query}&country=mar", headers=HTML)
    assert response.status_code == 422
    assert str(Markup.escape(WRONG[query])) in response.text
    assert 'aria-invalid="true"' in response.text
    assert "/id/initiative/thamm" in response.text
    assert "<b>" not in response.text


def test_the_message_is_french_on_a_french_page(client: FlaskClient) -> None:
    text = client.get("/initiatives?from=2015&to=2010&lang=fr", headers=HTML).text
    assert "L’intervalle commence en 2015 et finit en 2010. Donnez d’abord" in text
