"""What comes of a change beyond its triples: what follows from them, and what queries answer."""

from __future__ import annotations

from collections.abc import Iterable
from contextlib import suppress
from dataclasses import dataclass
from functools import partial
from itertools import chain
from typing import Final

from pyoxigraph import NamedNode, Quad, Store, Triple

from migov.dataset import holds_graph, in_graph
from migov.engine import Limits
from migov.errors import ContentError, ContentSyntaxError
from migov.gate.affected import Comparison, Index, Names, Overlay, Plan, validate_change
from migov.gate.affected.index import Term
from migov.gate.checks.state import ONTOLOGY
from migov.gate.honesty import consequences as compared
from migov.gate.honesty import only_by_inference
from migov.gate.report import Finding, Note, Severity
from migov.inference import Premises, close_fast, entails, read_rules
from migov.sparql.reads import reads_of
from migov.verdict import impact as impacts
from migov.verdict import notes
from migov.verdict.answers import Moved, answered, may_answer_otherwise
from migov.verdict.beside import Beside
from migov.verdict.model import Impact, Inference
from migov.verdict.states import States
from migov.verdict.stored import StoreEngine, patch
from migov.vocabulary import INFERRED_GRAPH

_INFERRED: Final = NamedNode(INFERRED_GRAPH)
_Inferred = frozenset[Triple]


@dataclass(frozen=True, slots=True)
class Consequences:
    """What was found; nothing where the change says nothing else than before."""

    inference: Inference | None = Inference()
    impact: Impact | None = Impact()
    findings: tuple[Finding, ...] = ()
    notes: tuple[Note, ...] = ()
    followed: _Inferred | None = None
    follows: _Inferred | None = None


def consequences(states: States, limits: Limits) -> Consequences:
    """Return what newly follows and what no longer does, and what becomes of the canned queries.

    Raises ContentError for a rule of no use that the change does not touch.
    """
    has_other_rules = any(not holds_graph(path) for path in states.change.touched)
    later = Beside(partial(_follows, states))
    with suppress(ContentError):  # what is needed for the answers is made ready meanwhile
        _ready(states)
    try:
        follows = later.result()
    except ContentSyntaxError as error:  # a rule: the Turtle was read before
        if not has_other_rules:
            raise
        return Consequences(None, None, (_broken_rule(error),), (notes.only_syntax(),))
    try:
        followed = states.standing.inferred
    except ContentError:
        if not has_other_rules:
            raise
        return Consequences(None, None, (), (notes.broken_rule_before(),))
    told = compared(followed, follows, (t for t in followed if t in states.index_after))
    impact = _impact(states, followed, follows, limits)
    return Consequences(
        Inference(told.gained, told.lost),
        impact,
        tuple(impacts.findings(impact)),
        followed=followed,
        follows=follows,
    )


def _ready(states: States) -> None:
    for question in states.standing.measures.questions:
        assert question.reads is not None
    assert states.standing.store is not None


def _follows(states: States) -> _Inferred:
    """Return what follows after a change.

    Only where the change can entail something else, or a rule can read it, is it worked out again.
    """
    standing, (added, removed) = states.standing, states.moved
    rules = read_rules(states.change.after.values())
    if ONTOLOGY in states.change.touched or rules != standing.rules:
        quads = (quad for facts in states.after.all_facts() for quad in facts.quads)
        return frozenset(Premises(quads).derived(rules, close_fast))
    moved = [*added, *removed]
    if not any(map(entails, moved)) and not any(reads_of(rule.text).sees(moved) for rule in rules):
        return standing.inferred
    with standing.premises.changed(added, removed):
        return frozenset(standing.premises.derived(rules, close_fast))


def _impact(states: States, followed: _Inferred, follows: _Inferred, limits: Limits) -> Impact:
    standing = states.standing
    moved = _moved(states, followed ^ follows)
    questions = standing.measures.questions
    asked = [q for q in questions if may_answer_otherwise(q, moved, standing.index)]
    if not asked:
        return Impact(len(questions))
    store = standing.store  # made here, so that all forks have it
    engine = partial(_engine_after, states, store, followed, follows)
    before = Beside(lambda: standing.answers(asked, limits))
    half = Beside(lambda: answered(engine, asked[::2], limits))  # there are two cores, mostly
    after = answered(engine, asked[1::2], limits)
    return impacts.impact(len(questions), asked, before.result(), {**half.result(), **after})


def _moved(states: States, inferred: _Inferred) -> Moved:
    added, removed = states.quads
    triples = {quad.triple for quad in (*added, *removed)}
    ends = {end for triple in (*triples, *inferred) for end in (triple.subject, triple.object)}
    return Moved(
        triples=triples,
        inferred=inferred,
        nodes=any(_stands(states.index_before, e) != _stands(states.index_after, e) for e in ends),
        graphs=states.change.before.keys() != states.change.after.keys(),
    )


def _stands(index: Index, node: Term) -> bool:
    return any(True for _ in index.outgoing(node)) or any(True for _ in index.incoming(node))


def _engine_after(
    states: States, store: Store, followed: _Inferred, follows: _Inferred
) -> StoreEngine:
    """Make the state after of the store of the state before, in a fork that has it for itself."""
    added, removed = states.moved
    new, gone = states.quads
    patch(
        store,
        [*gone, *map(in_graph, removed), *_in_inferred(followed - follows)],
        [*new, *map(in_graph, added), *_in_inferred(follows - followed)],
    )
    return StoreEngine(store)


def _in_inferred(triples: Iterable[Triple]) -> list[Quad]:
    return [in_graph(triple, _INFERRED) for triple in triples]


def hidden_by_inference(
    states: States, plan: Plan, comparison: Comparison, found: Consequences
) -> list[Note]:
    """Return a note for each finding that would be gone if inferred triples were judged too."""
    if not comparison.introduced or found.followed is None or found.follows is None:
        return []
    before = Overlay(states.index_before, found.followed, ())
    after = Overlay(states.index_after, found.follows, ())
    candidates = [*chain(*states.moved), *(found.followed ^ found.follows)]
    with_inferred = validate_change(
        before,
        after,
        [triple for triple in candidates if triple in after and triple not in before],
        [triple for triple in candidates if triple in before and triple not in after],
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
