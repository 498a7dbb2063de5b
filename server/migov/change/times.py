"""When the files of the dataset changed last, as the commits tell."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from typing import Final

from dulwich.objects import ObjectID
from dulwich.repo import Repo
from dulwich.walk import WalkEntry

from migov.change.git import open_git, prefix_of
from migov.change.model import is_content
from migov.errors import EnvironmentProblem
from migov.repository import Repository

_MOST_COMMITS: Final = 2000
"""Commits that are looked at, the newest first: what lies further back changed no later."""


class Times:
    """When each file changed, read from git once a revision; safe for many threads."""

    def __init__(self, repository: Repository) -> None:
        self._repository = repository
        self._reading = threading.Lock()
        self._revision: str | None = None
        self._changed: dict[str, int] = {}

    def at(self, revision: str | None) -> dict[str, int]:
        """Return for each file of the dataset, by its path, the seconds since 1970 of the commit
        that changed it last, the latest first; empty where git cannot tell."""
        if revision is None:
            return {}
        with self._reading:
            if revision != self._revision:
                self._changed = self._read(revision)
                self._revision = revision
            return self._changed

    def _read(self, revision: str) -> dict[str, int]:
        known = [ObjectID(self._revision.encode())] if self._revision else []
        try:
            with open_git(self._repository) as git:
                newer = self._walked(git, ObjectID(revision.encode()), known)
        except (EnvironmentProblem, KeyError, OSError):  # no git here, or only a part of it
            return {}
        for path, when in self._changed.items():
            newer.setdefault(path, when)
        return dict(sorted(newer.items(), key=lambda item: (-item[1], item[0])))

    def _walked(self, git: Repo, revision: ObjectID, known: list[ObjectID]) -> dict[str, int]:
        inside = b"/".join((*prefix_of(git, self._repository), b""))
        found: dict[str, int] = {}
        walker = git.get_walker(include=[revision], exclude=known, max_entries=_MOST_COMMITS)
        for entry in walker:
            for path in _paths(entry):
                if path.startswith(inside):
                    name = path.removeprefix(inside).decode("utf-8", "surrogateescape")
                    if is_content(name):
                        found.setdefault(name, entry.commit.commit_time)
        return found


def _paths(entry: WalkEntry) -> Iterator[bytes]:
    """Yield what a commit changed; of a merge, what it has unlike each of its parents."""
    for change in entry.changes():
        for one in change if isinstance(change, list) else [change]:
            if one and one.new and one.new.path:
                yield one.new.path
