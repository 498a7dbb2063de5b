"""The embedded engine: a pool of worker processes over one immutable snapshot."""

from __future__ import annotations

import json
import queue
import re
import threading
import time
from collections.abc import Mapping
from typing import Any, cast

from migov.engine.operations import Answer, Kind, Limits, Query
from migov.engine.process import WorkerProcess
from migov.engine.updates import Update
from migov.errors import (
    AnswerTooLargeError,
    BusyError,
    EnvironmentProblem,
    MigovError,
    Place,
    QuerySyntaxError,
    RequestError,
    UnknownFormatError,
)
from migov.snapshot import Snapshot, hold
from migov.sparql.tokens import dataset_clause, iris, tokenize
from migov.vocabulary import ASSERTED_GRAPH, INFERRED_GRAPH

Changed = list[tuple[str, str, str]]
"""Graphs by IRI with what they say before and after, as N-Quads."""

_POSITION = re.compile(r"error at (\d+):(\d+): ")


class LocalEngine:
    """Answers queries over one snapshot. Safe for use by many threads."""

    def __init__(self, snapshot: Snapshot, limits: Limits | None = None, workers: int = 1) -> None:
        self.snapshot = snapshot
        self._limits = limits or Limits()
        # None is the place of a worker that is not there: who takes it starts one.
        self._idle: queue.SimpleQueue[WorkerProcess | None] = queue.SimpleQueue()
        self._closed = False
        self._closing = threading.Lock()
        hold(snapshot, self)
        try:
            for _ in range(workers):
                self._return(self._start())
        except BaseException:
            self.close()
            raise

    def answer(self, query: Query) -> Answer:
        """Return the whole answer; raises RequestError, LimitError or EnvironmentProblem."""
        request = self._request(query)
        until = time.monotonic() + self._limits.deadline
        worker = self._take()
        try:
            frame, body = worker.ask(request, until)
        except BaseException:
            worker.kill()
            threading.Thread(target=self._replace, daemon=True).start()
            raise
        self._return(worker)
        if "error" in frame:
            raise _error(frame, query.text)
        return Answer(cast("Kind", frame["kind"]), frame["format"], body)

    def update(self, update: Update, prefixes: Mapping[str, str] | None = None) -> Changed:
        """Return the graphs that an update would change, each as N-Quads before and after.

        Nothing is kept of it: the worker that ran it is replaced. Blank nodes have the same labels
        before and after, but not those of the files. Raises RequestError or LimitError.
        """
        request = {
            "operations": [
                {"text": f"{operation.declarations}\n{operation.text}", "reads": operation.reads}
                for operation in update.operations
            ],
            "graphs": None if update.graphs is None else list(update.graphs),
            "prefixes": dict(prefixes or {}),
            "limit": self._limits.answer * 1_000_000,
        }
        until = time.monotonic() + self._limits.deadline
        worker = self._take()
        try:
            frame, body = worker.ask(request, until)
        finally:
            worker.kill()
            threading.Thread(target=self._replace, daemon=True).start()
        if "error" in frame:
            raise _update_error(frame, update)
        return [(graph, before, after) for graph, before, after in json.loads(body)]

    def close(self) -> None:
        """End the idle workers now and each busy one when its query is done.

        Whoever still holds this engine is answered by a worker of its own: a request that began
        before a newer snapshot was published ends on the one it began with.
        """
        with self._closing:
            self._closed = True
            for _ in range(self._idle.qsize()):
                self._vacate(self._idle.get_nowait())

    def _start(self) -> WorkerProcess:
        return WorkerProcess(self.snapshot.quads, self._limits.memory)

    def _take(self) -> WorkerProcess:
        try:
            worker = self._idle.get(timeout=self._limits.deadline)
        except queue.Empty:
            raise BusyError(
                "Every worker is busy with other queries.", hint="Try again in a few seconds."
            ) from None
        try:
            return worker or self._start()
        except BaseException:
            self._idle.put(None)
            raise

    def _return(self, worker: WorkerProcess) -> None:
        with self._closing:
            if self._closed:
                self._vacate(worker)
            else:
                self._idle.put(worker)

    def _vacate(self, worker: WorkerProcess | None) -> None:
        if worker is not None:
            worker.kill()
        self._idle.put(None)

    def _replace(self) -> None:
        if self._closed:
            self._idle.put(None)
            return
        try:
            self._return(self._start())
        except EnvironmentProblem:
            self._idle.put(None)  # the next query tries again, and is told why it cannot

    def _request(self, query: Query) -> dict[str, Any]:
        default, named = self._dataset(query)
        return {
            "text": query.text,
            "solutions": query.solutions,
            "graph": query.graph,
            "default_graphs": self._without_overlap(default),
            "named_graphs": list(dict.fromkeys(named)),
            "prefixes": dict(query.prefixes),
            "limit": self._limits.answer * 1_000_000,
        }

    def _without_overlap(self, default: list[str]) -> list[str]:
        """Return the graphs without those that others of them contain; "" is the asserted union."""
        names = ["" if graph == ASSERTED_GRAPH else graph for graph in dict.fromkeys(default)]
        if "" in names:
            return [name for name in names if name not in self.snapshot.graphs]
        return names

    def _dataset(self, query: Query) -> tuple[list[str], list[str]]:
        """Return the default graphs and the named graphs that the query may see.

        The request's dataset goes before the query's own (SPARQL 1.1 Protocol, 2.1.4). Without
        either it is the asserted graphs: the inferred one, a named graph of the store as well,
        would otherwise answer GRAPH ?g unasked.
        """
        tokens = tokenize(query.text)
        clause = dataset_clause(tokens, query.prefixes)
        if query.default_graphs is not None or query.named_graphs is not None:
            default, named = list(query.default_graphs or ()), list(query.named_graphs or ())
        elif clause is not None:
            default, named = list(clause.default), list(clause.named)
        else:
            default, named = [ASSERTED_GRAPH], list(self.snapshot.graphs)
            if INFERRED_GRAPH in iris(tokens, known=query.prefixes):
                named.append(INFERRED_GRAPH)
        if query.inferred:
            default.append(INFERRED_GRAPH)
            named.append(INFERRED_GRAPH)
        return default, named


