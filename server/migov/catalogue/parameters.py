"""The types of parameters, and what a value given as text means for each."""

from __future__ import annotations

import calendar
import datetime
import difflib
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final, Literal, Protocol

import pyoxigraph as ox

from migov.errors import ParameterError
from migov.vocabulary import CONCEPT, GRAPH, ID, KINDS, NS, STANDARD_PREFIXES, compact

ParameterType = Literal["entity", "concept", "date", "number", "text", "choice"]
Bound = Literal["earliest", "latest"]

_XSD: Final = STANDARD_PREFIXES["xsd"]
_RECORDS: Final = GRAPH + "data/records/"
_CONCEPT_SCHEME: Final = STANDARD_PREFIXES["skos"] + "ConceptScheme"

_KINDS_OF_CLASS: Final[Mapping[str, Sequence[str]]] = {
    # An initiative may be an organisation at the same time, and a person may act.
    "Actor": ("actor", "person", "initiative"),
    "Organisation": ("actor", "initiative"),
    "State": ("actor",),
    "Person": ("person",),
    "Initiative": ("initiative",),
    "Instrument": ("initiative",),
    "Place": ("place",),
    "Country": ("place",),
    "Region": ("place",),
    "Locality": ("place",),
    "Corridor": ("corridor",),
    "Event": ("event",),
    "Output": ("output",),
    "ExternalInstrument": ("instrument",),
    "SourceDocument": ("document",),
}

_NUMBER: Final = re.compile(r"[+-]?[0-9]{1,15}(\.[0-9]{1,6})?")
_DATE: Final = re.compile(r"([0-9]{4})(?:-([0-9]{2}))?(?:-([0-9]{2}))?")


class TermLookup(Protocol):
    """What binding has to know of the graph: which terms there are."""

    def is_instance(self, iri: str, class_or_scheme: str) -> bool:
        """Return whether the graph has `iri` as an instance of a class or a concept of a scheme."""
        ...

    def named(self, text: str, class_or_scheme: str) -> list[str]:
        """Return the IRIs of the instances or concepts that go by a name or a code."""
        ...

    def suggest(self, text: str, class_or_scheme: str) -> Mapping[str, str]:
        """Return what `text` may have meant, best first: short names, each with its label."""
        ...


@dataclass(frozen=True, slots=True)
class Problem:
    """One parameter that could not be used: what was given, and what would have been right.

    `labels` says what a suggestion is called, where its slug alone may not tell.
    """

    parameter: str
    given: str | None
    expected: str
    suggestions: tuple[str, ...] = ()
    labels: Mapping[str, str] = field(default_factory=dict)

    @property
    def meant(self) -> list[str]:
        """The suggestions as people read them.

        >>> Problem("country", "morroco", "a country", ("mar",), {"mar": "Morocco"}).meant
        ['mar (Morocco)']
        """
        return [
            f"{name} ({self.labels[name]})" if name in self.labels else name
            for name in self.suggestions
        ]

    def __str__(self) -> str:
        if self.given is None:
            return f"{self.parameter} is missing: expected {self.expected}"
        return f"{self.parameter} is “{self.given}”: expected {self.expected}"


class InvalidValuesError(ParameterError):
    """One error for all the parameters of a call that could not be used."""

    def __init__(self, slug: str, problems: Iterable[Problem]) -> None:
        self.problems = tuple(problems)
        suggestions = [name for problem in self.problems for name in problem.meant]
        super().__init__(
            f"{slug}: " + "; ".join(str(problem) for problem in self.problems) + ".",
            hint=f"Did you mean {', '.join(suggestions)}?" if suggestions else None,
        )


