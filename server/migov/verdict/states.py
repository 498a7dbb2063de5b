"""The two states of the dataset that a verdict compares, each read once."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from pyoxigraph import Quad, Triple

from migov.change.diff import Diff, diff
from migov.change.model import Change
from migov.dataset import holds_graph
from migov.errors import ContentSyntaxError
from migov.gate.affected import Overlay, PlainIndex
from migov.gate.checks import Context, State
from migov.verdict.standing import Standing


@dataclass
class States:
    """A change, and what its files say before and after.

    `given` is the state that the change starts from. A touched file that is broken there says
    nothing. One that is broken after the change is in `broken`, and then nothing else can be told
    of the state after. `targets` is the folder of pinned snapshots that links are compared with.
    """

    change: Change
    given: Standing
    targets: Path | None = None

    @cached_property
    def unreadable(self) -> State:
        """The touched files that are broken before the change."""
        state = self.given.state
        return State(
            {
                path: state.files[path]
                for path in self.change.touched
                if path in state.files and holds_graph(path) and state.facts(path).error
            },
            state,
        )

    @cached_property
    def standing(self) -> Standing:
        """What is known of the state before, without the files that are broken there."""
        gone = self.unreadable.files
        if not gone:
            return self.given
        left = {path: file for path, file in self.given.files.items() if path not in gone}
        return Standing(left, self.given.measures, near=self.given.state)

    @property
    def before(self) -> State:
        return self.standing.state

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
        return Context(self.before, self.after, targets=self.targets)

    @cached_property
    def earlier(self) -> Context:
        """The touched files as they were, as if they had just been added to the others."""
        rest = {p: file for p, file in self.before.files.items() if p not in set(self.touched)}
        return Context(State(rest, self.before), self.before, targets=self.targets)

    @property
    def index_before(self) -> PlainIndex:
        return self.standing.index

    @cached_property
    def index_after(self) -> Overlay:
        return Overlay(self.index_before, *self.moved)

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
        gone, touched = before - after, set(self.touched)
        for facts in self.before.all_facts():
            if gone and facts.path not in touched:
                gone -= facts.said
        added = [triple for triple in after - before if triple not in self.index_before]
        return sorted(added, key=str), sorted(gone, key=str)

    @cached_property
    def quads(self) -> tuple[list[Quad], list[Quad]]:
        """The quads added to and removed from the graphs of the touched files, label for label."""
        before, after = (
            {
                quad
                for path in self.touched
                if path in state.files
                for quad in state.facts(path).quads
            }
            for state in (self.before, self.after)
        )
        return list(after - before), list(before - after)
