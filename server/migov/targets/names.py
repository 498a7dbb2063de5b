"""Names as they are compared: without case, accents and signs; and the acronyms inside them."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Final

from migov.words import folded

_IN_BRACKETS: Final = re.compile(r"\s*[(\[]([^()\[\]]{2,15})[)\]]\s*")
_ACRONYM: Final = re.compile(r"[^\W\d_](?:[\w.&/-]*[^\W_.])?")

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


def named(text: str, language: str | None = None) -> Name:
    """Return a name; an acronym in brackets behind it is no part of it.

    >>> named("World Health Organization (WHO)").folded
    'world health organization'
    """
    bare = _IN_BRACKETS.sub(lambda found: " " if is_acronym(found[1]) else found[0], text)
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
