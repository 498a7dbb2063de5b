"""Every rule has examples that it finds and examples that it leaves alone, and is needed.

See ``tests/checks/README.md`` for how an example says what it shows.
"""

from __future__ import annotations

import re
from collections import defaultdict
from dataclasses import dataclass
from pathlib import Path

import pytest

from migov.dataset import ContentFile, content_files
from migov.gate.checks import FAMILIES, RULES, Context, State, run
from migov.gate.checks.state import Files
from migov.gate.report import Edit, Finding
from migov.repository import find_repository

ROOT = Path(__file__).resolve().parent.parent
EXAMPLES = ROOT / "tests" / "checks"
COMMON = EXAMPLES / "common"
COUNTS = {"rules": 51, "bad": 75, "good": 75}
# Rules whose corrections are mechanical: the edits of each bad example mend it.
MENDABLE = {
    "annotation-of-nothing", "byte-order-mark", "country-code", "dangling-iri", "date-bounds",
    "foreign-iri", "graph-base", "identifier", "ill-typed", "iri-form", "language-tag", "m49",
    "mapping-replaced", "mapping-retired", "new-foreign-term", "participation-iri", "swapped-dates",
    "unknown-standard-term", "unknown-term",
}  # fmt: skip
# Examples of these rules where only the source can tell what is right.
NOT_MECHANICAL = {
    "identifier/bad-check-digits", "identifier/bad-org-id", "new-foreign-term/bad-class",
}  # fmt: skip


@dataclass(frozen=True)
class Example:
    file: Path

    @property
    def rule(self) -> str:
        return self.file.parent.name

    @property
    def path(self) -> str:
        found = re.search(rb"# path: (\S+)", self.file.read_bytes())
        assert found is not None, self.file
        return found[1].decode()

    @property
    def finds(self) -> list[str]:
        """The rules, lines and columns that the head of the file says, sorted."""
        text = self.file.read_text(encoding="utf-8")
        return sorted(found.strip() for found in re.findall(r"^# finds: (.*)$", text, re.MULTILINE))

    def context(self, content: bytes | None = None) -> Context:
        """Return the change that puts this file, or another content, where it would stand."""
        name = self.file.name.replace("bad", "before").replace("good", "before")
        earlier = self.file.with_name(name)
        before = BASE
        if earlier.exists():
            before = State({**FILES, self.path: ContentFile(self.path, earlier.read_bytes())}, BASE)
        now = ContentFile(self.path, self.file.read_bytes() if content is None else content)
        found = Context.change(before, {**FILES, self.path: now})
        found.targets = EXAMPLES / "targets"
        return found

    def __str__(self) -> str:
        return self.file.relative_to(EXAMPLES).as_posix().partition(".")[0]


def _files() -> Files:
    files = {
        file.path: file
        for file in content_files(find_repository(ROOT))
        if file.path.startswith("ontology/")
    }
    for path in sorted(COMMON.rglob("*.ttl")):
        name = path.relative_to(COMMON).as_posix()
        files[name] = ContentFile(name, path.read_bytes())
    return files


FILES = _files()
BASE = State(FILES)
BAD = [Example(path) for path in sorted(EXAMPLES.glob("*/bad*.t[ts][lv]"))]
GOOD = [Example(path) for path in sorted(EXAMPLES.glob("*/good*.t[ts][lv]"))]


def said(finding: Finding) -> str:
    place = finding.place
    assert place is not None
    at = f" {place.line}:{place.column or '-'}" if place.line else ""
    return finding.rule.removeprefix("migov:") + at


def test_every_rule_has_examples() -> None:
    assert {"rules": len(RULES), "bad": len(BAD), "good": len(GOOD)} == COUNTS
    assert {f"migov:{example.rule}" for example in BAD} == set(RULES)
    assert {str(e).replace("/bad", "/good") for e in BAD} == {str(e) for e in GOOD}


def test_nothing_is_found_in_what_the_examples_share() -> None:
    assert run(Context.whole(FILES)) == []


@pytest.mark.parametrize("example", BAD, ids=str)
def test_a_bad_example_is_found(example: Example) -> None:
    findings = run(example.context())
    assert sorted(map(said, findings)) == example.finds
    assert example.rule in {finding.rule.removeprefix("migov:") for finding in findings}


@pytest.mark.parametrize("example", GOOD, ids=str)
def test_a_good_example_is_left_alone(example: Example) -> None:
    assert example.finds == []
    assert run(example.context()) == []


@pytest.mark.parametrize("family", FAMILIES)
def test_a_family_that_is_switched_off_is_missed(family: str) -> None:
    """Each rule of a family comes from that family alone, and from no other."""
    rest = [name for name in FAMILIES if name != family]
    own = {f"migov:{rule}" for rule in FAMILIES[family][1]}
    for example in BAD:
        found = {finding.rule for finding in run(example.context(), rest)}
        assert not found & own
        if f"migov:{example.rule}" in own:
            assert f"migov:{example.rule}" in {f.rule for f in run(example.context(), [family])}


@pytest.mark.parametrize("example", BAD, ids=str)
def test_messages_are_whole_in_both_languages(example: Example) -> None:
    for finding in run(example.context()):
        assert list(finding.messages) == ["en", "fr"]
        for text in (*finding.messages.values(), *finding.expected.values()):
            assert text
            assert "None" not in text
        for text in finding.messages.values():
            assert text[-1] in ".?"
        french = finding.messages["fr"]
        assert not re.search(r"« | »| [;?!](?= |$)| :(?= [a-zéàl])", french), french


@pytest.mark.parametrize(
    "example", [example for example in BAD if example.rule in MENDABLE], ids=str
)
def test_the_edits_of_a_finding_mend_it(example: Example) -> None:
    (finding,) = [f for f in run(example.context()) if f.rule == f"migov:{example.rule}"]
    if str(example) in NOT_MECHANICAL:
        assert finding.edits == ()
        return
    assert finding.edits
    mended = edited(example.file.read_bytes().decode(), finding.edits)
    assert run(example.context(mended.encode())) == []


def test_other_rules_offer_no_edits() -> None:
    offering = {
        example.rule
        for example in BAD
        for finding in run(example.context())
        if finding.edits and finding.rule == f"migov:{example.rule}"
    }
    assert offering == MENDABLE


def edited(text: str, edits: tuple[Edit, ...]) -> str:
    """Return a text with edits made, the last in the text first."""
    lines = text.splitlines(keepends=True)
    offsets = [
        (sum(map(len, lines[: (e.place.line or 1) - 1])) + (e.place.column or 1) - 1, e)
        for e in edits
    ]
    for at, edit in sorted(offsets, key=lambda pair: -pair[0]):
        assert text[at : at + len(edit.old)] == edit.old
        text = text[:at] + edit.new + text[at + len(edit.old) :]
    return text


def test_the_data_has_no_findings() -> None:
    files = {file.path: file for file in content_files(find_repository(ROOT))}
    assert [said(finding) for finding in run(Context.whole(files))] == []


def test_findings_are_named_for_their_family() -> None:
    families: dict[str, set[str]] = defaultdict(set)
    for example in BAD:
        for name in FAMILIES:
            for finding in run(example.context(), [name]):
                families[finding.rule].add(name)
    assert all(len(names) == 1 for names in families.values())
