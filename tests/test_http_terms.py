"""The page of a term of the ontology: what it means, and where it is used."""

from __future__ import annotations

import html
import re
from collections.abc import Sequence

import pytest
from flask.testing import FlaskClient
from pyoxigraph import RdfFormat, parse

from conftest import ROOT
from migov.engine import Engine, select
from migov.vocabulary import NS
from migov.web.ontology import terms_of

HTML = {"Accept": "text/html"}


def shown(client: FlaskClient, path: str) -> str:
    response = client.get(path, headers=HTML)
    assert response.status_code == 200, path
    return response.get_data(as_text=True)


def section(text: str, id: str) -> str:
    found = re.search(rf'<section aria-labelledby="{id}">(.*?)</section>', text, re.DOTALL)
    return found[1] if found else ""


def test_every_term_has_its_page_and_its_number_of_uses(
    client: FlaskClient, engine: Engine
) -> None:
    """The numbers are counted once more here, all properties in one query."""
    rows = select(
        engine,
        "SELECT ?p (COUNT(*) AS ?n) { { SELECT DISTINCT ?s ?p ?o { ?s ?p ?o } } } GROUP BY ?p",
    )
    uses = {row["p"].value: int(row["n"].value) for row in rows}
    terms = terms_of(engine)
    assert len(terms) > 120
    for term in terms[::3]:
        text = shown(client, f"/ns/{term.fragment}")
        assert f">{NS}{term.fragment}<" in text
        assert len(text.encode()) < 100_000
        if term.section in ("links", "values"):
            used = section(text, "used")
            told = re.search(r'Statements in the data <span class="count">([0-9,]+)<', used)
            assert told
            assert int(told[1].replace(",", "")) == uses.get(term.iri, 0), term.iri


def test_what_a_property_is_and_where_it_is_used(client: FlaskClient) -> None:
    text = shown(client, "/ns/coversPlace")
    assert "A place where an initiative works" in text
    beside = section(text, "beside")
    assert 'href="/ns#Place"' in beside
    assert "May be said of" in beside
    assert "pilot place" in beside
    assert "http://purl.org/dc/terms/spatial" in section(text, "aligned")
    used = section(text, "used")
    assert 'href="/shape/Entity-place"' in used
    assert 'href="/queries/who-funds-and-implements"' in used
    assert "ontology/rules/covers-place-transitively.rq" in used
    more = re.search(r'href="(/sparql[^"]+)" rel="nofollow">See more of them', used)
    assert more
    assert client.get(html.unescape(more[1]), headers=HTML).status_code == 200
    assert "id/initiative/" in used


def test_what_a_class_is_and_who_builds_on_it(client: FlaskClient) -> None:
    text = shown(client, "/ns/Country?lang=fr")
    assert 'href="/shape/Country' in section(text, "used")
    assert "249" in section(text, "used")
    assert "data.europa.eu/s66#Country" in section(text, "aligned")
    assert 'href="/ns?lang=fr#Place"' in section(text, "beside")


def test_what_is_only_inferred_says_so(client: FlaskClient) -> None:
    used = section(shown(client, "/ns/coversPlaceTransitively"), "used")
    assert "No record uses it yet." in used
    assert "Statements that follow" in used


def test_queries_that_name_a_term_are_those_whose_text_does(client: FlaskClient) -> None:
    used = section(shown(client, "/ns/corridorOrigin"), "used")
    listed = set(re.findall(r'href="/queries/([a-z0-9-]+)"', used))
    plain = {
        file.stem
        for file in (ROOT / "queries").glob("*.rq")
        if re.search(r"mg:corridorOrigin\b", re.sub(r"(?m)^#.*", "", file.read_text("utf-8")))
    }
    assert listed == plain != set()


@pytest.mark.parametrize(
    ("path", "accept"),
    [
        ("/ns/coversPlace", "text/turtle"),
        ("/ns/coversPlace.ttl", "*/*"),
        ("/ns/coversPlace?format=ttl", "text/html"),
    ],
)
def test_it_has_its_triples(client: FlaskClient, path: str, accept: str) -> None:
    response = client.get(path, headers={"Accept": accept})
    assert response.mimetype == "text/turtle"
    quads = list(parse(response.data, RdfFormat.TURTLE))
    assert {quad.subject.value for quad in quads if quad.subject.value.startswith(NS)} == {
        NS + "coversPlace"
    }


@pytest.mark.parametrize(
    ("path", "suggested"),
    [("/ns/coversPlac", ["/ns#coversPlace"]), ("/ns/9", ["/ns"]), ("/ns/%3Cb%3E", [])],
)
def test_what_is_no_term(client: FlaskClient, path: str, suggested: Sequence[str]) -> None:
    response = client.get(path, headers=HTML)
    assert response.status_code == 404
    for address in suggested:
        assert f'href="{address}"' in response.text
    assert "<b>" not in response.text


def test_the_overview_leads_to_every_page(client: FlaskClient, engine: Engine) -> None:
    text = shown(client, "/ns?lang=fr")
    assert len(text.encode()) < 80_000
    for term in terms_of(engine):
        assert f'id="{term.fragment}"' in text
        assert f'href="/ns/{term.fragment}?lang=fr"' in text
