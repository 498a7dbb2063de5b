"""Where a finding of SHACL stands: the triple that it is about, in the file that says it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from pyoxigraph import BlankNode, Literal, NamedNode, Triple
from rdflib import BNode, Graph, URIRef
from rdflib import Literal as RdfLiteral
from rdflib.term import Identifier
from rdflib.term import Node as RdfNode

from migov.errors import Place
from migov.gate.checks.state import TYPE, FileFacts, Node, Object, State
from migov.gate.report import Finding
from migov.gate.shapes import SH

_UNIQUE: Final = "UniqueLangConstraintComponent"
_COUNTED: Final = ("MaxCountConstraintComponent", _UNIQUE)


@dataclass(frozen=True, slots=True)
class Located:
    """A triple of one file that a finding is about; without a triple, its subject is."""

    facts: FileFacts
    subject: Node
    triple: Triple | None
    place: Place


def predicates(shapes: Graph, finding: Finding) -> list[tuple[NamedNode, bool]]:
    """Return the predicates that the path of a finding begins with, and whether backwards."""
    path = shapes.value(finding.shape, SH.path) if finding.shape is not None else None
    if path is None:
        return []
    return list(_first(shapes, path))


def _first(shapes: Graph, path: RdfNode, back: bool = False) -> Iterator[tuple[NamedNode, bool]]:
    if isinstance(path, URIRef):
        yield NamedNode(str(path)), back
        return
    for name in ("zeroOrMorePath", "oneOrMorePath", "zeroOrOnePath"):
        for step in shapes.objects(path, SH[name]):
            yield from _first(shapes, step, back)
    for step in shapes.objects(path, SH.inversePath):
        yield from _first(shapes, step, not back)
    for alternatives in shapes.objects(path, SH.alternativePath):
        for step in shapes.items(alternatives):
            yield from _first(shapes, step, back)
    steps = list(shapes.items(path))
    if steps:
        yield from _first(shapes, steps[0], back)


def locate(
    state: State, shapes: Graph, finding: Finding, before: State | None = None
) -> Located | None:
    """Return what a finding is about in the files, or None where no file has it.

    Where there are too many values, it is about one that was not there `before`, or the last.
    """
    focus = to_term(finding.focus)
    if focus is None or isinstance(focus, Literal):
        return _literal_focus(state, focus)
    holding = list(_files(state, focus, finding))
    if not holding:
        return None
    steps = predicates(shapes, finding)
    component = (finding.component or "").rpartition("#")[2]
    value = to_term(finding.value)
    if component == "ClosedConstraintComponent":
        steps = [(t.predicate, False) for facts in holding for t in facts.by_subject[focus]
                 if t.object == value]  # fmt: skip
    if value is not None:
        for facts in holding:
            for predicate, back in steps:
                found = _triple(facts, focus, predicate, value, back)
                if found is not None:
                    at = facts.positions
                    closed = component == "ClosedConstraintComponent"
                    place = at.predicate_at(found) if closed else at.object_at(found)
                    return Located(facts, focus, found, place)
    if component in _COUNTED:
        tags = Counter(
            _tag(triple)
            for facts in holding
            for triple in facts.by_subject[focus]
            if (triple.predicate, False) in steps
        )
        repeated = {tag for tag, count in tags.items() if tag and count > 1}
        changed = [f for f in holding if before is None or before.files.get(f.path) != f.file]
        for facts in [*reversed(changed), *reversed(holding)]:
            said = [t for t in facts.by_subject[focus] if (t.predicate, False) in steps]
            if component == _UNIQUE:
                said = [t for t in said if _tag(t) in repeated]
            if said:
                extra = [t for t in said if not _stood(before, facts.path, t)] or said
                return Located(facts, focus, extra[-1], facts.positions.object_at(extra[-1]))
    for facts in holding:
        for triple in facts.by_subject[focus]:
            if finding.value is not None and (triple.predicate, False) in steps:
                return Located(facts, focus, triple, facts.positions.object_at(triple))
    facts = next((f for f in holding if f.values(focus, TYPE)), holding[0])
    return Located(facts, focus, None, facts.positions.node_at(focus))


def _tag(triple: Triple) -> str | None:
    return triple.object.language if isinstance(triple.object, Literal) else None


def _stood(before: State | None, path: str, triple: Triple) -> bool:
    """Whether a triple was in the same file before; one about a blank node has no name there."""
    return before is not None and path in before.files and triple in before.facts(path).said


def _literal_focus(state: State, focus: Object | None) -> Located | None:
    """A literal is a focus node by sh:targetObjectsOf: its place is where it is an object."""
    if focus is None:
        return None
    for facts in state.all_facts():
        for triple in facts.triples:
            if triple.object == focus and isinstance(triple.subject, (NamedNode, BlankNode)):
                return Located(facts, triple.subject, triple, facts.positions.object_at(triple))
    return None


def _files(state: State, focus: Node, finding: Finding) -> Iterator[FileFacts]:
    if isinstance(focus, NamedNode):
        paths = state.describing.get(focus.value, ())
        yield from (state.facts(path) for path in paths)
        return
    holder = finding.via[0] if finding.via is not None else None
    near = state.describing.get(str(holder), ()) if isinstance(holder, URIRef) else ()
    for path in dict.fromkeys([*near, *state.paths]):
        facts = state.facts(path)
        if focus in facts.by_subject:
            yield facts  # a blank node stands in one file alone
            return


def _triple(
    facts: FileFacts, focus: Node, predicate: NamedNode, value: Object, back: bool
) -> Triple | None:
    if not back:
        wanted = Triple(focus, predicate, value)
    elif isinstance(value, Literal):
        return None
    else:
        wanted = Triple(value, predicate, focus)
    return wanted if wanted in facts.said else None


def to_term(node: Identifier | None) -> Object | None:
    """Return a node of rdflib as a term of pyoxigraph.

    >>> to_term(URIRef("http://a.example/"))
    <NamedNode value=http://a.example/>
    """
    match node:
        case URIRef():
            return NamedNode(str(node))
        case BNode():
            return BlankNode(str(node))
        case RdfLiteral(language=str(tag)):
            return Literal(str(node), language=tag)
        case RdfLiteral():
            datatype = node.datatype
            if datatype is None:
                return Literal(str(node))
            return Literal(str(node), datatype=NamedNode(str(datatype)))
    return None
