"""What is derived: snapshots, what the reasoner found, and what is known of files unread.

All of it can be made again, so whatever is damaged may be removed. Checksums tell that no byte has
changed since it was written; that the current files say what their snapshot says is told by making
it once more, in a folder that is thrown away.
"""

from __future__ import annotations

import os
import shutil
import tempfile
import time
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Final

from pyoxigraph import RdfFormat, Store, parse

from migov.dataset import content_files, digest
from migov.errors import ContentError
from migov.inference.closure import whole
from migov.integrity.model import Damage, Part
from migov.repository import Repository
from migov.settings import Settings
from migov.snapshot import How, Snapshot, snapshot_of
from migov.snapshot.build import kept_in
from migov.snapshot.index import known_files
from migov.snapshot.model import DESCRIPTION, QUADS, STORE, kept_sums, read_snapshot
from migov.snapshot.sums import SUMS, added, damaged, read_sums

_OLD: Final = 3600
"""Seconds after which what was being written belongs to nobody any more."""
_WAITING: Final = (".unfinished-*", ".copy-*", ".proposal-*", "tmp*")
_AGAIN: Final = "Remove it (migov fsck --repair does); it is made again when it is needed."
_FOREIGN: Final = "Nobody of migov wrote it."


def derived_part(repository: Repository, settings: Settings) -> Part:
    """Examine the cache."""
    kept = kept_in(settings.cache)
    closed = _closed(kept.folder)
    if closed is not None:
        return Part("derived", f"not looked at: {kept.folder}", (closed,))
    damage = list(_left_behind(settings.cache, kept.folder))
    sound: list[Snapshot] = []
    for folder in kept.snapshots:
        found = list(_wrong_snapshot(folder))
        snapshot = read_snapshot(folder, None)
        if snapshot is not None and not found:
            sound.append(snapshot)
        damage += found
    closures = sorted(kept.closures.glob("*.nt")) if kept.closures.is_dir() else []
    wrong_closures = {path: wrong for path in closures if (wrong := _wrong_closure(path))}
    damage += wrong_closures.values()
    damage += _wrong_index(repository, kept.indexes)
    damage += _other_than_files(repository, sound, set(closures) - wrong_closures.keys())
    dumps = sorted((settings.cache / "dumps").glob("[!.]*"))
    damage += [wrong for folder in dumps if (wrong := _wrong_dumps(folder)) is not None]
    looked_at = f"{len(kept.snapshots):,} snapshots, {len(closures):,} closures in {kept.folder}"
    return Part("derived", looked_at, tuple(damage))


def _closed(folder: Path) -> Damage | None:
    """Return what this user may not read: whether that is damaged nobody can tell."""
    if not folder.is_dir():
        return None
    for path in (folder, *folder.rglob("*")):
        if not os.access(path, os.R_OK | (os.X_OK if path.is_dir() else 0)):
            what = "This user may not read it."
            return Damage(str(path), what, "Examine as the user whose cache it is.")
    return None


def _left_behind(cache: Path, folder: Path) -> Iterator[Damage]:
    places = [cache, cache / "dumps", folder, *(path for path in _folders(folder))]
    for place in dict.fromkeys(places):
        for path in (found for pattern in _WAITING for found in sorted(place.glob(pattern))):
            if path.lstat().st_mtime < time.time() - _OLD:
                yield Damage(str(path), "A process that was killed left it.", _AGAIN, path)


def _folders(folder: Path) -> list[Path]:
    return [path for path in folder.iterdir() if path.is_dir()] if folder.is_dir() else []


