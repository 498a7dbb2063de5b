"""`migov validate`: the graph, and any RDF against any shapes."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from pyoxigraph import RdfFormat, Store

from cli_runner import copy_of_content, migov
from migov.errors import DataSyntaxError, RefusedError
from migov.gate.checks.context import did_you_mean
from migov.gate.documents import read_document, to_graph
from migov.gate.report import Severity
from migov.gate.validation import ShapesError, validate

SH = "http://www.w3.org/ns/shacl#"
HEAD = (
    "@prefix e: <http://e.example/> . @prefix sh: <http://www.w3.org/ns/shacl#> . "
    "@prefix xsd: <http://www.w3.org/2001/XMLSchema#> .\n"
)
SHAPES = (
    HEAD
    + """
e:Shape a sh:NodeShape ; sh:targetClass e:Thing ;
    sh:property [ sh:path e:code ; sh:pattern "^0[0-9]$" ; sh:minCount 1 ;
        sh:message "A code has two digits."@en , "Un code a deux chiffres."@fr ] ;
    sh:property [ sh:path e:part ; sh:node e:Part ] .
e:Part a sh:NodeShape ; sh:property [ sh:path e:size ; sh:maxInclusive 9 ] .
e:Unused a sh:NodeShape ; sh:targetClass e:Thnig ; sh:nodeKind sh:IRI .
"""
)
GOOD = HEAD + 'e:a a e:Thing ; e:code "07" .'
BAD = HEAD + 'e:a a e:Thing ; e:code "7" .\n'


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "shapes.ttl").write_text(SHAPES, encoding="utf-8")
    (tmp_path / "good.ttl").write_text(GOOD, encoding="utf-8")
    (tmp_path / "bad.ttl").write_text(BAD, encoding="utf-8")
    return tmp_path


def test_exit_codes_say_conforms_does_not_and_could_not_run(folder: Path) -> None:
    assert migov("validate", folder / "good.ttl", "-s", folder / "shapes.ttl").code == 0
    assert migov("validate", folder / "bad.ttl", "-s", folder / "shapes.ttl").code == 1
    (folder / "broken.ttl").write_text("e:a", encoding="utf-8")
    for data, shapes in (
        ("broken.ttl", "shapes.ttl"),
        ("good.ttl", "broken.ttl"),
        ("absent.ttl", "shapes.ttl"),
        ("good.ttl", "good.ttl"),
        ("shapes.nothing", "shapes.ttl"),
    ):
        result = migov("validate", data, "-s", shapes, folder=folder)
        assert result.code == 2, result.out
        assert result.err.startswith("Error: ")
        assert result.out == ""


def test_a_finding_says_where_what_and_why_in_both_languages(folder: Path) -> None:
    english = migov("validate", folder / "bad.ttl", "-s", folder / "shapes.ttl")
    french = migov("validate", folder / "bad.ttl", "-s", folder / "shapes.ttl", "--lang", "fr")
    for text in ('<http://e.example/a> → <http://e.example/code> → "7"', "A code has two digits."):
        assert text in english.out
    assert "Does not conform: 1 violation" in english.out
    assert "Un code a deux chiffres." in french.out
    assert "Non conforme\N{NO-BREAK SPACE}: " in french.out


def test_a_shape_that_checks_nothing_is_said(folder: Path) -> None:
    result = migov("validate", folder / "good.ttl", "-s", folder / "shapes.ttl")
    assert "Not checked: http://e.example/Unused checked nothing" in result.out
    document = json.loads(
        migov("validate", folder / "good.ttl", "-s", folder / "shapes.ttl", "-f", "json").out
    )
    assert [note["subject"] for note in document["notChecked"]] == ["http://e.example/Unused"]


def test_reports_for_programs(folder: Path) -> None:
    arguments = ("validate", folder / "bad.ttl", "-s", folder / "shapes.ttl", "--format")
    result = migov(*arguments, "json")
    document = json.loads(result.out)
    assert result.code == 1
    assert document["conforms"] is False
    (finding,) = document["findings"]
    assert finding["focusNode"] == {"type": "uri", "value": "http://e.example/a"}
    assert finding["constraintComponent"] == SH + "PatternConstraintComponent"
    assert finding["messages"]["fr"] == "Un code a deux chiffres."
    turtle = migov(*arguments, "turtle")
    store = Store()
    store.load(turtle.body, RdfFormat.TURTLE)
    assert store.query(
        f"ASK {{ ?r a <{SH}ValidationReport> ; <{SH}conforms> false ; <{SH}result> ?x . "
        f"?x <{SH}focusNode> <http://e.example/a> ; <{SH}value> '7' }}"
    )
    assert migov(*arguments, "json").body == result.body
    assert migov(*arguments, "turtle").body == turtle.body


def test_severity_decides_what_fails(folder: Path) -> None:
    (folder / "warned.ttl").write_text(
        HEAD + 'e:a a e:Thing ; e:code "07" . e:b e:size 10 .', encoding="utf-8"
    )
    (folder / "warning.ttl").write_text(
        HEAD + "e:W sh:targetNode e:b ; sh:property [ sh:path e:size ; sh:maxInclusive 9 ; "
        "sh:severity sh:Warning ] .",
        encoding="utf-8",
    )
    arguments = ("validate", folder / "warned.ttl", "-s", folder / "warning.ttl")
    assert migov(*arguments).code == 1  # SHACL: any result means that it does not conform
    assert migov(*arguments, "--fail-on", "violation").code == 0


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("x.nt", '<http://e.example/a> <http://e.example/code> "7" .\n{type}'),
        ("x.nq", '<http://e.example/a> <http://e.example/code> "7" <http://g.example/> .\n{type}'),
        ("x.trig", '<http://g.example/> {{ <http://e.example/a> <http://e.example/code> "7" }}\n'),
        (
            "x.rdf",
            '<rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#" '
            'xmlns:e="http://e.example/"><e:Thing rdf:about="http://e.example/a">'
            "<e:code>7</e:code></e:Thing></rdf:RDF>",
        ),
        (
            "x.jsonld",
            '{{"@id": "http://e.example/a", "@type": "http://e.example/Thing", '
            '"http://e.example/code": "7"}}',
        ),
    ],
)
def test_every_format_of_rdf_is_read(folder: Path, name: str, text: str) -> None:
    type_ = (
        "<http://e.example/a> <http://www.w3.org/1999/02/22-rdf-syntax-ns#type> "
        "<http://e.example/Thing> .\n"
    )
    (folder / name).write_text(text.format(type=type_), encoding="utf-8")
    result = migov("validate", folder / name, folder / "good.ttl", "-s", folder / "shapes.ttl")
    assert result.code == 1
    assert '→ "7"' in result.out


def test_standard_input_has_the_format_that_is_named(folder: Path) -> None:
    text = b'{"@id": "http://e.example/a", "@type": "http://e.example/Thing"}'
    arguments = ("validate", "-", "-s", folder / "shapes.ttl", "--data-format", "jsonld")
    assert migov(*arguments, stdin=text).code == 1


def test_a_folder_is_all_the_rdf_in_it(folder: Path) -> None:
    data = folder / "data"
    (data / "deep").mkdir(parents=True)
    (data / "deep" / "bad.ttl").write_text(BAD, encoding="utf-8")
    (data / "notes.txt").write_text("not RDF", encoding="utf-8")
    assert migov("validate", data, "-s", folder / "shapes.ttl").code == 1
    (data / "deep" / "bad.ttl").unlink()
    result = migov("validate", data, "-s", folder / "shapes.ttl")
    assert result.code == 2
    assert "holds no RDF file" in result.err


def test_the_lexical_form_is_judged_as_it_was_written(folder: Path) -> None:
    shapes = HEAD + "e:S sh:targetNode e:a ; sh:property [ sh:path e:n ; sh:hasValue 01 ] ."
    (folder / "s.ttl").write_text(shapes, encoding="utf-8")
    for number, code in (("01", 0), ("1", 1)):
        (folder / "n.ttl").write_text(f"{HEAD} e:a e:n {number} .", encoding="utf-8")
        assert migov("validate", folder / "n.ttl", "-s", folder / "s.ttl").code == code


def test_constraints_in_sparql_are_judged(folder: Path) -> None:
    shapes = HEAD + (
        "e:S sh:targetClass e:Thing ; sh:sparql [ sh:message 'No twins.' ; "
        "sh:select 'SELECT $this WHERE { $this <http://e.example/twin> $this }' ] ."
    )
    (folder / "s.ttl").write_text(shapes, encoding="utf-8")
    (folder / "d.ttl").write_text(f"{HEAD} e:a a e:Thing ; e:twin e:a .", encoding="utf-8")
    result = migov("validate", folder / "d.ttl", "-s", folder / "s.ttl")
    assert result.code == 1
    assert "No twins." in result.out


def test_documents_keep_their_blank_nodes_apart() -> None:
    one = read_document("1.ttl", b"_:a <http://e.example/p> 1 .")
    two = read_document("2.ttl", b"_:a <http://e.example/p> 2 .")
    assert len(set(to_graph([one, two]).subjects())) == 2


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("x.jsonld", b'{"@context": "https://a.example/context", "@id": "b:c", "name": "d"}'),
        ("x.jsonld", b'{"@context": {"@import": "file:///etc/passwd"}, "@id": "b:c"}'),
        ("x.rdf", b'<!DOCTYPE r [<!ENTITY a "b"><!ENTITY c "&a;&a;">]><rdf:RDF/>'),
        ("x.rdf", b'<!DOCTYPE r [<!ENTITY a SYSTEM "file:///etc/passwd">]><rdf:RDF/>'),
    ],
)
def test_nothing_outside_the_document_is_read(name: str, content: bytes) -> None:
    with pytest.raises(RefusedError):
        read_document(name, content)


def test_entities_that_name_a_namespace_are_harmless() -> None:
    text = (
        b'<!DOCTYPE rdf:RDF [<!ENTITY e "http://e.example/">]>'
        b'<rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#" '
        b'xmlns:e="http://e.example/"><e:Thing rdf:about="&e;a"/></rdf:RDF>'
    )
    assert str(read_document("x.owl", text).quads[0].subject) == "<http://e.example/a>"


def test_triple_terms_are_not_data_for_shacl() -> None:
    with pytest.raises(DataSyntaxError, match=r"RDF 1\.2"):
        read_document("x.ttl", b"<a:b> <a:c> <<( <a:d> <a:e> <a:f> )>> .")


@pytest.mark.parametrize(
    "shapes",
    [
        "e:S sh:targetClass e:T ; sh:sparql [ sh:select 'SELECT nonsense' ] .",
        "e:S sh:targetNode e:a ; sh:pattern '(' .",
        "e:S a sh:NodeShape ; sh:targetNode e:a ; sh:path e:p .",
        "e:S sh:targetNode e:a ; sh:minLength 'x' .",
        "e:S sh:targetNode e:a ; sh:node e:S .",
    ],
)
def test_broken_shapes_are_never_a_finding(shapes: str) -> None:
    data = to_graph([read_document("d.ttl", (HEAD + "e:a a e:T ; e:p e:a .").encode())])
    with pytest.raises(ShapesError):
        validate(data, to_graph([read_document("s.ttl", (HEAD + shapes).encode())]))


@settings(
    deadline=None, max_examples=80, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(
    st.binary(max_size=80)
    | st.text(max_size=60).map(lambda text: text.encode("utf-8", "surrogatepass"))
    | st.text('<>:e.ab"{}[]()@^ \n', max_size=60).map(str.encode),
    st.sampled_from(["turtle", "n-triples", "n-quads", "trig", "rdf-xml", "json-ld"]),
)
def test_any_bytes_get_an_exit_code_and_never_a_traceback(
    folder: Path, content: bytes, format_: str
) -> None:
    result = migov(
        *("validate", "-", "-s", folder / "shapes.ttl", "--data-format", format_), stdin=content
    )
    try:
        read_document("standard input", content, format_)
    except (DataSyntaxError, RefusedError):
        assert result.code == 2
        assert result.err.startswith("Error: ")
        assert result.out == ""
    else:
        assert result.code in (0, 1)


# ---- The graph of the repository


def test_what_is_wrong_in_a_file_is_found_on_its_line(tmp_path: Path) -> None:
    copy_of_content(tmp_path)
    ilo = tmp_path / "data" / "actors" / "ilo.ttl"
    lines = ilo.read_text(encoding="utf-8").splitlines()
    at = len(lines) + 1
    lines += [
        'actor:ilo mg:akronym "ILO" .',
        "actor:ilo mg:unitOf actor:un-systm .",
        'actor:ilo mg:memberCount "many" .',
    ]
    ilo.write_text("\n".join(lines) + "\n", encoding="utf-8")
    gats = tmp_path / "data" / "instruments" / "gats.ttl"
    text = gats.read_text(encoding="utf-8")
    gats.write_text(text.replace("<> a mg:CuratedGraph", "<> a mg:Nothing"), encoding="utf-8")
    who = tmp_path / "data" / "actors" / "who.ttl"
    text = who.read_text(encoding="utf-8")
    who.write_text(text.replace("actors/who.ttl>", "actors/whom.ttl>", 1), encoding="utf-8")
    result = migov("validate", "--format", "json", folder=tmp_path)
    assert result.code == 1
    found = {
        (finding["rule"].rpartition("/")[2], finding.get("file"), finding.get("line")): finding
        for finding in json.loads(result.out)["findings"]
        if finding["severity"] == "violation"
    }
    unknown = found["migov:unknown-term", "data/actors/ilo.ttl", at]
    assert unknown["column"] == len("actor:ilo ") + 1
    assert "Did you mean mg:acronym?" in unknown["messages"]["en"]
    dangling = found["migov:dangling-iri", "data/actors/ilo.ttl", at + 1]
    assert "Did you mean actor:un-system?" in dangling["messages"]["en"]
    assert any(
        file == "data/actors/ilo.ttl" and line == at + 2 and "memberCount" in str(finding)
        for (_, file, line), finding in found.items()
    )
    assert ("migov:graph-described", "data/instruments/gats.ttl", 7) in found
    assert ("migov:graph-base", "data/actors/who.ttl", 1) in found


def test_every_broken_file_is_named(tmp_path: Path) -> None:
    copy_of_content(tmp_path)
    for name in ("ilo", "who"):
        path = tmp_path / "data" / "actors" / f"{name}.ttl"
        path.write_text(path.read_text(encoding="utf-8") + "oops\n", encoding="utf-8")
    result = migov("validate", folder=tmp_path)
    assert result.code == 2
    assert result.err.count("is not valid Turtle") == 2


def test_the_graph_conforms_without_people(tmp_path: Path) -> None:
    copy_of_content(tmp_path)
    people = [*(tmp_path / "data" / "people").glob("*.ttl")]
    assert people
    for path in people:
        path.unlink()
    assert migov("validate", folder=tmp_path).code == 0


def test_a_broken_query_header_is_could_not_run(tmp_path: Path) -> None:
    copy_of_content(tmp_path)
    (tmp_path / "queries" / "broken.rq").write_text("SELECT * { ?s ?p }", encoding="utf-8")
    result = migov("validate", folder=tmp_path)
    assert result.code == 2
    assert "queries/broken.rq:1" in result.err
    (tmp_path / "queries" / "other.rq").write_bytes(b"#+ title:\n#+   fr: \xe9t\xe9\n")
    both = migov("validate", folder=tmp_path)
    assert both.code == 2
    assert "queries/broken.rq:1" in both.err
    assert "queries/other.rq:2" in both.err
    assert "is not UTF-8" in both.err


def test_one_of_a_thing_is_counted_as_one(tmp_path: Path) -> None:
    (tmp_path / "data.ttl").write_text("<http://e.example/a> <http://e.example/b> 1 .")
    (tmp_path / "shapes.ttl").write_text(
        "@prefix sh: <http://www.w3.org/ns/shacl#> . "
        "[] a sh:NodeShape ; sh:targetNode <http://e.example/a> ; sh:nodeKind sh:IRI ."
    )
    arguments = ("validate", "data.ttl", "--shapes", "shapes.ttl")
    assert "(1 triple, 1 shape, 1 node check)" in migov(*arguments, folder=tmp_path).out
    french = migov(*arguments, "--lang", "fr", folder=tmp_path).out
    assert "(1 triplet, 1 forme, 1 nœud vérifié)" in french


def test_severities_are_ordered() -> None:
    assert Severity.INFO < Severity.WARNING < Severity.VIOLATION
    assert did_you_mean("https://w3id.org/migov/ns#Zebra", ["https://w3id.org/migov/ns#A"]) is None
