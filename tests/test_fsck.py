"""`migov fsck` finds a damaged byte in each kind of thing, says what to do, and changes nothing."""

from __future__ import annotations

import ctypes
import json
import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pytest

import small
from change_support import AUTHOR, ROOT, commit
from cli_runner import Result, migov
from git_repository import git
from merge_crash import killed_with_its_journal
from migov.access import new_token
from migov.errors import EnvironmentProblem
from migov.merge import recover, turn
from migov.repository import find_repository
from migov.snapshot import How, build_snapshot, hold

_PR_CAPBSET_DROP = 24
_CAP_DAC_OVERRIDE = 1
_CAP_DAC_READ_SEARCH = 2
"""Of prctl(2) and capabilities(7): what lets the superuser read everything."""


@dataclass(frozen=True)
class Place:
    """A small repository under git with everything that there can be beside it."""

    folder: Path

    @property
    def root(self) -> Path:
        return self.folder / "checkout"

    @property
    def cache(self) -> Path:
        return self.folder / "cache"

    def fsck(self, *words: str) -> Result:
        tokens = self.folder / "private/tokens.json"
        return migov("fsck", "--root", self.root, "--cache", self.cache, "--tokens", tokens, *words)

    def found(self, *words: str) -> list[dict[str, str]]:
        done = self.fsck("--json", *words)
        assert done.code < 2, done.err
        damage: list[dict[str, str]] = json.loads(done.out)["damage"]
        assert done.code == (1 if damage else 0), done.err
        return damage

    def one(self, pattern: str) -> Path:
        found = sorted(path for path in self.folder.glob(pattern) if path.is_file())
        assert found, pattern
        return max(found, key=lambda path: path.stat().st_size)

    def state(self) -> dict[str, tuple[int, int, bytes]]:
        return {
            str(path): (path.lstat().st_mtime_ns, path.lstat().st_mode, path.read_bytes())
            for path in sorted(self.folder.rglob("*"))
            if path.is_file()
        }


