"""`migov fmt`: one layout, the same meaning, every comment, and nothing else."""

from __future__ import annotations

import stat
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pyoxigraph import CanonicalizationAlgorithm, Dataset, RdfFormat, parse

from cli_runner import ROOT, migov
from migov.dataset.turtle import format_turtle
from migov.dataset.turtle.blocks import comments
from migov.dataset.turtle.tokens import UnknownTurtleError
from migov.errors import DataSyntaxError

BEFORE = """\
# What this file is about
@prefix mg: <https://w3id.org/migov/ns#> .
@prefix actor:  <https://w3id.org/migov/id/actor/>.
PREFIX skos: <http://www.w3.org/2004/02/skos/core#>
@base <https://w3id.org/migov/graph/data/x.ttl> .



<>   a    mg:CuratedGraph.
# ---- A section
actor:b mg:acronym "B", "A10", "A9" ; # why
   skos:prefLabel "deux"@fr, "two"@en ; a mg:Organisation ; .
actor:c mg:budget [ mg:currency "USD" ; mg:amount 300000.00 ; a mg:MonetaryAmount ] ;
   a mg:Organisation ; mg:list ( 1 2.50 true ) . # at its end
"""
AFTER = """\
# What this file is about
@base <https://w3id.org/migov/graph/data/x.ttl> .
@prefix actor: <https://w3id.org/migov/id/actor/> .
@prefix mg: <https://w3id.org/migov/ns#> .
@prefix skos: <http://www.w3.org/2004/02/skos/core#> .

<> a mg:CuratedGraph .
# ---- A section
actor:b mg:acronym "B", "A10", "A9" ; # why
   skos:prefLabel "deux"@fr, "two"@en ; a mg:Organisation ; .
actor:c a mg:Organisation ;
    mg:list ( 1 2.50 true ) ;
    mg:budget [ a mg:MonetaryAmount ; mg:amount 300000.00 ; mg:currency "USD" ] . # at its end
"""


def canonical(content: bytes) -> Dataset:
    dataset = Dataset(parse(content, format=RdfFormat.TURTLE, base_iri="http://a.example/"))
    dataset.canonicalize(CanonicalizationAlgorithm.RDFC_1_0)
    return dataset


def test_the_house_layout() -> None:
    assert format_turtle("x.ttl", BEFORE.encode()).decode() == AFTER


def test_predicates_and_objects_have_one_order() -> None:
    prefix = "@prefix e: <http://e.example/> .\n"
    one = prefix + 'e:s e:b e:x10 , e:x9 ; a e:C ; e:a "z"@fr , "y"@en .'
    two = prefix + 'e:s a e:C ; e:a "y"@en ; e:b e:x9 ; e:a "z"@fr ; e:b e:x10 , e:x9 .'
    assert format_turtle("1", one.encode()) == format_turtle("2", two.encode())


@pytest.mark.parametrize(
    "path", sorted(ROOT.glob("data/**/*.ttl")) + sorted(ROOT.glob("*/**/thamm*.ttl")), ids=str
)
def test_real_files_keep_their_meaning_and_their_comments(path: Path) -> None:
    before = path.read_bytes()
    after = format_turtle(str(path), before)
    assert canonical(after) == canonical(before)
    assert comments(after.decode()) == comments(before.decode())
    assert format_turtle(str(path), after) == after


_ESCAPES = {ord('"'): '\\"', ord("\\"): "\\\\", 10: "\\n", 13: "\\r"} | {
    code: f"\\u{code:04X}" for code in [*range(10), 11, 12, *range(14, 32), *range(0xD800, 0xE000)]
}
NAMES = st.sampled_from(["e:a", "e:b.c", "<x>", "<http://e.example/é>", "e:1-2", "e:x\\,y", "_:n"])
LITERALS = st.builds(
    lambda text, tail: '"' + text.translate(_ESCAPES) + '"' + tail,
    st.text(max_size=8),
    st.sampled_from(["", "@en", "@fr-CA", "^^e:T", "^^<t>"]),
) | st.sampled_from(
    ["1", "-01.50", "1e6", "true", '"""a\n"b" # no\n"""', "'it'", "''' x '''", '"a#b"@en']
)
GAPS = st.sampled_from([" ", "\n", "  \n\n\n", "\t", " # remark\n", "\n# line \n\n# two\n", "\r\n"])


@st.composite
def objects(draw: st.DrawFn, depth: int = 2) -> str:
    kind = draw(st.integers(0, 5)) if depth else 0
    if kind == 4:
        items = draw(st.lists(objects(depth - 1), max_size=3))
        return f"({' '.join(items)})"
    if kind == 5:
        return f"[{draw(pairs(depth - 1)) if draw(st.booleans()) else ''}]"
    return draw(NAMES | LITERALS)


@st.composite
def pairs(draw: st.DrawFn, depth: int = 2) -> str:
    texts = []
    for _ in range(draw(st.integers(1, 3))):
        predicate = draw(st.sampled_from(["a", "e:p", "<q>", "e:label"]))
        values = draw(st.lists(objects(depth), min_size=1, max_size=3))
        gap = draw(GAPS)
        if predicate == "a":
            values = ["e:C"]
        texts.append(f"{predicate}{gap}{(gap + ', ').join(values)}")
    return (draw(GAPS) + ";").join(texts)


