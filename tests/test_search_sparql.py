"""Search inside SPARQL: the index gives the bindings."""

from __future__ import annotations

import pytest
from flask.testing import FlaskClient

from migov.vocabulary import SEARCH

ID = "https://w3id.org/migov/id/"


def rows(client: FlaskClient, query: str) -> list[dict[str, str]]:
    response = client.get("/sparql", query_string={"query": query})
    assert response.status_code == 200, response.get_data(as_text=True)
    bindings = response.get_json(force=True)["results"]["bindings"]
    return [{name: term["value"] for name, term in row.items()} for row in bindings]


class TestSparql:
    def test_the_index_gives_the_bindings(self, client: FlaskClient) -> None:
        found = rows(
            client,
            """SELECT * { SERVICE search:index {
              ?thing search:text 'labour migration' ; search:score ?score ; search:matched ?text ;
                search:property ?property ; search:record ?record ; search:language "en" ;
                search:type mg:Initiative ; search:limit 2 .
            } ?thing a ?class } ORDER BY DESC(?score)""",
        )
        assert {row["thing"] for row in found} <= {
            ID + "initiative/lmida-studies",
            ID + "initiative/thamm",
        }
        assert all("igration" in row["text"] for row in found)
        assert all(row["record"].startswith("https://w3id.org/migov/graph/") for row in found)

    def test_a_search_joins_with_the_rest_like_any_pattern(self, client: FlaskClient) -> None:
        service = 'SERVICE search:index { ?i search:text "thamm" ; search:type mg:Initiative }'
        for query in (
            f"SELECT ?i {{ {service} }}",
            f"SELECT ?i {{ ?i mg:acronym ?a . {service} }}",
            f"SELECT ?i {{ {{ SELECT ?i {{ {service} }} }} }}",
            f"SELECT ?i {{ ?i mg:acronym ?a FILTER EXISTS {{ {service} }} }}",
            f"SELECT ?i {{ GRAPH ?g {{ {service} ?i mg:acronym ?a }} }} GROUP BY ?i",
            f"SELECT ?i {{ VALUES ?n {{ 1 }} OPTIONAL {{ {service} }} }}",
            f"SELECT ?i FROM <https://w3id.org/migov/graph/data/records/gfmd/thamm.ttl> "
            f"{{ {service} ?i mg:acronym ?a }}",
        ):
            assert rows(client, query) == [{"i": ID + "initiative/thamm"}], query

    def test_the_text_may_be_bound_beside_it(self, client: FlaskClient) -> None:
        found = rows(
            client,
            """SELECT ?q ?thing { VALUES ?q { "maroc" "egypt"@en "***" }
            SERVICE search:index { ?thing search:text ?q ; search:type mg:Country } }""",
        )
        assert sorted((row["q"], row["thing"]) for row in found) == [
            ("egypt", ID + "place/egy"),
            ("maroc", ID + "place/mar"),
        ]

    def test_the_text_may_come_from_the_graph(self, client: FlaskClient) -> None:
        found = rows(
            client,
            """SELECT DISTINCT ?thing { place:mar skos:prefLabel ?name
            SERVICE search:index { ?thing search:text ?name ; search:type mg:Country } }""",
        )
        assert found == [{"thing": ID + "place/mar"}]

    @pytest.mark.parametrize(
        ("group", "status"),
        [
            ("?t search:text ?q", 422),
            ("?t search:text '***'", 422),
            ("?t search:text 'a' ; search:type mg:Nonsense", 422),
            ("", 400),
            ("?t", 400),
            ("?t search:score ?s", 400),
            ("?t search:text 'a' ; search:limit 0", 400),
            ("?t search:text 'a' ; search:limit ?n", 400),
            ("?t search:text 'a' ; search:score ?t", 400),
            ("?t search:text 'a' ; search:score 1", 400),
            ("?t search:text 'a' , 'b'", 400),
            ("?t search:text 'a' ; search:nothing 1", 400),
            ("?t search:text 'a' ; a mg:Place", 400),
            ("?t search:text 'a' . ?u search:score ?s", 400),
            ("?t search:text 'a' FILTER(?t)", 400),
            ("?t search:text 'a' OPTIONAL { ?t a ?c }", 400),
            ("place:mar search:text 'a'", 400),
            ("?t search:text 'a' ; search:language en", 400),
            ("SERVICE search:index { ?t search:text 'a' }", 403),
            (f"?t search:text '{'a' * 501}'", 422),
            ("?t search:text ?l . } ?x skos:prefLabel ?l {", 400),
        ],
    )
    def test_what_is_no_search_is_told(self, client: FlaskClient, group: str, status: int) -> None:
        query = f"SELECT * {{ SERVICE search:index {{ {group} }} }}"
        response = client.get("/sparql", query_string={"query": query})
        assert response.status_code == status, response.get_data(as_text=True)

    def test_too_many_texts_are_told(self, client: FlaskClient) -> None:
        query = "SELECT * { ?x skos:prefLabel ?l SERVICE search:index { ?t search:text ?l } }"
        response = client.get("/sparql", query_string={"query": query})
        assert response.status_code == 400
        assert "50 texts" in response.get_json(force=True)["detail"]

    def test_escapes_are_undone_once(self, client: FlaskClient) -> None:
        for text in (r"'c\u00f4te'", r'"c\u00F4te"', "'''côte'''", r"'c\nôte'"):
            query = f"ASK {{ SERVICE search:index {{ ?t search:text {text} }} }}"
            response = client.get("/sparql", query_string={"query": query})
            assert response.status_code == 200, response.get_data(as_text=True)

    def test_its_answer_is_repeatable(self, client: FlaskClient) -> None:
        query = "ASK { SERVICE search:index { ?t search:text 'thamm' } }"
        assert "ETag" in client.get("/sparql", query_string={"query": query}).headers

    def test_the_service_description_names_it(self, client: FlaskClient) -> None:
        response = client.get("/sparql", headers={"Accept": "application/n-triples"})
        assert f"<{SEARCH}index>" in response.get_data(as_text=True)
