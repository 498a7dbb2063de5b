"""What a list shows, in parts: each is there in time or comes later, and the page is told."""

from __future__ import annotations

from collections.abc import Hashable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from migov.engine import Engine
from migov.entities.facets import Counted, counts_of, things_of
from migov.entities.listing import Chosen, Facet, Order
from migov.entities.told import Told, told_of
from migov.web.asked import Asked
from migov.web.later import LATE, Question, later, now_or_later, within
from migov.web.request import languages
from migov.web.site import state

FIRST: Final = 5_000
"""Things that are kept in order of a list that takes too long to be sorted for one request."""
ORDER: Final = "order"
LINES: Final = "lines"
TOLD: Final = "told"
TOTAL: Final = "total"
BEYOND: Final = "beyond"
"""Parts beside the facets, which go by their names; and a page after the first that are kept."""


@dataclass(frozen=True, slots=True)
class Parts:
    """Things in order, what is told of each, how many fit, and the values of each facet.

    What is not there has its name in `missing`, and in `coming` too if it is being found out:
    without ORDER the things are as the store finds them, without LINES there are none.
    """

    things: Sequence[str]
    more: bool
    told: Told
    total: int | None
    facets: Mapping[str, Sequence[Counted]]
    missing: frozenset[str]
    coming: frozenset[str]


def parts_of(asked: Asked) -> Parts:
    """Return what there is of a list within the time of its page; have the rest found out."""
    things, more, lacking = _things(asked)
    total, facets, uncounted = _counts(asked, is_large=bool(lacking))
    told, untold = _told(asked, things)
    missing = {*lacking, *uncounted, *untold}
    keys: dict[str, Hashable] = {
        ORDER: _order_key(asked),
        LINES: _order_key(asked),
        TOTAL: _key(asked, TOTAL),
        TOLD: _told_key(asked, things),
        **{facet.name: _key(asked, facet.name) for facet in asked.listing.facets},
    }
    current, found_later = state(), later()
    coming = {
        name
        for name in missing & keys.keys()
        if not found_later.is_out_of_reach(current, keys[name])
    }
    return Parts(things, more, told, total, facets, frozenset(missing), frozenset(coming))


def _things(asked: Asked) -> tuple[Sequence[str], bool, set[str]]:
    """Return things, whether there are more, and what is missing of them."""
    limit, offset, key = asked.page.limit, asked.page.offset, _order_key(asked)
    current, found_later = state(), later()
    if not found_later.is_known(current, key):
        try:
            return *_now(asked, asked.order), set()
        except LATE:
            listing, chosen, order, preferred = (
                asked.listing,
                asked.chosen,
                asked.order,
                languages(),
            )

            def first(engine: Engine) -> list[str]:
                return things_of(engine, listing, chosen, order, preferred, limit=FIRST + 1)

            found_later.ask(current, {key: first}, is_first=not chosen)
    kept = found_later.found(current, key)
    if kept is None:
        try:
            return *_now(asked, None), {ORDER}
        except LATE:
            return [], False, {LINES}
    last = min(offset + limit, FIRST)
    is_beyond = len(kept) > FIRST and offset + limit >= FIRST
    return kept[offset:last], len(kept) > last and not is_beyond, {BEYOND} if is_beyond else set()


def _now(asked: Asked, order: Order | None) -> tuple[Sequence[str], bool]:
    """Return the things of a page and whether there are more, in the time of a part; or LATE."""
    limit = asked.page.limit
    found = things_of(
        state().house,
        asked.listing,
        asked.chosen,
        order,
        languages(),
        limit=limit + 1,
        offset=asked.page.offset,
        within=within(),
    )
    return found[:limit], len(found) > limit


def _counts(
    asked: Asked, *, is_large: bool
) -> tuple[int | None, Mapping[str, Sequence[Counted]], set[str]]:
    """Return how many fit, the values of facets, and what is missing; `is_large` is known before.

    All at once where that is quick, else each facet by itself, beside the requests.
    """
    current, found_later, listing, chosen = state(), later(), asked.listing, asked.chosen
    keys = {facet.name: _key(asked, facet.name) for facet in listing.facets}
    if not is_large and not any(found_later.is_known(current, key) for key in keys.values()):
        try:
            counts = counts_of(current.house, listing, chosen, within=within())
        except LATE:
            pass
        else:
            return counts.total, counts.facets, set()

    def total_of(engine: Engine, seconds: float | None) -> int:
        return counts_of(engine, listing, chosen, (), within=seconds).total

    total = now_or_later(_key(asked, TOTAL), total_of)
    quick_first = sorted(listing.facets, key=lambda facet: "*" in facet.path)
    questions = {keys[facet.name]: _counting(asked, facet) for facet in quick_first}
    found_later.ask(current, questions, is_first=not chosen)
    kept = {name: found_later.found(current, key) for name, key in keys.items()}
    facets = {name: counted for name, counted in kept.items() if counted is not None}
    missing = keys.keys() - facets.keys() | ({TOTAL} if total is None else set())
    return total, facets, missing


def _counting(asked: Asked, facet: Facet) -> Question:
    listing, chosen, name = asked.listing, asked.chosen, facet.name
    return lambda engine: counts_of(engine, listing, chosen, [facet]).facets[name]


def _told(asked: Asked, things: Sequence[str]) -> tuple[Told, set[str]]:
    current, found_later, listing = state(), later(), asked.listing
    key = _told_key(asked, things)
    meanwhile = (key, "meanwhile")
    kept: Told | None = found_later.found(current, key) or found_later.found(current, meanwhile)
    told = kept or told_of(current.house, listing, things, within())
    if not told.missing:
        return told, set()
    found_later.keep(current, meanwhile, told)
    questions = {key: lambda engine: told_of(engine, listing, things)}
    found_later.ask(current, questions, is_first=not asked.chosen)
    return told, {TOLD}


def _key(asked: Asked, part: str) -> Hashable:
    return asked.listing.name, _chosen(asked.chosen), part


def _order_key(asked: Asked) -> Hashable:
    chosen = _chosen(asked.chosen)
    return asked.listing.name, chosen, ORDER, asked.order.name, tuple(languages())


def _told_key(asked: Asked, things: Sequence[str]) -> Hashable:
    return asked.listing.name, TOLD, tuple(things)


def _chosen(chosen: Chosen) -> Hashable:
    return tuple(sorted((name, tuple(values)) for name, values in chosen.items()))
