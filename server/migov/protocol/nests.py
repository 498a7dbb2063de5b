"""How deep a query nests what the engine plans anew at each level, told on tokens.

A call of REPLACE, SUBSTR or REGEX within another doubles the time of the plan: 17 take 0.7 s over
an empty store. What is compared with a list by IN is planned once for each of its
values, and again so at each further IN around it. Bound one after another they cost nothing.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Final

from migov.errors import TooComplexError
from migov.sparql.tokens import Token

CALLS: Final = 20
"""Calls of REPLACE, SUBSTR or REGEX that may stand in one another."""

COPIES: Final = 250_000
"""How often nested lists of IN may copy what is compared: the product of their lengths."""

_DOUBLING: Final = ("REPLACE", "SUBSTR", "REGEX")
_COMMAS: Final = COPIES.bit_length()
"""Commas that the shortest lists with too large a product have: two values each."""


@dataclass(slots=True)
class _Bracket:
    """An open bracket. `now` is how often IN copies the operand that is being read, `most` how
    often one before it."""

    doubles: bool = False
    is_list: bool = False
    values: int = 1
    now: int = 1
    most: int = 1

    def next_operand(self) -> None:
        self.most, self.now = max(self.most, self.now), 1


def may_nest(text: str) -> bool:
    """Return whether a text may nest too much; never wrong when it says no.

    >>> may_nest("ASK { FILTER(REPLACE(?a, ?b, ?c) IN (1, 2)) }")
    False
    """
    return text.count("(") > CALLS or text.count(",") >= _COMMAS - 1 or "\\" in text


def unnested(tokens: Iterable[Token]) -> Iterator[Token]:
    """Yield the same tokens; raises TooComplexError where they nest too much."""
    brackets = [_Bracket()]
    depth = 0
    before: Token | None = None
    for token in tokens:
        inner = brackets[-1]
        if token.kind != "mark":
            pass
        elif token.text in "([{":
            opened = _opened(token, before)
            brackets.append(opened)
            depth += opened.doubles
            if depth > CALLS:
                raise TooComplexError(
                    f"The text nests more than {CALLS} calls of {', '.join(_DOUBLING)}.",
                    hint="Bind them one after another: BIND(REPLACE(?a, …) AS ?b) "
                    "BIND(REPLACE(?b, …) AS ?c)",
                )
        elif token.text in ")]}" and len(brackets) > 1:
            depth -= brackets.pop().doubles
            _close(inner, brackets[-1])
        elif token.text in ",&|;":
            inner.values += token.text == ","
            inner.next_operand()
        before = token
        yield token


def _opened(token: Token, before: Token | None) -> _Bracket:
    if token.text != "(" or before is None:
        return _Bracket()
    return _Bracket(before.is_word(*_DOUBLING), before.is_word("IN"))


def _close(closed: _Bracket, around: _Bracket) -> None:
    """Count what a bracket that ends means for the operand that it belongs to."""
    closed.next_operand()
    if closed.is_list:
        around.now *= closed.values
    around.now = max(around.now, closed.most)
    if around.now > COPIES:
        raise TooComplexError(
            f"The text compares with lists within lists, {around.now:,} values in all.",
            hint="Bind what the inner IN says to a variable, or write the values as VALUES.",
        )
