"""What `migov check` and `migov merge` are asked about: options, and the change that they mean."""

from __future__ import annotations

import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import click

from migov.errors import EnvironmentProblem, MigovError
from migov.repository import Repository
from migov.settings import Settings

if TYPE_CHECKING:
    from migov.change.model import Change
    from migov.verdict.model import Verdict

_Command = TypeVar("_Command", bound=Callable[..., Any])
_KINDS = ("patch", "turtle", "trig", "n-quads", "rdf-patch", "update")
_STDIN = "standard input"


@dataclass(frozen=True, slots=True)
class Proposed:
    """The words of the command line that say what the change is."""

    files: tuple[str, ...]
    base: str | None
    patch: str | None
    kind: str | None
    target: str | None
    replace: bool

    @property
    def proposal(self) -> tuple[str, str] | None:
        """The name and kind of a text with triples, or None where files of the checkout are meant.

        Raises UsageError for words that do not go together.
        """
        given = [*self.files, *([self.patch] if self.patch else [])]
        from migov.change.read.formats import FORMATS

        suffixes = {suffix: kind for kind, (_, *known) in FORMATS.items() for suffix in known}
        suffix = Path(given[0]).suffix.lower() if given else ""
        is_text = (
            self.patch
            or self.target
            or self.kind
            or given[:1] == ["-"]
            or suffixes.get(suffix, "turtle") != "turtle"
        )
        if not is_text:
            return None
        if len(given) != 1:
            raise click.UsageError(
                "Name one text with the proposed triples, or - for standard input."
            )
        if self.target:
            kind = self.kind or "turtle"
            if kind != "turtle":
                raise click.UsageError("--graph and --file are for Turtle; this has its graphs.")
            return given[0], kind
        return given[0], self.kind or suffixes.get(suffix, "patch")


def proposed_options(*, base: bool = True) -> Callable[[_Command], _Command]:
    """Return a decorator that adds the options which say what the change is."""
    options = [
        click.option("--replace", is_flag=True, help="The triples are the whole graph now."),
        click.option("--file", "path", metavar="PATH", help="The file that Turtle is meant for."),
        click.option("--graph", metavar="IRI", help="The graph that Turtle is meant for."),
        click.option(
            "--as",
            "kind",
            type=click.Choice(_KINDS),
            help="What the proposed text is; else its suffix tells, and - is a git patch.",
        ),
        click.option("--patch", metavar="FILE", help="A proposed change; - is standard input."),
    ]
    if base:
        options.append(click.option("--base", metavar="REV", help="Compare with this commit."))

    def decorate(command: _Command) -> _Command:
        for option in options:
            command = option(command)
        return command

    return decorate


def proposed(
    files: tuple[str, ...],
    base: str | None,
    patch: str | None,
    kind: str | None,
    graph: str | None,
    path: str | None,
    replace: bool,
) -> Proposed:
    """Put the words together; raises UsageError."""
    if graph and path:
        raise click.UsageError("--graph and --file say the same thing: give one of them.")
    return Proposed(files, base, patch, kind, graph or path, replace)


def read_proposed(asked: Proposed, repository: Repository, settings: Settings) -> Change | Verdict:
    """Return the change, or the verdict on a text that cannot be read.

    Raises UsageError, EnvironmentProblem or RequestError.
    """
    from migov.change.git import files_change, working_change
    from migov.verdict.unread import unread

    found = asked.proposal
    try:
        if found is not None:
            return _read(asked, *found, repository, settings)
        if asked.files:
            return files_change(repository, [Path(name) for name in asked.files], asked.base)
        return working_change(repository, asked.base)
    except MigovError as error:
        return unread(error, found[1] if found else None)


def _read(
    asked: Proposed, name: str, kind: str, repository: Repository, settings: Settings
) -> Change:
    from migov.change.git import base_files
    from migov.change.model import files_now
    from migov.engine import Limits
    from migov.verdict.reading import read_text
    from migov.verdict.standing import Measures, Standing

    content = _content(name)
    before = files_now(repository) if asked.base is None else base_files(repository, asked.base)
    return read_text(
        Standing(before, Measures(repository), settings.cache),
        content,
        kind,
        target=asked.target,
        replace=asked.replace,
        name=_STDIN if name == "-" else name,
        limits=Limits.from_settings(settings),
    )


def _content(name: str) -> bytes:
    if name == "-":
        return sys.stdin.buffer.read()
    try:
        return Path(name).read_bytes()
    except OSError as error:
        raise EnvironmentProblem(
            f"{name} cannot be read: {error.strerror}.", hint="Is the name of the file right?"
        ) from error
