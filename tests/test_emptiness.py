"""Empty answers explain themselves: the unknown terms, and what first left nothing."""

from __future__ import annotations

import json
from typing import Any

import pytest
from flask.testing import FlaskClient
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from pyoxigraph import Store

from cli_runner import migov
from migov.engine import Answer, Engine, Query
from migov.errors import DeadlineError
from migov.protocol.emptiness import first_emptied
from migov.sparql.patterns import UnreadError, elements_of, read_shape

HTML = {"Accept": "text/html", "Accept-Language": "en"}


def explained(client: FlaskClient, query: str, **fields: str) -> dict[str, Any]:
    fields = {"query": query, "explain": "true", **fields}
    response = client.get("/sparql", query_string=fields)
    assert response.status_code == 200
    assert response.mimetype == "application/json"
    document: dict[str, Any] = response.get_json()
    assert document["snapshot"] == response.headers["Migov-Snapshot"]
    return document


def emptied(document: dict[str, Any]) -> list[tuple[str, str]]:
    return [(part["kind"], " ".join(part["text"].split())) for part in document["emptied"]]


TERMS = (
    ("?x a mg:programme", "mg:programme", "form", "mg:Programme"),
    ("?x mg:coversplace ?y", "mg:coversplace", "form", "mg:coversPlace"),
    ("?x <http://w3id.org/migov/ns#role> ?y", "<http://w3id.org/migov/ns#role>", "form", "mg:role"),
    ("?x mg:actor role:ilo", "role:ilo", "namespace", "actor:ilo"),
    ("?x mg:actor actor:iloo", "actor:iloo", "spelling", "actor:ilo"),
    ("?x ?p place:Morocco", "place:Morocco", "name", "place:mar"),
    ("?x mg:coversPlace 'Morocco'", "'Morocco'", "name", "place:mar"),
    ("?x skos:prefLabel 'Morocco'", "'Morocco'", "language", '"Morocco"@en'),
    ("?x skos:prefLabel 'Morocco'@fr", "'Morocco'@fr", "language", '"Morocco"@en'),
    ("?x skos:prefLabel ?l FILTER(?l = 'Maroc')", "'Maroc'", "language", '"Maroc"@fr'),
    ("?x mg:m49 504", "504", "datatype", '"504"'),
    ("VALUES ?l { 'Morroco' } ?x skos:prefLabel ?l", "'Morroco'", "spelling", "place:mar"),
)


@pytest.mark.parametrize(("pattern", "term", "reason", "meant"), TERMS)
def test_an_unknown_term_is_told_with_what_was_meant(
    client: FlaskClient, pattern: str, term: str, reason: str, meant: str
) -> None:
    document = explained(client, f"SELECT * {{ {pattern} }}")
    assert document["answer"] == {"kind": "solutions", "count": 0}
    (unknown,) = document["unknown"]
    assert (unknown["text"], unknown["reason"]) == (term, reason)
    assert unknown["suggestions"][0]["text"] == meant
    assert unknown["column"] == f"SELECT * {{ {pattern} }}".index(term) + 1
    assert document["emptied"]


def test_nothing_is_suggested_for_what_nothing_is_like(client: FlaskClient) -> None:
    (unknown,) = explained(client, "ASK { ?x <http://example.org/zzqq> 1234567 }")["unknown"][:1]
    assert (unknown["reason"], unknown["suggestions"]) == ("absent", [])


def test_functions_datatypes_and_prefixes_are_no_terms(client: FlaskClient) -> None:
    query = """PREFIX x: <http://example.org/none#>
    SELECT * { ?s mg:m49 ?c FILTER(xsd:integer(?c) > "0"^^xsd:byte && STR(?c) = "nowhere") }
    ORDER BY xsd:double(?c)"""
    document = explained(client, query)
    assert document["unknown"] == []
    assert document["emptied"] == [] or emptied(document)[0][0] == "filter"


def test_a_term_that_only_follows_is_told_so(client: FlaskClient) -> None:
    query = "SELECT * { ?i mg:fundedBy ?x }"
    assert "inferred=true" in explained(client, query)["emptied"][0]["detail"]
    assert explained(client, query, inferred="true")["emptied"] == []


