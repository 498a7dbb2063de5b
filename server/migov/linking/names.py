"""Names as they are compared: without case, accents and signs; and the acronyms inside them."""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass
from typing import Final

_WORD: Final = re.compile(r"[^\W_]+")
_LETTERS: Final = str.maketrans(
    {"ø": "o", "đ": "d", "ł": "l", "ı": "i", "æ": "ae", "œ": "oe", "ð": "d", "þ": "th"}
)
_ARABIC: Final = str.maketrans({"أ": "ا", "إ": "ا", "آ": "ا", "ى": "ي", "ة": "ه", "ـ": None})
"""Spellings of one Arabic letter that writers exchange, and the stroke that only stretches."""
_IN_BRACKETS: Final = re.compile(r"\s*[(\[]([^()\[\]]{2,15})[)\]]\s*")
_ACRONYM: Final = re.compile(r"[^\W\d_](?:[\w.&/-]*[^\W_.])?")

SMALL_WORDS: Final = frozenset(
    {"a", "al", "and", "at", "d", "da", "das", "de", "del", "della", "den", "der", "des", "di"}
    | {"die", "do", "dos", "du", "e", "el", "en", "et", "for", "fur", "het", "in", "l", "la"}
    | {"las", "le", "les", "los", "of", "on", "or", "pour", "the", "to", "und", "van", "von", "y"}
)
"""Words that tell no name from another."""

COMMON_WORDS: Final = frozenset(
    {"republic", "republique", "republica", "جمهوريه", "الجمهوريه"}
    | {"kingdom", "royaume", "reino", "مملكه", "المملكه", "state", "etat", "estado", "دوله"}
    | {"democratic", "democratique", "democratica", "الديمقراطيه", "federal", "federale"}
    | {"people", "s", "populaire", "popular", "الشعبيه", "islamic", "islamique", "islamica"}
    | {"الاسلاميه", "federative", "federativa", "confederation", "principality", "commonwealth"}
)
"""Words that official names of States have and short ones have not: they tell little."""


@dataclass(frozen=True, slots=True)
class Name:
    """One name of a thing: the text, its language tag where it has one, and the text folded."""

    text: str
    language: str | None
    folded: str


def folded(text: str) -> str:
    """Return a text without case, accents and signs, its words apart by one space.

    >>> folded("Côte d’Ivoire"), folded("WORLD—Health  Organization!")
    ('cote d ivoire', 'world health organization')
    """
    plain = unicodedata.normalize("NFKD", text.casefold())
    plain = "".join(char for char in plain if not unicodedata.combining(char))
    return " ".join(_WORD.findall(plain.translate(_LETTERS).translate(_ARABIC)))


def named(text: str, language: str | None = None) -> Name:
    """Return a name; an acronym in brackets behind it is no part of it.

    >>> named("World Health Organization (WHO)").folded
    'world health organization'
    """
    bare = text
    for found in _IN_BRACKETS.finditer(text):
        if is_acronym(found[1]):
            bare = bare.replace(found[0], " ")
    return Name(text, language, folded(bare) or folded(text))


def acronyms_in(text: str) -> list[str]:
    """Return the acronyms that a name brings in brackets, folded, or is itself.

    >>> acronyms_in("International Organization for Migration (IOM)"), acronyms_in("GIZ")
    (['iom'], ['giz'])
    >>> acronyms_in("Kosovo (disputed)")
    []
    """
    if is_acronym(text.strip()):
        return [compact_acronym(text)]
    return [compact_acronym(part) for part in _IN_BRACKETS.findall(text) if is_acronym(part)]


def is_acronym(text: str) -> bool:
    """Whether a text is written like an acronym: one word, most of its letters capitals.

    >>> [is_acronym(word) for word in ("IOM", "BMZ", "EUDiF", "U.N.", "Enabel", "the WHO", "A")]
    [True, True, True, True, False, False, False]
    """
    letters = [char for char in text if char.isalpha()]
    capitals = sum(char.isupper() for char in letters)
    return (
        bool(_ACRONYM.fullmatch(text.strip(" .")))
        and len(letters) >= 2
        and (capitals * 2 > len(letters) and capitals >= 2)
    )


def compact_acronym(text: str) -> str:
    """Return an acronym as it is compared: `U.N.` and `UN` are one.

    >>> compact_acronym("U.N.")
    'un'
    """
    return folded(text).replace(" ", "")


def words(text: str) -> list[str]:
    """Return the words of a folded text that can tell names apart; all of them if none can.

    >>> words("office of the high commissioner"), words("the and of")
    (['office', 'high', 'commissioner'], ['the', 'and', 'of'])
    """
    every = text.split()
    return [word for word in every if word not in SMALL_WORDS] or every
