"""The verdict as Python gives it: damage anywhere is found where it is, and nothing is obeyed."""

from __future__ import annotations

import datetime
import random
import re
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from xml.etree import ElementTree

import pytest
from hypothesis import given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st

from migov.change.model import Change, files_now
from migov.dataset import ContentFile
from migov.errors import ContentError, Place
from migov.gate.report import Edit, Finding, Severity
from migov.repository import Repository
from migov.settings import Settings
from migov.verdict.judge import verdict
from migov.verdict.model import Findings, Judged, Verdict
from migov.verdict.policy import Policy, parse_policy
from migov.verdict.render import FORMATS, render

CASES = 6
NAME = re.compile(rb"(?<=[ \t])(?:place|actor|initiative|theme|document):[a-z0-9-]+(?= [;,.])")


def changed(repository: Repository, path: str, content: bytes) -> Change:
    before = files_now(repository)
    return Change(before, {**before, path: ContentFile(path, content)}, "test")


def test_damage_anywhere_is_found_on_its_line_and_column(
    repository: Repository, settings: Settings
) -> None:
    choice = random.Random(4)
    files = files_now(repository)
    places = [
        (path, found)
        for path, file in sorted(files.items())
        if path.startswith("data/records/")
        for found in NAME.finditer(file.content)
    ]
    chosen = choice.sample(places, CASES)
    assert len(chosen) == CASES
    for path, found in chosen:
        content = files[path].content
        at = found.end()
        text = content[:at] + b"-xyzzy" + content[at:]
        result = verdict(repository, changed(repository, path, text), settings=settings)
        assert not result.conforms
        line = content.count(b"\n", 0, found.start()) + 1
        start = content[: found.start()].decode()
        column = len(start) - start.rfind("\n")
        assert (path, line, column) in {
            (each.finding.place.source, each.finding.place.line, each.finding.place.column)
            for each in result.findings.introduced
            if each.finding.place is not None
        }, (path, line, column)
        assert result.diff is not None
        assert [graph.path for graph in result.diff.graphs] == [path]


def test_what_is_mended_is_fixed_and_a_new_file_that_is_broken_is_a_finding(
    repository: Repository, settings: Settings
) -> None:
    before = files_now(repository)
    path = "data/actors/ilo.ttl"
    broken = {**before, path: ContentFile(path, b"actor:ilo")}
    mended = verdict(repository, Change(broken, before), settings=settings)
    assert mended.conforms
    assert "migov:syntax" in {each.finding.rule for each in mended.findings.fixed}
    result = verdict(repository, Change(before, broken), settings=settings)
    assert not result.conforms
    assert result.notes
    still = {**before, path: ContentFile(path, b"actor:ilo .")}
    assert not verdict(repository, Change(broken, still), settings=settings).conforms


def test_a_broken_rule_is_a_finding(repository: Repository, settings: Settings) -> None:
    path = next(path for path in files_now(repository) if path.endswith(".rq"))
    result = verdict(repository, changed(repository, path, b"CONSTRUCT {"), settings=settings)
    assert not result.conforms
    (found,) = [e.finding for e in result.findings.introduced if e.blocks]
    assert found.rule == "migov:rule-syntax"
    assert found.place is not None
    assert found.place.source == path


def test_the_policy_file_is_read_or_refused_with_its_line() -> None:
    policy = parse_policy(
        b"blocks: [violation, warning]\n"
        b"exceptions:\n"
        b"  - rule: shape:Locality-within\n    focus: place:casablanca\n"
        b"    reason: Because.\n    expires: 2027-01-31\n"
        b"baseline: [0123456789abcdef0123]\n"
    )
    assert policy.blocks == {Severity.VIOLATION, Severity.WARNING}
    (exemption,) = policy.exceptions
    assert exemption.expires == datetime.date(2027, 1, 31)
    assert exemption.covers(
        "https://w3id.org/migov/shape/Locality-within",
        "https://w3id.org/migov/id/place/casablanca",
    )
    assert str(exemption.place) == "shapes/policy.yaml:3:5"
    assert parse_policy(b"") == Policy()
    for text, line in (
        ("blocks: violation", 1),
        ("nonsense: 1", 1),
        ("blocks: []\nblocks: []", 2),
        ("exceptions:\n  - rule: x\n    reason: y", 2),
        ("exceptions:\n  - rule: x\n    reason: ' '\n    expires: 2027-01-01", 3),
        ("exceptions:\n  - rule: x\n    reason: y\n    expires: soon", 4),
        ("baseline:\n  - 1", 2),
        ("baseline: [", 1),
        ("a: &a [*a]", 1),
    ):
        with pytest.raises(ContentError) as raised:
            parse_policy(text.encode())
        place = raised.value.place
        assert place is not None
        assert place.source == "shapes/policy.yaml"
        assert place.line in (line, line + 1)


@given(st.binary(max_size=60))
@hypothesis_settings(max_examples=200)
def test_no_policy_file_makes_it_crash(content: bytes) -> None:
    with suppress(ContentError):
        parse_policy(content)


def hostile(text: str) -> Verdict:
    """Return a verdict in which a text from outside stands everywhere it can."""
    finding = Finding(
        "migov:test",
        Severity.VIOLATION,
        {"en": text, "fr": text},
        place=Place(text or "x", 1, 1, text),
        label={"en": text},
        expected={"en": text},
        example=text,
        edits=(Edit(Place("x", 1, 1), text, text),),
    )
    judged = Judged(finding, "0" * 20, blocks=True)
    return Verdict(title=text, findings=Findings((judged,)), touched=(text,), patch=text)


@given(st.text())
@hypothesis_settings(max_examples=150, deadline=None)
def test_a_text_from_outside_is_shown_and_never_obeyed(text: str) -> None:
    found = hostile(text)
    for language in ("en", "fr"):
        shown = render(found, "text", language)
        assert all(char.isprintable() or char in "\n\u00a0\u202f\u200c\u200d" for char in shown)
        commands = render(found, "github", language).split("\n")
        assert len(commands) == 3
        assert [line.startswith("::") for line in commands] == [True, False, False]
        ElementTree.fromstring(render(found, "junit", language))
        markdown = render(found, "markdown", language)
        assert not re.search(r"(?<!\\)<(?!/?details>|/?summary>)", re.sub(r"`[^`]*`", "", markdown))


def test_every_format_is_deterministic(repository: Repository, settings: Settings) -> None:
    path = "data/records/gfmd/thamm.ttl"
    content = (repository.root / path).read_bytes().replace(b"place:mar", b"place:xyzzy")
    change = changed(repository, path, content)
    first = verdict(repository, change, settings=settings)
    second = verdict(repository, change, settings=settings)
    for name in FORMATS:
        for language in ("en", "fr"):
            assert render(first, name, language) == render(second, name, language), name


def test_what_is_built_of_a_proposal_can_be_thrown_away(
    repository: Repository, settings: Settings, tmp_path: Path
) -> None:
    settings = replace(settings, cache=tmp_path / "cache")  # no other test builds here
    path = "data/actors/ilo.ttl"
    content = (repository.root / path).read_bytes() + b"<> <http://a.example/p> 1 .\n"
    verdict(repository, changed(repository, path, content), settings=settings)
    again = {entry.name for entry in settings.cache.rglob("*") if entry.is_dir()}
    folder = tmp_path / "away"
    folder.mkdir()
    more = content + b"<> <http://a.example/q> 1 .\n"
    verdict(repository, changed(repository, path, more), settings=settings, folder=folder)
    assert {entry.name for entry in settings.cache.rglob("*") if entry.is_dir()} == again
    assert again
    assert any(folder.iterdir())
