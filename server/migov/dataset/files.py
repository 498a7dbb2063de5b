"""File ↔ named graph, and the digest that names a state of the files."""

from __future__ import annotations

import hashlib
import stat
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final
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


MAPPINGS: Final = ".sssom.tsv"
"""How the name of a mapping set ends; any other file that holds a graph is Turtle."""


def is_turtle(path: str) -> bool:
    """Return whether a path is that of a Turtle file.

    >>> is_turtle("data/actors/ilo.ttl"), is_turtle("data/mappings/ror.sssom.tsv")
    (True, False)
    """
    return path.endswith(".ttl")


def holds_graph(path: str) -> bool:
    """Return whether a file of the dataset holds a named graph: Turtle or a mapping set.

    >>> holds_graph("data/mappings/ror.sssom.tsv"), holds_graph("ontology/rules/governed-by.rq")
    (True, False)
    """
    return is_turtle(path) or path.endswith(MAPPINGS)


def content_paths(repository: Repository) -> list[Path]:
    """Return the files that make up the dataset and its rules, sorted by path."""
    return sorted(
        [
            *files_in(repository.ontology, ".ttl"),
            *files_in(repository.data, ".ttl"),
            *mapping_paths(repository),
            *files_in(repository.rules, ".rq", deep=False),
        ]
    )


def mapping_paths(repository: Repository) -> list[Path]:
    """Return the mapping sets, sorted by path."""
    tables = files_in(repository.data / "mappings", ".tsv", deep=False)
    return [path for path in tables if path.name.endswith(MAPPINGS)]


def shape_paths(repository: Repository) -> list[Path]:
    """Return the files of the shapes, sorted by path."""
    return files_in(repository.shapes, ".ttl")


def files_in(folder: Path, suffix: str, *, deep: bool = True) -> list[Path]:
    """Return what a folder of the repository has with a suffix, sorted by path.

    Hidden files are what editors and interrupted writes leave behind, and are not content. A
    folder that is a link is among the files, so that `read_file` refuses it.
    """
    found = folder.rglob("*") if deep else folder.glob("*")
    return sorted(
        path
        for path in found
        if not _is_hidden(path.relative_to(folder))
        and (path.suffix == suffix or (deep and path.is_symlink() and path.is_dir()))
    )


def _is_hidden(path: Path) -> bool:
    return any(part.startswith(".") for part in path.parts)


def content_files(repository: Repository) -> list[ContentFile]:
    """Read the files that make up the dataset and its rules, sorted by path.

    Raises ContentError when one cannot be read.
    """
    return [read_file(path, repository.root) for path in content_paths(repository)]


def shape_files(repository: Repository) -> list[ContentFile]:
    """Read the shapes, sorted by path; raises ContentError when one cannot be read."""
    return [read_file(path, repository.root) for path in shape_paths(repository)]


def read_file(path: Path, root: Path) -> ContentFile:
    """Read one file below a root; raises ContentError when it cannot be, or leads elsewhere.

    What is read here is published, so a link could publish any file of this machine.
    """
    name = path.relative_to(root).as_posix()
    try:
        is_plain = stat.S_ISREG(path.lstat().st_mode)
        if is_plain and path.resolve().is_relative_to(root.resolve()):
            return ContentFile(name, path.read_bytes())
    except OSError as error:
        raise ContentError(
            f"{name} cannot be read: {error.strerror}.",
            place=Place(name),
            hint="Mend or remove it; nothing of this state of the files was loaded.",
        ) from error
    raise ContentError(
        f"{name} cannot be read: it is a link, or no plain file of this repository.",
        place=Place(name),
        hint="Put the file itself there; nothing of this state of the files was loaded.",
    )


def blob_name(content: bytes) -> bytes:
    """Return the name (SHA-1, hex) that git gives to a file of this content."""
    return bytes(Blob.from_string(content).id)


def is_uncommitted(repository: Repository, files: Mapping[str, bytes]) -> bool:
    """Return whether files, as their blob names by path, differ from those of HEAD's commit.

    Without a commit there is nothing to differ from.
    """
    committed = repository.committed("ontology", "data")
    if not committed:
        return False
    content = {path: name for path, name in committed.items() if _is_content(path)}
    return content != files


def _is_content(path: str) -> bool:
    is_rule = path.startswith("ontology/rules/") and path.endswith(".rq")
    return (is_rule or holds_graph(path)) and not _is_hidden(Path(path))


def digest(files: Iterable[ContentFile]) -> str:
    """Return the SHA-256 (hex) of paths and contents, whatever the order of the files.

    >>> one, two = ContentFile("a.ttl", b""), ContentFile("b.ttl", b"")
    >>> digest([one, two]) == digest([two, one])
    True
    """
    return digest_of((file.path, hashlib.sha256(file.content).hexdigest()) for file in files)


def digest_of(files: Iterable[tuple[str, str]]) -> str:
    """Return the same for files by their path and the SHA-256 (hex) of their content."""
    # The IRI stands for the path because no path can make it contain a line break.
    lines = sorted(f"{content}  {graph_iri(path)}\n" for path, content in files)
    return hashlib.sha256("".join(lines).encode()).hexdigest()
