"""`migov link review`: decisions on candidates become rows of a mapping set, through the gate."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from cli_runner import CACHE, Result, migov
from git_repository import git
from migov.dataset import ContentFile
from migov.dataset.mappings import Link, MappingSet, read_mappings
from migov.engine import Engine
from migov.errors import MigovError, Place
from migov.linking.decided import decided_pairs
from migov.linking.ours import ours
from migov.linking.review import Review, read_decisions, written_decisions
from migov.linking.suggest import TargetIndex
from migov.targets import read_manifest, read_target
from test_link_suggest import pinned

CSV = """code,title,titre,sigle,status,now
B1,International Labour Organization,Organisation internationale du Travail,ILO,,
B2,International Organization for Migration,Organisation internationale pour les migrations,IOM,,
B3,World Health Organisation,,,,
B4,World Health\x1b[2J Organization (WHO),,,,
B5,Council of Europe (old),,,,B6
B6,Council of Europe,,,,
B7,Enabel,,,withdrawn,
"""
COLUMNS = {
    "id": "code", "name@en": "title", "name@fr": "titre", "acronym": "sigle",
    "status": "status", "replaced_by": "now",
}  # fmt: skip
SET = "data/mappings/bodies.sssom.tsv"
BASE = "http://example.org/body/"
ID = "https://w3id.org/migov/id/"


@pytest.fixture
def manifest(tmp_path: Path) -> Path:
    return bodies(tmp_path)


def bodies(folder: Path) -> Path:
    return pinned(
        folder, "bodies.csv", CSV, format="csv", scheme="bodies", namespace=BASE,
        name="Bodies", columns=COLUMNS,
    )  # fmt: skip


def review(folder: Path, manifest: Path, *words: str, answers: str = "") -> Result:
    signed = ("--author", "A Steward <steward@example.org>")
    command = ("link", "review", str(manifest), "--kind", "actor", "--least", "60")
    return migov(*command, *signed, *words, stdin=answers.encode(), folder=folder)


def mapping_set(folder: Path) -> MappingSet:
    return read_mappings(ContentFile(SET, (folder / SET).read_bytes()))


def rows(folder: Path) -> dict[tuple[str, str], Link]:
    return {
        (each.subject.removeprefix(ID), each.object.removeprefix(BASE)): each
        for each in mapping_set(folder).mappings
    }


def test_what_somebody_decides_is_committed_and_not_asked_again(
    checkout: Path, manifest: Path
) -> None:
    answers = (
        "s\na\n  \nThe same  name and acronym\nx\nr\nAn office of it\nu\nWho knows\nu\nMaybe\n"
    )
    first = review(checkout, manifest, answers=answers)
    assert first.code == 0, first.out + first.err
    assert "score 100, certain" in first.out
    assert "name +80 (" in first.out
    assert "close: http://example.org/body/B" in first.out
    assert "There is no reason." in first.out
    assert "One of a, r, u, s, q." in first.out
    assert "\x1b" not in first.out  # a name from outside does not steer the terminal
    decided = rows(checkout)
    found = mapping_set(checkout)
    assert found.header["mapping_set_title"] == "Links to Bodies"
    assert {(each.holds, each.is_negative, each.is_open) for each in decided.values()} >= {
        (True, False, False), (False, True, False), (False, False, True)
    }  # fmt: skip
    accepted = next(each for each in decided.values() if each.holds)
    assert accepted.evidence.startswith("The same name and acronym (Bodies 2026-11, score 100: ")
    assert (accepted.author, accepted.reviewer, accepted.confidence) == ("A Steward",) * 2 + (1.0,)
    assert git(checkout, "status", "--porcelain").stdout == ""
    shown = git(checkout, "show", "-s", "--format=%an|%s").stdout.strip()
    assert shown.startswith("A Steward|Review links to Bodies 2026-11: 1 accepted, 1 rejected, ")

    again = review(checkout, manifest, "--again", answers="s\n" * 9)
    assert (again.code, "Nothing was decided." in again.out) == (0, True)
    for (subject, object_), each in decided.items():
        asked = (
            f"{subject.replace('/', ':')}\n" in again.out and f"  {BASE}{object_}\n" in again.out
        )
        assert asked == each.is_open
    pairs = {(each.subject, each.object) for each in found.mappings}
    assert decided_pairs([found]) == pairs
    assert decided_pairs([found], again=True) == {
        (each.subject, each.object) for each in found.mappings if not each.is_open
    }


def test_decisions_from_a_program_are_one_change_or_none(checkout: Path, manifest: Path) -> None:
    head = git(checkout, "rev-parse", "HEAD").stdout
    table = (
        "decision\tsubject\tobject\treason\n"
        "accept\tactor:ilo\tB1\tSame name\n"
        f"accept\t{ID}actor/iom\tbodies:B1\tA mistake\n"
    )
    refused = review(checkout, manifest, "--decisions", "-", answers=table)
    assert refused.code == 1
    assert "migov:mapping-one-to-one" in refused.out
    assert "Nothing was written." in refused.out
    assert not (checkout / SET).exists()
    assert git(checkout, "rev-parse", "HEAD").stdout == head
    mended = refused.out.partition("mended:\n\n")[2]
    mended = mended.replace(f"{ID}actor/iom\t{BASE}B1", f"{ID}actor/iom\t{BASE}B2")
    done = review(
        checkout, manifest, "--decisions", "-", "--reviewer", "The bodies team", answers=mended
    )
    assert done.code == 0, done.out + done.err
    assert {pair: each.reviewer for pair, each in rows(checkout).items()} == {
        ("actor/ilo", "B1"): "The bodies team",
        ("actor/iom", "B2"): "The bodies team",
    }


def test_a_word_that_cannot_be_is_one_clear_error(original: Path, manifest: Path) -> None:
    for words, said in (
        (("--accept", "actor:ilo", "B5", "--reason", "x"), f"Link with <{BASE}B6>"),
        (("--accept", "actor:ilo", "B1"), "Say why with --reason"),
        (("--decisions", "absent.tsv"), "absent.tsv cannot be read"),
    ):
        result = review(original, manifest, *words)
        assert (result.code, result.out) == (2, "")
        assert said in result.err


@pytest.fixture(scope="module")
def known(engine: Engine, tmp_path_factory: pytest.TempPathFactory) -> Review:
    target = read_manifest(bodies(tmp_path_factory.mktemp("target")))
    mine = ours(engine)
    return Review(target, TargetIndex(read_target(target, mine.countries())), mine, [])


HEAD = "decision\tsubject\tobject\treason\n"


@pytest.mark.parametrize(
    ("table", "said", "line"),
    [
        ("a,b\n", "does not begin with the heads", 1),
        (HEAD + "perhaps\ta\tb\tc\n", "“perhaps” is no decision", 2),
        (HEAD + "accept\tactor:ilo\n", "has 2 cells, not 4", 2),
        (HEAD + "\nreject\tactor:x\tB1\tc\n", "Nothing of ours is called actor:x", 3),
        (HEAD + "reject\tactor:ilo\tB9\tc\n", "Bodies 2026-11 has no B9", 2),
        (HEAD + "accept\tactor:ilo\tB5\tc\n", "was replaced in Bodies 2026-11", 2),
        (HEAD + "unsure\tactor:ilo\tB7\tc\n", "was withdrawn in Bodies 2026-11", 2),
        (HEAD + "accept\tactor:ilo\tB1\t \n", "There is no reason", 2),
        (HEAD + "accept\tactor:ilo\tB1\ta\x07\n", "control characters", 2),
    ],
)
def test_a_table_that_cannot_be_used_names_its_line(
    known: Review, table: str, said: str, line: int
) -> None:
    with pytest.raises(MigovError) as caught:
        read_decisions(table, known, "standard input")
    assert said in caught.value.message
    assert caught.value.place == Place("standard input", line)


def test_decisions_are_written_as_they_are_read(known: Review) -> None:
    table = HEAD + f"reject\t{ID}actor/ilo\t{BASE}B5\tIt was replaced\n"
    assert written_decisions(read_decisions(table, known, "table")) == table


def test_a_set_with_edits_that_are_not_committed_is_refused_at_the_start(
    checkout: Path, manifest: Path
) -> None:
    path = checkout / "data" / "mappings" / "ror.sssom.tsv"
    path.write_text(path.read_text(encoding="utf-8").replace("ROR record", "A record", 1), "utf-8")
    result = review(checkout, manifest)
    assert (result.code, result.out) == (2, "")
    assert "data/mappings/ror.sssom.tsv has changes that are not committed" in result.err


def test_questions_work_through_a_pipe(original: Path, manifest: Path) -> None:
    result = subprocess.run(
        [sys.executable, "-m", "migov.cli", "link", "review", str(manifest), "--kind", "actor"],
        cwd=original,
        env={**os.environ, "MIGOV_CACHE": str(CACHE)},
        input="q\n",
        capture_output=True,
        text=True,
    )
    assert (result.returncode, result.stderr) == (0, "")
    assert "(a)ccept, (r)eject, (u)nsure, (s)kip, (q)uit? " in result.stdout
    assert result.stdout.endswith("Nothing was decided.\n")
