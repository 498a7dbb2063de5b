"""What the lines of a list tell of things: of very many values some, and how many there are."""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from migov.engine import Engine, Row, select
from migov.entities.facets import PREFIXES
from migov.entities.listing import Listing
from migov.entities.sparql import values
from migov.errors import LimitError, StoreProblem

_SOME: Final = 4
"""Values that stand for those of a thing that has more than that."""
_EACH: Final = 100
"""Values that are told of a thing on average, and at most where all together are more."""


@dataclass(frozen=True, slots=True)
class Told:
    """Values by thing and by name; of what has too many, some and their number.

    What is `missing`, by name, was not found out in time for any thing.
    """

    values: Mapping[str, Mapping[str, Sequence[str]]]
    numbers: Mapping[str, Mapping[str, int]]
    missing: tuple[str, ...] = ()

    def of(self, thing: str) -> Mapping[str, Sequence[str]]:
        return self.values.get(thing, {})

    def number(self, thing: str, name: str) -> int:
        """Return how many values there are of one name."""
        return self.numbers.get(thing, {}).get(name) or len(self.of(thing).get(name, ()))


def told_of(
    engine: Engine, listing: Listing, things: Sequence[str], within: float | None = None
) -> Told:
    """Return what a list tells of things; each question may take `within` seconds."""
    if not things:
        return Told({}, {})
    most = _EACH * len(things)
    try:
        rows = _rows(engine, listing.tells, things, most + 1, within)
    except (LimitError, StoreProblem):
        rows = None
    if rows is None or len(rows) > most:
        return _one_by_one(engine, listing, things, within)
    return Told(_grouped(rows), {})


def _numbers(
    engine: Engine, listing: Listing, name: str, things: Sequence[str], within: float | None
) -> dict[str, int]:
    """Return how many values of one name each thing has; raises LimitError."""
    rows = select(
        engine,
        f"""{PREFIXES} SELECT ?s (COUNT(DISTINCT ?value) AS ?number) WHERE {{
          {values("s", things)} {listing.tells[name]}
        }} GROUP BY ?s""",
        within=within,
    )
    return {row["s"].value: int(row["number"].value) for row in rows if "s" in row}


def _with_values(
    engine: Engine, listing: Listing, found: Mapping[str, Mapping[str, int]], within: float | None
) -> Told:
    """Return numbers by name and by thing with values: all where they are few, else some."""
    rows: list[Row] = []
    numbers: dict[str, dict[str, int]] = {}
    for name, counted in found.items():
        tells = {name: listing.tells[name]}
        if few := [thing for thing, number in counted.items() if number <= _EACH]:
            rows += _rows(engine, tells, few, _EACH * len(few), within)
        for thing, number in counted.items():
            if number > _EACH:
                numbers.setdefault(thing, {})[name] = number
                rows += _rows(engine, tells, [thing], _SOME, within, is_sorted=False)
    missing = tuple(name for name in listing.tells if name not in found)
    return Told(_grouped(rows), numbers, missing)


def _one_by_one(
    engine: Engine, listing: Listing, things: Sequence[str], within: float | None
) -> Told:
    found: dict[str, dict[str, int]] = {}
    until = None if within is None else time.monotonic() + within
    for name in listing.tells:
        left = None if until is None else until - time.monotonic()
        if left is not None and left <= 0:
            break
        try:
            found[name] = _numbers(engine, listing, name, things, left)
        except (LimitError, StoreProblem):
            continue
    return _with_values(engine, listing, found, within)


def _rows(
    engine: Engine,
    tells: Mapping[str, str],
    things: Sequence[str],
    most: int,
    within: float | None,
    *,
    is_sorted: bool = True,
) -> list[Row]:
    branches = " UNION ".join(
        f'{{ {values("s", things)} {pattern} BIND("{name}" AS ?what) }}'
        for name, pattern in tells.items()
    )
    order = "ORDER BY ?s ?what ?value" if is_sorted else ""
    return select(
        engine,
        f"{PREFIXES} SELECT DISTINCT ?s ?what ?value WHERE {{ {branches} }} {order} LIMIT {most}",
        within=within,
    )


def _grouped(rows: Sequence[Row]) -> dict[str, dict[str, list[str]]]:
    told: dict[str, dict[str, list[str]]] = {}
    for row in rows:
        of_thing = told.setdefault(row["s"].value, {})
        of_thing.setdefault(row["what"].value, []).append(row["value"].value)
    return told