@pytest.fixture(scope="module")
def original(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("fsck")
    repository = small.repository(folder / "checkout")
    (folder / "checkout/data/README.md").write_text("Data\n")
    (folder / "checkout/shapes/policy.yaml").write_text("blocks: [violation]\n")
    shutil.copy(ROOT / "queries/what-is-not-stated.rq", folder / "checkout/queries/one.rq")
    git(folder / "checkout", "init", "-q", "-b", "main")
    commit(folder / "checkout", "Begin")
    (folder / "checkout/data/README.md").write_text("The data\n")
    commit(folder / "checkout", "Say more")
    git(folder / "checkout", "gc", "-q")
    (folder / "checkout/data/README.md").write_text("All the data\n")
    commit(folder / "checkout", "Say all")
    git(folder / "checkout", "branch", "other", "HEAD~1")
    new_token(folder / "private/tokens.json", "ann", ["merge"], AUTHOR)
    build_snapshot(repository, folder / "cache", How("disk"))
    build_snapshot(repository, folder / "cache", How("memory", inference=False))
    return folder


@pytest.fixture
def place(original: Path, tmp_path: Path) -> Place:
    shutil.copytree(original, tmp_path / "copy", symlinks=True, dirs_exist_ok=True)
    return Place(tmp_path / "copy")


def flip(path: Path, at: int | None = None) -> None:
    """Change one bit of a file, as a disk might: its times stay."""
    status = path.stat()
    content = bytearray(path.read_bytes())
    content[len(content) // 2 if at is None else at] ^= 1
    mode = path.stat().st_mode
    path.chmod(0o600)
    path.write_bytes(content)
    path.chmod(mode)
    os.utime(path, ns=(status.st_atime_ns, status.st_mtime_ns))


def test_what_is_whole_is_said_to_be_and_not_touched(place: Place) -> None:
    before = place.state()
    done = place.fsck()
    assert done.code == 0, done.out + done.err
    assert done.out.endswith("\nEverything is as it should be.\n")
    for part in ("content   ", "git       ", "derived   2 snapshots", "tokens    1 in "):
        assert part in done.out
    assert place.state() == before


DAMAGED = [
    "checkout/data/records/one.ttl",
    "checkout/data/README.md",
    "checkout/ontology/migov.ttl",
    "checkout/ontology/rules/concern.rq",
    "checkout/shapes/policy.yaml",
    "checkout/queries/one.rq",
    "checkout/.git/objects/[0-9a-f][0-9a-f]/*",
    "checkout/.git/objects/pack/*.pack",
    "checkout/.git/objects/pack/*.idx",
    "checkout/.git/refs/heads/main",
    "checkout/.git/packed-refs",
    "checkout/.git/index",
    "checkout/.git/HEAD",
    "cache/*/[0-9a-f]*/snapshot.json",
    "cache/*/[0-9a-f]*/dataset.nq",
    "cache/*/[0-9a-f]*/store/*.sst",
    "cache/*/[0-9a-f]*/store/MANIFEST-*",
    "cache/*/[0-9a-f]*/store/CURRENT",
    "cache/*/[0-9a-f]*/store/SHA256SUMS",
    "cache/*/without-inference/*/dataset.nq",
    "cache/*/closures/*.nt",
    "cache/*/indexes/*.json",
    "private/tokens.json",
]


@pytest.mark.parametrize("pattern", DAMAGED)
def test_one_bit_is_found_wherever_it_is(place: Place, pattern: str) -> None:
    path = place.one(pattern)
    flip(path, 4 if path.suffix == ".ttl" else None)
    before = place.state()
    found = place.found()
    assert found
    assert all(each["what"] and each["remedy"] for each in found)
    said = " ".join(f"{each['place']} {each['what']} {each['remedy']}" for each in found)
    assert path.name in said or path.parent.name + path.name in said
    assert place.state() == before
    is_derived = pattern.startswith("cache/")
    assert all((each["derived"] is not None) == is_derived for each in found)
    left = place.found("--repair")
    if is_derived:
        assert left == []
        build_snapshot(find_repository(place.root), place.cache, How("disk"))
        assert place.found() == []
    else:
        assert left == found
        assert place.state() == before


def test_every_byte_of_small_things_counts(place: Place) -> None:
    for pattern in ("checkout/.git/refs/heads/main", "cache/*/[0-9a-f]*/snapshot.json"):
        path = place.one(pattern)
        content = path.read_bytes()
        for at in range(0, len(content), max(1, len(content) // 6)):
            flip(path, at)
            assert place.found(), (pattern, at)
            path.write_bytes(content)


@pytest.mark.parametrize(
    "pattern",
    [
        "cache/*/[0-9a-f]*/snapshot.json",
        "cache/*/[0-9a-f]*/store/CURRENT",
    ],
)
def test_what_nobody_wrote_is_found(place: Place, pattern: str) -> None:
    path = place.one(pattern)
    foreign = path.with_name("foreign")
    foreign.write_bytes(b"")
    assert [each["place"] for each in place.found()] == [str(foreign)]
    foreign.unlink()
    path.write_bytes(path.read_bytes() + b"\n")  # means the same
    assert place.found()


def test_an_index_that_is_gone_is_found(place: Place) -> None:
    index = place.one("checkout/.git/index")
    index.unlink()
    assert [each["place"] for each in place.found()] == [str(index)]
    git(place.root, "reset", "-q")
    assert place.found() == []


def test_a_reference_that_is_no_text_is_damage(place: Place) -> None:
    path = place.one("checkout/.git/refs/heads/main")
    content = path.read_bytes()
    path.write_bytes(bytes([content[0] ^ 0x80]) + content[1:])
    assert "refs/heads/main" in {each["place"] for each in place.found()}
    for words in (("merge", "-m", "Nothing", "--author", "A <a@example.org>"), ("check",)):
        result = migov(*words, folder=place.root)
        assert result.code == 2
        assert "fault of migov" not in result.err
    with (
        pytest.raises(EnvironmentProblem, match="names no commit"),
        turn(find_repository(place.root)),
    ):
        pass


def test_what_was_edited_is_told_from_what_decayed(place: Place) -> None:
    path = place.root / "data/records/one.ttl"
    path.write_text(path.read_text() + "# more\n")
    new = place.root / "data/records/three.ttl"
    small.write(new, "initiative:k a mg:Project .\n")
    (place.root / "data/records/two.ttl").unlink()
    found = {each["place"]: each for each in place.found()}
    assert found.keys() == {f"data/records/{name}.ttl" for name in ("one", "two", "three")}
    assert found["data/records/one.ttl"]["what"] == "It is not what the last commit has."
    assert found["data/records/three.ttl"]["what"] == "It is in no commit."
    assert "cannot be read" in found["data/records/two.ttl"]["what"]


def test_a_snapshot_that_says_something_else_is_found(place: Place) -> None:
    """One with checksums that fit: only making it again tells."""
    snapshot = build_snapshot(find_repository(place.root), place.cache, How("disk"))
    path = place.root / "data/records/one.ttl"
    content = path.read_text()
    path.write_text(content.replace("One", "Won"))
    other = build_snapshot(find_repository(place.root), place.cache, How("disk"))
    path.write_text(content)
    from dataclasses import replace

    from migov.snapshot.model import write_description

    shutil.copy(other.quads, snapshot.quads)
    write_description(replace(snapshot, size=snapshot.quads.stat().st_size), snapshot.folder)
    shutil.rmtree(snapshot.folder / "store")
    found = place.found()
    assert any(each["what"] == "It does not say what the files say." for each in found)


def test_a_snapshot_in_use_is_not_removed(place: Place) -> None:
    snapshot = build_snapshot(find_repository(place.root), place.cache, How("disk"))
    hold(snapshot, place)
    flip(snapshot.folder / "snapshot.json")
    assert place.found("--repair")
    assert snapshot.quads.exists()


def without_privileges(*words: str | Path) -> Result:
    """Run `migov` where permissions hold for its user, the superuser included."""

    def give_up() -> None:
        for capability in (_CAP_DAC_OVERRIDE, _CAP_DAC_READ_SEARCH):
            ctypes.CDLL(None).prctl(_PR_CAPBSET_DROP, capability, 0, 0, 0)

    command = [sys.executable, "-m", "migov.cli", *map(str, words)]
    done = subprocess.run(command, capture_output=True, preexec_fn=give_up, check=False)
    return Result(done.returncode, done.stdout, done.stderr.decode())


def test_what_may_not_be_read_is_not_called_damaged(place: Place) -> None:
    snapshot = build_snapshot(find_repository(place.root), place.cache)
    fsck = ("fsck", "--root", place.root, "--cache", place.cache)
    snapshot.folder.chmod(0)
    try:
        done = without_privileges(*fsck, "--repair")
    finally:
        snapshot.folder.chmod(0o700)
    assert done.code == 1
    assert "1 thing is not as it should be" in done.out
    assert "This user may not read it." in done.out
    assert "as the user whose cache it is" in done.out
    assert snapshot.quads.is_file()
    assert without_privileges(*fsck).code == 0


def test_a_checkout_whose_git_may_not_be_read_is_told_as_such(place: Place) -> None:
    hidden = place.root / ".git"
    hidden.chmod(0)
    try:
        done = without_privileges("check", "--root", place.root, "--cache", place.cache)
    finally:
        hidden.chmod(0o700)
    assert done.code == 2
    assert f"{hidden} cannot be read by this user." in done.err
    assert "a clone of your own" in done.err


def test_what_killed_processes_left_is_found(place: Place) -> None:
    repository = find_repository(place.root)
    old = time.time() - 7200
    left = [
        place.root / ".git/refs/heads/main.lock",
        next(iter(place.cache.glob("*/closures"))).parent / ".unfinished-x",
        place.cache / ".proposal-y",
        place.folder / "private/.tokens.json.new",
    ]
    for path in left:
        path.write_text("x")
        os.utime(path, (old, old))
    found = place.found()
    assert {each["place"] for each in found} >= {str(path) for path in left}
    place.found("--repair")
    assert not any(path.exists() for path in left[1:])
    assert left[0].exists()
    left[0].unlink()
    assert killed_with_its_journal(place.root) == signal.SIGKILL
    found = place.found()
    assert any("killed" in each["what"] for each in found)
    recover(repository)
    assert place.found() == []


@pytest.mark.parametrize(
    "damage",
    [
        lambda git_: (git_ / "config").write_text("[core\n"),
        lambda git_: (git_ / "HEAD").write_text(""),
        lambda git_: shutil.rmtree(git_ / "objects"),
        lambda git_: shutil.rmtree(git_ / "refs"),
    ],
)
def test_git_that_cannot_be_opened_is_damage(
    place: Place, damage: Callable[[Path], object]
) -> None:
    damage(place.root / ".git")
    found = place.found()
    assert found
    assert all(each["remedy"] for each in found)


def test_a_log_that_a_loss_of_power_cut_is_found(place: Place) -> None:
    log = place.root / ".git/logs/HEAD"
    with log.open("ab") as file:
        file.write(bytes(40))
    (found,) = place.found()
    assert found["place"] == "logs/HEAD"


def test_a_lost_object_is_named_with_what_needs_it(place: Place) -> None:
    name = git(place.root, "rev-parse", "HEAD:data/README.md").stdout.strip()
    (place.root / ".git/objects" / name[:2] / name[2:]).unlink()
    (found,) = place.found()
    assert found["place"] == f"object {name}"
    assert "needs it" in found["what"]
    assert "fetch" in found["remedy"]


def test_without_git_the_files_are_parsed(place: Place) -> None:
    shutil.rmtree(place.root / ".git")
    done = place.fsck()
    assert done.code == 0, done.out
    assert "compared with no commit" in done.out
    (place.root / "data/records/one.ttl").write_text("<a> <b>")
    (found,) = place.found()
    assert found["place"].startswith("data/records/one.ttl:1")


def test_it_could_not_run_is_another_exit_code(tmp_path: Path) -> None:
    done = migov("fsck", "--root", tmp_path)
    assert done.code == 2
    assert done.err.startswith("Error: ")
