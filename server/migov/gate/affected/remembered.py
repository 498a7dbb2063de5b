"""A shapes graph that remembers what it was asked.

pySHACL builds the constraints of a nested shape anew for every value that it meets, and reads
them from the shapes graph each time. The shapes do not change meanwhile.
"""

from __future__ import annotations

from collections.abc import Generator
from typing import Any

from rdflib import Graph


class RememberedGraph(Graph):
    """A graph of rdflib that keeps its answers until something is added."""

    def __init__(self, graph: Graph) -> None:
        super().__init__(bind_namespaces="none")
        self._answers: dict[tuple[Any, ...], tuple[Any, ...]] = {}
        for triple in graph:
            self.add(triple)

    def add(self, triple: Any) -> RememberedGraph:
        self._answers.clear()
        super().add(triple)
        return self

    def objects(
        self, subject: Any = None, predicate: Any = None, unique: bool = False
    ) -> Generator[Any, None, None]:
        key = ("objects", subject, predicate)
        if key not in self._answers:
            self._answers[key] = tuple(super().objects(subject, predicate, unique=True))
        yield from self._answers[key]

    def predicate_objects(
        self, subject: Any = None, unique: bool = False
    ) -> Generator[Any, None, None]:
        key = ("predicate_objects", subject)
        if key not in self._answers:
            self._answers[key] = tuple(super().predicate_objects(subject))
        yield from self._answers[key]

    def subjects(
        self, predicate: Any = None, object: Any = None, unique: bool = False
    ) -> Generator[Any, None, None]:
        if object is None or isinstance(object, list):
            yield from super().subjects(predicate, object, unique)
            return
        key = ("subjects", predicate, object)
        if key not in self._answers:
            self._answers[key] = tuple(super().subjects(predicate, object))
        yield from self._answers[key]

    def items(self, list: Any) -> Generator[Any, None, None]:
        key = ("items", list)
        if key not in self._answers:
            self._answers[key] = tuple(super().items(list))
        yield from self._answers[key]
