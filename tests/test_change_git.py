"""The change that a working tree makes, against what git has."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import pytest
from dulwich import porcelain
from dulwich.repo import Repo

from change_support import commit, small_repository
from migov.change import base_files, files_change, working_change
from migov.errors import EnvironmentProblem, RefusedError
from migov.repository import find_repository

WHO = "data/actors/who.ttl"


def test_edited_new_and_removed_files_are_touched_tracked_or_not(tmp_path: Path) -> None:
    repository = small_repository(tmp_path)
    assert working_change(repository).touched == ()
    (tmp_path / WHO).write_bytes((tmp_path / WHO).read_bytes() + b"# more\n")
    (tmp_path / "data/actors/new.ttl").write_bytes(b"")
    (tmp_path / "data/actors/.hidden.ttl").write_bytes(b"")
    (tmp_path / "data/actors/ilo.ttl").unlink()
    assert working_change(repository).touched == (
        "data/actors/ilo.ttl",
        "data/actors/new.ttl",
        WHO,
    )
    assert files_change(repository, [tmp_path / WHO]).touched == (WHO,)
    assert files_change(repository, [tmp_path / "data/actors/ilo.ttl"]).touched == (
        "data/actors/ilo.ttl",
    )
    with pytest.raises(EnvironmentProblem):
        files_change(repository, [tmp_path / "data/actors/none.ttl"])
    for outside in (tmp_path / "README.md", Path("/etc/passwd"), tmp_path / "data/../shapes/x.ttl"):
        with pytest.raises(RefusedError):
            files_change(repository, [outside])


def test_a_branch_is_compared_with_where_it_left_main(tmp_path: Path) -> None:
    repository = small_repository(tmp_path)
    porcelain.checkout(tmp_path, b"HEAD", new_branch=b"topic")
    (tmp_path / WHO).write_bytes((tmp_path / WHO).read_bytes() + b"# topic\n")
    commit(tmp_path, "Topic")
    porcelain.checkout(tmp_path, b"main")
    (tmp_path / "data/actors/on-main.ttl").write_bytes(b"")
    commit(tmp_path, "Main")
    porcelain.checkout(tmp_path, b"topic")
    assert working_change(repository).touched == (WHO,)
    assert working_change(repository, "main").touched == ("data/actors/on-main.ttl", WHO)
    assert working_change(repository, "HEAD").touched == ()
    assert working_change(repository, "HEAD~1").touched == (WHO,)
    for unknown in ("nowhere", "HEAD~99", "HEAD:data", "0" * 40, ""):
        with pytest.raises(EnvironmentProblem):
            working_change(repository, unknown)


def test_before_the_first_commit_everything_is_new(tmp_path: Path) -> None:
    repository = small_repository(tmp_path)
    shutil.rmtree(tmp_path / ".git")
    with pytest.raises(EnvironmentProblem, match="not under git"):
        working_change(repository)
    porcelain.init(tmp_path).close()
    change = working_change(repository)
    assert change.before == {}
    assert WHO in change.touched


def test_without_main_a_base_must_be_named(tmp_path: Path) -> None:
    repository = small_repository(tmp_path)
    with Repo(str(tmp_path)) as git:
        git.refs[b"refs/heads/trunk"] = git.head()  # type: ignore[index]
        git.refs.set_symbolic_ref(b"HEAD", b"refs/heads/trunk")  # type: ignore[arg-type]
        del git.refs[b"refs/heads/main"]  # type: ignore[arg-type]
    with pytest.raises(EnvironmentProblem, match="no branch main"):
        working_change(repository)
    assert working_change(repository, "HEAD").touched == ()


@pytest.mark.needs("git")
def test_worktrees_shallow_clones_and_folders_inside(tmp_path: Path) -> None:
    def git(*words: str, at: Path) -> None:
        subprocess.run(["git", *words], cwd=at, check=True, capture_output=True)

    main = tmp_path / "main"
    small_repository(main)
    for number in range(3):
        (main / f"data/{number}.ttl").write_bytes(b"")
        commit(main, str(number))
    git("worktree", "add", "-b", "topic", str(tmp_path / "tree"), at=main)
    tree = find_repository(tmp_path / "tree")
    (tree.root / WHO).write_bytes(b"")
    assert working_change(tree).touched == (WHO,)
    git("clone", "--depth", "1", f"file://{main}", str(tmp_path / "shallow"), at=tmp_path)
    shallow = find_repository(tmp_path / "shallow")
    assert working_change(shallow).touched == ()
    with pytest.raises(EnvironmentProblem, match="no commit"):
        working_change(shallow, "HEAD~1")
    git("gc", "--aggressive", at=main)
    git("pack-refs", "--all", at=main)
    assert working_change(find_repository(main)).touched == ()

    inside = tmp_path / "inside"
    content = small_repository(inside / "deep" / "content")
    shutil.rmtree(content.root / ".git")
    git("init", "-q", "-b", "main", at=inside)
    commit(inside, "Begin")
    (content.root / WHO).write_bytes(b"")
    assert working_change(content).touched == (WHO,)
    assert sorted(base_files(content)) == sorted(base_files(find_repository(main)))[3:]
