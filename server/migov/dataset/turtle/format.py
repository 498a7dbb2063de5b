"""A Turtle file in the house style, proved to say the same before anyone sees it."""

from __future__ import annotations

from pyoxigraph import Quad, RdfFormat, parse

from migov.dataset.canonical import same
from migov.dataset.turtle.blocks import comments, read_blocks
from migov.dataset.turtle.layout import lay_out
from migov.dataset.turtle.tokens import UnknownTurtleError
from migov.errors import DataSyntaxError, MigovError, Place, TooComplexError

_ANY_BASE = "https://w3id.org/migov/graph/"


def format_turtle(name: str, content: bytes) -> bytes:
    """Return a Turtle file in the house style: the same triples, the same comments.

    Raises DataSyntaxError with file, line and column, or UnknownTurtleError for Turtle that the
    layout does not know. A layout that would change the meaning or lose a comment is refused.
    """
    before = _quads(name, content)
    text = _text(name, content).removeprefix("\ufeff")
    try:
        laid_out = lay_out(read_blocks(text))
    except UnknownTurtleError as error:
        raise UnknownTurtleError(
            f"{name} uses Turtle that the layout does not know, and stays as it is.",
            place=_in_file(name, error.place),
            hint=error.hint,
        ) from error
    except RecursionError as error:
        raise TooComplexError(
            f"{name} nests too deeply to be laid out.", hint="Give the inner nodes labels."
        ) from error
    result = laid_out.encode("utf-8")
    if comments(laid_out) != comments(text) or not same(_quads(name, result), before):
        raise MigovError(
            f"{name} would not say the same after formatting, and stays as it is.",
            hint="This is a fault of migov: please report it with the file.",
        )
    return result


def _in_file(name: str, place: Place | None) -> Place | None:
    return None if place is None else Place(name, place.line, place.column, place.text)


def _text(name: str, content: bytes) -> str:
    try:
        return content.decode("utf-8")
    except UnicodeDecodeError as error:  # in a comment, which the parser passes over unread
        line = content[: error.start].count(b"\n") + 1
        raise DataSyntaxError(
            f"{name} is not UTF-8.",
            place=Place(name, line),
            hint="Save the file as UTF-8; it was left as it was.",
        ) from error


def _quads(name: str, content: bytes) -> list[Quad]:
    try:
        return list(parse(content, format=RdfFormat.TURTLE, base_iri=_ANY_BASE))
    except SyntaxError as error:
        text = content.decode("utf-8", errors="replace")
        raise DataSyntaxError(
            f"{name} is not valid Turtle: {str(error.msg).partition(': ')[2] or error.msg}.",
            place=Place.within(name, text, error.lineno, error.offset),
            hint="Mend that line; the file was left as it is.",
        ) from error
