"""All parts together, and the removal of what may be removed."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from dataclasses import dataclass

from migov.integrity.content import content_part, tokens_part
from migov.integrity.derived import derived_part
from migov.integrity.history import history_part, unopened
from migov.integrity.model import Damage, Part
from migov.merge import at_rest
from migov.repository import Repository
from migov.settings import Settings
from migov.snapshot.keep import is_digest, remove


@dataclass(frozen=True, slots=True)
class Examined:
    """What was examined, part by part."""

    parts: tuple[Part, ...]

    @property
    def damage(self) -> list[Damage]:
        return [damage for part in self.parts for damage in part.damage]


def examine(
    repository: Repository, settings: Settings, progress: Callable[[str], object] = lambda _: None
) -> Examined:
    """Examine everything and change nothing; nobody merges meanwhile.

    `progress` gets the name of each part before it is examined. Raises BusyError where a merge
    does not end, or EnvironmentProblem.
    """
    progress("content")
    damage = unopened(repository)
    if damage is None:
        with at_rest(repository) as git:
            content = content_part(repository, git)
            progress("git")
            parts = [content, history_part(git)]
    else:
        parts = [content_part(repository, None), Part("git", "not looked at", damage)]
    progress("derived")
    parts.append(derived_part(repository, settings))
    progress("tokens")
    parts.append(tokens_part(settings.tokens))
    return Examined(tuple(parts))


def repair(examined: Examined) -> tuple[list[Damage], list[Damage]]:
    """Remove the damaged things that can be made again; returns the damage gone, and that left.

    A snapshot that a process answers from stays.
    """
    gone: list[Damage] = []
    left: list[Damage] = []
    for damage in examined.damage:
        (gone if _is_removed(damage) else left).append(damage)
    return gone, left


def _is_removed(damage: Damage) -> bool:
    path = damage.derived
    if path is None:
        return False
    try:
        if not path.exists():  # with another damage of the same thing
            return True
        if is_digest(path.name):
            return remove(path)
        if path.is_dir():
            shutil.rmtree(path)
        else:
            path.unlink()
    except OSError:
        return False
    return True
