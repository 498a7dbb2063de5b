"""The embedded engine: a pool of worker processes over one immutable snapshot."""

from __future__ import annotations

import queue
import re
import threading
import time
from typing import Any, cast

from migov.engine.operations import Answer, Kind, Limits, Query
from migov.engine.process import WorkerProcess
from migov.engine.tokens import dataset_clause, iris, tokenize
from migov.errors import (
    AnswerTooLargeError,
    BusyError,
    LimitError,
    MigovError,
    Place,
    QuerySyntaxError,
    RequestError,
    TooComplexError,
    UnknownFormatError,
)
from migov.snapshot import Snapshot
from migov.vocabulary import ASSERTED_GRAPH, INFERRED_GRAPH

_POSITION = re.compile(r"error at (\d+):(\d+): ")


class LocalEngine:
    """Answers queries over one snapshot. Safe for use by many threads."""

    def __init__(self, snapshot: Snapshot, limits: Limits | None = None, workers: int = 1) -> None:
        self.snapshot = snapshot
        self._limits = limits or Limits()
        self._idle: queue.SimpleQueue[WorkerProcess] = queue.SimpleQueue()
        self._closed = False
        self._start(workers)

    def answer(self, query: Query) -> Answer:
        """Return the whole answer; raises RequestError or LimitError."""
        until = time.monotonic() + self._limits.deadline
        request = self._request(query)
        try:
            worker = self._idle.get(timeout=self._limits.deadline)
        except queue.Empty:
            raise BusyError(
                "Every worker is busy with other queries.", hint="Try again in a few seconds."
            ) from None
        try:
            frame, body = worker.ask(request, until)
        except (LimitError, TooComplexError):
            threading.Thread(target=self._start, args=(1,), daemon=True).start()
            raise
        self._return(worker)
        if "error" in frame:
            raise _error(frame, query.text)
        return Answer(cast("Kind", frame["kind"]), frame["format"], body)

    def close(self) -> None:
        """End the idle workers now and each busy one when its query is done."""
        self._closed = True
        while True:
            try:
                self._idle.get_nowait().kill()
            except queue.Empty:
                return

    def _start(self, workers: int) -> None:
        for _ in range(workers):
            self._return(WorkerProcess(self.snapshot.quads, self._limits.memory))

    def _return(self, worker: WorkerProcess) -> None:
        if self._closed:
            worker.kill()
        else:
            self._idle.put(worker)

    def _request(self, query: Query) -> dict[str, Any]:
        default, named = self._dataset(query)
        return {
            "text": query.text,
            "solutions": query.solutions,
            "graph": query.graph,
            "default_graphs": ["" if graph == ASSERTED_GRAPH else graph for graph in default],
            "named_graphs": named,
            "prefixes": dict(query.prefixes),
            "limit": self._limits.answer * 1_000_000,
        }

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
    lines = text.splitlines()
    shown = lines[line - 1] if line <= len(lines) else None
    return QuerySyntaxError(
        f"The query is not valid SPARQL: {_reason(message[found.end() :])}.",
        place=Place("query", line, column, shown),
    )


def _reason(message: str) -> str:
    """Make the parser's words readable: its list of grammar terminals helps nobody."""
    if "Prefix not found" in message:
        return "this prefix is not declared"
    return "this is not expected here" if message.startswith("expected") else message
