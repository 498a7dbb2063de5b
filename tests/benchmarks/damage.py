"""`python -m benchmarks.damage`: every triple of every file damaged, one kind after the other.

After each file it says how many damages were tried so far; `--after` goes on from there, and parts
add up.

Whatever is damaged in a way that must be found has to be found on its line and column, and no
finding that a damage introduces may be without them. Damages of different statements of a file are
tried together, and what then fails is tried again alone, so that only single damages count.
"""

from __future__ import annotations

import argparse
import random
import sys
import time
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from pyoxigraph import Literal, NamedNode, Triple

from migov.change.model import Change, files_now
from migov.change.write import Edit, edited
from migov.dataset import ContentFile, is_turtle
from migov.dataset.turtle.blocks import read_blocks
from migov.dataset.written import FIRST, REST, Written, read_written
from migov.errors import MigovError, Place
from migov.gate.affected import validate_change
from migov.gate.checks.state import FileFacts
from migov.gate.report import Finding
from migov.repository import Repository, find_repository
from migov.verdict.judge import compared_in
from migov.verdict.standing import Measures, Standing
from migov.verdict.states import States
from migov.vocabulary import BASE, STANDARD_PREFIXES

_LISTS: Final = (FIRST, REST)
_TOGETHER: Final = 60
_ODD: Final = "xyzzy"
_XSD: Final = STANDARD_PREFIXES["xsd"]
_TEXTS: Final = (_XSD + "string", STANDARD_PREFIXES["rdf"] + "langString")


@dataclass(frozen=True, slots=True)
class Spot:
    """One triple of a file with what is written for it, and the statement that it is in."""

    path: str
    triple: Triple
    written: Written
    block: int


@dataclass(frozen=True, slots=True)
class Damage:
    """A text in the place of another; the finding about it begins where the text does."""

    spot: Spot
    start: int
    end: int
    text: str


Kind = Callable[[Spot, str], Damage | None]


def misspelt_predicate(spot: Spot, text: str) -> Damage | None:
    """Misspell the predicate; `a` has no other spelling."""
    at = spot.written.predicate
    word = _word(text, at)
    return None if word == "a" else Damage(spot, at, at + len(word), _misspelt(word))


def misspelt_object(spot: Spot, text: str) -> Damage | None:
    """Misspell an IRI of ours, which then names nothing."""
    value = spot.triple.object
    if not isinstance(value, NamedNode) or not value.value.startswith(BASE):
        return None
    start, end = spot.written.object, spot.written.end
    return Damage(spot, start, end, _misspelt(text[start:end]))


def other_iri(spot: Spot, text: str) -> Damage | None:
    """Put an IRI that names nothing in the place of any object."""
    return _instead(spot, f"<{BASE}id/actor/{_ODD}>")


def text_for_a_node(spot: Spot, text: str) -> Damage | None:
    """Put a text where a node of ours stands."""
    value = spot.triple.object
    is_ours = isinstance(value, NamedNode) and value.value.startswith(BASE)
    return _instead(spot, f'"{_ODD}"') if is_ours else None


def ill_typed(spot: Spot, text: str) -> Damage | None:
    """Put a day that is none in the place of any object."""
    return _instead(spot, f'"{_ODD}"^^<{_XSD}date>')


def other_lexical_form(spot: Spot, text: str) -> Damage | None:
    """Put a text that the datatype does not know in the place of a typed value."""
    value = spot.triple.object
    if not isinstance(value, Literal) or value.datatype.value in _TEXTS:
        return None
    return _instead(spot, f'"{_ODD}"^^<{value.datatype.value}>')


def wrong_tag(spot: Spot, text: str) -> Damage | None:
    """Put a language tag that names no language behind a text."""
    return _instead(spot, f'"{_ODD}"@xq') if _is_tagged(spot) else None


def malformed_tag(spot: Spot, text: str) -> Damage | None:
    """Put a language tag that is malformed behind a text."""
    return _instead(spot, f'"{_ODD}"@gb') if _is_tagged(spot) else None


KINDS: Final[dict[str, Kind]] = {
    "predicate misspelt": misspelt_predicate,
    "object misspelt": misspelt_object,
    "object another IRI": other_iri,
    "text for a node": text_for_a_node,
    "object ill-typed": ill_typed,
    "lexical form broken": other_lexical_form,
    "language unknown": wrong_tag,
    "language tag wrong": malformed_tag,
}
DELETED: Final = "deleted"


def _is_tagged(spot: Spot) -> bool:
    return isinstance(spot.triple.object, Literal) and bool(spot.triple.object.language)


def _instead(spot: Spot, text: str) -> Damage:
    return Damage(spot, spot.written.object, spot.written.end, text)


def _word(text: str, at: int) -> str:
    return text[at : text.index(">", at) + 1] if text[at] == "<" else text[at:].split(None, 1)[0]


def _misspelt(word: str) -> str:
    return f"{word[:-1]}{_ODD}>" if word.endswith(">") else word + _ODD


def spots(facts: FileFacts) -> list[Spot]:
    """Return the triples of a file but those that make up lists, each with its place."""
    text = facts.file.content.decode()
    starts = [block.start for block in read_blocks(text)]
    triples = [q.triple for q in facts.quads if q.predicate.value not in _LISTS]
    written = read_written(text)
    assert len(written) == len(triples)
    return [
        Spot(facts.path, triple, place, max(s for s in starts if s <= place.subject))
        for triple, place in dict(zip(triples, written, strict=True)).items()
    ]


