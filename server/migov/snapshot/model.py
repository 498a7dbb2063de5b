"""What a snapshot is: a folder that never changes, and the words that describe it."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Literal

from migov.fulltext import TEXT
from migov.settings import Settings
from migov.snapshot.sums import sealed, sums_of, unsealed

Store = Literal["memory", "disk"]
Choice = Literal["auto", "memory", "disk"]

DESCRIPTION = "snapshot.json"
QUADS = "dataset.nq"
STORE = "store"
_SUMS = "sums"

IN_MEMORY = 4_000_000
"""Quads up to which a store is kept in memory unless a setting says otherwise: they take 1.2 GB,
0.3 kB each, and are loaded at every start, where a store on disk is only opened."""


@dataclass(frozen=True, slots=True)
class How:
    """How a snapshot is made: where its store is, and whether what follows is derived."""

    store: Choice = "auto"
    inference: bool = True

    @classmethod
    def from_settings(cls, settings: Settings) -> How:
        return cls(settings.store, settings.inference == "on")

    def kind(self, quads: int) -> Store:
        """Return where the store of a snapshot of so many quads is.

        >>> How().kind(10_000), How().kind(20_000_000), How("memory").kind(20_000_000)
        ('memory', 'disk', 'memory')
        """
        if self.store == "auto":
            return "memory" if quads <= IN_MEMORY else "disk"
        return self.store


@dataclass(frozen=True, slots=True)
class Snapshot:
    """One state of the dataset.

    `digest` is the SHA-256 (hex) of the files. `triples` counts the union of the asserted graphs,
    `inferred` what follows from it. `graphs` maps the IRI of each asserted graph to its number of
    triples. `revision` is the commit it was built at, None outside a checkout; the same files at
    another commit are the same snapshot, so it is not part of the name. `uncommitted` says that
    the files differ from that commit. `size` is the length of `quads` in bytes.
    `store` tells whether queries run over the quads in memory or over the store on disk,
    `inference` whether it was asked what follows; `quad_count` counts the lines of `quads`.
    """

    digest: str
    folder: Path
    triples: int
    inferred: int
    graphs: dict[str, int]
    built: str
    revision: str | None = None
    size: int = 0
    uncommitted: bool = False
    store: Store = "memory"
    inference: bool = True
    quad_count: int = 0

    @property
    def quads(self) -> Path:
        """N-Quads: the union in the default graph, each asserted graph, and the inferred graph."""
        return self.folder / QUADS

    def has_store(self) -> bool:
        """Whether the store is there on disk, whole."""
        return (self.folder / STORE / "CURRENT").is_file()

    @property
    def name(self) -> str:
        """The first twelve digits of the digest: enough to cite, short enough to read."""
        return self.digest[:12]

    def describe(self) -> dict[str, Any]:
        """Return what is known of the snapshot as plain JSON values, without its folder."""
        description = asdict(self)
        del description["folder"]
        return description


def read_snapshot(folder: Path, revision: str | None) -> Snapshot | None:
    """Return the snapshot that a folder holds, or None when there is none or it is not whole."""
    try:
        description = _read(folder)
        del description[_SUMS]
        snapshot = Snapshot(folder=folder, **{**description, "revision": revision})
        if snapshot.quads.stat().st_size != snapshot.size or not (folder / TEXT).is_file():
            return None
    except (OSError, ValueError, TypeError, KeyError):
        return None
    return snapshot if snapshot.digest == folder.name else None


def kept_sums(folder: Path) -> dict[str, str]:
    """Return the checksums of a snapshot's files; raises OSError or ValueError for damage."""
    document = _read(folder)
    if (folder / DESCRIPTION).read_text(encoding="utf-8") != _text(sealed(document)):
        raise ValueError("it means what was written, in other bytes")
    sums: dict[str, str] = document.get(_SUMS, {})
    return sums


def _read(folder: Path) -> dict[str, Any]:
    return unsealed(json.loads((folder / DESCRIPTION).read_text(encoding="utf-8")))


def write_description(snapshot: Snapshot, folder: Path) -> None:
    """Write what `read_snapshot` reads into a folder, which may not have its final name yet.

    The other files are there already: their checksums become part of it.
    """
    sums = {name: sum for name, sum in sums_of(folder).items() if name != DESCRIPTION}
    document = sealed({**snapshot.describe(), _SUMS: sums})
    (folder / DESCRIPTION).write_text(_text(document), encoding="utf-8")


def _text(document: dict[str, Any]) -> str:
    return json.dumps(document, indent=1, sort_keys=True) + "\n"
