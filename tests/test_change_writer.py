"""The writer: exactly the wanted triples, and every line that nobody asked about as it was."""

from __future__ import annotations

import os
import random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pyoxigraph import NamedNode, Triple

from change_support import random_edit, real_files, triples_of, turtle
from migov.change.write import write
from migov.change.write.source import read_source
from migov.change.write.writer import new_file
from migov.dataset import ContentFile, read_quads
from migov.dataset.canonical import same
from migov.dataset.turtle import format_turtle
from migov.dataset.turtle.blocks import comments
from migov.errors import ContentSyntaxError, MigovError

CASES = int(os.environ.get("MIGOV_TEST_CASES", "60"))
FILES = list(real_files().values())

COMMENTED = ContentFile(
    "data/actors/x.ttl",
    b"""# Above everything
@base <https://w3id.org/migov/graph/data/actors/x.ttl> .
@prefix mg: <https://w3id.org/migov/ns#> .
@prefix actor: <https://w3id.org/migov/id/actor/> .

# About x
actor:x   a   mg:Actor ; # inside
   mg:name "X"@en, 'Y'@fr ;   mg:budget [ mg:amount 1.00 # deep
   ; mg:currency "EUR" ] . # behind

actor:y a mg:Actor ; mg:name   "Why" .   actor:z a mg:Actor .
actor:l mg:name ( "a" [ mg:name "b" ] ( ) ) .
_:n mg:value "n" .
actor:y mg:identifier _:n .
# At the end
""",
)
FILES_AND_HARD = [
    *FILES,
    COMMENTED,
    ContentFile("data/x.ttl", COMMENTED.content.replace(b"\n", b"\r\n")),
]


@settings(max_examples=CASES, deadline=None, derandomize=True)
@given(st.integers(0, 2**32))
def test_the_file_says_what_was_wanted_and_untouched_statements_stay(seed: int) -> None:
    source = random.Random(seed)
    file = source.choice(FILES_AND_HARD)
    before = triples_of(file)
    removed, added = random_edit(source, before)
    written = write(file, removed, added)
    wanted = [triple for triple in before if triple not in set(removed)] + added
    assert written is not None
    assert same(read_quads(written), wanted)
    changed = {*removed, *added}
    homes = {node for triple in changed for node in (triple.subject, triple.object)}
    text = written.content.decode()
    at = 0
    for statement in read_source(file).statements:
        own = file.content.decode()[statement.block.start : statement.block.end]
        if homes.isdisjoint(
            node for triple in statement.triples for node in (triple.subject, triple.object)
        ):
            assert own in text[at:]
            at = text.index(own, at)


@pytest.mark.parametrize("file", FILES_AND_HARD, ids=lambda file: file.path)
def test_what_is_added_and_removed_again_leaves_all_other_lines(file: ContentFile) -> None:
    (extra,) = turtle('actor:brand-new skos:note "x" .')
    added = write(file, (), [extra])
    assert added is not None
    lines = iter(added.content.splitlines(keepends=True))
    assert all(line in lines for line in file.content.splitlines(keepends=True))
    back = write(added, [extra], ())
    assert back is not None
    old = [line for line in file.content.decode().splitlines() if "@prefix" not in line]
    new = [line for line in back.content.decode().splitlines() if "@prefix" not in line]
    assert [line for line in new if line] == [line for line in old if line]


@pytest.mark.parametrize("file", FILES_AND_HARD, ids=lambda file: file.path)
def test_nothing_to_do_changes_no_byte(file: ContentFile) -> None:
    triples = triples_of(file)
    assert write(file, (), triples) is file
    absent = Triple(NamedNode("urn:a"), NamedNode("urn:b"), NamedNode("urn:c"))
    assert write(file, [absent], ()) is file


def test_comments_inside_a_touched_statement_move_above_it() -> None:
    (triple,) = (t for t in triples_of(COMMENTED) if "currency" in t.predicate.value)
    written = write(COMMENTED, [triple], ())
    assert written is not None
    assert comments(written.content.decode()) == comments(COMMENTED.content.decode())
    assert b'actor:y a mg:Actor ; mg:name   "Why" .   actor:z a mg:Actor .\n' in written.content


def test_a_statement_that_says_nothing_any_more_goes_with_its_line() -> None:
    file = next(file for file in FILES if file.path == "data/records/iom/lm-0416.ttl")
    annotation = next(
        t.subject
        for t in triples_of(file)
        if t.object == NamedNode("https://w3id.org/migov/ns#Annotation")
    )
    gone = [triple for triple in triples_of(file) if triple.subject == annotation]
    written = write(file, gone, ())
    assert written is not None
    assert b"\n\n\n" not in written.content
    lines = iter(file.content.splitlines())
    assert all(line in lines for line in written.content.splitlines())


def test_an_emptied_graph_has_no_file() -> None:
    assert write(COMMENTED, triples_of(COMMENTED), ()) is None


def test_a_new_file_is_in_the_house_layout() -> None:
    for file in FILES:
        made = new_file(file.path, triples_of(file))
        assert same(read_quads(made), read_quads(file))
        assert made.content.startswith(f"@base <{file.graph}> .\n".encode())
        assert format_turtle(made.path, made.content) == made.content


def test_prefixes_join_those_of_the_file_in_their_order() -> None:
    written = write(
        COMMENTED, (), turtle("actor:x mg:role <https://w3id.org/migov/concept/role/funder> .")
    )
    assert written is not None
    assert b"role:funder" in written.content
    assert b"@prefix role: <https://w3id.org/migov/concept/role/> .\n" in written.content


def test_an_annotation_stands_below_what_it_is_about() -> None:
    file = next(file for file in FILES if file.path == "data/actors/who.ttl")
    written = write(
        file, (), turtle("[] a mg:Annotation ; rdf:subject actor:who ; rdf:predicate rdf:type .")
    )
    assert written is not None
    assert b"\n\n[] a mg:Annotation ;\n    rdf:subject actor:who ;" in written.content


@pytest.mark.parametrize(
    "content",
    [
        b"@prefix : <x:> . :a :b " + b"[ :b " * 5000 + b"1" + b"]" * 5000 + b" .",
        b"@prefix : <x:> . :a :b " + b"( " * 5000 + b")" * 5000 + b" .",
        b"\xff\xfe\x00binary",
        b"@prefix : <x:> . :a :b 'unclosed .",
        b"<x:a> <x:b> <<( <x:c> <x:d> <x:e> )>> .",
    ],
)
def test_hostile_files_give_typed_errors(content: bytes) -> None:
    with pytest.raises(MigovError):
        write(ContentFile("data/x.ttl", content), (), turtle("actor:a a mg:Actor ."))


def test_a_broken_file_is_named_with_its_line() -> None:
    with pytest.raises(ContentSyntaxError) as caught:
        write(
            ContentFile("data/x.ttl", b"@prefix : <x:> .\n:a :b ;; . :c"),
            (),
            turtle("actor:a a mg:Actor ."),
        )
    assert caught.value.place is not None
    assert caught.value.place.line == 2


def test_deep_and_long_new_triples_are_written_or_refused() -> None:
    deep = turtle("actor:a mg:x " + "[ mg:x " * 3000 + "1" + "]" * 3000 + " .")
    with pytest.raises(MigovError):
        write(COMMENTED, (), deep)
    long = turtle("actor:a mg:x (" + " 1" * 2000 + " ) .")
    written = write(COMMENTED, (), long)
    assert written is not None
    assert same(read_quads(written), [*triples_of(COMMENTED), *long])
