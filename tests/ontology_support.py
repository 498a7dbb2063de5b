"""The ontology and what uses it, as graphs of rdflib.

A module takes a fixture by giving it a name of its own: `ontology = ontology_support.ontology`.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from rdflib import OWL, RDFS, Graph, Namespace, URIRef
from rdflib.term import Node

ROOT = Path(__file__).resolve().parents[1]
ONTOLOGY = ROOT / "ontology"
BASE = "https://w3id.org/migov/"
MG = Namespace(f"{BASE}ns#")
CONCEPT = f"{BASE}concept/"
CC_BY = URIRef("https://creativecommons.org/licenses/by/4.0/")
TURTLE = sorted(ONTOLOGY.rglob("*.ttl"))

TERM_KINDS = {
    OWL.Class,
    OWL.ObjectProperty,
    OWL.DatatypeProperty,
    OWL.AnnotationProperty,
    RDFS.Datatype,
}


def load(paths: list[Path]) -> Graph:
    graph = Graph()
    for path in paths:
        graph.parse(path)
    return graph


def ours(nodes: Iterator[Node], base: str) -> set[str]:
    return {str(node) for node in nodes if isinstance(node, URIRef) and node.startswith(base)}


@pytest.fixture(scope="module")
def ontology() -> Graph:
    return load([ONTOLOGY / "migov.ttl"])


@pytest.fixture(scope="module")
def everything() -> Graph:
    return load([*TURTLE, *sorted((ROOT / "data").rglob("*.ttl"))])


@pytest.fixture(scope="module")
def terms(ontology: Graph) -> set[str]:
    return ours(ontology.subjects(unique=True), str(MG))
