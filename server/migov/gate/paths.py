"""Property paths of SHACL as people write them in SPARQL."""

from __future__ import annotations

from rdflib import RDF, Graph, Namespace, URIRef
from rdflib.term import Node

from migov.vocabulary import compact

_SH = Namespace("http://www.w3.org/ns/shacl#")
_SUFFIXES = {_SH.zeroOrMorePath: "*", _SH.oneOrMorePath: "+", _SH.zeroOrOnePath: "?"}


def path_text(graph: Graph, path: Node) -> str:
    """Return a path, given by its node in a graph, in the syntax of SPARQL.

    >>> graph = Graph().parse(data="_:a <http://www.w3.org/ns/shacl#inversePath> <http://a/b> .")
    >>> path_text(graph, next(graph.subjects()))
    '^<http://a/b>'
    """
    if isinstance(path, URIRef):
        short = compact(str(path))
        return f"<{path}>" if short == str(path) else short
    inverse = graph.value(path, _SH.inversePath)
    if inverse is not None:
        return "^" + _grouped(graph, inverse)
    alternatives = graph.value(path, _SH.alternativePath)
    if alternatives is not None:
        return "|".join(_grouped(graph, step) for step in graph.items(alternatives))
    for predicate, suffix in _SUFFIXES.items():
        repeated = graph.value(path, predicate)
        if repeated is not None:
            return _grouped(graph, repeated) + suffix
    if graph.value(path, RDF.first) is not None:
        return "/".join(_grouped(graph, step) for step in graph.items(path))
    return "?"


def _grouped(graph: Graph, path: Node) -> str:
    text = path_text(graph, path)
    return text if isinstance(path, URIRef) or text.startswith("^") else f"({text})"