@st.composite
def documents(draw: st.DrawFn) -> str:
    parts = ["@base <http://b.example/> .", draw(GAPS), "@prefix e: <http://e.example/> ."]
    for _ in range(draw(st.integers(0, 4))):
        parts.append(draw(GAPS))
        if draw(st.integers(0, 6)) == 0:
            parts.append("PREFIX e: <other#>\n")
        subject = draw(st.sampled_from(["e:s", "<>", "_:n", "[]", "( 1 )", "[ e:p 1 ]"]))
        parts.append(f"{subject} {draw(pairs())}{draw(GAPS)}.")
    parts.append(draw(GAPS))
    return "".join(parts)


@settings(deadline=None, max_examples=120)
@given(documents())
def test_any_document_keeps_its_meaning_and_its_comments(document: str) -> None:
    before = document.encode()
    after = format_turtle("x.ttl", before)
    assert canonical(after) == canonical(before)
    assert comments(after.decode()) == comments(document)
    assert format_turtle("x.ttl", after) == after


@settings(deadline=None, max_examples=90)
@given(
    st.binary(max_size=60) | st.text(alphabet='<>:a."[]();,@ #\n\\', max_size=40).map(str.encode)
)
def test_any_bytes_are_laid_out_or_refused(content: bytes) -> None:
    try:
        after = format_turtle("x.ttl", content)
    except (DataSyntaxError, UnknownTurtleError):
        return
    assert canonical(after) == canonical(content)


def test_a_comment_that_is_not_utf_8_is_refused_with_its_line() -> None:
    with pytest.raises(DataSyntaxError) as caught:
        format_turtle("x.ttl", b"\n#\x80\n")
    assert str(caught.value.place) == "x.ttl:2"


def test_turtle_of_the_future_is_refused_with_its_place() -> None:
    text = "@prefix e: <http://e.example/> .\ne:a e:b <<( e:c e:d e:e )>> .\n"
    with pytest.raises(UnknownTurtleError) as caught:
        format_turtle("x.ttl", text.encode())
    assert str(caught.value.place) == "x.ttl:2:9"


def test_check_changes_nothing_and_tells(tmp_path: Path) -> None:
    path = tmp_path / "x.ttl"
    path.write_text(BEFORE, encoding="utf-8")
    result = migov("fmt", "--check", path)
    assert result.code == 1
    assert f"would change  {path}" in result.out
    assert path.read_text(encoding="utf-8") == BEFORE
    shown = migov("fmt", "--diff", path)
    assert shown.code == 1
    assert "\n+actor:c a mg:Organisation ;\n" in shown.out
    assert path.read_text(encoding="utf-8") == BEFORE


def test_files_are_written_in_place_and_keep_their_permissions(tmp_path: Path) -> None:
    path = tmp_path / "x.ttl"
    path.write_text(BEFORE, encoding="utf-8")
    path.chmod(0o640)
    assert migov("fmt", tmp_path).code == 0
    assert path.read_text(encoding="utf-8") == AFTER
    assert stat.S_IMODE(path.stat().st_mode) == 0o640
    assert [file.name for file in tmp_path.iterdir()] == ["x.ttl"]
    assert migov("fmt", "--check", path).code == 0


def test_a_broken_file_stays_and_the_others_are_done(tmp_path: Path) -> None:
    (tmp_path / "a.ttl").write_text("<a> <b> .", encoding="utf-8")
    (tmp_path / "b.ttl").write_text(BEFORE, encoding="utf-8")
    result = migov("fmt", tmp_path)
    assert result.code == 2
    assert "a.ttl:1:9" in result.err
    assert (tmp_path / "a.ttl").read_text() == "<a> <b> ."
    assert (tmp_path / "b.ttl").read_text(encoding="utf-8") == AFTER


def test_standard_input_to_standard_output() -> None:
    assert migov("fmt", "-", stdin=BEFORE.encode()).out == AFTER
    assert migov("fmt", "-", stdin=b"<a").code == 2


def test_a_number_of_any_length_has_its_place() -> None:
    """Python makes no number of more than 4,300 digits, and a text may have them."""
    text = "@prefix e: <http://e.example/> .\ne:s e:p " + f'"{"9" * 5000}" , "10" , "09" .'
    laid_out = format_turtle("x.ttl", text.encode()).decode()
    assert laid_out.index('"09"') < laid_out.index('"10"') < laid_out.index('"999')


@pytest.mark.parametrize(("opening", "closing"), [("[ e:p ", " ]"), ("( ", " )")])
def test_deep_nodes_are_laid_out_once_each(opening: str, closing: str) -> None:
    """A layout that looks at each level twice would need 2^60 looks."""
    text = "@prefix e: <http://e.example/> .\ne:s e:p " + opening * 60 + "1" + closing * 60 + " ."
    laid_out = format_turtle("x.ttl", text.encode())
    assert canonical(laid_out) == canonical(text.encode())
    assert format_turtle("x.ttl", laid_out) == laid_out
