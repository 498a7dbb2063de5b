"""Files → quads: graph IRIs, the digest, stable blank nodes, and errors that name their place."""

from __future__ import annotations

import hashlib
import re
from contextlib import suppress
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pyoxigraph import BlankNode, NamedNode, Quad, RdfFormat, Triple, parse

import small
from migov.dataset import (
    ContentFile,
    content_files,
    digest,
    graph_iri,
    in_graph,
    read_quads,
    shape_files,
)
from migov.errors import ContentError, ContentSyntaxError, Place
from migov.repository import Repository

ROOT = Path(__file__).resolve().parents[1]
REAL = (ROOT / "data" / "records" / "gfmd" / "thamm.ttl").read_bytes()
HEAD = "@prefix mg: <https://w3id.org/migov/ns#> .\n"
FILE = st.builds(ContentFile, st.text(min_size=1, max_size=12), st.binary(max_size=12))


def broken(content: bytes | str) -> tuple[ContentSyntaxError, Place]:
    content = content.encode() if isinstance(content, str) else content
    with pytest.raises(ContentSyntaxError) as caught:
        list(read_quads(ContentFile("data/x.ttl", content)))
    assert caught.value.place is not None
    return caught.value, caught.value.place


def test_the_files_of_a_repository_are_its_turtle_and_its_rules(tmp_path: Path) -> None:
    repository = small.repository(tmp_path)
    for path in ("shapes/a.ttl", "queries/a.rq", "data/README.md", "data/a.rq", "a.ttl"):
        (tmp_path / path).write_text("", encoding="utf-8")
    files = content_files(repository)
    assert [file.path for file in files] == sorted(small.FILES)
    assert files[0].content == (tmp_path / files[0].path).read_bytes()


def test_what_editors_leave_behind_is_not_content(tmp_path: Path) -> None:
    repository = small.repository(tmp_path)
    before = content_files(repository)
    (tmp_path / "data" / ".#one.ttl").symlink_to("someone@host.1234:5678")
    (tmp_path / "data" / ".one.ttl").write_text("half a li", encoding="utf-8")
    (tmp_path / "data" / ".hidden").mkdir()
    (tmp_path / "data" / ".hidden" / "one.ttl").write_text("half", encoding="utf-8")
    assert content_files(repository) == before


def test_a_checkout_in_a_hidden_folder_has_content(tmp_path: Path) -> None:
    assert content_files(small.repository(tmp_path / ".hidden"))


@pytest.mark.parametrize("kind", ["folder", "link to nowhere"])
def test_a_file_that_cannot_be_read_is_named(kind: str, tmp_path: Path) -> None:
    repository = small.repository(tmp_path)
    path = tmp_path / "data" / "odd.ttl"
    if kind == "folder":
        path.mkdir()
    else:
        path.symlink_to(tmp_path / "nowhere")
    with pytest.raises(ContentError, match=r"data/odd\.ttl cannot be read") as caught:
        content_files(repository)
    assert caught.value.place == Place("data/odd.ttl")
    assert caught.value.hint


@pytest.mark.parametrize(
    ("path", "iri"),
    [
        ("data/records/gfmd/thamm.ttl", "data/records/gfmd/thamm.ttl"),
        ("data/a b.ttl", "data/a%20b.ttl"),
        ("data/é.ttl", "data/%C3%A9.ttl"),
        ("data/50%.ttl", "data/50%25.ttl"),
        ("data/a?b#c.ttl", "data/a%3Fb%23c.ttl"),
        ("data/\udcff.ttl", "data/%FF.ttl"),
    ],
)
def test_a_path_gives_a_graph_iri(path: str, iri: str) -> None:
    assert graph_iri(path) == f"https://w3id.org/migov/graph/{iri}"
    assert NamedNode(graph_iri(path)).value == ContentFile(path, b"").graph


@given(st.text(min_size=1), st.text(min_size=1))
def test_two_paths_never_share_a_graph(one: str, two: str) -> None:
    assert (graph_iri(one) == graph_iri(two)) == (one == two)


def test_every_file_here_is_in_the_graph_of_its_path_and_describes_it() -> None:
    for file in content_files(Repository(ROOT)):
        if file.path.endswith(".ttl"):
            quads = list(read_quads(file))
            assert {quad.graph_name for quad in quads} == {NamedNode(file.graph)}
            assert any(quad.subject == quad.graph_name for quad in quads), file.path


