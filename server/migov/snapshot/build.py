"""Files → snapshot: parsed, derived, written once, and found again by digest."""

from __future__ import annotations

import fcntl
import os
import shutil
import tempfile
from collections.abc import Collection, Iterator, Sequence
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

from pyoxigraph import NamedNode, Quad, RdfFormat, Triple, serialize

from migov import __version__
from migov.dataset import ContentFile, content_files, digest, in_graph, is_uncommitted, read_quads
from migov.errors import EnvironmentProblem
from migov.inference import derive, read_rules
from migov.repository import Repository
from migov.snapshot.keep import mark_used, sweep
from migov.snapshot.model import QUADS, Snapshot, read_snapshot, write_description
from migov.vocabulary import INFERRED_GRAPH

_FORMAT = f"{__version__}-2"
"""Changes when the same files would give another snapshot; part of every cache path."""

_CLOSURES = "closures"
_UNFINISHED = ".unfinished-"


def build_snapshot(repository: Repository, cache: Path) -> Snapshot:
    """Return the snapshot of the files as they are now, from the cache when it is there.

    Raises ContentError when a file is broken: then no snapshot is written.
    """
    files = content_files(repository)
    snapshot = snapshot_of(files, cache, repository.revision())
    return replace(snapshot, uncommitted=is_uncommitted(repository, files))


def snapshot_of(files: Sequence[ContentFile], cache: Path, revision: str | None = None) -> Snapshot:
    """Return the snapshot of files that need not be on disk, from the cache when it is there.

    Raises ContentError when a file is broken: then no snapshot is written.
    """
    name = digest(files)
    folder = cache / _FORMAT / name
    found = read_snapshot(folder, revision)
    if found is not None:
        mark_used(folder)
        return found
    graphs = {file.graph: list(read_quads(file)) for file in files if file.path.endswith(".ttl")}
    with _only_builder(folder.parent):
        # Another process may have built it while this one waited for its turn.
        return read_snapshot(folder, revision) or _build(files, graphs, folder, revision)


def lend_closures(cache: Path, folder: Path) -> None:
    """Let a build in another folder of the same disk use the closures of a cache, and add none."""
    lent = folder / _FORMAT / _CLOSURES
    lent.mkdir(parents=True, exist_ok=True)
    for closure in (cache / _FORMAT / _CLOSURES).glob("*.nt"):
        with suppress(OSError):
            os.link(closure, lent / closure.name)


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
    files: Sequence[ContentFile],
    graphs: dict[str, list[Quad]],
    folder: Path,
    revision: str | None,
) -> Snapshot:
    asserted = [quad for quads in graphs.values() for quad in quads]
    union = {quad.triple: None for quad in asserted}
    inferred = derive(asserted, read_rules(files), folder.parent / _CLOSURES)
    with _writing(folder.parent):
        snapshot = _write(graphs, union, inferred, folder, revision)
    sweep(folder.parent, folder.parent / _CLOSURES)
    return snapshot


def _write(
    graphs: dict[str, list[Quad]],
    union: Collection[Triple],
    inferred: Sequence[Triple],
    folder: Path,
    revision: str | None,
) -> Snapshot:
    work = Path(tempfile.mkdtemp(prefix=_UNFINISHED, dir=folder.parent))
    try:
        with (work / QUADS).open("wb") as out:
            serialize(
                [
                    *(in_graph(triple) for triple in union),
                    *(quad for quads in graphs.values() for quad in quads),
                    *(in_graph(triple, NamedNode(INFERRED_GRAPH)) for triple in inferred),
                ],
                out,
                RdfFormat.N_QUADS,
            )
            out.flush()
            os.fsync(out.fileno())
            size = out.tell()
        snapshot = Snapshot(
            digest=folder.name,
            folder=folder,
            triples=len(union),
            inferred=len(inferred),
            graphs={graph: len(set(quads)) for graph, quads in graphs.items()},
            built=datetime.now(UTC).isoformat(timespec="seconds"),
            revision=revision,
            size=size,
        )
        write_description(snapshot, work)
        shutil.rmtree(folder, ignore_errors=True)  # what was there is not whole
        work.rename(folder)
    finally:
        shutil.rmtree(work, ignore_errors=True)
    return snapshot
