"""The words of the interface: English where they are used, other languages in one file each.

`translations/fr.yaml` maps each English text to its French one. A text without an entry stays
English; the tests see to it that none of the templates’ texts is missing.
"""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import Final

import yaml
from markupsafe import Markup, escape

from migov.web.request import languages

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


def number(value: float, decimals: int = 0) -> str:
    """Return a number as the language of the page writes it."""
    text = f"{value:,.{decimals}f}"
    if languages()[0] == "fr":
        return text.replace(",", _THIN_SPACE).replace(".", ",")
    return text
