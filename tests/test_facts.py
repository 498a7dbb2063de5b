"""The 404 facts read from the source documents, each asked of the graph in SPARQL.

``facts/facts.tsv`` holds the rows, ``facts/<publisher>-<record>.rq`` one ASK per row,
``facts/relations.tsv`` the property that carries each relation, and ``facts/exceptions.tsv`` the
rows that a source line contradicts. A check names the graph of its
record, the line and the certainty of its row, so a fact in the wrong record, at another line or
said with more confidence than the source has does not pass.
"""

from __future__ import annotations

import csv
import re
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import pytest
from pyoxigraph import BlankNode, Literal, NamedNode, Quad, RdfFormat, Store

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


# --- the table and its checks ------------------------------------------------------------------


def test_every_row_is_collected() -> None:
    assert len(ROWS) == 404
    assert len(RECORDS) == 18
    assert set(PROPERTY) == {row.relation.split(":")[0] for row in ROWS} - {"role"} | {"role:*"}
    assert [row.id for row in ROWS] == [f"F{number:03}" for number in range(1, 405)]


def test_each_row_has_one_check_and_each_check_a_row() -> None:
    assert Counter(check.id for check in CHECKS) == Counter(row.id for row in ROWS)


def test_checks_stand_in_the_order_of_the_table() -> None:
    for record in RECORDS:
        order = [check.id for check in CHECKS if check.record == record]
        assert order == sorted(order), record


def test_each_file_of_checks_is_a_record_and_each_record_has_one() -> None:
    records = ROOT / "data" / "records"
    files = {
        "-".join(path.relative_to(records).with_suffix("").parts) for path in records.rglob("*.ttl")
    }
    assert set(RECORDS) == files


def test_a_check_stands_with_the_record_that_holds_its_source_line() -> None:
    store = dataset()
    for check in CHECKS:
        extents: Iterator[Any] = store.quads_for_pattern(
            check.graph, NamedNode(f"{NS}extent"), None, check.graph
        )
        lines = {line for quad in extents for line in lines_of(quad.object.value)}
        lines |= category_lines(check)
        wanted = set(lines_of(ROW[check.id].source))
        assert wanted <= lines, f"{check.id} is read from {ROW[check.id].source}"


def lines_of(locator: str) -> list[tuple[str, int]]:
    """The document and number of every line of a locator.

    >>> lines_of("002:38,64-65")
    [('002', 38), ('002', 64), ('002', 65)]
    """
    document, spans = locator.split(":")
    ends = [tuple(map(int, span.split("-"))) for span in spans.split(",")]
    return [(document, line) for span in ends for line in range(span[0], span[-1] + 1)]


def category_lines(check: Check) -> set[tuple[str, int]]:
    """The last line of a listing names the category of all its records."""
    if ROW[check.id].relation != "listed under":
        return set()
    return {("000", 49), ("001", 45)}


@pytest.mark.parametrize("check", CHECKS, ids=lambda check: check.id)
def test_a_check_asks_its_graph_for_the_line_and_certainty_of_its_row(check: Check) -> None:
    row = ROW[check.id]
    local_name = check.graph.value.rsplit("/", 1)[1]
    assert check.body.startswith(f"ASK {{ GRAPH record:{local_name} {{\n")
    assert check.body.count("GRAPH") == 1
    assert f'"{row.source}"' in check.body
    final = re.findall(r"certainty:(\w+)", check.body)[-1]
    assert final == row.certainty
    assert check.sentence.endswith("." if row.certainty == "stated" else f"({row.certainty}).")


def test_checks_use_only_terms_that_the_dataset_defines() -> None:
    """A property or concept that nothing defines could never be asked about anywhere else."""
    store = dataset()
    rdf_type = NamedNode(f"{RDF}type")
    unknown: dict[str, str] = {}
    for check in CHECKS:
        prefixes = dict(re.findall(r"PREFIX ([\w-]+): <([^>]+)>", check.prefixes))
        text = re.sub(r'"(?:[^"\\]|\\.)*"', '""', check.body)
        for prefix, name in re.findall(r"([a-z][\w-]*):([\w-]+(?:\.[\w-]+)*)", text):
            term = NamedNode(prefixes[prefix] + name)
            if not term.value.startswith((NS, ID, CONCEPT)):
                continue
            home = f"{GRAPHS}ontology/" if term.value.startswith((NS, CONCEPT)) else GRAPHS
            homes: Iterator[Any] = store.quads_for_pattern(term, rdf_type, None, None)
            if not any(quad.graph_name.value.startswith(home) for quad in homes):
                unknown.setdefault(term.value, check.id)
    assert unknown == {}


