"""The files of canned questions are read strictly, and reading one runs nothing."""

from __future__ import annotations

import re
import socket
from pathlib import Path

import pytest

import catalogue_support
from catalogue_support import HEADER, QUERY, load_one
from migov.catalogue import CannedQuery, load_catalogue
from migov.errors import ContentError, ContentSyntaxError, UnknownQueryError
from migov.vocabulary import BASE

query = catalogue_support.query


def test_what_a_loaded_query_knows_of_itself(query: CannedQuery) -> None:
    assert (query.slug, query.form, query.view, query.inferred) == (
        "a-question",
        "SELECT",
        "table",
        False,
    )
    assert query.title["fr"] == "Une question"
    assert query.columns[0] == "country"
    assert not query.text.startswith("#+")
    assert query.parameters[0].of == BASE + "ns#Country"
    assert query.parameters[0].example == "mar"


def test_an_unknown_query_is_answered_with_names(query: CannedQuery, tmp_path: Path) -> None:
    (tmp_path / "budgets.rq").write_text(HEADER + QUERY, encoding="utf-8")
    with pytest.raises(UnknownQueryError) as caught:
        load_catalogue(tmp_path).find("budget")
    assert caught.value.hint == "Did you mean budgets?"


@pytest.mark.parametrize(
    ("old", "new", "line", "message"),
    [
        ("#+ title: {en: A question, fr: Une question}", "#+ title: en: a", 1, "YAML"),
        ("fr: Une question", "de: Eine Frage", 1, "title.fr"),
        ("#+ view: table", "#+ view: poem", 11, "view"),
        ("#+ inferred: false", "#+ infered: false", 12, "infered"),
        ("#+ view: table", "#+ view: table\n#+ view: map", 12, "twice"),
        ("type: number", "type: integer", 8, "type"),
        ('class: "mg:Country"', "class: Country", 4, "class"),
        ("choices: [en, fr]", "choices: [de, fr]", 10, "choices"),
        ("{country: mar}", "{land: mar}", 13, "land"),
        ("default: mar}", "default: mar, required: true}", 4, "required and has a default"),
        ("#+ view: table", "#+ order: [from, number]\n#+ view: table", 11, "order"),
        ("#+ view: table", "#+ order: [from]\n#+ view: table", 11, "order"),
        ("#+ view: table", "#+ order: [from, until]\n#+ view: table", 11, "order"),
        ("VALUES ?role { UNDEF }", "", 5, "0 times"),
        ("BIND(", "VALUES ?text { UNDEF } BIND(", 9, "2 times"),
        ("BIND(", "VALUES ?other { UNDEF } BIND(", 25, "other"),
        ("ORDER BY ?country", "ORDER ?country", 27, "parsed"),
    ],
)
def test_a_broken_file_is_named_with_its_line(
    tmp_path: Path, old: str, new: str, line: int, message: str
) -> None:
    with pytest.raises(ContentError, match=re.escape(message)) as caught:
        load_one(tmp_path, (HEADER + QUERY).replace(old, new))
    place = caught.value.place
    assert place is not None
    assert place.source.endswith("broken.rq")
    assert place.line == line


def test_a_file_without_a_header_says_how_to_begin_one(tmp_path: Path) -> None:
    with pytest.raises(ContentError) as caught:
        load_one(tmp_path, "ASK {}")
    assert caught.value.hint is not None


def test_a_file_name_that_is_no_slug_is_refused(tmp_path: Path) -> None:
    (tmp_path / "My Query.rq").write_text(HEADER + QUERY, encoding="utf-8")
    with pytest.raises(ContentError, match="not a name"):
        load_catalogue(tmp_path)


def test_a_syntax_error_is_a_kind_of_its_own(tmp_path: Path) -> None:
    with pytest.raises(ContentSyntaxError):
        load_one(tmp_path, HEADER + "SELECT nothing")


def broken(folder: Path, content: bytes) -> ContentSyntaxError:
    (folder / "queries").mkdir(exist_ok=True)
    (folder / "queries" / "broken.rq").write_bytes(content)
    with pytest.raises(ContentSyntaxError) as caught:
        load_catalogue(folder / "queries")
    return caught.value


@pytest.mark.parametrize(
    ("title", "message"),
    [
        (b"#+ title: {en: \xe9, fr: b}", "UTF-8"),
        (b"#+ title: {en: a\x01, fr: b}", "0x0001"),
        (b"#+ title: {en: a\x0c, fr: b}", "0x000c"),
        (b"#+ title: " + b"[" * 5000, "nests"),
        (b"#+ title: " + b"[" * 30 + b"]" * 30, "nests"),
        (b"#+ title: {en: &a [x, x], fr: *a}", "alias"),
        (b"#+ title: !unknown!tag a", "YAML"),
    ],
)
def test_what_is_no_header_is_named_with_its_line(
    tmp_path: Path, title: bytes, message: str
) -> None:
    before = b"#+ view: table\n#+ inferred: \xe2\x80\xa8 false\n"
    error = broken(tmp_path, before + title + b"\nASK {}\n")
    assert message in error.message
    assert error.place is not None
    assert (error.place.source, error.place.line) == ("queries/broken.rq", 3)


@pytest.mark.parametrize(
    "line",
    [
        "SERVICE nowhere:x { ?s ?p ?o }",
        "SERVICE <http://127.0.0.1:9/> { SERVICE <http://127.0.0.1:9/> { ?s ?p ?o } }",
        "service SILENT ?s { ?s ?p ?o }",
        "SERV\\u0049CE <http://127.0.0.1:9/> { ?s ?p ?o }",
        "FILTER(?a<?b#c>) } #\n{ SERVICE ?a {}",
        "{ SELECT * FROM <http://example.org/a.ttl> {} }",
        "{ SELECT * FROM NAMED <file:///etc/passwd> {} }",
        "(" * 5000,
    ],
)
def test_a_query_that_reaches_outside_is_never_run(
    tmp_path: Path, line: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("migov.sparql.stored.ox.Store", None)
    error = broken(tmp_path, f"{HEADER}ASK {{\n{line}\n}}".encode())
    assert error.place is not None
    assert error.place.line in (15, 16)


def test_a_query_that_asks_a_named_endpoint_is_read_and_nobody_is_asked(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as listening:
        listening.settimeout(0.2)
        endpoint = f"http://127.0.0.1:{listening.getsockname()[1]}/"
        service = f"SERVICE <{endpoint}> {{ ?s ?p ?o BIND(1 AS ?n) }}"
        query = load_one(tmp_path, HEADER + QUERY.replace("BIND(", f"{service} BIND("))
        assert service in query.text
        assert query.columns[:2] == ("country", "role")
        with pytest.raises(TimeoutError):
            listening.accept()


def test_the_source_is_kept_as_it_was_read(tmp_path: Path) -> None:
    query = load_one(tmp_path, HEADER + QUERY)
    (tmp_path / "broken.rq").unlink()
    assert query.source == HEADER + QUERY


def test_hidden_files_are_no_queries_and_links_are_refused(tmp_path: Path) -> None:
    folder = tmp_path / "queries"
    folder.mkdir()
    (folder / ".#a.rq").symlink_to("someone@host.1234:5678")
    assert not load_catalogue(folder)
    (tmp_path / "secret.rq").write_text("a secret", encoding="utf-8")
    (folder / "a.rq").symlink_to(tmp_path / "secret.rq")
    with pytest.raises(ContentError, match="link") as caught:
        load_catalogue(folder)
    assert "secret" not in str(caught.value)
