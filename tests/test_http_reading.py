"""The page of a thing: key facts, what is not stated, sources side by side, dates, quotations."""

from __future__ import annotations

import re

import pytest
from flask.testing import FlaskClient
from pyoxigraph import Literal, NamedNode

from migov.entities import Claim, Property, Source, Value
from migov.web.reading import differences

HTML = {"Accept": "text/html"}


def page(client: FlaskClient, path: str) -> str:
    response = client.get(path, headers=HTML)
    assert response.status_code == 200
    return response.get_data(as_text=True)


def section(text: str, name: str) -> str:
    """Return what stands under the heading with an id, up to the next section."""
    return text.partition(f'id="{name}"')[2].partition("</section>")[0]


def key_fact(text: str, name: str) -> str:
    found = re.search(rf"<dt[^>]*>{name}</dt>(.*?)</div>", section(text, "key"), re.DOTALL)
    assert found, name
    return found[1]


def test_key_facts_come_first_and_gaps_are_named(client: FlaskClient) -> None:
    text = page(client, "/id/initiative/thamm")
    assert text.index('id="key"') < text.index('id="facts"')
    assert "European Union" in key_fact(text, "funder")
    for unknown in ("status", "start date", "end date", "budget"):
        assert "not stated" in key_fact(text, unknown)
    known = page(client, "/id/initiative/iom-lm-0416")
    assert "completed" in key_fact(known, "status")
    assert "300000" in key_fact(known, "budget")
    assert "in doubt" in key_fact(known, "funder")
    assert "2020" in key_fact(known, "start date")


def test_two_sources_that_differ_stand_side_by_side(client: FlaskClient) -> None:
    told = section(page(client, "/id/initiative/thamm"), "differ")
    heads = re.findall(r'<th scope="col">([^<]*)</th>', told)
    assert heads == ["Property", "gfmd/thamm", "ilo/thamm-launch"]
    for record in heads[1:]:
        assert f'href="/graph/data/records/{record}.ttl"' in told
    scope = re.search(r">scope</th>(.*?)</tr>", told, re.DOTALL)
    assert scope
    first, second = scope[1].split("</td>")[:2]
    assert "concept/scope/regional" in first
    assert "concept/scope/sub-regional" in second
    # The titles are in two languages, the acronym is the same: neither differs.
    assert ">title<" not in told
    assert ">acronym<" not in told
    assert 'id="differ"' not in page(client, "/id/initiative/pare-1-1")


def test_the_page_agrees_with_the_question_where_records_differ(client: FlaskClient) -> None:
    rows = client.get("/queries/where-records-differ.json?initiative=thamm").get_json(force=True)
    told = section(page(client, "/id/initiative/thamm"), "differ")
    for row in rows["results"]["bindings"]:
        value = row.get("valueLabel", row["value"])["value"]
        name = row.get("propertyLabel", {"value": "title"})["value"]
        if name != "title":  # titles in two languages do not differ
            assert f">{name}</th>" in told
            assert value in told


@pytest.mark.parametrize(
    ("one", "other", "differ"),
    [
        (Literal("a", language="en"), Literal("b", language="fr"), False),
        (Literal("a", language="en"), Literal("b", language="en"), True),
        (Literal("2019"), Literal("2020"), True),
        (Literal("2019"), Literal("2019"), False),
        (NamedNode("http://example.org/a"), NamedNode("http://example.org/b"), True),
        (NamedNode("http://example.org/a"), NamedNode("http://example.org/a"), False),
    ],
)
def test_what_counts_as_different(
    one: Literal | NamedNode, other: Literal | NamedNode, differ: bool
) -> None:
    def said(term: Literal | NamedNode, record: str, kept: bool = True) -> Value:
        return Value(term, {}, [Claim(Source(record, kept, None))])

    def rows(*values: Value) -> int:
        return len(differences([Property("http://example.org/p", list(values))]).rows)

    assert rows(said(one, "r:1"), said(other, "r:2")) == differ
    assert rows(said(one, "r:1"), said(other, "r:1")) == 0
    assert rows(said(one, "r:1"), said(other, "r:2", kept=False)) == 0


def test_dates_and_quotations(client: FlaskClient) -> None:
    text = page(client, "/id/initiative/thamm")
    assert "Launch of THAMM in Morocco: 2020-10-14" in section(text, "dates")
    assert section(text, "quoted").count("<blockquote") == 3
    assert "004:" in section(text, "quoted")
    assert 'id="dates"' not in page(client, "/id/place/mar")
    speaker = re.search(r'href="(/id/person/[0-9]+)"', section(text, "quoted"))
    assert speaker
    assert section(page(client, speaker[1]), "quoted").count("<blockquote") == 3


@pytest.mark.parametrize(
    ("path", "address"),
    [
        ("/id/place/mar", "/initiatives?country=mar"),
        ("/id/place/m49-002", "/initiatives?region=m49-002"),
        ("/id/actor/ilo", "/initiatives?actor=ilo"),
        ("/concept/theme/diaspora", "/initiatives?theme=diaspora"),
        ("/concept/role/funder", "/initiatives?role=funder"),
        ("/concept/gcm-objective/5", "/initiatives?objective=5"),
        ("/id/document/004", "/records?document=004"),
    ],
)
def test_a_thing_leads_to_the_list_that_it_narrows(
    client: FlaskClient, path: str, address: str
) -> None:
    assert f'<a class="onward" href="{address}">' in page(client, path)
    listed = client.get(address, headers={"Accept": "application/json"}).get_json()
    assert listed["total"] > 0


def test_every_way_around_the_page_leads_somewhere(client: FlaskClient) -> None:
    for path in ("/id/initiative/thamm", "/id/actor/ilo", "/id/place/mar", "/concept/role"):
        text = page(client, path)
        around = text.partition('class="on-page"')[2].partition("</nav>")[0]
        anchors = re.findall(r'href="#([a-z]+)"', around)
        assert anchors
        assert all(f'id="{anchor}"' in text for anchor in anchors)
