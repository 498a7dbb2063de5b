"""One change, told in every format, is the same change."""

from __future__ import annotations

import os
import random
import re
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pyoxigraph import BlankNode, NamedNode, Quad, RdfFormat, serialize

from change_support import HEAD, ROOT, random_edit, real_files, triples_of, turtle
from migov.change import Change, Files, diff, files_now, patch, read_change
from migov.change.write import Edit, edited
from migov.dataset import ContentFile, graph_iri, in_graph
from migov.dataset.canonical import same
from migov.engine import Limits, LocalEngine
from migov.errors import (
    ConflictError,
    DeadlineError,
    MigovError,
    QuerySyntaxError,
    RefusedError,
    RequestError,
    TooComplexError,
)
from migov.repository import find_repository
from migov.snapshot import build_snapshot
from migov.vocabulary import GRAPH

CASES = int(os.environ.get("MIGOV_TEST_CASES", "40"))
FILES = real_files()
NEW = "data/actors/new-one.ttl"


@pytest.fixture(scope="module")
def engine() -> Iterator[LocalEngine]:
    snapshot = build_snapshot(find_repository(ROOT), ROOT / ".cache" / "snapshots")
    found = LocalEngine(snapshot, Limits(deadline=5))
    yield found
    found.close()


def in_trig(change: Change, path: str) -> bytes:
    return serialize(_quads(change, path), format=RdfFormat.TRIG) or b""


def _quads(change: Change, path: str) -> list[Quad]:
    graph = NamedNode(graph_iri(path))
    return [in_graph(triple, graph) for triple in triples_of(change.after[path])]


def as_trig(change: Change, path: str) -> Change:
    return read_change(change.before, in_trig(change, path), "trig", replace=True)


def as_nquads(change: Change, path: str) -> Change:
    content = serialize(_quads(change, path), format=RdfFormat.N_QUADS) or b""
    return read_change(change.before, content, "n-quads", replace=True)


def as_turtle(change: Change, path: str) -> Change:
    content = change.after[path].content
    return read_change(change.before, content, "turtle", replace=True)


def as_patch(change: Change, path: str) -> Change:
    return read_change(change.before, patch(change).encode(), "patch")


def as_rdf_patch(change: Change, path: str) -> Change:
    found = diff(change).graphs[0]
    back = {new: old for old, new in found.nodes.items()}
    lines = ["H version <urn:x> .", "TX ."]
    lines += [f"D {quad} ." for quad in found.removed]
    for quad in found.added:
        terms = [str(quad.subject), str(quad.predicate), str(quad.object), str(quad.graph_name)]
        for at, term in ((0, quad.subject), (2, quad.object)):
            if isinstance(term, BlankNode) and term in back:
                terms[at] = str(back[term])
            elif isinstance(term, BlankNode):
                terms[at] = f"<_:new{str(term)[2:]}>"
        lines.append(f"A {' '.join(terms)} .")
    return read_change(change.before, "\n".join([*lines, "TC ."]).encode(), "rdf-patch")


@pytest.mark.parametrize("tell", [as_trig, as_nquads, as_turtle, as_patch, as_rdf_patch])
@settings(max_examples=CASES, deadline=None, derandomize=True)
@given(seed=st.integers(0, 2**32))
def test_every_format_says_the_same(tell: Callable[[Change, str], Change], seed: int) -> None:
    source = random.Random(seed)
    path = source.choice([*sorted(FILES), NEW])
    before = triples_of(FILES.get(path))
    removed, added = random_edit(source, before or turtle("actor:new-one a mg:Actor ."))
    change = Change(FILES, edited(FILES, {path: Edit(removed, added)}))
    if not diff(change).graphs:
        return
    told = tell(change, path)
    assert told.touched == (path,)
    assert same(triples_of(told.after[path]), triples_of(change.after[path]))
    one, other = diff(told), diff(change)
    assert [len(one.added), len(one.removed)] == [len(other.added), len(other.removed)]
    assert one.entities == other.entities


def test_adding_twice_is_adding_once() -> None:
    text = HEAD + "actor:who mg:budget [ a mg:MonetaryAmount ; mg:amount 1.00 ] ; mg:acronym 'W' ."
    once = read_change(FILES, text.encode(), "turtle", target="data/actors/who.ttl")
    twice = read_change(once.after, text.encode(), "turtle", target=f"{GRAPH}data/actors/who.ttl")
    assert once.touched == ("data/actors/who.ttl",)
    assert twice.touched == ()


