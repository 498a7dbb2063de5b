"""What a cache keeps: the newest few snapshots and closures, and all that somebody uses.

A process that answers from a snapshot holds a shared lock on its quads, and whoever finds one
marks it as used now, so that nothing goes between finding and opening it.
"""

from __future__ import annotations

import fcntl
import os
import re
import shutil
import tempfile
import time
import weakref
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Final

from migov.snapshot.model import QUADS, STORE, Snapshot

COPY: Final = ".copy-"
SNAPSHOTS: Final = 8
CLOSURES: Final = 32
"""One derivation takes several."""
SECONDS: Final = 3600
"""How long ago something must have been used last before it may go."""

_DIGEST: Final = re.compile(r"[0-9a-f]{64}")


def hold(snapshot: Snapshot, holder: object) -> None:
    """Keep a snapshot in its cache for as long as `holder` lives."""
    with suppress(OSError):  # a file system without locks has the age of a snapshot to go by
        descriptor = os.open(snapshot.quads, os.O_RDONLY)
        weakref.finalize(holder, os.close, descriptor)
        fcntl.flock(descriptor, fcntl.LOCK_SH | fcntl.LOCK_NB)


@contextmanager
def writable_copy(snapshot: Snapshot) -> Iterator[Path]:
    """Give a folder with a copy of a snapshot's store, which is gone afterwards.

    What never changes once it is written is linked, so a copy costs next to nothing. A copy that
    was left behind goes with the next build.
    """
    before = snapshot.folder.parent
    with tempfile.TemporaryDirectory(prefix=COPY, dir=before, ignore_cleanup_errors=True) as name:
        (folder := Path(name) / STORE).mkdir()
        for path in (snapshot.folder / STORE).iterdir():
            if path.suffix == ".sst":
                os.link(path, folder / path.name)
            else:
                shutil.copyfile(path, folder / path.name)
        yield Path(name)


def mark_used(path: Path) -> None:
    """Note that a snapshot or a closure was used now."""
    with suppress(OSError):
        os.utime(path)


def is_digest(name: str) -> bool:
    """Return whether a name is that of a snapshot."""
    return _DIGEST.fullmatch(name) is not None


def sweep(folder: Path, closures: Path) -> None:
    """Remove what nobody used for a while, but for the newest; only the one builder may call it."""
    with suppress(OSError):
        snapshots = [path for path in folder.iterdir() if is_digest(path.name)]
        for path in _old(snapshots, SNAPSHOTS):
            remove(path)
    with suppress(OSError):
        for path in _old(closures.glob("*.nt"), CLOSURES):
            path.unlink()
    with suppress(OSError):
        for path in _old(folder.glob(f"{COPY}*"), 0):
            shutil.rmtree(path)


def _old(paths: Iterable[Path], kept: int) -> list[Path]:
    used = sorted(((path.stat().st_mtime, path) for path in paths), reverse=True)
    return [path for when, path in used[kept:] if when < time.time() - SECONDS]


def remove(snapshot: Path) -> bool:
    """Remove a snapshot unless a process answers from it; returns whether it is gone."""
    try:
        descriptor = os.open(snapshot / QUADS, os.O_RDONLY)
    except FileNotFoundError:  # not whole, so nobody's
        shutil.rmtree(snapshot)
        return True
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    else:
        shutil.rmtree(snapshot)
        return True
    finally:
        os.close(descriptor)
