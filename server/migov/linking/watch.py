"""What became of links: each accepted one against a newer snapshot of its target."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Final, Literal

from migov.dataset.mappings import COLUMNS, Link, MappingSet
from migov.errors import Place
from migov.linking.ours import Ours
from migov.targets import Entry, Target
from migov.targets.names import named
from migov.targets.portrait import Portrait
from migov.words import folded

Event = Literal["vanished", "withdrawn", "replaced", "renamed", "country", "identifier"]
BREAKS: Final = frozenset({"vanished", "withdrawn", "replaced", "country", "identifier"})
"""What makes a link wrong; a new name alone does not."""
_OBJECT: Final = COLUMNS.index("object_id") + 1


@dataclass(frozen=True, slots=True)
class Change:
    """What happened to the object of one link; `now` is the replacement, the new name or fact."""

    event: Event
    link: Link
    place: Place
    message: str
    now: str | None = None


def watched(
    sets: Iterable[MappingSet], target: Target, entries: Iterable[Entry], ours: Ours
) -> Iterator[Change]:
    """Yield what a snapshot says against our links to its target, in the order of the sets.

    Only accepted links are looked at: what was rejected may vanish.
    """
    known = {entry.portrait.iri: entry for entry in entries}
    for each in sets:
        for link in each.mappings:
            if link.object.startswith(target.namespace) and link.holds:
                place = Place(each.path, link.row, _OBJECT)
                yield from _of_link(link, place, target, known, ours)


def _of_link(
    link: Link, place: Place, target: Target, known: Mapping[str, Entry], ours: Ours
) -> Iterator[Change]:
    entry = known.get(link.object)
    where = f"{target.name} {target.version}"
    if entry is None:
        yield Change("vanished", link, place, f"<{link.object}> is not in {where}.")
        return
    if entry.replaced_by is not None:
        told = f"<{link.object}> was replaced by <{entry.replaced_by}> in {where}."
        yield Change("replaced", link, place, told, entry.replaced_by)
        return
    if entry.is_gone:
        yield Change("withdrawn", link, place, f"<{link.object}> was withdrawn in {where}.")
        return
    if link.object_label and not _has_name(entry.portrait, link.object_label):
        name = entry.portrait.names[0].text
        told = f"<{link.object}> is called “{name}” in {where}, no longer “{link.object_label}”."
        yield Change("renamed", link, place, told, name)
    mine = ours.index.by_iri.get(link.subject)
    if mine is not None:
        yield from _disagreements(link, place, mine, entry.portrait, where)


def _has_name(portrait: Portrait, text: str) -> bool:
    wanted = {folded(text), named(text).folded}
    return any(name.folded in wanted or folded(name.text) in wanted for name in portrait.names)


def _disagreements(
    link: Link, place: Place, mine: Portrait, theirs: Portrait, where: str
) -> Iterator[Change]:
    if mine.countries and theirs.countries and not mine.countries & theirs.countries:
        now = ", ".join(sorted(theirs.countries))
        ours_ = ", ".join(sorted(mine.countries))
        told = f"<{link.object}> is of {now} in {where}, and ours of {ours_}."
        yield Change("country", link, place, told, now)
    for scheme in sorted({s for s, _ in mine.identifiers} & {s for s, _ in theirs.identifiers}):
        own = {value for s, value in mine.identifiers if s == scheme}
        other = {value for s, value in theirs.identifiers if s == scheme}
        if not own & other:
            now = ", ".join(sorted(other))
            told = f"<{link.object}> has {scheme} {now} in {where}, ours {', '.join(sorted(own))}."
            yield Change("identifier", link, place, told, now)
