"""Serve a made snapshot as `migov serve` would: `python -m benchmarks.served FOLDER --port 8000`.

Queries, shapes and pages are those of this checkout; the data is that of the snapshot.
"""

from __future__ import annotations

import argparse
import sys
from dataclasses import replace
from pathlib import Path
from unittest.mock import patch

from migov.engine import Published
from migov.front import new_loop, opener, serve
from migov.operating.log import written
from migov.repository import find_repository
from migov.settings import Settings
from migov.snapshot.model import read_snapshot

ROOT = Path(__file__).resolve().parents[2]


def main() -> int:
    """Serve until a signal comes."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--port", type=int, default=0)
    parser.add_argument("--store", choices=("memory", "disk"), default="memory")
    parser.add_argument("--deadline", type=float, default=10.0)
    parser.add_argument("--kept", type=int, default=64)
    asked = parser.parse_args()
    snapshot = read_snapshot(asked.folder, None)
    if snapshot is None:
        parser.error(f"{asked.folder} holds no snapshot")
    settings = replace(
        Settings.from_environment(),
        port=asked.port,
        deadline=asked.deadline,
        kept=asked.kept,
        cache=asked.folder.parent / "cache",
        watch=3600.0,
    )
    made = replace(snapshot, store=asked.store)
    loop = new_loop()
    with (
        written("text", "warning"),
        patch("migov.engine.published.build_snapshot", lambda *_: made),
    ):
        published = Published(find_repository(ROOT), settings, opener(loop))
        try:
            serve(published, settings, loop, lambda address: print(address, flush=True))
        finally:
            published.close()
            loop.close()
    return 0


if __name__ == "__main__":
    sys.exit(main())
