"""What comes of a change beyond its triples: what follows from them, and what queries answer."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from pyoxigraph import Triple

from migov.catalogue import load_catalogue
from migov.engine import Limits
from migov.errors import ContentSyntaxError
from migov.gate.affected import Comparison, Names, PlainIndex, Plan, validate_change
from migov.gate.honesty import consequences as compared
from migov.gate.honesty import only_by_inference
from migov.gate.report import Finding, Note, Severity
from migov.repository import Repository
from migov.settings import Settings
from migov.snapshot import snapshot_of
from migov.verdict import impact as impacts
from migov.verdict import notes
from migov.verdict.answers import answers_of, questions
from migov.verdict.model import Impact, Inference
from migov.verdict.states import States, files_of

_KEPT = "answers"


@dataclass(frozen=True, slots=True)
class Consequences:
    """What was found; nothing where the change says nothing else than before."""

    inference: Inference | None = Inference()
    impact: Impact | None = Impact()
    findings: tuple[Finding, ...] = ()
    notes: tuple[Note, ...] = ()
    followed: frozenset[Triple] | None = None
    follows: frozenset[Triple] | None = None


def consequences(
    repository: Repository, states: States, settings: Settings, folder: Path
) -> Consequences:
    """Return what newly follows and what no longer does, and what becomes of the canned queries.

    `folder` is where the state after is built; the state before is in the cache of the settings.
    """
    asked = questions(load_catalogue(repository.queries))
    limits = Limits.from_settings(settings)
    try:
        snapshot = snapshot_of(files_of(states.after), folder)
    except ContentSyntaxError as error:  # a rule: the Turtle was read before
        return Consequences(None, None, (_broken_rule(error),), (notes.only_syntax(),))
    now = answers_of(snapshot, asked, limits, folder / _KEPT)
    base = snapshot_of(files_of(states.before), settings.cache)
    was = answers_of(base, asked, limits, settings.cache / _KEPT)
    follows, followed = now.triples(), was.triples()
    told = compared(followed, follows, states.index_after.triples())
    impact = impacts.impact(asked, was, now)
    return Consequences(
        Inference(told.gained, told.lost),
        impact,
        tuple(impacts.findings(impact)),
        followed=frozenset(followed),
        follows=frozenset(follows),
    )


def hidden_by_inference(
    states: States, plan: Plan, comparison: Comparison, found: Consequences
) -> list[Note]:
    """Return a note for each finding that would be gone if inferred triples were judged too."""
    if not comparison.introduced or found.followed is None or found.follows is None:
        return []
    with_inferred = validate_change(
        PlainIndex([*states.index_before.triples(), *found.followed]),
        PlainIndex([*states.index_after.triples(), *found.follows]),
        *states.moved,
        plan,
    )
    names = Names(states.index_after)
    gone, _ = only_by_inference(
        comparison.introduced, [*with_inferred.introduced, *with_inferred.left], names.key
    )
    return list({note.messages["en"]: note for note in map(notes.hidden, gone)}.values())


def _broken_rule(error: ContentSyntaxError) -> Finding:
    return Finding(
        "migov:rule-syntax",
        Severity.VIOLATION,
        {
            "en": f"{error.message} Nothing can be derived with it.",
            "fr": f"{error.place.source if error.place else 'Une règle'} n’est pas une requête "
            "CONSTRUCT valide. Rien ne peut en être déduit.",
        },
        place=error.place,
    )
