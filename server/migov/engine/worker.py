"""What a worker does once it was forked: drop its rights, and answer requests until it is ended.

Outside text runs here and nowhere else. No new file or socket can be opened, so neither SERVICE
nor any parser trick reaches the network or a file; the memory that a query may take is bounded,
and whoever asked ends this process when time runs out.
"""

from __future__ import annotations

import io
import json
import os
import select
import socket
import threading
from contextlib import suppress
from typing import Any, BinaryIO, Final, NoReturn

from pyoxigraph import (
    QueryBoolean,
    QuerySolutions,
    QueryTriples,
    Store,
    serialize,
)

from migov.engine import frames
from migov.engine.formats import GRAPHS, SOLUTIONS
from migov.engine.rights import give_up_everything
from migov.engine.scope import Asked, Scopes
from migov.engine.updating import run_update

_Reply = tuple[int, int, bytes]
_PREFIXED: Final = ("ttl", "trig", "rdf")


class _TooLarge(Exception):
    pass


class _Bounded(io.BytesIO):
    """Bytes up to a limit; the first byte over it ends the writing."""

    def __init__(self, limit: int) -> None:
        super().__init__()
        self._limit = limit

    def write(self, data: Any) -> int:
        if self.tell() + len(data) > self._limit:
            raise _TooLarge
        return super().write(data)


class Worker:
    """Answers requests over one store, one after another; errors are answers too."""

    def __init__(self, store: Store, limit: int) -> None:
        """`limit` is the number of bytes that an answer may have."""
        self._store = store
        self._limit = limit
        self._scopes = Scopes(store)
        self._prefixes: dict[bytes, dict[str, str]] = {b"": {}}

    def answer(self, head: bytes, requests: BinaryIO) -> _Reply:
        """Read what follows a head and return the kind, the format and the body of its answer."""
        order, solutions, graph, inferred, *sizes = frames.REQUEST.unpack(head)
        text, prefixes, dataset = (requests.read(size) for size in sizes)
        try:
            if order == frames.UPDATE:
                return _updated(run_update(self._store, json.loads(text), self._limit))
            asked = Asked(
                text.decode("utf-8", "surrogatepass"),
                json.loads(dataset) if dataset else None,
                bool(inferred),
                self._known(prefixes),
            )
            names = frames.format_of(solutions), frames.format_of(graph)
            return self._evaluated(asked, *names)
        except SyntaxError as error:
            return _error("syntax", message=str(error.msg))
        except _TooLarge:
            return _error("large")
        except (OSError, RuntimeError, ValueError) as error:
            return _error("evaluation", message=str(error))

    def _evaluated(self, asked: Asked, solutions: str | None, graph: str | None) -> _Reply:
        scope = self._scopes.of(asked)
        result = scope.store.query(
            asked.text,
            prefixes=asked.prefixes or None,
            default_graph=scope.default,
            named_graphs=scope.named,
        )
        kind = _kind(result)
        name = graph if kind == frames.GRAPH else solutions
        if name is None:
            return _error("format", kind=frames.KINDS[kind])
        out = _Bounded(self._limit)
        if isinstance(result, QueryTriples) and asked.prefixes and name in _PREFIXED:
            serialize(result, out, GRAPHS[name], prefixes=asked.prefixes)
        elif isinstance(result, QueryTriples):
            result.serialize(out, format=GRAPHS[name])  # in native code: ten times faster
        else:
            result.serialize(out, format=SOLUTIONS[name])
        return kind, frames.number_of(name), out.getvalue()

    def _known(self, text: bytes) -> dict[str, str]:
        """Return the prefixes that a text stands for; the same few are sent again and again."""
        found = self._prefixes.get(text)
        if found is None:
            found = {str(name): str(iri) for name, iri in json.loads(text).items()}
            if len(self._prefixes) > 16:
                self._prefixes = {b"": {}}
            self._prefixes[text] = found
        return found


def run(store: Store, channel: int, megabytes: int, limit: int) -> NoReturn:
    """Answer what comes through a channel, a socket by its descriptor, until it closes."""
    connection = socket.socket(fileno=channel)
    threading.Thread(target=_watch, args=(channel,), daemon=True).start()
    give_up_everything(megabytes)
    worker = Worker(store, limit)
    requests = connection.makefile("rb")
    with suppress(OSError):
        send(connection, 0, 0, b"")  # ready
        while len(head := requests.read(frames.REQUEST.size)) == frames.REQUEST.size:
            send(connection, *worker.answer(head, requests))
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


def _watch(channel: int) -> None:
    """Leave when the channel breaks, even in the middle of a query."""
    poll = select.poll()
    poll.register(channel, 0)  # only what is always reported: the other end is gone
    poll.poll()
    os._exit(0)
