"""A list as an address asks for it, and the addresses of the same list with one thing changed."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass, replace
from typing import Final
from urllib.parse import parse_qsl, urlencode, urlsplit

from flask import request

from migov.entities.facets import UNSTATED
from migov.entities.listing import Chosen, Listing, Order
from migov.errors import ParameterError
from migov.protocol.operation import last
from migov.protocol.paging import Page, read_page
from migov.web.request import LANGUAGES, url_parameters

_STANDARD: Final = 25
_OTHERS: Final = frozenset({"lang", "format", "sort", "limit", "offset"})
_MOST_CHOSEN: Final = 40
"""Values that one list may be narrowed by: all have to fit, and each link of the page has them."""
_LONGEST: Final = 500
"""Characters of one of them."""


@dataclass(frozen=True, slots=True)
class Asked:
    """A list as an address asks for it."""

    listing: Listing
    chosen: Chosen
    order: Order
    page: Page

    def address(self, chosen: Chosen | None = None, suffix: str = "", **changed: str) -> str:
        """Return the address of this list, with other values or another order, on its first page
        unless `offset` is among what is changed."""
        values = self.chosen if chosen is None else chosen
        kept = {"sort": self.order.name if self.order != self.listing.orders[0] else ""}
        kept |= changed
        if (language := request.args.get("lang")) in LANGUAGES:
            kept.setdefault("lang", language or "")
        if self.page.limit != _STANDARD:
            kept["limit"] = str(self.page.limit)
        fields = [(name, value) for name in self.listing.names for value in values.get(name, ())]
        fields += [(name, value) for name, value in kept.items() if value]
        path = self.path(suffix)
        return f"{path}?{urlencode(fields)}" if fields else path

    def path(self, suffix: str = "") -> str:
        return f"{request.script_root}/{self.listing.name}{suffix}"

    def with_value(self, name: str, value: str) -> str:
        return self.address({**self.chosen, name: [*self.chosen.get(name, ()), value]})

    def without_value(self, name: str, value: str) -> str:
        kept = [each for each in self.chosen.get(name, ()) if each != value]
        return self.address({**self.chosen, name: kept})

    def check_bounds(self) -> None:
        """Raise BoundsError for a range of years that is none."""
        if self.listing.ranged is not None:
            self.listing.ranged.between(self.chosen)

    def without_bounds(self) -> Asked:
        """Return the same list without its range of years."""
        bounds = self.listing.ranged.bounds if self.listing.ranged else None
        kept = {name: held for name, held in self.chosen.items() if name not in (bounds or ())}
        return replace(self, chosen=kept)

    def beside(self, names: Collection[str]) -> list[tuple[str, str]]:
        """Return the fields of the address that a form for some parameters carries along."""
        held = parse_qsl(urlsplit(self.address()).query, keep_blank_values=True)
        return [(name, value) for name, value in held if name not in names]


def asked_of(listing: Listing) -> Asked:
    """Return what the address asks for; raises ParameterError.

    A range of years is looked at by `check_bounds`.
    """
    parameters = url_parameters()
    known = listing.names
    chosen: dict[str, list[str]] = {}
    for name, value in parameters:
        if name in known:
            if value and value not in chosen.setdefault(name, []):
                chosen[name].append(value)
        elif name not in _OTHERS:
            raise ParameterError(
                f"The list has no facet “{name}”.",
                hint=f"It has {', '.join(sorted(known))}; and sort, limit, offset, lang, format.",
            )
    if (count := sum(map(len, chosen.values()))) > _MOST_CHOSEN:
        raise ParameterError(
            f"The list is to be narrowed by {count:,} values; {_MOST_CHOSEN} are taken.",
            hint="What is listed has all of them. To find what has any, ask a query at /sparql.",
        )
    for facet in listing.facets:
        for value in chosen.get(facet.name, ()):
            if len(value) > _LONGEST:
                raise ParameterError(
                    f"{facet.name} has {len(value):,} characters; {_LONGEST} are taken.",
                    hint="Choose a value on the page of the list.",
                )
            if value != UNSTATED:
                facet.condition("?s", value, 0)  # raises for a value that can be none
    wanted = last(parameters, "sort")
    order = next((order for order in listing.orders if order.name == wanted), listing.orders[0])
    if wanted and order.name != wanted:
        raise ParameterError(
            f"sort is “{wanted}”: expected one of "
            f"{', '.join(order.name for order in listing.orders)}."
        )
    limits = read_page(last(parameters, "limit"), last(parameters, "offset"), _STANDARD)
    return Asked(listing, chosen, order, limits)


def named(order: Order, listing: Listing) -> str:
    return "" if order == listing.orders[0] else order.name
