"""Files → snapshot: parsed, derived, written once, and found again by digest."""

from __future__ import annotations

import contextlib
import shutil
import tempfile
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path

from pyoxigraph import NamedNode, RdfFormat, serialize

from migov import __version__
from migov.dataset import ContentFile, content_files, digest, in_graph, read_quads
from migov.errors import EnvironmentProblem
from migov.inference import derive, read_rules
from migov.repository import Repository
from migov.snapshot.model import QUADS, Snapshot, read_snapshot, write_description
from migov.vocabulary import INFERRED_GRAPH

_FORMAT = f"{__version__}-1"
"""Changes when the same files would give another snapshot; part of every cache path."""


def build_snapshot(repository: Repository, cache: Path) -> Snapshot:
    """Return the snapshot of the files as they are now, from the cache when it is there.

    Raises ContentSyntaxError when a file is broken: then nothing is written.
    """
    files = content_files(repository)
    revision = repository.revision()
    name = digest(files)
    folder = cache / _FORMAT / name
    found = read_snapshot(folder, revision)
    if found is not None:
        return found
    return _build(files, name, folder, revision)


def _build(files: Sequence[ContentFile], name: str, folder: Path, revision: str | None) -> Snapshot:
    graphs = {file.graph: list(read_quads(file)) for file in files if file.path.endswith(".ttl")}
    asserted = [quad for quads in graphs.values() for quad in quads]
    try:
        folder.parent.mkdir(parents=True, exist_ok=True)
        work = Path(tempfile.mkdtemp(prefix=f".{name[:12]}-", dir=folder.parent))
    except OSError as error:
        raise EnvironmentProblem(
            f"The cache folder {folder.parent} cannot be written: {error.strerror}.",
            hint="Name another one with MIGOV_CACHE.",
        ) from error
    try:
        inferred = derive(asserted, read_rules(files), folder.parent / "closures")
        union = {quad.triple: None for quad in asserted}
        with (work / QUADS).open("wb") as out:
            serialize(
                [
                    *(in_graph(triple) for triple in union),
                    *asserted,
                    *(in_graph(triple, NamedNode(INFERRED_GRAPH)) for triple in inferred),
                ],
                out,
                RdfFormat.N_QUADS,
            )
        snapshot = Snapshot(
            digest=name,
            folder=work,
            triples=len(union),
            inferred=len(inferred),
            graphs={graph: len(set(quads)) for graph, quads in graphs.items()},
            built=datetime.now(UTC).isoformat(timespec="seconds"),
            revision=revision,
        )
        write_description(snapshot)
        return _move(snapshot, folder)
    finally:
        shutil.rmtree(work, ignore_errors=True)


def _move(snapshot: Snapshot, folder: Path) -> Snapshot:
    """Give a finished snapshot its name; another process that was first has made the same one."""
    if read_snapshot(folder, None) is None:
        shutil.rmtree(folder, ignore_errors=True)  # what a full disk or a kill left behind
    with contextlib.suppress(OSError):
        snapshot.folder.rename(folder)
    found = read_snapshot(folder, snapshot.revision)
    if found is None:
        raise EnvironmentProblem(
            f"The snapshot could not be written to {folder}.", hint="Is there space on the disk?"
        )
    return found
