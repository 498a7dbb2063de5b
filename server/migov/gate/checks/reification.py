"""Annotations speak about a triple of the same graph; one about nothing hides a mistake."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from pyoxigraph import BlankNode, Literal, NamedNode, Triple

from migov.gate.checks.context import Context, alike, edit_object, named
from migov.gate.checks.state import FileFacts, Node, Object, mg, std
from migov.gate.report import Edit, Finding

_SUBJECT: Final = std("rdf", "subject")
_PREDICATE: Final = std("rdf", "predicate")
_OBJECT: Final = std("rdf", "object")


def check(context: Context) -> Iterator[Finding]:
    """Yield the annotations whose triple does not stand in their graph."""
    for facts in context.files:
        for node in facts.instances(mg("Annotation")):
            parts = [facts.values(node, p) for p in (_SUBJECT, _PREDICATE, _OBJECT)]
            if any(len(values) != 1 for values in parts):
                continue  # what is missing is for the shapes to say
            subject, predicate, value = (values[0] for values in parts)
            if isinstance(subject, Literal) or not isinstance(predicate, NamedNode):
                continue
            if Triple(subject, predicate, value) not in facts.said:
                yield _about_nothing(context, facts, node, subject, predicate, value)


def _about_nothing(
    context: Context,
    facts: FileFacts,
    node: Node,
    subject: Node,
    predicate: NamedNode,
    value: Object,
) -> Finding:
    said = facts.by_subject.get(subject, [])
    same = [triple for triple in said if triple.predicate == predicate]
    other = [triple for triple in said if triple.object == value]
    edits: list[Edit] = []
    wrong = Triple(node, _SUBJECT, subject)
    if same:
        wrong = Triple(node, _OBJECT, value)
        meant = _meant(value, same)
        text = None if meant is None else facts.positions.written(meant)
        edits = [] if text is None else edit_object(facts, wrong, text)
        en = f"{_short(subject)} has {named(predicate.value)} here, with another value."
        fr = f"{_short(subject)} a bien {named(predicate.value)} ici, avec une autre valeur."
    elif other:
        wrong = Triple(node, _PREDICATE, predicate)
        right = other[0].predicate.value
        edits = edit_object(facts, wrong, named(right)) if len(other) == 1 else []
        en = f"{_short(subject)} has this value here, by {named(right)}."
        fr = f"{_short(subject)} a bien cette valeur ici, par {named(right)}."
    else:
        en = f"{_short(subject)} has no {named(predicate.value)} here."
        fr = f"{_short(subject)} n’a pas de {named(predicate.value)} ici."
    return context.finding(
        "annotation-of-nothing",
        (
            f"The annotation is about a triple that does not stand in this graph. {en}",
            f"L’annotation porte sur un triplet qui ne figure pas dans ce graphe. {fr}",
        ),
        focus=node,
        predicate=wrong.predicate,
        value=wrong.object,
        place=facts.positions.object_at(wrong),
        expected=(
            "the subject, predicate and object of a triple of this file, to the letter",
            "le sujet, le prédicat et l’objet d’un triplet de ce fichier, à la lettre",
        ),
        edits=edits,
    )


def _meant(value: Object, triples: list[Triple]) -> Triple | None:
    if len(triples) == 1:
        return triples[0]
    texts = {str(triple.object): triple for triple in triples}
    return texts.get(alike(str(value), sorted(texts)) or "")


def _short(node: Node) -> str:
    return "[]" if isinstance(node, BlankNode) else named(node.value)
