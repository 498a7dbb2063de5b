"""Which things of a target ours may be: candidates for each of ours, best first."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Final

from migov.linking.index import NameIndex
from migov.linking.score import Candidate, candidates
from migov.targets import Entry
from migov.targets.portrait import Portrait
from migov.vocabulary import NS

_UNNAMED: Final = NS + "UnnamedSet"

Pair = tuple[str, str]
"""One of ours and one of theirs, by IRI."""


@dataclass(frozen=True, slots=True)
class Suggestion:
    """What one of ours may be in a target, and what in the target makes that uncertain."""

    ours: Portrait
    candidate: Candidate
    entry: Entry
    rank: int


class TargetIndex:
    """What is in a target now, ready to be asked; what is gone is known by its IRI alone."""

    def __init__(self, entries: Sequence[Entry]) -> None:
        self.entries: Mapping[str, Entry] = {entry.portrait.iri: entry for entry in entries}
        self.index = NameIndex(entry.portrait for entry in entries if not entry.is_gone)

    def suggestions(
        self, ours: Sequence[Portrait], decided: Collection[Pair] = (), most: int = 3
    ) -> Iterator[Suggestion]:
        """Yield candidates for each of ours, best first.

        A pair that was decided, accepted or rejected, is not suggested again. A kind of ours says
        nothing of theirs, so types are compared only where a target has ours. An unnamed set is
        nothing that anybody else could list.
        """
        known_types = {kind for entry in self.entries.values() for kind in entry.portrait.types}
        for each in ours:
            if _UNNAMED in each.types:
                continue
            asked = replace(each, iri="", types=each.types & known_types, parents=frozenset())
            found = candidates(
                asked, self.index, most + sum(pair[0] == each.iri for pair in decided)
            )
            fresh = [c for c in found if (each.iri, c.portrait.iri) not in decided]
            for rank, candidate in enumerate(fresh[:most], 1):
                yield Suggestion(each, candidate, self.entries[candidate.portrait.iri], rank)
