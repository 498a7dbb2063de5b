"""Parameters that nobody reads and that look like ones that are read.

Clients send parameters of their own (`timeout`, `infer`, `queryLn` …), which change nothing here. A
dataset that is named by a misspelt one would change nothing either, and the answer would be that of
another dataset without a word.
"""

from __future__ import annotations

import difflib
from collections.abc import Collection, Iterable
from typing import Final

from migov.errors import RequestError

_DATASET: Final = (
    "default-graph-uri",
    "named-graph-uri",
    "using-graph-uri",
    "using-named-graph-uri",
)
_READ: Final = ("query", "update", "format", "inferred", "explain", *_DATASET)
_OF_OTHERS: Final = frozenset(("infer", "queryln", "queryid"))
"""What clients of other stores send with every query."""
_LIKENESS: Final = 0.82
LOOSE: Final = 0.7
"""Likeness for paths of our own, to which clients of other stores send nothing of theirs."""


def refuse_misspelt(
    parameters: Iterable[tuple[str, str]],
    read: Collection[str] = _READ,
    likeness: float = _LIKENESS,
) -> None:
    """Raise RequestError for a name that is likely meant for one that is `read`.

    `likeness` is what two names have to have in common, from 0 to 1.

    >>> refuse_misspelt([("query", "ASK {}"), ("timeout", "5"), ("infer", "true")])
    >>> refuse_misspelt([("default-graph-url", "a:b")])
    Traceback (most recent call last):
    migov.errors.RequestError: “default-graph-url” is no parameter here.
    """
    for name, _ in parameters:
        if name in read or len(name) > 40:
            continue
        plain = name.casefold().replace("_", "-")
        if plain in _OF_OTHERS:
            continue
        close = difflib.get_close_matches(plain, read, n=1, cutoff=likeness)
        if close:
            raise RequestError(
                f"“{name}” is no parameter here.",
                hint=f"Did you mean “{close[0]}”? Without it the answer would be another one.",
            )
