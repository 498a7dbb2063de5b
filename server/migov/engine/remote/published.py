"""What a store elsewhere holds, as an edition to serve; the files say whether it is the newest."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from contextlib import ExitStack
from pathlib import Path

from migov.dataset import content_files, digest, holds_graph
from migov.dataset.files import ContentFile
from migov.engine.operations import Limits
from migov.engine.published import Edition, Published
from migov.engine.remote.asking import RemoteStore, version_of
from migov.engine.remote.counts import Recount, count
from migov.engine.remote.engine import RemoteEngine
from migov.engine.remote.state import StoreState, content_digest, read_state
from migov.engine.remote.store import place_of
from migov.errors import DeadlineError, MigovError, StoreProblem
from migov.repository import Repository
from migov.settings import Settings
from migov.snapshot import Snapshot, build_snapshot
from migov.vocabulary import ASSERTED_GRAPH, GRAPH, INFERRED_GRAPH

log = logging.getLogger(__name__)

_HINT = "Its operator runs: migov publish"
_SLOW = "Its operator: what does the store work at, and what does its log say?"
_FEW = 5
"""Graphs that the log names."""
_NOTHING = Snapshot("0" * 64, Path(), 0, 0, {}, built="1970-01-01T00:00:00+00:00")


class PublishedElsewhere(Published):
    """What was published to a store. Its content changes by `migov publish`, not by the files.

    The files stay the source of truth: changes are judged against them, and where the store holds
    something else, `remark` says so.
    """

    def __init__(self, repository: Repository, settings: Settings) -> None:
        """Open the store; raises EnvironmentProblem, LimitError or ContentError."""
        assert settings.engine is not None
        limits = Limits.from_settings(settings)
        self._returns = 0
        self._seen: object = None
        self._said = ""
        self._version = b""
        self._state: StoreState | None = None
        self._altered: tuple[str, ...] = ()
        self._is_shared = settings.engine_edits == "on"
        with ExitStack() as opened:
            self._strangers = RemoteStore(settings.engine, settings.user, limits, settings.workers)
            opened.callback(self._strangers.close)
            self._own = RemoteStore(settings.engine, settings.user, limits, 1)
            opened.callback(self._own.close)
            self._recount = Recount(self._own)
            super().__init__(repository, settings)
            opened.pop_all()

    def outside(self) -> object:
        """Return what the store says of the last publication, and how often it came back.

        So does which graphs somebody else has edited since, as far as counting shows it. A store
        that cannot be asked is kept in `problem` until it can be.
        """
        try:
            version = self._asked_version(self._own.until())
        except MigovError as error:
            if not isinstance(self.problem, StoreProblem):
                log.warning("the store does not answer: %s", error.message)
            self.problem = StoreProblem(error.message, hint=error.hint)
            return self._seen  # nothing newer can be had now
        if isinstance(self.problem, StoreProblem):
            log.info("the store answers again")
            self.problem = None
            self._returns += 1  # it may have lost what it did not write to its disk
        self._count(version)
        self._seen = version, self._returns, self._altered
        return self._seen

    def _asked_version(self, until: float) -> bytes:
        try:
            return version_of(self._own, until)
        except DeadlineError as error:  # nobody here can ask for less
            raise StoreProblem("The store does not answer in time.", hint=_SLOW) from error

    def _count(self, version: bytes) -> None:
        """Learn which graphs differ from what was published, where that can be told now."""
        state = self._state
        if self._is_shared or version != self._version or state is None or not state.is_complete:
            return
        try:
            altered = self._recount.altered(state)
        except MigovError as error:  # not counted is not edited; it is tried again much later
            log.info("the graphs of the store were not counted: %s", error.message)
            return
        if altered is not None:
            self._altered = altered

    def with_files(self, snapshot: Snapshot) -> Snapshot:
        """Return the snapshot built from the files of this machine; raises StoreProblem.

        They may be those of another one than the store holds.
        """
        if snapshot.digest != digest(content_files(self.repository)):
            raise StoreProblem(
                "This server has no files of the snapshot that the store holds.", hint=_HINT
            )
        return build_snapshot(self.repository, self._cache)

    def close(self) -> None:
        self._strangers.close()
        self._own.close()

    def _first(self) -> Edition:
        self._version, edition = self._now()
        return edition

    def _newest(self) -> Edition:
        version, fresh = self._now()
        current = self._edition
        is_same = version == self._version and fresh.is_settled == current.is_settled
        if is_same and fresh.snapshot == current.snapshot:
            return current
        self._version = version
        return fresh

    def _now(self) -> tuple[bytes, Edition]:
        """Return what the store holds now, and what it said of itself before that was read."""
        until = self._own.until()
        version = self._asked_version(until)
        state = read_state(self._own)
        self._own.measure(until)
        self._strangers.know_as(self._own)
        if state is None or self._state is None or state.run != self._state.run:
            self._altered = ()
        self._state = state
        is_whole = state is None or (state.is_complete and self._has_all(state))
        self._say(self._difference(state, is_whole), state)
        snapshot = _NOTHING if state is None else state.snapshot()
        is_settled = is_whole and not self._is_shared
        pinned = version if is_settled else None
        edition = Edition(
            snapshot,
            RemoteEngine(self._strangers, snapshot, pinned),
            RemoteEngine(self._own, snapshot, pinned, is_own=True),
            is_settled=is_settled,
            run="" if state is None else state.run,
        )
        return version, edition

    def _has_all(self, state: StoreState) -> bool:
        """Return whether the store has as many statements as were written: others edit it, and some
        stores forget, when they crash, what they had not written to their disk."""
        held = state.graphs.get(ASSERTED_GRAPH)
        return (
            not self._altered
            and held is not None
            and count(self._own, ASSERTED_GRAPH) == held.triples
        )

    def _difference(self, state: StoreState | None, is_whole: bool) -> StoreProblem | None:
        if state is None:
            return StoreProblem("Nothing was published to the store yet.", hint=_HINT)
        if not state.is_complete:
            return StoreProblem(
                "The store is being published to, or that broke off: it is between two snapshots.",
                hint=_HINT,
            )
        if not is_whole:
            return StoreProblem(
                "The store has more or fewer statements than were published to it.", hint=_HINT
            )
        if state.digest != digest(content_files(self.repository)):
            return StoreProblem(
                "The store holds another snapshot than the files of this server.", hint=_HINT
            )
        return None

    def _say(self, remark: StoreProblem | None, state: StoreState | None) -> None:
        """Keep a remark, and log it where it is new, with how much differs."""
        files = content_files(self.repository)
        behind = "" if state is None else _behind(files, state) + _named(self._altered)
        line = f"{remark.message} {behind}{_HINT}" if remark else ""
        if line != self._said:
            self._said = line
            if remark is None:
                log.info("the store holds the files of this server")
            else:
                log.warning("%s: %s", place_of(self._own.url), line)
        self.remark = remark


def _named(altered: Sequence[str]) -> str:
    """Return in words which graphs somebody else has edited, the first few by name."""
    names = [graph.removeprefix(GRAPH) for graph in altered[:_FEW]]
    more = f" and {len(altered) - _FEW:,} more" if len(altered) > _FEW else ""
    return f"Edited in the store: {', '.join(names)}{more}. " if names else ""


def _behind(files: Sequence[ContentFile], state: StoreState) -> str:
    """Return in words how many graphs of the store are not those of the files."""
    of_graphs = [file for file in files if holds_graph(file.path)]
    ours = {file.graph: content_digest(file.content) for file in of_graphs}
    theirs = {graph: held.digest for graph, held in state.graphs.items()}
    for derived in (ASSERTED_GRAPH, INFERRED_GRAPH):
        theirs.pop(derived, None)
    differ = sum(ours.get(graph) != theirs.get(graph) for graph in ours.keys() | theirs.keys())
    return f"{differ:,} of {len(ours):,} graphs differ. "