@given(st.lists(FILE, max_size=5), st.randoms())
def test_the_digest_does_not_depend_on_order(files: list[ContentFile], random: object) -> None:
    shuffled = list(files)
    random.shuffle(shuffled)  # type: ignore[attr-defined]
    assert digest(shuffled) == digest(files)
    assert re.fullmatch("[0-9a-f]{64}", digest(files))


@given(st.lists(FILE, max_size=3), st.lists(FILE, max_size=3))
def test_other_files_have_another_digest(one: list[ContentFile], two: list[ContentFile]) -> None:
    def state(files: list[ContentFile]) -> list[tuple[str, bytes]]:
        return sorted((file.path, file.content) for file in files)

    assert (digest(one) == digest(two)) == (state(one) == state(two))


@given(st.data())
def test_each_byte_counts_in_the_digest(data: st.DataObject) -> None:
    position = data.draw(st.integers(0, len(REAL) - 1))
    other = data.draw(st.integers(0, 255).filter(lambda byte: byte != REAL[position]))
    changed = REAL[:position] + bytes([other]) + REAL[position + 1 :]
    assert digest([ContentFile("a.ttl", changed)]) != digest([ContentFile("a.ttl", REAL)])


def test_a_path_cannot_pass_for_two_files() -> None:
    """A digest over lines of paths could be made to agree by a path with a line break."""
    two = [ContentFile("data/a.ttl", b"a"), ContentFile("data/b.ttl", b"b")]
    ends = {file.path: hashlib.sha256(file.content).hexdigest() for file in two}
    for first, second in (two, two[::-1]):
        one = ContentFile(f"{first.path}\n{ends[second.path]}  {second.path}", first.content)
        assert digest([one]) != digest(two)


def test_blank_nodes_are_stable_and_belong_to_one_file() -> None:
    text = "<a> mg:budget [ mg:amount 1 ] , [ mg:amount 2 ] , _:x . _:x mg:amount 3 ."
    content = (HEAD + text).encode()
    once = list(read_quads(ContentFile("data/a.ttl", content)))
    again = list(read_quads(ContentFile("data/a.ttl", content)))
    elsewhere = list(read_quads(ContentFile("data/b.ttl", content)))

    def blank(quads: list[Quad]) -> set[BlankNode]:
        terms = [term for quad in quads for term in (quad.subject, quad.object)]
        return {term for term in terms if isinstance(term, BlankNode)}

    assert once == again
    assert len(blank(once)) == 3
    assert not blank(once) & blank(elsewhere)


def test_blank_nodes_inside_triple_terms_are_the_same_nodes() -> None:
    content = (HEAD + "_:x mg:amount 1 . <a> mg:about <<( _:x mg:amount 1 )>> .").encode()
    first, second = read_quads(ContentFile("data/a.ttl", content))
    assert isinstance(second.object, Triple)
    assert second.object.subject == first.subject


def test_what_is_read_is_what_the_file_says() -> None:
    file = ContentFile("data/records/gfmd/thamm.ttl", REAL)
    plain = {
        triple.triple
        for triple in parse(REAL, RdfFormat.TURTLE, base_iri=file.graph)
        if not isinstance(triple.subject, BlankNode) and not isinstance(triple.object, BlankNode)
    }
    assert plain
    assert plain <= {quad.triple for quad in read_quads(file)}


def test_a_triple_becomes_a_quad_of_a_graph() -> None:
    a = NamedNode("http://example.org/a")
    assert in_graph(Triple(a, a, a), a).graph_name == a
    assert str(in_graph(Triple(a, a, a)).graph_name) == "DEFAULT"


