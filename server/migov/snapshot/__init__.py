"""A built, immutable dataset, named by the digest of the files it came from."""

from migov.snapshot.build import build_snapshot, snapshot_of
from migov.snapshot.keep import hold, writable_copy
from migov.snapshot.model import How, Snapshot

__all__ = [
    "How",
    "Snapshot",
    "build_snapshot",
    "hold",
    "snapshot_of",
    "writable_copy",
]