def test_a_new_graph_makes_a_file_and_an_emptied_one_loses_its(engine: LocalEngine) -> None:
    files = files_now(find_repository(ROOT))
    made = read_change(
        files,
        f"INSERT DATA {{ GRAPH <{GRAPH}{NEW}> {{ actor:new-one a mg:Actor }} }}".encode(),
        "update",
        engine=engine,
    )
    assert made.after[NEW].content.startswith(f"@base <{GRAPH}{NEW}> .\n".encode())
    gone = read_change(
        files,
        f"DELETE WHERE {{ GRAPH <{GRAPH}data/actors/who.ttl> {{ ?s ?p ?o }} }}".encode(),
        "update",
        engine=engine,
    )
    assert gone.touched == ("data/actors/who.ttl",)
    assert "data/actors/who.ttl" not in gone.after


def test_triples_do_not_write_a_mapping_set() -> None:
    said = "<https://w3id.org/migov/id/actor/iom> <https://schema.org/sameAs> <http://e.example/x>"
    for name in ("ror", "new"):
        target = f"data/mappings/{name}.sssom.tsv"
        with pytest.raises(RefusedError, match="is a mapping set"):
            read_change(FILES, f"{said} .".encode(), "turtle", target=target)


def test_an_update_changes_one_amount_and_keeps_lexical_forms(engine: LocalEngine) -> None:
    files = files_now(find_repository(ROOT))
    path = "data/records/iom/lm-0416.ttl"
    text = f"""WITH <{GRAPH}{path}>
    DELETE {{ ?b mg:amount ?a }} INSERT {{ ?b mg:amount 12.50 ; mg:currency ?c }}
    WHERE {{ ?i mg:budget ?b . ?b mg:amount ?a ; mg:currency ?c }} ;
    DELETE {{ GRAPH ?g {{ ?b mg:amount ?a }} }} INSERT {{ GRAPH ?g {{ ?b mg:amount 300000.10 }} }}
    WHERE {{ GRAPH ?g {{ ?b mg:amount ?a }} FILTER EXISTS {{ ?b mg:amount 12.5 }} }}"""
    change = read_change(files, text.encode(), "update", engine=engine)
    old, new = files[path].content.splitlines(), change.after[path].content.splitlines()
    assert change.touched == (path,)
    assert [line for line in new if line not in old] == [b"    mg:amount 300000.10 ;"]
    assert len(old) == len(new)


def test_a_sequence_sees_what_went_before(engine: LocalEngine) -> None:
    files = files_now(find_repository(ROOT))
    graph = f"<{GRAPH}{NEW}>"
    text = f"""INSERT DATA {{ GRAPH {graph} {{ actor:new-one a mg:Actor }} }} ;
    PREFIX x: <urn:x>
    INSERT {{ GRAPH {graph} {{ ?s mg:name "N" }} }}
    WHERE {{ ?s a mg:Actor FILTER(?s = actor:new-one) }} ;
    DELETE WHERE {{ GRAPH {graph} {{ ?s a mg:Actor }} }}"""
    change = read_change(files, text.encode(), "update", engine=engine)
    assert same(triples_of(change.after[NEW]), turtle('actor:new-one mg:name "N" .'))


OURS = f"<{GRAPH}data/actors/who.ttl>"


@pytest.mark.parametrize(
    ("text", "line", "column"),
    [
        ("LOAD <file:///etc/passwd>", 1, 1),
        ("ASK {}\nLOAD <http://localhost/>", 2, 1),
        (
            f"INSERT {{ GRAPH {OURS} {{ ?s ?p ?o }} }}\nWHERE"
            " { SERVICE <http://x> { ?s ?p ?o } }",
            2,
            9,
        ),
        ("\nINSERT DATA { actor:who a mg:Actor }", 2, 15),
        ("DELETE WHERE {\n  ?s ?p ?o }", 2, 3),
        ("INSERT DATA {\n GRAPH <http://example.org/g> { actor:who a mg:Actor } }", 2, 8),
        (f"INSERT DATA {{ GRAPH <{GRAPH}inferred> {{ actor:who a mg:Actor }} }}", 1, 21),
        (f"WITH <{GRAPH}data/../x.ttl> DELETE {{ ?s ?p ?o }} WHERE {{ ?s ?p ?o }}", 1, 6),
        ("CLEAR ALL", 1, 1),
        (f"DROP GRAPH {OURS}", 1, 1),
        ("INSERT DATA {} ; \\u004cOAD <http://x/>", 1, 18),
        (f"INSERT DATA {{ GRAPH {OURS} {{ <a:a> <a:b> <<( <a:a> <a:b> <a:c> )>> }} }}", 1, None),
    ],
)
def test_updates_that_reach_outside_are_refused(
    engine: LocalEngine, text: str, line: int, column: int | None
) -> None:
    with pytest.raises(RefusedError) as caught:
        read_change(files_now(find_repository(ROOT)), text.encode(), "update", engine=engine)
    place = caught.value.place
    assert place is not None
    assert place.line == line
    assert column is None or place.column == column


