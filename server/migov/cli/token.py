"""`migov token`."""

from __future__ import annotations

import datetime
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import click

from migov.cli.options import settings_from, settings_options
from migov.errors import EnvironmentProblem
from migov.repository import find_repository
from migov.settings import Settings

if TYPE_CHECKING:
    from migov.access import Scope, Token

_Command = TypeVar("_Command", bound=Callable[..., Any])
_SCOPES = ("propose", "merge")


@click.group(name="token")
def command() -> None:
    """Make, list and revoke the tokens with which programs write over HTTP.

    A token is shown once, when it is made; the file keeps its SHA-256 alone. A server reads the
    file anew when it changes, so what is revoked ends at once.

    \b
    Examples:
      export MIGOV_TOKENS=~/.config/migov/tokens.json
      migov token new --name ann --scope merge --author "Ann Author <ann@example.org>"
      migov token list
      migov token revoke ann

    Exit codes: 0 done · 2 could not run.
    """


def _with_file(function: _Command) -> _Command:
    return settings_options("tokens", "root")(function)


@command.command(name="new")
@click.option("--name", required=True, metavar="NAME", help="What the token is called here.")
@click.option(
    "--scope",
    "scopes",
    multiple=True,
    required=True,
    type=click.Choice(_SCOPES),
    help="propose: verdicts on writes, and nothing is stored; merge: what conforms is committed.",
)
@click.option("--author", required=True, metavar="NAME <MAIL>", help="Who signs its commits.")
@click.option(
    "--expires",
    type=click.DateTime(["%Y-%m-%d"]),
    metavar="YYYY-MM-DD",
    help="The last day (UTC) on which it is good; else for ever.",
)
@_with_file
def new(
    name: str,
    scopes: tuple[Scope, ...],
    author: str,
    expires: datetime.datetime | None,
    **given: Any,
) -> None:
    """Make a token and write it to standard output, once.

    \b
    Examples:
      migov token new --name ann --scope merge --author "Ann Author <ann@example.org>"
      migov token new --name bot --scope propose --author "Bot <b@example.org>" --expires 2099-12-31
    """
    from migov.access import new_token

    path = tokens_file(settings_from(**given))
    until = None if expires is None else expires.date()
    if until is not None and until < datetime.datetime.now(datetime.UTC).date():
        raise click.UsageError(f"--expires {until} is in the past.")
    secret = new_token(path, name, scopes, author, until)
    click.echo(
        f"The token “{name}” of {path}, which is shown only now. Send it as “Authorization: "
        "Bearer …”.",
        err=True,
    )
    click.echo(secret)


@command.command(name="list")
@_with_file
def list_(**given: Any) -> None:
    """List the tokens: name, scopes, author, and from when until when.

    \b
    Examples:
      migov token list
    """
    from migov.access import read_tokens

    path = tokens_file(settings_from(**given))
    tokens = read_tokens(path)
    if not tokens:
        click.echo(f"{path} has no tokens.", err=True)
        return
    today = datetime.datetime.now(datetime.UTC).date()
    rows = [("name", "scopes", "author", "created", "ends")]
    rows += [_row(token, today) for token in sorted(tokens, key=lambda token: token.name)]
    widths = [max(len(row[at]) for row in rows) for at in range(5)]
    for row in rows:
        cells = (cell.ljust(width) for cell, width in zip(row, widths, strict=True))
        click.echo("  ".join(cells).rstrip())


def _row(token: Token, today: datetime.date) -> tuple[str, str, str, str, str]:
    until = token.expires or "when revoked"
    is_good = token.is_good(today)
    return (
        token.name,
        ",".join(token.scopes),
        token.author,
        token.created[:10],
        until if is_good else f"{until} (expired)",
    )


@command.command(name="revoke")
@click.argument("name")
@_with_file
def revoke(name: str, **given: Any) -> None:
    """Revoke a token; servers refuse it from now on.

    \b
    Examples:
      migov token revoke ann
    """
    from migov.access import revoke_token

    revoke_token(tokens_file(settings_from(**given)), name)
    click.echo(f"The token “{name}” is revoked.")


def tokens_file(settings: Settings) -> Path:
    """Return the file of tokens; raises EnvironmentProblem for none, or one among the content."""
    if settings.tokens is None:
        raise EnvironmentProblem(
            "It is not said where the tokens are kept.",
            hint="Name a file outside the content with --tokens or MIGOV_TOKENS.",
        )
    from migov.access import refuse_inside

    root: Path | None = None
    with suppress(EnvironmentProblem):  # no content is near
        root = find_repository(settings.root).root
    if root is not None:
        refuse_inside(settings.tokens, root)
    return settings.tokens
