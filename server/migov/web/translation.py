"""The words of the interface: English where they are used, other languages in one file each.

`translations/fr.yaml` maps each English text to its French one. A text without an entry stays
English; the tests see to it that none of the templates’ texts is missing.
"""

from __future__ import annotations

import re
from functools import cache
from pathlib import Path
from typing import Final

import yaml
from markupsafe import Markup, escape

from migov.web.request import languages

MESSAGES: Final = (
    "The graph says nothing about {iri}.",
    "The list has no facet “{name}”.",
    "{name} is “{given}”: expected the first year of a decade, such as 2010.",
    "{name} is “{given}”, which names nothing.",
    "{name} is “{given}”: expected one of {choices}.",
    "{name} is “{given}”: expected a whole number from {least} to {most}.",
    "{name} is given {count} times.",
    "There is no dump “{name}”.",
    "There is no kind of problem “{name}”.",
    "There is no canned query “{name}”.",
    "This path takes {methods} only.",
    "Did you mean {names}?",
    "“{word}” is not a word of SPARQL.",
    "“{mark}” is never closed.",
    "“{mark}” is never opened.",
    "The text that {mark} opens is never closed.",
    "The prefix “{prefix}:” is not declared.",
    "Declare it with PREFIX {prefix}: <{iri}>.",
    "Did you mean {close}:? Declare it with PREFIX {prefix}: <…>.",
    "{name} does not say which graph it is meant for.",
)
"""Templates of messages that visitors meet, which their errors put together in English."""
_LONGEST: Final = 400
"""Characters of a message that is compared with templates: a pattern goes back and forth."""
_PLACE: Final = re.compile(r"\\\{(\w+)\\\}")
LANGUAGE_NAMES: Final = {"en": "English", "fr": "français"}
_FOLDER: Final = Path(__file__).with_name("translations")
_SOURCE: Final = "en"
_THIN_SPACE: Final = "\N{NARROW NO-BREAK SPACE}"


@cache
def table(language: str) -> dict[str, str]:
    """Return the texts of a language by the English ones."""
    if language == _SOURCE:
        return {}
    text = (_FOLDER / f"{language}.yaml").read_text(encoding="utf-8")
    read: dict[str, str] = yaml.load(text, Loader=yaml.BaseLoader)
    return read


def translated(text: str, **values: object) -> str:
    """Return a text in the language of the page, with values in the place of `{name}`."""
    found = table(languages()[0]).get(text, text)
    return found.format(**values) if values else found


def in_template(text: str, **values: object) -> Markup:
    """Return the same for a template: escaped, but for values that are markup already."""
    found = escape(table(languages()[0]).get(text, text))
    return found.format(**values) if values else found


def counted(one: str, many: str, count: int, **values: object) -> Markup:
    """Return the form of a text that fits a count, shown in the place of `{count}`.

    French says one of zero, English does not.
    """
    single = count in (0, 1) if languages()[0] == "fr" else count == 1
    return in_template(one if single else many, count=number(count), **values)


def language_of(text: str) -> str:
    """Return the language in which a text is going to be shown: English where none is known."""
    language = languages()[0]
    return language if text in table(language) else _SOURCE


def spoken(text: str) -> tuple[str, str]:
    """Return a message in the language of the page and the language that it is in.

    A message that was put together from a template is known by that template.
    """
    language = languages()[0]
    if text in table(language):
        return table(language)[text], language
    if len(text) <= _LONGEST and language != _SOURCE:
        for pattern, template in _patterns(language):
            if (found := pattern.fullmatch(text)) is not None:
                return template.format(**found.groupdict()), language
    return text, _SOURCE


@cache
def _patterns(language: str) -> list[tuple[re.Pattern[str], str]]:
    known = table(language)
    return [
        (re.compile(_PLACE.sub(r"(?P<\1>.+)", re.escape(each)), re.DOTALL), known[each])
        for each in MESSAGES
        if each in known
    ]


def number(value: float, decimals: int = 0) -> str:
    """Return a number as the language of the page writes it."""
    text = f"{value:,.{decimals}f}"
    if languages()[0] == "fr":
        return text.replace(",", _THIN_SPACE).replace(".", ",")
    return text
