"""What a check may look at, and how it says what it found."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Final

from pyoxigraph import NamedNode, Triple
from rapidfuzz import process

from migov.dataset import is_turtle
from migov.errors import Place
from migov.gate.checks.state import FileFacts, Files, Node, State, std
from migov.gate.checks.terms_of import Ontology
from migov.gate.documents import to_node
from migov.gate.report import Edit, Finding, Severity
from migov.vocabulary import compact

_LIKENESS: Final = 75


@dataclass
class Context:
    """Files before and after a change; a whole dataset is a change of nothing into it.

    `retired` are names that earlier versions of the files had and that must not come back; the
    states alone know only those that carry dcterms:isReplacedBy. `targets` is the folder with the
    manifests of pinned snapshots, None where there is none.
    """

    before: State
    after: State
    retired: frozenset[str] = frozenset()
    targets: Path | None = None

    @classmethod
    def whole(
        cls, files: Files, retired: Iterable[str] = (), targets: Path | None = None
    ) -> Context:
        """Return the context in which a whole dataset is checked."""
        return cls(State({}), State(files), frozenset(retired), targets)

    @classmethod
    def change(cls, before: State | Files, after: Files, retired: Iterable[str] = ()) -> Context:
        """Return the context of a change; a state that is given is read no second time."""
        earlier = before if isinstance(before, State) else State(before)
        return cls(earlier, State(after, earlier), frozenset(retired))

    @cached_property
    def touched(self) -> list[str]:
        """The Turtle files that the change adds, alters or removes."""
        return self.after.differing(self.before)

    @cached_property
    def _present(self) -> list[FileFacts]:
        return [self.after.facts(path) for path in self.touched if path in self.after.files]

    @cached_property
    def files(self) -> list[FileFacts]:
        """What the files that the change adds or alters say now, as far as they can be read."""
        return [facts for facts in self._present if facts.error is None]

    @cached_property
    def broken(self) -> list[FileFacts]:
        """The touched files that cannot be read."""
        return [facts for facts in self._present if facts.error is not None]

    @cached_property
    def ontology(self) -> Ontology:
        return Ontology(self.after)

    @cached_property
    def new(self) -> list[str]:
        """The IRIs that are described now and were not before, sorted."""
        subjects = {
            node.value
            for facts in self.files
            for node in facts.by_subject
            if isinstance(node, NamedNode) and is_turtle(facts.path)
        }
        return sorted(iri for iri in subjects if not self._was(iri))

    def _was(self, iri: str) -> bool:
        """Whether an IRI was described before, and not in loose statements alone."""
        if not self.before.files or not self.before.described_in(iri):
            return False
        node = NamedNode(iri)
        known = self.before.types(node) or self.before.labels(node)
        return bool(known) or not self.after.types(node)

    @cached_property
    def lost(self) -> list[str]:
        """The IRIs that were described before and are no longer, sorted.

        Neither are those whose class and labels are gone, whatever else some file says of them.
        What stood in a file that cannot be read now may still be meant to be there.
        """
        unread = {facts.path for facts in self.broken}
        subjects = {
            node.value
            for path in self.touched
            if path in self.before.files and is_turtle(path)
            for node in self.before.facts(path).by_subject
            if isinstance(node, NamedNode)
        }
        return sorted(
            iri
            for iri in subjects
            if unread.isdisjoint(self.before.described_in(iri)) and self._is_gone(iri)
        )

    def _is_gone(self, iri: str) -> bool:
        if not self.after.described_in(iri):
            return True
        node = NamedNode(iri)
        still = self.after.types(node) or self.after.labels(node)
        is_replaced = bool(self.after.values(node, std("dcterms", "isReplacedBy")))
        return bool(self.before.types(node)) and not (still or is_replaced)

    def facts_with(self, names: Iterable[str]) -> Iterator[FileFacts]:
        """Yield what the touched files say, and every other file that uses one of these names."""
        yield from self.files
        wanted = frozenset(names)
        if wanted and self.before.files:
            touched = set(self.touched)
            for facts in self.after.all_facts():
                if facts.path not in touched and facts.names & wanted:
                    yield facts

    def finding(
        self,
        rule: str,
        messages: tuple[str, str],
        *,
        severity: Severity = Severity.VIOLATION,
        focus: Node | None = None,
        predicate: NamedNode | None = None,
        value: object = None,
        place: Place | None = None,
        expected: tuple[str, str] | None = None,
        example: str | None = None,
        edits: Iterable[Edit] = (),
    ) -> Finding:
        """Return a finding with the label of its focus; messages are in English and French."""
        return Finding(
            f"migov:{rule}",
            severity,
            {"en": messages[0], "fr": messages[1]},
            focus=None if focus is None else to_node(focus),
            path=None if predicate is None else path_of(predicate),
            value=None if value is None else to_node(value),
            place=place,
            label=self.after.labels(focus) if focus is not None else {},
            expected={} if expected is None else {"en": expected[0], "fr": expected[1]},
            example=example,
            edits=tuple(edits),
        )


def path_of(predicate: NamedNode) -> str:
    """Return a predicate as the findings of SHACL write a path."""
    short = compact(predicate.value)
    return f"<{predicate.value}>" if short == predicate.value else short


def did_you_mean(iri: str, known: Iterable[str]) -> str | None:
    """Return the known IRI of the same folder whose last part is most like it, or None.

    >>> did_you_mean("https://w3id.org/migov/ns#Initative", ["https://w3id.org/migov/ns#Initiative"])
    'https://w3id.org/migov/ns#Initiative'
    """
    at = max(iri.rfind("/"), iri.rfind("#")) + 1
    locals_ = {other[at:]: other for other in known if other[:at] == iri[:at] and other[at:]}
    return locals_.get(alike(iri[at:], sorted(locals_)) or "")


def alike(text: str, known: Sequence[str]) -> str | None:
    """Return the known text that is most like another, or None if none is like it enough."""
    found = process.extractOne(text, known, score_cutoff=_LIKENESS)
    return found[0] if found else None


def edit_object(facts: FileFacts, triple: Triple, new: str) -> list[Edit]:
    """Return the edit that puts a new text for the object of a triple, if it has a place."""
    old = facts.positions.written(triple)
    return [] if old is None else [Edit(facts.positions.object_at(triple), old, new)]


def edit_name(facts: FileFacts, place: Place, wrong: str, right: str) -> list[Edit]:
    """Return the edit that puts one IRI for another at a place, in the spelling of the file."""
    if place.column is None:
        return []
    text = facts.positions.text_at(place)
    if text.startswith(f"<{wrong}>"):
        return [Edit(place, f"<{wrong}>", f"<{right}>")]
    at = max(wrong.rfind("/"), wrong.rfind("#")) + 1
    prefix, colon, rest = text.partition(":")
    tail = wrong[at:]
    same = wrong[:at] == right[:at] and rest.startswith(tail)
    if colon and same and prefix.replace("-", "").replace("_", "").isalnum():
        return [Edit(place, f"{prefix}:{tail}", f"{prefix}:{right[at:]}")]
    return []


def named(iri: str) -> str:
    """Return an IRI as a message names it: short, or in angle brackets.

    >>> named("https://w3id.org/migov/ns#actor"), named("http://a.example/")
    ('mg:actor', '<http://a.example/>')
    """
    short = compact(iri)
    return f"<{iri}>" if short == iri else short


def suggestion(alternative: str | None) -> tuple[str, str]:
    """Return the question whether another name was meant, or two empty texts."""
    if alternative is None:
        return "", ""
    name = named(alternative)
    return f" Did you mean {name}?", f" Vouliez-vous dire {name} ?"
