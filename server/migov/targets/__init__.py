"""Pinned local snapshots of other datasets: what they are, that they are whole, what they hold."""

from migov.targets.manifest import Target, read_manifest
from migov.targets.read import Entry, read_target

__all__ = ["Entry", "Target", "read_manifest", "read_target"]
