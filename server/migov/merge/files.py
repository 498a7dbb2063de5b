"""The steps of a merge on the disk, forwards and back; each may be repeated."""

from __future__ import annotations

import os
import time
from collections.abc import Iterable
from contextlib import suppress
from pathlib import Path

from dulwich.file import FileLocked
from dulwich.index import Index, index_entry_from_stat
from dulwich.objects import Blob, ObjectID, ShaFile
from dulwich.refs import DiskRefsContainer, Ref
from dulwich.repo import Repo

from migov.change.git import prefix_of
from migov.merge.journal import (
    Journal,
    drop_journal,
    sync_file,
    sync_folder,
    temporary,
    write_whole,
)
from migov.repository import Repository

_PATIENCE = 2.0


def bring_files(git: Repo, repository: Repository, journal: Journal, *, back: bool = False) -> None:
    """Bring the files and the index from the old blobs to the new ones, or back.

    A file that is neither was edited by someone else, and stays.
    """
    for path, (old, new) in journal.blobs.items():
        source, target = (new, old) if back else (old, new)
        place = repository.root / path
        if blob_on_disk(place) != source or (back and path in journal.standing):
            continue
        if target is None:
            _remove(place, repository.root)
            continue
        blob = git[ObjectID(target.encode())]
        assert isinstance(blob, Blob)
        write_whole(place, blob.data)
    _bring_index(git, repository, journal, back=back)


def place_files(repository: Repository, journal: Journal) -> None:
    """Put the files that wait under temporary names in their places."""
    for path, (_, new) in journal.blobs.items():
        place = repository.root / path
        if new is not None:
            temporary(place).replace(place)
            sync_folder(place.parent)
        elif place.exists():
            _remove(place, repository.root)


def add_objects(git: Repo, objects: Iterable[ShaFile]) -> None:
    """Put objects into the store of git, and make them durable.

    One that is there already may be another process's, which need not have seen to that.
    """
    git.object_store.fsync_object_files = True
    base = Path(os.fsdecode(git.object_store.path))
    folders = {base}
    for item in objects:
        git.object_store.add_object(item)
        name = item.id.decode()
        sync_file(base / name[:2] / name[2:])
        folders.add(base / name[:2])
    for folder in folders:
        sync_folder(folder)


def sync_reference(git: Repo, ref: Ref) -> None:
    """Make a reference that has moved, and the log of its moves, durable."""
    assert isinstance(git.refs, DiskRefsContainer)
    path = Path(os.fsdecode(git.refs.refpath(ref)))
    sync_file(path)
    sync_folder(path.parent)
    sync_file(Path(os.fsdecode(git.commondir())) / "logs" / os.fsdecode(ref))


def is_index_free(git: Repo) -> bool:
    """Wait a little until nobody holds the lock of the index; returns whether that came to pass.

    It is asked before a merge begins: once there is a journal, a lock counts as one of that merge.
    """
    lock = _index_lock(git)
    until = time.monotonic() + _PATIENCE
    while lock.exists():
        if time.monotonic() > until:
            return False
        time.sleep(0.05)
    return True


def _index_lock(git: Repo) -> Path:
    return Path(os.fsdecode(git.index_path()) + ".lock")


def update_index(git: Repo, repository: Repository, journal: Journal) -> None:
    _bring_index(git, repository, journal, back=False)


def _bring_index(git: Repo, repository: Repository, journal: Journal, *, back: bool) -> None:
    until = time.monotonic() + _PATIENCE
    while True:
        try:
            index = git.open_index()
            for path, (old, new) in journal.blobs.items():
                _bring_entry(index, git, repository, path, old if back else new)
            index.write()
            sync_folder(Path(os.fsdecode(git.index_path())).parent)
            return
        except FileLocked:
            if time.monotonic() > until:
                raise
            time.sleep(0.05)
        except OSError:  # the lock is ours, and git would wait for it
            with suppress(OSError):
                _index_lock(git).unlink()
            raise


def _bring_entry(
    index: Index, git: Repo, repository: Repository, path: str, target: str | None
) -> None:
    name = b"/".join((*prefix_of(git, repository), os.fsencode(path)))
    place = repository.root / path
    if target is None:
        if name in index:
            del index[name]
    elif place.exists():
        index[name] = index_entry_from_stat(place.stat(), target.encode())


def blob_on_disk(path: Path) -> str | None:
    """Return the name that git would give to a file's content, or None where there is no file."""
    try:
        return Blob.from_string(path.read_bytes()).id.decode()
    except FileNotFoundError:
        return None


def _remove(place: Path, root: Path) -> None:
    place.unlink()
    sync_folder(place.parent)
    _remove_empty(place.parent, root)


def _remove_empty(folder: Path, root: Path) -> None:
    """Remove folders that a file left empty, but never a folder of the root."""
    while folder.parent != root and folder.is_relative_to(root):
        try:
            folder.rmdir()
        except OSError:
            return
        folder = folder.parent
        sync_folder(folder)


def forget(git: Repo, repository: Repository, journal: Journal) -> None:
    """Remove what a merge that did not happen left behind, its journal last."""
    for path, (old, _) in journal.blobs.items():
        place = repository.root / path
        temporary(place).unlink(missing_ok=True)
        if old is None:
            _remove_empty(place.parent, repository.root)
    drop_journal(git)


def break_locks(git: Repo, journal: Journal) -> None:
    """Remove git's lock files that a killed merge left; another process's go away by themselves."""
    objects = Path(os.fsdecode(git.object_store.path))
    for name in journal.objects:
        (objects / name[:2] / f"{name[2:]}.lock").unlink(missing_ok=True)
    assert isinstance(git.refs, DiskRefsContainer)
    ref = Path(os.fsdecode(git.refs.refpath(Ref(journal.ref.encode()))))
    index = Path(os.fsdecode(git.index_path()))
    packed = Path(os.fsdecode(git.commondir())) / "packed-refs"
    until = time.monotonic() + _PATIENCE
    for locked in (ref, index, packed):
        lock = locked.with_name(locked.name + ".lock")
        while lock.exists() and time.monotonic() < until:
            time.sleep(0.05)
        with suppress(FileNotFoundError):
            lock.unlink()
