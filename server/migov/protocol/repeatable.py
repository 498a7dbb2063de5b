"""Whether a query gives the same answer when it is asked again of the same graph."""

from __future__ import annotations

from typing import Final

from migov.sparql.tokens import tokenize

_NEW_EACH_TIME: Final = ("NOW", "RAND", "UUID", "STRUUID", "BNODE")


def repeatable(text: str) -> bool:
    """Return whether no function of a query makes a new value each time.

    >>> repeatable("SELECT (NOW() AS ?now) {}"), repeatable("SELECT ?now { ?s ?p 'NOW()' }")
    (False, True)
    """
    return not any(token.is_word(*_NEW_EACH_TIME) for token in tokenize(text))
