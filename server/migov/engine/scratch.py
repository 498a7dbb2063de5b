"""A dataset that begins empty and takes any write: for experiments, gone when its owner ends.

A write runs in a copy of the process that holds the dataset, under the limits of a query. If it
succeeds, the copy takes the place of that process; if not, it is dropped. So a write is whole or
it never was, and no document and no update is parsed where another answer could be hurt.
"""

from __future__ import annotations

import logging
import secrets
import threading
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any, Final, cast

from migov.engine import frames
from migov.engine.changing import pack_change
from migov.engine.failures import error_of, update_syntax_error
from migov.engine.operations import Answer, Limits, Query
from migov.engine.origin import Branch, ForkedWorker, GoneError, Origin, cannot_start
from migov.errors import (
    BusyError,
    ConflictError,
    DataSyntaxError,
    MigovError,
    Place,
    RequestError,
)
from migov.sparql.using import refuse_outside, with_dataset

log = logging.getLogger(__name__)

_GRACE: Final = 5.0
"""Seconds after the deadline in which a write ends by itself when its owner is gone."""


class ScratchEngine:
    """A plain SPARQL dataset with an unnamed default graph. Safe for use by many threads."""

    is_settled = False  # it can be written to at any time

    def __init__(self, limits: Limits | None = None, workers: int = 1) -> None:
        """Begin with nothing; raises EnvironmentProblem."""
        self._limits = limits or Limits()
        self._places = threading.BoundedSemaphore(workers)
        self._writing = threading.Lock()
        self._lock = threading.Lock()
        self._idle: list[ForkedWorker] = []
        self._is_closed = False
        self._origin = self._start()
        self._name = secrets.token_hex(6)
        self._writes = 0

    @property
    def version(self) -> str:
        """What the dataset holds, as a name: every write changes it."""
        return f"{self._name}-{self._writes}"

    def answer(self, query: Query) -> Answer:
        """Return the whole answer; raises RequestError, LimitError or EnvironmentProblem."""
        until = time.monotonic() + self._limits.deadline
        if not self._places.acquire(timeout=self._limits.deadline):
            raise _busy()
        try:
            kind, name, body = self._ask(frames.pack_query(query), until)
        finally:
            self._places.release()
        if kind == frames.ERROR:
            raise error_of(frames.error_of(body), query.text)
        return Answer(frames.KINDS[kind], cast(str, frames.format_of(name)), body)

    def update(
        self,
        text: str,
        using_graphs: Sequence[str] = (),
        using_named_graphs: Sequence[str] = (),
        prefixes: Mapping[str, str] | None = None,
        *,
        expected: str | None = None,
    ) -> None:
        """Run a SPARQL 1.1 Update, all of it or nothing; LOAD and SERVICE are refused.

        The graphs are those of the request (SPARQL 1.1 Protocol, section 2.2.3). Raises
        RequestError, LimitError or EnvironmentProblem, and ConflictError when the dataset is not
        of the version `expected` any more.
        """
        refuse_outside(text)
        text = with_dataset(text, using_graphs, using_named_graphs)
        change = {"do": "update", "prefixes": dict(prefixes or {})}
        self._change(change, text.encode("utf-8", "surrogatepass"), expected, text)

    def write_graph(
        self,
        graph: str | None,
        content: bytes,
        format: str,
        replace: bool,
        *,
        expected: str | None = None,
    ) -> bool:
        """Put a document's triples in the place of a graph, or add them; whether the graph is new.

        `graph` is None for the default graph; `format` is one of `operations.GRAPH_FORMATS`. Raises
        as `update` does, and DataSyntaxError with the place where the document is not valid.
        """
        change = {"do": "write", "graph": graph, "format": format, "replace": replace}
        return self._change(change, content, expected)

    def drop_graph(self, graph: str | None, *, expected: str | None = None) -> bool:
        """Remove a graph and what it says; whether it was there, as the default graph always is.

        Raises as `update` does.
        """
        return self._change({"do": "drop", "graph": graph}, b"", expected)

    def close(self) -> None:
        """End every process; what the dataset held is gone."""
        with self._lock:
            self._is_closed = True
            idle, self._idle = self._idle, []
            self._origin.retire()
        for worker in idle:
            worker.end()

    def _ask(self, request: bytes, until: float) -> tuple[int, int, bytes]:
        worker = self._take()
        try:
            answer = worker.ask(request, until)
        except BaseException:
            worker.end()
            raise
        with self._lock:
            is_current = worker.origin is self._origin and not self._is_closed
            if is_current:
                self._idle.append(worker)
        if not is_current:
            worker.end()
        return answer

    def _take(self) -> ForkedWorker:
        with self._lock:
            if self._idle:
                return self._idle.pop()
            origin = self._origin
        try:
            return origin.fork()
        except GoneError:
            self._begin_anew(origin)
        try:
            return self._origin.fork()
        except GoneError as error:
            raise cannot_start() from error

    def _change(
        self, change: dict[str, Any], content: bytes, expected: str | None, text: str = ""
    ) -> bool:
        until = time.monotonic() + self._limits.deadline
        change["seconds"] = self._limits.deadline + _GRACE
        with self._turn():
            if expected not in (None, self.version):
                raise ConflictError(
                    "The dataset has changed since it was looked at.", hint="Look again."
                )
            branch = self._branch()
            try:
                what = "update" if change["do"] == "update" else "document"
                kind, body = branch.apply(pack_change(change, content), what, until)
                if kind == frames.ERROR:
                    raise _error(frames.error_of(body), text)
                self._replace(branch.take_over())
            except GoneError as error:
                raise cannot_start() from error
            finally:
                branch.drop()
        return body == b"true"

    @contextmanager
    def _turn(self) -> Iterator[None]:
        """Let one write happen at a time."""
        if not self._writing.acquire(timeout=self._limits.deadline):
            raise _busy()
        try:
            yield
        finally:
            self._writing.release()

    def _branch(self) -> Branch:
        try:
            return self._origin.branch()
        except GoneError:
            self._begin_anew(self._origin)
        try:
            return self._origin.branch()
        except GoneError as error:
            raise cannot_start() from error

    def _begin_anew(self, gone: Origin) -> None:
        """Start again with nothing when the process that held the dataset was killed."""
        fresh = self._start()
        if not self._replace(fresh, gone):
            fresh.retire()
        else:
            log.error("the scratch dataset was lost with its process and begins empty again")

    def _replace(self, origin: Origin, before: Origin | None = None) -> bool:
        """Answer from another process from now on; not where `before` is not the present one."""
        with self._lock:
            earlier = self._origin
            if before is not None and before is not earlier:
                return False
            idle, self._idle = self._idle, []
            self._origin = origin
            self._writes += 1
            if self._is_closed:
                origin.retire()
        earlier.retire()
        for worker in idle:
            worker.end()
        return True

    def _start(self) -> Origin:
        return Origin.start("", "empty", self._limits)


def _error(found: dict[str, Any], text: str) -> MigovError:
    """Return what the one who wrote is told; `text` is an update's, empty for a document."""
    if found["error"] != "syntax":
        return RequestError(f"This could not be done: {found['message']}.")
    if text:
        return update_syntax_error(found["message"], text)
    return DataSyntaxError(
        f"The document is not valid: {found['message']}.",
        place=Place("document", found["line"], found["column"]),
    )


def _busy() -> BusyError:
    return BusyError("Others are being answered.", hint="Try again in a few seconds.")
