"""What an examination finds."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True, slots=True)
class Damage:
    """One thing that is not as it should be: where, what is wrong, and what to do.

    `derived` is a file or folder that can be made again from what is not damaged, and so may be
    removed; None where nothing of the kind helps.
    """

    place: str
    what: str
    remedy: str
    derived: Path | None = None


@dataclass(frozen=True, slots=True)
class Part:
    """One part of what was examined: its name, what was looked at in words, and the damage."""

    name: str
    looked_at: str
    damage: tuple[Damage, ...] = ()


def shown(name: bytes) -> str:
    """Return a name of git's as text: a damaged one may be of any bytes."""
    return name.decode("utf-8", "replace")