def test_exceptions_name_a_row_a_source_line_and_a_reason() -> None:
    assert set(EXCEPTIONS) <= set(ROW)
    for row in EXCEPTIONS.values():
        assert re.fullmatch(r"\d{3}:[\d,-]+", row["source"]), row
        assert row["reason"].strip(), row


# --- the facts ---------------------------------------------------------------------------------


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row.id)
def test_the_fact_holds_or_is_a_reviewed_exception(row: Row) -> None:
    check = CHECK[row.id]
    held = row.id not in failing()
    if row.id in EXCEPTIONS:
        assert not held, f"{row.id} holds again: take it off exceptions.tsv"
    else:
        assert held, f"{row.id} ({row.source}): {check.sentence}\n{check.body}"


@pytest.mark.parametrize("record", RECORDS)
def test_without_a_record_exactly_its_rows_fail(record: str) -> None:
    graph = next(check.graph for check in CHECKS if check.record == record)
    gone = list(dataset().quads_for_pattern(None, None, None, graph))
    with changed(remove=gone, add=[]) as store:
        fails = {check.id for check in CHECKS if not check.holds(store)}
    assert fails - failing() == {check.id for check in CHECKS if check.record == record} - failing()


# --- a changed graph makes the checks fail -------------------------------------------------------


def other(term: Any) -> Any:
    """Another term of the same kind, which no fact is about."""
    if isinstance(term, Literal):
        if term.language:
            return Literal("something else", language=term.language)
        return Literal("7", datatype=term.datatype)
    return NamedNode("urn:example:something-else")


@pytest.mark.parametrize("shift", [1, 2])
def test_no_fact_holds_with_another_certainty(shift: int) -> None:
    """Every certainty becomes another, also that of what is stated without a word."""
    order = [NamedNode(f"{CONCEPT}certainty/{name}") for name in CERTAINTY.values()]
    certainty = NamedNode(f"{NS}certainty")
    said = record_quads(certainty)
    add = [
        Quad(q.subject, certainty, order[(order.index(q.object) + shift) % 3], q.graph_name)
        for q in said
    ]
    judged = {(quad.subject, quad.graph_name) for quad in said}
    annotated = set()
    for triple, graph, node in annotated_triples():
        annotated.add((*triple, graph))
        if (node, graph) not in judged:
            add.append(Quad(node, certainty, order[shift], graph))
    for quad in record_quads():
        if (quad.subject, quad.predicate, quad.object, quad.graph_name) not in annotated:
            add += annotation(quad, certainty, order[shift])
    with changed(remove=said, add=add) as store:
        assert survivors(store, holding()) == []


def test_no_fact_holds_at_another_line() -> None:
    locator = NamedNode(f"{NS}locator")
    said = record_quads(locator)
    moved = [Quad(q.subject, locator, Literal("009:9"), q.graph_name) for q in said]
    with changed(remove=said, add=moved) as store:
        assert survivors(store, holding()) == []


def required(check: Check) -> set[str]:
    """The properties that a check names outside what it lets be absent."""
    body = re.sub(r'"(?:[^"\\]|\\.)*"', '""', check.body)
    optional = r"(OPTIONAL|FILTER NOT EXISTS) \{(?:[^{}]|\{[^{}]*\})*\}"
    body = re.sub(rf"{optional}|FILTER \(.*", "", body)
    prefixes = {"mg": NS, "dcterms": DCTERMS, "skos": SKOS}
    names = re.findall(r"\b(mg|dcterms|skos):([a-z]\w+)", body)
    return {prefixes[prefix] + name for prefix, name in names} | (
        {f"{RDF}type"} if " a mg:" in body else set()
    )


def local_name(iri: str) -> str:
    """What follows the namespace, for the name of a test."""
    return re.split("[#/]", iri)[-1]


@pytest.mark.parametrize("predicate", sorted(set().union(*map(required, CHECKS))), ids=local_name)
def test_a_fact_needs_every_property_that_its_check_names(predicate: str) -> None:
    facts = [fact for fact in holding() if predicate in required(CHECK[fact])]
    said = list(dataset().quads_for_pattern(None, NamedNode(predicate), None, None))
    with changed(remove=said, add=[]) as store:
        assert survivors(store, facts) == []


