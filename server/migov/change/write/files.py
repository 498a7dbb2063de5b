"""Edits of several graphs → the files after them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from pyoxigraph import Triple

from migov.change.model import Files
from migov.change.write.writer import new_file, write
from migov.dataset import is_turtle
from migov.errors import Place, RefusedError


@dataclass(frozen=True, slots=True)
class Edit:
    """What one graph loses and gains; blank nodes as in `migov.change.write.write`."""

    removed: Sequence[Triple] = ()
    added: Sequence[Triple] = ()


def edited(files: Files, edits: Mapping[str, Edit]) -> Files:
    """Return the files after edits by path: a new graph gets a file, an emptied one loses its.

    Raises RefusedError for a mapping set, and what `write` raises.
    """
    after = dict(files)
    for path, edit in edits.items():
        if not is_turtle(path):
            raise RefusedError(
                f"{path} is a mapping set: its rows say more than triples can.",
                place=Place(path),
                hint="Use migov link review, or propose the rows as a git patch.",
            )
        file = files.get(path)
        if file is None:
            if edit.added:
                after[path] = new_file(path, edit.added)
            continue
        written = write(file, edit.removed, edit.added)
        if written is None:
            del after[path]
        else:
            after[path] = written
    return after
