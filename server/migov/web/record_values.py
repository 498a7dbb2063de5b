"""What somebody wrote into the form for a record, as terms in Turtle, and what is wrong with it."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final
from urllib.parse import parse_qsl

from pyoxigraph import Literal, NamedNode

from migov import drafting
from migov.catalogue.parameters import Problem as WrongValue
from migov.entities import GraphTerms
from migov.errors import ParameterError
from migov.protocol.errors import EncodingError
from migov.protocol.operation import Parameters
from migov.vocabulary import NS, STANDARD_PREFIXES, compact
from migov.web.record_form import Question, Section
from migov.web.request import languages
from migov.web.site import state
from migov.web.translation import number, translated
from migov.words import folded

LONGEST: Final = 5000
"""Characters of one field."""
_MOST_FIELDS: Final = 3000
MOST_ROWS: Final = 100
"""Rows of one section, numbered from 0."""
_ROW: Final = re.compile("[0-9]|[1-9][0-9]")
_MOST_LOOKED_UP: Final = 500
"""Values of one form that are looked up in the graph; each costs up to some milliseconds."""
_MOST_SUGGESTED: Final = 20
"""Values that are compared with every name of their kind, for what may have been meant."""
_SHOWN: Final = 80
_SHORT: Final = re.compile(r"[a-z][a-z-]*:[a-z0-9]+(-[a-z0-9]+)*")
_ADDRESS: Final = re.compile(r"""https?://[^\s<>"{}|\\^`]+""")
_XSD: Final = STANDARD_PREFIXES["xsd"]
_NUMBERS: Final = {
    _XSD + "gYear": re.compile("[0-9]{4}"),
    _XSD + "integer": re.compile("[0-9]{1,15}"),
    _XSD + "decimal": re.compile(r"[0-9]{1,15}(\.[0-9]{1,6})?"),
}
_PEOPLE: Final = {NS + "Person", NS + "Actor"}
"""What somebody whom the graph does not know yet may be asked for as."""


class _Unsuggested(GraphTerms):
    """Terms that are looked up, where too many were wrong before for more to be suggested."""

    def suggest(self, text: str, class_or_scheme: str) -> dict[str, str]:
        return {}


@dataclass(frozen=True, slots=True)
class Said:
    """Where a value went: the control it was written in, and the statement it became part of.

    `focus` is the IRI of the subject, None where it has none; `value` is empty where a blank stands
    for it. `language` tells apart the texts that stand in two.
    """

    control: str
    focus: str | None
    path: str
    value: str
    language: str | None = None


