"""Shapes made ready for pySHACL: what SHACL says and pySHACL overlooks."""

from __future__ import annotations

from typing import Final

from rdflib import OWL, RDF, XSD, Graph, Literal, Namespace
from rdflib.term import Node

SH: Final = Namespace("http://www.w3.org/ns/shacl#")
_TRUTHS = {
    Literal("true", datatype=XSD.boolean, normalize=False),
    Literal("false", datatype=XSD.boolean, normalize=False),
}


def prepared(shapes: Graph) -> Graph:
    """Return a copy of a shapes graph on which pySHACL answers as the specification asks.

    * Prefixes are declared at the end of `owl:imports` chains too (5.2.1); pySHACL looks at the
      value of `sh:prefixes` alone, and only where that is an ontology or the whole graph is local.
    * `sh:uniqueLang` counts when it is the term `true` (4.4.5); pySHACL takes "1" for it.
    """
    copy = Graph(bind_namespaces="none")
    for triple in shapes:
        if triple[1] != SH.uniqueLang or triple[2] in _TRUTHS:
            copy.add(triple)
    for holder in set(shapes.objects(None, SH.prefixes)):
        for imported in shapes.transitive_objects(holder, OWL.imports):
            for declaration in shapes.objects(imported, SH.declare):
                copy.add((holder, SH.declare, declaration))
    return copy


def without_shapes(shapes: Graph) -> bool:
    """Return whether a graph has nothing that SHACL takes for a shape with something to check."""
    targets = (SH.targetClass, SH.targetNode, SH.targetObjectsOf, SH.targetSubjectsOf)
    kinds = (SH.NodeShape, SH.PropertyShape)
    return not (
        any(_has(shapes, predicate) for predicate in (*targets, SH.property))
        or any((None, RDF.type, kind) in shapes for kind in kinds)
    )


def _has(graph: Graph, predicate: Node) -> bool:
    return (None, predicate, None) in graph
