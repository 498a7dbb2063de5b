"""Why a query answers with nothing, as a document: unknown terms, and what first left nothing."""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Final

from migov.engine import Answer, Engine, Query
from migov.entities import KnownTerms, Label
from migov.errors import LimitError
from migov.protocol.emptiness import Cause, Emptied, first_emptied
from migov.protocol.unknown import Unknown, unknown_terms
from migov.sparql.patterns import UnreadError, read_shape

REASONS: Final = {
    "absent": "Nothing in the dataset has it, or anything like it.",
    "form": "The dataset has it written otherwise.",
    "namespace": "The dataset has this name under another prefix.",
    "name": "This is a name; the dataset has the thing under an IRI.",
    "spelling": "Nothing in the dataset has it; something is spelt like it.",
    "inferred": "It stands only in what follows from the statements: ask with inferred=true.",
    "language": "The dataset has this text with another language tag.",
    "datatype": "The dataset has this text with another datatype.",
}
"""Why a term is told, in words."""

CAUSES: Final = {
    "triple": "No solution of what comes before it fits this pattern.",
    "graph": "No graph of the dataset has this name.",
    "group": "No solution of what comes before it fits this group.",
    "union": "No solution of what comes before it fits any of these.",
    "select": "The sub-select gives no row that fits what comes before it.",
    "minus": "MINUS takes every solution away.",
    "values": "None of these values fits the solutions.",
    "filter": "No solution passes this filter.",
    "having": "No group passes this condition.",
    "slice": "There are solutions, but none in this part of them.",
    "template": "There are solutions, but no triple can be made of them.",
    "alone": "This pattern matches by itself, but nothing together with what comes before it.",
    "nothing": "Nothing matches this pattern, even by itself.",
    "turned": "Nothing matches this pattern, but the other way round it does: exchange subject and "
    "object.",
    "follows": "This matches only what follows from the statements: ask with inferred=true.",
}
"""Why a part left nothing, in words; the last four are about patterns."""


@dataclass(frozen=True, slots=True)
class Explanation:
    """What an answer is, and why it may be empty.

    `count` are rows or triples; for ASK, 1 is yes. `unread` says why there is no cause to tell.
    """

    kind: str
    count: int
    unknown: tuple[Unknown, ...]
    cause: Cause
    unread: str | None = None

    def document(self, snapshot: str, labels: Mapping[str, Label]) -> dict[str, Any]:
        """Return it as plain values for JSON."""
        return {
            "snapshot": snapshot,
            "answer": {"kind": self.kind, "count": self.count},
            "unknown": [
                {
                    **_placed(term),
                    "iri": term.iri,
                    "reason": term.reason,
                    "detail": REASONS[term.reason],
                    "suggestions": [
                        {
                            "text": one.text,
                            "iri": one.iri,
                            "label": labels[one.iri].text if one.iri else None,
                        }
                        for one in term.suggestions
                    ],
                }
                for term in self.unknown
            ],
            "emptied": [
                {**_placed(part), "kind": part.kind, "detail": CAUSES[cause_of(part)]}
                for part in self.cause.parts
            ],
            "undecided": self.unread or self.cause.unread,
        }


def explain(
    engine: Engine, known: KnownTerms, query: Query, graphs: Sequence[str], seconds: float
) -> Explanation:
    """Return why a query answers as it does; raises RequestError or LimitError when it does not.

    `engine` runs the query and its parts, `known` looks terms up. Nothing new is asked of the
    parts once `seconds` have passed.
    """
    until = time.monotonic() + seconds
    # Lines are counted, and no text of a line has a line break of its own in these formats.
    answer = engine.answer(replace(query, solutions="tsv", graph="nt"))
    count = _count(answer)
    try:
        shape = read_shape(query.text)
    except UnreadError as error:
        reason = f"This form of query is not taken apart: {error}."
        return Explanation(answer.kind, count, (), Cause(unread=reason))
    unread = None
    unknown: list[Unknown] = []
    try:
        unknown = unknown_terms(shape, known, query.prefixes, inferred=query.inferred)
    except LimitError as error:
        unread = f"Its terms were not all looked up. {error.message}"
    left = max(0.0, until - time.monotonic())
    cause = first_emptied(engine, query, graphs, left, is_empty=count == 0)
    return Explanation(answer.kind, count, tuple(unknown), cause, unread)


def iris_of(explanation: Explanation) -> set[str]:
    """Return the IRIs that are suggested, whose labels say what they are."""
    return {one.iri for term in explanation.unknown for one in term.suggestions if one.iri}


def cause_of(part: Emptied) -> str:
    """Return the key of `CAUSES` that tells why a part left nothing."""
    if part.inferred:
        return "follows"
    if part.turned:
        return "turned"
    if part.alone:
        return "alone"
    is_pattern = part.kind in ("triple", "select", "values")
    return "nothing" if is_pattern and (part.first or part.alone is False) else part.kind


def _count(answer: Answer) -> int:
    lines = answer.body.count(b"\n")
    match answer.kind:
        case "boolean":
            return int(answer.body.strip() == b"true")
        case "solutions":
            return lines - 1  # the first names the variables
        case "graph":
            return lines


def _placed(found: Unknown | Emptied) -> dict[str, Any]:
    return {"text": found.text, "line": found.place.line, "column": found.place.column}
