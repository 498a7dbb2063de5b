"""Hostile queries, updates and documents: the same number always gives the same text.

Each grammar is one way to hurt whoever parses or runs a text: with a query, with a document, or
with what a request is beside them.
"""

from __future__ import annotations

import random
from collections.abc import Callable
from typing import Final

from benchmarks import hostile_documents, hostile_queries, hostile_requests
from benchmarks.attacks import Attack, Maker


def attack(seed: int, number: int, trap: str) -> Attack:
    """Return the attack of a number; `trap` is an address that nothing may connect to."""
    chance = random.Random(f"{seed} {number}")
    name = chance.choices(list(_GRAMMARS), [weight for _, weight in _GRAMMARS.values()])[0]
    return _GRAMMARS[name][0](Maker(chance, name, trap))


_GRAMMARS: Final[dict[str, tuple[Callable[[Maker], Attack], float]]] = {
    "brackets": (hostile_queries.brackets, 3),
    "expressions": (hostile_queries.expressions, 2),
    "chains": (hostile_queries.chains, 2),
    "paths": (hostile_queries.paths, 1),
    "products": (hostile_queries.products, 1),
    "doublings": (hostile_queries.doublings, 1),
    "values": (hostile_queries.values, 1),
    "literals": (hostile_queries.literals, 3),
    "damaged": (hostile_queries.damaged, 5),
    "bytes": (hostile_requests.raw_bytes, 3),
    "unicode": (hostile_queries.unicode, 3),
    "reaching": (hostile_requests.reaching, 3),
    "regexes": (hostile_queries.regexes, 1),
    "requests": (hostile_requests.requests, 4),
    "turtle": (hostile_documents.turtle, 1),
    "xml": (hostile_documents.xml, 1),
    "json": (hostile_documents.json_ld, 1),
    "updates": (hostile_requests.updates, 1),
}
"""How each text is made, and how often."""

GRAMMARS: Final = tuple(_GRAMMARS)
