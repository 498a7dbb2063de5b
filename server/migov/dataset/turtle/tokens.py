"""Turtle text → tokens with their positions, comments among them.

Terminals follow RDF 1.1 Turtle, section 6.5. The text has passed a parser before, so this only
has to find where each terminal ends.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from migov.errors import Place, RequestError

_BASE = (
    "A-Za-z\u00c0-\u00d6\u00d8-\u00f6\u00f8-\u02ff\u0370-\u037d\u037f-\u1fff\u200c-\u200d"
    "\u2070-\u218f\u2c00-\u2fef\u3001-\ud7ff\uf900-\ufdcf\ufdf0-\ufffd\U00010000-\U000effff"
)
_START = _BASE + "_"
_CHARS = _START + "0-9\u00b7\u0300-\u036f\u203f-\u2040\\-"
_ESCAPED = r"%[0-9A-Fa-f]{2}|\\[_~.\-!$&'()*+,;=/?#@%]"

_TERMINAL = re.compile(
    rf"""
      (?P<space> [ \t\r\n]+ )
    | (?P<comment> \#[^\n\r]* )
    | (?P<iri> <[^\x00-\x20<>"{{}}|^`]*> )
    | (?P<string> \"{{3}}(?:\"{{0,2}}(?:[^"\\]|\\.))*\"{{3}}
                | '{{3}}(?:'{{0,2}}(?:[^'\\]|\\.))*'{{3}}
                | "(?:[^"\\\n\r]|\\.)*" | '(?:[^'\\\n\r]|\\.)*' )
    | (?P<blank> _:[{_START}0-9](?:[{_CHARS}]|\.+(?=[{_CHARS}]))* )
    | (?P<directive> @(?:prefix|base)(?![A-Za-z\-]) )
    | (?P<language> @[A-Za-z]+(?:-[A-Za-z0-9]+)* )
    | (?P<datatype> \^\^ )
    | (?P<name> (?:[{_BASE}](?:[{_CHARS}]|\.+(?=[{_CHARS}]))*)?:
                (?:(?:[{_START}:0-9]|{_ESCAPED})
                   (?:[{_CHARS}:]|{_ESCAPED}|\.+(?=[{_CHARS}:%\\]))*)? )
    | (?P<number> [+-]?(?:[0-9]+\.[0-9]*[eE][+-]?[0-9]+|\.?[0-9]+[eE][+-]?[0-9]+
                       |[0-9]*\.[0-9]+|[0-9]+) )
    | (?P<word> [A-Za-z]+ )
    | (?P<mark> [\[\]();,.] )
    """,
    re.VERBOSE | re.DOTALL,
)


@dataclass(frozen=True, slots=True)
class Token:
    """One terminal: its kind (a group name of the pattern), its text and its offset."""

    kind: str
    text: str
    offset: int


class UnknownTurtleError(RequestError):
    """The text uses something that the layout does not know, such as triple terms of RDF 1.2."""


def tokenize(text: str) -> Iterator[Token]:
    """Yield every token of a text, space and comments too; raises UnknownTurtleError.

    >>> [token.text for token in tokenize("a:b a c:d.e .# x") if token.kind != "space"]
    ['a:b', 'a', 'c:d.e', '.', '# x']
    """
    offset = 0
    while offset < len(text):
        found = _TERMINAL.match(text, offset)
        if found is None:
            raise unknown(text, offset)
        kind = found.lastgroup
        assert kind is not None
        yield Token(kind, found[0], offset)
        offset = found.end()


def position(text: str, offset: int) -> tuple[int, int]:
    """Return the line and column of an offset, both counted from 1.

    >>> position("a\\nbc", 3)
    (2, 2)
    """
    return text.count("\n", 0, offset) + 1, offset - text.rfind("\n", 0, offset)


def unknown(text: str, offset: int, source: str = "text") -> UnknownTurtleError:
    line, column = position(text, offset)
    return UnknownTurtleError(
        "This is Turtle that the layout does not know.",
        place=Place(source, line, column, text.split("\n")[line - 1]),
        hint="Write it in RDF 1.1 Turtle, or leave the file as it is.",
    )
