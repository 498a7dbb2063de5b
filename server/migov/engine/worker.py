"""The process that runs outside text: started per worker, killed without ceremony.

    python -m migov.engine.worker QUADS MEGABYTES

It loads one N-Quads file into memory and then gives up what it does not need: no new file or
socket can be opened, so neither SERVICE nor any parser trick reaches the network or a file.
Frames on standard input and output are a 4-byte length and JSON; an answer's bytes follow its
frame.
"""

from __future__ import annotations

import io
import json
import os
import resource
import select
import struct
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import Any, BinaryIO

from pyoxigraph import (
    BlankNode,
    DefaultGraph,
    NamedNode,
    Quad,
    QueryBoolean,
    QueryResultsFormat,
    QuerySolutions,
    QueryTriples,
    RdfFormat,
    Store,
    parse,
    serialize,
)

from migov.engine.updating import run_update
from migov.vocabulary import INFERRED_GRAPH

_Reply = tuple[dict[str, Any], bytes]
_Graphs = list[NamedNode | BlankNode | DefaultGraph]
_SOLUTIONS = {
    "json": QueryResultsFormat.JSON,
    "xml": QueryResultsFormat.XML,
    "csv": QueryResultsFormat.CSV,
    "tsv": QueryResultsFormat.TSV,
}
_GRAPHS = {
    "ttl": RdfFormat.TURTLE,
    "nt": RdfFormat.N_TRIPLES,
    "rdf": RdfFormat.RDF_XML,
    "jsonld": RdfFormat.JSON_LD,
    "trig": RdfFormat.TRIG,
    "nq": RdfFormat.N_QUADS,
}
_PREFIXED = ("ttl", "trig", "rdf")
FRAME = struct.Struct("!I")


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


def _evaluate(store: Store, request: dict[str, Any]) -> _Reply:
    """Return the frame and the bytes that answer one request; errors are frames too."""
    try:
        if "operations" in request:
            return run_update(store, request)
        with _default_graph(store, request["default_graphs"]) as default:
            return _answer(store, request, default)
    except SyntaxError as error:
        return {"error": "syntax", "message": str(error.msg)}, b""
    except _TooLarge:
        return {"error": "large"}, b""
    except (OSError, RuntimeError, ValueError) as error:
        return {"error": "evaluation", "message": str(error)}, b""


def _answer(store: Store, request: dict[str, Any], default: _Graphs) -> _Reply:
    result = store.query(
        request["text"],
        prefixes=request["prefixes"] or None,
        default_graph=default,
        named_graphs=[NamedNode(name) for name in request["named_graphs"]],
    )
    kind = _kind(result)
    name = request["graph" if kind == "graph" else "solutions"]
    if name is None:
        return {"error": "format", "kind": kind}, b""
    out = _Bounded(request["limit"])
    if isinstance(result, QueryTriples) and request["prefixes"] and name in _PREFIXED:
        serialize(result, out, _GRAPHS[name], prefixes=request["prefixes"])
    elif isinstance(result, QueryTriples):
        result.serialize(out, format=_GRAPHS[name])  # in native code: ten times faster
    else:
        result.serialize(out, format=_SOLUTIONS[name])
    return {"kind": kind, "format": name}, out.getvalue()


def _kind(result: QuerySolutions | QueryBoolean | QueryTriples) -> str:
    if isinstance(result, QueryTriples):
        return "graph"
    return "boolean" if isinstance(result, QueryBoolean) else "solutions"


@contextmanager
def _default_graph(store: Store, names: list[str]) -> Iterator[_Graphs]:
    """Yield the graphs to query as one; an empty name is the union of the asserted graphs.

    The default graph is the merge of the graphs named (SPARQL 1.1, 13.2), but the store gives a
    triple once for each of them. Graphs that may share one are merged into a graph of their own,
    which no query can name, for as long as the query runs.
    """
    graphs: _Graphs = [NamedNode(name) if name else DefaultGraph() for name in names]
    if len(graphs) < 2 or set(names) == {"", INFERRED_GRAPH}:
        yield graphs
        return
    merged = BlankNode()
    for graph in graphs:
        quads = store.quads_for_pattern(None, None, None, graph)
        store.extend(Quad(quad.subject, quad.predicate, quad.object, merged) for quad in quads)
    try:
        yield [merged]
    finally:
        store.remove_graph(merged)


def _watch_parent() -> None:
    """Leave when the pipe from the parent breaks, even in the middle of a query."""
    poll = select.poll()
    poll.register(0, select.POLLHUP)
    poll.poll()
    os._exit(0)


def _give_up_everything(megabytes: int) -> None:
    size = megabytes * 1024 * 1024
    resource.setrlimit(resource.RLIMIT_AS, (size, size))
    resource.setrlimit(resource.RLIMIT_FSIZE, (0, 0))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    # Open descriptors stay open; no new one can be made: no file, no socket, no pipe.
    # The limit is not 0 because poll() counts against it as well, and the parent is watched so.
    resource.setrlimit(resource.RLIMIT_NOFILE, (1, 1))


def _send(out: BinaryIO, frame: dict[str, Any], body: bytes = b"") -> None:
    head = json.dumps({**frame, "length": len(body)}).encode()
    out.write(FRAME.pack(len(head)) + head + body)
    out.flush()


def main() -> None:
    """Load, drop rights, and answer requests until standard input ends."""
    path, megabytes = sys.argv[1], int(sys.argv[2])
    requests, answers = sys.stdin.buffer, sys.stdout.buffer
    store = Store()
    # Not bulk_load(path=…): it renames blank nodes, so each worker would order them its own way.
    store.bulk_extend(parse(path=path, format=RdfFormat.N_QUADS))
    threading.Thread(target=_watch_parent, daemon=True).start()
    _give_up_everything(megabytes)
    _send(answers, {"ready": True})
    with suppress(BrokenPipeError):
        while head := requests.read(FRAME.size):
            request = json.loads(requests.read(*FRAME.unpack(head)))
            _send(answers, *_evaluate(store, request))


if __name__ == "__main__":
    main()