def test_every_check_requires_the_property_of_its_row() -> None:
    for row in ROWS:
        assert row.predicate.value in required(CHECK[row.id]), row


PREDICATES = sorted({row.predicate.value for row in ROWS})


@pytest.mark.parametrize("predicate", PREDICATES, ids=local_name)
@pytest.mark.parametrize("end", ["subject", "object"])
def test_a_fact_needs_its_subject_and_its_object(predicate: str, end: str) -> None:
    said = record_quads(NamedNode(predicate))
    if end == "object":
        add = [Quad(q.subject, q.predicate, other(q.object), q.graph_name) for q in said]
    else:
        add = [Quad(other(q.subject), q.predicate, q.object, q.graph_name) for q in said]
    facts = holding(lambda row: row.predicate.value == predicate)
    with changed(remove=said, add=add) as store:
        assert survivors(store, facts) == []


@pytest.mark.parametrize("name", ["actor", "role", "participationIn"])
def test_a_role_needs_its_actor_and_what_it_is_a_role_in(name: str) -> None:
    said = record_quads(NamedNode(f"{NS}{name}"))
    add = [Quad(q.subject, q.predicate, other(q.object), q.graph_name) for q in said]
    facts = holding(lambda row: row.predicate.value == f"{NS}role")
    with changed(remove=said, add=add) as store:
        assert survivors(store, facts) == []


@pytest.mark.parametrize("end", ["Earliest", "Latest"])
@pytest.mark.parametrize("date", ["start", "end", "issued"])
def test_a_date_needs_its_bounds(date: str, end: str) -> None:
    said = record_quads(NamedNode(f"{NS}{date}{end}"))
    wrong = Literal("1900-01-01", datatype=NamedNode("http://www.w3.org/2001/XMLSchema#date"))
    add = [Quad(q.subject, q.predicate, wrong, q.graph_name) for q in said]
    facts = holding(lambda row: row.predicate.value == f"{NS}{date}Date")
    with changed(remove=said, add=add) as store:
        assert survivors(store, facts) == []


def test_an_unnamed_set_with_a_member_fails() -> None:
    facts = [fact for fact in holding() if "mg:Unnamed" in CHECK[fact].body]
    sets = {
        quad.subject
        for quad in record_quads(NamedNode(f"{RDF}type"))
        if quad.object.value.startswith(f"{NS}Unnamed")
    }
    member = NamedNode(f"{ID}place/mar")
    add = [Quad(member, NamedNode(f"{NS}within"), item, NamedNode(f"{GRAPHS}x")) for item in sets]
    assert facts
    with changed(remove=[], add=add) as store:
        assert survivors(store, facts) == []


# --- annotations say one thing -----------------------------------------------------------------


def annotation(quad: Quad, predicate: NamedNode, value: NamedNode) -> list[Quad]:
    """An annotation of a triple, in the graph of the triple."""
    node = BlankNode()
    parts = (("subject", quad.subject), ("predicate", quad.predicate), ("object", quad.object))
    described = [Quad(node, NamedNode(RDF + name), term, quad.graph_name) for name, term in parts]
    return [*described, Quad(node, predicate, value, quad.graph_name)]


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


def test_annotations_are_about_triples_of_their_graph() -> None:
    store = dataset()
    for (subject, predicate, term), graph, _ in annotated_triples():
        assert Quad(subject, predicate, term, graph) in store, (subject, predicate, term)


def test_no_two_annotations_of_a_triple_share_a_line() -> None:
    """With two, which certainty is meant would depend on who reads first."""
    locator = NamedNode(f"{NS}locator")
    lines = {(quad.subject, quad.graph_name): quad.object for quad in record_quads(locator)}
    seen = Counter(
        (triple, graph, lines.get((node, graph), lines[graph, graph]))
        for triple, graph, node in annotated_triples()
    )
    assert [entry for entry, times in seen.items() if times > 1] == []


def test_no_two_participations_of_a_record_say_the_same() -> None:
    parts = [NamedNode(f"{NS}{name}") for name in ("participationIn", "role", "actor")]
    nodes: dict[tuple[Any, Any], list[Any]] = {}
    for part in parts:
        for quad in record_quads(part):
            nodes.setdefault((quad.graph_name, quad.subject), []).append(quad.object)
    seen = Counter((graph, *terms) for (graph, _), terms in nodes.items())
    assert [entry for entry, times in seen.items() if times > 1] == []
