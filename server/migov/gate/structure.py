"""Which files cannot be read, and how a scaffold marks what is still to be written."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

from migov.dataset import ContentFile, read_quads
from migov.errors import ContentSyntaxError

BLANK: Final = "FILL: "
"""How a scaffold marks a text that somebody still has to write."""


def syntax_errors(files: Iterable[ContentFile]) -> list[ContentSyntaxError]:
    """Return what is wrong with the Turtle of the files, one error for each broken file."""
    errors = []
    for file in files:
        try:
            for _ in read_quads(file):
                pass
        except ContentSyntaxError as error:
            errors.append(error)
    return errors