def _wrong_snapshot(folder: Path) -> Iterator[Damage]:
    try:
        sums = kept_sums(folder)
    except (OSError, ValueError):
        what = "Its description cannot be read, or is not what was written."
        yield Damage(str(folder / DESCRIPTION), what, _AGAIN, folder)
        return
    if QUADS not in sums or read_snapshot(folder, None) is None:
        yield Damage(str(folder), "It is not whole.", _AGAIN, folder)
        return
    for name in damaged(folder, sums):
        what = f"{name} is not what was written."
        yield Damage(str(folder / name), what, _AGAIN, folder)
    for name in added(folder, sums, DESCRIPTION):
        yield Damage(str(folder / name), _FOREIGN, _AGAIN, folder)
    store = folder / STORE
    if store.is_dir():
        yield from _wrong_store(store, folder / QUADS)


def _wrong_store(store: Path, quads: Path) -> Iterator[Damage]:
    sums = read_sums(store)
    if sums is None:
        yield Damage(str(store), "It has no checksums that can be read.", _AGAIN, store)
        return
    names = damaged(store, sums)
    for name in names:
        yield Damage(str(store / name), f"It is not what {SUMS} says.", _AGAIN, store)
    for name in added(store, sums):
        yield Damage(str(store / name), _FOREIGN, _AGAIN, store)
    if names:
        return
    try:
        opened = Store.read_only(str(store))
        count = 0
        for quad in parse(path=str(quads), format=RdfFormat.N_QUADS):
            count += 1
            if quad not in opened:
                yield Damage(str(store), f"It does not have {quad}.", _AGAIN, store)
                return
        if len(opened) != count:
            what = f"It has {len(opened):,} quads, and its snapshot has {count:,}."
            yield Damage(str(store), what, _AGAIN, store)
    except (OSError, SyntaxError, ValueError) as error:
        yield Damage(str(store), f"It cannot be read: {error}.", _AGAIN, store)


def _wrong_closure(path: Path) -> Damage | None:
    try:
        whole(path.read_bytes())
    except (OSError, ValueError):
        return Damage(str(path), "It is not what was written.", _AGAIN, path)
    return None


def _wrong_index(repository: Repository, folder: Path) -> Iterator[Damage]:
    for path in sorted(folder.glob("*.json")) if folder.is_dir() else []:
        try:
            wrong = known_files(path, repository)
        except (OSError, ValueError):
            yield Damage(str(path), "It is not what was written.", _AGAIN, path)
            continue
        for name in wrong:
            what = f"{name} looks as it did, and is not what it was."
            yield Damage(str(path), what, _AGAIN, path)


def _other_than_files(
    repository: Repository, snapshots: Iterable[Snapshot], closures: Iterable[Path]
) -> Iterator[Damage]:
    """Yield the snapshots that are not what the files of now give.

    The reasoner is not asked again where what it found is whole.
    """
    try:
        files = content_files(repository)
        name = digest(files)
        with tempfile.TemporaryDirectory() as folder:
            kept = kept_in(Path(folder)).closures
            kept.mkdir(parents=True)
            for path in closures:
                shutil.copy(path, kept)
            for snapshot in snapshots:
                if snapshot.digest == name:
                    how = How("memory", snapshot.inference)
                    yield from _compared(snapshot, snapshot_of(files, Path(folder), None, how))
    except ContentError:  # told with the content
        return


def _compared(snapshot: Snapshot, fresh: Snapshot) -> Iterator[Damage]:
    counts = ("triples", "inferred", "graphs", "size", "quad_count")
    if any(getattr(snapshot, name) != getattr(fresh, name) for name in counts):
        what = "It does not have what the files have."
        yield Damage(str(snapshot.folder), what, _AGAIN, snapshot.folder)
    elif snapshot.quads.read_bytes() != fresh.quads.read_bytes():
        what = "It does not say what the files say."
        yield Damage(str(snapshot.quads), what, _AGAIN, snapshot.folder)


def _wrong_dumps(folder: Path) -> Damage | None:
    sums = read_sums(folder)
    names = damaged(folder, sums) if sums else ["SHA256SUMS"]
    if names:
        what = f"{', '.join(names)}: not what was written."
        return Damage(str(folder), what, _AGAIN, folder)
    return None
