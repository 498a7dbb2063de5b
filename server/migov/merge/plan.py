"""Everything that a merge will write, known before any of it is written."""

from __future__ import annotations

import os
import stat
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from dulwich.objects import Blob, Commit, ObjectID, ShaFile, Tree, valid_hexsha
from dulwich.refs import Ref
from dulwich.repo import Repo

from migov.change.git import blobs_at, prefix_of
from migov.change.model import Files
from migov.dataset import ContentFile
from migov.errors import EnvironmentProblem, RefusedError
from migov.repository import Repository

_FILE = 0o100644

Written = Mapping[str, bytes | None]
"""What a merge writes: the new content of each file that it touches, None for one it removes."""


@dataclass(frozen=True, slots=True)
class Plan:
    """One commit on top of another: the reference that moves, and the blobs that files become."""

    ref: Ref
    head: ObjectID
    commit: Commit
    objects: tuple[ShaFile, ...]
    blobs: Mapping[str, tuple[ObjectID | None, ObjectID | None]]


def head_files(git: Repo, repository: Repository, known: Files) -> Files:
    """Return the dataset's files at HEAD; blobs that `known` files have are not read again."""
    return {
        path: _file(git, path, blob, known.get(path))
        for path, blob in blobs_here(git, repository).items()
    }


def blobs_here(git: Repo, repository: Repository) -> dict[str, ObjectID]:
    """Return the blobs of the dataset's files at HEAD by path."""
    return blobs_at(git, repository, _commit(git, head(git)[1]).tree)


def _file(git: Repo, path: str, name: ObjectID, known: ContentFile | None) -> ContentFile:
    if known is not None and Blob.from_string(known.content).id == name:
        return known
    blob = git[name]
    assert isinstance(blob, Blob)
    return ContentFile(path, blob.data)


def head(git: Repo) -> tuple[Ref, ObjectID]:
    """Return the reference that a commit moves, and the commit it names now."""
    names, name = git.refs.follow(Ref(b"HEAD"))
    if name is None:
        raise EnvironmentProblem(
            "There is no commit to merge into.", hint="Make the first commit with git."
        )
    if not valid_hexsha(name):
        raise EnvironmentProblem(
            f"{os.fsdecode(names[-1])} names no commit.", hint="Examine it: migov fsck"
        )
    return names[-1], name


def plan(git: Repo, repository: Repository, files: Written, author: str, message: str) -> Plan:
    """Return the plan for a commit on HEAD that writes some files and removes others."""
    ref, parent = head(git)
    old_tree = _commit(git, parent).tree
    old = blobs_at(git, repository, old_tree)
    new: dict[str, Blob | None] = {}
    for path, content in sorted(files.items()):
        new[path] = None if content is None else Blob.from_string(content)
    prefix = prefix_of(git, repository)
    leaves = {(*prefix, *_parts(path)): blob for path, blob in new.items()}
    trees: list[Tree] = []
    tree = _with_blobs(git, old_tree, leaves, trees)
    commit = Commit()
    commit.tree = tree.id
    commit.parents = [parent]
    commit.author = commit.committer = _signature(author)
    commit.author_time = commit.commit_time = int(time.time())
    commit.author_timezone = commit.commit_timezone = 0
    commit.encoding = b"UTF-8"
    commit.message = _message(message)
    blobs = {path: (old.get(path), None if blob is None else blob.id) for path, blob in new.items()}
    return Plan(
        ref, parent, commit, (*(b for b in new.values() if b is not None), *trees, commit), blobs
    )


def _parts(path: str) -> Iterator[bytes]:
    return (part.encode("utf-8", "surrogateescape") for part in path.split("/"))


def _with_blobs(
    git: Repo,
    name: ObjectID | None,
    leaves: Mapping[tuple[bytes, ...], Blob | None],
    trees: list[Tree],
) -> Tree:
    """Return a tree with some of its files replaced; new trees are added to `trees`."""
    tree = Tree()
    if name is not None:
        found = git[name]
        assert isinstance(found, Tree)
        for entry in found.iteritems():
            tree.add(entry.path, entry.mode, entry.sha)
    below: dict[bytes, dict[tuple[bytes, ...], Blob | None]] = {}
    for (first, *rest), blob in leaves.items():
        if rest:
            below.setdefault(first, {})[tuple(rest)] = blob
        elif blob is not None:
            tree.add(first, tree[first][0] if first in tree else _FILE, blob.id)
        elif first in tree:
            del tree[first]
    for folder, inner in below.items():
        mode, inner_name = _entry(tree, folder)
        if not stat.S_ISDIR(mode):
            raise RefusedError(f"{folder.decode(errors='replace')} is a file in git, not a folder.")
        changed = _with_blobs(git, inner_name, inner, trees)
        if len(changed):
            tree.add(folder, stat.S_IFDIR, changed.id)
        elif folder in tree:
            del tree[folder]
    trees.append(tree)
    return tree


def _entry(tree: Tree, name: bytes) -> tuple[int, ObjectID | None]:
    return tree[name] if name in tree else (stat.S_IFDIR, None)  # noqa: SIM401 (not a dict)


def _signature(author: str) -> bytes:
    """Return `Name <mail>` as git writes it; raises RefusedError."""
    name, opening, rest = author.partition("<")
    mail, closing, tail = rest.partition(">")
    if not (name.strip() and opening and closing) or tail.strip() or not author.isprintable():
        raise RefusedError(
            f"{author!r} is not an author as git names one.", hint="Write: Name <mail@example.org>."
        )
    return f"{name.strip()} <{mail.strip()}>".encode()


def _message(message: str) -> bytes:
    if not message.strip() or "\0" in message:
        raise RefusedError("A merge needs a message.", hint="Say what changes and why.")
    return (message.strip() + "\n").encode()


def _commit(git: Repo, name: ObjectID) -> Commit:
    found = git[name]
    assert isinstance(found, Commit)
    return found
