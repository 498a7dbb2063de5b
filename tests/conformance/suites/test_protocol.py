"""The W3C SPARQL 1.1 Protocol tests, against a scratch dataset.

The suite gives these tests a name and a sentence each; what a request looks like follows from the
sentence and the section of the specification that it is about. A name without a test here fails.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Final
from urllib.parse import urlencode

import httpx
import pytest

from conformance.suites.served import judge_test, misses, names_of, server

Test = Callable[[httpx.Client], None]

COUNT: Final = 34
QUERY: Final = {"Content-Type": "application/sparql-query"}
UPDATE: Final = {"Content-Type": "application/sparql-update"}
FORM: Final = {"Content-Type": "application/x-www-form-urlencoded"}
DATA: Final = "http://kasei.us/2009/09/sparql/data/data{}.rdf"
FOAF: Final = "http://xmlns.com/foaf/0.1/"
TESTS: dict[str, Test] = {}


NAMES: Final = names_of("protocol")


def case(test: Test) -> Test:
    """Keep a test under the name that the suite gives it."""
    TESTS[f"sparql11/protocol/{test.__name__.removeprefix('_')}"] = test
    return test


@pytest.fixture(scope="module")
def client() -> Iterator[httpx.Client]:
    """A dataset with the documents that the tests name, each of them about one Document."""
    with server() as found:
        for number in (0, 1, 2, 3):
            name = DATA.format(number)
            text = f"<{name}> a <{FOAF}Document> ; <{FOAF}name> 'data{number}' ."
            path = f"/graphs?{urlencode({'graph': name})}"
            response = found.put(path, content=text, headers={"Content-Type": "text/turtle"})
            assert response.status_code == 201
        yield found


def test_the_suite_is_whole() -> None:
    assert len(NAMES) == COUNT
    assert set(TESTS) == set(NAMES)
    assert {name for name in misses() if name.split("/")[1] == "protocol"} <= set(NAMES)


@pytest.mark.parametrize("name", NAMES)
def test_case(name: str, client: httpx.Client) -> None:
    judge_test(name, lambda: TESTS[name](client))


def _is_true(response: httpx.Response) -> None:
    assert response.status_code == 200, response.text
    assert response.headers["Content-Type"] in (
        "application/sparql-results+json",
        "application/sparql-results+xml",
    )
    assert response.json()["boolean"] is True


def _ask(client: httpx.Client, pattern: str) -> None:
    _is_true(client.post("/sparql", content=f"ASK {{ {pattern} }}", headers=QUERY))


def _is_refused(response: httpx.Response) -> None:
    assert 400 <= response.status_code < 500, response.status_code


def _documents(*numbers: int) -> list[str]:
    return [DATA.format(number) for number in numbers]


# Queries (section 2.1)


@case
def _query_get(client: httpx.Client) -> None:
    _is_true(client.get("/sparql", params={"query": "ASK {}"}))


@case
def _query_post_form(client: httpx.Client) -> None:
    _is_true(client.post("/sparql", data={"query": "ASK {}"}))


@case
def _query_post_direct(client: httpx.Client) -> None:
    _is_true(client.post("/sparql", content="ASK {}", headers=QUERY))


@case
def _query_dataset_default_graphs_get(client: httpx.Client) -> None:
    query = f"ASK {{ <{DATA.format(1)}> a ?type . <{DATA.format(2)}> a ?type }}"
    fields = {"query": query, "default-graph-uri": _documents(1, 2)}
    _is_true(client.get("/sparql", params=fields))


@case
def _query_dataset_default_graphs_post(client: httpx.Client) -> None:
    query = f"ASK {{ <{DATA.format(1)}> a ?type . <{DATA.format(2)}> a ?type }}"
    path = f"/sparql?{urlencode({'default-graph-uri': _documents(1, 2)}, doseq=True)}"
    _is_true(client.post(path, content=query, headers=QUERY))


@case
def _query_dataset_named_graphs_post(client: httpx.Client) -> None:
    query = f"ASK {{ GRAPH ?g {{ <{DATA.format(1)}> a ?type }} FILTER NOT EXISTS {{ ?s a ?o }} }}"
    path = f"/sparql?{urlencode({'named-graph-uri': _documents(1, 2)}, doseq=True)}"
    _is_true(client.post(path, content=query, headers=QUERY))


@case
def _query_dataset_named_graphs_get(client: httpx.Client) -> None:
    query = (
        "ASK { { SELECT (COUNT(DISTINCT ?g) AS ?n) { GRAPH ?g { ?s a ?o } } } FILTER(?n = 2) "
        "FILTER NOT EXISTS { ?s a ?o } }"
    )
    _is_true(client.get("/sparql", params={"query": query, "named-graph-uri": _documents(1, 2)}))


@case
def _query_dataset_full(client: httpx.Client) -> None:
    query = (
        f"ASK {{ <{DATA.format(3)}> a ?t . GRAPH ?g {{ <{DATA.format(1)}> a ?t }} "
        f"FILTER NOT EXISTS {{ <{DATA.format(1)}> a ?t }} "
        f"FILTER NOT EXISTS {{ GRAPH ?h {{ <{DATA.format(3)}> a ?t }} }} }}"
    )
    fields = {
        "query": query,
        "default-graph-uri": _documents(3),
        "named-graph-uri": _documents(1, 2),
    }
    _is_true(client.get("/sparql", params=fields))


@case
def _query_multiple_dataset(client: httpx.Client) -> None:
    query = (
        f"ASK FROM <{DATA.format(1)}> {{ <{DATA.format(2)}> a ?t "
        f"FILTER NOT EXISTS {{ <{DATA.format(1)}> a ?t }} }}"
    )
    _is_true(client.get("/sparql", params={"query": query, "default-graph-uri": _documents(2)}))


def _typed(client: httpx.Client, query: str, *media_types: str) -> None:
    response = client.get("/sparql", params={"query": query})
    assert response.status_code == 200
    assert response.headers["Content-Type"].partition(";")[0] in media_types


@case
def _query_content_type_select(client: httpx.Client) -> None:
    _typed(
        client,
        "SELECT (1 AS ?value) {}",
        "application/sparql-results+xml",
        "application/sparql-results+json",
        "text/csv",
        "text/tab-separated-values",
    )


@case
def _query_content_type_ask(client: httpx.Client) -> None:
    _typed(client, "ASK {}", "application/sparql-results+xml", "application/sparql-results+json")


_GRAPHS: Final = ("application/rdf+xml", "text/turtle", "application/n-triples", "text/plain")


@case
def _query_content_type_describe(client: httpx.Client) -> None:
    _typed(client, "DESCRIBE <http://example.org/>", *_GRAPHS)


@case
def _query_content_type_construct(client: httpx.Client) -> None:
    _typed(client, "CONSTRUCT { <s> <p> 1 } WHERE {}", *_GRAPHS)


@case
def _bad_query_method(client: httpx.Client) -> None:
    response = client.put("/sparql", params={"query": "ASK {}"})
    assert response.status_code == 405
    assert {"GET", "POST"} <= set(response.headers["Allow"].split(", "))


@case
def _bad_multiple_queries(client: httpx.Client) -> None:
    queries = ["ASK {}", "SELECT * {}"]
    _is_refused(client.get("/sparql", params={"query": queries}))
    _is_refused(client.post("/sparql", data={"query": queries}))


@case
def _bad_query_wrong_media_type(client: httpx.Client) -> None:
    _is_refused(client.post("/sparql", content="ASK {}", headers={"Content-Type": "text/plain"}))


@case
def _bad_query_missing_form_type(client: httpx.Client) -> None:
    _is_refused(client.post("/sparql", content=urlencode({"query": "ASK {}"})))


@case
def _bad_query_missing_direct_type(client: httpx.Client) -> None:
    _is_refused(client.post("/sparql", content="ASK {}"))


@case
def _bad_query_non_utf8(client: httpx.Client) -> None:
    for headers in (QUERY, {"Content-Type": "application/sparql-query; charset=UTF-16"}):
        _is_refused(client.post("/sparql", content="ASK {}".encode("utf-16"), headers=headers))


@case
def _bad_query_syntax(client: httpx.Client) -> None:
    _is_refused(client.get("/sparql", params={"query": "ASK { ?s ?p }"}))


# Updates (section 2.2)


@case
def _update_post_form(client: httpx.Client) -> None:
    client.post("/sparql", data={"update": "CLEAR DEFAULT"}).raise_for_status()


@case
def _update_post_direct(client: httpx.Client) -> None:
    client.post("/sparql", content="CLEAR DEFAULT", headers=UPDATE).raise_for_status()


def _updated(client: httpx.Client, where: str, name: str, **dataset: list[str]) -> None:
    """Run an update in the dataset of the request that writes to a graph of its own."""
    target = f"http://example.org/protocol-{name}/"
    update = (
        f"CLEAR SILENT GRAPH <{target}> ; "
        f"INSERT {{ GRAPH <{target}> {{ ?s a <http://example.org/Found> }} }} WHERE {{ {where} }}"
    )
    fields = {name.replace("_", "-"): graphs for name, graphs in dataset.items()}
    path = f"/sparql?{urlencode(fields, doseq=True)}"
    client.post(path, content=update, headers=UPDATE).raise_for_status()


def _found(client: httpx.Client, name: str, *numbers: int) -> None:
    found = "".join(f"<{DATA.format(number)}> a ?t . " for number in numbers)
    _ask(
        client,
        f"GRAPH <http://example.org/protocol-{name}/> {{ {found} }} "
        f"{{ SELECT (COUNT(*) AS ?n) {{ GRAPH <http://example.org/protocol-{name}/> {{ ?s ?p ?o }} "
        f"}} }} FILTER(?n = {len(numbers)})",
    )


@case
def _update_dataset_default_graph(client: httpx.Client) -> None:
    _updated(client, "?s a ?type", "one", using_graph_uri=_documents(1))
    _found(client, "one", 1)


@case
def _update_dataset_default_graphs(client: httpx.Client) -> None:
    _updated(client, "?s a ?type", "two", using_graph_uri=_documents(1, 2))
    _found(client, "two", 1, 2)


@case
def _update_dataset_named_graphs(client: httpx.Client) -> None:
    where = "GRAPH ?g { ?s a ?type }"
    _updated(client, where, "named", using_named_graph_uri=_documents(1, 2))
    _found(client, "named", 1, 2)


@case
def _update_dataset_full(client: httpx.Client) -> None:
    _updated(
        client,
        "?s a ?type . GRAPH ?g { ?other a ?type }",
        "full",
        using_graph_uri=_documents(1),
        using_named_graph_uri=_documents(2),
    )
    _found(client, "full", 1)


@case
def _update_base_uri(client: httpx.Client) -> None:
    graph = "http://example.org/protocol-base-test/"
    update = (
        f"CLEAR SILENT GRAPH <{graph}> ; "
        f"INSERT DATA {{ GRAPH <{graph}> {{ <http://example.org/s> a <test> }} }}"
    )
    client.post("/sparql", content=update, headers=UPDATE).raise_for_status()
    _ask(
        client,
        f"GRAPH <{graph}> {{ ?s ?p ?o FILTER(isIRI(?o) && REGEX(STR(?o), '^http.*test$')) }}",
    )


@case
def _bad_update_get(client: httpx.Client) -> None:
    _is_refused(client.get("/sparql", params={"update": "CLEAR DEFAULT"}))


@case
def _bad_multiple_updates(client: httpx.Client) -> None:
    updates = ["CLEAR DEFAULT", "CLEAR DEFAULT"]
    _is_refused(client.post("/sparql", data={"update": updates}))


@case
def _bad_update_wrong_media_type(client: httpx.Client) -> None:
    headers = {"Content-Type": "text/plain"}
    _is_refused(client.post("/sparql", content="CLEAR DEFAULT", headers=headers))


@case
def _bad_update_missing_form_type(client: httpx.Client) -> None:
    _is_refused(client.post("/sparql", content=urlencode({"update": "CLEAR DEFAULT"})))


@case
def _bad_update_non_utf8(client: httpx.Client) -> None:
    for headers in (UPDATE, {"Content-Type": "application/sparql-update; charset=UTF-16"}):
        content = "CLEAR DEFAULT".encode("utf-16")
        _is_refused(client.post("/sparql", content=content, headers=headers))


@case
def _bad_update_syntax(client: httpx.Client) -> None:
    _is_refused(client.post("/sparql", data={"update": "CLEAR THAT"}))


@case
def _bad_update_dataset_conflict(client: httpx.Client) -> None:
    graph = DATA.format(1)
    for update in (
        f"INSERT {{ ?s ?p ?o }} USING <{graph}> WHERE {{ ?s ?p ?o }}",
        f"INSERT {{ ?s ?p ?o }} USING NAMED <{graph}> WHERE {{ ?s ?p ?o }}",
        f"WITH <{graph}> INSERT {{ ?s ?p ?o }} WHERE {{ ?s ?p ?o }}",
    ):
        for name in ("using-graph-uri", "using-named-graph-uri"):
            _is_refused(client.post("/sparql", data={"update": update, name: graph}))