@dataclass(frozen=True, slots=True)
class Parameter:
    """One typed parameter of a canned query.

    `of` is the IRI of the class of an entity or of the scheme of a concept. `bound` says which day
    a year or a month stands for in a date.
    """

    name: str
    type: ParameterType
    label: Mapping[str, str]
    of: str | None = None
    choices: tuple[str, ...] = ()
    bound: Bound = "earliest"
    default: str | None = None
    required: bool = False
    example: str | None = None

    @property
    def expected(self) -> str:
        """What a value has to be, for an error message or a form."""
        of = compact(self.of or "")
        match self.type:
            case "entity":
                return f"a known {of}, as a name, slug, kind/slug or IRI"
            case "concept":
                scheme = (self.of or "").removeprefix(CONCEPT)
                return f"a concept of {scheme}, as a name, slug, {scheme}/slug or IRI"
            case "date":
                return "a date as YYYY, YYYY-MM or YYYY-MM-DD"
            case "number":
                return "a number such as 3 or 1500.50"
            case "text":
                return "text"
            case "choice":
                return "one of " + ", ".join(self.choices)

    def term(self, value: str, known: TermLookup) -> ox.NamedNode | ox.Literal | Problem:
        """Return the RDF term that a value stands for, or the problem with it."""
        match self.type:
            case "entity" | "concept":
                return self._known_term(value.strip(), known)
            case "date":
                day = day_of(value.strip(), self.bound)
                return self._problem(value) if day is None else _typed(day.isoformat(), "date")
            case "number":
                number = value.strip()
                if not _NUMBER.fullmatch(number):
                    return self._problem(value)
                return _typed(number, "decimal" if "." in number else "integer")
            case "text":
                try:
                    return ox.Literal(value)
                except ValueError:  # a lone surrogate is not text
                    return self._problem(ascii(value))
            case "choice":
                if value in self.choices:
                    return ox.Literal(value)
                return self._problem(value, difflib.get_close_matches(value, self.choices, n=3))

    def _known_term(self, value: str, known: TermLookup) -> ox.NamedNode | Problem:
        of = self.of or ""
        for iri in candidates(value, of):
            try:
                node = ox.NamedNode(iri)
            except ValueError:  # not an IRI at all, so nothing the graph could know
                continue
            if known.is_instance(iri, of):
                return node
        # A slug goes before a name; a name that several go by names none of them.
        found = known.named(value, of)
        if len(found) == 1:
            return ox.NamedNode(found[0])
        suggested = known.suggest(value, of)
        return Problem(
            self.name,
            value,
            self.expected,
            tuple(suggested),
            {name: label for name, label in suggested.items() if label},
        )

    def _problem(self, given: str, suggestions: Iterable[str] = ()) -> Problem:
        return Problem(self.name, given, self.expected, tuple(suggestions))


def candidates(value: str, of: str) -> list[str]:
    """Return the IRIs that a value may stand for, given the class or scheme it belongs to.

    >>> candidates("mar", "https://w3id.org/migov/ns#Country")
    ['https://w3id.org/migov/id/place/mar']
    >>> candidates("place/mar", "https://w3id.org/migov/ns#Country")
    ['https://w3id.org/migov/id/place/mar']
    >>> candidates("funder", "https://w3id.org/migov/concept/role")
    ['https://w3id.org/migov/concept/role/funder']
    >>> candidates("gfmd/thamm", "https://w3id.org/migov/ns#SourceRecord")
    ['https://w3id.org/migov/graph/data/records/gfmd/thamm.ttl']
    """
    if "://" in value:
        return [value]
    # Tables write place:mar where addresses write place/mar: both are read.
    path = value.replace(":", "/", 1)
    kind, separator, _ = path.partition("/")
    if of.startswith(CONCEPT):
        scheme = of.removeprefix(CONCEPT)
        return [CONCEPT + path if separator and kind == scheme else f"{of}/{path}"]
    if of == _CONCEPT_SCHEME:
        return [CONCEPT + path.removeprefix("concept/")]
    if of == NS + "SourceRecord":
        return [f"{_RECORDS}{path.removesuffix('.ttl')}.ttl"]
    if separator and kind in KINDS:
        return [ID + path]
    return [f"{ID}{name}/{path}" for name in _KINDS_OF_CLASS.get(of.removeprefix(NS), KINDS)]


def day_of(value: str, bound: Bound) -> datetime.date | None:
    """Return the day that a full or partial date stands for, or None where it is not a date.

    >>> day_of("2019-06", "earliest"), day_of("2020-02", "latest")
    (datetime.date(2019, 6, 1), datetime.date(2020, 2, 29))
    >>> day_of("2001", "latest"), day_of("2001-02-30", "earliest")
    (datetime.date(2001, 12, 31), None)
    """
    found = _DATE.fullmatch(value)
    if found is None:
        return None
    latest = bound == "latest"
    year, month, day = found.groups()
    try:
        month_number = int(month or (12 if latest else 1))
        last_day = calendar.monthrange(int(year), month_number)[1]
        return datetime.date(int(year), month_number, int(day or (last_day if latest else 1)))
    except ValueError:
        return None


def _typed(value: str, datatype: str) -> ox.Literal:
    return ox.Literal(value, datatype=ox.NamedNode(_XSD + datatype))
