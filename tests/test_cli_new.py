"""`migov new`: what it writes conforms but for its blanks, and it takes nothing away."""

from __future__ import annotations

import hashlib
import re
from pathlib import Path

import pytest

from cli_runner import copy_of_content, migov
from migov.dataset import content_files
from migov.dataset.turtle import format_turtle
from migov.gate.report import Severity
from migov.gate.repository import check_repository
from migov.gate.structure import BLANK
from migov.repository import Repository


@pytest.fixture
def content(tmp_path: Path) -> Path:
    return copy_of_content(tmp_path)


def test_every_scaffold_conforms_but_for_its_blanks(content: Path) -> None:
    (content / "page.txt").write_text("one\ntwo\n", encoding="utf-8")
    commands = (
        ["record", "gfmd/skills", "--document", "000", "--lines", "40-44", "--start", "2019-06"],
        ["record", "ilo/returns", "--document", "003", "--lines", "1", "--type", "convention"],
        ["actor", "red-cross", "--type", "foundation"],
        ["instrument", "paris-agreement", "--name-en", "Paris Agreement"],
        ["document", "page.txt", "--publisher", "ilo"],
        ["person"],
    )
    for arguments in commands:
        result = migov("new", *arguments, folder=content)
        assert result.code == 0, result.err
        path = content / result.out.splitlines()[0].removeprefix("Wrote ")
        text = path.read_bytes()
        assert format_turtle(str(path), text) == text
        for line, what in re.findall(r":(\d+)  (.+)", result.out):
            assert f"{BLANK}{what}" in text.decode().splitlines()[int(line) - 1]
    report = check_repository(Repository(content))
    assert [
        f for f in report.findings if f.severity > Severity.INFO and f.rule != "migov:blank-left"
    ] == []
    blanks = sum(
        file.content.decode().count(f'"{BLANK}')
        for file in content_files(Repository(content))
        if file.path.endswith(".ttl")
    )
    found = [finding for finding in report.findings if finding.rule == "migov:blank-left"]
    assert len(found) == blanks > 20
    assert all(f.place and BLANK in (f.place.text or "") for f in found)


def test_bounds_follow_from_dates_as_stated(content: Path) -> None:
    migov(
        *("new", "record", "gfmd/a", "--document", "000", "--lines", "1"),
        *("--start", "2020-02", "--end", "2023"),
        folder=content,
    )
    text = (content / "data/records/gfmd/a.ttl").read_text(encoding="utf-8")
    for value in (
        '"2020-02"^^xsd:gYearMonth',
        'startEarliest "2020-02-01"',
        'startLatest "2020-02-29"',
        '"2023"^^xsd:gYear',
        'endEarliest "2023-01-01"',
        'endLatest "2023-12-31"',
    ):
        assert value in text


def test_a_document_is_known_by_its_checksum(content: Path) -> None:
    page = "one\ntwo\x0cstill two\u2028and two\r\nthree\n"
    (content / "page.txt").write_bytes(page.encode())
    migov("new", "document", "page.txt", "--publisher", "ilo", folder=content)
    text = (content / "data/documents/005.ttl").read_text(encoding="utf-8")
    assert hashlib.sha256(page.encode()).hexdigest() in text
    assert "mg:lineCount 3" in text


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (["record", "gfmd/thamm", "--document", "000", "--lines", "1"], "never used twice"),
        (["actor", "ilo"], "never used twice"),
        (["actor", "Red Cross"], "such as red-cross"),
        (["actor", "x", "--type", "fundation"], "Did you mean foundation?"),
        (["record", "x", "--document", "000", "--lines", "1"], "such as gfmd/x"),
        (["record", "gfmd/x", "--document", "009", "--lines", "1"], "There is no document:009"),
        (["record", "nobody/x", "--document", "000", "--lines", "1"], "There is no actor:nobody"),
        (["record", "gfmd/x", "--document", "0", "--lines", "1"], "There are 000, 001, 002"),
        (["record", "gfmb/x", "--document", "000", "--lines", "1"], "Did you mean gfmd?"),
        (["record", "gfmd/x", "--document", "000", "--lines", "a"], "does not name lines"),
        (["record", "gfmd/x", "--document", "000", "--lines", "1,9-7"], "first one first: 7-9"),
        (["record", "gfmd/x", "--document", "000", "--lines", "1", "--at", "4-2"], "4-2 run back"),
        (
            ["record", "gfmd/x", "--document", "000", "--lines", "1", "--start", "June"],
            "is not a date",
        ),
        (["record", "gfmd/x"], "Missing option '--document'"),
        (["document", "absent.txt", "--publisher", "ilo"], "absent.txt cannot be read"),
    ],
)
def test_what_is_taken_or_wrong_is_refused(
    content: Path, arguments: list[str], sentence: str
) -> None:
    before = {file.path: file.content for file in content_files(Repository(content))}
    result = migov("new", *arguments, folder=content)
    assert result.code == 2
    assert sentence in result.err
    assert {file.path: file.content for file in content_files(Repository(content))} == before


def test_a_file_is_never_overwritten(content: Path) -> None:
    path = content / "data" / "actors" / "x.ttl"
    path.write_text("# mine\n", encoding="utf-8")
    result = migov("new", "actor", "x", folder=content)
    assert result.code == 2
    assert "exists already" in result.err
    assert path.read_text(encoding="utf-8") == "# mine\n"


def test_an_unknown_publisher_is_answered_with_the_nearest(content: Path) -> None:
    arguments = ("new", "record", "gmfd/x1", "--document", "000", "--lines", "1")
    result = migov(*arguments, folder=content)
    assert result.code == 2
    assert "There is no actor:gmfd." in result.err
    assert "Did you mean gfmd?" in result.err


def test_a_second_record_of_an_initiative_takes_nothing_from_the_first(content: Path) -> None:
    before = (content / "data/records/gfmd/thamm.ttl").read_bytes()
    done = migov(
        *("new", "record", "iom/thamm", "--document", "002", "--lines", "1-3", "--about", "thamm"),
        folder=content,
    )
    assert done.code == 0, done.err
    text = (content / "data/records/iom/thamm.ttl").read_text(encoding="utf-8")
    assert "mg:describes initiative:thamm" in text
    assert "initiative:thamm a " not in text
    assert (content / "data/records/gfmd/thamm.ttl").read_bytes() == before
    unknown = migov(
        *("new", "record", "iom/b", "--document", "002", "--lines", "1", "--about", "tham"),
        folder=content,
    )
    assert unknown.code == 2
    assert "thamm" in unknown.err


def test_lines_that_a_document_does_not_have_are_refused(content: Path) -> None:
    done = migov("new", "record", "iom/b", "--document", "004", "--lines", "1-400", folder=content)
    assert done.code == 2
    assert "1 to 28" in done.err
    assert not (content / "data/records/iom/b.ttl").exists()


def test_a_number_is_not_used_again_when_its_file_is_gone(content: Path) -> None:
    for path in (content / "data/people").glob("*.ttl"):
        path.unlink()
    done = migov("new", "person", folder=content)
    assert done.code == 0, done.err
    assert (content / "data/people/8.ttl").is_file()