def test_updates_that_are_wrong_or_endless_end_with_typed_errors(engine: LocalEngine) -> None:
    files = files_now(find_repository(ROOT))

    def run(text: str) -> None:
        read_change(files, text.encode(), "update", engine=engine)

    with pytest.raises(QuerySyntaxError) as caught:
        run(f"INSERT DATA {{}} ;\n\nDELETE WHERE {{ GRAPH {OURS} {{ ?s ?p }} }}")
    assert caught.value.place is not None
    assert caught.value.place.line == 3
    with pytest.raises(TooComplexError):
        run(f"INSERT {{ GRAPH {OURS} {{ ?s ?p ?o }} }} WHERE " + "{" * 20_000 + "}" * 20_000)
    with pytest.raises((DeadlineError, MigovError)):
        run(
            f"INSERT {{ GRAPH {OURS} {{ ?a ?b ?c }} }} WHERE "
            "{ ?a ?b ?c . ?d ?e ?f . ?g ?h ?i . ?j ?k ?l }"
        )


@pytest.mark.parametrize(
    ("format", "text", "line"),
    [
        ("trig", "<urn:a> <urn:b> <urn:c> .", 1),
        ("trig", f"GRAPH {OURS} {{ <urn:a> <urn:b> 1 }}\n<urn:g> {{ <urn:a> <urn:b> 1 }}", 2),
        ("trig", "GRAPH <urn:g> {\n <urn:a> <urn:b> }", 2),
        ("n-quads", f"<urn:a> <urn:b> <urn:c> {OURS} .\n# x\n<urn:a> <urn:b> <urn:c> .", 3),
        ("n-quads", "<urn:a> <urn:b> .", 1),
        ("rdf-patch", f"A <urn:a> <urn:b> <urn:c> {OURS} .\nD <urn:a> <urn:b> <urn:d> {OURS} .", 2),
        ("rdf-patch", "TX .\nQ <urn:a> .", 2),
        ("rdf-patch", "A <urn:a> <urn:b> <urn:c> .", 1),
        ("rdf-patch", "\nA <urn:a> <urn:b> <urn:c> <urn:g> .", 2),
        ("rdf-patch", f"A <urn:a> 'x' <urn:c> {OURS} .", 1),
        ("rdf-patch", f"A <urn:a> x:b <urn:c> {OURS} .", 1),
        ("rdf-patch", "PA nothing", 1),
        ("patch", "hello", 1),
        ("patch", "diff --git a/data/a.ttl b/data/a.ttl\n--- a/data/a.ttl\n+++ b/x\n", 3),
        ("patch", "diff --git a/data/a.ttl b/data/a.ttl\nBinary files differ\n", 2),
        ("turtle", "@base <http://example.org/> .", 1),
        ("turtle", f"@base {OURS} .\n<> <urn:b> x:y .", 2),
    ],
)
def test_errors_name_the_line_of_the_proposal(format: str, text: str, line: int) -> None:
    with pytest.raises(RequestError) as caught:
        read_change(FILES, text.encode(), format)
    assert caught.value.place is not None
    assert caught.value.place.line == line
    assert caught.value.place.column


def test_a_patch_fits_exactly_or_not_at_all() -> None:
    path = "data/actors/who.ttl"
    after = {**FILES, path: ContentFile(path, FILES[path].content.replace(b"ROR", b"XYZ"))}
    text = patch(Change(FILES, after)).encode()
    shifted = {**FILES, path: ContentFile(path, b"\n" + FILES[path].content)}
    assert read_change(FILES, text, "patch").after == after
    with pytest.raises(ConflictError, match="does not fit"):
        read_change(shifted, text, "patch")
    with pytest.raises(ConflictError, match="no file"):
        read_change({}, text, "patch")


def test_a_patch_names_what_is_not_the_datasets() -> None:
    text = b"""diff --git a/README.md b/README.md
--- a/README.md
+++ b/README.md
@@ -1 +1 @@
-a
+b
"""
    change = read_change(FILES, text, "patch")
    assert change.left_out == ("README.md",)
    assert change.touched == ()


