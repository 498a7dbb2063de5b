"""What a branch does with a change of the scratch dataset: run it on its own copy of the store.

If it fails, the branch ends and nothing has happened; if not, it takes the place of the process
that it was forked from.
"""

from __future__ import annotations

import json
from typing import Any

from pyoxigraph import DefaultGraph, NamedNode, Quad, Store, parse

from migov.engine import frames
from migov.engine.formats import GRAPHS


def pack_change(change: dict[str, Any], content: bytes = b"") -> bytes:
    """Return a change as a branch reads it: what is to be done, and the document to do it with."""
    head = json.dumps(change).encode()
    return frames.FRAME.pack(len(head)) + head + content


def read_change(packed: bytes) -> tuple[dict[str, Any], bytes]:
    """Return what `pack_change` was given."""
    start = frames.FRAME.size
    end = start + int(frames.FRAME.unpack_from(packed)[0])
    return json.loads(packed[start:end]), packed[end:]


def apply_change(store: Store, change: dict[str, Any], content: bytes) -> tuple[int, bytes]:
    """Run a change and return kind and body of its answer; raises nothing that a text can cause."""
    try:
        return frames.CHANGED, json.dumps(_applied(store, change, content)).encode()
    except SyntaxError as error:
        found: dict[str, Any] = {"error": "syntax", "message": str(error.msg)}
        found |= {"line": error.lineno, "column": error.offset}
        return frames.ERROR, json.dumps(found).encode()
    except (OSError, RuntimeError, ValueError) as error:
        return frames.ERROR, json.dumps({"error": "evaluation", "message": str(error)}).encode()


def _applied(store: Store, change: dict[str, Any], content: bytes) -> bool:
    """Return whether a graph is new that was written, or was there that was dropped."""
    if change["do"] == "update":
        store.update(content.decode("utf-8", "surrogatepass"), prefixes=change["prefixes"] or None)
        return False
    name = change["graph"]
    graph = DefaultGraph() if name is None else NamedNode(name)
    was_there = isinstance(graph, DefaultGraph) or store.contains_named_graph(graph)
    if change["do"] == "drop":
        store.remove_graph(graph)
        return was_there
    if change["replace"]:
        store.clear_graph(graph)
    if isinstance(graph, NamedNode):
        store.add_graph(graph)
    store.extend(
        Quad(quad.subject, quad.predicate, quad.object, graph)
        for quad in parse(
            content,
            format=GRAPHS[change["format"]],
            base_iri=name,
            without_named_graphs=True,
            rename_blank_nodes=True,
        )
    )
    return not was_there