@pytest.mark.parametrize(
    ("pattern", "is_turned"),
    [
        ("place:mar mg:coversPlace ?i", True),
        ("?p a mg:Programme . place:mar mg:coversPlace ?p", True),
        ("place:mar ^mg:coversPlace ?i . ?i mg:coversPlace ?i", False),
        ("place:mar mg:nope ?i", False),
        ("?i mg:m49 place:mar", True),
        ('?i mg:m49 "no code"', False),
        ("place:mar (mg:coversPlace|mg:pilotPlace) ?i", True),
        ("GRAPH ?g { place:mar mg:coversPlace ?i }", True),
    ],
)
def test_a_pattern_that_is_the_wrong_way_round(
    client: FlaskClient, pattern: str, is_turned: bool
) -> None:
    (part,) = explained(client, f"SELECT * {{ {pattern} }}")["emptied"]
    assert ("the other way round" in part["detail"]) is is_turned


@pytest.mark.parametrize("clause", ["FROM", "FROM NAMED"])
def test_a_graph_that_is_misspelt(client: FlaskClient, clause: str) -> None:
    graph = "https://w3id.org/migov/graph/data/actors/"
    query = f"SELECT * {clause} <{graph}iloo.ttl> {{ ?s ?p ?o }}"
    refused = client.get("/sparql", query_string={"query": query})
    assert refused.status_code == 403
    assert f"Did you mean <{graph}ilo.ttl>?" in refused.get_json(force=True)["hint"]
    other = client.get("/sparql", query_string={"query": query.replace(graph, "http://x.example/")})
    assert "Did you mean" not in other.get_json(force=True)["hint"]


CAUSES: tuple[tuple[str, list[tuple[str, str]]], ...] = (
    ("SELECT * { ?i a mg:Programme ; mg:nope ?x }", [("triple", "?i mg:nope ?x")]),
    (
        "SELECT * { GRAPH ?g { ?p mg:role role:funder ; mg:actor actor:ilo ; mg:amount ?n } }",
        [("triple", "?p mg:actor actor:ilo")],
    ),
    ("SELECT * { GRAPH <http://none/> { } }", [("graph", "GRAPH <http://none/> { }")]),
    (
        "SELECT * { ?i a mg:Programme { ?i mg:no 1 } UNION { ?i mg:m49 ?l FILTER(?l = 'x') } }",
        [("triple", "?i mg:no 1"), ("triple", "?i mg:m49 ?l")],
    ),
    (
        "SELECT * { ?i skos:prefLabel ?l OPTIONAL { ?i mg:no ?n } FILTER(LANG(?l) = 'tlh') }",
        [("filter", "FILTER(LANG(?l) = 'tlh')")],
    ),
    ("SELECT * { ?i a mg:Programme MINUS { ?i a ?c } }", [("minus", "MINUS { ?i a ?c }")]),
    ("SELECT * { ?i a ?c } VALUES ?c { mg:No }", [("values", "VALUES ?c { mg:No }")]),
    (
        "SELECT ?c (COUNT(*) AS ?n) { ?i a ?c } GROUP BY ?c HAVING(COUNT(*) > 1000000)",
        [("having", "HAVING(COUNT(*) > 1000000)")],
    ),
    ("SELECT ?i { ?i a mg:Programme } LIMIT 5 OFFSET 99999", [("slice", "OFFSET 99999")]),
    ("CONSTRUCT { ?none a mg:X } WHERE { ?i a ?c }", [("template", "{ ?none a mg:X }")]),
    ("CONSTRUCT WHERE { ?i a mg:No }", [("triple", "?i a mg:No")]),
    ("ASK { _:a a mg:Programme . _:a mg:nope _:b }", [("triple", "_:a mg:nope _:b")]),
    ("ASK { [ a mg:Programme ; mg:nope [] ] }", [("triple", "[ a mg:Programme ; mg:nope [] ]")]),
    (
        "ASK { ?i a mg:Programme . { SELECT ?i { ?i mg:no ?x } LIMIT 1 } }",
        [("select", "{ SELECT ?i { ?i mg:no ?x } LIMIT 1 }")],
    ),
    (
        "ASK { ?a (mg:no|^mg:none)+/mg:z? ?b ; !(a|^a) +5, -3 . ?c ?d ?e }",
        [("triple", "?a (mg:no|^mg:none)+/mg:z? ?b")],
    ),
    ("SELECT (COUNT(*) AS ?n) { ?x mg:nope ?y }", [("triple", "?x mg:nope ?y")]),
    ("SELECT * { ?s ?p ?o } LIMIT 1", []),
)


