"""The graph as a command needs it: found, built, and said so when that takes long."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from migov.cli.terminal import progress
from migov.engine import Limits, LocalEngine
from migov.repository import Repository, find_repository
from migov.settings import Settings
from migov.snapshot import How, Snapshot, build_snapshot


def snapshot_of(repository: Repository, settings: Settings) -> Snapshot:
    """Return the snapshot of the files as they are now."""
    with progress(f"Building the graph from {repository.root}"):
        return build_snapshot(repository, settings.cache, How.from_settings(settings))


@contextmanager
def opened(settings: Settings) -> Iterator[tuple[Repository, LocalEngine]]:
    """Open the repository and an engine over its snapshot, and end the engine after it."""
    repository = find_repository(settings.root)
    snapshot = snapshot_of(repository, settings)
    engine = LocalEngine(snapshot, Limits.from_settings(settings), workers=1)
    try:
        yield repository, engine
    finally:
        engine.close()
