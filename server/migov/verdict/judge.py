"""The verdict on one change, put together."""

from __future__ import annotations

import datetime
from dataclasses import dataclass
from functools import partial
from typing import Final

from rdflib import Graph

from migov.change.diff import Diff
from migov.change.model import Change
from migov.change.patch import patch
from migov.engine import Limits
from migov.errors import TooComplexError
from migov.gate.affected import Comparison, Names, PlainIndex, validate_change
from migov.gate.affected.compare import told_apart
from migov.gate.checks import Context, State, run
from migov.gate.explain import Explainer
from migov.gate.honesty import contradictions
from migov.gate.report import Finding, Note, Severity
from migov.repository import Repository
from migov.settings import Settings
from migov.verdict import notes
from migov.verdict.beside import Beside
from migov.verdict.consequences import Consequences, consequences, hidden_by_inference
from migov.verdict.model import Verdict
from migov.verdict.policy import Policy, read_policy
from migov.verdict.ruling import ruled
from migov.verdict.standing import Measures, Standing
from migov.verdict.states import States

_OF_ANY_FILE: Final = ("files",)
"""The family of checks that can look at a file which is not Turtle."""


@dataclass(frozen=True, slots=True)
class Compared:
    """What shapes and checks find, told apart by what the change has to do with it."""

    introduced: list[Finding]
    left: list[Finding]
    fixed: list[Finding]


def verdict(
    repository: Repository,
    change: Change,
    *,
    settings: Settings | None = None,
    standing: Standing | None = None,
    earlier: Policy | None = None,
    today: datetime.date | None = None,
) -> Verdict:
    """Return the verdict on a change.

    Shapes, canned queries and policy are those of the repository; `earlier` is the policy that
    the change starts from, for the baseline that can only shrink. `standing` is what is known of
    that state, for whoever has it: it makes the next verdict on a change of the same files faster.

    Raises ContentError for a file of the repository that is broken and not touched, ShapesError
    for shapes that cannot be used, EnvironmentProblem where the machine is in the way.
    """
    settings = settings or Settings.from_environment()
    today = today or datetime.date.today()
    policy = read_policy(repository.root)
    standing = standing or Standing(change.before, Measures(repository), settings.cache)
    states = States(change, standing, settings.targets)
    if states.broken:
        return _unreadable(states, policy, earlier, today)
    diff, unclear = _diff(states)
    later = None
    if states.says_something_else:
        later = Beside(partial(consequences, states, Limits.from_settings(settings)))
    try:
        shapes, plan = standing.measures.shapes, standing.measures.plan
        comparison = validate_change(states.index_before, states.index_after, *states.moved, plan)
        compared = compared_in(states, shapes, comparison)
    finally:
        follows = later.result() if later else Consequences()
    hidden = hidden_by_inference(states, plan, comparison, follows)
    compared.introduced.extend(follows.findings)
    return Verdict(
        title=change.title,
        findings=ruled(
            compared.introduced,
            compared.left,
            compared.fixed,
            before=Names(states.index_before),
            after=Names(states.index_after),
            policy=policy,
            earlier=earlier,
            today=today,
        ),
        diff=diff,
        inference=follows.inference,
        impact=follows.impact,
        notes=(
            *unclear,
            *follows.notes,
            *hidden,
            *notes.of_shapes(comparison, states.context, shapes),
        ),
        nodes=comparison.checked,
        touched=change.touched,
        left_out=change.left_out,
        patch=patch(change),
        report=comparison.graph,
    )


def compared_in(states: States, shapes: Graph, comparison: Comparison) -> Compared:
    """Return the findings of shapes and checks, with places, told apart."""
    now = Explainer(shapes, states.after, states.before)
    was = Explainer(shapes, states.before, states.after)
    introduced, left, fixed = told_apart(
        [
            *run(states.earlier),
            *contradictions(states.earlier),
            *run(Context(State({}), states.unreadable), _OF_ANY_FILE),
        ],
        [*run(states.context), *contradictions(states.context)],
        Names(states.index_before),
        Names(states.index_after),
    )
    return Compared(
        [*now.explain_all(comparison.introduced), *introduced],
        [*now.explain_all(comparison.left), *left],
        [*was.explain_all(comparison.fixed), *fixed],
    )


def _unreadable(
    states: States, policy: Policy, earlier: Policy | None, today: datetime.date
) -> Verdict:
    """Return the verdict on a change after which some file is not Turtle."""
    nothing = Names(PlainIndex())
    found = run(states.context, _OF_ANY_FILE)
    return Verdict(
        title=states.change.title,
        findings=ruled(
            found,
            (),
            (),
            before=nothing,
            after=nothing,
            # Nothing excuses a file that nobody can read.
            policy=Policy(blocks=policy.blocks | {Severity.VIOLATION}),
            earlier=earlier,
            today=today,
        ),
        notes=(notes.only_syntax(),),
        touched=states.change.touched,
        left_out=states.change.left_out,
        patch=patch(states.change),
    )


def _diff(states: States) -> tuple[Diff | None, tuple[Note, ...]]:
    try:
        return states.diff, ()
    except TooComplexError as error:
        return None, (notes.too_complex(error),)
