"""What became of links: each accepted one against a newer snapshot of its target."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Final, Literal

from migov.change.model import Change as Proposed
from migov.change.model import Files
from migov.dataset import ContentFile
from migov.dataset.mappings import (
    COLUMNS,
    REPLACED,
    Link,
    MappingSet,
    read_mappings,
    written_mappings,
)
from migov.errors import Place
from migov.linking.ours import Ours
from migov.targets import Entry, Target
from migov.targets.names import named
from migov.targets.portrait import Portrait
from migov.vocabulary import NS, STANDARD_PREFIXES, compact
from migov.words import folded

Event = Literal[
    "vanished", "withdrawn", "replaced", "renamed", "country", "type", "parent", "identifier"
]
BREAKS: Final[frozenset[Event]] = frozenset(
    {"vanished", "withdrawn", "replaced", "country", "type", "parent", "identifier"}
)
"""What makes a link wrong; a new name alone does not."""
_PARENTS: Final = tuple(NS + name for name in ("unitOf", "partOfOrganisation", "partOf", "within"))
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
    sets = list(sets)
    seen = _Seen(target, {entry.portrait.iri: entry for entry in entries}, ours, _links(sets))
    for each in sets:
        for link in each.mappings:
            if link.object.startswith(target.namespace) and link.holds:
                place = Place(each.path, link.row, _OBJECT)
                yield from _of_link(link, place, seen)


@dataclass(frozen=True, slots=True)
class _Seen:
    """What links are looked at with: the target, what it has now, ours, and what ours link to."""

    target: Target
    entries: Mapping[str, Entry]
    ours: Ours
    links: Mapping[str, set[str]]

    @property
    def where(self) -> str:
        return f"{self.target.name} {self.target.version}"


def _links(sets: Iterable[MappingSet]) -> Mapping[str, set[str]]:
    found: dict[str, set[str]] = defaultdict(set)
    for each in sets:
        for link in each.mappings:
            if link.holds:
                found[link.subject].add(link.object)
    return found


def _of_link(link: Link, place: Place, seen: _Seen) -> Iterator[Change]:
    entry, where = seen.entries.get(link.object), seen.where
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
    mine = seen.ours.index.by_iri.get(link.subject)
    if mine is not None:
        yield from _disagreements(link, place, mine, entry.portrait, where)
        yield from _other_kind(link, place, mine, entry.portrait, where)
        yield from _other_parents(link, place, mine, entry.portrait, seen)


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


def _other_kind(
    link: Link, place: Place, mine: Portrait, theirs: Portrait, where: str
) -> Iterator[Change]:
    """Yield a kind that is another than ours, as far as the manifest says what kinds mean."""
    kinds = {kind for kind in theirs.types if kind.startswith(NS)}
    if kinds and not kinds & mine.types:
        now = ", ".join(sorted(map(compact, kinds)))
        told = f"<{link.object}> is {now} in {where}, which ours is not."
        yield Change("type", link, place, told, now)


def _other_parents(
    link: Link, place: Place, mine: Portrait, theirs: Portrait, seen: _Seen
) -> Iterator[Change]:
    """Yield parents that are others than those which the parents of ours are linked with."""
    own = {parent for name in _PARENTS for parent in mine.facts.get(name, ())}
    linked = {
        iri
        for parent in own
        for iri in seen.links.get(parent, ())
        if iri.startswith(seen.target.namespace)
    }
    if linked and theirs.parents and not linked & theirs.parents:
        now = ", ".join(f"<{parent}>" for parent in sorted(theirs.parents))
        ours_ = ", ".join(f"<{parent}>" for parent in sorted(linked))
        told = f"<{link.object}> is part of {now} in {seen.where}, and ours of {ours_}."
        yield Change("parent", link, place, told, now)


def followed(
    before: Files, changes: Iterable[Change], target: Target, reviewer: str, day: str
) -> Proposed:
    """Return the change that links with what took the place of the objects that were replaced.

    A row records each replacement, so that nobody links with the old identifier again. Raises
    ContentSyntaxError for a broken set.
    """
    moved: dict[str, dict[str, Change]] = defaultdict(dict)
    for each in changes:
        if each.event == "replaced" and each.now is not None:
            moved[each.place.source][each.link.object] = each
    after = dict(before)
    for path, by_object in moved.items():
        given = read_mappings(before[path])
        rows = [
            _moved(row, by_object[row.object], target, reviewer, day)
            if row.holds and row.object in by_object
            else row
            for row in given.mappings
        ]
        rows += [_record(each, target, reviewer, day) for each in by_object.values()]
        prefixes = {**given.prefixes, "dcterms": STANDARD_PREFIXES["dcterms"]}
        header = {**given.header, "curie_map": prefixes}
        written = replace(given, header=header, prefixes=prefixes, mappings=tuple(rows))
        after[path] = ContentFile(path, written_mappings(written))
    return Proposed(before, after, "watch")


def _moved(row: Link, change: Change, target: Target, reviewer: str, day: str) -> Link:
    assert change.now is not None
    told = f"{row.object} was replaced in {target.name} {target.version}"
    return replace(
        row,
        object=change.now,
        object_label="",
        reviewer=reviewer,
        date=day,
        evidence=f"{row.evidence}; {told}" if row.evidence else told,
    )


def _record(change: Change, target: Target, reviewer: str, day: str) -> Link:
    assert change.now is not None
    return Link(
        change.link.object,
        REPLACED,
        change.now,
        change.link.justification,
        confidence=1.0,
        author=reviewer,
        reviewer=reviewer,
        date=day,
        evidence=f"{target.name} {target.version}",
    )
