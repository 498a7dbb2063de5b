"""Pictures of answers with columns and values that nobody foresaw: one is drawn, or none is."""

from __future__ import annotations

import json
import re
from dataclasses import replace
from datetime import date
from itertools import pairwise
from xml.etree import ElementTree as Xml

import pytest
from flask import Flask
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from migov.catalogue.query import View
from migov.engine import Answer
from migov.web.drawing import Span, standalone, timeline, within_a_page
from migov.web.drawing.timeline import bounds_of
from migov.web.drawing.worldmap import classes, step_of
from migov.web.views import DRAWN, picture_of

SVG = "{http://www.w3.org/2000/svg}"
NAMES = ("start", "end", "country", "number", "actor", "originCountry", "destinationCountry",
         "corridor", "subject", "countryLabel", "many")  # fmt: skip
XSD = "http://www.w3.org/2001/XMLSchema#"
TERMS = (
    *({"type": "uri", "value": f"https://w3id.org/migov/{path}"} for path in (
        "id/place/mar", "id/place/esp", "id/place/m49-002", "id/actor/iom", "id/corridor/mar-deu",
        "concept/role/funder", "ns#theme")),
    {"type": "uri", "value": "javascript:alert(1)"},
    {"type": "bnode", "value": "b0"},
    *({"type": "literal", "value": text} for text in ("", "x" * 500, "2012", "9999-12-31", "0001")),
    *({"type": "literal", "value": text, "datatype": XSD + kind} for text, kind in (
        ("3", "integer"), ("-4", "integer"), ("x", "integer"), ("1" * 400, "integer"),
        ("NaN", "double"), ("-INF", "double"), ("1e308", "double"), ("0.5", "decimal"),
        ("2012", "gYear"), ("2012-13", "gYearMonth"), ("9999-12-31", "date"),
        ("0001-01-01", "date"), ("-0044-03-15", "date"))),
)  # fmt: skip


@settings(
    max_examples=80,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(
    view=st.sampled_from(sorted(DRAWN)),
    rows=st.lists(
        st.dictionaries(st.sampled_from(NAMES), st.sampled_from(TERMS), max_size=6), max_size=6
    ),
)
def test_whatever_columns_an_answer_has_its_picture_is_one_or_none(
    app: Flask, view: View, rows: list[dict[str, dict[str, str]]]
) -> None:
    columns = list(dict.fromkeys(name for row in rows for name in row))
    document = {"head": {"vars": columns}, "results": {"bindings": rows}}
    answer = Answer("solutions", "json", json.dumps(document).encode())
    with app.test_request_context("/queries/x"):
        query = replace(app.extensions["migov"].state.catalogue["actor-network"], view=view)
        picture = picture_of(query, answer)
        if picture is not None:
            root = Xml.fromstring(standalone(picture, "http://example.org/"))
            for element in root.iter():
                for name in ("x", "y", "width", "height", "x1", "x2", "d", "r", "cx", "cy"):
                    assert not re.search("nan|inf", element.get(name, "")), element.attrib
            assert 'href="javascript:' not in within_a_page(picture)


@pytest.mark.parametrize(
    ("first", "last", "marks"),
    [(2020, 2021, 3), (1990, 2022, 2), (1, 9999, 2), (1500, 2026, 2)],
)
@pytest.mark.parametrize("width", [1000.0, 700.0])
def test_the_years_of_an_axis_stand_apart(first: int, last: int, marks: int, width: float) -> None:
    start = (date(first, 1, 1), date(first, 12, 31))
    root = timeline(
        [Span("x", "x", None, start, bounds_of(str(last).zfill(4)))], "t", "d", width
    ).root
    places = sorted(
        float(text.attrib["x"]) for text in root.iter("text") if text.get("text-anchor") == "middle"
    )
    assert len(places) >= marks
    assert all(after - before >= 45.9 for before, after in pairwise(places))
    assert places[-1] <= width


def test_a_row_of_three_things_is_a_chain(app: Flask) -> None:
    """Who is reached through whom: no line leads past the one between."""
    iris = [f"https://w3id.org/migov/id/actor/{name}" for name in ("iom", "ilo", "who")]
    row = {name: {"type": "uri", "value": iri} for name, iri in zip("abc", iris, strict=True)}
    document = {"head": {"vars": list("abc")}, "results": {"bindings": [row]}}
    with app.test_request_context("/queries/x"):
        query = app.extensions["migov"].state.catalogue["actor-network"]
        picture = picture_of(query, Answer("solutions", "json", json.dumps(document).encode()))
        assert picture
        root = Xml.fromstring(standalone(picture, "http://example.org/"))
    assert len(list(root.iter(SVG + "circle"))) == 3
    (edges,) = (e for e in root.iter(SVG + "g") if e.get("class") == "edges")
    assert len(list(edges)) == 2


@given(st.integers(1, 400))
def test_the_legend_of_a_map_names_every_number_once(most: int) -> None:
    told = [
        (number, step) for step, first, last in classes(most) for number in range(first, last + 1)
    ]
    assert told == [(number, step_of(number, most)) for number in range(1, most + 1)]
