"""Names are for good: a rename leaves dcterms:isReplacedBy, and a retired name never comes back."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from pyoxigraph import NamedNode
from rapidfuzz import fuzz

from migov.errors import Place
from migov.gate.checks.context import Context, named
from migov.gate.checks.state import TYPE, State, std
from migov.gate.report import Finding, Severity
from migov.vocabulary import CONCEPT, ID, NS

REPLACED: Final = std("dcterms", "isReplacedBy")
_DERIVED: Final = (f"{ID}participation/", f"{ID}person/")
_ALIKE: Final = 85


def check(context: Context) -> Iterator[Finding]:
    """Yield the names that come back, and those that go without saying where to."""
    yield from _reused(context)
    if context.before.files:
        yield from _gone(context)


def _reused(context: Context) -> Iterator[Finding]:
    for facts in context.files:
        for node in facts.by_subject:
            if not isinstance(node, NamedNode) or not node.value.startswith((ID, CONCEPT, NS)):
                continue
            described = bool(facts.values(node, TYPE))
            was = _successor(context.before, node) if context.before.files else None
            now = _successor(context.after, node)
            came_back = node.value in context.retired and node.value in context.new
            if came_back or (described and (now or was)):
                yield _reuse(context, node, now or was, facts.positions.node_at(node))


def _reuse(context: Context, node: NamedNode, successor: str | None, place: Place) -> Finding:
    en = f"; {named(successor)} has replaced it" if successor else ""
    fr = f" ; {named(successor)} l’a remplacé" if successor else ""
    return context.finding(
        "reused-slug",
        (
            f"{named(node.value)} is the name of something that is gone{en}. Names are never used "
            "twice: choose another slug, also for the same thing.",
            f"{named(node.value)} est le nom d’une chose disparue{fr}. Un nom ne sert jamais deux "
            "fois : choisissez un autre identifiant court, même pour la même chose.",
        ),
        focus=node,
        place=place,
    )


def _successor(state: State, node: NamedNode) -> str | None:
    values = state.values(node, REPLACED)
    return next((value.value for value in values if isinstance(value, NamedNode)), None)


def _gone(context: Context) -> Iterator[Finding]:
    for iri in context.lost:
        if not iri.startswith((ID, CONCEPT, NS)) or iri.startswith(_DERIVED):
            continue
        node = NamedNode(iri)
        new = _renamed_to(context, node)
        if new is None:
            yield context.finding(
                "removed-name",
                (
                    f"{named(iri)} is gone. Whoever has cited it finds nothing: if something "
                    "takes its place, leave dcterms:isReplacedBy; if not, say why in the change.",
                    f"{named(iri)} a disparu. Qui l’a cité ne trouve plus rien : si une chose "
                    "prend sa place, laissez dcterms:isReplacedBy ; sinon, dites-en la raison.",
                ),
                severity=Severity.WARNING,
                focus=node,
                place=_left_of(context, node),
                example=f"{named(iri)} dcterms:isReplacedBy {_other(iri)} .",
            )
            continue
        where = context.after.described_in(new)[0]
        yield context.finding(
            "rename-without-trace",
            (
                f"{named(iri)} seems to have become {named(new)}. Leave its old name, with "
                "dcterms:isReplacedBy.",
                f"{named(iri)} semble être devenu {named(new)}. Laissez son ancien nom, avec "
                "dcterms:isReplacedBy.",
            ),
            focus=node,
            predicate=REPLACED,
            place=context.after.facts(where).positions.node_at(NamedNode(new)),
            expected=(named(new), named(new)),
            example=f"{named(iri)} dcterms:isReplacedBy {named(new)} .",
        )


def _left_of(context: Context, gone: NamedNode) -> Place:
    """Return where some file still speaks of what is gone, or else the file that it stood in."""
    paths = context.after.described_in(gone.value)
    if paths:
        return context.after.facts(paths[0]).positions.node_at(gone)
    return Place(context.before.described_in(gone.value)[0])


def _renamed_to(context: Context, gone: NamedNode) -> str | None:
    """Return the new name of the same kind whose labels are those of a name that is gone."""
    folder = gone.value.rpartition("/")[0]
    old = set(context.before.labels(gone).values())
    best: tuple[float, str] | None = None
    for iri in context.new:
        if iri.rpartition("/")[0] != folder:
            continue
        new = context.after.labels(NamedNode(iri)).values()
        score = max((fuzz.token_sort_ratio(a, b) for a in old for b in new), default=0.0)
        if score >= _ALIKE and (best is None or score > best[0]):
            best = score, iri
    return best[1] if best else None


def _other(iri: str) -> str:
    return f"{named(iri).partition(':')[0]}:…"
