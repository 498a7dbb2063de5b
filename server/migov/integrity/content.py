"""The files of the content: do they parse, and are they what the last commit has?"""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

from dulwich.index import IndexEntry
from dulwich.object_store import iter_tree_contents, tree_lookup_path
from dulwich.objects import Blob, Commit
from dulwich.repo import Repo

from migov.access import read_tokens
from migov.catalogue import read_catalogue
from migov.change.git import head_of, prefix_of
from migov.dataset import content_files, digest, holds_graph, read_quads, shape_files
from migov.errors import ContentError, ContentSyntaxError, EnvironmentProblem, MigovError
from migov.inference import read_rules
from migov.integrity.model import Damage, Part, shown
from migov.repository import FOLDERS, Repository
from migov.sparql.stored import read_query
from migov.verdict.policy import read_policy

_ROUNDING = 1000
"""Nanoseconds that a time may lose on its way into the index."""
_SERVED = (".ttl", ".rq", ".tsv", ".yaml")
_RESTORE = "Commit it if the edit is meant; else bring the committed one back: git restore {path}"


def content_part(repository: Repository, git: Repo | None) -> Part:
    """Examine the files; without git they are parsed and compared with nothing."""
    damage = [*_unreadable(repository), *_left_behind(repository)]
    try:
        name = f", digest {digest(content_files(repository))[:12]}"
    except ContentError:
        name = ""
    files = [path for folder in FOLDERS for path in _all(repository.root / folder)]
    looked_at = f"{len(files):,} files{name}"
    if git is None:
        return Part("content", f"{looked_at}, compared with no commit", tuple(damage))
    head = head_of(git)
    if head is None:
        return Part("content", f"{looked_at}, none of them committed", tuple(damage))
    damage += _changed(repository, git)
    return Part("content", f"{looked_at}, compared with {shown(head)[:12]}", tuple(damage))


def _unreadable(repository: Repository) -> Iterator[Damage]:
    try:
        files = [*content_files(repository), *shape_files(repository)]
    except ContentError as error:
        yield _broken(error)
        return
    for file in files:
        if not (holds_graph(file.path) or file.path.endswith(".ttl")):
            continue
        try:
            for _ in read_quads(file):
                pass
        except ContentSyntaxError as error:
            yield _broken(error)
    for rule in files:
        if rule.path.endswith(".rq"):
            try:
                read_query(rule.path, read_rules([rule])[0].text)
            except ContentError as error:
                yield _broken(error)
    yield from map(_broken, read_catalogue(repository.queries).broken.values())
    try:
        read_policy(repository.root)
    except ContentError as error:
        yield _broken(error)


def _broken(error: MigovError) -> Damage:
    place = str(error.place) if error.place else "content"
    return Damage(place, error.message, error.hint or "Mend it, or restore it with git.")


def _left_behind(repository: Repository) -> Iterator[Damage]:
    for folder in FOLDERS:
        for path in sorted((repository.root / folder).rglob(".*.migov-merge")):
            name = path.relative_to(repository.root).as_posix()
            yield Damage(
                name,
                "A merge that was killed left this file.",
                "Start the server or run any “migov merge”: it settles that merge. If the file is "
                "still there then, remove it.",
            )


def _changed(repository: Repository, git: Repo) -> Iterator[Damage]:
    """Yield what differs from the commit; what git takes for untouched is damage for sure."""
    try:
        committed = _committed(repository, git)
        index = git.open_index()
    except Exception as error:  # dulwich has no one error for a damaged store
        yield Damage(
            "HEAD",
            f"The files of the commit cannot be read from git: {error or type(error).__name__}.",
            "See below what is wrong with git.",
        )
        return
    prefix = prefix_of(git, repository)
    for path, name in committed.items():
        place = repository.root / path
        try:
            content = place.read_bytes()
        except OSError as error:
            yield Damage(path, f"It cannot be read: {error.strerror}.", _RESTORE.format(path=path))
            continue
        if Blob.from_string(content).id.decode() == name:
            continue
        key = b"/".join((*prefix, os.fsencode(path)))
        entry = index[key] if key in index else None  # noqa: SIM401 (not a dict)
        if isinstance(entry, IndexEntry) and _is_untouched(place, entry):
            what = "Its bytes changed although nobody wrote to it: the disk, or something below it."
            yield Damage(path, what, f"Bring it back: git checkout HEAD -- {path}")
        else:
            what = "It is not what the last commit has."
            yield Damage(path, what, _RESTORE.format(path=path))
    for folder in FOLDERS:
        for place in _all(repository.root / folder):
            path = place.relative_to(repository.root).as_posix()
            if path not in committed and place.suffix in _SERVED:
                yield Damage(path, "It is in no commit.", "Commit it, or remove it.")


def _is_untouched(place: Path, entry: IndexEntry) -> bool:
    """Return whether a file has the size and time that git noted when it wrote the file."""
    status = place.stat()
    time = entry.mtime
    noted = time[0] * 10**9 + time[1] if isinstance(time, tuple) else round(time * 10**9)
    return status.st_size == entry.size and abs(status.st_mtime_ns - noted) < _ROUNDING


def _committed(repository: Repository, git: Repo) -> dict[str, str]:
    """Return the blobs (hex) of the files that HEAD has in the four folders, by path."""
    head = git[git.head()]
    if not isinstance(head, Commit):
        raise EnvironmentProblem("HEAD names no commit.")
    found: dict[str, str] = {}
    for folder in FOLDERS:
        try:
            _, tree = tree_lookup_path(
                git.get_object, head.tree, b"/".join((*prefix_of(git, repository), folder.encode()))
            )
        except KeyError:
            continue
        for entry in iter_tree_contents(git.object_store, tree):
            if entry.path and entry.sha:
                found[f"{folder}/{os.fsdecode(entry.path)}"] = entry.sha.decode()
    return found


def _all(folder: Path) -> list[Path]:
    """Return the files of a folder that are not hidden, sorted."""
    return sorted(
        path
        for path in folder.rglob("*")
        if path.is_file()
        and not any(part.startswith(".") for part in path.relative_to(folder).parts)
    )


def tokens_part(path: Path | None) -> Part:
    """Examine the file of tokens, where the settings name one."""
    if path is None:
        return Part("tokens", "none: the server only reads")
    damage: list[Damage] = []
    count = 0
    try:
        count = len(read_tokens(path))
    except EnvironmentProblem as error:
        damage.append(Damage(str(path), error.message, error.hint or ""))
    waiting = path.with_name(f".{path.name}.new")
    if waiting.exists():
        what = "A command that was killed left this file."
        damage.append(Damage(str(waiting), what, "Remove it.", waiting))
    return Part("tokens", f"{count:,} in {path}", tuple(damage))
