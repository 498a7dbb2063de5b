"""Where a new statement stands: beside what it resembles, an annotation by what it is about."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Final

from pyoxigraph import BlankNode, NamedNode, Triple

from migov.change.write.source import Statement

_ABOUT: Final = NamedNode("http://www.w3.org/1999/02/22-rdf-syntax-ns#subject")

Fresh = tuple[object, Sequence[Triple]]
"""A subject and the triples of its new statement."""

_Uses = Mapping[BlankNode, Sequence[Triple]]


def grouped(fresh: Mapping[object, Sequence[Triple]], uses: _Uses) -> Iterator[list[Fresh]]:
    """Yield new statements in groups: one about an IRI, and those that belong to it."""
    owned: dict[object, list[Fresh]] = {}
    alone = []
    for subject, triples in fresh.items():
        owner = next((o for o in _owners(subject, triples, uses) if o in fresh), None)
        if isinstance(subject, BlankNode) and isinstance(owner, NamedNode):
            owned.setdefault(owner, []).append((subject, triples))
        else:
            alone.append((subject, triples))
    for subject, triples in alone:
        yield [(subject, triples), *owned.get(subject, ())]


def _owners(subject: object, triples: Sequence[Triple], uses: _Uses) -> Iterator[object]:
    """Yield what a blank node's statement is about, then who uses it."""
    for triple in triples:
        if triple.predicate == _ABOUT:
            yield triple.object
    if isinstance(subject, BlankNode):
        for triple in uses.get(subject, ()):
            yield triple.subject


def anchor(
    fresh: Fresh, statements: Sequence[Statement], homes: Mapping[BlankNode, int], uses: _Uses
) -> int | None:
    """Return the statement after which a new one stands; None for the end of the file."""
    subject, triples = fresh
    if isinstance(subject, NamedNode):
        return _last_of_kind(subject, statements)
    if isinstance(subject, BlankNode) and subject in homes:
        return homes[subject]
    for owner in _owners(subject, triples, uses):
        about = [
            at
            for at, statement in enumerate(statements)
            if statement.subject == owner
            or (
                isinstance(statement.subject, BlankNode)
                and any(t.predicate == _ABOUT and t.object == owner for t in statement.triples)
            )
        ]
        if about:
            return about[-1]
    return None


def _last_of_kind(subject: NamedNode, statements: Sequence[Statement]) -> int | None:
    """Return the last statement about an IRI of the same folder, with the annotations below it."""
    alike = [
        at
        for at, statement in enumerate(statements)
        if isinstance(statement.subject, NamedNode)
        and _folder(statement.subject) == _folder(subject)
    ]
    if not alike:
        return None
    at = alike[-1]
    while at + 1 < len(statements) and isinstance(statements[at + 1].subject, BlankNode):
        at += 1
    return at


def _folder(node: NamedNode) -> str:
    return node.value[: max(node.value.rfind("/"), node.value.rfind("#"))]