@pytest.mark.needs("git")
def test_git_applies_our_patch_and_we_read_gits(tmp_path: Path) -> None:
    def git(*words: str, stdin: bytes = b"") -> bytes:
        return subprocess.run(
            ["git", *words], cwd=tmp_path, input=stdin, check=True, capture_output=True
        ).stdout

    (tmp_path / "data").mkdir()
    files = {
        "data/a b.ttl": b"<urn:a> <urn:b> 1 .\n" * 20 + b"no newline at the end",
        "data/\xc3\xa9.ttl".encode("latin-1").decode(): b"one\n",
        "data/gone.ttl": b"x\ny\n",
    }
    before: Files = {path: ContentFile(path, content) for path, content in files.items()}
    for path, content in files.items():
        (tmp_path / path).write_bytes(content)
    git("init", "-q")
    git("add", ".")
    git("-c", "user.name=a", "-c", "user.email=a@b", "commit", "-q", "-m", "x")
    after: dict[str, ContentFile] = {
        path: ContentFile(path, re.sub(rb"1", b"2", file.content, count=3) + b"!")
        for path, file in before.items()
    }
    del after["data/gone.ttl"]
    after["data/new.ttl"] = ContentFile("data/new.ttl", b"<urn:a> <urn:b> 1 .\n")
    ours = patch(Change(before, after)).encode()
    git("apply", stdin=ours)
    for path, file in after.items():
        assert (tmp_path / path).read_bytes() == file.content
    git("add", ".")
    theirs = git("diff", "--cached", "HEAD")
    assert read_change(before, theirs, "patch").after == after
    assert read_change(before, ours, "patch").after == after


@settings(max_examples=CASES * 5, deadline=None, derandomize=True)
@given(
    st.sampled_from(["patch", "rdf-patch", "trig", "n-quads", "turtle"]),
    st.one_of(
        st.binary(max_size=200),
        st.text(max_size=200).map(str.encode),
        st.text("<>:_\"'.@[](){}AD \n#^\\au1;,", max_size=80).map(str.encode),
    ),
)
def test_whatever_comes_in_gives_a_change_or_a_typed_error(format: str, content: bytes) -> None:
    try:
        change = read_change({}, content, format, target="data/x.ttl")
    except MigovError:
        pass
    else:
        diff(change)


@pytest.mark.parametrize("format", ["rdf-patch", "trig", "n-quads", "turtle"])
@pytest.mark.parametrize(
    "content",
    [
        b"<urn:a> <urn:b> " + b"[ <urn:b> " * 50_000 + b"1" + b"]" * 50_000 + b" .",
        b"<urn:a> <urn:b> " + b"( " * 50_000 + b")" * 50_000 + b" .",
        b"<urn:a> <urn:b> " + b"<<( <urn:a> <urn:b> " * 50_000,
        b'A <urn:a> <urn:b> "' + b"x" * 20_000_000 + b'" .',
        b'<urn:a> <urn:b> "' + b"x" * 20_000_000 + b'" .',
        b'<urn:a> <urn:b> "\\u005C" . <urn:a> <urn:b> ' + b"<<( <urn:a> <urn:b> " * 50_000 + b'"',
        b"\x00" * 100,
        b"x" * 40_000_000,
        b"\xf0\x28\x8c\x28",
    ],
    ids=[
        "brackets",
        "lists",
        "triple terms",
        "literal A",
        "literal",
        "hidden",
        "NUL",
        "long",
        "binary",
    ],
)
def test_bombs_give_typed_errors(format: str, content: bytes) -> None:
    with pytest.raises(MigovError):
        read_change(FILES, content, format, target="data/x.ttl")


def test_rdf_patch_blank_nodes_are_those_that_the_lines_describe() -> None:
    path = "data/records/iom/lm-0416.ttl"
    graph = f"<{GRAPH}{path}>"
    text = (
        'PA mg: <https://w3id.org/migov/ns#> .\nPA "xsd" "http://www.w3.org/2001/XMLSchema#" .\n'
        f'D _:b mg:amount 300000.00 {graph} .\nA _:b mg:amount "1.00"^^xsd:decimal {graph} .\n'
    )
    found = diff(read_change(FILES, text.encode(), "rdf-patch"))
    assert [str(quad.object).partition("^^")[0] for quad in found.added] == ['"1.00"']
    assert len(found.removed) == 1
    ambiguous = f"D _:b a <https://w3id.org/migov/ns#Annotation> {graph} .".replace(
        " a ", " <http://www.w3.org/1999/02/22-rdf-syntax-ns#type> "
    )
    with pytest.raises(RefusedError, match="several"):
        read_change(FILES, ambiguous.encode(), "rdf-patch")
    aborted = f"TX .\nA <urn:a> <urn:b> <urn:c> {graph} .\nTA .\n"
    assert read_change(FILES, aborted.encode(), "rdf-patch").touched == ()
