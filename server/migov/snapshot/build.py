"""Files → snapshot: parsed, derived, written once, and found again by digest."""

from __future__ import annotations

import fcntl
import shutil
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path

from pyoxigraph import Quad

from migov import __version__
from migov.dataset import ContentFile, content_files, digest, holds_graph, read_quads
from migov.errors import EnvironmentProblem
from migov.fulltext import TEXT, Texts
from migov.inference import derive, read_rules
from migov.repository import Repository
from migov.snapshot.index import state_of
from migov.snapshot.keep import is_digest, mark_used, sweep
from migov.snapshot.model import STORE, How, Snapshot, read_snapshot, write_description
from migov.snapshot.sums import write_sums
from migov.snapshot.write import Writer, write_store

_TRIES = 5
_FORMAT = f"{__version__}-6"
"""Changes when the same files would give another snapshot; part of every cache path."""

_CLOSURES = "closures"
_INDEXES = "indexes"
_WITHOUT = "without-inference"
_UNFINISHED = ".unfinished-"


def build_snapshot(repository: Repository, cache: Path, how: How | None = None) -> Snapshot:
    """Return the snapshot of the files as they are now, from the cache when it is there.

    Files that look as they did when they were read last are not read again. Raises ContentError
    when a file is broken: then no snapshot is written.
    """
    how = how or How()
    for _ in range(_TRIES):
        state = state_of(repository, cache / _FORMAT / _INDEXES)
        snapshot = _found(_folder(cache, state.digest, how), state.revision, how)
        if snapshot is None:
            files = content_files(repository)
            if digest(files) != state.digest:  # one changed in between
                continue
            snapshot = snapshot_of(files, cache, state.revision, how)
        return replace(snapshot, uncommitted=state.uncommitted)
    raise EnvironmentProblem(
        "The files change faster than they can be read.",
        hint="Wait until what writes them is done.",
    )


def snapshot_of(
    files: Sequence[ContentFile], cache: Path, revision: str | None = None, how: How | None = None
) -> Snapshot:
    """Return the snapshot of files that need not be on disk, from the cache when it is there.

    Raises ContentError when a file is broken: then no snapshot is written.
    """
    how = how or How()
    folder = _folder(cache, digest(files), how)
    found = _found(folder, revision, how)
    if found is not None:
        return found
    with _only_builder(folder.parent):
        # Another process may have built it while this one waited for its turn.
        snapshot = read_snapshot(folder, revision)
        if snapshot is None:
            snapshot = _build(files, folder, revision, cache / _FORMAT / _CLOSURES, how)
        if how.kind(snapshot.quad_count) == "disk":
            with _writing(folder.parent):
                _add_store(snapshot)
        sweep(folder.parent, cache / _FORMAT / _CLOSURES)
    return replace(snapshot, store=how.kind(snapshot.quad_count))


def _folder(cache: Path, name: str, how: How) -> Path:
    return cache / _FORMAT / name if how.inference else cache / _FORMAT / _WITHOUT / name


def _found(folder: Path, revision: str | None, how: How) -> Snapshot | None:
    """Return a snapshot that is there, with the store that it is to be asked in."""
    snapshot = read_snapshot(folder, revision)
    if snapshot is None:
        return None
    kind = how.kind(snapshot.quad_count)
    if kind == "disk" and not snapshot.has_store():
        return None
    mark_used(folder)
    return replace(snapshot, store=kind)


@dataclass(frozen=True, slots=True)
class Kept:
    """What a cache holds for this version of the software: folders that need not be there."""

    folder: Path
    snapshots: tuple[Path, ...]
    closures: Path
    indexes: Path


def kept_in(cache: Path) -> Kept:
    """Return what a cache holds: its snapshots, with and without what follows, and the rest."""
    folder = cache / _FORMAT
    parents = (folder, folder / _WITHOUT)
    found = (path for parent in parents if parent.is_dir() for path in parent.iterdir())
    snapshots = sorted(path for path in found if is_digest(path.name))
    return Kept(folder, tuple(snapshots), folder / _CLOSURES, folder / _INDEXES)


@contextmanager
def _writing(folder: Path) -> Iterator[None]:
    """Tell what goes wrong inside as a cache that cannot be written: nothing else belongs there."""
    try:
        yield
    except OSError as error:
        raise EnvironmentProblem(
            f"The cache folder {folder} cannot be written: {error.strerror or error}.",
            hint="Name another one with MIGOV_CACHE, or free space on its disk.",
        ) from error


@contextmanager
def _only_builder(folder: Path) -> Iterator[None]:
    """Wait until no other process or thread builds in this folder; the lock ends with its owner."""
    with ExitStack() as stack:
        with _writing(folder):
            folder.mkdir(parents=True, exist_ok=True)
            lock = stack.enter_context((folder / ".lock").open("wb"))
            fcntl.flock(lock, fcntl.LOCK_EX)
            for left_behind in folder.glob(f"{_UNFINISHED}*"):  # by a build that was killed
                shutil.rmtree(left_behind)
        yield


def _build(
    files: Sequence[ContentFile], folder: Path, revision: str | None, closures: Path, how: How
) -> Snapshot:
    with _unfinished(folder) as work:
        graphs = [file for file in files if holds_graph(file.path)]
        texts = Texts()
        with _writing(folder.parent):
            writer = Writer(work, sum(len(file.content) for file in graphs))
        try:
            asserted: list[Quad] = []
            for file in graphs:
                quads = list(read_quads(file))
                with _writing(folder.parent):
                    writer.add(file.graph, quads)
                texts.add(quads)
                if how.inference:
                    asserted += quads
            inferred = derive(asserted, read_rules(files), closures) if how.inference else []
            with _writing(folder.parent):
                triples, size = writer.finish(inferred)
                texts.write(work / TEXT)
        finally:
            with _writing(folder.parent):
                writer.close()
        snapshot = Snapshot(
            digest=folder.name,
            folder=folder,
            triples=triples,
            inferred=len(inferred),
            graphs=writer.graphs,
            built=datetime.now(UTC).isoformat(timespec="seconds"),
            revision=revision,
            size=size,
            inference=how.inference,
            quad_count=writer.quads + len(inferred),
        )
        with _writing(folder.parent):
            write_description(snapshot, work)
            shutil.rmtree(folder, ignore_errors=True)  # what was there is not whole
            work.rename(folder)
    return snapshot


def _add_store(snapshot: Snapshot) -> None:
    """Write the store of a snapshot beside its quads, whole or not at all."""
    if not snapshot.has_store():
        with _unfinished(snapshot.folder) as work:
            write_store(snapshot.quads, work / STORE)
            write_sums(work / STORE)
            (work / STORE).rename(snapshot.folder / STORE)


@contextmanager
def _unfinished(folder: Path) -> Iterator[Path]:
    """Give a folder beside another one to work in, and remove what is left of it."""
    with _writing(folder.parent):
        work = Path(tempfile.mkdtemp(prefix=_UNFINISHED, dir=folder.parent))
    try:
        yield work
    finally:
        shutil.rmtree(work, ignore_errors=True)
