"""The ontology: documented in two languages, used, and named only where it exists."""

from __future__ import annotations

import re
from pathlib import Path

import pyoxigraph
import pytest
from rdflib import OWL, RDF, RDFS, XSD, Graph, Literal, URIRef
from rdflib.collection import Collection
from rdflib.namespace import DCTERMS, SKOS
from rdflib.term import Node

import ontology_support
from ontology_support import (
    BASE,
    CC_BY,
    CONCEPT,
    MG,
    ONTOLOGY,
    ROOT,
    TERM_KINDS,
    TURTLE,
    load,
    ours,
)

OWN_READINGS = {"theme-gcm", "theme-migof", "theme-sdg"}
RULES = sorted((ONTOLOGY / "rules").glob("*.rq"))
CONCEPT_FILES = sorted((ONTOLOGY / "concepts").glob("*.ttl"))
ALIGNMENTS = sorted((ONTOLOGY / "alignments").glob("*.ttl"))

# A term that comes or goes changes what others may rely on: change the count with the version.
TERMS = 148
CONCEPTS = {
    "actor-type": 18,
    "certainty": 3,
    "event-type": 1,
    "gcm-objective": 23,
    "identifier-scheme": 13,
    "initiative-type": 15,
    "listing": 3,
    "measure": 2,
    "migof": 6,
    "objective-type": 5,
    "output-type": 7,
    "phase": 1,
    "recurrence": 1,
    "role": 25,
    "scope": 5,
    "sdg": 6,
    "sector": 1,
    "status": 3,
    "target-group": 21,
    "theme": 29,
}

# Inferred ways back along a property in use: no file needs them, whoever follows links does.
WAYS_BACK = {"eventOf", "hasActor", "hasParticipation", "outputOf", "playsRole", "supportedBy"}

ontology = ontology_support.ontology
everything = ontology_support.everything
terms = ontology_support.terms


def name(path: Path) -> str:
    return path.relative_to(ROOT).as_posix()


def without_comments(query: str) -> str:
    """The query without `#` comments; the `#+` header stays, since it names classes too."""
    return re.sub(r"(?m)(?<!\S)#(?!\+).*$", "", query)


def iris(path: Path) -> set[str]:
    """Every IRI of ours that a Turtle or SPARQL file writes, in full or with a prefix."""
    if path.suffix == ".ttl":
        return ours((node for triple in Graph().parse(path) for node in triple), BASE)
    text = without_comments(path.read_text(encoding="utf-8"))
    prefixes = dict(re.findall(r"PREFIX\s+([\w-]*):\s*<([^>]*)>", text))
    body = re.sub(r"PREFIX\s+[\w-]*:\s*<[^>]*>", "", text)
    named = {
        prefixes.get(prefix, BASE + "ns#" if prefix == "mg" else "") + local
        for prefix, local in re.findall(r"(?<![\w?$:<-])([\w-]+):([\w-]+(?:\.[\w-]+)*)", body)
    }
    return {iri for iri in named | set(re.findall(r"<([^<>\s]+)>", body)) if iri.startswith(BASE)}


def content() -> list[Path]:
    """The files that use terms and concepts, as opposed to defining them."""
    return [
        *sorted((ROOT / "data").rglob("*.ttl")),
        *sorted((ROOT / "shapes").rglob("*.ttl")),
        *sorted((ROOT / "queries").rglob("*.rq")),
        *RULES,
        *CONCEPT_FILES,
        *ALIGNMENTS,
    ]


@pytest.fixture(scope="module")
def concepts() -> Graph:
    return load(CONCEPT_FILES)


@pytest.fixture(scope="module")
def uses() -> dict[str, list[str]]:
    found: dict[str, list[str]] = {}
    for path in content():
        for iri in iris(path):
            found.setdefault(iri, []).append(name(path))
    return found


# Files


@pytest.mark.parametrize("path", TURTLE, ids=name)
def test_a_file_parses_alike_in_rdflib_and_pyoxigraph(path: Path) -> None:
    assert len(Graph().parse(path)) == len(set(pyoxigraph.parse(path=str(path))))


@pytest.mark.parametrize("path", TURTLE, ids=name)
def test_a_file_names_its_own_graph_and_describes_it(path: Path) -> None:
    graph = Graph().parse(path)
    this = URIRef(f"{BASE}graph/{name(path)}")
    assert path.read_text(encoding="utf-8").startswith(f"@base <{this}> .\n")
    assert (this, RDF.type, MG.CuratedGraph) in graph
    assert (this, DCTERMS.license, CC_BY) in graph
    assert languages(graph, this, DCTERMS.title) == ["en", "fr"]


