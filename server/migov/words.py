"""What a word of a text is when texts are compared: without case, accents and signs."""

from __future__ import annotations

import re
import unicodedata
from functools import cache
from typing import Final

_WORD: Final = re.compile(r"[^\W_]+")
_LETTERS: Final = str.maketrans(
    {"ø": "o", "đ": "d", "ł": "l", "ı": "i", "æ": "ae", "œ": "oe", "ð": "d", "þ": "th"}
)
_ARABIC: Final = str.maketrans({"أ": "ا", "إ": "ا", "آ": "ا", "ى": "ي", "ة": "ه", "ـ": None})
"""Spellings of one Arabic letter that writers exchange, and the stroke that only stretches."""

SMALL_WORDS: Final = frozenset(
    {"a", "al", "and", "at", "d", "da", "das", "de", "del", "della", "den", "der", "des", "di"}
    | {"die", "do", "dos", "du", "e", "el", "en", "et", "for", "fur", "het", "in", "l", "la"}
    | {"las", "le", "les", "los", "of", "on", "or", "pour", "the", "to", "und", "van", "von", "y"}
)
"""Words that tell no name from another."""


def folded(text: str) -> str:
    """Return a text without case, accents and signs, its words apart by one space.

    >>> folded("Côte d’Ivoire"), folded("WORLD—Health  Organization!")
    ('cote d ivoire', 'world health organization')
    """
    if text.isascii():
        return " ".join(_WORD.findall(text.lower()))
    plain = unicodedata.normalize("NFKD", text.casefold())
    return " ".join(_WORD.findall(plain.translate(_plain())))


@cache
def _plain() -> dict[int, str | int | None]:
    """Return what becomes of letters that have a plainer form, and of marks on letters."""
    marks = dict.fromkeys(code for code in range(0x20000) if unicodedata.combining(chr(code)))
    return {**marks, **_LETTERS, **_ARABIC}


def words(text: str) -> list[str]:
    """Return the words of a folded text that can tell names apart; all of them if none can.

    >>> words("office of the high commissioner"), words("the and of")
    (['office', 'high', 'commissioner'], ['the', 'and', 'of'])
    """
    every = text.split()
    return [word for word in every if word not in SMALL_WORDS] or every
