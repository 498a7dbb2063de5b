"""Whether a query gives the same answer when it is asked again of the same graph.

One that asks another endpoint may not: what others say changes without us.
"""

from __future__ import annotations

from typing import Final

from migov.sparql.tokens import may_say, tokenize

_NEW_EACH_TIME: Final = ("NOW", "RAND", "UUID", "STRUUID", "BNODE", "SERVICE")


def repeatable(text: str) -> bool:
    """Return whether nothing in a query makes a new value each time.

    >>> repeatable("SELECT (NOW() AS ?now) {}"), repeatable("SELECT ?now { ?s ?p 'NOW()' }")
    (False, True)
    """
    if not may_say(text, *_NEW_EACH_TIME):
        return True
    return not any(token.is_word(*_NEW_EACH_TIME) for token in tokenize(text))
