"""The W3C SPARQL 1.1 Service Description tests, against a scratch dataset.

The suite gives these tests a name and a sentence each, as it does those of the protocol.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Final

import httpx
import pytest
from pyoxigraph import RdfFormat, Store

from conformance.suites.served import judge_test, misses, names_of, server

Test = Callable[[httpx.Client], None]

COUNT: Final = 3
FOLDER: Final = "service-description"
NAMES: Final = names_of(FOLDER)
TESTS: dict[str, Test] = {}
_SD: Final = "PREFIX sd: <http://www.w3.org/ns/sparql-service-description#>"


def case(test: Test) -> Test:
    """Keep a test under the name that the suite gives it."""
    name = test.__name__.removeprefix("_").replace("_", "-")
    TESTS[f"sparql11/{FOLDER}/{name}"] = test
    return test


@pytest.fixture(scope="module")
def client() -> Iterator[httpx.Client]:
    """A dataset with one named graph, so that there is something to describe."""
    with server() as found:
        text = "<http://example.org/s> a <http://example.org/Document> ."
        path = "/graphs?graph=http%3A%2F%2Fexample.org%2Fg"
        response = found.put(path, content=text, headers={"Content-Type": "text/turtle"})
        assert response.status_code == 201
        yield found


def test_the_suite_is_whole() -> None:
    assert len(NAMES) == COUNT
    assert set(TESTS) == set(NAMES)
    assert {name for name in misses() if name.split("/")[1] == FOLDER} <= set(NAMES)


@pytest.mark.parametrize("name", NAMES)
def test_case(name: str, client: httpx.Client) -> None:
    judge_test(name, lambda: TESTS[name](client))


def _description(client: httpx.Client) -> Store:
    response = client.get("/sparql")
    assert response.status_code == 200
    assert response.headers["Content-Type"].startswith("text/turtle")
    store = Store()
    store.load(response.content, format=RdfFormat.TURTLE)
    return store


@case
def _returns_rdf(client: httpx.Client) -> None:
    assert len(_description(client)) > 10


@case
def _has_endpoint_triple(client: httpx.Client) -> None:
    endpoint = f"{client.base_url}/sparql"
    pattern = f"?service a sd:Service ; sd:endpoint <{endpoint}>"
    assert _description(client).query(f"{_SD} ASK {{ {pattern} }}")


@case
def _conforms_to_schema(client: httpx.Client) -> None:
    """Sections 3.2 to 3.4: each property has a subject and a value of its class."""
    store = _description(client)
    for name, domain, range in (
        ("defaultDataset", "Service", "Dataset"),
        ("defaultGraph", "Dataset", "Graph"),
        ("namedGraph", "Dataset", "NamedGraph"),
        ("graph", "NamedGraph", "Graph"),
    ):
        pattern = f"?s sd:{name} ?o FILTER NOT EXISTS {{ ?s a sd:{domain} . ?o a sd:{range} }}"
        assert store.query(f"{_SD} ASK {{ ?s sd:{name} ?o }}"), name
        assert not store.query(f"{_SD} ASK {{ {pattern} }}"), name
    for name in ("name", "endpoint", "supportedLanguage", "feature", "resultFormat", "inputFormat"):
        assert store.query(f"{_SD} ASK {{ ?s sd:{name} ?o }}"), name
        assert not store.query(f"{_SD} ASK {{ ?s sd:{name} ?o FILTER(!isIRI(?o)) }}"), name
    assert not store.query(
        f"{_SD} ASK {{ ?s a sd:NamedGraph FILTER NOT EXISTS {{ ?s sd:name ?name }} }}"
    )
