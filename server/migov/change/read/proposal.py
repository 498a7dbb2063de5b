"""A proposal as text from outside: bounded, UTF-8, and without what no parser should see."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise
from typing import Final

from migov.errors import DataSyntaxError, Place, RefusedError, TooComplexError
from migov.sparql.tokens import readings

LONGEST: Final = 32_000_000
"""Bytes that one proposal may have."""


@dataclass(frozen=True, slots=True)
class Proposal:
    """A text from outside and the name that errors give it."""

    name: str
    text: str

    def place(self, line: int | None, column: int | None = None) -> Place:
        """Return a place in the text."""
        return Place.within(self.name, self.text, line, column)

    def place_at(self, offset: int) -> Place:
        """Return the place of an offset in the text.

        >>> str(Proposal("p", "a\\nbc").place_at(3))
        'p:2:2'
        """
        line = self.text.count("\n", 0, offset) + 1
        return self.place(line, offset - self.text.rfind("\n", 0, offset))

    def wrong(self, format: str, reason: str, place: Place) -> DataSyntaxError:
        return DataSyntaxError(
            f"{self.name} is not valid {format}: {reason}.",
            place=place,
            hint="Mend that line; nothing was changed.",
        )


def read_proposal(name: str, content: bytes) -> Proposal:
    """Decode a proposal; raises TooComplexError, DataSyntaxError or RefusedError."""
    if len(content) > LONGEST:
        raise TooComplexError(
            f"{name} has {len(content):,} bytes, and a proposal may have {LONGEST:,}.",
            hint="Propose it in parts.",
        )
    try:
        text = content.decode("utf-8").removeprefix("\ufeff")
    except UnicodeDecodeError as error:
        sane = content[: error.start].decode("utf-8")
        before = Proposal(name, sane)
        raise before.wrong(
            "UTF-8", "a byte fits no character", before.place_at(len(sane))
        ) from None
    proposal = Proposal(name, text.replace("\r\n", "\n"))
    if "\x00" in text:
        raise proposal.wrong("text", "it has a NUL", proposal.place_at(proposal.text.index("\x00")))
    return proposal


def refuse_triple_terms(proposal: Proposal) -> None:
    """Refuse RDF 1.2's triple terms, which deeply nested end the process that parses them."""
    if "<<" not in proposal.text:
        return
    for one, other in (pair for reading in readings(proposal.text) for pair in pairwise(reading)):
        if one.text == "<" and other.text.startswith("<") and other.offset == one.offset + 1:
            raise RefusedError(
                f"{proposal.name} has a triple term of RDF 1.2, which this graph does not use.",
                place=proposal.place_at(one.offset),
                hint="Annotate a triple with rdf:subject, rdf:predicate and rdf:object.",
            )
