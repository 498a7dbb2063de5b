"""The embedded engine: a pool of worker processes over one immutable snapshot."""

from __future__ import annotations

import json
import queue
import threading
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, nullcontext
from contextvars import ContextVar
from typing import Final, Protocol, cast

from migov.engine import frames
from migov.engine.failures import error_of, update_error_of
from migov.engine.operations import Answer, Limits, Load, Query
from migov.engine.origin import GoneError, Origin
from migov.engine.process import ForkedWorker, Forker
from migov.engine.updates import Update
from migov.engine.updating import update_request
from migov.errors import (
    AbandonedError,
    BusyError,
    EnvironmentProblem,
    MigovError,
)
from migov.snapshot import Snapshot, writable_copy

Changed = list[tuple[str, str, str]]
"""Graphs by IRI with what they say before and after, as N-Quads."""


class Killable(Protocol):
    """What works on an answer."""

    def kill(self) -> None:
        """End the work at once, from any thread: whoever waits for it is told."""


class Abandoned:
    """Tells that an answer is not wanted any more; its worker is ended and free for others."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._worker: Killable | None = None
        self._is_set = False

    def set(self) -> None:
        """Say so; whoever waits for the answer gets an AbandonedError."""
        with self._lock:
            self._is_set = True
            if self._worker is not None:
                self._worker.kill()

    def is_set(self) -> bool:
        return self._is_set

    @contextmanager
    def ends(self, worker: Killable) -> Iterator[None]:
        """End this worker where it is said within a `with` block, or was before."""
        with self._lock:
            self._worker = worker
            if self._is_set:
                worker.kill()
        try:
            yield
        except MigovError as error:
            if self._is_set:
                raise AbandonedError("Nobody waits for this answer any more.") from error
            raise
        finally:
            with self._lock:
                self._worker = None


ABANDONED: Final[ContextVar[Abandoned | None]] = ContextVar("abandoned", default=None)
"""Tells what outsiders ask in this context when they no longer wait for it."""


class LocalEngine:
    """Answers queries over one snapshot. Safe for use by many threads."""

    is_settled = True

    def __init__(
        self,
        snapshot: Snapshot,
        limits: Limits | None = None,
        workers: int = 1,
        forker: Forker | None = None,
        *,
        gives_way: bool = False,
    ) -> None:
        """Start the workers; without a `forker` to share, the engine has one of its own.

        Where it `gives_way` its workers have the time that other processes leave.
        """
        self.snapshot = snapshot
        self._limits = limits or Limits()
        # None is the place of a worker that is not there: who takes it starts one.
        self._idle: queue.SimpleQueue[ForkedWorker | None] = queue.SimpleQueue()
        self._workers = workers
        self._gives_way = gives_way
        self._waiting = 0
        self._closed = False
        self._closing = threading.Lock()
        self._own = None if forker else Forker(snapshot, self._limits)
        self._forker = forker or cast(Forker, self._own)
        try:
            for _ in range(workers):
                self._return(self._forked())
        except BaseException:
            self.close()
            raise

    @property
    def digest(self) -> str:
        """The digest of the files that it answers from."""
        return self.snapshot.digest

    def answer(self, query: Query, abandoned: Abandoned | None = None) -> Answer:
        """Return the whole answer; raises RequestError, LimitError or EnvironmentProblem.

        Whoever no longer wants it says so by `abandoned`, from any thread.
        """
        kind, name, body = self._ask(frames.pack_query(query), abandoned, within=query.within)
        if kind == frames.ERROR:
            raise error_of(frames.error_of(body), query.text)
        format = cast(str, frames.format_of(name))
        return Answer(frames.KINDS[kind], format, body, is_cut=bool(name & frames.CUT))

    def update(self, update: Update, prefixes: Mapping[str, str] | None = None) -> Changed:
        """Return the graphs that an update would change, each as N-Quads before and after.

        Nothing is kept of it: the worker that ran it is replaced. Blank nodes have the same labels
        before and after, but not those of the files. Raises RequestError or LimitError.
        """
        packed = frames.pack(frames.UPDATE, json.dumps(update_request(update, prefixes)).encode())
        if self.snapshot.store == "memory":
            kind, _, body = self._ask(packed, keeps=False)
        else:
            kind, _, body = self._ask_copy(packed)
        if kind == frames.ERROR:
            raise update_error_of(frames.error_of(body), update)
        return [(graph, before, after) for graph, before, after in json.loads(body)]

    def load(self) -> Load:
        """Return how busy this engine is."""
        idle = self._idle.qsize()
        return Load(self._workers, max(0, self._workers - idle), self._waiting)

    def close(self) -> None:
        """End the idle workers now and each busy one when its query is done.

        Whoever still holds this engine is answered by a worker of its own: a request that began
        before a newer snapshot was published ends on the one it began with.
        """
        with self._closing:
            self._closed = True
            for _ in range(self._idle.qsize()):
                self._vacate(self._idle.get_nowait())
        if self._own is not None:
            self._own.close()

    def _ask(
        self,
        request: bytes,
        abandoned: Abandoned | None = None,
        *,
        keeps: bool = True,
        within: float | None = None,
    ) -> tuple[int, int, bytes]:
        """Return what a worker answers; one that failed, or is not to be kept, is replaced."""
        until = self._limits.until(within)
        worker = self._take(until)
        try:
            with abandoned.ends(worker) if abandoned else nullcontext():
                answer = worker.ask(request, until)
        except BaseException:
            self._replace(worker)
            raise
        if keeps:
            self._return(worker)
        else:
            self._replace(worker)
        return answer

    def _ask_copy(self, request: bytes) -> tuple[int, int, bytes]:
        """Return what a worker answers that has a store on disk to itself."""
        try:
            with writable_copy(self.snapshot) as folder:
                origin = Origin.start(str(folder), "writable", self._limits)
                try:
                    worker = origin.fork()
                    try:
                        return worker.ask(request, self._limits.until())
                    finally:
                        worker.end()
                finally:
                    origin.retire()
        except (OSError, GoneError) as error:
            raise EnvironmentProblem(
                "The store could not be copied for an update to be tried.",
                hint="Is there room in the cache folder?",
            ) from error

    def _take(self, until: float) -> ForkedWorker:
        with self._closing:
            self._waiting += 1
        try:
            worker = self._idle.get(timeout=max(0.0, until - time.monotonic()))
        except queue.Empty:
            raise BusyError(
                "Every worker is busy with other queries.", hint="Try again in a few seconds."
            ) from None
        finally:
            with self._closing:
                self._waiting -= 1
        try:
            return worker or self._forked()
        except BaseException:
            self._idle.put(None)
            raise

    def _forked(self) -> ForkedWorker:
        worker = self._forker.fork()
        if self._gives_way:
            worker.give_way()
        return worker

    def _return(self, worker: ForkedWorker) -> None:
        with self._closing:
            if self._closed:
                self._vacate(worker)
            else:
                self._idle.put(worker)

    def _vacate(self, worker: ForkedWorker | None) -> None:
        if worker is not None:
            worker.end()
        self._idle.put(None)

    def _replace(self, worker: ForkedWorker) -> None:
        """End a worker and put another in its place, while whoever asked is answered."""
        worker.kill()
        threading.Thread(target=self._renew, args=(worker,), daemon=True).start()

    def _renew(self, worker: ForkedWorker) -> None:
        try:
            fresh = None if self._closed else self._forked()
        except EnvironmentProblem:
            fresh = None  # the next query tries again, and is told why it cannot
        if fresh is None:
            self._idle.put(None)
        else:
            self._return(fresh)
        worker.end()
