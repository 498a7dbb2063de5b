"""Why an inferred statement follows, as its page tells it, down to what records state."""

from __future__ import annotations

import re

import pytest
from flask.testing import FlaskClient
from markupsafe import Markup

from migov.engine import Engine, select
from migov.entities.reasons import reasons_of, standing_of
from migov.repository import Repository
from migov.vocabulary import CONCEPT, ID, INFERRED_GRAPH, NS

HTML = {"Accept": "text/html"}
ILO, THAMM, IOM = ID + "actor/ilo", ID + "initiative/thamm", ID + "actor/iom"


def steps(engine: Engine, repository: Repository, *statement: str) -> set[str]:
    subject, property_, value = statement
    found = reasons_of(engine, repository.rules, (subject, property_, value))
    return {reason.rule or reason.step for reason in found}


@pytest.mark.parametrize(
    ("subject", "name", "value", "expected"),
    [
        (THAMM, "hasActor", ILO, {"narrower", "chain"}),
        (THAMM, "implementedBy", ILO, {"role-shortcuts.rq"}),
        (ILO, "coOperatesWith", IOM, {"symmetric", "co-operates-with.rq"}),
        (ID + "place/mar", "within", ID + "place/m49-001", {"transitive"}),
        (THAMM, "ultimatelyFundedBy", ID + "actor/european-union", {"ultimately-funded-by.rq"}),
    ],
)
def test_steps(
    engine: Engine,
    repository: Repository,
    subject: str,
    name: str,
    value: str,
    expected: set[str],
) -> None:
    assert standing_of(engine, (subject, NS + name, value)).inferred
    assert expected <= steps(engine, repository, subject, NS + name, value)


def test_every_property_that_is_inferred_has_a_reason(
    engine: Engine, repository: Repository
) -> None:
    """One statement of each property, and of each class."""
    rows = select(
        engine,
        f"""SELECT (SAMPLE(?s) AS ?subject) ?p (SAMPLE(?o) AS ?value) WHERE {{
          GRAPH <{INFERRED_GRAPH}> {{ ?s ?p ?o FILTER(isIRI(?s) && isIRI(?o)) }}
          BIND(IF(STRENDS(STR(?p), "#type"), ?o, ?p) AS ?kind)
        }} GROUP BY ?p ?kind ORDER BY ?p ?kind""",
    )
    assert len(rows) > 30
    without = [
        (row["subject"].value, row["p"].value, row["value"].value)
        for row in rows
        if not steps(engine, repository, row["subject"].value, row["p"].value, row["value"].value)
    ]
    assert not without


def test_what_follows_leads_to_its_reasons_and_on_to_records(client: FlaskClient) -> None:
    entity = client.get("/id/actor/ilo", headers=HTML).get_data(as_text=True)
    link = re.search(r'class="why" href="([^"]*implementedBy[^"]*)"', entity)
    assert link
    text = client.get(str(Markup(link[1]).unescape()), headers=HTML).get_data(as_text=True)
    assert "A rule of this project gives it." in text
    assert "ontology/rules/role-shortcuts.rq" in text
    assert "/id/participation/" in text
    within = f"/why?subject={ID}place/mar&property={NS}within&value={ID}place/m49-001"
    text = client.get(within.replace("#", "%23"), headers=HTML).get_data(as_text=True)
    assert "/graph/data/places/" in text
    assert 'class="why"' in text


def test_french(client: FlaskClient) -> None:
    query = {"subject": THAMM, "property": NS + "hasActor", "value": ILO, "lang": "fr"}
    text = client.get("/why", query_string=query, headers=HTML).get_data(as_text=True)
    assert "Pourquoi cela découle" in text
    assert "Une propriété plus étroite vaut." in text


@pytest.mark.parametrize(
    ("query", "status"),
    [
        ({}, 422),
        ({"subject": THAMM, "property": NS + "hasActor"}, 422),
        ({"subject": "x y", "property": NS + "hasActor", "value": ILO}, 404),
        ({"subject": "http://x/> . ?a ?b ?c", "property": "p:p", "value": "o:o"}, 404),
        ({"subject": THAMM, "property": NS + "hasActor", "value": CONCEPT + "role"}, 404),
    ],
)
def test_what_is_no_statement_here(client: FlaskClient, query: dict[str, str], status: int) -> None:
    assert client.get("/why", query_string=query, headers=HTML).status_code == status
