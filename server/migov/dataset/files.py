"""File ↔ named graph, and the digest that names a state of the files."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import quote

from migov.repository import Repository
from migov.vocabulary import GRAPH


@dataclass(frozen=True, slots=True)
class ContentFile:
    """One file of the dataset as it was read: its path from the root (POSIX) and its bytes."""

    path: str
    content: bytes

    @property
    def graph(self) -> str:
        return graph_iri(self.path)


def graph_iri(path: str) -> str:
    """Return the IRI of the named graph that a file holds.

    >>> graph_iri("data/actors/ilo.ttl")
    'https://w3id.org/migov/graph/data/actors/ilo.ttl'
    """
    return GRAPH + quote(path)


def content_paths(repository: Repository) -> list[Path]:
    """Return the files that make up the dataset and its rules, sorted by path."""
    turtle = [*repository.ontology.rglob("*.ttl"), *repository.data.rglob("*.ttl")]
    return sorted([*turtle, *repository.rules.glob("*.rq")])


def content_files(repository: Repository) -> list[ContentFile]:
    """Read the files that make up the dataset and its rules, sorted by path."""
    root = repository.root
    return [
        ContentFile(path.relative_to(root).as_posix(), path.read_bytes())
        for path in content_paths(repository)
    ]


def digest(files: Iterable[ContentFile]) -> str:
    """Return the SHA-256 (hex) of paths and contents, whatever the order of the files.

    >>> one, two = ContentFile("a.ttl", b""), ContentFile("b.ttl", b"")
    >>> digest([one, two]) == digest([two, one])
    True
    """
    lines = sorted(f"{hashlib.sha256(file.content).hexdigest()}  {file.path}\n" for file in files)
    return hashlib.sha256("".join(lines).encode()).hexdigest()
