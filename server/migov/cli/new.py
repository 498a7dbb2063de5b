"""`migov new`."""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import Any

import click

from migov.cli import scaffold
from migov.cli.options import settings_from, settings_options
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
    known = scaffold.Known(repository)
    text = scaffold.record(known, publisher, slug, **given)
    scaffold.finish(repository, f"data/records/{publisher}/{slug}.ttl", text)


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
    text = scaffold.actor(scaffold.Known(repository), slug, kind, name_en, name_fr)
    scaffold.finish(repository, f"data/actors/{slug}.ttl", text)


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
    text = scaffold.instrument(scaffold.Known(repository), slug, name_en, name_fr)
    scaffold.finish(repository, f"data/instruments/{slug}.ttl", text)


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
    known = scaffold.Known(repository)
    number = known.next_number("document", 3)
    checksum = hashlib.sha256(content).hexdigest()
    text = scaffold.document(known, number, publisher, language, checksum, lines)
    scaffold.finish(repository, f"data/documents/{number}.ttl", text)


@command.command(short_help="Begin a person, under the next number.")
@settings_options("root")
def person(root: Path | None) -> None:
    """Begin a person, under the next number: names stand in data/people alone.

    \b
    Example:
      migov new person
    """
    repository = _repository(root)
    known = scaffold.Known(repository)
    number = known.next_number("person", 1)
    scaffold.finish(repository, f"data/people/{number}.ttl", scaffold.person(known, number))
