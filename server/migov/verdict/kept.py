"""Files of the cache in which what was worked out about a state is kept, the last used ones.

Each begins with the SHA-256 of the rest: what is damaged is worked out again.
"""

from __future__ import annotations

import hashlib
import os
import tempfile
import time
from contextlib import suppress
from pathlib import Path
from typing import Final

from migov.snapshot.keep import SECONDS, mark_used

MOST: Final = 32
"""Two files a state; whatever was used within the last hour stays as well."""


def read(path: Path | None) -> bytes | None:
    """Return what a file keeps, and note that it was used; None where it is missing or damaged."""
    if path is None:
        return None
    try:
        head, _, content = path.read_bytes().partition(b"\n")
    except OSError:
        return None
    if head.decode("ascii", "replace") != hashlib.sha256(content).hexdigest():
        return None
    mark_used(path)
    return content


def keep(path: Path | None, content: bytes) -> None:
    """Write a file whole or not at all, and remove old ones; a full disk costs time alone."""
    if path is None:
        return
    with suppress(OSError):
        path.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.NamedTemporaryFile(dir=path.parent, delete=False) as out:
            out.write(f"{hashlib.sha256(content).hexdigest()}\n".encode() + content)
            out.flush()
            os.fsync(out.fileno())
        Path(out.name).replace(path)
    with suppress(OSError):
        used = sorted(
            ((each.stat().st_mtime, each) for each in path.parent.iterdir()), reverse=True
        )
        for when, old in used[MOST:]:
            if when < time.time() - SECONDS:
                old.unlink(missing_ok=True)
