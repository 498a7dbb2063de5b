"""Pictures of answers: made on the server, with the table beside them and a file to take away."""

from __future__ import annotations

import re
from datetime import date
from xml.etree import ElementTree as Xml

import pytest
from flask.testing import FlaskClient
from hypothesis import given, settings
from hypothesis import strategies as st

from migov.web.drawing import (
    Arc,
    Area,
    Bar,
    Cell,
    Edge,
    Picture,
    Span,
    chart,
    matrix,
    network,
    standalone,
    timeline,
    within_a_page,
    worldmap,
)
from migov.web.drawing.network import layout
from migov.web.drawing.timeline import bounds_of

HTML = {"Accept": "text/html"}
SVG = "{http://www.w3.org/2000/svg}"
ADDRESSES = {
    "map": "initiatives-by-country",
    "corridors": "corridors-between-countries",
    "timeline": "initiatives-between-dates",
    "network": "actor-network",
    "matrix": "global-compact-by-country",
    "themes": "themes-by-number-of-initiatives",
}


def picture(client: FlaskClient, slug: str, **values: str) -> Xml.Element:
    response = client.get(f"/queries/{slug}.svg", query_string=values)
    assert response.status_code == 200, response.get_data(as_text=True)
    assert response.mimetype == "image/svg+xml"
    assert f'filename="{slug}.svg"' in response.headers["Content-Disposition"]
    return Xml.fromstring(response.data)


def titles(root: Xml.Element) -> set[str]:
    return {element.text or "" for element in root.iter(SVG + "title")}


@pytest.mark.parametrize(("name", "slug"), ADDRESSES.items())
def test_each_has_an_address_a_page_a_table_and_a_file(
    client: FlaskClient, name: str, slug: str
) -> None:
    moved = client.get(f"/{name}?lang=fr")
    assert moved.status_code == 303
    assert moved.headers["Location"].startswith(f"/queries/{slug}?lang=fr")
    text = client.get(f"/queries/{slug}", headers=HTML).get_data(as_text=True)
    assert text.count('<svg viewBox="') == 1
    assert 'class="rows"' in text
    assert f'href="/queries/{slug}.svg' in text
    assert f'href="/queries/{slug}.csv' in text
    root = picture(client, slug)
    assert root.tag == SVG + "svg"
    assert root.findtext(SVG + "title")
    assert root.findtext(SVG + "desc")
    assert not list(root.iter(SVG + "style"))
    assert not list(root.iter(SVG + "use"))
    assert all(link.attrib["href"].startswith("http") for link in root.iter(SVG + "a"))


def test_the_map_counts_what_the_table_has(client: FlaskClient) -> None:
    rows = client.get("/queries/initiatives-of-country.json").get_json(force=True)
    initiatives: dict[str, set[str]] = {}
    for row in rows["results"]["bindings"]:
        found = initiatives.setdefault(row["countryLabel"]["value"], set())
        found.add(row["initiative"]["value"])
    shown = titles(picture(client, "initiatives-of-country"))
    assert {f"{country}: {len(found)}" for country, found in initiatives.items()} <= shown
    text = client.get("/queries/initiatives-of-country", headers=HTML).get_data(as_text=True)
    assert "imply no position" in text
    assert "Hors" not in text
    regions = client.get("/queries/initiatives-reaching-place", headers=HTML)
    assert "Africa" in regions.get_data(as_text=True).split("Not on the map")[1]


def test_corridors_lead_between_countries(client: FlaskClient) -> None:
    root = picture(client, "corridors-between-countries", country="esp", lang="fr")
    assert {"Maroc → Espagne: 1", "Maroc → Huelva: 1"} <= titles(root)
    assert len(list(root.iter(SVG + "polygon"))) == 2


def test_gaps_are_cells(client: FlaskClient) -> None:
    root = picture(client, "global-compact-by-country")
    rows = client.get("/queries/global-compact-by-country.json").get_json(force=True)
    numbers = [int(row["initiatives"]["value"]) for row in rows["results"]["bindings"]]
    gaps = next(path for path in root.iter(SVG + "path") if path.get("class") == "gap")
    assert gaps.attrib["d"].count("M") == numbers.count(0) > 50
    assert sum(rect.get("class", "").startswith("step") for rect in root.iter(SVG + "rect")) == len(
        numbers
    ) - numbers.count(0)
    link = next(root.iter(SVG + "a")).attrib["href"]
    listed = client.get(link, headers={"Accept": "application/json"}).get_json()
    assert listed["total"] == next(number for number in numbers if number)


