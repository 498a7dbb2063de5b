"""What is left to decide about a target, and the decisions that somebody names without a list."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Final

from migov.dataset.mappings import MappingSet
from migov.errors import MigovError, ParameterError, Place, UnknownEntityError
from migov.linking.decided import decided_pairs
from migov.linking.decisions import CHOICES, Choice, Decision, Register, line_of, seen_of
from migov.linking.ours import Ours
from migov.linking.score import candidates
from migov.linking.suggest import Suggestion, TargetIndex
from migov.targets import Entry, Target
from migov.targets.portrait import Portrait
from migov.vocabulary import BASE, PREFIXES

_COLUMNS: Final = ("decision", "subject", "object", "reason")


@dataclass(frozen=True, slots=True)
class Review:
    """Our entities beside a snapshot of a target, and what was decided of them before."""

    target: Target
    index: TargetIndex
    ours: Ours
    sets: Sequence[MappingSet]

    @property
    def register(self) -> Register:
        return Register(self.target.namespace, self.target.scheme, self.target.name)

    @property
    def snapshot(self) -> str:
        return f"{self.target.name} {self.target.version}"

    def open(
        self, asked: Sequence[Portrait], most: int, least: float, *, again: bool = False
    ) -> list[Suggestion]:
        """Return the candidates that nobody decided on, best first for each of ours.

        What is linked with the target already, on either side, is no question any more.
        """
        links = [
            (row.subject, row.object)
            for each in self.sets
            for row in each.mappings
            if row.holds and row.object.startswith(self.target.namespace)
        ]
        ours, theirs = {subject for subject, _ in links}, {object_ for _, object_ in links}
        found = self.index.suggestions(
            [each for each in asked if each.iri not in ours],
            decided_pairs(self.sets, again=again),
            most,
        )
        return [
            each
            for each in found
            if each.candidate.score >= least and each.candidate.portrait.iri not in theirs
        ]

    def decision_on(self, suggestion: Suggestion, choice: Choice, reason: str) -> Decision:
        """Return the decision on a candidate; raises ParameterError without a reason."""
        candidate = suggestion.candidate
        return Decision(
            suggestion.ours.iri,
            candidate.portrait.iri,
            choice,
            line_of(reason, "reason"),
            self._label(suggestion.ours),
            candidate.portrait.name_in((None, "en")).text,
            seen_of(candidate, self.snapshot),
        )

    def decision(self, subject: str, object_: str, choice: Choice, reason: str) -> Decision:
        """Return the decision on a pair that somebody names.

        Raises UnknownEntityError for a thing that one side does not have, and ParameterError for
        one that is gone from the target and is to be linked with, or without a reason.
        """
        mine = self._mine(subject)
        entry = self._entry(object_)
        if choice != "reject" and entry.is_gone:
            raise self._gone(entry)
        found = [
            each
            for each in candidates(mine, self.index.index, 50)
            if each.portrait.iri == entry.portrait.iri
        ]
        seen = seen_of(found[0], self.snapshot) if found else f"{self.snapshot}, no candidate"
        return Decision(
            mine.iri,
            entry.portrait.iri,
            choice,
            line_of(reason, "reason"),
            self._label(mine),
            entry.portrait.name_in((None, "en")).text,
            seen,
        )

    def _label(self, mine: Portrait) -> str:
        return self.ours.label(mine.iri, "en")[0]

    def _mine(self, text: str) -> Portrait:
        for iri in _meant(text):
            if iri in self.ours.index.by_iri:
                return self.ours.index.by_iri[iri]
        raise UnknownEntityError(
            f"Nothing of ours is called {line_of(text, 'subject')}.",
            hint="Write it as actor:ilo, or as its IRI.",
        )

    def _entry(self, text: str) -> Entry:
        identifier = text.removeprefix(f"{self.target.scheme}:")
        entry = self.index.entries.get(self.target.iri(identifier))
        if entry is None:
            raise UnknownEntityError(
                f"{self.snapshot} has no {line_of(identifier, 'object')}.",
                hint=f"Its IRIs begin with {self.target.namespace}.",
            )
        return entry

    def _gone(self, entry: Entry) -> ParameterError:
        iri = entry.portrait.iri
        if entry.replaced_by is None:
            return ParameterError(
                f"<{iri}> was withdrawn in {self.snapshot}.", hint="It can only be rejected."
            )
        return ParameterError(
            f"<{iri}> was replaced in {self.snapshot}.", hint=f"Link with <{entry.replaced_by}>."
        )


def _meant(text: str) -> Iterable[str]:
    """Yield the IRIs that a short name may stand for."""
    yield text
    prefix, colon, local = text.partition(":")
    if colon and prefix in PREFIXES:
        yield PREFIXES[prefix] + local
    yield f"{BASE}concept/{text.replace(':', '/', 1)}"
    yield f"{BASE}id/{text.replace(':', '/', 1)}"


def read_decisions(text: str, review: Review, name: str) -> list[Decision]:
    """Return the decisions of a table: decision, subject, object and reason, with tabs.

    Raises ParameterError or UnknownEntityError with the line of what cannot be used.
    """
    rows = csv.reader(io.StringIO(text), delimiter="\t", quoting=csv.QUOTE_NONE)
    head = next(rows, [])
    if tuple(head) != _COLUMNS:
        raise ParameterError(
            f"{name} does not begin with the heads of its columns.",
            place=Place(name, 1),
            hint=f"Begin it with {', '.join(_COLUMNS)}, tabs between them.",
        )
    found: list[Decision] = []
    for cells in rows:
        place = Place(name, rows.line_num)
        if not any(cells):
            continue
        if len(cells) != len(_COLUMNS):
            raise ParameterError(
                f"Line {rows.line_num} of {name} has {len(cells)} cells, not {len(_COLUMNS)}.",
                place=place,
            )
        choice, subject, object_, reason = cells
        if choice not in CHOICES:
            raise ParameterError(
                f"Line {rows.line_num} of {name}: “{choice}” is no decision.",
                place=place,
                hint=f"One of {', '.join(CHOICES)}.",
            )
        try:
            found.append(review.decision(subject, object_, choice, reason))
        except MigovError as error:
            error.place = place
            raise
    return found


def written_decisions(decisions: Iterable[Decision]) -> str:
    """Return decisions as the table that `read_decisions` reads."""
    rows = [
        _COLUMNS,
        *((each.choice, each.subject, each.object, each.reason) for each in decisions),
    ]
    return "".join("\t".join(row) + "\n" for row in rows)
