"""A built, immutable dataset, named by the digest of the files it came from."""

from migov.snapshot.build import build_snapshot, lend_closures, snapshot_of
from migov.snapshot.keep import hold
from migov.snapshot.model import Snapshot

__all__ = ["Snapshot", "build_snapshot", "hold", "lend_closures", "snapshot_of"]