@pytest.mark.parametrize(("query", "parts"), CAUSES)
def test_what_first_left_nothing(
    client: FlaskClient, query: str, parts: list[tuple[str, str]]
) -> None:
    document = explained(client, query)
    assert emptied(document) == parts
    assert document["undecided"] is None


def test_the_dataset_of_the_request_holds_for_the_parts(client: FlaskClient) -> None:
    query = "SELECT * { ?i a mg:Programme }"
    assert explained(client, query)["emptied"] == []
    graph = "https://w3id.org/migov/graph/ontology/migov.ttl"
    there = explained(client, query, **{"default-graph-uri": graph})
    assert emptied(there) == [("triple", "?i a mg:Programme")]
    own = explained(client, f"SELECT * FROM <{graph}> {{ ?i a mg:Programme }}")
    assert emptied(own) == emptied(there)


def test_what_is_beyond_it_is_said(client: FlaskClient) -> None:
    document = explained(client, "DESCRIBE actor:nobody-at-all")
    assert document["undecided"] == "The query has no patterns."
    assert document["unknown"][0]["text"] == "actor:nobody-at-all"
    for query in ("ASK { << ?s ?p ?o >> ?q ?z }", 'ASK { ?s ?p "\\u0041" }'):
        assert "not taken apart" in explained(client, query)["undecided"]


def test_mistakes_in_it_are_told_as_anywhere(client: FlaskClient) -> None:
    for query, status in (
        ("SELECT", 400),
        ("ASK { SERVICE <http://a/> {} }", 403),
        ("ASK {" + "{" * 200 + "}" * 201, 400),
    ):
        response = client.get("/sparql", query_string={"query": query, "explain": "1"})
        assert response.status_code == status
        assert response.mimetype == "application/problem+json"
    assert client.get("/sparql?query=ASK{}&explain=maybe").status_code == 422


def test_the_page_of_an_empty_answer_leads_to_its_explanation(client: FlaskClient) -> None:
    query = "SELECT ?x { ?x a mg:Programm }"
    page = client.get("/sparql", query_string={"query": query}, headers=HTML).get_data(as_text=True)
    assert "explain=true" in page
    fields = {"query": query, "explain": "true"}
    page = client.get("/sparql", query_string=fields, headers=HTML).get_data(as_text=True)
    assert "mg:Programme" in page
    assert "Nothing matches this pattern, even by itself." in page
    french = {**HTML, "Accept-Language": "fr"}
    page = client.get("/sparql", query_string=fields, headers=french).get_data(as_text=True)
    assert "Rien ne convient à ce motif, même à lui seul." in page


def test_a_term_of_the_query_is_never_markup(client: FlaskClient) -> None:
    query = "ASK { ?x ?p '<script>alert(1)</script>' }"
    fields = {"query": query, "explain": "true"}
    page = client.get("/sparql", query_string=fields, headers=HTML).get_data(as_text=True)
    assert "<script>" not in page


def test_the_command_line_explains() -> None:
    query = "SELECT ?x { ?x a mg:Programm ; mg:coversPlace 'Morocco' }"
    result = migov("query", query, "--explain")
    assert result.code == 0
    for text in ("0 rows", "1:18  mg:Programm", "mg:Programme (Programme)", "place:mar (Morocco)"):
        assert text in result.out
    document = json.loads(migov("query", query, "--explain", "-f", "json").out)
    assert [term["text"] for term in document["unknown"]] == ["mg:Programm", "'Morocco'"]
    assert migov("query", query, "--explain", "-f", "csv").code == 2
    assert "have solutions" in migov("query", "budgets", "--explain").out


class Plain:
    """An engine over one store, in this process: for patterns that the tests make."""

    is_settled = True

    def __init__(self, store: Store) -> None:
        self.store = store
        self.asked = 0

    def answer(self, query: Query) -> Answer:
        from pyoxigraph import QueryResultsFormat, QuerySolutions

        self.asked += 1
        result = self.store.query(query.text)
        assert isinstance(result, QuerySolutions)
        return Answer("solutions", "json", result.serialize(format=QueryResultsFormat.JSON) or b"")

    def close(self) -> None:
        """Nothing is held."""


