"""The git repository: every object is what its name says, and none that is needed is missing.

What git wrote carries checksums: a loose object is named by its own, and packs and indexes end
with theirs. So a byte that changed is found without knowing what it means.
"""

from __future__ import annotations

import hashlib
import os
import re
import stat
import time
import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import Final

from dulwich.objects import Commit, ObjectID, Tag, Tree
from dulwich.refs import Ref
from dulwich.repo import Repo

from migov.change.git import head_of, open_git
from migov.errors import MigovError
from migov.integrity.model import Damage, Part, shown
from migov.merge.journal import journal_path, read_journal
from migov.repository import Repository

_NAME: Final = re.compile(r"[0-9a-f]{40}(?:[0-9a-f]{24})?")
_REFERENCE: Final = re.compile(rf"(?:{_NAME.pattern}|ref: refs/\S+)\n?")
_LOGGED: Final = re.compile(rf"{_NAME.pattern} {_NAME.pattern} .*> \d+ [+-]\d{{4}}(?:\t.*)?")
_ENDING: Final = ("*.pack", "*.idx", "*.rev", "*.bitmap", "multi-pack-index")
_OLD: Final = 3600
"""Seconds after which a lock of git's belongs to nobody any more."""
_FETCH: Final = (
    "Bring it from another clone: git fetch, or copy it there into .git/objects. If nobody has it, "
    "restore .git from a backup."
)


def unopened(repository: Repository) -> tuple[Damage, ...] | None:
    """Return None for a repository of git that can be opened, and else what is wrong with it.

    Nothing is wrong where there is none.
    """
    try:
        with open_git(repository) as git:
            git.get_config()
            head_of(git)
        return None
    except Exception as error:  # dulwich has no one error for damaged settings and references
        places = [folder / ".git" for folder in (repository.root, *repository.root.parents)]
        found = next((place for place in places if place.exists()), None)
        if found is None:
            return ()
        what = f"git’s folder cannot be opened: {error or type(error).__name__}"
        remedy = "Compare HEAD and config there with those of another clone, or restore them."
        return (Damage(str(found), what.rstrip(".") + ".", remedy),)


def history_part(git: Repo) -> Part:
    """Examine the repository; nobody merges meanwhile."""
    names = list(_loose(git))
    damage = [
        *_unfinished(git),
        *_locks(git),
        *_references(git),
        *(found for name in names if (found := _wrong_object(git, name)) is not None),
        *_wrong_endings(git),
    ]
    damage += _missing(git, {found.place for found in damage})
    packs = len(list(_objects(git).glob("pack/*.pack")))
    return Part("git", f"{len(names):,} objects and {packs:,} packs", tuple(damage))


def _objects(git: Repo) -> Path:
    return Path(os.fsdecode(git.object_store.path))


def _folders(git: Repo) -> list[Path]:
    """Return git's folder, and the one it shares with other working trees."""
    own, common = (Path(os.fsdecode(path)) for path in (git.controldir(), git.commondir()))
    return [own] if own.resolve() == common.resolve() else [own, common]


def _unfinished(git: Repo) -> Iterator[Damage]:
    path = journal_path(git)
    try:
        journal = read_journal(git) if path.exists() else None
    except MigovError as error:
        yield Damage(str(path), error.message, error.hint or "")
        return
    if journal is not None:
        yield Damage(
            str(path),
            f"The merge of {journal.commit[:12]} was killed before it ended.",
            "Start the server, or run any “migov merge”: it finishes that merge or takes it back.",
        )


def _locks(git: Repo) -> Iterator[Damage]:
    for folder in _folders(git):
        for path in sorted(folder.rglob("*.lock")):
            is_ours = path.name == "migov-merge.lock"
            if not is_ours and path.lstat().st_mtime < time.time() - _OLD:
                what = "A lock of git’s is left from a process that did not end well."
                yield Damage(str(path), what, "If no git command runs, remove it.")


def _references(git: Repo) -> Iterator[Damage]:
    for folder in _folders(git):
        for path in [folder / "HEAD", *sorted((folder / "refs").rglob("*"))]:
            if not path.is_file() or path.suffix == ".lock":
                continue
            text = path.read_bytes().decode("utf-8", "replace")
            name = path.relative_to(folder).as_posix()
            if _REFERENCE.fullmatch(text) is None:
                yield Damage(name, "It names no commit.", _log_tells(name))
            elif _NAME.match(text) and not _is_there(git, ObjectID(text.strip().encode())):
                what = f"It names {text[:12]}, which is not there."
                yield Damage(name, what, _log_tells(name))
        for path in sorted((folder / "logs").rglob("*")):
            if path.is_file():
                yield from _wrong_log(path, path.relative_to(folder).as_posix())
    try:
        packed = git.refs.get_packed_refs()
        head = git.refs.follow(Ref(b"HEAD"))[1]
    except Exception as error:  # dulwich has no one error for damaged references
        yield Damage("packed-refs", f"It cannot be read: {error}.", _FETCH)
        return
    for ref, name_ in packed.items():
        if not _is_there(git, name_):
            what = f"It names {shown(name_)[:12]} for {os.fsdecode(ref)}, which is not there."
            yield Damage("packed-refs", what, _log_tells(os.fsdecode(ref)))
    if head is None:
        yield Damage("HEAD", "It names no commit.", "Name one: git symbolic-ref HEAD refs/heads/…")


