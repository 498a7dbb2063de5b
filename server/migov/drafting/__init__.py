"""New files: valid from the start, with a named blank for what only the author can know."""

from __future__ import annotations

from migov.drafting.entities import actor, document, instrument, person
from migov.drafting.known import LINES, SLUG, Known, checked_slug, slug_of
from migov.drafting.record import TEXTS, Part, Participation, record
from migov.drafting.texts import blanks, prefixes, text_of

__all__ = [
    "LINES",
    "SLUG",
    "TEXTS",
    "Known",
    "Part",
    "Participation",
    "actor",
    "blanks",
    "checked_slug",
    "document",
    "instrument",
    "person",
    "prefixes",
    "record",
    "slug_of",
    "text_of",
]