STORE = Store()
STORE.update(
    "PREFIX : <http://e/> INSERT DATA { :a :p :b ; :q :c . :b :p :c ; :q 1, 2 . :c :q 3 ."
    " GRAPH :g { :a :p :b } }"
)
NODES = st.sampled_from(["?x", "?y", "?z", ":a", ":b", ":c", "1", "3"])
VERBS = st.sampled_from([":p", ":q", "^:p", ":p+", ":p/:q", ":p|:q", "?v", ":none"])
TRIPLES = st.builds("{} {} {} .".format, st.sampled_from(["?x", "?y", ":a", ":b"]), VERBS, NODES)
INNER = st.lists(TRIPLES, min_size=1, max_size=2).map(" ".join)
PARTS = st.one_of(
    TRIPLES,
    INNER.map("OPTIONAL {{ {} }}".format),
    INNER.map("MINUS {{ {} }}".format),
    INNER.map("GRAPH :g {{ {} }}".format),
    INNER.map("{{ {} }}".format),
    st.builds("{{ {} }} UNION {{ {} }}".format, INNER, INNER),
    st.sampled_from(["FILTER(?x = :a)", "FILTER(ISIRI(?y))", "VALUES ?x { :a :c }"]),
)


@settings(max_examples=80, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.lists(PARTS, min_size=1, max_size=7))
def test_a_cause_is_told_exactly_when_there_is_no_solution(parts: list[str]) -> None:
    head = "PREFIX : <http://e/> "
    text = f"{head}SELECT * {{ {' '.join(parts)} }}"
    rows = len(list(STORE.query(text)))  # type: ignore[arg-type]
    cause = first_emptied(Plain(STORE), Query(text), ["http://e/g"], 60.0)
    assert cause.unread is None
    assert bool(cause.parts) == (rows == 0)
    for part in cause.parts:
        assert part.text in text
        if part.first and part.kind == "triple" and "GRAPH" not in text:
            assert not STORE.query(f"{head}ASK {{ {part.text} }}")


def test_many_parts_are_asked_in_few_queries() -> None:
    patterns = " ".join(f"?x :p ?y{number} ." for number in range(40))
    text = f"PREFIX : <http://e/> SELECT * {{ {patterns} ?x :none ?z }}"
    engine = Plain(STORE)
    (part,) = first_emptied(engine, Query(text), [], 60.0).parts
    assert part.text == "?x :none ?z"
    assert engine.asked < 6


def test_the_search_ends_with_its_time() -> None:
    cause = first_emptied(Plain(STORE), Query("ASK { ?s <http://none/> ?o }"), [], 0.0)
    assert cause.parts == ()
    assert "not finished" in str(cause.unread)

    class Late(Plain):
        def answer(self, query: Query) -> Answer:
            raise DeadlineError("The time for this query ran out.")

    assert "ran out" in str(first_emptied(Late(STORE), Query("ASK { ?s ?p ?o }"), [], 9.0).unread)


WORDS = (
    *("SELECT", "ASK", "CONSTRUCT", "WHERE", "FILTER", "OPTIONAL", "GRAPH", "UNION", "VALUES"),
    *("BIND", "MINUS", "EXISTS", "NOT", "SERVICE", "true", "{", "}", "{", "}", "(", ")", "[", "]"),
    *("?x", ":a", "<http://a/#b>", "'s'", "@en", "1", ".", ";", ",", "+", "^", "/"),
)
TRICKY = st.lists(st.sampled_from(WORDS), max_size=25).map(" ".join)


@settings(max_examples=120, deadline=None)
@given(TRICKY)
def test_any_text_is_taken_apart_or_refused(text: str) -> None:
    try:
        shape = read_shape(text)
    except UnreadError:
        return
    if shape.where is not None:
        for element in elements_of(shape.where):
            assert 0 <= element.span.start <= element.span.end <= len(shape.tokens)


def test_the_engine_of_strangers_runs_the_parts(engine: Engine) -> None:
    cause = first_emptied(engine, Query("ASK { ?s <http://none/> ?o }"), [], 5.0)
    assert [part.first for part in cause.parts] == [True]
