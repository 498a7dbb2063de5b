"""A checked change into the files and the history: whole, once, or not at all."""

from migov.merge.merging import Merged, merge, recover
from migov.merge.rebase import rebase

__all__ = ["Merged", "merge", "rebase", "recover"]
