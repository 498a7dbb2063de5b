"""The clients that people write with, against a scratch dataset."""

from __future__ import annotations

import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest
from rdflib import RDF, BNode, Graph, Literal, URIRef
from rdflib.graph import DATASET_DEFAULT_GRAPH_ID, Dataset
from rdflib.namespace import FOAF
from rdflib.plugins.stores.sparqlstore import SPARQLUpdateStore
from SPARQLWrapper import JSON, POST, POSTDIRECTLY, TURTLE, URLENCODED, SPARQLWrapper

from scratch_support import empty, scratch

ME = URIRef("http://example.org/me")
RECORD = URIRef("http://example.org/record")


@pytest.fixture(scope="module")
def server() -> Iterator[httpx.Client]:
    with scratch() as client:
        yield client


@pytest.fixture
def address(server: httpx.Client) -> str:
    empty(server)
    return str(server.base_url).rstrip("/")


def update_store(address: str) -> SPARQLUpdateStore:
    return SPARQLUpdateStore(f"{address}/sparql", f"{address}/sparql")


@pytest.mark.parametrize("how", [URLENCODED, POSTDIRECTLY])
def test_sparqlwrapper(address: str, how: str) -> None:
    writer = SPARQLWrapper(f"{address}/sparql", updateEndpoint=f"{address}/sparql")
    writer.setMethod(POST)
    writer.setRequestMethod(how)
    writer.setQuery(f"INSERT DATA {{ <{ME}> a <{FOAF.Person}> ; <{FOAF.name}> 'Zoë' }}")
    assert writer.query().response.status == 204
    reader = SPARQLWrapper(f"{address}/sparql")
    reader.setQuery("SELECT ?name { ?me foaf:name ?name }".replace("foaf:name", FOAF.name.n3()))
    reader.setReturnFormat(JSON)
    rows: Any = reader.query().convert()
    (row,) = rows["results"]["bindings"]
    assert row["name"]["value"] == "Zoë"
    reader.setQuery(f"CONSTRUCT WHERE {{ <{ME}> ?p ?o }}")
    reader.setReturnFormat(TURTLE)
    turtle: Any = reader.query().convert()
    assert len(Graph().parse(data=turtle, format="turtle")) == 2
    wrong = SPARQLWrapper(f"{address}/sparql")
    wrong.setMethod(POST)
    wrong.setQuery("INSERT DATA { <a:b> <a:c> }")
    with pytest.raises(Exception, match=r"(?i)bad request|badly formed"):
        wrong.query()


def test_rdflib_graph(address: str) -> None:
    graph = Graph(update_store(address), identifier=RECORD)
    graph.add((ME, RDF.type, FOAF.Person))
    graph.add((ME, FOAF.name, Literal("Zoë", lang="fr")))
    assert set(graph) == {(ME, RDF.type, FOAF.Person), (ME, FOAF.name, Literal("Zoë", lang="fr"))}
    graph.set((ME, FOAF.name, Literal("Zoe")))
    assert graph.value(ME, FOAF.name) == Literal("Zoe")
    graph.remove((ME, None, None))
    assert len(graph) == 0


def test_rdflib_dataset(address: str) -> None:
    dataset = Dataset(store=update_store(address), default_union=False)
    record = dataset.graph(RECORD)
    record.parse(data=f"<{ME}> a <{FOAF.Person}> .", format="turtle")
    assert (ME, RDF.type, FOAF.Person) in record
    assert (ME, RDF.type, FOAF.Person) not in dataset.graph(DATASET_DEFAULT_GRAPH_ID)
    assert RECORD in {graph.identifier for graph in dataset.graphs()}
    dataset.remove_graph(record)
    assert RECORD not in {graph.identifier for graph in dataset.graphs()}


def test_rdflib_updates(address: str) -> None:
    graph = Graph(update_store(address), identifier=RECORD)
    graph.update(f"INSERT DATA {{ <{ME}> <{FOAF.age}> 41 }}")
    graph.update(
        f"DELETE {{ ?me <{FOAF.age}> ?n }} INSERT {{ ?me <{FOAF.age}> ?m }} "
        f"WHERE {{ ?me <{FOAF.age}> ?n BIND(?n + 1 AS ?m) }}"
    )
    assert graph.value(ME, FOAF.age) == Literal(42)


def test_rdflib_reads_the_graph_store(address: str) -> None:
    graph = Graph()
    graph.add((ME, FOAF.knows, BNode()))
    httpx.put(
        f"{address}/graphs?default",
        content=graph.serialize(format="xml"),
        headers={"Content-Type": "application/rdf+xml"},
    ).raise_for_status()
    assert len(Graph().parse(f"{address}/graphs?default")) == 1


@pytest.mark.needs("curl")
def test_curl(address: str, tmp_path: Path) -> None:
    """The ways in which people send a file."""

    def curl(*arguments: str) -> str:
        command = ["curl", "--silent", "--fail", "--max-time", "20", *arguments]
        return subprocess.run(
            command, cwd=tmp_path, check=True, capture_output=True
        ).stdout.decode()

    (tmp_path / "a.ttl").write_text(f"<{ME}> a <{FOAF.Person}> .")
    (tmp_path / "b.ru").write_text(f"INSERT DATA {{ <{ME}> <{FOAF.name}> 'Zoë' }}", "utf-8")
    graph = f"{address}/graphs?graph={RECORD}"
    curl("-X", "PUT", "-H", "Content-Type: text/turtle", "-T", "a.ttl", graph)
    curl("-F", "data=@a.ttl", f"{address}/graphs?default")  # curl names no type that it knows
    curl(
        "-H",
        "Content-Type: application/sparql-update",
        "--data-binary",
        "@b.ru",
        f"{address}/sparql",
    )
    curl("--data-urlencode", "update@b.ru", f"{address}/sparql")
    assert curl("-H", "Accept: application/n-triples", graph).count("\n") == 1
    rows = curl(
        "--data-urlencode",
        "query=SELECT ?o { ?s ?p ?o }",
        "-H",
        "Accept: text/csv",
        f"{address}/sparql",
    )
    assert rows.count("\r\n") == 3
    assert "Zoë" in rows
    curl("-X", "DELETE", graph)
    assert "404" in curl("-o", "/dev/null", "-w", "%{http_code}", "--no-fail", graph)