def _error(frame: dict[str, Any], text: str) -> MigovError:
    match frame["error"]:
        case "syntax":
            return _syntax_error(frame["message"], text)
        case "format":
            return UnknownFormatError(
                f"A result of kind {frame['kind']!r} cannot be written in the format asked for.",
                hint="Ask for another media type, or change the query form.",
            )
        case "large":
            return AnswerTooLargeError(
                "The answer is longer than this server gives at once.",
                hint="Page through it with LIMIT and OFFSET, or take a dump.",
            )
        case _:
            return RequestError(f"The query could not be evaluated: {frame['message']}.")


def _syntax_error(message: str, text: str) -> QuerySyntaxError:
    found = _POSITION.match(message)
    if found is None:
        return QuerySyntaxError(f"The query is not valid SPARQL: {message}.", place=Place("query"))
    line, column = int(found[1]), int(found[2])
    return QuerySyntaxError(
        f"The query is not valid SPARQL: {_reason(message[found.end() :])}.",
        place=Place.within("query", text, line, column),
    )


def _update_error(frame: dict[str, Any], update: Update) -> MigovError:
    if frame["error"] != "syntax":
        return _error(frame, "")
    found = _POSITION.match(frame["message"])
    if found is None:
        return QuerySyntaxError(f"The update is not valid SPARQL: {frame['message']}.")
    operation = update.operations[frame["operation"]]
    line, column = operation.position(int(found[1]), int(found[2]))
    return QuerySyntaxError(
        f"The update is not valid SPARQL: {_reason(frame['message'][found.end() :])}.",
        place=Place("update", line, column),
    )


def _reason(message: str) -> str:
    """Make the parser's words readable: its list of grammar terminals helps nobody."""
    if "Prefix not found" in message:
        return "this prefix is not declared"
    return "this is not expected here" if message.startswith("expected") else message
