"""The ontology is in OWL 2 RL, and what follows from it gives no node an unexpected class."""

from __future__ import annotations

from rdflib import OWL, RDF, RDFS, XSD, BNode, Graph, Literal, URIRef
from rdflib.collection import Collection
from rdflib.namespace import DCTERMS, SKOS
from rdflib.term import Node

import ontology_support
from ontology_support import MG, TERM_KINDS

ontology = ontology_support.ontology
everything = ontology_support.everything
terms = ontology_support.terms

# What OWL 2 RL allows and this ontology needs. Not among them: unions, restrictions, cardinality,
# and whatever concludes owl:sameAs (functional properties, keys), which would merge two places.
CHARACTERISTICS = {OWL.TransitiveProperty, OWL.SymmetricProperty}
OWL_CONSTRUCTS = {
    *(TERM_KINDS - {RDFS.Datatype}),
    *CHARACTERISTICS,
    OWL.Ontology,
    OWL.versionIRI,
    OWL.versionInfo,
    OWL.inverseOf,
    OWL.propertyChainAxiom,
    OWL.AllDisjointClasses,
    OWL.members,
}
CLASSES_OF_OTHERS = {SKOS.Concept, RDF.Statement}
RL_DATATYPES = {XSD.integer, XSD.decimal, XSD.string, XSD.boolean, RDFS.Literal}


def kinds(graph: Graph, term: Node) -> set[Node]:
    return set(graph.objects(term, RDF.type)) & TERM_KINDS


def test_only_constructs_of_owl_2_rl_are_used(ontology: Graph, terms: set[str]) -> None:
    used = {node for triple in ontology for node in triple}
    assert {node for node in used if str(node).startswith(str(OWL))} <= OWL_CONSTRUCTS
    for term in map(URIRef, terms):
        assert len(kinds(ontology, term)) == 1, term
        assert set(ontology.objects(term, RDF.type)) <= TERM_KINDS | CHARACTERISTICS


def test_class_axioms_join_named_classes(ontology: Graph) -> None:
    classes = set(ontology.subjects(RDF.type, OWL.Class)) | CLASSES_OF_OTHERS
    for predicate in (RDFS.subClassOf, RDFS.domain):
        assert set(ontology.objects(None, predicate)) <= classes
    for axiom in ontology.subjects(RDF.type, OWL.AllDisjointClasses):
        (members,) = ontology.objects(axiom, OWL.members)
        assert set(Collection(ontology, members)) <= classes


def test_property_axioms_keep_kinds_apart(ontology: Graph) -> None:
    classes = set(ontology.subjects(RDF.type, OWL.Class)) | CLASSES_OF_OTHERS
    for kind, ranges in ((OWL.ObjectProperty, classes), (OWL.DatatypeProperty, RL_DATATYPES)):
        for term in ontology.subjects(RDF.type, kind):
            assert set(ontology.objects(term, RDFS.range)) <= ranges, term
            for parent in ontology.objects(term, RDFS.subPropertyOf):
                assert kinds(ontology, parent) == {kind}, term
    for term in ontology.subjects(RDF.type, OWL.AnnotationProperty):
        assert not set(ontology.predicates(term)) & {RDFS.domain, RDFS.range, RDFS.subPropertyOf}
    for characteristic in CHARACTERISTICS:
        for term in ontology.subjects(RDF.type, characteristic):
            assert kinds(ontology, term) == {OWL.ObjectProperty}, term
    for term, other in ontology.subject_objects(OWL.inverseOf):
        assert kinds(ontology, term) == kinds(ontology, other) == {OWL.ObjectProperty}
    for term, chain in ontology.subject_objects(OWL.propertyChainAxiom):
        links = list(Collection(ontology, chain))
        assert len(links) > 1
        assert term not in links
        assert all(kinds(ontology, link) == {OWL.ObjectProperty} for link in links)


def test_blank_nodes_are_lists_axioms_or_the_creator(ontology: Graph) -> None:
    for node in {subject for subject in ontology.subjects() if isinstance(subject, BNode)}:
        listed = (node, RDF.first, None) in ontology
        disjoint = (node, RDF.type, OWL.AllDisjointClasses) in ontology
        assert listed or disjoint or (None, DCTERMS.creator, node) in ontology


def ancestors(ontology: Graph, node: Node) -> set[Node]:
    return {up for up in ontology.transitive_objects(node, RDFS.subClassOf) if up is not None}


def test_no_domain_or_range_gives_a_node_a_class_that_its_file_does_not(
    ontology: Graph, everything: Graph
) -> None:
    """A reasoner types nodes by domain and range; nothing may get its class in that way only."""

    def classes(node: Node) -> set[Node]:
        return {
            up for kind in everything.objects(node, RDF.type) for up in ancestors(ontology, kind)
        }

    for predicate, end in ((RDFS.domain, 0), (RDFS.range, 2)):
        for term, expected in ontology.subject_objects(predicate):
            if (expected, RDF.type, OWL.Class) in ontology or expected in CLASSES_OF_OTHERS:
                for triple in everything.triples((None, URIRef(str(term)), None)):
                    assert expected in classes(triple[end]), triple


def test_no_node_is_in_two_disjoint_classes(ontology: Graph, everything: Graph) -> None:
    for axiom in ontology.subjects(RDF.type, OWL.AllDisjointClasses):
        (listed,) = ontology.objects(axiom, OWL.members)
        members = set(Collection(ontology, listed))
        for node in everything.subjects(RDF.type, unique=True):
            up = {
                parent
                for kind in everything.objects(node, RDF.type)
                for parent in ancestors(ontology, kind)
            }
            assert len(up & members) <= 1, (node, up & members)


def test_inferred_only_properties_are_never_asserted(ontology: Graph, everything: Graph) -> None:
    marked = set(ontology.subjects(MG.inferredOnly, Literal(True)))
    assert marked
    assert [str(p) for p in marked if (None, p, None) in everything] == []
