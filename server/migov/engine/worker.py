"""What a worker does once it was forked: drop its rights, and answer requests until it is ended.

Outside text runs here and nowhere else. No new file or socket can be opened, so neither SERVICE
nor any parser trick reaches the network or a file; the memory that a query may take is bounded,
and whoever asked ends this process when time runs out.
"""

from __future__ import annotations

import json
import os
import socket
import time
from collections.abc import Callable, Iterable
from contextlib import suppress
from typing import Any, Final, NoReturn

from pyoxigraph import (
    QueryBoolean,
    QuerySolutions,
    QueryTriples,
    Store,
    Triple,
    serialize,
)

from migov.channel import end_with_owner
from migov.engine import frames
from migov.engine.arriving import Arriving, Request
from migov.engine.formats import GRAPHS, SOLUTIONS
from migov.engine.prefixes import Prefixes
from migov.engine.scope import Asked, Scopes
from migov.engine.spool import COUNTED, Spool, TooLarge, cut_rows, cut_triples
from migov.engine.updating import run_update

_Reply = tuple[int, int, bytes]
_SLOW: Final = 0.002
"""Seconds after which those that wait behind a request may have been asked anew elsewhere."""
_PREFIXED: Final = ("ttl", "trig", "rdf")


class Worker:
    """Answers requests over one store, one after another; errors are answers too."""

    def __init__(self, store: Store, limit: int) -> None:
        """`limit` is the number of bytes that an answer may have."""
        self._store = store
        self._limit = limit
        self._scopes = Scopes(store)
        self._prefixes: dict[bytes, Prefixes] = {}

    def answer(self, request: Request) -> _Reply:
        """Return the kind, the format and the body of the answer to a request."""
        try:
            if request.order == frames.UPDATE:
                return _updated(run_update(self._store, json.loads(request.text), self._limit))
            asked = Asked(
                request.text.decode("utf-8", "surrogatepass"),
                json.loads(request.dataset) if request.dataset else None,
                bool(request.inferred),
                self._known(request.prefixes),
            )
            names = frames.format_of(request.solutions), frames.format_of(request.graph)
            return self._evaluated(asked, *names, request.rows)
        except SyntaxError as error:
            return _error("syntax", message=str(error.msg))
        except TooLarge:
            return _error("large")
        except (OSError, RuntimeError, ValueError) as error:
            return _error("evaluation", message=str(error))

    def _evaluated(
        self, asked: Asked, solutions: str | None, graph: str | None, rows: int
    ) -> _Reply:
        scope = self._scopes.of(asked)
        result = scope.store.query(
            asked.text,
            prefixes=asked.prefixes.needed(asked.text),
            default_graph=scope.default,
            named_graphs=scope.named,
        )
        kind = _kind(result)
        name = graph if kind == frames.GRAPH else solutions
        if name is None:
            return _error("format", kind=frames.KINDS[kind])
        body, is_cut = self._written(result, name, asked.prefixes.all, rows)
        return kind, frames.number_of(name) | (frames.CUT if is_cut else 0), body

    def _written(
        self,
        result: QuerySolutions | QueryBoolean | QueryTriples,
        name: str,
        prefixes: dict[str, str],
        rows: int,
    ) -> tuple[bytes, bool]:
        """Return the bytes of a result, and whether it has more rows or triples than asked for."""
        if isinstance(result, QueryTriples):
            has_prefixes = bool(prefixes) and name in _PREFIXED

            def write(triples: Iterable[Triple], out: Spool) -> None:
                serialize(triples, out, GRAPHS[name], prefixes=prefixes if has_prefixes else None)

            if rows and name not in COUNTED:
                return cut_triples(result, write, name, self._limit, rows)
            native = not has_prefixes  # in native code: ten times faster

            def spool(out: Spool) -> None:
                result.serialize(out, GRAPHS[name]) if native else write(result, out)
        else:

            def spool(out: Spool) -> None:
                result.serialize(out, SOLUTIONS[name])

        if rows and not isinstance(result, QueryBoolean):
            return cut_rows(spool, name, self._limit, rows)
        out = Spool(self._limit)
        spool(out)
        return out.getvalue(), False

    def _known(self, packed: bytes) -> Prefixes:
        """Return the prefixes that come packed; the same few are sent again and again."""
        found = self._prefixes.get(packed)
        if found is None:
            found = Prefixes(json.loads(packed) if packed else {})
            if len(self._prefixes) > 16:
                self._prefixes.clear()
            self._prefixes[packed] = found
        return found


def run(store: Store, channel: int, limit: int, drop_rights: Callable[[], None]) -> NoReturn:
    """Answer what comes through a channel, a socket by its descriptor, until it closes."""
    connection = socket.socket(fileno=channel)
    end_with_owner(channel)
    drop_rights()
    worker = Worker(store, limit)
    requests = Arriving(connection)
    with suppress(OSError):
        send(connection, 0, 0, b"")  # ready
        while (request := requests.next()) is not None:
            began = time.monotonic()
            send(connection, *worker.answer(request))
            if time.monotonic() - began >= _SLOW:
                for _ in range(requests.unwanted()):
                    send(connection, frames.SKIPPED, 0, b"")
    os._exit(0)


def send(connection: socket.socket, kind: int, name: int, body: bytes) -> None:
    head = frames.REPLY.pack(kind, name, len(body))
    if len(body) < 65_536:
        connection.sendall(head + body)
    else:
        connection.sendall(head)
        connection.sendall(body)


def _error(error: str, **known: str) -> _Reply:
    return frames.ERROR, 0, json.dumps({"error": error, **known}).encode()


def _updated(found: tuple[dict[str, Any], bytes]) -> _Reply:
    failure, body = found
    return (frames.ERROR, 0, json.dumps(failure).encode()) if failure else (frames.CHANGED, 0, body)


def _kind(result: QuerySolutions | QueryBoolean | QueryTriples) -> int:
    if isinstance(result, QueryTriples):
        return frames.GRAPH
    return frames.BOOLEAN if isinstance(result, QueryBoolean) else frames.SOLUTIONS
