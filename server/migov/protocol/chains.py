"""How many patterns a query joins, and how many operators it chains, told on tokens.

The engine's optimizer looks for the best order of a join, and its time grows with the cube of how
many patterns are joined: 100 around one variable take it 0.9 s over an empty store, 200 more than
6 s, and each step of a property path is one more. Other chains cost it less.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import Final

from migov.errors import TooComplexError
from migov.sparql.tokens import Token

JOINED: Final = 100
"""Triple patterns, path steps and groups that one group may join."""

CHAINED: Final = 500
"""OPTIONAL, UNION, FILTER, BIND and the like that one group may have."""

OPERATORS: Final = 2000
"""Signs of operators that one group may have: `||` is two."""

SHORTEST: Final = 2 * JOINED
"""Characters below which no text can have too much: a step of a path has two."""

_CLAUSES: Final = ("OPTIONAL", "UNION", "FILTER", "BIND", "MINUS", "EXISTS", "VALUES", "LATERAL")
_APART: Final = ("OPTIONAL", "UNION", "MINUS", "EXISTS")
_TEMPLATES: Final = ("DATA", "INSERT", "DELETE", "CONSTRUCT")
_MODIFIERS: Final = ("SELECT", "GROUP", "HAVING", "ORDER", "LIMIT", "OFFSET")
_OPERATORS: Final = frozenset("|&+-*!<>=^?")
_SEPARATORS: Final = frozenset(".;,")


@dataclass(slots=True)
class _Round:
    """What stands in round brackets: a list, whose every member is a pattern, or an expression."""

    is_expression: bool
    members: int = 0


@dataclass(slots=True)
class _Group:
    """What stands in braces. What is only written or returned, not matched, joins nothing."""

    matches: bool
    apart: bool = False
    is_subquery: bool = False
    in_modifier: bool = False
    joined: int = 0
    clauses: int = 0
    operators: int = 0
    rounds: list[_Round] = field(default_factory=list)


def unchained(tokens: Iterable[Token]) -> Iterator[Token]:
    """Yield the same tokens; raises TooComplexError at the first that is one too many.

    >>> from migov.sparql.tokens import tokenize
    >>> len(list(unchained(tokenize("ASK { ?s <a:b>/<a:b> ?o }"))))
    8
    """
    reading = _Reading()
    for token in tokens:
        reading.add(token)
        yield token


class _Reading:
    """One walk over the tokens; `closed` has the group whose end was the last token."""

    def __init__(self) -> None:
        self._groups = [_Group(matches=False)]
        self._before: Token | None = None
        self._closed: _Group | None = None
        self._in_values = False

    def add(self, token: Token) -> None:
        group = self._groups[-1]
        if self._closed is not None:
            group.joined += _joined_by(self._closed, token) if group.matches else 0
            self._closed = None
        if token.kind == "mark":
            self._mark(token, group)
        else:
            self._other(token, group)
        self._before = token
        _check(group)

    def _mark(self, token: Token, group: _Group) -> None:
        mark = token.text
        if mark == "{":
            self._open(group)
        elif mark == "}":
            if len(self._groups) > 1:
                self._closed = self._groups.pop()
                if self._before is None or self._before.text != ".":
                    self._closed.joined += 1
        elif mark == "(":
            self._count(group)
            is_call = self._before is not None and (
                self._before.kind == "word" and not self._before.is_word("A")
            )
            inside = bool(group.rounds and group.rounds[-1].is_expression)
            group.rounds.append(_Round(is_call or inside))
        elif mark == ")":
            if group.rounds and not (closed := group.rounds.pop()).is_expression:
                group.joined += closed.members if group.matches and not group.in_modifier else 0
        elif mark == "/" and group.matches:
            group.joined += 1
            if group.rounds:
                group.rounds[-1].is_expression = True
        elif mark in _OPERATORS:
            group.operators += 1
            if group.rounds and mark != "^":  # a member of a list may have ^^ and its datatype
                group.rounds[-1].is_expression = True
        elif mark in _SEPARATORS and group.rounds:
            group.rounds[-1].is_expression = True
        elif group.matches and (mark in _SEPARATORS or mark == "["):
            group.joined += 1

    def _open(self, group: _Group) -> None:
        before = self._before
        is_template = before is not None and before.is_word(*_TEMPLATES)
        in_values, self._in_values = self._in_values, False
        is_inside = len(self._groups) > 1 and not group.matches
        self._groups.append(
            _Group(
                matches=not (is_template or in_values or is_inside),
                apart=before is not None and before.is_word(*_APART),
            )
        )

    def _other(self, token: Token, group: _Group) -> None:
        self._count(group)
        if token.kind != "word":
            return
        if token.is_word(*_CLAUSES):
            group.clauses += 1
            self._in_values = token.is_word("VALUES")
        elif token.is_word(*_MODIFIERS):
            group.in_modifier = True
            group.is_subquery = group.is_subquery or token.is_word("SELECT")

    def _count(self, group: _Group) -> None:
        if group.rounds:
            group.rounds[-1].members += 1


def _joined_by(closed: _Group, following: Token) -> int:
    """Return how many patterns a group adds to the one around it."""
    if closed.apart:
        return 0
    if closed.is_subquery or following.is_word("UNION"):
        return 1
    return closed.joined


def _check(group: _Group) -> None:
    if group.joined > JOINED:
        raise TooComplexError(
            f"The text joins more than {JOINED} patterns in one group; each step of a path is one.",
            hint="Ask in several queries, or put parts into subqueries that select few rows.",
        )
    if group.clauses > CHAINED:
        raise TooComplexError(
            f"The text has more than {CHAINED} clauses in one group.",
            hint="Put what differs into VALUES, or ask in several queries.",
        )
    if group.operators > OPERATORS:
        raise TooComplexError(
            f"The text has more than {OPERATORS} operators in one group.",
            hint="Write alternatives as VALUES or IN.",
        )
