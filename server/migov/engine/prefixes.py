"""The prefixes that come with a query, and those of them that its text can use."""

from __future__ import annotations

from collections.abc import Mapping


class Prefixes:
    """Prefixes by name: `all` of them, which results are written with, and those of a text."""

    __slots__ = ("_marks", "all")

    def __init__(self, given: Mapping[str, str]) -> None:
        self.all = {str(name): str(iri) for name, iri in given.items()}
        self._marks = tuple((f"{name}:", name, iri) for name, iri in self.all.items())

    def needed(self, text: str) -> dict[str, str] | None:
        """Return those that a text may use: reading sixty takes a store as long as a small query.

        >>> Prefixes({"a": "http://a.example/", "b": "http://b.example/"}).needed("ASK { a:x a 1 }")
        {'a': 'http://a.example/'}
        """
        if "\\" in text:  # a name may be written with an escape
            return self.all or None
        return {name: iri for mark, name, iri in self._marks if mark in text} or None