@pytest.mark.parametrize(
    ("content", "line", "column", "text"),
    [
        (HEAD + "<a> mg:name 'x' ;; ; .\n<a> x <b> .", 3, 5, "<a> x <b> ."),
        (HEAD + "<a> gm:name 'x' .", 2, 5, "<a> gm:name 'x' ."),
        (HEAD + "\n\n<a> mg:name 'x .\n", 4, 13, "<a> mg:name 'x ."),
        (HEAD + "<a> mg:name <b c> .", 2, 13, "<a> mg:name <b c> ."),
        (HEAD + "<a> mg:name '\u2028\x85\x0c' .\n<a> mg:name ] .", 3, 13, "<a> mg:name ] ."),
        (HEAD.replace("\n", "\r\n") + "<a> mg:name ] .\r\n", 2, 13, "<a> mg:name ] ."),
        (HEAD.replace("\n", "\r") + "<a> mg:name ] .\r", 2, 13, "<a> mg:name ] ."),
        (HEAD + "<a> mg:name 'é😀' ] .", 2, 18, "<a> mg:name 'é😀' ] ."),
        (HEAD.encode() + b"<a> mg:name '\xe9' .", 2, None, "<a> mg:name '\ufffd' ."),
        (b"\xff\xfe<\x00a\x00>\x00", 1, 1, None),
    ],
    ids=["predicate", "prefix", "open string", "IRI", "other line ends", "CRLF", "CR", "astral",
         "Latin-1", "UTF-16"],
)  # fmt: skip
def test_a_syntax_error_has_file_line_column_and_the_line(
    content: bytes | str, line: int, column: int | None, text: str | None
) -> None:
    error, place = broken(content)
    assert (place.source, place.line) == ("data/x.ttl", line)
    assert column is None or place.column == column
    assert text is None or place.text == text
    assert error.message.startswith("data/x.ttl is not valid Turtle: ")
    assert error.hint


@pytest.mark.parametrize(
    "content", [HEAD + "<a> mg:name", HEAD + "<a> mg:name '''x\n\n", "<a>\n\n"]
)
def test_a_file_that_ends_too_soon_is_told_at_a_line_it_has(content: str) -> None:
    _, place = broken(content)
    assert place.line is not None
    assert 1 <= place.line <= content.count("\n") + 1
    assert place.text is not None


@settings(max_examples=120, deadline=None)
@given(st.data())
def test_a_damaged_file_parses_or_is_told_at_a_line_it_has(data: st.DataObject) -> None:
    position = data.draw(st.integers(0, len(REAL) - 1))
    instead = data.draw(
        st.one_of(st.binary(max_size=3), st.sampled_from([b'"', b"<", b"[", b"\xc3"]))
    )
    damaged = REAL[:position] + instead + REAL[position + 1 :]
    try:
        list(read_quads(ContentFile("data/x.ttl", damaged)))
    except ContentSyntaxError as error:
        place = error.place
        assert place is not None
        lines = re.split(rb"\r\n|\r|\n", damaged)
        assert place.line is not None
        assert place.column is not None
        assert 1 <= place.line <= len(lines)
        assert place.text == lines[place.line - 1].decode(errors="replace")


@settings(max_examples=100, deadline=None)
@given(st.binary(max_size=60))
def test_no_bytes_raise_anything_else(content: bytes) -> None:
    with suppress(ContentSyntaxError):
        list(read_quads(ContentFile("data/x.ttl", content)))


def test_a_link_out_of_the_repository_is_refused(tmp_path: Path) -> None:
    repository = small.repository(tmp_path / "checkout")
    outside = tmp_path / "outside"
    outside.mkdir()
    (outside / "secret.ttl").write_text("a secret", encoding="utf-8")
    for folder, read in ((repository.data, content_files), (repository.shapes, shape_files)):
        for target in (outside, outside / "secret.ttl", repository.data / "records" / "one.ttl"):
            link = folder / "odd.ttl"
            link.symlink_to(target)
            with pytest.raises(ContentError, match=r"odd\.ttl cannot be read") as caught:
                read(repository)
            assert "secret" not in str(caught.value)
            link.unlink()
    (repository.data / "odd").symlink_to(outside)
    with pytest.raises(ContentError, match="data/odd cannot be read"):
        content_files(repository)


def test_a_folder_that_leads_out_of_the_repository_is_refused(tmp_path: Path) -> None:
    repository = small.repository(tmp_path / "checkout")
    repository.shapes.rmdir()
    (tmp_path / "outside").mkdir()
    (tmp_path / "outside" / "a.ttl").write_text("a secret", encoding="utf-8")
    repository.shapes.symlink_to(tmp_path / "outside")
    with pytest.raises(ContentError, match=r"shapes/a\.ttl cannot be read"):
        shape_files(repository)


def test_shapes_are_read_in_subfolders_and_hidden_files_are_not(tmp_path: Path) -> None:
    repository = small.repository(tmp_path)
    small.write(repository.shapes / "sub" / "a.ttl", "")
    (repository.shapes / ".#a.ttl").symlink_to("someone@host.1234:5678")
    assert [file.path for file in shape_files(repository)] == ["shapes/sub/a.ttl"]
