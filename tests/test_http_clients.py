"""The clients that people use, against a real server."""

from __future__ import annotations

from typing import Any

import httpx
import pytest
from rdflib import Graph, Namespace, URIRef
from rdflib.plugins.stores.sparqlstore import SPARQLStore
from SPARQLWrapper import CSV, JSON, JSONLD, N3, RDFXML, TSV, TURTLE, XML, SPARQLWrapper

SELECT = "SELECT ?place { ?place mg:isoAlpha2 'MA' }"
MOROCCO = "https://w3id.org/migov/id/place/mar"
PILOTS = "SELECT * { ?initiative mg:pilotPlace place:mar }"
CONSTRUCT = f"CONSTRUCT {{ <{MOROCCO}> ?p ?o }} WHERE {{ <{MOROCCO}> ?p ?o }}"


@pytest.mark.parametrize("format", [JSON, XML, CSV, TSV])
@pytest.mark.parametrize("method", ["GET", "POST"])
def test_sparqlwrapper_rows(endpoint: str, format: str, method: str) -> None:
    wrapper = SPARQLWrapper(f"{endpoint}/sparql")
    wrapper.setQuery(SELECT)
    wrapper.setMethod(method)
    wrapper.setReturnFormat(format)
    result: Any = wrapper.query().convert()
    text = result if isinstance(result, bytes) else str(getattr(result, "toxml", lambda: result)())
    assert MOROCCO in (text.decode() if isinstance(text, bytes) else text)


@pytest.mark.filterwarnings("ignore:ConjunctiveGraph is deprecated")  # SPARQLWrapper makes one
@pytest.mark.parametrize("format", [TURTLE, N3, RDFXML, JSONLD, XML])
def test_sparqlwrapper_graphs(endpoint: str, format: str) -> None:
    wrapper = SPARQLWrapper(f"{endpoint}/sparql")
    wrapper.setQuery(CONSTRUCT)
    wrapper.setReturnFormat(format)
    result: Any = wrapper.query().convert()
    graph = result if isinstance(result, Graph) else Graph().parse(data=result, format="turtle")
    assert len(graph) > 5


@pytest.mark.parametrize("method", ["GET", "POST", "POST_FORM"])
@pytest.mark.parametrize("format", ["xml", "json", "csv", "tsv"])
def test_rdflib_store(endpoint: str, method: Any, format: str) -> None:
    store = SPARQLStore(f"{endpoint}/sparql", method=method, returnFormat=format)
    graph = Graph(store)
    rows = list(graph.query(SELECT))
    assert [str(row[0]) for row in rows] == [MOROCCO]  # type: ignore[index]
    assert len(list(graph.predicate_objects(URIRef(MOROCCO)))) > 5


def test_rdflib_reads_an_entity_at_its_address(endpoint: str) -> None:
    graph = Graph().parse(f"{endpoint}/id/place/mar")
    assert (URIRef(MOROCCO), None, None) in graph


def test_the_endpoint_describes_itself(endpoint: str) -> None:
    graph = Graph().parse(f"{endpoint}/sparql")
    sd = Namespace("http://www.w3.org/ns/sparql-service-description#")
    assert (URIRef(f"{endpoint}/sparql"), sd.endpoint, URIRef(f"{endpoint}/sparql")) in graph
    assert httpx.get(f"{endpoint}/sparql").headers["Content-Type"].startswith("text/turtle")
    assert httpx.get(f"{endpoint}/graphs?default").text.count("\n") > 10_000


def test_curl_lines_of_the_front_page(endpoint: str) -> None:
    rows = httpx.get(f"{endpoint}/queries/who-funds-and-implements.csv?country=mar").text
    assert "THAMM" in rows
    turtle = httpx.get(f"{endpoint}/id/initiative/thamm.ttl")
    assert turtle.headers["Content-Type"].startswith("text/turtle")
    posted = httpx.post(f"{endpoint}/sparql", data={"query": PILOTS})
    assert posted.json()["results"]["bindings"]
    front = httpx.get(endpoint, headers={"Accept": "text/html"}).text
    assert PILOTS in front
