"""What was not checked is not known to conform: idle shapes, and words without a shape."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from pyoxigraph import NamedNode
from rdflib import RDF, RDFS, Graph, URIRef
from rdflib.term import Node as RdfNode

from migov.gate.checks.context import Context, named
from migov.gate.checks.state import TYPE
from migov.gate.report import Note
from migov.gate.shapes import SH
from migov.vocabulary import STANDARD_PREFIXES

_OF_THE_ONTOLOGY: Final = tuple(STANDARD_PREFIXES[p] for p in ("rdf", "rdfs", "owl", "sh", "xsd"))
_TARGETS: Final = (SH.targetClass, SH.targetSubjectsOf, SH.targetObjectsOf)


def uncovered(context: Context, shapes: Graph) -> list[Note]:
    """Return a note for each class and property in the touched data files that no shape covers."""
    classes, properties = covered_classes(context, shapes), covered_properties(shapes)
    used: dict[str, str] = {}
    for facts in context.files:
        if not facts.path.startswith("data/"):
            continue  # the ontology is about terms, not made of them
        for triple in facts.triples:
            if triple.predicate == TYPE and isinstance(triple.object, NamedNode):
                if triple.object.value not in classes:
                    used.setdefault(triple.object.value, "class")
            elif triple.predicate.value not in properties:
                used.setdefault(triple.predicate.value, "property")
    return [
        _class(iri) if used[iri] == "class" else _property(iri)
        for iri in sorted(used)
        if not iri.startswith(_OF_THE_ONTOLOGY)
    ]


def without_focus(context: Context, shapes: Graph) -> list[Note]:
    """Return a note for each shape with targets that finds no focus node in the files."""
    notes = []
    for shape in sorted(set(shapes.subjects()), key=str):
        targets = [(t, value) for t in _TARGETS for value in shapes.objects(shape, t)]
        targets += [(SH.targetNode, node) for node in shapes.objects(shape, SH.targetNode)]
        focus = any(_has_focus(context, kind, value) for kind, value in targets)
        if isinstance(shape, URIRef) and targets and not focus:
            notes.append(_unfocused(str(shape)))
    return notes


def covered_classes(context: Context, shapes: Graph) -> set[str]:
    """Return the classes whose nodes some shape looks at, with the kinds of those classes."""
    targets = {str(each) for each in shapes.objects(None, SH.targetClass)}
    shaped = {s for s in shapes.subjects(RDF.type, SH.NodeShape) if isinstance(s, URIRef)}
    targets |= {str(s) for s in shaped if (s, RDF.type, RDFS.Class) in shapes}
    return {name for each in targets for name in context.ontology.with_subclasses(each)}


def covered_properties(shapes: Graph) -> set[str]:
    """Return the properties that stand in a path, a target or a list of a closed shape."""
    found: set[RdfNode] = set()
    for path in shapes.objects(None, SH.path):
        found |= set(_predicates(shapes, path))
    for predicate in (SH.targetSubjectsOf, SH.targetObjectsOf, SH.equals, SH.disjoint,
                      SH.lessThan, SH.lessThanOrEquals):  # fmt: skip
        found |= set(shapes.objects(None, predicate))
    for holder in shapes.objects(None, SH.ignoredProperties):
        found |= set(shapes.items(holder))
    return {str(predicate) for predicate in found}


def _predicates(shapes: Graph, path: RdfNode) -> Iterator[RdfNode]:
    if isinstance(path, URIRef):
        yield path
        return
    for value in shapes.objects(path):
        if value != RDF.nil:
            yield from _predicates(shapes, value)


def _has_focus(context: Context, kind: RdfNode, value: RdfNode) -> bool:
    if kind == SH.targetNode:
        return True  # it is a focus node wherever it stands, or does not
    name = str(value)
    if kind != SH.targetClass:
        return any(name in facts.predicates for facts in context.after.all_facts())
    wanted = context.ontology.with_subclasses(name)
    return any(wanted & facts.classes for facts in context.after.all_facts())


def _unfocused(shape: str) -> Note:
    return Note(
        shape,
        {
            "en": f"{named(shape)} checked nothing: the data has no node that it is about.",
            "fr": f"{named(shape)} n’a rien vérifié : aucun nœud des données n’est concerné.",
        },
    )


def _class(iri: str) -> Note:
    return Note(
        iri,
        {
            "en": f"No shape looks at things of class {named(iri)}: nothing is known of them.",
            "fr": f"Aucune forme ne porte sur la classe {named(iri)} : on n’en sait rien.",
        },
    )


def _property(iri: str) -> Note:
    return Note(
        iri,
        {
            "en": f"No shape looks at {named(iri)}: its values were not checked.",
            "fr": f"Aucune forme ne porte sur {named(iri)} : ses valeurs n’ont pas été vérifiées.",
        },
    )
