"""The snapshot that answers now, and how a newer one takes its place."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from migov.engine.local import LocalEngine
from migov.engine.operations import Limits
from migov.errors import ContentError
from migov.repository import Repository
from migov.settings import Settings
from migov.snapshot import Snapshot, build_snapshot


@dataclass(frozen=True, slots=True)
class Edition:
    """One snapshot and the engine that answers from it."""

    snapshot: Snapshot
    engine: LocalEngine


class Published:
    """The current edition; readers take it once per request and never see two."""

    def __init__(self, repository: Repository, settings: Settings) -> None:
        """Build and publish the files as they are now; raises ContentError when one is broken."""
        self.repository = repository
        self.problem: ContentError | None = None
        self._cache: Path = settings.cache
        self._limits = Limits.from_settings(settings)
        self._workers = settings.workers
        self._refreshing = threading.Lock()
        self._retired: list[threading.Timer] = []
        self._edition = self._open(build_snapshot(repository, self._cache))

    @property
    def edition(self) -> Edition:
        return self._edition

    def refresh(self) -> bool:
        """Publish the files as they are now, if they changed; returns whether anything did.

        A broken file leaves the last good snapshot in place and is kept in `problem`.
        """
        with self._refreshing:
            try:
                snapshot = build_snapshot(self.repository, self._cache)
            except ContentError as error:
                self.problem = error
                return False
            self.problem = None
            before = self._edition
            if snapshot.digest == before.snapshot.digest:
                if snapshot.revision != before.snapshot.revision:
                    self._edition = Edition(snapshot, before.engine)
                return False
            self._edition = self._open(snapshot)
            self._retire(before.engine)
            return True

    def close(self) -> None:
        for retired in self._retired:
            retired.cancel()
            retired.function()
        self._edition.engine.close()

    def _retire(self, engine: LocalEngine) -> None:
        """Close an engine once the requests that began with it have had their time."""
        self._retired = [retired for retired in self._retired if retired.is_alive()]
        timer = threading.Timer(2 * self._limits.deadline, engine.close)
        timer.daemon = True
        timer.start()
        self._retired.append(timer)

    def _open(self, snapshot: Snapshot) -> Edition:
        return Edition(snapshot, LocalEngine(snapshot, self._limits, self._workers))


@contextmanager
def published(repository: Repository, settings: Settings) -> Iterator[Published]:
    """Publish for the length of a `with` block and end the workers after it."""
    current = Published(repository, settings)
    try:
        yield current
    finally:
        current.close()
