"""Annotations are about triples that are there, and no two of them say the same."""

from __future__ import annotations

from collections import Counter
from typing import Any

from pyoxigraph import NamedNode, Quad

from facts_support import NS, annotated_triples, dataset, record_quads


def test_annotations_are_about_triples_of_their_graph() -> None:
    store = dataset()
    for (subject, predicate, term), graph, _ in annotated_triples():
        assert Quad(subject, predicate, term, graph) in store, (subject, predicate, term)


def test_no_two_annotations_of_a_triple_share_a_line() -> None:
    """With two, which certainty is meant would depend on who reads first."""
    locator = NamedNode(f"{NS}locator")
    lines = {(quad.subject, quad.graph_name): quad.object for quad in record_quads(locator)}
    seen = Counter(
        (triple, graph, lines.get((node, graph), lines[graph, graph]))
        for triple, graph, node in annotated_triples()
    )
    assert [entry for entry, times in seen.items() if times > 1] == []


def test_no_two_participations_of_a_record_say_the_same() -> None:
    parts = [NamedNode(f"{NS}{name}") for name in ("participationIn", "role", "actor")]
    nodes: dict[tuple[Any, Any], list[Any]] = {}
    for part in parts:
        for quad in record_quads(part):
            nodes.setdefault((quad.graph_name, quad.subject), []).append(quad.object)
    seen = Counter((graph, *terms) for (graph, _), terms in nodes.items())
    assert [entry for entry, times in seen.items() if times > 1] == []
