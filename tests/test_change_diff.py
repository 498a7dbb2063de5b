"""The difference between two states: by what they say, whatever the layout and the labels."""

from __future__ import annotations

import os
import random
from collections.abc import Iterable

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from pyoxigraph import (
    BlankNode,
    CanonicalizationAlgorithm,
    Dataset,
    Literal,
    NamedNode,
    Quad,
    Triple,
)

from change_support import random_edit, real_files, triples_of, turtle
from migov.change import Change, diff
from migov.change.matching import compare, rename
from migov.change.write import Edit, edited
from migov.dataset import ContentFile
from migov.dataset.canonical import blanks, same
from migov.dataset.turtle import format_turtle
from migov.errors import MigovError, TooComplexError

CASES = int(os.environ.get("MIGOV_TEST_CASES", "60"))
FILES = real_files()


def relabelled(triples: Iterable[Triple], source: random.Random) -> list[Triple]:
    triples = list(triples)
    nodes = list(dict.fromkeys(node for triple in triples for node in blanks(triple)))
    labels = source.sample(range(1_000_000), len(nodes))
    names = {node: BlankNode(f"r{label}") for node, label in zip(nodes, labels, strict=True)}
    result = [rename(triple, names) for triple in triples]
    source.shuffle(result)
    return result


def rdfc(triples: Iterable[Triple]) -> set[Quad]:
    dataset = Dataset(Quad(t.subject, t.predicate, t.object) for t in triples)
    dataset.canonicalize(CanonicalizationAlgorithm.RDFC_1_0)
    return set(dataset)


small_graphs = st.lists(
    st.builds(
        Triple,
        st.sampled_from([NamedNode("urn:a"), *map(BlankNode, "abcd")]),
        st.sampled_from([NamedNode("urn:p"), NamedNode("urn:q")]),
        st.sampled_from([NamedNode("urn:a"), Literal("1"), *map(BlankNode, "abcd")]),
    ),
    max_size=6,
)


@settings(max_examples=CASES * 10, deadline=None, derandomize=True)
@given(small_graphs, small_graphs, st.integers(0, 100))
def test_graphs_are_the_same_exactly_when_rdfc_says_so(
    one: list[Triple], other: list[Triple], seed: int
) -> None:
    assert same(one, other) == (rdfc(one) == rdfc(other))
    assert same(one, relabelled(one, random.Random(seed)))


@settings(max_examples=CASES * 5, deadline=None, derandomize=True)
@given(small_graphs, small_graphs)
def test_removed_and_added_make_one_graph_of_the_other(
    one: list[Triple], other: list[Triple]
) -> None:
    found = compare(one, other)
    kept = {rename(triple, found.nodes) for triple in set(one) - set(found.removed)}
    assert kept == set(other) - set(found.added)
    assert len(set(found.nodes.values())) == len(found.nodes)


@settings(max_examples=CASES, deadline=None, derandomize=True)
@given(st.integers(0, 2**32))
@example(seed=455)  # within lists of the ontology
def test_an_edit_of_a_real_file_is_found_again(seed: int) -> None:
    source = random.Random(seed)
    path = source.choice(sorted(FILES))
    before = triples_of(FILES[path])
    removed, added = random_edit(source, before)
    change = Change(FILES, edited(FILES, {path: Edit(removed, added)}))
    found = diff(change)
    kept = set(before) - {quad.triple for quad in found.removed}
    nodes = found.graphs[0].nodes if found.graphs else {}
    after = {rename(triple, nodes) for triple in kept} | {quad.triple for quad in found.added}
    assert after == set(triples_of(change.after[path])) or not found.graphs
    real = set(added) - set(before), set(removed) - set(added)
    # A node without a name that is edited may no longer be told apart from its neighbours.
    edits = len(removed) + sum(isinstance(end, BlankNode) for t in added for end in (t[0], t[2]))
    assert len(found.added) <= len(real[0]) + 4 * edits
    assert len(found.removed) <= len(real[1]) + 4 * len(added)


def test_layout_and_labels_alone_say_nothing() -> None:
    after = {
        path: ContentFile(path, b"# laid out\n\n" + file.content.replace(b" ;\n", b"\n  ;\n"))
        for path, file in FILES.items()
    }
    found = diff(Change(FILES, after))
    assert not found.graphs
    assert found.laid_out == tuple(sorted(FILES))


def test_a_changed_amount_is_one_triple_each_way() -> None:
    path = "data/records/iom/lm-0416.ttl"
    after = ContentFile(path, FILES[path].content.replace(b"300000.00", b"300000.50"))
    found = diff(Change(FILES, {**FILES, path: after}))
    assert [len(found.removed), len(found.added)] == [1, 1]
    assert [entity.iri.rpartition("/")[2] for entity in found.entities.changed] == ["iom-lm-0416"]


def test_entities_are_told_by_label() -> None:
    path = "data/actors/who.ttl"
    made = turtle(
        "actor:world-health a mg:Organisation ; skos:prefLabel 'World Health'@en , 'Santé'@fr ."
        "actor:who dcterms:isReplacedBy actor:world-health ."
    )
    found = diff(Change(FILES, edited(FILES, {path: Edit((), made)}))).entities
    assert [(e.label(), e.label("fr")) for e in found.added] == [("World Health", "Santé")]
    (renamed,) = found.renamed
    assert renamed.label() == "World Health Organization (WHO)"
    assert renamed.replaced_by == "https://w3id.org/migov/id/actor/world-health"
    after = {name: file for name, file in FILES.items() if name != "data/people/1.ttl"}
    assert not diff(Change(FILES, after)).entities.added


def test_long_lists_of_equal_items_are_compared_at_once() -> None:
    list_of = turtle("actor:a mg:x (" + " 1" * 20_000 + " ) .")
    assert same(list_of, relabelled(list_of, random.Random(1)))
    text = b"<urn:a> <urn:b> (" + b" 1" * 2000 + b" ) .\n"
    assert format_turtle("x.ttl", text).count(b"1") == 2000


@pytest.mark.parametrize("size", [8, 300])
def test_tangles_are_refused_and_do_not_hang(size: int) -> None:
    def ring(count: int) -> list[Triple]:
        nodes = [BlankNode(f"n{number}") for number in range(count)]
        steps = [(at, (at + 1) % count) for at in range(count)]
        return [Triple(nodes[a], NamedNode("urn:p"), nodes[b]) for a, b in steps]

    with pytest.raises(TooComplexError):
        same(ring(size), ring(size))


def test_broken_and_foreign_files_give_typed_errors() -> None:
    for content in (b"\x00\xff", b"<<", b"<a:a> <a:b> <<( <a:a> <a:b> <a:c> )>> .", b"[" * 10_000):
        with pytest.raises(MigovError):
            diff(Change({}, {"data/x.ttl": ContentFile("data/x.ttl", content)}))