def test_the_ontology_is_versioned_and_credited(ontology: Graph) -> None:
    header = URIRef(f"{BASE}ns")
    version = ontology.value(header, OWL.versionInfo)
    assert (header, RDF.type, OWL.Ontology) in ontology
    assert (header, OWL.versionIRI, URIRef(f"{header}/{version}")) in ontology
    assert (header, DCTERMS.license, CC_BY) in ontology
    assert ontology.value(header, DCTERMS.creator) is not None
    for predicate in (DCTERMS.title, DCTERMS.description):
        assert languages(ontology, header, predicate) == ["en", "fr"]


# Documentation


def languages(graph: Graph, subject: Node, predicate: URIRef) -> list[str]:
    texts = [text for text in graph.objects(subject, predicate) if isinstance(text, Literal)]
    assert all(str(text) == str(text).strip() != "" for text in texts)
    return sorted(str(text.language) for text in texts)


def test_every_term_is_counted_and_documented_in_both_languages(
    ontology: Graph, terms: set[str]
) -> None:
    assert len(terms) == TERMS
    for term in map(URIRef, terms):
        assert languages(ontology, term, RDFS.label) == ["en", "fr"], term
        assert languages(ontology, term, SKOS.definition) == ["en", "fr"], term
        assert ontology.value(term, RDFS.isDefinedBy) == URIRef(f"{BASE}ns"), term


def test_labels_of_terms_are_unambiguous_among_terms_of_a_kind(ontology: Graph) -> None:
    for kind in TERM_KINDS:
        labels = [
            label
            for term in ontology.subjects(RDF.type, kind)
            for label in ontology.objects(term, RDFS.label)
        ]
        assert len(labels) == len(set(labels)), kind


@pytest.mark.parametrize("path", CONCEPT_FILES, ids=lambda path: path.stem)
def test_every_concept_is_counted_and_documented_in_both_languages(path: Path) -> None:
    graph = Graph().parse(path)
    scheme = URIRef(CONCEPT + path.stem)
    members = set(graph.subjects(RDF.type, SKOS.Concept))
    assert len(members) == CONCEPTS[path.stem]
    labels: list[Node] = []
    for concept in members:
        assert str(concept).startswith(f"{scheme}/")
        assert (concept, SKOS.inScheme, scheme) in graph
        top = (concept, SKOS.topConceptOf, scheme) in graph
        assert top != ((concept, SKOS.broader, None) in graph), concept
        labels.extend(graph.objects(concept, SKOS.prefLabel))
    assert len(labels) == len(set(labels))
    for node in {scheme, *members, *graph.subjects(RDF.type, SKOS.Collection)}:
        assert {"en", "fr"} <= set(languages(graph, node, SKOS.prefLabel)), node
        assert languages(graph, node, SKOS.definition) == ["en", "fr"], node


def test_the_concept_schemes_are_all_there() -> None:
    assert [path.stem for path in CONCEPT_FILES] == sorted(CONCEPTS)


def test_notations_are_unique_and_typed_by_a_known_code_list(
    ontology: Graph, concepts: Graph
) -> None:
    seen: set[tuple[Node | None, Node]] = set()
    for concept, notation in concepts.subject_objects(SKOS.notation):
        assert isinstance(notation, Literal)
        assert notation.language is None
        if notation.datatype not in (None, XSD.string):
            assert (notation.datatype, RDF.type, RDFS.Datatype) in ontology
        key = (concepts.value(concept, SKOS.inScheme), notation)
        assert key not in seen, key
        seen.add(key)


def test_the_objectives_of_the_global_compact_are_numbered_from_1_to_23(concepts: Graph) -> None:
    scheme = URIRef(f"{CONCEPT}gcm-objective")
    found = {
        str(concept).rpartition("/")[2]: str(concepts.value(concept, SKOS.notation))
        for concept in concepts.subjects(SKOS.inScheme, scheme)
    }
    assert found == {str(number): str(number) for number in range(1, 24)}


def test_french_is_set_in_french_typography(ontology: Graph, concepts: Graph) -> None:
    for graph in (ontology, concepts, load(ALIGNMENTS)):
        for text in graph.objects():
            if isinstance(text, Literal) and text.language == "fr":
                assert "'" not in text, text
                assert re.search(r"(?<![\s\u00a0])[;!?]| [:;!?»]|« ", text) is None, text


