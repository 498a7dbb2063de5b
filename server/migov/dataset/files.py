"""File ↔ named graph, and the digest that names a state of the files."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import quote

from dulwich.objects import Blob

from migov.errors import ContentError, Place
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
    return GRAPH + quote(path, errors="surrogateescape")


def content_paths(repository: Repository) -> list[Path]:
    """Return the files that make up the dataset and its rules, sorted by path.

    Hidden ones are what editors and interrupted writes leave behind, and are not content.
    """
    turtle = [*repository.ontology.rglob("*.ttl"), *repository.data.rglob("*.ttl")]
    paths = [*turtle, *repository.rules.glob("*.rq")]
    return sorted(path for path in paths if not _is_hidden(path.relative_to(repository.root)))


def _is_hidden(path: Path) -> bool:
    return any(part.startswith(".") for part in path.parts)


def content_files(repository: Repository) -> list[ContentFile]:
    """Read the files that make up the dataset and its rules, sorted by path.

    Raises ContentError when one cannot be read.
    """
    return [_read(path, repository.root) for path in content_paths(repository)]


def is_uncommitted(repository: Repository, files: Iterable[ContentFile]) -> bool:
    """Return whether the files differ from those of the commit that HEAD names.

    Without a commit there is nothing to differ from.
    """
    committed = repository.committed("ontology", "data")
    if not committed:
        return False
    content = {path: name for path, name in committed.items() if _is_content(path)}
    return content != {file.path: Blob.from_string(file.content).id for file in files}


def _is_content(path: str) -> bool:
    is_rule = path.startswith("ontology/rules/") and path.endswith(".rq")
    return (is_rule or path.endswith(".ttl")) and not _is_hidden(Path(path))


def _read(path: Path, root: Path) -> ContentFile:
    name = path.relative_to(root).as_posix()
    try:
        return ContentFile(name, path.read_bytes())
    except OSError as error:
        raise ContentError(
            f"{name} cannot be read: {error.strerror}.",
            place=Place(name),
            hint="Mend or remove it; nothing of this state of the files was loaded.",
        ) from error


def digest(files: Iterable[ContentFile]) -> str:
    """Return the SHA-256 (hex) of paths and contents, whatever the order of the files.

    >>> one, two = ContentFile("a.ttl", b""), ContentFile("b.ttl", b"")
    >>> digest([one, two]) == digest([two, one])
    True
    """
    # The IRI stands for the path because no path can make it contain a line break.
    lines = sorted(f"{hashlib.sha256(file.content).hexdigest()}  {file.graph}\n" for file in files)
    return hashlib.sha256("".join(lines).encode()).hexdigest()