def _is_there(git: Repo, name: ObjectID) -> bool:
    """Return whether there is an object of a name, whole or not."""
    try:
        return name in git.object_store
    except Exception:  # it is there and damaged in one of many ways, which is told on its own
        return True


def _log_tells(name: str) -> str:
    return f"The last line of .git/logs/{name} has the commit: git update-ref {name} <commit>"


def _wrong_log(path: Path, name: str) -> Iterator[Damage]:
    for number, line in enumerate(path.read_bytes().decode("utf-8", "replace").splitlines(), 1):
        if _LOGGED.fullmatch(line) is None:
            what = f"Line {number} is not one that git writes."
            yield Damage(name, what, "Nothing depends on it: take the line out, or leave it.")
            return


def _loose(git: Repo) -> Iterator[Path]:
    for folder in sorted(_objects(git).glob("[0-9a-f][0-9a-f]")):
        yield from (path for path in sorted(folder.iterdir()) if path.suffix != ".lock")


def _wrong_object(git: Repo, path: Path) -> Damage | None:
    """Return what is wrong with a loose object: its name is the digest of what it unpacks to."""
    name = path.parent.name + path.name
    digest = hashlib.sha1 if len(name) == 40 else hashlib.sha256
    try:
        unpacker = zlib.decompressobj()
        content = unpacker.decompress(path.read_bytes()) + unpacker.flush()
        is_right = unpacker.eof and not unpacker.unused_data
        is_right = is_right and digest(content).hexdigest() == name
    except (OSError, zlib.error):
        is_right = False
    if is_right:
        return None
    if path.name.startswith("tmp_obj_"):
        return Damage(f"object {name}", "A git command that was killed left it.", f"Remove {path}.")
    return Damage(f"object {name}", f"{path} is not what its name says.", _FETCH)


def _wrong_endings(git: Repo) -> Iterator[Damage]:
    """Yield the files whose last bytes are not the digest of those before."""
    objects = _objects(git)
    paths = [path for pattern in _ENDING for path in sorted((objects / "pack").glob(pattern))]
    paths += sorted((objects / "info").rglob("*graph*"))
    paths.append(Path(os.fsdecode(git.index_path())))
    if not paths[-1].exists() and head_of(git) is not None:
        what = "It is not there: to git every file is about to be removed."
        yield Damage(str(paths[-1]), what, "Make it again: git reset")
    for path in paths:
        if not path.is_file() or path.name == "commit-graph-chain":
            continue
        content = path.read_bytes()
        size = git.object_format.oid_length
        ending, digest = content[-size:], hashlib.new(git.object_format.name, content[:-size])
        if ending in (digest.digest(), bytes(size)):  # git may leave the index without one
            continue
        if path.name == "index":
            remedy = f"Make it again: rm {path} && git reset"
        elif path.suffix == ".pack":
            remedy = _FETCH
        else:
            remedy = f"Make it again: rm {path} && git index-pack, or git repack -ad"
        yield Damage(str(path), "It does not end with the digest of what it holds.", remedy)


def _missing(git: Repo, known: set[str]) -> Iterator[Damage]:
    """Yield the objects that commits, trees or the index need and that are not there."""
    try:
        shallow = git.get_shallow()
        waiting = [name for name in git.get_refs().values() if name is not None]
        index = git.open_index()
        waiting += [entry.sha for _, entry in index.items() if hasattr(entry, "sha")]
    except Exception:  # what is wrong with references and the index was told
        return
    seen: set[ObjectID] = set()
    needed_by: dict[ObjectID, str] = {}
    while waiting:
        name = waiting.pop()
        if name in seen:
            continue
        seen.add(name)
        try:
            below = _below(git, name, shallow)
        except Exception:  # missing, or damaged in one of many ways
            place = f"object {shown(name)}"
            if place not in known:
                by = needed_by.get(name, "a reference or the index")
                yield Damage(place, f"It cannot be read, and {by} needs it.", _FETCH)
            continue
        for child in below:
            needed_by.setdefault(child, f"object {shown(name)}")
            waiting.append(child)


def _below(git: Repo, name: ObjectID, shallow: set[ObjectID]) -> list[ObjectID]:
    """Return the objects that one names; raises an error of any kind where it is not whole."""
    kind, content = git.object_store.get_raw(name)
    found = git[name] if kind in (Commit.type_num, Tree.type_num, Tag.type_num) else None
    if isinstance(found, Commit):
        parents = [] if name in shallow else list(found.parents)
        return [found.tree, *parents]
    if isinstance(found, Tree):
        return [entry.sha for entry in found.iteritems() if _is_own(entry.mode)]
    if isinstance(found, Tag):
        return [found.object[1]]
    assert content is not None
    return []


def _is_own(mode: int) -> bool:
    """Return whether an entry of a tree is an object of this repository, not of a submodule."""
    return stat.S_IFMT(mode) != 0o160000
