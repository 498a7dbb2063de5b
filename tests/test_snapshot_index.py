"""Which files are read again: those that look otherwise, or too fresh to be sure of."""

from __future__ import annotations

import os
import time
from pathlib import Path

import pytest

import small
from git_repository import git
from migov.dataset import content_files, digest, read_file
from migov.dataset.files import content_paths
from migov.dataset.look import looks
from migov.errors import ContentError
from migov.repository import Repository
from migov.snapshot import How, build_snapshot, index
from migov.snapshot.index import state_of
from migov.snapshot.model import read_snapshot


@pytest.fixture
def repository(tmp_path: Path) -> Repository:
    return small.repository(tmp_path / "checkout")


def commit(root: Path) -> None:
    for arguments in (("add", "-A"), ("commit", "-q", "-m", "A state")):
        found = git(root, *arguments)
        assert found.returncode == 0, found.stderr


@pytest.fixture
def read(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The files that were read, by their names."""
    monkeypatch.setattr(index, "_MARGIN", -(10**18))  # so that no file is too fresh
    names: list[str] = []

    def noted(path: Path, root: Path) -> object:
        names.append(path.name)
        return read_file(path, root)

    monkeypatch.setattr(index, "read_file", noted)
    return names


def test_only_what_looks_otherwise_is_read_again(
    repository: Repository, tmp_path: Path, read: list[str]
) -> None:
    cache = tmp_path / "cache"
    first = state_of(repository, cache)
    assert first.digest == digest(content_files(repository))
    assert len(read) == 4
    read.clear()
    assert state_of(repository, cache) == first
    assert read == []
    small.write(repository.data / "records" / "one.ttl", "initiative:i a mg:Project .")
    second = state_of(repository, cache)
    assert read == ["one.ttl"]
    assert second.digest == digest(content_files(repository)) != first.digest
    read.clear()
    (repository.data / "records" / "two.ttl").unlink()
    small.write(repository.data / "three.ttl", "initiative:k a mg:Project .")
    third = state_of(repository, cache)
    assert read == ["three.ttl"]
    assert third.digest == digest(content_files(repository)) != second.digest


def test_a_change_that_keeps_size_and_time_is_seen(
    repository: Repository, tmp_path: Path, read: list[str]
) -> None:
    path = repository.data / "records" / "one.ttl"
    first = state_of(repository, tmp_path / "cache")
    read.clear()
    before = path.stat()
    path.write_bytes(path.read_bytes().replace(b"'One'", b"'Two'"))
    os.utime(path, ns=(before.st_atime_ns, before.st_mtime_ns))
    assert state_of(repository, tmp_path / "cache").digest != first.digest
    assert read == ["one.ttl"]


def test_a_file_that_is_too_fresh_is_read_again(
    repository: Repository, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    cache = tmp_path / "cache"
    state = state_of(repository, cache)
    monkeypatch.setattr(index, "read_file", None)
    with pytest.raises(TypeError):
        state_of(repository, cache)
    monkeypatch.undo()
    time.sleep(1.1)
    assert state_of(repository, cache) == state  # read once more, now old enough
    monkeypatch.setattr(index, "read_file", None)
    assert state_of(repository, cache) == state


@pytest.mark.parametrize("content", [b"", b"{", b"[]", b'{"root": 1}', b"\n[[1]]"])
def test_a_damaged_index_is_as_good_as_none(
    content: bytes, repository: Repository, tmp_path: Path
) -> None:
    cache = tmp_path / "cache"
    first = state_of(repository, cache)
    (path,) = cache.glob("*.json")
    path.write_bytes(content)
    assert state_of(repository, cache) == first


def test_an_index_of_files_that_are_no_list_of_the_right_shape_is_none(
    repository: Repository, tmp_path: Path
) -> None:
    cache = tmp_path / "cache"
    first = state_of(repository, cache)
    (path,) = cache.glob("*.json")
    about, _, files = path.read_bytes().partition(b"\n")
    path.write_bytes(about.replace(b'"looks": "', b'"looks": "0') + b'\n[["x", 1, 2, 3], ' + files)
    assert state_of(repository, cache) == first


def test_a_commit_of_the_same_files_is_noticed_without_reading_any(
    repository: Repository, tmp_path: Path, read: list[str]
) -> None:
    cache = tmp_path / "cache"
    git(repository.root, "init", "-q")
    commit(repository.root)
    first = state_of(repository, cache)
    assert (first.revision is not None, first.uncommitted) == (True, False)
    small.write(repository.data / "three.ttl", "initiative:k a mg:Project .")
    assert state_of(repository, cache).uncommitted
    read.clear()
    commit(repository.root)
    second = state_of(repository, cache)
    assert (second.revision != first.revision, second.uncommitted) == (True, False)
    assert read == []


def test_links_and_folders_named_as_files_are_refused_as_ever(
    repository: Repository, tmp_path: Path
) -> None:
    outside = tmp_path / "outside"
    outside.mkdir()
    (outside / "secret.ttl").write_text("", encoding="utf-8")
    places = {
        repository.data / "link.ttl": outside / "secret.ttl",
        repository.data / "linked": outside,
        repository.ontology / "gone.ttl": outside / "nothing",
    }
    for place, target in places.items():
        place.symlink_to(target)
        with pytest.raises(ContentError, match=place.name):
            build_snapshot(repository, tmp_path / "cache")
        place.unlink()
    (repository.data / "folder.ttl").mkdir()
    with pytest.raises(ContentError, match=r"folder\.ttl"):
        build_snapshot(repository, tmp_path / "cache")
    (repository.data / "folder.ttl").rmdir()
    hidden = repository.data / ".hidden"
    hidden.mkdir()
    (hidden / "x.ttl").write_text("broken", encoding="utf-8")
    assert build_snapshot(repository, tmp_path / "cache").triples
    root = repository.root
    assert sorted(looks(repository)) == sorted(
        path.relative_to(root).as_posix() for path in content_paths(repository)
    )


def test_a_data_folder_that_leads_elsewhere_is_refused(
    repository: Repository, tmp_path: Path
) -> None:
    repository.data.rename(tmp_path / "elsewhere")
    repository.data.symlink_to(tmp_path / "elsewhere")
    with pytest.raises(ContentError):
        build_snapshot(repository, tmp_path / "cache")


def test_without_inference_nothing_follows_and_it_is_another_snapshot(
    repository: Repository, tmp_path: Path
) -> None:
    cache = tmp_path / "cache"
    with_it = build_snapshot(repository, cache)
    without = build_snapshot(repository, cache, How(inference=False))
    assert (with_it.inferred > 0, without.inferred) == (True, 0)
    assert (without.digest, without.triples) == (with_it.digest, with_it.triples)
    assert without.folder != with_it.folder
    assert read_snapshot(without.folder, None) == without
    assert build_snapshot(repository, cache) == with_it
