"""SPARQL Update text → operations that may run: what they write to is known before they do.

The default graph of this dataset is the union of its graphs, so there is nothing to write there:
every triple that an update adds or removes stands in GRAPH or under WITH.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from migov.errors import MigovError, Place, RefusedError, TooComplexError
from migov.sparql.tokens import Token, iris, readings, unescaped

_FORBIDDEN: Final = ("SERVICE", "LOAD")
_MANAGEMENT: Final = ("CLEAR", "DROP", "CREATE", "ADD", "MOVE", "COPY")
_DATA: Final = (["INSERT", "DATA"], ["DELETE", "DATA"])
_MOST_OPERATIONS: Final = 1000


@dataclass(frozen=True, slots=True)
class Operation:
    """One operation after the declarations that hold for it, and where it begins in the update."""

    declarations: str
    text: str
    line: int
    column: int
    reads: bool

    def position(self, line: int, column: int) -> tuple[int, int]:
        """Return where a position of the whole text, declarations first, is in the update."""
        if line == 1:
            return self.line, self.column
        return self.line + line - 2, column + self.column - 1 if line == 2 else column


@dataclass(frozen=True, slots=True)
class Update:
    """An update ready to run.

    `graphs` are those that it writes to: None where a variable decides. `places` tells where the
    update first names each.
    """

    operations: tuple[Operation, ...]
    graphs: tuple[str, ...] | None
    places: Mapping[str, Place]


def read_update(text: str, prefixes: Mapping[str, str], name: str = "update") -> Update:
    """Return an update's operations; raises RefusedError with the place of what is not allowed.

    >>> read_update("DELETE WHERE { GRAPH <http://a/g> { ?s ?p 'LOAD' } }", {}).graphs
    ('http://a/g',)
    """
    source = unescaped(text)
    checks = [_Check(source, name, list(reading), prefixes) for reading in readings(source)]
    for check in checks:
        check.run()
    plain = checks[0]
    if unescaped(source) != source or any(check.spans != plain.spans for check in checks):
        raise RefusedError(
            f"{name} can be read in two ways.",
            hint="Put a space on both sides of every < and >, and write characters, not escapes.",
        )
    if len(plain.spans) > _MOST_OPERATIONS:
        raise TooComplexError(
            f"{name} has more than {_MOST_OPERATIONS} operations.",
            hint="Put triples of one kind into one operation.",
        )
    places = {graph: place for check in checks for graph, place in check.places.items()}
    has_variable = any(check.has_variable for check in checks)
    graphs = None if has_variable else tuple(places)
    return Update(tuple(plain.operations()), graphs, places)


class _Check:
    """One reading of the text, walked once."""

    def __init__(
        self, text: str, name: str, tokens: Sequence[Token], prefixes: Mapping[str, str]
    ) -> None:
        self._text = text
        self._name = name
        self._tokens = tokens
        self._iris = iris(tokens, known=prefixes)
        self._declared: list[tuple[int, str]] = []
        self.spans: list[tuple[int, int, bool]] = []
        self.places: dict[str, Place] = {}
        self.has_variable = False

    def run(self) -> None:
        at, start = 0, 0
        words: list[str] = []
        while at < len(self._tokens):
            token = self._tokens[at]
            self._refuse_forbidden(token)
            if token.text == "{":
                end = self._closing(at)
                if words[-1:] in (["INSERT"], ["DELETE"], ["DATA"]) or words == ["DELETE", "WHERE"]:
                    self._template(at, end, has_with="WITH" in words)
                for inner in self._tokens[at:end]:
                    self._refuse_forbidden(inner)
                words.append("{}")
                at = end
            elif token.text == ";":
                self._end(start, token.offset, words)
                start, words = token.offset + 1, []
            elif token.is_word("PREFIX", "BASE"):
                at = self._declaration(at)
            else:
                words.append(token.text.upper())
                if token.is_word("WITH"):
                    self._graph(at + 1)
            at += 1
        self._end(start, len(self._text), words)

    def _declaration(self, at: int) -> int:
        """Keep a declaration for the operations after it; returns the index of its last token."""
        words = self._tokens[at : at + (3 if self._tokens[at].is_word("PREFIX") else 2)]
        self._declared.append((words[0].offset, " ".join(word.text for word in words)))
        return at + len(words) - 1

    def _end(self, start: int, end: int, words: list[str]) -> None:
        if words:
            self.spans.append((start, end, words[:2] not in _DATA))

    def operations(self) -> Iterator[Operation]:
        for start, end, reads in self.spans:
            declared = " ".join(text for offset, text in self._declared if offset < start)
            line = self._text.count("\n", 0, start) + 1
            column = start - self._text.rfind("\n", 0, start)
            yield Operation(declared, self._text[start:end], line, column, reads)

    def _closing(self, at: int) -> int:
        level = 0
        for index in range(at, len(self._tokens)):
            level += {"{": 1, "}": -1}.get(self._tokens[index].text, 0)
            if level == 0:
                return index
        return len(self._tokens) - 1  # does not end: the parser says where

    def _template(self, start: int, end: int, has_with: bool) -> None:
        at = start + 1
        while at < end:
            token = self._tokens[at]
            if token.is_word("GRAPH"):
                self._graph(at + 1)
                at += 2
                if at < end and self._tokens[at].text == "{":
                    at = self._closing(at)
            elif token.text != "." and not has_with:
                raise self._refused(
                    token,
                    "writes a triple without saying in which graph",
                    "Put it in GRAPH <https://w3id.org/migov/graph/data/….ttl> { … }, or use WITH.",
                )
            at += 1

    def _graph(self, at: int) -> None:
        if at >= len(self._tokens):
            return
        iri = self._iris[at]
        if self._tokens[at].kind == "variable":
            self.has_variable = True
        elif iri is not None:
            self.places.setdefault(iri, self._place(self._tokens[at]))

    def _refuse_forbidden(self, token: Token) -> None:
        if token.is_word(*_FORBIDDEN):
            raise self._refused(
                token,
                f"uses {token.text.upper()}, which would reach outside this dataset",
                "Write the triples into the update.",
            )
        if token.is_word(*_MANAGEMENT):
            raise self._refused(
                token,
                f"uses {token.text.upper()}, which works on whole graphs",
                "Name the triples: DELETE WHERE { GRAPH <…> { ?s ?p ?o } } empties a graph.",
            )

    def _refused(self, token: Token, what: str, hint: str) -> MigovError:
        return RefusedError(f"{self._name} {what}.", place=self._place(token), hint=hint)

    def _place(self, token: Token) -> Place:
        line = self._text.count("\n", 0, token.offset) + 1
        column = token.offset - self._text.rfind("\n", 0, token.offset)
        return Place.within(self._name, self._text, line, column)
