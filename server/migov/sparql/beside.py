"""The patterns of one group graph pattern, cut out of its tokens: what else its solutions match.

Only what is certain is used: triple patterns and inline data that stand in the group itself, and
filters over their variables. All of them are joined with whatever else the group holds, so every
solution of the group is an extension of a solution of these.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from migov.sparql.tokens import Token

_IN_TRIPLES: Final = ("A", "TRUE", "FALSE")
_UNSTABLE: Final = ("NOW", "RAND", "UUID", "STRUUID", "BNODE", "EXISTS")


@dataclass(frozen=True, slots=True)
class Segment:
    """A piece of a group as it is written, and the variables that it binds."""

    text: str
    variables: frozenset[str]


def variables(tokens: Sequence[Token]) -> frozenset[str]:
    """Return the names of the variables among tokens."""
    return frozenset(token.text[1:] for token in tokens if token.kind == "variable")


def certain(tokens: Sequence[Token]) -> frozenset[str]:
    """Return the variables that each solution of a group binds, as far as tokens tell.

    `tokens` are those between its braces. A variable of a triple pattern in the group itself is
    bound; one that is only in a nested group, an expression or inline data may not be.
    """
    if tokens and tokens[0].is_word("SELECT"):
        return frozenset()
    level = 0
    found: set[str] = set()
    for index, token in enumerate(tokens):
        if token.kind == "mark" and token.text in "{(})":
            level += 1 if token.text in "{(" else -1
        elif token.kind == "variable" and level == 0:
            before = tokens[index - 1] if index else None
            if before is None or not before.is_word("VALUES", "GRAPH"):
                found.add(token.text[1:])
    return frozenset(found)


def segments(
    text: str,
    tokens: Sequence[Token],
    closing: Mapping[int, int],
    opening: int,
    answers: Mapping[int, str],
) -> list[Segment]:
    """Return what is joined in the group that opens at a token: triples, inline data, filters.

    `answers` are inline data in the place of SERVICE groups, by offset. A group that holds what
    is not known here gives nothing.
    """
    if tokens[opening + 1].is_word("SELECT"):
        return []
    return _Walk(text, tokens, closing, answers).over(opening + 1, closing[opening])


class _Walk:
    """One way through the elements of a group, nested groups passed over."""

    def __init__(
        self,
        text: str,
        tokens: Sequence[Token],
        closing: Mapping[int, int],
        answers: Mapping[int, str],
    ) -> None:
        self._text = text
        self._tokens = tokens
        self._closing = closing
        self._answers = answers
        self._triples: list[Segment] = []
        self._data: list[Segment] = []
        self._filters: list[Segment] = []

    def over(self, index: int, end: int) -> list[Segment]:
        while index < end:
            token = self._tokens[index]
            if token.kind == "mark" and token.text == "{":
                index = self._closing[index] + 1
            elif token.is_word("OPTIONAL", "MINUS", "UNION") or token.text == ".":
                index += 1
            elif token.is_word("GRAPH"):
                index += 2
            elif token.is_word("SERVICE"):
                index = self._service(index)
            elif token.is_word("VALUES"):
                index = self._values(index)
            elif token.is_word("FILTER", "BIND"):
                index = self._expression(index)
            elif token.kind == "word" and not token.is_word(*_IN_TRIPLES):
                return []
            else:
                index = self._run(index, end)
        # A variable of inline data may be unbound there, and bound where the filter looks at it.
        bound = frozenset[str]().union(*(segment.variables for segment in self._triples))
        filters = [segment for segment in self._filters if segment.variables <= bound]
        return [*self._triples, *self._data, *filters]

    def _run(self, index: int, end: int) -> int:
        """Take the triples that begin here, and return where they end."""
        start = index
        while index < end and not self._ends_triples(self._tokens[index]):
            index += 1
        last = index - 1
        while last > start and self._tokens[last].text == ".":
            last -= 1
        self._triples.append(self._segment(start, last))
        return index

    def _ends_triples(self, token: Token) -> bool:
        if token.kind == "mark":
            return token.text == "{"
        return token.kind == "word" and not token.is_word(*_IN_TRIPLES)

    def _service(self, index: int) -> int:
        answer = self._answers.get(self._tokens[index].offset)
        if answer is not None:
            head = answer[answer.index("(") + 1 : answer.index(")")]
            self._data.append(Segment(answer, frozenset(name[1:] for name in head.split())))
        while self._tokens[index].text != "{":
            index += 1
        return self._closing[index] + 1

    def _values(self, start: int) -> int:
        names = self._closing.get(start + 1, start + 1)
        rows = self._closing[names + 1]
        self._data.append(
            Segment(self._segment(start, rows).text, variables(self._tokens[start : names + 1]))
        )
        return rows + 1

    def _expression(self, start: int) -> int:
        opening = start
        while opening not in self._closing:
            opening += 1
        closing = self._closing[opening]
        if self._tokens[start].is_word("FILTER") and opening == start + 1:
            inside = self._tokens[opening:closing]
            if not any(token.is_word(*_UNSTABLE) or token.text == "{" for token in inside):
                self._filters.append(self._segment(start, closing))
        return closing + 1

    def _segment(self, first: int, last: int) -> Segment:
        tokens = self._tokens[first : last + 1]
        end = tokens[-1].offset + len(tokens[-1].text)
        return Segment(self._text[tokens[0].offset : end], variables(tokens))
