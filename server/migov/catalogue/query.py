"""A canned query and the binding of its parameters."""

from __future__ import annotations

import difflib
import re
from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from itertools import pairwise
from typing import Final, Literal

import pyoxigraph as ox

from migov.catalogue.parameters import InvalidValuesError, Parameter, Problem, TermLookup

Form = Literal["SELECT", "ASK", "CONSTRUCT"]
View = Literal["table", "map", "timeline", "network", "chart", "matrix", "graph"]
Inferred = Literal[False, "adds", "needed"]

_DAY: Final = re.compile(r"\d{4}-\d{2}-\d{2}")
_SLOT: Final = re.compile(
    # IRIs, strings and comments are read first, so that nothing inside them counts as a slot.
    r"""<[^<>"{}|^`\\\s]*>
      | "{3}(?:\\.|[^\\])*?"{3} | '{3}(?:\\.|[^\\])*?'{3}
      | "(?:\\.|[^"\\\n])*" | '(?:\\.|[^'\\\n])*'
      | \#[^\n]*
      | VALUES\s*\?(?P<name>\w+)\s*\{\s*(?P<undef>UNDEF)\s*\}""",
    re.VERBOSE | re.DOTALL,
)


@dataclass(frozen=True, slots=True)
class Slot:
    """Where the value of a parameter enters the text: the place of one `UNDEF`."""

    name: str
    start: int
    end: int


def slots(text: str) -> list[Slot]:
    """Return the slots of a query text in order.

    >>> slots("ASK { VALUES ?country { UNDEF } ?s ?p ?country } # VALUES ?no { UNDEF }")
    [Slot(name='country', start=24, end=29)]
    """
    return [
        Slot(found["name"], *found.span("undef"))
        for found in _SLOT.finditer(text)
        if found["name"] is not None
    ]


@dataclass(frozen=True, slots=True)
class CannedQuery:
    """One competency question: its header and its SPARQL text without the header.

    `columns` are the projected variables of a SELECT in order. `inferred` says whether the
    inferred graph adds rows, is needed for any row, or makes no difference. `order` names dates or
    numbers of which none may come after the next. `source` is the file as it was read.
    """

    slug: str
    title: Mapping[str, str]
    summary: Mapping[str, str]
    parameters: tuple[Parameter, ...]
    view: View
    inferred: Inferred
    example: Mapping[str, str]
    text: str
    form: Form
    columns: tuple[str, ...]
    source: str
    order: tuple[str, ...] = ()

    def bind(self, values: Mapping[str, str], known: TermLookup) -> str:
        """Return the SPARQL text with every given value in its place as a serialised term.

        A parameter that is absent takes its default; one given as an empty string is left open
        and means "any". All that is wrong with the values is told in one error.
        """
        terms: dict[str, ox.NamedNode | ox.Literal] = {}
        problems = [self._unknown(name, values[name]) for name in values if name not in self._names]
        for parameter in self.parameters:
            given = values.get(parameter.name, parameter.default)
            if not given or not (given.strip() or parameter.type == "text"):
                if parameter.required:
                    such_as = f", such as {parameter.example}" if parameter.example else ""
                    problems.append(Problem(parameter.name, None, parameter.expected + such_as))
                continue
            term = parameter.term(given, known)
            if isinstance(term, Problem):
                problems.append(term)
            else:
                terms[parameter.name] = term
        problems += self._out_of_order(terms, values)
        if problems:
            raise InvalidValuesError(self.slug, problems)
        return self._filled({name: str(term) for name, term in terms.items()})

    def _out_of_order(
        self, terms: Mapping[str, ox.NamedNode | ox.Literal], values: Mapping[str, str]
    ) -> list[Problem]:
        """Return a problem for each value that comes after the next one of `order`."""
        given = [name for name in self.order if name in terms]
        return [
            Problem(name, values.get(name), f"a value that does not come after {after}")
            for name, after in pairwise(given)
            if _sort_key(terms[name].value) > _sort_key(terms[after].value)
        ]

    @property
    def _names(self) -> tuple[str, ...]:
        return tuple(parameter.name for parameter in self.parameters)

    def _unknown(self, name: str, given: str) -> Problem:
        names = self._names
        expected = f"only the parameters {', '.join(names)}" if names else "no parameters"
        return Problem(name, given, expected, tuple(difflib.get_close_matches(name, names, n=1)))

    def _filled(self, terms: Mapping[str, str]) -> str:
        # Slots are found in the file's own text alone, so a value is never read for slots.
        pieces: list[str] = []
        end = 0
        for slot in slots(self.text):
            pieces += [self.text[end : slot.start], terms.get(slot.name, "UNDEF")]
            end = slot.end
        return "".join([*pieces, self.text[end:]])


def _sort_key(value: str) -> tuple[Decimal, str]:
    """Return what orders numbers by size and whole days by time."""
    return (Decimal(0), value) if _DAY.fullmatch(value) else (Decimal(value), "")
