"""W3C test manifests → cases."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from rdflib import Graph, URIRef
from rdflib.collection import Collection
from rdflib.namespace import RDF, Namespace
from rdflib.term import Node

MF = Namespace("http://www.w3.org/2001/sw/DataAccess/tests/test-manifest#")
QT = Namespace("http://www.w3.org/2001/sw/DataAccess/tests/test-query#")


@dataclass(frozen=True, slots=True)
class Case:
    """One test: its name in the suite, its kind, and the files it is made of."""

    name: str
    kind: str
    query: Path
    data: tuple[Path, ...]
    graphs: tuple[Path, ...]
    result: Path | None


def read_cases(manifest: Path, suite: Path) -> list[Case]:
    """Return the cases of one manifest; names are relative to the folder of the suite."""
    graph = Graph()
    graph.parse(manifest, format="turtle", publicID=manifest.as_uri())
    folder = manifest.parent.relative_to(suite).as_posix()
    return [
        _case(graph, entry, folder)
        for head in graph.objects(None, MF.entries)
        for entry in Collection(graph, head)
    ]


def _case(graph: Graph, entry: Node, folder: str) -> Case:
    action = graph.value(entry, MF.action)
    query = graph.value(action, QT.query) or action
    result = graph.value(entry, MF.result)
    kind = graph.value(entry, RDF.type)
    return Case(
        name=f"{folder}/{str(entry).rpartition('#')[2] or entry}",
        kind=str(kind).rpartition("#")[2],
        query=_path(query),
        data=tuple(_path(node) for node in graph.objects(action, QT.data)),
        graphs=tuple(_path(node) for node in graph.objects(action, QT.graphData)),
        result=_path(result) if isinstance(result, URIRef) else None,
    )


def _path(node: Node | None) -> Path:
    return Path(str(node).removeprefix("file://"))