# Use


def test_every_term_and_concept_that_is_used_exists(
    uses: dict[str, list[str]], terms: set[str], concepts: Graph
) -> None:
    defined = terms | ours(concepts.subjects(unique=True), CONCEPT)
    missing = {
        iri: files
        for iri, files in uses.items()
        if iri.startswith((str(MG), CONCEPT)) and iri not in defined | {str(MG), CONCEPT}
        if not any(iri == f"{CONCEPT}{scheme}/" for scheme in CONCEPTS)
    }
    assert missing == {}


def test_every_term_is_used_by_data_a_rule_a_shape_or_a_query(
    ontology: Graph, uses: dict[str, list[str]], terms: set[str], concepts: Graph
) -> None:
    in_headers = ours(ontology.predicates(unique=True), str(MG))
    datatypes = {str(text.datatype) for text in concepts.objects() if isinstance(text, Literal)}
    alignments = {name(path) for path in ALIGNMENTS if path.stem not in OWN_READINGS}
    used = {iri for iri, files in uses.items() if set(files) - alignments}
    ways_back = {str(MG[term]) for term in WAYS_BACK}
    assert sorted(terms - used - in_headers - datatypes - ways_back) == []


def test_a_way_back_is_derived_from_a_property_in_use(
    ontology: Graph, uses: dict[str, list[str]]
) -> None:
    for term in (MG[way] for way in WAYS_BACK):
        assert (term, MG.inferredOnly, Literal(True)) in ontology
        forward = ontology.value(term, OWL.inverseOf)
        chain = ontology.value(term, OWL.propertyChainAxiom)
        links = Collection(ontology, chain) if chain is not None else [forward]
        assert {str(link) for link in links} & set(uses), term


def test_examples_are_turtle_of_terms_and_concepts_that_exist(
    ontology: Graph, terms: set[str], concepts: Graph
) -> None:
    defined = terms | ours(concepts.subjects(unique=True), CONCEPT)
    folders = {kind: f"id/{kind}/" for kind in ("actor", "corridor", "initiative", "place")}
    folders |= {"participation": "id/participation/", "mg": "ns#"}
    folders |= {scheme: f"concept/{scheme}/" for scheme in ("role", "scope")}
    prefixes = "".join(f"@prefix {short}: <{BASE}{path}> .\n" for short, path in folders.items())
    examples = list(ontology.objects(None, SKOS.example))
    assert len(examples) > 10
    for example in examples:
        nodes = {node for triple in Graph().parse(data=prefixes + str(example)) for node in triple}
        assert ours(iter(nodes), str(MG)) | ours(iter(nodes), CONCEPT) <= defined, example


@pytest.mark.parametrize("path", ALIGNMENTS, ids=lambda path: path.stem)
def test_an_alignment_starts_from_our_terms_and_ends_where_it_says(
    path: Path, terms: set[str], concepts: Graph
) -> None:
    graph = Graph().parse(path)
    this = URIRef(f"{BASE}graph/{name(path)}")
    own_reading = (this, MG.ownReading, Literal(True)) in graph
    assert own_reading == (path.stem in OWN_READINGS)
    rows = [triple for triple in graph if triple[0] != this]
    assert rows
    if own_reading:
        assert languages(graph, this, RDFS.comment) == ["en", "fr"]
        target = URIRef(
            CONCEPT + {"theme-gcm": "gcm-objective"}.get(path.stem, path.stem.partition("-")[2])
        )
        for theme, match, other in rows:
            assert match in {SKOS.closeMatch, SKOS.broadMatch, SKOS.relatedMatch}
            assert (theme, SKOS.inScheme, URIRef(f"{CONCEPT}theme")) in concepts
            assert (other, SKOS.inScheme, target) in concepts
    else:
        source = str(graph.value(this, DCTERMS.source))
        for term, relation, other in rows:
            assert relation in {RDFS.subClassOf, RDFS.subPropertyOf, SKOS.closeMatch}
            assert str(term) in terms
            assert str(other).startswith(source)


def test_the_examples_of_the_readme_are_in_the_files(everything: Graph) -> None:
    readme = (ONTOLOGY / "README.md").read_text(encoding="utf-8")
    examples = re.findall(r"```turtle\n(.*?)```", readme, re.DOTALL)
    assert len(examples) == 2
    for example in examples:
        assert set(Graph().parse(data=example)) <= set(everything)
