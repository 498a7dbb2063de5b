"""The snapshot that answers now, and how a newer one takes its place."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, replace
from pathlib import Path

from migov.engine.local import LocalEngine
from migov.engine.operations import Engine, Limits
from migov.engine.process import Forker
from migov.errors import ContentError, EnvironmentProblem, MigovError
from migov.repository import Repository
from migov.settings import Settings
from migov.snapshot import How, Snapshot, build_snapshot

Opener = Callable[[Forker, Limits, int], Engine]
"""Makes an engine with so many workers over the snapshot of a forker."""


def local_engine(forker: Forker, limits: Limits, workers: int) -> Engine:
    return LocalEngine(forker.snapshot, limits, workers, forker)


@dataclass(frozen=True, slots=True)
class Edition:
    """One snapshot and the engines that answer from it.

    `engine` runs what outsiders write; `house` runs this software's own questions and the canned
    ones, so that no stranger's slow query keeps a page waiting. Both get their workers from
    `forker`, which has the snapshot loaded once; it is None where a store elsewhere answers.
    `is_settled` says that what is asked stays as it is; a store may be between two snapshots, and
    then an answer belongs to none. `run` is another word for each time that a store was written to.
    """

    snapshot: Snapshot
    engine: Engine
    house: Engine
    forker: Forker | None = None
    is_settled: bool = True
    run: str = ""

    @contextmanager
    def patient(self, seconds: float) -> Iterator[Engine]:
        """Give an engine whose questions may take so many seconds, with a worker of its own.

        It gives way to all others: nobody waits for what it answers. A store elsewhere keeps its
        deadline: `house` is asked.
        """
        if self.forker is None:
            yield self.house
            return
        limits = replace(self.forker.limits, deadline=seconds)
        engine = LocalEngine(self.snapshot, limits, 1, self.forker, gives_way=True)
        try:
            yield engine
        finally:
            engine.close()

    def close(self) -> None:
        self.engine.close()
        self.house.close()
        if self.forker is not None:
            self.forker.close()


class Published:
    """The current edition; readers take it once per request and never see two."""

    def __init__(
        self, repository: Repository, settings: Settings, opener: Opener = local_engine
    ) -> None:
        """Build and publish the files as they are now; raises ContentError when one is broken.

        `opener` makes the engine for what outsiders write. `problem` keeps a newer state from being
        published; `remark` is worth saying beside what is.
        """
        self.repository = repository
        self.problem: ContentError | EnvironmentProblem | None = None
        self.remark: MigovError | None = None
        self._opener = opener
        self._cache: Path = settings.cache
        self._how = How.from_settings(settings)
        self._limits = Limits.from_settings(settings)
        self._workers = settings.workers
        self._refreshing = threading.Lock()
        self._edition = self._first()

    @property
    def edition(self) -> Edition:
        return self._edition

    def refresh(self, ready: Callable[[Edition], object] = lambda _: None) -> bool:
        """Publish the files as they are now, if they changed; returns whether anything did.

        `ready` gets the new edition before anybody else and makes what is served with it. A broken
        file or a full disk, met here or there, leaves the last good edition in place and is kept
        in `problem`: what is published is one whole state.
        """
        with self._refreshing:
            try:
                fresh = self._newest()
                before = self._edition
                try:
                    ready(fresh)
                except BaseException:
                    if fresh.engine is not before.engine:
                        fresh.close()
                    raise
            except (ContentError, EnvironmentProblem) as error:
                self.problem = error
                return False
            self.problem = None
            self._edition = fresh
            if fresh.engine is before.engine:
                return False
            before.close()  # still answers the requests that began with it
            return True

    def outside(self) -> object:
        """Return what tells by changing that there is something newer beside the files."""
        return None

    def with_files(self, snapshot: Snapshot) -> Snapshot:
        """Return a published snapshot with its quads in a folder of this machine."""
        return snapshot

    def close(self) -> None:
        self._edition.close()

    def _first(self) -> Edition:
        return self._open(build_snapshot(self.repository, self._cache, self._how))

    def _newest(self) -> Edition:
        return self._fresh(build_snapshot(self.repository, self._cache, self._how))

    def _fresh(self, snapshot: Snapshot) -> Edition:
        """Return the edition of a snapshot; the engine stays where the files are the same."""
        current = self._edition
        if snapshot.digest != current.snapshot.digest:
            return self._open(snapshot)
        return current if snapshot == current.snapshot else replace(current, snapshot=snapshot)

    def _open(self, snapshot: Snapshot) -> Edition:
        forker = Forker(snapshot, self._limits, spare=True)
        with ExitStack() as opened:
            opened.callback(forker.close)
            engine = self._opener(forker, self._limits, self._workers)
            opened.callback(engine.close)
            house = LocalEngine(snapshot, self._limits, 1, forker)
            opened.pop_all()
        return Edition(snapshot, engine, house, forker)


@contextmanager
def published(repository: Repository, settings: Settings) -> Iterator[Published]:
    """Publish for the length of a `with` block and end the workers after it."""
    current = Published(repository, settings)
    try:
        yield current
    finally:
        current.close()
