"""Whether a query gives the same answer when it is asked again of the same graph.

One that asks another endpoint may not: what others say changes without us. The full-text index
belongs to the graph.
"""

from __future__ import annotations

from typing import Final

from migov.protocol.search import INDEX
from migov.sparql.tokens import iris, may_say, tokenize
from migov.vocabulary import PREFIXES

_NEW_EACH_TIME: Final = ("NOW", "RAND", "UUID", "STRUUID", "BNODE")


def repeatable(text: str) -> bool:
    """Return whether nothing in a query makes a new value each time.

    >>> repeatable("SELECT (NOW() AS ?now) {}"), repeatable("SELECT ?now { ?s ?p 'NOW()' }")
    (False, True)
    """
    if not may_say(text, *_NEW_EACH_TIME, "SERVICE"):
        return True
    tokens = tokenize(text)
    named: list[str | None] | None = None
    for index, token in enumerate(tokens):
        if token.is_word(*_NEW_EACH_TIME):
            return False
        if token.is_word("SERVICE"):
            named = named or iris(tokens, known=PREFIXES)
            if INDEX not in named[index + 1 : index + 3]:
                return False
    return True
