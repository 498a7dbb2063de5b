"""Errors as people read them: one sentence, the place with its line, and what to do next."""

from __future__ import annotations

import traceback
import unicodedata
from typing import Final

import click

from migov.errors import EnvironmentProblem, MigovError, Place

COULD_NOT_RUN: Final = 2
_CONTEXT: Final = 72


def show_error(error: MigovError) -> None:
    """Write an error of ours to standard error."""
    click.secho("Error: ", fg="red", bold=True, nl=False, err=True)
    click.echo(error.message, err=True)
    if error.place is not None and error.place.line is not None:
        show_place(error.place)
    if error.hint:
        click.echo(f"  → {error.hint}", err=True)


def show_usage(error: click.ClickException) -> None:
    """Write an error of the command line itself to standard error."""
    click.secho("Error: ", fg="red", bold=True, nl=False, err=True)
    click.echo(error.format_message(), err=True)
    context = getattr(error, "ctx", None)
    if context is not None and context.command_path != "migov":
        click.echo(f"  → See “{context.command_path} --help”.", err=True)


def of_the_machine(error: OSError) -> EnvironmentProblem:
    """Return what stands in the way as an error of ours."""
    what = f"{error.filename}: " if error.filename else ""
    return EnvironmentProblem(
        f"{what}{error.strerror or error}.", hint="Are the permissions right, and is there space?"
    )


def show_fault() -> None:
    """Write the exception that is being handled: a fault of this program, not of its input."""
    click.echo(traceback.format_exc(), err=True, nl=False)
    show_error(
        MigovError(
            "This is a fault of migov, not of what you gave it.",
            hint="Please report it with the lines above.",
        )
    )


def show_place(place: Place) -> None:
    """Write a place, and its line with a mark under the column."""
    click.echo(f"  {place}", err=True)
    if place.text is None or not place.text.strip():
        return
    text, column = _window(place.text, place.column)
    number = str(place.line)
    click.echo(f"  {number} | {text}", err=True)
    if column is not None:
        gap = " " * _columns(text[: column - 1])
        click.secho(f"  {' ' * len(number)} | {gap}^", fg="red", err=True)


def _window(line: str, column: int | None) -> tuple[str, int | None]:
    """Return the part of a long line around its column, printable, and the column in it."""
    text = "".join(" " if ord(char) < 32 or char == "\x7f" else char for char in line)
    if column is not None:
        column = min(column, len(text) + 1)
    start = max(0, (column or 1) - 1 - _CONTEXT * 2 // 3)
    if len(text) <= _CONTEXT:
        start = 0
    shown = text[start : start + _CONTEXT]
    before, after = ("…" if start else ""), ("…" if start + _CONTEXT < len(text) else "")
    return before + shown + after, None if column is None else column - start + len(before)


def _columns(text: str) -> int:
    """Return how many columns of a terminal a text takes."""
    return sum(
        0 if unicodedata.combining(char) else 2 if unicodedata.east_asian_width(char) in "WF" else 1
        for char in text
    )