class Gate:
    """Shapes and checks over one state of the files, for many changes to it."""

    def __init__(self, repository: Repository) -> None:
        self.standing = Standing(files_now(repository), Measures(repository))
        self.texts: dict[str, str] = {}

    def text(self, path: str) -> str:
        if path not in self.texts:
            self.texts[path] = self.standing.files[path].content.decode()
        return self.texts[path]

    def introduced(self, path: str, content: bytes) -> list[Finding]:
        """Return what a new content of one file introduces."""
        before = self.standing.files
        return self._found(Change(before, {**before, path: ContentFile(path, content)}))

    def after_deleting(self, spot: Spot) -> list[Finding]:
        """Return what the deletion of one triple introduces."""
        before = self.standing.files
        after = edited(before, {spot.path: Edit(removed=(spot.triple,))})
        return self._found(Change(before, after))

    def _found(self, change: Change) -> list[Finding]:
        states = States(change, self.standing)
        if states.broken:
            raise states.broken[0]
        plan = self.standing.measures.plan
        found = validate_change(states.index_before, states.index_after, *states.moved, plan)
        return compared_in(states, self.standing.measures.shapes, found).introduced


@dataclass
class Outcome:
    """How many damages of each kind were tried, and what was wrong with some."""

    tried: Counter[str]
    faults: list[str]


def batches(damages: Iterable[Damage]) -> Iterator[list[Damage]]:
    """Yield damages in groups of which no two are in the same statement."""
    by_block: dict[int, list[Damage]] = defaultdict(list)
    for damage in damages:
        by_block[damage.spot.block].append(damage)
    while by_block:
        group = [found.pop() for found in list(by_block.values())[:_TOGETHER]]
        by_block = {block: found for block, found in by_block.items() if found}
        yield group


def apply(text: str, damages: Sequence[Damage]) -> tuple[str, list[int]]:
    """Return a damaged text, and where in it each damage begins."""
    parts, starts, at, length = list[str](), dict[int, int](), 0, 0
    for number, damage in sorted(enumerate(damages), key=lambda pair: pair[1].start):
        parts += [text[at : damage.start], damage.text]
        length += damage.start - at
        starts[number] = length
        length += len(damage.text)
        at = damage.end
    return "".join([*parts, text[at:]]), [starts[number] for number in range(len(damages))]


def missed(gate: Gate, damages: Sequence[Damage]) -> list[str]:
    """Return what is wrong with the findings about some damages of one file, by damage."""
    path = damages[0].spot.path
    text, starts = apply(gate.text(path), damages)
    try:
        found = gate.introduced(path, text.encode())
    except MigovError as error:
        return [f"{path}: {error.message}"]
    places = {(f.place.source, f.place.line, f.place.column) for f in found if f.place}
    faults = []
    for damage, start in zip(damages, starts, strict=True):
        line = text.count("\n", 0, start) + 1
        column = start - text.rfind("\n", 0, start)
        if (path, line, column) not in places:
            old = gate.text(path)[damage.start : damage.end]
            faults.append(f"{path}:{line}:{column} {old[:60]!r} → {damage.text[:60]!r}")
    return [*faults, *without_place(found)]


def without_place(found: Iterable[Finding]) -> list[str]:
    """Return the findings that have no line and column."""
    nowhere = Place("nowhere")
    return [
        f"{finding.rule} {finding.focus} {finding.path} has no line and column ({finding.place})"
        for finding in found
        if (finding.place or nowhere).column is None
    ]


def run(gate: Gate, kind: str, chosen: Sequence[Spot]) -> Outcome:
    """Damage triples in one way and return what was found wrong, each fault by itself."""
    outcome = Outcome(Counter(), [])
    if kind == DELETED:
        for spot in chosen:
            outcome.tried[kind] += 1
            line = gate.text(spot.path).count("\n", 0, spot.written.object) + 1
            faults = without_place(gate.after_deleting(spot))
            outcome.faults += [f"{kind} {spot.path}:{line} {spot.triple}: {f}" for f in faults]
        return outcome
    by_path: dict[str, list[Damage]] = defaultdict(list)
    for spot in chosen:
        damage = KINDS[kind](spot, gate.text(spot.path))
        if damage is not None:
            by_path[spot.path].append(damage)
    for damages in by_path.values():
        outcome.tried[kind] += len(damages)
        for group in batches(damages):
            if missed(gate, group):
                alone = [fault for damage in group for fault in missed(gate, [damage])]
                outcome.faults += [f"{kind}: {fault}" for fault in alone]
    return outcome


def main() -> int:
    """Run the campaign and return the exit code: 1 if anything was missed."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("paths", nargs="*", help="parts of paths; else every file")
    parser.add_argument("--kind", choices=[*KINDS, DELETED], action="append")
    parser.add_argument("--sample", type=int, help="so many triples of each file, not all")
    parser.add_argument("--after", default="", help="only files whose paths sort after this one")
    parser.add_argument("--root", type=Path)
    asked = parser.parse_args()
    gate = Gate(find_repository(asked.root))
    began, tried, wrong = time.perf_counter(), Counter[str](), 0
    for facts in gate.standing.state.all_facts():
        if not is_turtle(facts.path):  # tables of links have checks and examples of their own
            continue
        if facts.path <= asked.after:
            continue
        if asked.paths and not any(part in facts.path for part in asked.paths):
            continue
        chosen = spots(facts)
        if asked.sample is not None and len(chosen) > asked.sample:
            chosen = random.Random(facts.path).sample(chosen, asked.sample)
        for kind in asked.kind or [*KINDS, DELETED]:
            outcome = run(gate, kind, chosen)
            tried += outcome.tried
            wrong += len(outcome.faults)
            for fault in outcome.faults:
                print(fault, flush=True)
        print(f"{facts.path}: {sum(tried.values())} so far, {wrong} faults", flush=True)
    for kind, count in tried.items():
        print(f"{count:8} {kind}")
    took = time.perf_counter() - began
    print(f"{sum(tried.values())} damages, {wrong} faults, {took:.0f} s")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
