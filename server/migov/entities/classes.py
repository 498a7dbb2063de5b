"""Classes and those below them, asked so that every store answers."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from migov.engine import Engine, select
from migov.entities.kept import Kept
from migov.entities.sparql import node
from migov.vocabulary import STANDARD_PREFIXES

_kept: Final = Kept[str, list[str]](1000)


def with_subclasses(engine: Engine, classes: Sequence[str]) -> dict[str, list[str]]:
    """Return each class with itself and those below it, in the order of their IRIs.

    Each path begins at a class: where both its ends are open, Virtuoso refuses it.
    """
    return _kept.all_of(engine, classes, lambda missing: _asked(engine, sorted(missing)))


def _asked(engine: Engine, classes: Sequence[str]) -> dict[str, list[str]]:
    branches = [
        f"{{ ?class rdfs:subClassOf* {node(of)} BIND({node(of)} AS ?of) }}" for of in classes
    ]
    rows = select(
        engine,
        f"""PREFIX rdfs: <{STANDARD_PREFIXES["rdfs"]}>
        SELECT DISTINCT ?of ?class WHERE {{ {" UNION ".join(branches)} }}""",
    )
    below = {of: {of} for of in classes}
    for row in rows:
        below[row["of"].value].add(row["class"].value)
    return {of: sorted(found) for of, found in below.items()}
