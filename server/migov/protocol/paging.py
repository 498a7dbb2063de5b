"""Pages of a result: how many rows from where, and the links between them (RFC 8288)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final
from urllib.parse import urlencode

from migov.errors import ParameterError

LARGEST: Final = 10_000


@dataclass(frozen=True, slots=True)
class Page:
    """`limit` rows after the first `offset`."""

    limit: int
    offset: int = 0

    def clause(self, *, more: int = 0) -> str:
        """Return the end of a query that asks for this page and `more` rows after it.

        >>> Page(10, 20).clause(more=1)
        '\\nLIMIT 11 OFFSET 20'
        """
        return f"\nLIMIT {self.limit + more} OFFSET {self.offset}"

    def last(self, total: int) -> Page:
        """Return the last page that has any of `total` rows.

        >>> Page(10, 500).last(21)
        Page(limit=10, offset=20)
        """
        return Page(self.limit, max(0, total - 1) // self.limit * self.limit)

    @property
    def after(self) -> Page:
        return Page(self.limit, self.offset + self.limit)

    @property
    def before(self) -> Page | None:
        return Page(self.limit, max(0, self.offset - self.limit)) if self.offset else None

    def address(self, path: str, parameters: Mapping[str, str]) -> str:
        """Return the address of this page, the other parameters kept."""
        fields = {**parameters, "limit": str(self.limit), "offset": str(self.offset)}
        return f"{path}?{urlencode(fields)}"


def read_page(limit: str | None, offset: str | None, standard: int) -> Page:
    """Return the page that two parameters ask for; raises ParameterError naming the wrong one.

    >>> read_page("50", None, 1000)
    Page(limit=50, offset=0)
    """
    return Page(_whole("limit", limit, standard, 1, LARGEST), _whole("offset", offset, 0, 0, 10**9))


def _whole(name: str, text: str | None, standard: int, least: int, most: int) -> int:
    if not text:
        return standard
    if not (text.isascii() and text.isdigit() and len(text) < 12 and least <= int(text) <= most):
        raise ParameterError(f"{name} is “{text}”: expected a whole number from {least} to {most}.")
    return int(text)


def links(
    page: Page,
    more: bool,
    path: str,
    parameters: Mapping[str, str],
    *,
    total: int | None = None,
) -> dict[str, str]:
    """Return the addresses of the first, the previous and the next page, those that exist.

    `total` is known where the page lies past the end: the previous page is then the last one.

    >>> links(Page(10, 10), True, "/queries/x", {})["next"]
    '/queries/x?limit=10&offset=20'
    """
    before = page.before if total is None else page.last(total)
    related = {"first": Page(page.limit), "prev": before, "next": page.after if more else None}
    return {rel: to.address(path, parameters) for rel, to in related.items() if to is not None}


def link_header(addresses: Mapping[str, str]) -> str:
    """Return the value of a Link header.

    >>> link_header({"next": "/a?offset=1"})
    '</a?offset=1>; rel="next"'
    """
    return ", ".join(f'<{address}>; rel="{rel}"' for rel, address in addresses.items())
