"""`migov new`."""

from __future__ import annotations

import hashlib
import os
from pathlib import Path
from typing import Any

import click

from migov import drafting
from migov.cli.options import settings_from, settings_options
from migov.dataset import ContentFile
from migov.dataset.turtle import format_turtle
from migov.errors import EnvironmentProblem, ParameterError
from migov.lines import lines_of
from migov.repository import Repository, find_repository


@click.group(name="new")
def command() -> None:
    """Begin a record, an actor or another file.

    The new file is valid at once. What only you can know stands in it as a text that begins with
    FILL:, and “migov validate” names each of them until it is written.

    \b
    Examples:
      migov new record gfmd/skills-for-return --document 000 --lines 40-44
      migov new actor red-cross --type non-governmental-organisation
    """


def _repository(root: Path | None) -> Repository:
    return find_repository(settings_from(root=root).root)


@command.command()
@click.argument("name", metavar="PUBLISHER/SLUG")
@click.option("--document", required=True, metavar="NUMBER", help="Source document, such as 000.")
@click.option("--lines", required=True, metavar="LINES", help="All its lines, such as 40-44.")
@click.option("--at", metavar="LINES", help="Lines of the facts; the same as --lines if unsaid.")
@click.option(
    "--type", "kind", metavar="TYPE", help="A concept of initiative-type; project if unsaid."
)
@click.option("--about", metavar="SLUG", help="The initiative, when other records describe it.")
@click.option("--title", metavar="TEXT", help="Title in the words of the source.")
@click.option("--language", type=click.Choice(["en", "fr"]), default="en", help="Its language.")
@click.option("--start", metavar="DATE", help="As stated: 2019, 2019-06 or 2019-06-30.")
@click.option("--end", metavar="DATE", help="As stated: 2023, 2023-12 or 2023-12-31.")
@settings_options("root")
def record(name: str, root: Path | None, **given: Any) -> None:
    """Begin a source record and the initiative that it describes.

    PUBLISHER is the slug of an actor; SLUG names the record and the initiative for good. With
    --about, the record is one more about an initiative that the graph has.

    \b
    Examples:
      migov new record gfmd/skills-for-return --document 000 --lines 40-44
      migov new record ilo/safe-return --document 003 --lines 1-9 --type programme --start 2019-06
      migov new record iom/thamm --document 002 --lines 1-3 --about thamm
    """
    publisher, slash, slug = name.partition("/")
    if not slash:
        raise click.UsageError(f"“{name}” is not of the form PUBLISHER/SLUG, such as gfmd/{name}.")
    repository = _repository(root)
    known = drafting.Known.of_files(repository)
    text = drafting.record(known, publisher, slug, **given)
    _finish(repository, f"data/records/{publisher}/{slug}.ttl", text)


@command.command()
@click.argument("slug")
@click.option("--type", "kind", default="", metavar="TYPE", help="A concept of actor-type.")
@click.option("--name-en", metavar="TEXT", help="Its name in English.")
@click.option("--name-fr", metavar="TEXT", help="Its name in French.")
@settings_options("root")
def actor(
    slug: str, kind: str, name_en: str | None, name_fr: str | None, root: Path | None
) -> None:
    """Begin an organisation.

    \b
    Example:
      migov new actor red-cross --type non-governmental-organisation --name-en "Red Cross"
    """
    repository = _repository(root)
    text = drafting.actor(drafting.Known.of_files(repository), slug, kind, name_en, name_fr)
    _finish(repository, f"data/actors/{slug}.ttl", text)


@command.command()
@click.argument("slug")
@click.option("--name-en", metavar="TEXT", help="Its name in English.")
@click.option("--name-fr", metavar="TEXT", help="Its name in French.")
@settings_options("root")
def instrument(slug: str, name_en: str | None, name_fr: str | None, root: Path | None) -> None:
    """Begin an agreement, goal set or norm that sources refer to.

    \b
    Example:
      migov new instrument paris-agreement --name-en "Paris Agreement"
    """
    repository = _repository(root)
    text = drafting.instrument(drafting.Known.of_files(repository), slug, name_en, name_fr)
    _finish(repository, f"data/instruments/{slug}.ttl", text)


@command.command(short_help="Begin the description of a source document.")
@click.argument("file", type=click.Path(path_type=Path, dir_okay=False))
@click.option("--publisher", required=True, metavar="ACTOR", help="Slug of the actor it is from.")
@click.option("--language", type=click.Choice(["en", "fr"]), default="en", help="Its language.")
@settings_options("root")
def document(file: Path, publisher: str, language: str, root: Path | None) -> None:
    """Begin the description of a source document; FILE is its text, which is not copied.

    \b
    Example:
      migov new document page.txt --publisher ilo --language fr
    """
    repository = _repository(root)
    try:
        content = file.read_bytes()
    except OSError as error:
        raise EnvironmentProblem(
            f"{file} cannot be read: {error.strerror}.", hint="Is the name of the file right?"
        ) from error
    try:
        lines = len(lines_of(content.decode("utf-8")))
    except UnicodeDecodeError as error:
        raise ParameterError(
            f"{file} is not UTF-8 text.", hint="Save its text as UTF-8."
        ) from error
    known = drafting.Known.of_files(repository)
    number = known.next_number("document", 3)
    checksum = hashlib.sha256(content).hexdigest()
    text = drafting.document(known, number, publisher, language, checksum, lines)
    _finish(repository, f"data/documents/{number}.ttl", text)


@command.command(short_help="Begin a person, under the next number.")
@settings_options("root")
def person(root: Path | None) -> None:
    """Begin a person, under the next number: names stand in data/people alone.

    \b
    Example:
      migov new person
    """
    repository = _repository(root)
    known = drafting.Known.of_files(repository)
    number = known.next_number("person", 1)
    _finish(repository, f"data/people/{number}.ttl", drafting.person(known, number))


def _finish(repository: Repository, path: str, body: str) -> None:
    """Write a new file in the house layout and say what is left to do."""
    text = drafting.prefixes(path, body) + "\n" + body
    content = format_turtle(path, text.encode("utf-8"))
    target = repository.root / path
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        with target.open("xb") as file:
            file.write(content)
            os.fsync(file.fileno())
    except FileExistsError as error:
        raise EnvironmentProblem(
            f"{path} exists already, and is left as it is.", hint="Choose another slug."
        ) from error
    except OSError as error:
        raise EnvironmentProblem(f"{target} cannot be written: {error.strerror}.") from error
    shown = os.path.relpath(target)
    click.echo(f"Wrote {shown}")
    blanks = list(drafting.blanks(ContentFile(path, content)))
    if blanks:
        click.echo("\nFill in:")
    for line, what in blanks:
        click.echo(f"  {shown}:{line}  {what}")
    click.echo(f"\nThen run:\n  migov validate\n  migov fmt {shown}")