def test_an_answer_without_a_picture(client: FlaskClient) -> None:
    assert client.get("/queries/what-is-not-stated.svg").status_code == 406
    assert client.get("/queries/initiatives-of-country.svg?country=jpn").status_code == 406
    text = client.get("/queries/initiatives-of-country?country=jpn", headers=HTML)
    assert "<figure" not in text.get_data(as_text=True)


def test_a_page_of_rows_still_shows_the_whole_picture(client: FlaskClient) -> None:
    whole = client.get("/queries/actor-network", headers=HTML).get_data(as_text=True)
    second = client.get("/queries/actor-network?limit=5&offset=10", headers=HTML)
    drawn = re.search(r"<figure.*?</figure>", whole, re.DOTALL)
    again = re.search(r"<figure.*?</figure>", second.get_data(as_text=True), re.DOTALL)
    assert drawn
    assert again
    assert drawn[0] == again[0]


def test_bars_are_as_wide_as_dates_are_uncertain() -> None:
    day = (date(2012, 3, 1), date(2012, 3, 1))
    year = (date(2012, 1, 1), date(2012, 12, 31))
    later = (date(2014, 1, 1), date(2014, 12, 31))

    def bars(start: tuple[date, date], end: tuple[date, date] | None) -> list[tuple[str, float]]:
        root = timeline([Span("x", "x", None, start, end)], "t", "d").root
        return [(bar.attrib["class"], float(bar.attrib["width"])) for bar in root.iter("rect")]

    unsure, sure, end = bars(year, later)
    assert [unsure[0], sure[0], end[0]] == ["unsure", "sure", "unsure"]
    assert abs(unsure[1] - end[1]) < 1
    assert bars(day, later)[0] == ("sure", 0.9) or bars(day, later)[0][1] < 1
    assert {name for name, _ in bars(year, None)} == {"unsure"}
    assert {name for name, _ in bars(year, year)} == {"unsure"}
    assert {name for name, _ in bars(day, day)} == {"sure"}


@settings(deadline=None)
@given(st.dates(date(1900, 1, 1), date(2100, 12, 31)))
def test_a_stated_date_lies_within_its_bounds(day: date) -> None:
    for stated in (day.isoformat(), day.isoformat()[:7], day.isoformat()[:4]):
        bounds = bounds_of(stated)
        assert bounds
        assert bounds[0] <= day <= bounds[1]


@settings(deadline=None)
@given(st.integers(1, 25), st.data())
def test_the_layout_is_the_same_each_time_and_inside(count: int, data: st.DataObject) -> None:
    ends = st.integers(0, count - 1)
    pairs = tuple(data.draw(st.lists(st.tuples(ends, ends), max_size=30)))
    places = layout(count, pairs)
    assert len(places) == count
    assert all(0 <= x <= 1000 and 0 <= y <= 720 for x, y in places)
    layout.cache_clear()
    assert layout(count, pairs) == places


@settings(deadline=None)
@given(st.text(max_size=60))
def test_a_label_is_only_ever_text(text: str) -> None:
    """Whatever a label says, the picture has the same elements, and no other."""
    span = (date(2000, 1, 1), date(2000, 12, 31))

    def pictures(label: str) -> list[Picture]:
        return [
            chart([Bar(label, 1.0, "1", None)], label, label),
            matrix([label], [label], {(0, 0): Cell(1, label, "/x")}, label, label),
            timeline([Span(label, label, "/x", span, None)], label, label),
            worldmap(
                [Area("504", 1, label, "/x")], [Arc("504", "724", label, None)], label, label, label
            ),
            network([Edge("a", "b")], {"a": label, "b": label}, {}, label, label),
        ]

    for plain, hostile in zip(pictures("x"), pictures(text), strict=True):
        root = Xml.fromstring(standalone(hostile, "http://example.org/"))
        expected = Xml.fromstring(standalone(plain, "http://example.org/"))
        assert [e.tag for e in root.iter() if e.tag != SVG + "text"] == [
            e.tag for e in expected.iter() if e.tag != SVG + "text"
        ]
        assert "<script" not in within_a_page(hostile)
