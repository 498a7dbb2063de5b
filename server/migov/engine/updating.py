"""What a worker does with a SPARQL update: run it on its own store and tell what it did.

The worker is ended afterwards, so nothing is put back.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from pyoxigraph import DefaultGraph, NamedNode, Quad, RdfFormat, Store, serialize

from migov.engine.updates import Update
from migov.vocabulary import INFERRED_GRAPH

_States = dict[str, set[Quad]]


def update_request(update: Update, prefixes: Mapping[str, str] | None) -> dict[str, Any]:
    """Return an update as `run_update` takes it: values of JSON alone."""
    return {
        "operations": [
            {"text": f"{operation.declarations}\n{operation.text}", "reads": operation.reads}
            for operation in update.operations
        ],
        "graphs": None if update.graphs is None else list(update.graphs),
        "prefixes": dict(prefixes or {}),
    }


def run_update(store: Store, request: dict[str, Any], limit: int) -> tuple[dict[str, Any], bytes]:
    """Run the operations and return each changed graph as N-Quads before and after.

    `graphs` are those that may change, None for any. Each operation sees the default graph as the
    union of the graphs that the ones before it left.
    """
    names: list[str] | None = request["graphs"]
    if names is None:
        store.remove_graph(NamedNode(INFERRED_GRAPH))  # GRAPH ?g is about what is asserted
    first = now = _states(store, names)
    for number, operation in enumerate(request["operations"]):
        if number and operation["reads"]:
            earlier, now = now, _states(store, names)
            _renew_union(store, earlier, now)
        try:
            store.update(operation["text"], prefixes=request["prefixes"] or None)
        except SyntaxError as error:
            frame = {"error": "syntax", "message": str(error.msg), "operation": number}
            return frame, b""
    changed = []
    for name, after in (last := _states(store, names)).items():
        before = first.get(name, set())
        if before != after:
            changed.append([name, _text(before), _text(after)])
    changed += [[name, _text(first[name]), ""] for name in first.keys() - last.keys()]
    body = json.dumps(changed).encode()
    return ({"error": "large"}, b"") if len(body) > limit else ({}, body)


def _states(store: Store, names: list[str] | None) -> _States:
    if names is None:
        graphs = [graph.value for graph in store.named_graphs() if isinstance(graph, NamedNode)]
    else:
        graphs = names
    return {
        graph: set(store.quads_for_pattern(None, None, None, NamedNode(graph))) for graph in graphs
    }


def _renew_union(store: Store, before: _States, after: _States) -> None:
    for name in before.keys() | after.keys():
        old, new = before.get(name, set()), after.get(name, set())
        for quad in new - old:
            store.add(Quad(quad.subject, quad.predicate, quad.object, DefaultGraph()))
        for quad in old - new:
            if not _is_said(store, quad):
                store.remove(Quad(quad.subject, quad.predicate, quad.object, DefaultGraph()))


def _is_said(store: Store, quad: Quad) -> bool:
    others = store.quads_for_pattern(quad.subject, quad.predicate, quad.object, None)
    return any(
        isinstance(other.graph_name, NamedNode) and other.graph_name.value != INFERRED_GRAPH
        for other in others
    )


def _text(quads: set[Quad]) -> str:
    return (serialize(quads, format=RdfFormat.N_QUADS) or b"").decode()
