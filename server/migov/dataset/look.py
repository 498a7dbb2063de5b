"""What files look like from outside: enough to see which ones changed, without reading any."""

from __future__ import annotations

import os
import stat
from collections.abc import Iterator, Mapping
from pathlib import Path

from migov.dataset.files import MAPPINGS
from migov.repository import Repository

Look = tuple[int, int, int, int]
"""Times of the last change of content and of status (ns), size, and number on its disk."""

_NOTHING: Look = (0, 0, 0, 0)
"""How a link, or whatever is no plain file, looks: whoever reads it says what is wrong."""


def looks(repository: Repository) -> dict[str, Look]:
    """Return each file of the dataset and its rules by its path from the root (POSIX)."""
    root = repository.root
    return {
        **dict(_looks(root, repository.ontology, ".ttl")),
        **dict(_looks(root, repository.data, ".ttl")),
        **dict(_looks(root, repository.data / "mappings", MAPPINGS, deep=False)),
        **dict(_looks(root, repository.rules, ".rq", deep=False)),
    }


def looks_beside(repository: Repository) -> Mapping[str, Look]:
    """Return each file that is served beside the dataset: shapes and canned queries."""
    root = repository.root
    return {
        **dict(_looks(root, repository.shapes, ".ttl")),
        **dict(_looks(root, repository.queries, ".rq", deep=False)),
    }


def _looks(
    root: Path, folder: Path, suffix: str, *, deep: bool = True
) -> Iterator[tuple[str, Look]]:
    """Yield what `migov.dataset.files.files_in` would, many times as fast."""
    if not folder.resolve().is_relative_to(root.resolve()):
        yield folder.relative_to(root).as_posix(), _NOTHING
        return
    waiting = [(str(folder), folder.relative_to(root).as_posix())]
    while waiting:
        path, name = waiting.pop()
        try:
            entries = os.scandir(path)
        except FileNotFoundError:
            continue
        with entries:
            for entry in entries:
                if entry.name.startswith("."):
                    continue
                inner = f"{name}/{entry.name}"
                if deep and entry.is_dir(follow_symlinks=False):
                    waiting.append((entry.path, inner))
                    if entry.name.endswith(suffix):
                        yield inner, _NOTHING
                elif entry.name.endswith(suffix):
                    yield inner, _look(entry)
                elif deep and entry.is_symlink() and entry.is_dir():
                    yield inner, _NOTHING


def _look(entry: os.DirEntry[str]) -> Look:
    status = entry.stat(follow_symlinks=False)
    if not stat.S_ISREG(status.st_mode):
        return _NOTHING
    return status.st_mtime_ns, status.st_ctime_ns, status.st_size, status.st_ino
