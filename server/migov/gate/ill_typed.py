"""Literals whose text does not fit their datatype, as pySHACL can bear them.

A comparison with such a literal has no answer, and SHACL takes that for “not less than”. rdflib
raises TypeError instead, and pySHACL passes it on. This literal answers that it is not: the value
violates what it should, the rest of the graph is judged, and nothing crashes.
"""

from __future__ import annotations

import logging

from rdflib import Literal

# rdflib logs a traceback for each literal that its datatype does not allow; a finding says it.
logging.getLogger("rdflib.term").setLevel(logging.CRITICAL)


class IllTyped(Literal):
    """A literal that is neither less nor greater than anything, and equal to itself alone."""

    def __lt__(self, other: object) -> bool:
        return False

    def __le__(self, other: object) -> bool:
        return False

    def __gt__(self, other: object) -> bool:
        return False

    def __ge__(self, other: object) -> bool:
        return False

    def eq(self, other: object) -> bool:
        """Return whether both are the same term: there is no value to compare."""
        return self == other

    __hash__ = Literal.__hash__


def bearable(literal: Literal) -> Literal:
    """Return a literal, or for an ill-typed one its twin that can be compared.

    >>> from rdflib import XSD
    >>> day = Literal("2020-01-01", datatype=XSD.date)
    >>> never = bearable(Literal("2020-13-45", datatype=XSD.date))
    >>> never <= day, day <= never, never == Literal("2020-13-45", datatype=XSD.date)
    (False, False, True)
    """
    if not literal.ill_typed:
        return literal
    return IllTyped(str(literal), datatype=literal.datatype, normalize=False)
