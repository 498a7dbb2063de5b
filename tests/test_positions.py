"""Every triple of a Turtle file has its line and column, also inside nested blank nodes."""

from __future__ import annotations

import random
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pyoxigraph import Literal, NamedNode, Quad

from migov.dataset import ContentFile, read_quads
from migov.dataset.positions import Positions
from migov.errors import Place
from migov.gate.checks import Context, State, run
from migov.gate.report import Finding
from migov.vocabulary import STANDARD_PREFIXES

ROOT = Path(__file__).resolve().parent.parent
RDF = STANDARD_PREFIXES["rdf"]
LISTS = (NamedNode(RDF + "first"), NamedNode(RDF + "rest"))
FOLDERS = ("ontology", "data", "shapes", "tests/shapes", "tests/inference")
FILES = [
    ContentFile(path.relative_to(ROOT).as_posix(), path.read_bytes())
    for folder in FOLDERS
    for path in sorted((ROOT / folder).rglob("*.ttl"))
]
# The offset of each triple's object, by its predicate.
Offsets = list[tuple[str, int]]


def test_the_files_were_collected() -> None:
    assert len(FILES) > 450


def test_every_triple_of_every_file_has_a_line_and_a_column() -> None:
    for file in FILES:
        quads = list(read_quads(file))
        positions = Positions(file, quads)
        for quad in quads:
            place = positions.object_at(quad.triple)
            assert place.line is not None, (file.path, quad)
            assert place.text == file.content.decode().splitlines()[place.line - 1]
            if quad.predicate not in LISTS:
                _assert_says(positions, quad)


def _assert_says(positions: Positions, quad: Quad) -> None:
    """The text at the place of a triple is that of its terms."""
    written = positions.written(quad.triple) or ""
    value = quad.object
    if isinstance(value, Literal):
        assert value.value in written or "\\" in written
        assert value.language is None or written.lower().endswith(f"@{value.language}")
    elif isinstance(value, NamedNode) and not written.startswith(("<", "(")):
        assert value.value.endswith(written.partition(":")[2].replace("\\", ""))
    predicate = positions.text_at(positions.predicate_at(quad.triple))
    local = quad.predicate.value.replace("#", "/").rpartition("/")[2]
    assert predicate.startswith(("a ", "a\t", "<")) or predicate.partition(":")[2].startswith(local)


def test_a_list_falls_back_on_the_triple_that_holds_it() -> None:
    file = ContentFile("x.ttl", b"<a:s> <a:p> ( <a:i>\n ( 1 ) ) ; <a:q> 2 .\n( 3 ) <a:r> 4 .")
    quads = list(read_quads(file))
    positions = Positions(file, quads)
    places = {str(positions.object_at(quad.triple)) for quad in quads if quad.predicate in LISTS}
    assert places == {"x.ttl:1:13", "x.ttl:3:13"}


def test_turtle_beyond_1_1_falls_back_on_the_file() -> None:
    file = ContentFile("x.ttl", b"<a:s> <a:p> <<( <a:s> <a:p> 1 )>> .")
    (quad,) = read_quads(file)
    assert Positions(file).object_at(quad.triple) == Place("x.ttl")


# ---- Random documents: each predicate is used once, so it tells where its objects should be


