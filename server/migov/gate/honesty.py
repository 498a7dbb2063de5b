"""What a change makes follow, what it makes impossible, and what holds by inference alone.

What is asserted is judged by what is asserted. Beside that a reviewer should see what the reasoner
will add or drop, where the asserted triples contradict the ontology, and which findings a
validation over inferred triples would hide.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Final

from pyoxigraph import BlankNode, NamedNode, Triple

from migov.gate.checks.context import Context, named
from migov.gate.checks.state import ONTOLOGY, FileFacts, Node, State
from migov.gate.report import Finding
from migov.gate.schema import Schema
from migov.inference import derive, read_rules

RULES: Final = ("migov:disjoint-classes", "migov:asymmetric-property", "migov:irreflexive-property")


@dataclass(frozen=True, slots=True)
class Consequences:
    """What follows after a change and did not before, and the other way round, in order."""

    gained: tuple[Triple, ...]
    lost: tuple[Triple, ...]


def derived(state: State, cache: Path | None = None) -> list[Triple]:
    """Return what follows from the files of a state; closures are kept in the folder `cache`."""
    quads = [quad for facts in state.all_facts() for quad in facts.quads]
    return derive(quads, read_rules(state.files.values()), cache)


def consequences(
    before: Iterable[Triple], after: Iterable[Triple], asserted: Iterable[Triple] = ()
) -> Consequences:
    """Return what newly follows and what no longer follows; both sides are `derived`.

    A triple that is asserted now did not stop being true: `asserted` are the triples of the union
    after the change.
    """
    old, new, said = set(before), set(after), set(asserted)
    return Consequences(tuple(sorted(new - old, key=str)), tuple(sorted(old - new - said, key=str)))


def contradictions(context: Context) -> list[Finding]:
    """Return what the asserted triples say and the ontology excludes, with the triples at fault.

    Only nodes that the touched files speak of are looked at; if the ontology was touched, all.
    """
    if ONTOLOGY not in context.after.files:
        return []
    state = context.after
    schema = Schema.read(state.facts(ONTOLOGY))
    mentioning = _mentioning(context)
    found: list[Finding] = []
    for node in sorted(mentioning, key=str):
        said = mentioning[node]
        found += _disjoint(context, schema, node, said)
        found += _properties(context, schema, node, said)
    return found


def only_by_inference(
    asserted: Sequence[Finding],
    with_inferred: Sequence[Finding],
    key: Callable[[Finding], object],
) -> tuple[list[Finding], list[Finding]]:
    """Return the findings that inferred triples would hide, and those that they would add.

    Both lists are of the same shapes and focus nodes; `key` tells when two findings are the same.
    """
    hidden_by, shown = {key(f) for f in with_inferred}, {key(f) for f in asserted}
    return (
        [finding for finding in asserted if key(finding) not in hidden_by],
        [finding for finding in with_inferred if key(finding) not in shown],
    )


Said = list[tuple[FileFacts, Triple]]


def _mentioning(context: Context) -> dict[Node, Said]:
    """Return the triples about each node that the touched files speak of, from every file."""
    everywhere = ONTOLOGY in context.touched or not context.before.files
    files = list(context.after.all_facts()) if everywhere else context.files
    nodes = {node for facts in files for triple in facts.triples for node in _ends(triple)}
    nodes -= {node for node in nodes if isinstance(node, NamedNode) and _is_term(context, node)}
    names = frozenset(node.value for node in nodes if isinstance(node, NamedNode))
    found: dict[Node, Said] = defaultdict(list)
    for facts in context.after.all_facts():
        if not everywhere and facts.path not in context.touched and not facts.names & names:
            continue
        for triple in facts.triples:
            for node in set(_ends(triple)):
                if node in nodes:
                    found[node].append((facts, triple))
    return found


def _ends(triple: Triple) -> Iterable[Node]:
    for term in (triple.subject, triple.object):
        if isinstance(term, (NamedNode, BlankNode)):
            yield term


def _is_term(context: Context, node: NamedNode) -> bool:
    return node.value in context.ontology.terms


def _disjoint(context: Context, schema: Schema, node: Node, said: Said) -> Iterable[Finding]:
    given = [(facts, triple, schema.given_by(triple, node)) for facts, triple in said]
    classes = {name for _, _, names in given for name in names}
    for one, other in _lowest(schema, schema.excluded(classes)):
        causes = minimal(
            [(facts, triple) for facts, triple, names in given if names & {one, other}],
            partial(_has_both, schema, node, (one, other)),
        )
        yield _contradiction(
            context,
            "disjoint-classes",
            node,
            causes,
            (
                f"{_name(node)} would be {named(one)} and {named(other)}, and nothing can be both",
                f"{_name(node)} serait {named(one)} et {named(other)}, et rien ne peut être les "
                "deux",
            ),
        )


def minimal(candidates: Said, holds: Callable[[Said], bool]) -> Said:
    """Return few candidates that still make something hold, none of which can be left out.

    Triples that are far from a class statement go first, so that the clearest stay.
    """
    kept = list(candidates)
    for candidate in sorted(candidates, key=lambda pair: (-len(str(pair[1])), str(pair[1]))):
        without = [each for each in kept if each is not candidate]
        if holds(without):
            kept = without
    return kept


def _has_both(schema: Schema, node: Node, pair: tuple[str, str], said: Said) -> bool:
    classes = {name for _, triple in said for name in schema.given_by(triple, node)}
    return pair[0] in classes and pair[1] in classes


def _lowest(schema: Schema, pairs: Iterable[tuple[str, str]]) -> list[tuple[str, str]]:
    """Return the first of the pairs: others of the same node are about the same triples."""
    ordered = sorted(pairs, key=lambda pair: (-len(schema.above(pair[0])), pair))
    return ordered[:1]


def _properties(context: Context, schema: Schema, node: Node, said: Said) -> Iterable[Finding]:
    for facts, triple in said:
        predicate, value = triple.predicate, triple.object
        if triple.subject != node:
            continue
        if value == node and predicate.value in schema.irreflexive | schema.asymmetric:
            yield _contradiction(
                context,
                "irreflexive-property",
                node,
                [(facts, triple)],
                (
                    f"Nothing has {named(predicate.value)} to itself",
                    f"Rien n’a {named(predicate.value)} vers soi-même",
                ),
            )
        elif predicate.value in schema.asymmetric and isinstance(value, (NamedNode, BlankNode)):
            back = [pair for pair in said if pair[1] == Triple(value, predicate, node)]
            if back and str(node) < str(value):  # once for the two of them
                yield _contradiction(
                    context,
                    "asymmetric-property",
                    node,
                    [(facts, triple), back[0]],
                    (
                        f"{named(predicate.value)} goes one way, and here it goes both",
                        f"{named(predicate.value)} va dans un seul sens, et ici dans les deux",
                    ),
                )


def _contradiction(
    context: Context, rule: str, node: Node, causes: Said, messages: tuple[str, str]
) -> Finding:
    listed = "; ".join(f"{_statement(triple)} ({facts.path})" for facts, triple in causes)
    facts, triple = _youngest(context.before, causes)
    return context.finding(
        rule,
        (f"{messages[0]}: {listed}.", f"{messages[1]} : {listed}."),
        focus=node,
        predicate=triple.predicate,
        value=triple.object,
        place=facts.positions.object_at(triple),
    )


def _youngest(before: State, causes: Said) -> tuple[FileFacts, Triple]:
    """Return the cause that the change has added, or the last."""
    for facts, triple in reversed(causes):
        if facts.path not in before.files or triple not in before.facts(facts.path).said:
            return facts, triple
    return causes[-1]


def _statement(triple: Triple) -> str:
    value = triple.object
    text = _name(value) if isinstance(value, (NamedNode, BlankNode)) else str(value)
    subject = triple.subject
    about = _name(subject) if isinstance(subject, (NamedNode, BlankNode)) else str(subject)
    return f"{about} {named(triple.predicate.value)} {text}"


def _name(node: Node) -> str:
    return named(node.value) if isinstance(node, NamedNode) else "[]"
