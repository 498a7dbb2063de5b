"""The shapes are complete, each constraint is needed, and the data conforms."""

from __future__ import annotations

import re
from collections import defaultdict
from functools import cache
from pathlib import Path

import pyshacl
import pytest
from rdflib import RDF, RDFS, SH, Graph, Literal, URIRef
from rdflib.collection import Collection
from rdflib.term import Node

from shapes_support import (
    CONSTRAINTS,
    EVERY_SHAPE,
    INVALID,
    MG,
    NOT_CONSTRAINTS,
    ROOT,
    SHAPE,
    SHAPE_FILES,
    SHAPES,
    TARGETS,
    VALID,
    Example,
    alone,
    example_graph,
    findings,
    folder,
    named,
    owner_of,
    parts,
    read,
    results,
    results_alone,
    short,
    switched_off,
    union,
)

# What was collected: a file that is silently left out must not pass for a passing test.
COUNTS = {
    "files": 30,
    "node shapes": 63,
    "property shapes": 165,
    "constraints": 379,
    "valid examples": 59,
    "invalid examples": 299,
}

# Findings below a violation that somebody has looked at: the source says no more.
EXPECTED_FINDINGS = {
    "Initiative-title": {
        "initiative/agreement-mobility-es-ma",
        "initiative/c143",
        "initiative/circular-migration-es-ma",
    },
    "Initiative-topic": {"initiative/agreement-mobility-es-ma", "initiative/c143"},
}


# The shapes as such


def test_counts() -> None:
    assert {
        "files": len(SHAPE_FILES),
        "node shapes": len(named(SH.NodeShape)),
        "property shapes": len(named(SH.PropertyShape)),
        "constraints": len(CONSTRAINTS),
        "valid examples": len(VALID),
        "invalid examples": len(INVALID),
    } == COUNTS, "after adding a shape or an example, bring COUNTS up to date"


def test_no_constraint_hides_behind_the_name_of_another() -> None:
    predicates = [p for p in SHAPES.predicates() if str(p).startswith(str(SH))]
    assert sum(p not in NOT_CONSTRAINTS for p in predicates) == len(CONSTRAINTS)


def test_shapes_conform_to_the_shapes_of_shacl() -> None:
    # Raises when the shapes graph does not conform to SHACL's own shapes.
    conforms, _, text = pyshacl.validate(Graph(), shacl_graph=SHAPES, meta_shacl=True)
    assert conforms, text


@pytest.mark.parametrize("path", SHAPE_FILES, ids=lambda path: path.name)
def test_a_file_holds_the_shapes_of_its_class(path: Path) -> None:
    graph = read(path)
    holders = {SH.NodeShape, SH.PropertyShape}
    for shape in {s for s, o in graph.subject_objects(RDF.type) if o in holders}:
        assert isinstance(shape, URIRef), "a finding must be nameable: give the shape an IRI"
        assert shape.startswith(SHAPE)
        assert path.stem == "value" or folder(short(shape)) == path.stem


@pytest.mark.parametrize("shape", EVERY_SHAPE)
def test_a_finding_can_be_acted_on(shape: str) -> None:
    node = URIRef(SHAPE + shape)
    is_property = (node, RDF.type, SH.PropertyShape) in SHAPES
    constrains = any(subject == node for subject, _, _ in CONSTRAINTS.values())
    assert constrains or not is_property, "a property shape without a constraint"
    for predicate in [SH.message] * constrains + [SH.name] * is_property:
        texts = [text for text in SHAPES.objects(node, predicate) if isinstance(text, Literal)]
        assert sorted(str(text.language) for text in texts) == ["en", "fr"], predicate
    severities = list(SHAPES.objects(node, SH.severity))
    assert len(severities) == (1 if constrains else 0)
    assert set(severities) <= {SH.Violation, SH.Warning, SH.Info}


def test_the_examples_of_the_readme_are_files() -> None:
    text = (ROOT / "shapes" / "README.md").read_text(encoding="utf-8")
    blocks = re.findall(r"```turtle\n(.*?)```", text, re.S)
    paths = [
        ROOT / name
        for name in ("shapes/locality.ttl", "tests/shapes/locality/invalid-within-minCount.ttl")
    ]
    assert blocks == [path.read_text(encoding="utf-8") for path in paths]


def test_terms_are_those_of_the_ontology() -> None:
    # A misspelt sh:targetClass or sh:path rejects nothing and warns nobody.
    ontology = read(ROOT / "ontology" / "migov.ttl")
    used = {term for triple in SHAPES for term in triple if str(term).startswith(MG)}
    assert {str(term) for term in used if (term, RDF.type, None) not in ontology} == set()


