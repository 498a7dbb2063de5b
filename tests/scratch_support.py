"""A real `migov serve --scratch` for tests, and requests to it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from urllib.parse import urlencode

import httpx
import pytest

from conftest import started

G, H = "http://example.org/g", "http://example.org/h"
AT_G = "/graphs?" + urlencode({"graph": G})
TURTLE = {"Content-Type": "text/turtle"}
UPDATE = {"Content-Type": "application/sparql-update"}
HTML = {"Accept": "text/html"}
RDF = "http://www.w3.org/1999/02/22-rdf-syntax-ns#"
FORM = {"Content-Type": "application/x-www-form-urlencoded"}


@contextmanager
def scratch(*options: str) -> Iterator[httpx.Client]:
    """Run a scratch dataset in a process of its own and give a client of it."""
    with (
        started("serve", "--scratch", "--port", "0", *options) as address,
        httpx.Client(base_url=address, timeout=30) as client,
    ):
        yield client


def empty(client: httpx.Client) -> None:
    """Let the dataset be as it was when it began."""
    assert client.post("/sparql", data={"update": "DROP ALL"}).status_code == 204


@pytest.fixture(scope="module")
def scratch_server() -> Iterator[httpx.Client]:
    with scratch("--deadline", "5") as client:
        yield client


@pytest.fixture
def dataset(scratch_server: httpx.Client) -> httpx.Client:
    """A scratch server with nothing in its dataset."""
    empty(scratch_server)
    return scratch_server


def put(store: httpx.Client, text: str, path: str = AT_G) -> httpx.Response:
    return store.put(path, content=text, headers=TURTLE)


def said(store: httpx.Client, path: str = AT_G) -> set[str]:
    """Return the triples of a graph, without the labels of blank nodes."""
    response = store.get(path, headers={"Accept": "application/n-triples"})
    assert response.status_code == 200, response.text
    return set(response.text.splitlines())


def ask(store: httpx.Client, pattern: str) -> bool:
    response = store.post("/sparql", data={"query": f"ASK {{ {pattern} }}"})
    return bool(response.json()["boolean"])


def told(response: httpx.Response, status: int) -> str:
    """Return what a problem document says."""
    assert response.status_code == status, response.text
    assert response.headers["Content-Type"] == "application/problem+json"
    document = response.json()
    assert document["status"] == status
    return f"{document['detail']} {document.get('hint', '')}"
