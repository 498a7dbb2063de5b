"""A checked change into the files and the history: whole, once, or not at all."""

from migov.merge.merging import (
    CommittedError,
    Merged,
    Turn,
    at_rest,
    merge,
    recover,
    recover_before_reading,
    turn,
)
from migov.merge.rebase import rebase

__all__ = [
    "CommittedError",
    "Merged",
    "Turn",
    "at_rest",
    "merge",
    "rebase",
    "recover",
    "recover_before_reading",
    "turn",
]
