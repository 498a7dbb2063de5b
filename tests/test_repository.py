"""The repository is found where people expect it, and tells its commit where there is one."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

import pytest
from dulwich import porcelain

from migov import repository as module
from migov.errors import EnvironmentProblem
from migov.repository import FOLDERS, Repository, find_repository

ROOT = Path(__file__).resolve().parents[1]
AUTHOR = b"A <a@example.org>"


def content(root: Path) -> Path:
    for name in FOLDERS:
        (root / name).mkdir(parents=True)
    return root


@pytest.fixture
def elsewhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Stand in an empty folder, with the module installed somewhere in it."""
    package = tmp_path / "lib" / "site-packages" / "migov"
    package.mkdir(parents=True)
    monkeypatch.setattr(module, "__file__", str(package / "repository.py"))
    monkeypatch.chdir(tmp_path)
    return tmp_path


def test_an_explicit_root_goes_first(elsewhere: Path) -> None:
    content(elsewhere)
    given = content(elsewhere / "given")
    assert find_repository(given) == Repository(given)
    assert find_repository(Path("given")) == Repository(given)


@pytest.mark.parametrize("name", FOLDERS)
def test_an_explicit_root_that_is_not_one_is_told(name: str, elsewhere: Path) -> None:
    given = content(elsewhere / "given")
    (given / name).rmdir()
    with pytest.raises(EnvironmentProblem, match=f"has no folder {name}/") as caught:
        find_repository(given)
    assert caught.value.hint
    content(elsewhere / "here")  # and nothing else is taken for it
    with pytest.raises(EnvironmentProblem):
        find_repository(given)


def test_then_the_checkout_around_the_current_folder(
    elsewhere: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    content(elsewhere / "lib" / "site-packages" / "migov" / "content")
    outer = content(elsewhere / "outer")
    inner = outer / "data" / "inner"
    inner.mkdir()
    monkeypatch.chdir(inner)
    assert find_repository() == Repository(outer)
    content(inner)
    assert find_repository() == Repository(inner)


def test_then_the_checkout_of_the_module_and_then_the_installed_package(elsewhere: Path) -> None:
    installed = content(elsewhere / "lib" / "site-packages" / "migov" / "content")
    assert find_repository() == Repository(installed)
    content(elsewhere / "lib")
    assert find_repository() == Repository(elsewhere / "lib")


def test_nothing_to_be_found_is_told(elsewhere: Path) -> None:
    with pytest.raises(EnvironmentProblem, match="No migov content") as caught:
        find_repository()
    assert caught.value.hint is not None
    assert "--root" in caught.value.hint


def test_a_removed_current_folder_is_passed_over(
    elsewhere: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    installed = content(elsewhere / "lib" / "site-packages" / "migov" / "content")
    gone = elsewhere / "gone"
    gone.mkdir()
    monkeypatch.chdir(gone)
    gone.rmdir()
    assert find_repository() == Repository(installed)
    monkeypatch.chdir(elsewhere)


def test_this_checkout_is_found_from_this_module(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir("/")
    assert find_repository() == Repository(ROOT)


def test_the_folders_have_names() -> None:
    one = Repository(Path("/x"))
    assert [one.ontology, one.data, one.shapes, one.queries] == [Path("/x") / n for n in FOLDERS]
    assert one.rules == Path("/x/ontology/rules")


def test_the_revision_is_the_commit(tmp_path: Path) -> None:
    root = str(tmp_path)
    assert Repository(tmp_path).revision() is None
    porcelain.init(root).close()
    assert Repository(tmp_path).revision() is None
    for message in (b"First", b"Second"):
        commit = porcelain.commit(root, message, author=AUTHOR, committer=AUTHOR)
        assert Repository(tmp_path).revision() == commit.decode()
    inside = content(tmp_path / "inside")
    assert Repository(inside).revision() is None, "another project's commit says nothing of it"


@pytest.mark.parametrize("dot_git", [b"", b"\xff\n", b"gitdir: /nowhere\n", b"gitdir: .git\n"])
def test_a_damaged_checkout_has_no_revision(dot_git: bytes, tmp_path: Path) -> None:
    (tmp_path / ".git").write_bytes(dot_git)
    assert Repository(tmp_path).revision() is None


@pytest.mark.parametrize(
    ("file", "text"),
    [
        ("HEAD", ""),
        ("HEAD", "nonsense"),
        ("HEAD", "ref: refs/heads/none"),
        ("refs/heads/main", "nonsense"),
        ("config", "[core]\n\trepositoryformatversion = 7\n"),
        ("config", "[core"),
    ],
)
def test_a_damaged_repository_has_no_revision(file: str, text: str, tmp_path: Path) -> None:
    porcelain.init(str(tmp_path)).close()
    (tmp_path / ".git" / "HEAD").write_text("ref: refs/heads/main\n", encoding="utf-8")
    (tmp_path / ".git" / file).write_text(text, encoding="utf-8")
    assert Repository(tmp_path).revision() is None


@pytest.mark.needs("git")
def test_linked_detached_and_packed_checkouts_have_a_revision(tmp_path: Path) -> None:
    main, linked, shallow = tmp_path / "main", tmp_path / "linked", tmp_path / "shallow"
    no_settings = {**os.environ, "GIT_CONFIG_GLOBAL": os.devnull, "GIT_CONFIG_SYSTEM": os.devnull}

    def git(folder: Path, *words: str) -> None:
        command = ["git", "-c", "user.name=A", "-c", "user.email=a@example.org", "-C", str(folder)]
        subprocess.run([*command, *words], env=no_settings, check=True, capture_output=True)

    git(tmp_path, "init", "main")
    git(main, "commit", "--allow-empty", "-m", "First")
    first = Repository(main).revision()
    assert first is not None
    git(main, "worktree", "add", str(linked))
    assert (linked / ".git").is_file()
    assert Repository(linked).revision() == first
    git(linked, "commit", "--allow-empty", "-m", "Second")
    second = Repository(linked).revision()
    assert second not in (first, None)
    assert Repository(main).revision() == first
    git(linked, "checkout", "--detach")
    git(main, "pack-refs", "--all")
    assert Repository(main).revision() == first
    assert Repository(linked).revision() == second
    git(tmp_path, "clone", "--depth", "1", main.as_uri(), str(shallow))
    assert Repository(shallow).revision() == first
