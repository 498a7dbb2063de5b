"""A checked change into the files and the history: whole, once, or not at all."""

from migov.merge.merging import Merged, Turn, merge, recover, recover_before_reading, turn
from migov.merge.rebase import rebase

__all__ = ["Merged", "Turn", "merge", "rebase", "recover", "recover_before_reading", "turn"]
