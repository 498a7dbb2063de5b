"""The two states of the dataset that a verdict compares, each read once."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

from pyoxigraph import Triple

from migov.change.diff import Diff, diff
from migov.change.model import Change
from migov.dataset import ContentFile, holds_graph
from migov.errors import ContentSyntaxError
from migov.gate.affected import PlainIndex
from migov.gate.checks import Context, State


@dataclass
class States:
    """A change, and what its files say before and after.

    A touched file that is broken before the change says nothing there. One that is broken after
    it is in `broken`, and then nothing else can be told of the state after.
    """

    change: Change

    @cached_property
    def unreadable(self) -> State:
        """The touched files that are broken before the change."""
        state = State(self.change.before)
        return State(
            {
                path: state.files[path]
                for path in self.change.touched
                if path in state.files and holds_graph(path) and state.facts(path).error
            }
        )

    @cached_property
    def before(self) -> State:
        gone = self.unreadable.files
        return State({path: f for path, f in self.change.before.items() if path not in gone})

    @cached_property
    def after(self) -> State:
        list(self.before.all_facts())  # so that the state after shares them, read or not
        return State(self.change.after, self.before)

    @cached_property
    def broken(self) -> list[ContentSyntaxError]:
        """What is wrong with the Turtle of the touched files, in order of path."""
        facts = [self.after.facts(path) for path in self.touched if path in self.after.files]
        return [found.error for found in facts if found.error is not None]

    @cached_property
    def touched(self) -> list[str]:
        """The Turtle files that differ, sorted."""
        return self.after.differing(self.before)

    @cached_property
    def says_something_else(self) -> bool:
        """Whether triples or rules differ, not only the layout of files."""
        added, removed = self.moved
        rules = any(not holds_graph(path) for path in self.change.touched)
        return bool(added or removed or rules or self.diff)

    @cached_property
    def effective(self) -> Change:
        """The change without the files that are unreadable before it."""
        change = self.change
        return Change(self.before.files, change.after, change.title, change.left_out)

    @cached_property
    def diff(self) -> Diff:
        return diff(self.effective)

    @cached_property
    def context(self) -> Context:
        """What the checks of the gate look at: the change."""
        return Context(self.before, self.after)

    @cached_property
    def earlier(self) -> Context:
        """The touched files as they were, as if they had just been added to the others."""
        rest = {p: file for p, file in self.before.files.items() if p not in set(self.touched)}
        return Context(State(rest, self.before), self.before)

    @cached_property
    def index_before(self) -> PlainIndex:
        return PlainIndex(_triples(self.before))

    @cached_property
    def index_after(self) -> PlainIndex:
        return PlainIndex(_triples(self.after))

    @cached_property
    def moved(self) -> tuple[list[Triple], list[Triple]]:
        """The triples added to and removed from the union, label for label."""
        before, after = (
            {
                triple
                for path in self.touched
                if path in state.files
                for triple in state.facts(path).triples
            }
            for state in (self.before, self.after)
        )
        added = [triple for triple in after - before if triple not in self.index_before]
        removed = [triple for triple in before - after if triple not in self.index_after]
        return sorted(added, key=str), sorted(removed, key=str)


def _triples(state: State) -> list[Triple]:
    found: list[Triple] = []
    for facts in state.all_facts():
        if facts.error is not None:
            raise facts.error
        found += facts.triples
    return found


def files_of(state: State) -> Sequence[ContentFile]:
    """Return the files of a state, sorted by path."""
    return [state.files[path] for path in sorted(state.files)]
