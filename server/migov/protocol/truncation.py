"""How an answer that is cut says so in its head; what its body says stands in `engine.spool`."""

from __future__ import annotations

from typing import Final

from migov.engine import Kind

TRUNCATED: Final = "Migov-Truncated"


def truncated(kind: Kind, most: int) -> str:
    """Return the value of the header `Migov-Truncated`.

    >>> truncated("solutions", 1000), truncated("graph", 1000)
    ('rows=1000', 'triples=1000')
    """
    return f"{'triples' if kind == 'graph' else 'rows'}={most}"
