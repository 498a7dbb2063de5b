"""The files of the dataset at a commit, and the change that the working tree makes to them."""

from __future__ import annotations

import os
import stat
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path

from dulwich.errors import NotGitRepository
from dulwich.graph import find_merge_base
from dulwich.objects import Blob, Commit, ObjectID, Tree, valid_hexsha
from dulwich.objectspec import parse_object
from dulwich.refs import Ref
from dulwich.repo import Repo

from migov.change.model import Change, Files, files_now, is_content
from migov.change.read.checked import checked
from migov.dataset import ContentFile
from migov.errors import ContentError, EnvironmentProblem, Place, RefusedError
from migov.repository import Repository

_MAIN = (Ref(b"refs/heads/main"), Ref(b"refs/remotes/origin/main"))


def working_change(repository: Repository, base: str | None = None) -> Change:
    """Return what the files on disk, untracked ones too, change since a commit.

    Without `base` it is the last commit that HEAD and main share; before the first commit it is
    nothing at all. Raises EnvironmentProblem where git cannot tell.
    """
    before = base_files(repository, base)
    return Change(before, checked(files_now(repository), before), "working tree")


def files_change(repository: Repository, paths: Iterable[Path], base: str | None = None) -> Change:
    """Return what some files on disk change; a file that is gone from disk is removed."""
    before = base_files(repository, base)
    after = dict(before)
    for path in paths:
        name = _name_in(repository, path)
        if path.is_file():
            try:
                after[name] = ContentFile(name, path.read_bytes())
            except OSError as error:
                raise ContentError(
                    f"{name} cannot be read: {error.strerror}.", place=Place(name)
                ) from error
        elif after.pop(name, None) is None:
            raise EnvironmentProblem(f"There is no file {path}.", hint="Is the name right?")
    return Change(before, checked(after, before), "files")


def _name_in(repository: Repository, path: Path) -> str:
    try:
        name = path.resolve().relative_to(repository.root).as_posix()
    except ValueError:
        name = str(path)
    if not is_content(name):
        raise RefusedError(
            f"{path} is not a file of the dataset.",
            hint="Name .ttl files under data/ or ontology/ of this repository.",
        )
    return name


def base_files(repository: Repository, base: str | None = None) -> Files:
    """Return the files of the dataset at the commit that a change is compared with."""
    with open_git(repository) as git:
        commit = compared_commit(git, base)
        return {} if commit is None else files_at(git, repository, commit.tree)


def compared_commit(git: Repo, base: str | None = None) -> Commit | None:
    """Return the commit that a change is compared with, or None before the first one."""
    return _merge_base(git) if base is None else _named(git, base)


@contextmanager
def open_git(repository: Repository) -> Iterator[Repo]:
    """Open the git repository around the content; raises EnvironmentProblem."""
    try:
        git = Repo.discover(str(repository.root))
    except NotGitRepository as error:
        folder = repository.root / ".git"
        if folder.exists() and not os.access(folder, os.R_OK | os.X_OK):
            raise EnvironmentProblem(
                f"{folder} cannot be read by this user.",
                hint="Run as the user whose checkout it is, or make a clone of your own.",
            ) from error
        raise EnvironmentProblem(
            f"{repository.root} is not under git.",
            hint="A change is compared with a commit: run inside a checkout.",
        ) from error
    try:
        yield git
    finally:
        git.close()


def prefix_of(git: Repo, repository: Repository) -> tuple[bytes, ...]:
    """Return the folders from the root of the working tree to that of the content."""
    relative = repository.root.relative_to(Path(git.path).resolve())
    return tuple(part.encode() for part in relative.parts)


def head_of(git: Repo) -> ObjectID | None:
    """Return the commit that HEAD names, or None before the first one."""
    try:
        return git.head()
    except KeyError:
        return None


def _merge_base(git: Repo) -> Commit | None:
    head = head_of(git)
    if head is None:
        return None
    mains = [git.refs[name] for name in _MAIN if name in git.refs]
    if not all(map(valid_hexsha, (head, *mains))):
        raise EnvironmentProblem(
            "HEAD or main names no commit here.", hint="Examine the checkout: migov fsck"
        )
    for main in mains:
        try:
            found = find_merge_base(git, [head, main])
        except KeyError:  # a shallow history ends before they meet
            found = []
        if found:
            return _commit(git, found[0])
    raise EnvironmentProblem(
        "HEAD and main share no commit here."
        if mains
        else "There is no branch main to compare with.",
        hint="Name a commit with --base, or fetch more history: git fetch --unshallow origin main.",
    )


def _named(git: Repo, name: str) -> Commit:
    try:
        found = parse_object(git, name or "no name")
        while not isinstance(found, Commit):
            found = git[found.object[1]]  # type: ignore[attr-defined]
        return found
    except (KeyError, ValueError, AttributeError, IndexError, AssertionError) as error:
        if head_of(git) is None:
            raise EnvironmentProblem(
                "There is no commit here yet.", hint="Make the first commit with git."
            ) from error
        raise EnvironmentProblem(
            f"git knows no commit {name!r} here.",
            hint="Is the history shallow? git fetch --unshallow brings all of it.",
        ) from error


def _commit(git: Repo, name: ObjectID) -> Commit:
    found = git[name]
    assert isinstance(found, Commit)
    return found


def files_at(git: Repo, repository: Repository, tree: ObjectID) -> Files:
    """Return the files of the dataset in a tree; raises EnvironmentProblem for a damaged store."""
    try:
        return {
            path: ContentFile(path, _content(git, blob))
            for path, blob in blobs_at(git, repository, tree).items()
        }
    except KeyError as error:
        raise EnvironmentProblem(
            "git does not have all the files of the commit to compare with.",
            hint="Is this a partial clone? git fetch --refetch brings them.",
        ) from error


def blobs_at(git: Repo, repository: Repository, tree: ObjectID) -> dict[str, ObjectID]:
    """Return the blobs of the dataset's files in a tree by path, sorted."""
    at: Tree | None = _tree(git, tree)
    for part in prefix_of(git, repository):
        if at is None or part not in at:
            return {}
        mode, name = at[part]
        at = _tree(git, name) if stat.S_ISDIR(mode) else None
    found = {} if at is None else dict(_walk(git, at, ""))
    return {path: found[path] for path in sorted(found)}


def _walk(git: Repo, tree: Tree, folder: str) -> Iterator[tuple[str, ObjectID]]:
    for entry in tree.iteritems():
        path = folder + entry.path.decode("utf-8", "surrogateescape")
        if stat.S_ISDIR(entry.mode):
            if folder or path in ("ontology", "data"):
                yield from _walk(git, _tree(git, entry.sha), path + "/")
        elif stat.S_ISREG(entry.mode) and is_content(path):
            yield path, entry.sha


def _tree(git: Repo, name: ObjectID) -> Tree:
    found = git[name]
    assert isinstance(found, Tree)
    return found


def _content(git: Repo, name: ObjectID) -> bytes:
    found = git[name]
    assert isinstance(found, Blob)
    return found.data
