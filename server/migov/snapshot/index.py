"""What is known of the files without reading them: how each looked when it was read last.

The index lies in the cache, one for each checkout. Whoever starts looks at every file and reads
only those that look otherwise than they did; a file that changed so shortly before it was read
that a later change could look the same is read again.
"""

from __future__ import annotations

import hashlib
import json
import tempfile
import time
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from migov.dataset import ContentFile, blob_name, digest_of, is_uncommitted, read_file
from migov.dataset.look import Look, looks
from migov.repository import Repository

_MARGIN: Final = 1_000_000_000
"""Nanoseconds: coarser than the times of any file system that one builds in."""

_Entry = tuple[Look, str, str]
"""How a file looked, the SHA-256 of its content and its name as a blob of git, both in hex."""


@dataclass(frozen=True, slots=True)
class State:
    """The files as they are: their digest, the commit HEAD names, and whether they differ."""

    digest: str
    revision: str | None
    uncommitted: bool


def state_of(repository: Repository, cache: Path) -> State:
    """Return the state of the files; raises ContentError for one that cannot be read."""
    root = str(repository.root)
    path = cache / f"{hashlib.sha256(root.encode()).hexdigest()[:16]}.json"
    known, before = _read(path, root)
    began = time.time_ns()
    entries = {
        name: found
        if (found := known.get(name)) is not None and found[0] == look and any(look)
        else _entry(read_file(repository.root / name, repository.root), look, began)
        for name, look in looks(repository).items()
    }
    revision = repository.revision()
    is_same = before is not None and entries == known
    if is_same and before is not None and revision == before.revision:
        return before
    state = State(
        before.digest
        if is_same and before is not None
        else digest_of((name, entry[1]) for name, entry in entries.items()),
        revision,
        is_uncommitted(repository, {name: entry[2].encode() for name, entry in entries.items()}),
    )
    with suppress(OSError):  # it saves time and nothing else
        _write(path, root, entries, state)
    return state


def _entry(file: ContentFile, look: Look, began: int) -> _Entry:
    if max(look[:2]) > began - _MARGIN:
        look = (0, 0, 0, 0)
    content = hashlib.sha256(file.content).hexdigest()
    return look, content, blob_name(file.content).decode("ascii")


def _read(path: Path, root: str) -> tuple[Mapping[str, _Entry], State | None]:
    try:
        document = json.loads(path.read_bytes())
        if document["root"] != root:
            return {}, None
        state = State(document["digest"], document["revision"], document["uncommitted"])
        return {name: (tuple(look), *rest) for name, look, *rest in document["files"]}, state
    except (OSError, ValueError, TypeError, KeyError):
        return {}, None


def _write(path: Path, root: str, entries: Mapping[str, _Entry], state: State) -> None:
    document = {
        "root": root,
        "digest": state.digest,
        "revision": state.revision,
        "uncommitted": state.uncommitted,
        "files": [(name, *entry) for name, entry in entries.items()],
    }
    path.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.NamedTemporaryFile("w", dir=path.parent, encoding="utf-8", delete=False) as out:
        json.dump(document, out)
    Path(out.name).replace(path)
