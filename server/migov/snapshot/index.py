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
from migov.snapshot.sums import sealed, unsealed

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
    index = _Index(cache, repository)
    began = time.time_ns()
    seen = looks(repository)
    revision = repository.revision()
    before = index.unchanged(seen)
    if before is not None and before.revision == revision:
        return before
    known = index.entries()
    entries = {
        name: found
        if (found := known.get(name)) is not None and found[0] == look and any(look)
        else _entry(read_file(repository.root / name, repository.root), look, began)
        for name, look in seen.items()
    }
    state = State(
        digest_of((name, entry[1]) for name, entry in entries.items()),
        revision,
        is_uncommitted(repository, {name: entry[2].encode() for name, entry in entries.items()}),
    )
    with suppress(OSError):  # it saves time and nothing else
        index.write(entries, state)
    return state


def _entry(file: ContentFile, look: Look, began: int) -> _Entry:
    if max(look[:2]) > began - _MARGIN:
        look = (0, 0, 0, 0)
    content = hashlib.sha256(file.content).hexdigest()
    return look, content, blob_name(file.content).decode("ascii")


class _Index:
    """The file: a line about all files together, and one about each."""

    def __init__(self, cache: Path, repository: Repository) -> None:
        self._root = str(repository.root)
        self._path = cache / f"{hashlib.sha256(self._root.encode()).hexdigest()[:16]}.json"
        try:
            first, _, self._rest = self._path.read_bytes().partition(b"\n")
            self._about = unsealed(json.loads(first))
            if self._about["root"] != self._root:
                raise ValueError("the index is of another checkout")
        except (OSError, ValueError, TypeError, KeyError):
            self._about, self._rest = {}, b""

    def unchanged(self, seen: Mapping[str, Look]) -> State | None:
        """Return the state of when it was written, where every file still looks the same."""
        about = self._about
        if about.get("looks") is None or about["looks"] != _together(seen):
            return None
        return State(about["digest"], about["revision"], about["uncommitted"])

    def entries(self) -> Mapping[str, _Entry]:
        """Return what is known of each file; nothing where the file is damaged."""
        try:
            if self._about.get("sum") != hashlib.sha256(self._rest).hexdigest():
                return {}
            return {name: (tuple(look), *rest) for name, look, *rest in json.loads(self._rest)}
        except (ValueError, TypeError):
            return {}

    def write(self, entries: Mapping[str, _Entry], state: State) -> None:
        rest = json.dumps([(name, *entry) for name, entry in entries.items()])
        about = {
            "root": self._root,
            "looks": _together({name: entry[0] for name, entry in entries.items()}),
            "digest": state.digest,
            "revision": state.revision,
            "uncommitted": state.uncommitted,
            "sum": hashlib.sha256(rest.encode()).hexdigest(),
        }
        folder = self._path.parent
        folder.mkdir(parents=True, exist_ok=True)
        with tempfile.NamedTemporaryFile("w", dir=folder, encoding="utf-8", delete=False) as out:
            out.write(json.dumps(sealed(about)) + "\n")
            out.write(rest)
        Path(out.name).replace(self._path)


def _together(seen: Mapping[str, Look]) -> str | None:
    """Return one name for how all files look, None where one is to be read again."""
    if not all(any(look) for look in seen.values()):
        return None
    return hashlib.sha256(json.dumps(sorted(seen.items())).encode()).hexdigest()


def known_files(path: Path, repository: Repository) -> list[str]:
    """Return the files that look as an index says, and are not what it says.

    Raises OSError or ValueError for an index that is damaged; one of another checkout says nothing
    here.
    """
    first, _, rest = path.read_bytes().partition(b"\n")
    about = unsealed(json.loads(first))
    if about.get("sum") != hashlib.sha256(rest).hexdigest():
        raise ValueError("the checksum does not fit")
    if about["root"] != str(repository.root):
        return []
    now = looks(repository)
    return [
        name
        for name, look, *known in json.loads(rest)
        if any(look)
        and list(now.get(name, ())) == look
        and list(_entry(read_file(repository.root / name, repository.root), now[name], 0)[1:])
        != known
    ]
