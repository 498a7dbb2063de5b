"""A snapshot is the same whenever it is built, whole or not there, and found again by its name."""

from __future__ import annotations

import hashlib
import json
import os
import resource
import subprocess
import sys
import threading
import time
from collections import defaultdict
from collections.abc import Iterable
from pathlib import Path

import pytest
from dulwich import porcelain
from pyoxigraph import DefaultGraph, NamedNode, Quad, RdfFormat, Triple, parse

import small
from migov.dataset import content_files, digest
from migov.errors import ContentError, ContentSyntaxError, EnvironmentProblem
from migov.fulltext import TEXT
from migov.repository import Repository
from migov.snapshot import Snapshot, build, build_snapshot, keep
from migov.snapshot.model import DESCRIPTION, QUADS, read_snapshot
from migov.snapshot.sums import unsealed
from migov.vocabulary import INFERRED_GRAPH

BUILD = """
import sys
from pathlib import Path
from migov.repository import Repository
from migov.snapshot import build_snapshot
sys.stdin.read()
print(build_snapshot(Repository(Path(sys.argv[1])), Path(sys.argv[2])).quads)
"""


@pytest.fixture(scope="module")
def closures(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A cache that has the closures of the small repository."""
    root = tmp_path_factory.mktemp("closures")
    build_snapshot(small.repository(root / "checkout"), root / "cache")
    return next((root / "cache").glob("*/closures"))


@pytest.fixture
def repository(tmp_path: Path) -> Repository:
    return small.repository(tmp_path / "checkout")


@pytest.fixture
def cache(tmp_path: Path, closures: Path) -> Path:
    """A cache with no snapshot in it; its closures spare each test the reasoner's second."""
    folder = tmp_path / "cache" / closures.parent.name
    folder.mkdir(parents=True)
    (folder / "closures").symlink_to(closures)
    return tmp_path / "cache"


def entries(cache: Path) -> list[str]:
    """Return the paths in a cache except its lock, its indexes and what the reasoner keeps."""
    paths = (path.relative_to(cache) for path in cache.glob("*/**/*"))
    kept = ("closures", "indexes", ".lock")
    return sorted(path.as_posix() for path in paths if not set(kept) & set(path.parts))


def whole(snapshot: Snapshot) -> list[str]:
    version = snapshot.folder.parent.name
    names = (f"{snapshot.digest}/{name}" for name in (QUADS, TEXT, DESCRIPTION))
    return sorted(f"{version}/{name}" for name in (snapshot.digest, *names))


def graphs(snapshot: Snapshot) -> dict[NamedNode | DefaultGraph, list[Triple]]:
    found: dict[NamedNode | DefaultGraph, list[Triple]] = defaultdict(list)
    for quad in parse(path=snapshot.quads, format=RdfFormat.N_QUADS):
        assert isinstance(quad, Quad)
        assert isinstance(quad.graph_name, NamedNode | DefaultGraph)
        found[quad.graph_name].append(quad.triple)
    return dict(found)


def union(lists: Iterable[list[Triple]]) -> set[Triple]:
    return {triple for triples in lists for triple in triples}


def test_built_twice_it_is_the_same(
    repository: Repository, cache: Path, closures: Path, tmp_path: Path
) -> None:
    one = build_snapshot(repository, cache)
    second = tmp_path / "second" / closures.parent.name
    second.mkdir(parents=True)
    elsewhere = small.repository(tmp_path / "elsewhere")
    two = build_snapshot(elsewhere, tmp_path / "second")
    assert one.quads != two.quads
    assert one.quads.read_bytes() == two.quads.read_bytes()
    assert one.digest == two.digest == digest(content_files(repository))
    assert one.name == one.digest[:12]


def test_it_is_found_again_and_not_built(
    repository: Repository, cache: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    one = build_snapshot(repository, cache)
    monkeypatch.setattr(build, "_build", None)
    monkeypatch.setattr(build, "read_quads", None)
    assert build_snapshot(repository, cache) == one
    assert entries(cache) == whole(one)


def test_its_graphs_are_the_union_each_file_and_what_follows(
    repository: Repository, cache: Path
) -> None:
    snapshot = build_snapshot(repository, cache)
    found = graphs(snapshot)
    default, inferred = found.pop(DefaultGraph()), found.pop(NamedNode(INFERRED_GRAPH))
    assert set(snapshot.graphs) == {
        f"https://w3id.org/migov/graph/{path}" for path in small.FILES if path.endswith(".ttl")
    }
    assert set(default) == union(found.values())
    assert len(default) == len(set(default)) == snapshot.triples
    assert len(inferred) == len(set(inferred)) == snapshot.inferred == 3
    assert not set(inferred) & set(default)
    counts = {str(graph)[1:-1]: len(set(triples)) for graph, triples in found.items()}
    assert counts == snapshot.graphs
    assert sum(snapshot.graphs.values()) == snapshot.triples + 1  # both records say the type


def test_its_description_says_what_it_holds(repository: Repository, cache: Path) -> None:
    snapshot = build_snapshot(repository, cache)
    description = json.loads((snapshot.folder / DESCRIPTION).read_text(encoding="utf-8"))
    sums = {
        name: hashlib.sha256((snapshot.folder / name).read_bytes()).hexdigest()
        for name in (QUADS, "text.sqlite")
    }
    assert unsealed(description) == {**snapshot.describe(), "sums": sums}
    assert description["size"] == snapshot.quads.stat().st_size
    assert "folder" not in description
    assert str(cache) not in json.dumps(description)


@pytest.mark.parametrize("path", ["data/records/two.ttl", "ontology/migov.ttl"])
def test_nothing_is_written_when_a_file_is_broken(
    path: str, repository: Repository, cache: Path
) -> None:
    good = build_snapshot(repository, cache)
    small.write(repository.root / path, "initiative:i a [")
    with pytest.raises(ContentSyntaxError, match=path):
        build_snapshot(repository, cache)
    assert entries(cache) == whole(good)
    small.write(repository.root / path, small.FILES[path])
    assert build_snapshot(repository, cache) == good


def test_nothing_is_written_when_a_rule_is_broken(repository: Repository, cache: Path) -> None:
    small.write(repository.rules / "concern.rq", "CONSTRUCT {")
    with pytest.raises(ContentSyntaxError, match=r"concern\.rq"):
        build_snapshot(repository, cache)
    assert entries(cache) == []


def test_nothing_is_written_when_a_file_cannot_be_read(repository: Repository, cache: Path) -> None:
    (repository.data / "odd.ttl").mkdir()
    with pytest.raises(ContentError, match=r"odd\.ttl"):
        build_snapshot(repository, cache)
    assert entries(cache) == []


@pytest.mark.parametrize("change", ["", "# a comment\n", "initiative:i mg:about initiative:j .\n"])
def test_every_change_makes_another_snapshot_beside_the_first(
    change: str, repository: Repository, cache: Path
) -> None:
    one = build_snapshot(repository, cache)
    small.write(repository.data / "records" / "three.ttl", change)
    two = build_snapshot(repository, cache)
    assert two.digest != one.digest
    assert entries(cache) == sorted({*whole(one), *whole(two)})


@pytest.mark.parametrize(
    ("name", "content"),
    [
        (QUADS, None),
        (TEXT, None),
        (QUADS, b""),
        (QUADS, b"half"),
        (DESCRIPTION, None),
        (DESCRIPTION, b""),
        (DESCRIPTION, b"[]"),
        (DESCRIPTION, b"{}"),
        (DESCRIPTION, b'{"digest": "'),
        (DESCRIPTION, b"\xff"),
    ],
)
def test_a_damaged_entry_is_built_again(
    name: str, content: bytes | None, repository: Repository, cache: Path
) -> None:
    good = build_snapshot(repository, cache)
    kept = good.quads.read_bytes()
    if content is None:
        (good.folder / name).unlink()
    else:
        (good.folder / name).write_bytes(content)
    assert read_snapshot(good.folder, None) is None
    again = build_snapshot(repository, cache)
    assert again.quads.read_bytes() == kept
    assert read_snapshot(good.folder, None) == again
    assert entries(cache) == whole(again)


def test_another_snapshot_under_its_name_is_not_taken_for_it(
    repository: Repository, cache: Path
) -> None:
    one = build_snapshot(repository, cache)
    small.write(repository.data / "three.ttl", "initiative:k a mg:Project .")
    two = build_snapshot(repository, cache)
    for name in (QUADS, TEXT, DESCRIPTION):
        (two.folder / name).unlink()
    two.folder.rmdir()
    one.folder.rename(two.folder)
    assert build_snapshot(repository, cache).triples == two.triples


def test_what_a_killed_build_left_behind_is_removed(repository: Repository, cache: Path) -> None:
    left = next(cache.iterdir()) / ".unfinished-abc"
    left.mkdir()
    (left / QUADS).write_bytes(b"half")
    snapshot = build_snapshot(repository, cache)
    assert entries(cache) == whole(snapshot)


def test_a_build_that_fails_leaves_nothing(
    repository: Repository, cache: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(build, "write_description", full)
    with pytest.raises(EnvironmentProblem, match="No space left on device") as caught:
        build_snapshot(repository, cache)
    assert caught.value.hint is not None
    assert "MIGOV_CACHE" in caught.value.hint
    assert entries(cache) == []


@pytest.mark.parametrize("most", [0, 200, 2_000, 20_000])
def test_a_disk_that_is_full_anywhere_in_a_build_is_told_as_such(
    repository: Repository, cache: Path, most: int
) -> None:
    """The longest file that a process may write stands for the room on a disk."""

    def full() -> None:
        resource.setrlimit(resource.RLIMIT_FSIZE, (most, most))

    told = subprocess.run(
        [sys.executable, "-m", "migov.cli", "info", "--root", repository.root, "--cache", cache],
        preexec_fn=full,
        capture_output=True,
        text=True,
        check=False,
    )
    assert told.returncode == 2
    assert f"The cache folder {cache}" in told.stderr
    assert "MIGOV_CACHE" in told.stderr
    assert "Traceback" not in told.stderr
    assert not list(cache.rglob(".unfinished*"))


def test_a_cache_that_cannot_be_written_is_told(repository: Repository, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("", encoding="utf-8")
    with pytest.raises(EnvironmentProblem, match="cannot be written") as caught:
        build_snapshot(repository, tmp_path / "file" / "cache")
    assert caught.value.hint is not None
    assert "MIGOV_CACHE" in caught.value.hint


def test_a_rule_that_cannot_be_run_is_not_the_fault_of_the_cache(
    repository: Repository, cache: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fails(*_: object) -> None:
        raise OSError("no answer")

    monkeypatch.setattr(build, "derive", fails)
    with pytest.raises(OSError, match="no answer"):
        build_snapshot(repository, cache)


class Holder:
    """Something that uses a snapshot."""


def test_what_nobody_uses_goes_and_the_newest_stay(tmp_path: Path) -> None:
    closures = tmp_path / "closures"
    closures.mkdir()
    names = [f"{number:064x}" for number in range(keep.SNAPSHOTS + 4)]
    long_ago = time.time() - 10 * keep.SECONDS
    for number, name in enumerate(names):
        (tmp_path / name).mkdir()
        (tmp_path / name / QUADS).write_bytes(b"")
        os.utime(tmp_path / name, (long_ago + number, long_ago + number))
    for number in range(keep.CLOSURES + 2):
        (closures / f"{number}.nt").write_bytes(b"")
        os.utime(closures / f"{number}.nt", (long_ago + number, long_ago + number))
    held = Snapshot(names[0], tmp_path / names[0], 0, 0, {}, "")
    holder = Holder()
    keep.hold(held, holder)
    keep.mark_used(tmp_path / names[1])

    keep.sweep(tmp_path, closures)
    left = {path.name for path in tmp_path.iterdir()} - {"closures"}
    # The one just used is among the newest, so that one more of the others is not.
    assert left == {names[0], names[1], *names[-keep.SNAPSHOTS + 1 :]}
    assert sorted(int(path.stem) for path in closures.iterdir())[0] == 2

    del holder
    keep.sweep(tmp_path, closures)
    assert names[0] not in {path.name for path in tmp_path.iterdir()}


def test_what_was_used_a_moment_ago_stays(tmp_path: Path) -> None:
    for number in range(keep.SNAPSHOTS + 4):
        (tmp_path / f"{number:064x}").mkdir()
    keep.sweep(tmp_path, tmp_path / "closures")
    assert len(list(tmp_path.iterdir())) == keep.SNAPSHOTS + 4


def test_two_processes_build_one_snapshot(repository: Repository, cache: Path) -> None:
    command = [sys.executable, "-c", BUILD, str(repository.root), str(cache)]
    builders = [
        subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        for _ in range(3)
    ]
    for builder in builders:  # they wait for the end of their input, and so begin together
        assert builder.stdin is not None
        builder.stdin.close()
    answers = set()
    for builder in builders:
        assert builder.stdout is not None
        with builder.stdout:
            answers.add(builder.stdout.read().strip())
        assert builder.wait(60) == 0
    snapshot = build_snapshot(repository, cache)
    assert answers == {str(snapshot.quads)}
    assert entries(cache) == whole(snapshot)


def test_threads_that_meet_at_a_damaged_entry_all_get_a_whole_one(
    repository: Repository, cache: Path
) -> None:
    good = build_snapshot(repository, cache)
    kept = good.quads.read_bytes()
    good.quads.write_bytes(b"half")
    together = threading.Barrier(6)
    found: list[bytes] = []

    def builds() -> None:
        together.wait()
        found.append(build_snapshot(repository, cache).quads.read_bytes())

    threads = [threading.Thread(target=builds) for _ in range(together.parties)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert found == [kept] * together.parties


def test_the_revision_is_the_commit_and_no_part_of_the_name(
    repository: Repository, cache: Path
) -> None:
    assert build_snapshot(repository, cache).revision is None
    root = str(repository.root)
    porcelain.init(root).close()
    one = build_snapshot(repository, cache)
    assert one.revision is None
    author = b"A <a@example.org>"
    commit = porcelain.commit(root, b"First", author=author, committer=author)
    two = build_snapshot(repository, cache)
    assert two.revision == commit.decode()
    assert two.folder == one.folder
    assert two.describe() == {**one.describe(), "revision": two.revision}


def test_the_files_of_this_repository_are_built_and_found(tmp_path: Path) -> None:
    repository = Repository(Path(__file__).resolve().parents[1])
    snapshot = build_snapshot(repository, tmp_path)
    assert snapshot.triples > 10_000
    assert snapshot.inferred > 1_000
    assert build_snapshot(repository, tmp_path) == snapshot
    assert os.listdir(snapshot.folder.parent).count(snapshot.digest) == 1  # noqa: PTH208
