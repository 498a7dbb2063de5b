"""The verdict as Python gives it: damage anywhere is found where it is, and nothing is obeyed."""

from __future__ import annotations

import datetime
import os
import random
import re
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from xml.etree import ElementTree

import pytest
from hypothesis import example, given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st
from markdown_it import MarkdownIt

from migov.change.model import Change, files_now
from migov.dataset import ContentFile
from migov.engine import Limits
from migov.errors import ContentError, Place
from migov.gate.report import Edit, Finding, Severity
from migov.repository import Repository
from migov.settings import Settings
from migov.verdict.judge import verdict
from migov.verdict.kept import MOST, keep, read
from migov.verdict.model import Findings, Judged, Verdict
from migov.verdict.policy import Policy, parse_policy
from migov.verdict.render import FORMATS, render
from migov.verdict.standing import Measures, Standing

CASES = 6
OURS = ("<details>", "</details>", "<summary>", "</summary>")
NAME = re.compile(rb"(?<=[ \t])(?:place|actor|initiative|theme|document):[a-z0-9-]+(?= [;,.])")


@pytest.fixture(scope="module")
def standing(repository: Repository) -> Standing:
    """What is known of the files, for verdicts on many changes to them."""
    found = Standing(files_now(repository), Measures(repository))
    found.warm(Limits())
    return found


def changed(repository: Repository, path: str, content: bytes) -> Change:
    before = files_now(repository)
    return Change(before, {**before, path: ContentFile(path, content)}, "test")


def test_damage_anywhere_is_found_on_its_line_and_column(
    repository: Repository, settings: Settings, standing: Standing
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
        change = changed(repository, path, text)
        result = verdict(repository, change, settings=settings, standing=standing)
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


def test_a_broken_rule_is_a_finding(
    repository: Repository, settings: Settings, standing: Standing
) -> None:
    path = next(path for path in files_now(repository) if path.endswith(".rq"))
    change = changed(repository, path, b"CONSTRUCT {")
    result = verdict(repository, change, settings=settings, standing=standing)
    assert not result.conforms
    (found,) = [e.finding for e in result.findings.introduced if e.blocks]
    assert found.rule == "migov:rule-syntax"
    assert found.place is not None
    assert found.place.source == path
    mended = Change(change.after, change.before)
    result = verdict(repository, mended, settings=settings)
    assert result.conforms
    assert result.inference is None
    assert "rules" in {note.subject for note in result.notes}


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
@hypothesis_settings(max_examples=90)
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
@example("<`")
@example("[a](http://a.example/)![b](http://a.example/) <b>`<i>")
@hypothesis_settings(max_examples=80, deadline=None)
def test_a_text_from_outside_is_shown_and_never_obeyed(text: str) -> None:
    found = hostile(text)
    for language in ("en", "fr"):
        shown = render(found, "text", language)
        assert all(char.isprintable() or char in "\n\u00a0\u202f\u200c\u200d" for char in shown)
        commands = render(found, "github", language).split("\n")
        assert len(commands) == 3
        assert [line.startswith("::") for line in commands] == [True, False, False]
        ElementTree.fromstring(render(found, "junit", language))
        assert not foreign_in(render(found, "markdown", language))


def foreign_in(markdown: str) -> list[str]:
    """Return the HTML, links and images that Markdown is read as, but for our own HTML."""
    found = []
    waiting = MarkdownIt("commonmark").parse(markdown)
    while waiting:
        token = waiting.pop()
        waiting += token.children or []
        if token.type in ("link_open", "image"):
            found.append(token.type)
        elif token.type in ("html_inline", "html_block"):
            found += [tag for tag in re.findall(r"<[^>]*>?", token.content) if tag not in OURS]
    return found


def test_every_format_is_deterministic(
    repository: Repository, settings: Settings, standing: Standing
) -> None:
    path = "data/records/gfmd/thamm.ttl"
    content = (repository.root / path).read_bytes().replace(b"place:mar", b"place:xyzzy")
    change = changed(repository, path, content)
    first = verdict(repository, change, settings=settings)
    second = verdict(repository, change, settings=settings, standing=standing)
    for name in FORMATS:
        for language in ("en", "fr"):
            assert render(first, name, language) == render(second, name, language), name


def test_nothing_is_kept_of_a_proposal(
    repository: Repository, settings: Settings, tmp_path: Path
) -> None:
    settings = replace(settings, cache=tmp_path / "cache")  # no other test builds here
    path = "data/records/gfmd/thamm.ttl"
    content = (repository.root / path).read_bytes()
    kept = []
    for place in (b"place:tun", b"place:egy"):
        text = content.replace(b"place:mar", place)
        assert text != content
        result = verdict(repository, changed(repository, path, text), settings=settings)
        assert result.impact is not None
        assert result.impact.changed
        kept.append({entry.name for entry in settings.cache.rglob("*") if entry.is_file()})
    assert kept[0] == kept[1]
    assert len(kept[0]) == 2  # what follows before the change, and what it answers


def test_what_is_not_asked_again_and_what_is_kept_makes_no_difference(
    repository: Repository,
    settings: Settings,
    standing: Standing,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    path = "data/records/gfmd/thamm.ttl"
    content = (repository.root / path).read_bytes()
    texts = [
        content.replace(b"place:mar", b"place:tun").replace(b"mg:Programme", b"mg:Project"),
        content.replace("THAMM – Gouvernance".encode(), "TOMM – Gouvernance".encode()),
    ]
    changes = [changed(repository, path, text) for text in texts]
    some = [verdict(repository, each, settings=settings, standing=standing) for each in changes]
    asked: list[bool] = []

    def always(*_: object) -> bool:
        asked.append(True)
        return True

    monkeypatch.setattr("migov.verdict.consequences.may_answer_otherwise", always)
    monkeypatch.setattr("migov.verdict.consequences.entails", always)
    for change, known in zip(changes, some, strict=True):
        assert change.touched == (path,)
        whole = verdict(repository, change, settings=settings)
        assert known.impact == whole.impact
        assert known.inference == whole.inference
        assert known.findings == whole.findings
        assert render(known, "json", "en") == render(whole, "json", "en")
    assert not asked  # they were asked in forks
    assert any(each.impact.changed for each in some if each.impact is not None)


def test_the_cache_keeps_the_states_used_last(tmp_path: Path) -> None:
    for number in range(MOST + 5):
        path = tmp_path / f"{number}.json"
        keep(path, b"{}")
        os.utime(path, (number, number))  # long ago
    keep(tmp_path / "new.json", b"{}")
    left = {path.name for path in tmp_path.iterdir()}
    assert len(left) == MOST
    assert "new.json" in left
    assert "0.json" not in left
    assert f"{MOST + 4}.json" in left
    assert read(tmp_path / "new.json") == b"{}"
    assert read(tmp_path / "0.json") is None
    (tmp_path / "new.json").write_bytes((tmp_path / "new.json").read_bytes()[:-1] + b"]")
    assert read(tmp_path / "new.json") is None
    (tmp_path / "file").write_text("")
    keep(tmp_path / "file" / "x.json", b"{}")  # nobody can write there
