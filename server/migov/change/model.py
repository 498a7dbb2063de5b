"""What a change is: the files before it and the files after it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from urllib.parse import unquote

from migov.dataset import ContentFile, content_files, graph_iri, holds_graph, is_turtle
from migov.errors import Place, RefusedError
from migov.repository import Repository
from migov.vocabulary import GRAPH

Files = Mapping[str, ContentFile]
"""The files of the dataset by path, as `migov.dataset.content_files` reads them."""


@dataclass(frozen=True, slots=True)
class Change:
    """One proposal. `left_out` are paths that it changes as well and that are not the dataset's."""

    before: Files
    after: Files
    title: str | None = None
    left_out: tuple[str, ...] = ()

    @property
    def touched(self) -> tuple[str, ...]:
        """The paths whose bytes differ, sorted."""
        return tuple(
            sorted(
                path
                for path in self.before.keys() | self.after.keys()
                if self.before.get(path) != self.after.get(path)
            )
        )


def refuse_left_out(change: Change) -> None:
    """Raise RefusedError for a change that goes beyond the dataset."""
    if change.left_out:
        raise RefusedError(
            f"The change also touches {change.left_out[0]}, which is not merged this way.",
            hint="Open a pull request for shapes, queries, software and texts.",
        )


def by_path(files: Iterable[ContentFile]) -> dict[str, ContentFile]:
    """Return files by their paths."""
    return {file.path: file for file in files}


def files_now(repository: Repository) -> Files:
    """Read the files of the dataset as they are on disk."""
    return by_path(content_files(repository))


def is_content(path: str) -> bool:
    """Return whether a path is one of the dataset's, its rules included.

    >>> is_content("data/actors/ilo.ttl"), is_content("ontology/rules/governed-by.rq")
    (True, True)
    >>> is_content("data/../shapes/actor.ttl"), is_content("data/.x.ttl"), is_content("README.md")
    (False, False, False)
    """
    if not path.isprintable():
        return False
    folder, *parts = path.split("/")
    if not parts or any(not part or part.startswith(".") or "\\" in part for part in parts):
        return False
    if folder == "ontology" and len(parts) == 2 and parts[0] == "rules":
        return path.endswith((".rq", ".ttl"))
    if folder == "data" and len(parts) == 2 and parts[0] == "mappings":
        return holds_graph(path)
    return folder in ("ontology", "data") and is_turtle(path)


def is_graph(path: str) -> bool:
    """Return whether a path is a file of the dataset that holds a named graph."""
    return is_content(path) and holds_graph(path)


def path_of(graph: str) -> str | None:
    """Return the path of the file that holds a named graph, or None for a graph that has no file.

    >>> path_of("https://w3id.org/migov/graph/data/actors/ilo.ttl")
    'data/actors/ilo.ttl'
    >>> path_of("https://w3id.org/migov/graph/inferred")
    """
    if not graph.startswith(GRAPH):
        return None
    path = unquote(graph.removeprefix(GRAPH), errors="surrogateescape")
    return path if is_graph(path) and graph_iri(path) == graph else None


def required_path(target: str, place: Place | None = None) -> str:
    """Return the path that a graph IRI or a path names; raises RefusedError."""
    path = path_of(target) if ":" in target else target if is_graph(target) else None
    if path is None:
        raise RefusedError(
            f"{target} is not a graph of this dataset.",
            place=place,
            hint=f"Name a .ttl file under data/ or ontology/, or its graph: {GRAPH}data/….ttl.",
        )
    return path
