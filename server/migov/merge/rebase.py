"""A change made for one state of the files, made anew for another."""

from __future__ import annotations

from pyoxigraph import Triple

from migov.change.matching import compare, rename
from migov.change.model import Change, Files, is_graph
from migov.change.read.patterns import without_known
from migov.change.write import Edit, edited
from migov.dataset import ContentFile, is_turtle, read_quads
from migov.dataset.canonical import blanks, triple_of
from migov.errors import ConflictError, Place


def rebase(change: Change, now: Files) -> Change:
    """Return the change from `now` that says what `change` says.

    Files that are as the change found them become what it made of them. In others its triples are
    removed and added; raises ConflictError where they are not there any more.
    """
    after = dict(now)
    edits: dict[str, Edit] = {}
    for path in change.touched:
        before, wanted, here = change.before.get(path), change.after.get(path), now.get(path)
        if here == wanted:
            continue
        if here != before:
            edits[path] = _edit(path, before, wanted, here)
        elif wanted is None:
            del after[path]
        else:
            after[path] = wanted
    return Change(now, edited(after, edits), change.title, change.left_out)


def _edit(
    path: str, before: ContentFile | None, wanted: ContentFile | None, here: ContentFile | None
) -> Edit:
    if wanted is None or here is None or not is_graph(path):
        raise _conflict(path, "was changed on one side and removed on the other")
    if not is_turtle(path):  # the rows of a mapping set say more than its triples
        raise _conflict(path, "was changed on both sides")
    old, now = _triples(before), _triples(here)
    proposed = compare(old, _triples(wanted))
    nodes = compare(old, now).nodes
    there = set(now)
    removed = [rename(triple, nodes) for triple in proposed.removed]
    for triple, original in zip(removed, proposed.removed, strict=True):
        if triple not in there or not all(node in nodes for node in blanks(original)):
            raise _conflict(path, f"no longer says {original}")
    added = [rename(triple, nodes) for triple in proposed.added_to_before()]
    known = {node for triple in old for node in blanks(triple)}
    for triple in proposed.added_to_before():
        if any(node in known and node not in nodes for node in blanks(triple)):
            raise _conflict(path, f"no longer has the blank node of {triple}")
    return Edit(removed, added if before else without_known(added, now))


def _triples(file: ContentFile | None) -> list[Triple]:
    return [] if file is None else [triple_of(quad) for quad in read_quads(file)]


def _conflict(path: str, what: str) -> ConflictError:
    return ConflictError(
        f"{path} was changed in the meantime: it {what}.",
        place=Place(path),
        hint="Look at the file as it is now and propose the change again.",
    )
