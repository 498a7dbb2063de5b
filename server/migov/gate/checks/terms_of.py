"""What the ontology declares, as the checks need it."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cached_property
from typing import Final

from pyoxigraph import Literal, NamedNode

from migov.gate.checks.state import ONTOLOGY, TYPE, State, mg, std
from migov.vocabulary import NS

_CLASSES: Final = {std("owl", "Class"), std("rdfs", "Class")}
_DATATYPES: Final = {std("rdfs", "Datatype")}
_PROPERTIES: Final = {
    std("owl", name) for name in ("ObjectProperty", "DatatypeProperty", "AnnotationProperty")
} | {std("rdf", "Property")}
_UP: Final = std("rdfs", "subClassOf")
_RANGES: Final = (std("rdfs", "range"), std("schema", "rangeIncludes"))


@dataclass(slots=True)
class _Declared:
    classes: set[str] = field(default_factory=set)
    properties: set[str] = field(default_factory=set)
    datatypes: set[str] = field(default_factory=set)
    inferred_only: set[str] = field(default_factory=set)
    above: dict[str, set[str]] = field(default_factory=dict)
    ranges: dict[str, list[str]] = field(default_factory=dict)


class Ontology:
    """The classes, properties and datatypes of our namespace in one state of the files."""

    def __init__(self, state: State) -> None:
        self._state = state

    @cached_property
    def _declared(self) -> _Declared:
        found = _Declared()
        if ONTOLOGY not in self._state.files:
            return found
        for triple in self._state.facts(ONTOLOGY).triples:
            subject, value = triple.subject, triple.object
            if not isinstance(subject, NamedNode):
                continue
            name = subject.value
            if triple.predicate == TYPE:
                found.classes |= {name} if value in _CLASSES else set()
                found.properties |= {name} if value in _PROPERTIES else set()
                found.datatypes |= {name} if value in _DATATYPES else set()
            elif triple.predicate == mg("inferredOnly") and isinstance(value, Literal):
                found.inferred_only |= {name} if value.value == "true" else set()
            elif triple.predicate == _UP and isinstance(value, NamedNode):
                found.above.setdefault(name, set()).add(value.value)
            elif triple.predicate in _RANGES and isinstance(value, NamedNode):
                found.ranges.setdefault(name, []).append(value.value)
        return found

    @property
    def classes(self) -> set[str]:
        return self._declared.classes

    @property
    def properties(self) -> set[str]:
        return self._declared.properties

    @property
    def inferred_only(self) -> set[str]:
        return self._declared.inferred_only

    @cached_property
    def terms(self) -> set[str]:
        """All that our namespace may be asked for, the namespace's own IRI aside."""
        declared = self._declared
        return {
            iri
            for iri in declared.classes | declared.properties | declared.datatypes
            if iri.startswith(NS)
        }

    def ranges(self, predicate: str) -> list[str]:
        """Return what the values of a property may be: datatypes or classes."""
        return self._declared.ranges.get(predicate, [])

    def with_superclasses(self, classes: set[str]) -> set[str]:
        """Return classes together with all that they are kinds of."""
        found, waiting = set[str](), list(classes)
        while waiting:
            name = waiting.pop()
            if name not in found:
                found.add(name)
                waiting += self._declared.above.get(name, ())
        return found

    def with_subclasses(self, name: str) -> set[str]:
        """Return a class together with all that are kinds of it."""
        return {c for c in {name, *self.classes} if name in self.with_superclasses({c})}
