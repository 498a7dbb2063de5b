"""In a changed graph the checks of the facts fail: none holds for a reason that is not its own."""

from __future__ import annotations

import re
from typing import Any

import pytest
from pyoxigraph import BlankNode, Literal, NamedNode, Quad

from facts_support import (
    CERTAINTY,
    CHECK,
    CHECKS,
    CONCEPT,
    DCTERMS,
    GRAPHS,
    ID,
    NS,
    RDF,
    RECORDS,
    ROWS,
    SKOS,
    Check,
    annotated_triples,
    changed,
    dataset,
    failing,
    holding,
    record_quads,
    survivors,
)


def other(term: Any) -> Any:
    """Another term of the same kind, which no fact is about."""
    if isinstance(term, Literal):
        if term.language:
            return Literal("something else", language=term.language)
        return Literal("7", datatype=term.datatype)
    return NamedNode("urn:example:something-else")


def annotation(quad: Quad, predicate: NamedNode, value: NamedNode) -> list[Quad]:
    """An annotation of a triple, in the graph of the triple."""
    node = BlankNode()
    parts = (("subject", quad.subject), ("predicate", quad.predicate), ("object", quad.object))
    described = [Quad(node, NamedNode(RDF + name), term, quad.graph_name) for name, term in parts]
    return [*described, Quad(node, predicate, value, quad.graph_name)]


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


@pytest.mark.parametrize("record", RECORDS)
def test_without_a_record_exactly_its_rows_fail(record: str) -> None:
    graph = next(check.graph for check in CHECKS if check.record == record)
    gone = list(dataset().quads_for_pattern(None, None, None, graph))
    with changed(remove=gone, add=[]) as store:
        fails = {check.id for check in CHECKS if not check.holds(store)}
    assert fails - failing() == {check.id for check in CHECKS if check.record == record} - failing()
