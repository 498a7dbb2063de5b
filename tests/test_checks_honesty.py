"""Inference honesty and coverage: what follows, what contradicts, what nobody looked at."""

from __future__ import annotations

from pyoxigraph import NamedNode, Triple
from rdflib import Graph

from migov.dataset import ContentFile
from migov.gate.checks import Context
from migov.gate.coverage import uncovered, without_focus
from migov.gate.honesty import consequences, contradictions, derived, only_by_inference
from migov.gate.report import Finding, Severity
from test_checks import BASE, FILES

PATH = "data/records/gfmd/new.ttl"
_HEAD = f"""@base <https://w3id.org/migov/graph/{PATH}> .
@prefix actor: <https://w3id.org/migov/id/actor/> .
@prefix initiative: <https://w3id.org/migov/id/initiative/> .
@prefix mg: <https://w3id.org/migov/ns#> .
@prefix place: <https://w3id.org/migov/id/place/> .
"""


def change(body: str, ontology: str = "") -> Context:
    files = {**FILES, PATH: ContentFile(PATH, (_HEAD + body).encode())}
    if ontology:
        own = "ontology/migov.ttl"
        files[own] = ContentFile(own, FILES[own].content + ontology.encode())
    return Context.change(BASE, files)


def test_two_triples_that_contradict_are_named() -> None:
    (finding,) = contradictions(change("actor:mobility-agency mg:within place:rur .\n"))
    assert finding.rule == "migov:disjoint-classes"
    assert str(finding.place) == f"{PATH}:6:33"
    message = finding.messages["en"]
    assert message.startswith("actor:mobility-agency would be mg:Actor and mg:Place")
    assert "actor:mobility-agency rdf:type mg:Organisation" in message
    assert "actor:mobility-agency mg:within place:rur" in message
    assert message.count(" (data/") == 2


def test_a_contradiction_by_a_range_names_the_triple_that_points() -> None:
    (finding,) = contradictions(change("initiative:new mg:coversPlace actor:mobility-agency .\n"))
    assert str(finding.place) == f"{PATH}:6:31"
    assert "initiative:new mg:coversPlace actor:mobility-agency" in finding.messages["en"]


def test_the_justification_is_minimal() -> None:
    many = "".join(f"initiative:i{n} mg:coversPlace actor:mobility-agency .\n" for n in range(6))
    (finding,) = contradictions(change(many))
    assert finding.messages["en"].count(" (data/") == 2


def test_what_does_not_contradict_is_left_alone() -> None:
    assert (
        contradictions(change("initiative:new a mg:Project ; mg:coversPlace place:rur .\n")) == []
    )
    assert contradictions(Context.whole(FILES)) == []


def test_properties_that_go_one_way() -> None:
    axioms = "mg:supports a owl:AsymmetricProperty .\nmg:partOf a owl:IrreflexiveProperty .\n"
    body = (
        "initiative:a mg:supports initiative:b .\ninitiative:b mg:supports initiative:a .\n"
        "initiative:c mg:partOf initiative:c .\n"
    )
    found = contradictions(change(body, axioms))
    assert [f.rule for f in found] == ["migov:asymmetric-property", "migov:irreflexive-property"]


def test_what_newly_follows_and_what_no_longer_does() -> None:
    context = change("initiative:a mg:supports initiative:b .\n")
    before, after = derived(context.before), derived(context.after)
    follows = consequences(before, after)
    said = {str(triple) for triple in follows.gained}
    assert any("supportedBy" in text for text in said)
    assert follows.lost == ()
    back = consequences(after, before)
    assert back.lost == follows.gained
    triple = next(iter(follows.gained))
    assert triple not in consequences(after, before, [triple]).lost


def test_what_holds_by_inference_alone() -> None:
    one, two, three = (Finding(rule, Severity.VIOLATION, {}) for rule in ("one", "two", "three"))
    hidden, added = only_by_inference([one, two], [two, three], lambda finding: finding.rule)
    assert (hidden, added) == ([one], [three])


def test_what_no_shape_covers_is_said() -> None:
    shapes = Graph().parse(
        data="""@prefix sh: <http://www.w3.org/ns/shacl#> .
        @prefix mg: <https://w3id.org/migov/ns#> . @prefix : <https://w3id.org/migov/shape/> .
        :A a sh:NodeShape ; sh:targetClass mg:Initiative ;
            sh:property [ sh:path ( mg:partOf [ sh:inversePath mg:supports ] ) ] .
        :B a sh:NodeShape ; sh:targetClass mg:Quotation .
        :C a sh:NodeShape ; sh:targetSubjectsOf mg:scheme ."""
    )
    context = change(
        "initiative:a a mg:Project ; mg:supports initiative:b ; mg:about [ a mg:Corridor ] .\n"
    )
    ns = "https://w3id.org/migov/ns#"
    assert [n.subject for n in uncovered(context, shapes)] == [f"{ns}Corridor", f"{ns}about"]
    assert [n.subject for n in without_focus(context, shapes)] == ["https://w3id.org/migov/shape/B"]
    for note in [*uncovered(context, shapes), *without_focus(context, shapes)]:
        assert note.messages.keys() == {"en", "fr"}


def test_consequences_are_in_order() -> None:
    a, b = (
        Triple(NamedNode(f"http://a.example/{n}"), NamedNode("http://a.example/p"),
               NamedNode("http://a.example/o"))
        for n in "ab"
    )  # fmt: skip
    assert consequences([], [b, a]).gained == (a, b)
