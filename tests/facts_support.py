"""The facts in `facts/`, the check of each, and a dataset that a test may change for a while."""

from __future__ import annotations

import csv
import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from pyoxigraph import NamedNode, Quad, RdfFormat, Store

ROOT = Path(__file__).resolve().parent.parent
FACTS = Path(__file__).resolve().parent / "facts"
GRAPHS = "https://w3id.org/migov/graph/"
NS = "https://w3id.org/migov/ns#"
ID = "https://w3id.org/migov/id/"
CONCEPT = "https://w3id.org/migov/concept/"
RDF = "http://www.w3.org/1999/02/22-rdf-syntax-ns#"
DCTERMS = "http://purl.org/dc/terms/"
SKOS = "http://www.w3.org/2004/02/skos/core#"

CERTAINTY = {"S": "stated", "I": "inferred", "A": "ambiguous"}


@dataclass(frozen=True)
class Row:
    """One row of the table."""

    id: str
    subject: str
    relation: str
    source: str
    certainty: str

    @property
    def predicate(self) -> NamedNode:
        """The property that must carry the fact."""
        relation = "role:*" if self.relation.startswith("role:") else self.relation
        prefix, name = (PROPERTY_OF_ROW.get(self.id) or PROPERTY[relation]).split(":")
        return NamedNode({"mg": NS, "dcterms": DCTERMS, "skos": SKOS}[prefix] + name)


@dataclass(frozen=True)
class Check:
    """One ASK, the sentence above it and the file it stands in."""

    id: str
    sentence: str
    record: str
    prefixes: str
    body: str

    @property
    def graph(self) -> NamedNode:
        """The named graph of the record that the file is about."""
        publisher, slug = self.record.split("-", 1)
        return NamedNode(f"{GRAPHS}data/records/{publisher}/{slug}.ttl")

    def holds(self, store: Store) -> bool:
        """Whether the data say so."""
        answer = store.query(self.prefixes + self.body, use_default_graph_as_union=True)
        return bool(answer)


def table(name: str) -> list[dict[str, str]]:
    """The rows of a tab-separated file beside the checks."""
    with (FACTS / name).open(encoding="utf-8", newline="") as lines:
        return list(csv.DictReader(lines, delimiter="\t"))


def read_checks(path: Path) -> Iterator[Check]:
    """The checks of one file, each to be read with the file's prefixes."""
    prefixes, *parts = re.split(r"^## ", path.read_text(encoding="utf-8"), flags=re.MULTILINE)
    for part in parts:
        heading, body = part.split("\n", 1)
        fact, sentence = heading.split(" ", 1)
        yield Check(fact, sentence, path.stem, prefixes, body)


PROPERTY = {row["relation"]: row["property"] for row in table("relations.tsv")}
# Two rows whose object decides the property: SDG 19 names no goal, COVID-19 is no instrument.
PROPERTY_OF_ROW = {"F223": "mg:unresolvedReference", "F384": "mg:about"}
ROWS = [
    Row(r["id"], r["subject"], r["relation"], r["source"], CERTAINTY[r["certainty"]])
    for r in table("facts.tsv")
]
ROW = {row.id: row for row in ROWS}
CHECKS = [check for path in sorted(FACTS.glob("*.rq")) for check in read_checks(path)]
CHECK = {check.id: check for check in CHECKS}
RECORDS = sorted({check.record for check in CHECKS})
EXCEPTIONS = {row["id"]: row for row in table("exceptions.tsv")}


@cache
def dataset() -> Store:
    """Ontology and data, one named graph per file. Whoever changes it puts it back."""
    store = Store()
    for folder in ("ontology", "data"):
        for path in sorted((ROOT / folder).rglob("*.ttl")):
            graph = GRAPHS + path.relative_to(ROOT).as_posix()
            store.bulk_load(
                path=path, format=RdfFormat.TURTLE, base_iri=graph, to_graph=NamedNode(graph)
            )
    return store


@contextmanager
def changed(remove: list[Quad], add: list[Quad]) -> Iterator[Store]:
    """The dataset with other triples, until the block ends."""
    store = dataset()
    added = [quad for quad in add if quad not in store]
    for quad in remove:
        store.remove(quad)
    store.extend(added)
    try:
        yield store
    finally:
        for quad in added:
            store.remove(quad)
        store.extend(remove)


@cache
def failing() -> frozenset[str]:
    """The rows whose check fails on the data as they are."""
    return frozenset(check.id for check in CHECKS if not check.holds(dataset()))


def record_quads(predicate: NamedNode | None = None) -> list[Any]:
    """What the graphs of the records state, of one property or of all."""
    quads: Iterator[Any] = dataset().quads_for_pattern(None, predicate, None, None)
    return [quad for quad in quads if quad.graph_name.value.startswith(f"{GRAPHS}data/records/")]


def survivors(store: Store, facts: list[str]) -> list[str]:
    """Which of the facts still hold."""
    return [fact for fact in facts if CHECK[fact].holds(store)]


def holding(test: Callable[[Row], bool] = lambda row: True) -> list[str]:
    """The rows that hold on the data as they are and pass the test."""
    return [row.id for row in ROWS if row.id not in failing() and test(row)]


def annotated_triples() -> Iterator[tuple[tuple[Any, Any, Any], Any, Any]]:
    """The triple, the graph and the node of every annotation in the records."""
    store = dataset()
    for quad in record_quads(NamedNode(f"{RDF}subject")):
        graph, node = quad.graph_name, quad.subject
        predicate, term = (
            next(store.quads_for_pattern(node, NamedNode(RDF + part), None, graph)).object
            for part in ("predicate", "object")
        )
        yield (quad.object, predicate, term), graph, node