@st.composite
def documents(draw: st.DrawFn) -> tuple[str, Offsets]:
    """A text and, for each triple in it, the offset at which its object begins."""
    text: list[str] = ["@prefix : <http://a.example/> .\n@base <http://b.example/> .\n"]
    offsets: Offsets = []
    count = 0
    spaces = st.sampled_from([" ", "\n", "\r\n", "\t", ' # ; . [ " note\n', "\n\n  "])

    def write(token: str) -> int:
        offset = sum(map(len, text))
        text.append(token)
        text.append(draw(spaces))
        return offset

    def node(depth: int) -> int:
        kind = draw(st.integers(0, 9 if depth else 6))
        simple = [":o", "<r>", '"x"', '"é 😀"@fr', '"""a\n"b"\r\n"""', '"1"^^:t', "1.5"]
        if kind < len(simple):
            return write(simple[kind])
        if kind == 9:
            start = write("(")
            for _ in range(draw(st.integers(0, 3))):
                node(depth - 1)
            write(")")
            return start
        start = write("[")
        if kind == 8:
            pairs(depth - 1)
        write("]")
        return start

    def pairs(depth: int) -> None:
        nonlocal count
        for number in range(draw(st.integers(1, 3))):
            if number:
                write(";")
                if draw(st.booleans()):
                    write(";")
            count += 1
            predicate = f"p{count}"
            write(f":{predicate}")
            for each in range(draw(st.integers(1, 3))):
                if each:
                    write(",")
                offsets.append((predicate, node(depth)))

    for _ in range(draw(st.integers(1, 3))):
        kind = draw(st.integers(0, 3))
        if kind == 0:
            write("(")
            node(2)
            node(2)
            write(")")
        elif kind == 1:
            write("[")
            pairs(2)
            write("]")
        else:
            write(":s" if kind == 2 else "_:b")
        pairs(3)
        write(".")
    return "".join(text), offsets


@settings(max_examples=80, deadline=None)
@given(documents())
def test_objects_are_where_they_were_written(document: tuple[str, Offsets]) -> None:
    text, offsets = document
    file = ContentFile("x.ttl", text.encode())
    quads = list(read_quads(file))
    positions = Positions(file, quads)
    found: dict[tuple[str, int], None] = {}
    for quad in quads:
        if quad.predicate not in LISTS:
            name = quad.predicate.value.removeprefix("http://a.example/")
            place = positions.object_at(quad.triple)
            found[name, _offset(text, place)] = None
    # The same object twice is one triple; its place is the first.
    assert found.keys() <= set(offsets)
    assert {name for name, _ in found} == {name for name, _ in offsets}
    assert len(found) == len({quad.triple for quad in quads if quad.predicate not in LISTS})


def _offset(text: str, place: Place) -> int:
    assert place.line is not None
    assert place.column is not None
    lines = text.replace("\r\n", "\0\n").split("\n")  # what ends a line counts as two here
    return sum(len(line) + 1 for line in lines[: place.line - 1]) + place.column - 1


# ---- Damage one triple: the finding about it is on its line and column

DAMAGE = {
    "object": ("<https://w3id.org/migov/id/actor/no-such-actor-zzz>", "migov:dangling-iri"),
    "datatype": ('"soon"^^<http://www.w3.org/2001/XMLSchema#date>', "migov:ill-typed"),
    "language": ('"soon"@gb', "migov:language-tag"),
    "predicate": ("<https://w3id.org/migov/ns#noSuchTermZzz>", "migov:unknown-term"),
}
CONTENT = {file.path: file for file in FILES if file.path.startswith(("ontology/", "data/"))}
WHOLE = State(CONTENT)


@pytest.mark.parametrize("part", DAMAGE)
@pytest.mark.parametrize("path", [path for path in CONTENT if path.startswith("data/")])
def test_a_damaged_triple_is_found_where_it_stands(path: str, part: str) -> None:
    file, facts = CONTENT[path], WHOLE.facts(path)
    candidates = [triple for triple in facts.triples if triple.predicate not in LISTS]
    for triple in random.Random(f"{path} {part}").sample(candidates, min(3, len(candidates))):
        place = facts.positions.object_at(triple)
        old = facts.positions.written(triple) or ""
        if part == "predicate":
            place = facts.positions.predicate_at(triple)
            old = facts.positions.text_at(place).split()[0]
        new, rule = DAMAGE[part]
        text = file.content.decode()
        at = _offset(text, place)
        damaged = text[:at] + new + text[at + len(old) :]
        after = {**CONTENT, path: ContentFile(path, damaged.encode())}
        found = [f for f in run(Context.change(WHOLE, after)) if f.rule == rule]
        assert [_at(finding) for finding in found] == [(path, place.line, place.column)]


def _at(finding: Finding) -> tuple[str, int | None, int | None]:
    assert finding.place is not None
    return finding.place.source, finding.place.line, finding.place.column