def test_sub_classes_are_named_for_tools_that_read_no_ontology() -> None:
    ontology = read(ROOT / "ontology" / "migov.ttl")
    for shape, target in SHAPES.subject_objects(SH.targetClass):
        below = set(ontology.transitive_subjects(RDFS.subClassOf, target))
        assert below <= set(SHAPES.objects(shape, SH.targetClass)), short(shape)


# The examples


@pytest.mark.parametrize("example", VALID + INVALID, ids=str)
def test_an_example_says_what_it_shows(example: Example) -> None:
    assert example.shape in EVERY_SHAPE
    assert folder(example.shape) == example.path.parent.name
    rejected = example.expect in ("violation", "warning", "info") and example.parameter != ""
    assert rejected == (example in INVALID)


@pytest.mark.parametrize("example", VALID, ids=str)
def test_a_valid_example_conforms(example: Example) -> None:
    assert results(example, SHAPES) == []


@pytest.mark.parametrize("example", INVALID, ids=str)
def test_an_invalid_example_breaks_that_constraint_alone(example: Example) -> None:
    assert results(example, SHAPES) == example.results


def path_values(graph: Graph, node: Node, path: Node) -> set[Node]:
    if isinstance(path, URIRef):
        return set(graph.objects(node, path))
    inverse = SHAPES.value(path, SH.inversePath)
    if inverse is not None:
        return set(graph.subjects(inverse, node))
    (alternatives,) = SHAPES.objects(path, SH.alternativePath)
    members = Collection(SHAPES, alternatives)
    return {value for each in members for value in path_values(graph, node, each)}


def has_target(shape: str) -> bool:
    return bool(TARGETS & set(SHAPES.predicates(owner_of(shape))))


def focus_nodes(graph: Graph, owner: Node) -> set[Node]:
    by_class = {
        node
        for target in SHAPES.objects(owner, SH.targetClass)
        for cls in graph.transitive_subjects(RDFS.subClassOf, target)
        for node in graph.subjects(RDF.type, cls)
    }
    properties = SHAPES.objects(owner, SH.targetSubjectsOf)
    return by_class | {node for p in properties for node in graph.subjects(p)}


# Helpers have no target: they are met through the shapes that point to them.
@pytest.mark.parametrize("shape", [s for s in EVERY_SHAPE if has_target(s)])
def test_a_valid_example_meets_each_shape(shape: str) -> None:
    node, owner = URIRef(SHAPE + shape), owner_of(shape)
    graphs = [example_graph(e) for e in VALID if folder(e.shape) == folder(shape)]
    met = [(graph, focus) for graph in graphs for focus in focus_nodes(graph, owner)]
    assert met
    path = SHAPES.value(node, SH.path)
    if path is not None and (node, SH.maxCount, Literal(0)) not in SHAPES:
        assert any(path_values(graph, focus, path) for graph, focus in met)


@pytest.mark.parametrize("name", CONSTRAINTS)
def test_without_the_constraint_an_example_changes_its_outcome(name: str) -> None:
    constraint = CONSTRAINTS[name]
    subject, parameter, _ = constraint
    about = [e for e in INVALID if subject in parts(URIRef(SHAPE + e.shape))]
    about.sort(key=lambda e: (e.shape != short(subject), f"{SH}{e.parameter}" != str(parameter)))
    pairs = [(e, e.shape) for e in about]
    # A condition that is switched off inside sh:or or sh:not may reject a valid example.
    for shape in sorted({e.shape for e in about}):
        pairs += [(e, shape) for e in VALID if folder(e.shape) == folder(shape)]
    assert any(
        results_alone(e, shape) != results(e, switched_off(alone(shape), constraint))
        for e, shape in pairs
    ), "no example notices: add one to tests/shapes"


# The data


@cache
def content() -> dict[Path, Graph]:
    paths = [path for top in ("ontology", "data") for path in (ROOT / top).rglob("*.ttl")]
    return {path.relative_to(ROOT): read(path) for path in sorted(paths)}


def by_severity(graph: Graph) -> dict[str, dict[str, set[str]]]:
    found: dict[str, dict[str, set[str]]] = defaultdict(lambda: defaultdict(set))
    for focus, (shape, _, severity) in findings(graph, SHAPES):
        found[severity][shape].add(focus.removeprefix("https://w3id.org/migov/id/"))
    return found


def test_the_data_conforms() -> None:
    found = by_severity(union(content().values()))
    assert found.pop("violation", {}) == {}
    assert {shape: nodes for each in found.values() for shape, nodes in each.items()} == (
        EXPECTED_FINDINGS
    )


def test_each_entity_class_in_use_is_targeted() -> None:
    graph = union(content().values())
    targets = set(SHAPES.objects(None, SH.targetClass))
    classes = {cls for cls in graph.objects(None, RDF.type) if str(cls).startswith(MG)}
    assert {str(cls) for cls in classes - targets} == set()
