"""What a change does, as the message of a commit that nobody wrote one for."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from migov.change.entities import EntityChange
from migov.verdict.model import Verdict

_MOST: Final = 20
_LONGEST: Final = 72
_VERBS: Final = (
    ("added", "Add"),
    ("renamed", "Rename"),
    ("removed", "Remove"),
    ("changed", "Change"),
)


def message_of(verdict: Verdict) -> str:
    """Return a subject of one line and, below it, the entities and the files that change."""
    lines = list(_entities(verdict))
    subject = lines[0] if len(lines) == 1 else _subject(verdict)
    more = [*(lines if len(lines) > 1 else ()), *_files(verdict)]
    return "\n".join([_short(subject), "", *map(_short, _cut(more))])


def _entities(verdict: Verdict) -> Iterator[str]:
    if verdict.diff is not None:
        for kind, verb in _VERBS:
            for entity in getattr(verdict.diff.entities, kind):
                yield f"{verb} {_name(entity)}"


def _subject(verdict: Verdict) -> str:
    parts = []
    if verdict.diff is not None:
        for kind, verb in _VERBS:
            count = len(getattr(verdict.diff.entities, kind))
            if count:
                parts.append(f"{verb.lower()} {count}")
    if parts:
        return f"{', '.join(parts)} entities".capitalize()
    if len(verdict.touched) == 1:
        return f"Change {verdict.touched[0]}"
    return f"Change {len(verdict.touched)} files"


def _files(verdict: Verdict) -> Iterator[str]:
    counts = {graph.path: graph for graph in verdict.diff.graphs} if verdict.diff else {}
    for path in verdict.touched:
        graph = counts.get(path)
        yield f"{path}: +{len(graph.added)} -{len(graph.removed)}" if graph else f"{path}: layout"


def _name(entity: EntityChange) -> str:
    return f"“{_plain(entity.label())}” ({entity.iri.rpartition('/id/')[2]})"


def _plain(text: str) -> str:
    """Return a text in one line, without characters that steer a terminal."""
    return " ".join("".join(char if char.isprintable() else " " for char in text).split())


def _short(line: str) -> str:
    return line if len(line) <= _LONGEST else line[: _LONGEST - 1] + "…"


def _cut(lines: list[str]) -> list[str]:
    return lines if len(lines) <= _MOST else [*lines[:_MOST], f"… and {len(lines) - _MOST} more"]
