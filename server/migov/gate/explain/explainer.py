"""Shapes, files and a finding → the finding with its place, label, expectation and correction."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from typing import Final

from pyoxigraph import BlankNode, NamedNode
from rdflib import Graph

from migov.gate.checks.state import Node, State, std
from migov.gate.explain.example import example
from migov.gate.explain.located import Located, locate, predicates, to_term
from migov.gate.explain.mending import edits
from migov.gate.explain.words import expected
from migov.gate.report import Finding

_SUBJECT: Final = std("rdf", "subject")
# These say how many values there are, or how two properties compare: no value is wrong by itself.
_NOT_OF_A_VALUE: Final = ("MinCount", "MaxCount", "UniqueLang", "LessThan", "LessThanOrEquals",
                          "Equals", "Disjoint", "Closed")  # fmt: skip


class Explainer:
    """Explains the findings of one validation; `shapes` is the graph that was validated with.

    `before` is the state on the other side of a change: what is too much is then what differs.
    """

    def __init__(self, shapes: Graph, state: State, before: State | None = None) -> None:
        self._shapes = shapes
        self._state = state
        self._before = before

    def explain_all(self, findings: Iterable[Finding]) -> list[Finding]:
        """Return findings with what can be told of each."""
        return [self.explain(finding) for finding in findings]

    def explain(self, finding: Finding) -> Finding:
        """Return a finding with what can be told of it; what it has already stays."""
        found = locate(self._state, self._shapes, finding, self._before)
        told = replace(finding, label=finding.label or self._label(finding))
        if found is not None and (told.place is None or told.place.column is None):
            told = replace(told, place=found.place)
        if finding.shape is None:
            return told
        words = expected(self._shapes, finding.shape, finding.component)
        if words is not None and not told.expected:
            told = replace(told, expected={"en": words[0], "fr": words[1]})
        if told.example is None and found is not None:
            told = replace(told, example=self._example(finding, found))
        if not told.edits and found is not None and not self._is_of_no_value(finding):
            right = edits(self._state, self._shapes, finding.shape, found)
            told = replace(told, edits=tuple(right))
        return told

    def _is_of_no_value(self, finding: Finding) -> bool:
        name = (finding.component or "").rpartition("#")[2].removesuffix("ConstraintComponent")
        return name in _NOT_OF_A_VALUE

    def _label(self, finding: Finding) -> dict[str, str]:
        """Return the labels of the focus node, or of what a blank one belongs to."""
        node = to_term(finding.focus)
        if isinstance(node, NamedNode):
            return self._state.labels(node)
        holder = to_term(finding.via[0]) if finding.via is not None else None
        if isinstance(holder, NamedNode):
            return self._state.labels(holder)
        if isinstance(node, BlankNode):
            for subject in self._annotated(finding):
                return self._state.labels(subject)
        return {}

    def _annotated(self, finding: Finding) -> Iterable[Node]:
        """Yield what an annotation is about: nothing holds it, so it goes by its subject."""
        found = locate(self._state, self._shapes, finding, self._before)
        if found is not None:
            for value in found.facts.values(found.subject, _SUBJECT):
                if isinstance(value, NamedNode):
                    yield value

    def _example(self, finding: Finding, found: Located) -> str | None:
        steps = [step for step, back in predicates(self._shapes, finding) if not back]
        if not steps or finding.shape is None:
            return None
        value = found.triple.object if found.triple is not None else None
        wrong = to_term(finding.value) if value is not None else None
        step = found.triple.predicate if found.triple is not None else steps[0]
        step = step if step in steps else steps[0]
        for state in (self._state, self._before):  # the only right one may be what the change took
            if state is not None:
                told = example(state, self._shapes, finding.shape, found.subject, step, wrong)
                if told is not None:
                    return told
        return None
