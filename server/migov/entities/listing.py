"""What a list is declared as: the things of one class, facets that narrow it, and orders."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final, Literal

from pyoxigraph import Literal as Text

from migov.entities.sparql import node
from migov.errors import ParameterError, UnknownEntityError
from migov.vocabulary import BASE

BOUNDS: Final = (
    "The range of years begins in {first} and ends in {last}.",
    "{name} is given {count} times.",
    "{name} is “{given}”: expected a year of four digits, such as 2015.",
    "Give the earlier year first.",
    "A range has one first and one last year.",
)
"""What can be wrong with a range of years, and what to do: templates of texts."""


class BoundsError(ParameterError):
    """A range of years that is none: the list can be shown without it.

    `text` is one of BOUNDS and `values` what stands in it, so that a page can say it in its
    language.
    """

    def __init__(self, text: str, hint: str | None = None, **values: object) -> None:
        super().__init__(text.format(**values), hint=hint)
        self.text = text
        self.values = values


Kind = Literal["thing", "text", "decade"]
Chosen = Mapping[str, Sequence[str]]
"""Values as an address gives them, by the name of their facet."""


@dataclass(frozen=True, slots=True)
class Facet:
    """One way to narrow a list.

    `path` leads from a thing to the value; where facets share a `via`, it leads from there: a role
    and an actor then belong to the same participation. `folder` is what an address leaves out of
    the IRI of a value, `of` what a value has to be, a pattern of `?value`. `bounds` are the names
    under which an address gives the first and the last year of dates along the path.
    """

    name: str
    path: str
    folder: str = ""
    of: str = ""
    via: str = ""
    kind: Kind = "thing"
    bounds: tuple[str, str] | None = None

    def short(self, value: str) -> str:
        """Return a value as an address gives it.

        >>> Facet("theme", "mg:theme", BASE + "concept/theme/").short(BASE + "concept/theme/x")
        'x'
        """
        if self.kind != "thing":
            return value
        if self.folder and value.startswith(self.folder):
            return value.removeprefix(self.folder)
        return "/" + value.removeprefix(BASE) if value.startswith(BASE) else value

    def iri(self, given: str) -> str:
        """Return the IRI that an address means; raises ParameterError for what is none."""
        if given.startswith("/"):
            iri = BASE + given.removeprefix("/")
        else:
            iri = given if ":" in given.partition("/")[0] else self.folder + given
        try:
            return node(iri).value
        except UnknownEntityError:
            raise ParameterError(
                f"{self.name} is “{given}”, which names nothing.",
                hint="Choose a value on the page of the list.",
            ) from None

    def decade(self, given: str) -> int:
        """Return the first year of a decade; raises ParameterError."""
        if not (given.isascii() and given.isdigit() and len(given) == 4 and given[3] == "0"):
            raise ParameterError(
                f"{self.name} is “{given}”: expected the first year of a decade, such as 2010."
            )
        return int(given)

    def between(self, chosen: Chosen) -> tuple[int | None, int | None]:
        """Return the first and the last year that are chosen, None where one is left open.

        Raises BoundsError for what is no year, and for years in the wrong order.
        """
        first, last = (self._year(name, chosen.get(name, ())) for name in self.bounds or ("", ""))
        if first is not None and last is not None and first > last:
            raise BoundsError(BOUNDS[0], BOUNDS[3], first=first, last=last)
        return first, last

    def _year(self, name: str, given: Sequence[str]) -> int | None:
        if not given:
            return None
        if len(given) > 1:
            raise BoundsError(BOUNDS[1], BOUNDS[4], name=name, count=len(given))
        if not (given[0].isascii() and given[0].isdigit() and len(given[0]) == 4):
            raise BoundsError(BOUNDS[2], name=name, given=given[0])
        return int(given[0])

    def within(self, subject: str, chosen: Chosen) -> str:
        """Return the pattern of things with one date in the chosen years, empty without years."""
        first, last = self.between(chosen)
        wanted = [f"YEAR(?inRange) >= {first}"] if first is not None else []
        wanted += [f"YEAR(?inRange) <= {last}"] if last is not None else []
        if not wanted:
            return ""
        return f"{subject} {self.path} ?inRange FILTER({' && '.join(wanted)})"

    def condition(self, subject: str, given: str, place: int) -> str:
        """Return the pattern of things, or of what `via` leads to, that have a chosen value."""
        match self.kind:
            case "text":
                return f"{subject} {self.path} {Text(given)} ."
            case "decade":
                first, date = self.decade(given), f"?date{place}"
                return (
                    f"{subject} {self.path} {date} "
                    f"FILTER(YEAR({date}) >= {first} && YEAR({date}) < {first + 10})"
                )
            case _:
                return f"{subject} {self.path} {node(self.iri(given))} ."

    def any_value(self, subject: str) -> str:
        """Return the pattern that binds ?value to each value of a thing."""
        if self.kind == "decade":
            return f"{subject} {self.path} ?date BIND(STR(10 * FLOOR(YEAR(?date) / 10)) AS ?value)"
        return f"{subject} {self.path} ?value . {self.of}"


@dataclass(frozen=True, slots=True)
class Order:
    """A way to sort a list: by the last ?other that a pattern binds, by how many, or by name."""

    name: str
    pattern: str = ""
    by: Literal["name", "last", "number"] = "name"


@dataclass(frozen=True, slots=True)
class Listing:
    """The things of one class, how they can be narrowed and sorted, and what a line tells of them.

    `tells` maps names to patterns that bind ?value.
    """

    name: str
    of: str
    facets: tuple[Facet, ...]
    orders: tuple[Order, ...]
    tells: Mapping[str, str]

    def facet(self, name: str) -> Facet:
        return next(facet for facet in self.facets if facet.name == name)

    @property
    def ranged(self) -> Facet | None:
        """The facet whose dates an address can bound, if there is one."""
        return next((facet for facet in self.facets if facet.bounds), None)

    @property
    def names(self) -> tuple[str, ...]:
        """The parameters that narrow the list, in the order of its addresses."""
        return tuple(name for facet in self.facets for name in (facet.name, *(facet.bounds or ())))
