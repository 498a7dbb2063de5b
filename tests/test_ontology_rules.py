"""The rules of the ontology: one explained CONSTRUCT each, with an example of what it adds."""

from __future__ import annotations

from pathlib import Path

import pyoxigraph
import pytest
from rdflib import RDFS, Graph, Literal, Namespace, URIRef
from rdflib.namespace import SKOS
from rdflib.plugins.sparql import prepareQuery

ROOT = Path(__file__).resolve().parents[1]
BASE = "https://w3id.org/migov/"
MG = Namespace(f"{BASE}ns#")
CONCEPT = f"{BASE}concept/"
RULES = sorted((ROOT / "ontology" / "rules").glob("*.rq"))


def load(*folders: str) -> Graph:
    """The union of the Turtle files below the named folders."""
    graph = Graph()
    for folder in folders:
        for path in sorted((ROOT / folder).rglob("*.ttl")):
            graph.parse(path)
    return graph


@pytest.fixture(scope="module")
def ontology() -> Graph:
    return Graph().parse(ROOT / "ontology" / "migov.ttl")


@pytest.fixture(scope="module")
def concepts() -> Graph:
    return load("ontology/concepts")


@pytest.fixture(scope="module")
def everything() -> Graph:
    return load("ontology", "data")


PREFIXES = f"""
@prefix mg: <{MG}> .
@prefix skos: <{SKOS}> .
@prefix role: <{CONCEPT}role/> .
@prefix certainty: <{CONCEPT}certainty/> .
@prefix : <{BASE}id/example/> .
"""

# A small graph that is closed already, and what the rule adds to it.
RULE_EXAMPLES = {
    "co-operates-with": (
        """
        role:working-roles skos:member role:funder , role:partner .
        :project a mg:Initiative . :launch a mg:Event .
        [] mg:participationIn :project ; mg:role role:funder ; mg:actor :payer ;
            mg:certainty certainty:stated .
        [] mg:participationIn :project ; mg:role role:partner ; mg:actor :colleague ;
            mg:certainty certainty:inferred .
        [] mg:participationIn :project ; mg:role role:partner ; mg:actor :perhaps ;
            mg:certainty certainty:ambiguous .
        [] mg:participationIn :project ; mg:role role:addressee ; mg:actor :addressed .
        [] mg:participationIn :project ; mg:role role:partner ; mg:actor :crowd .
        :crowd a mg:UnnamedGroup .
        [] mg:participationIn :launch ; mg:role role:partner ; mg:actor :payer , :guest .
        """,
        ":payer mg:coOperatesWith :colleague . :colleague mg:coOperatesWith :payer .",
    ),
    "concerns-corridor": (
        """
        :project a mg:Initiative ; mg:supports :scheme .
        :scheme mg:hasCorridor :corridor .
        :study a mg:Initiative ; mg:about :project .
        :item a mg:Output ; mg:about :scheme .
        """,
        ":project mg:concernsCorridor :corridor . :study mg:concernsCorridor :corridor .",
    ),
    "covers-place-transitively": (
        """
        :project mg:coversPlace :country .
        :country mg:within :region . :region mg:within :continent . :town mg:within :country .
        """,
        ":project mg:coversPlaceTransitively :region , :continent .",
    ),
    "governed-by": (
        """
        :scheme mg:hasCorridor :corridor ; mg:underInstrument :programme .
        :programme mg:underInstrument :treaty , :norms .
        :norms a mg:UnnamedSet .
        """,
        ":corridor mg:governedBy :programme , :treaty .",
    ),
    "role-shortcuts": (
        """
        role:funder mg:shortcut mg:fundedBy . role:host mg:shortcut mg:hostedBy .
        [] mg:participationIn :project ; mg:role role:funder ; mg:actor :payer ;
            mg:certainty certainty:stated .
        [] mg:participationIn :project ; mg:role role:host ; mg:actor :house ;
            mg:certainty certainty:ambiguous .
        [] mg:participationIn :project ; mg:role role:speaker ; mg:actor :speaker .
        """,
        ":project mg:fundedBy :payer .",
    ),
    "ultimately-funded-by": (
        """
        [] mg:participationIn :project ; mg:role role:funder ; mg:actor :unit .
        [] mg:participationIn :project ; mg:role role:funder ; mg:actor :perhaps ;
            mg:certainty certainty:ambiguous .
        [] mg:participationIn :project ; mg:role role:partner ; mg:actor :colleague .
        :unit mg:partOfOrganisation :body . :body mg:partOfOrganisation :system .
        """,
        ":project mg:ultimatelyFundedBy :unit , :body , :system .",
    ),
}


@pytest.mark.parametrize("path", RULES, ids=lambda path: path.stem)
def test_a_rule_adds_exactly_what_its_example_says_in_both_engines(path: Path) -> None:
    given, expected = (PREFIXES + text for text in RULE_EXAMPLES[path.stem])
    rule = path.read_text(encoding="utf-8")
    wanted = {tuple(str(node) for node in triple) for triple in Graph().parse(data=expected)}
    store = pyoxigraph.Store()
    store.load(given, pyoxigraph.RdfFormat.TURTLE)
    found = store.query(rule)
    assert isinstance(found, pyoxigraph.QueryTriples)
    assert {tuple(node.value for node in triple) for triple in found} == wanted
    result = Graph().parse(data=given).query(rule).graph
    assert result is not None
    assert {tuple(str(node) for node in triple) for triple in result} == wanted


@pytest.mark.parametrize("path", RULES, ids=lambda path: path.stem)
def test_a_rule_is_one_explained_construct_of_inferred_properties(
    path: Path, ontology: Graph
) -> None:
    text = path.read_text(encoding="utf-8")
    first, second = text.splitlines()[:2]
    assert first.startswith("# ")
    assert second.startswith("# Why here: ")
    query = prepareQuery(text)
    assert query.algebra.name == "ConstructQuery"
    for _, predicate, _ in query.algebra.template:
        if isinstance(predicate, URIRef):
            assert (predicate, MG.inferredOnly, Literal(True)) in ontology


def test_a_rule_makes_iris_only(everything: Graph) -> None:
    store = pyoxigraph.Store()
    store.load(everything.serialize(format="nt"), pyoxigraph.RdfFormat.N_TRIPLES)
    for path in RULES:
        triples = store.query(path.read_text(encoding="utf-8"))
        assert isinstance(triples, pyoxigraph.QueryTriples)
        for triple in triples:
            assert all(isinstance(node, pyoxigraph.NamedNode) for node in triple), path


def test_every_rule_has_an_example() -> None:
    assert sorted(RULE_EXAMPLES) == [path.stem for path in RULES]


def test_a_shortcut_is_an_inferred_only_way_to_an_actor(ontology: Graph, concepts: Graph) -> None:
    shortcuts = set(concepts.objects(None, MG.shortcut))
    assert len(shortcuts) == 17
    for shortcut in shortcuts:
        assert (shortcut, MG.inferredOnly, Literal(True)) in ontology
        assert (shortcut, RDFS.subPropertyOf, MG.hasActor) in ontology