@dataclass(slots=True)
class Values:
    """What the controls of the form hold, and what is wrong with it, by the name of a control."""

    given: Mapping[str, list[str]] = field(default_factory=dict)
    wrong: dict[str, str] = field(default_factory=dict)
    people: dict[str, str] = field(default_factory=dict)
    """Folded names of people who are new here → their names in Turtle."""
    said: list[Said] = field(default_factory=list)
    _found: dict[tuple[tuple[str, ...], str], str | list[str]] = field(default_factory=dict)
    """What was looked up: a name in Turtle, or what may have been meant."""

    def one(self, control: str) -> str | None:
        """Return the first thing that is written in a control."""
        return next((value for value in self.given.get(control, []) if value), None)

    def many(self, control: str) -> list[str]:
        """Return all that is written in the controls of one name."""
        return [value for value in self.given.get(control, []) if value]

    def rows(self, section: Section, *, empty: bool = False) -> list[int]:
        """Return the numbers of the rows of a section that something is written in, in order.

        With `empty`, those that the form had are among them. A certainty alone says nothing.
        """
        begun = f"{section.key}-"
        found = set()
        for control, values in self.given.items():
            row, _, key = control.removeprefix(begun).partition("-")
            says_something = any(values) and key != "mg-certainty"
            is_row = control.startswith(begun) and _ROW.fullmatch(row)
            if is_row and (empty or says_something):
                found.add(int(row))
        return sorted(found)

    def complain(self, control: str, message: str) -> None:
        """Note what is wrong with a control; what was said first stays."""
        self.wrong.setdefault(control, message)

    def term(
        self, question: Question, control: str, value: str, language: str = "en"
    ) -> str | None:
        """Return a value as a term in Turtle, or note what is wrong with it.

        `language` is that of texts in the words of the source.
        """
        match question.kind:
            case "concept" | "entity":
                return self._known(question, control, value)
            case "number":
                return self._number(question, control, value)
            case "address":
                return self._address(control, value)
            case "text":
                return str(Literal(value, language=language))
            case "note":
                return str(Literal(value, language=languages()[0]))
            case _:
                return str(Literal(value))

    def slug(self, question: Question, control: str) -> str | None:
        """Return the last part of the IRI that a control stands for, None without one."""
        value = self.one(control)
        term = self.term(question, control, value) if value else None
        return term.rpartition(":")[2] if term and _SHORT.fullmatch(term) else None

    def lines(self, known: drafting.Known, document: str, control: str) -> str | None:
        """Return a locator for the lines that are written in a control, None without any."""
        text = (self.one(control) or "").replace(" ", "")
        if not text:
            return None
        if not drafting.LINES.fullmatch(text):
            self.complain(control, translated("Write lines as 40, 40-44 or 40,43-44."))
            return None
        ends = (part.partition("-") for part in text.split(","))
        if any(last and int(last) < int(first) for first, _, last in ends):
            self.complain(control, translated("Write the first line of a range first."))
            return None
        try:
            return known.lines(document, text)
        except ParameterError:
            count = number(known.count(document) or 0)
            self.complain(control, translated("This document has lines 1 to {count}.", count=count))
            return None

    def _known(self, question: Question, control: str, value: str) -> str | None:
        new = self.people.get(folded(value)) if _PEOPLE & {*question.field.of} else None
        if new is not None:
            return new
        key = question.field.of, value
        if key not in self._found:
            self._found[key] = self._looked_up(question, value)
        found = self._found[key]
        if isinstance(found, str):
            return found
        message = translated("“{value}” is not in the list.", value=value[:_SHOWN])
        if found:
            message += " " + translated("Did you mean {names}?", names=", ".join(found))
        self.complain(control, message)
        return None

    def _looked_up(self, question: Question, value: str) -> str | list[str]:
        """Return the thing that a value names, or what may have been meant, for so many values."""
        if len(self._found) >= _MOST_LOOKED_UP:
            return []
        meant: dict[str, None] = {}
        unknown = sum(1 for found in self._found.values() if not isinstance(found, str))
        terms = state().terms if unknown < _MOST_SUGGESTED else _Unsuggested(state().house)
        for parameter in question.field.parameters(question.label):
            found = parameter.term(value, terms)
            if not isinstance(found, WrongValue):
                short = compact(found.value)
                return short if _SHORT.fullmatch(short) else str(NamedNode(found.value))
            meant.update(dict.fromkeys(found.meant))
        return list(meant)

    def _number(self, question: Question, control: str, value: str) -> str | None:
        datatype = question.field.datatype or _XSD + "integer"
        plain = re.sub(r"\s", "", value)
        if _NUMBERS[datatype].fullmatch(plain):
            return str(Literal(plain, datatype=NamedNode(datatype)))
        if datatype == _XSD + "gYear":
            self.complain(control, translated("Write a year with four digits, such as 2020."))
        elif datatype == _XSD + "decimal":
            self.complain(control, translated("Write a number such as 300000 or 1500.50."))
        else:
            self.complain(control, translated("Write a whole number, in digits."))
        return None

    def _address(self, control: str, value: str) -> str | None:
        try:
            if _ADDRESS.fullmatch(value):
                return str(NamedNode(value))
        except ValueError:  # nothing that an IRI can be
            pass
        self.complain(control, translated("Write a web address that begins with https://."))
        return None


def fields_of(sent: bytes) -> Parameters:
    """Return the fields of a form as it is sent.

    Raises ParameterError for more than it can hold, EncodingError for what is not UTF-8.
    """
    if sent.count(b"&") >= _MOST_FIELDS:
        raise ParameterError(
            f"The form has more than {_MOST_FIELDS:,} values.",
            hint="Describe the rest in the file itself.",
        )
    try:
        return parse_qsl(sent.decode("utf-8"), keep_blank_values=True, errors="strict")
    except ValueError as error:
        raise EncodingError(
            "The form is not percent-encoded UTF-8.",
            hint="Send it as application/x-www-form-urlencoded text in UTF-8.",
        ) from error


def values_of(fields: Parameters) -> Values:
    """Return what a form holds; what is too long is noted as wrong."""
    given: dict[str, list[str]] = {}
    wrong: dict[str, str] = {}
    for name, value in fields:
        text = " ".join(value.split())
        if len(text) > LONGEST:
            message = translated("This has more than {most} characters.", most=number(LONGEST))
            wrong[name] = message
        given.setdefault(name, []).append(text[: LONGEST + 1])
    return Values(given, wrong)
