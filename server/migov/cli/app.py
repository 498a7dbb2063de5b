"""The group of commands, and the one place where an error becomes text and an exit code."""

from __future__ import annotations

import difflib
import importlib
import os
import sys
from collections.abc import Sequence
from typing import Final, NoReturn

import click

from migov import __version__
from migov.cli.failure import (
    COULD_NOT_RUN,
    of_the_machine,
    show_error,
    show_fault,
    show_usage,
)
from migov.errors import MigovError

COMMANDS: Final = {
    "serve": "Answer SPARQL and show the graph on this machine.",
    "query": "Ask a canned question, a file or a text.",
    "search": "Find things by the words in their names and summaries.",
    "check": "Say what a change means before it is merged.",
    "merge": "Check a change, and commit it if it conforms.",
    "validate": "Check the graph, or any RDF against any SHACL shapes.",
    "info": "Say what the graph holds and where it is.",
    "fmt": "Bring Turtle files into the house layout.",
    "new": "Begin a record, an actor or another file.",
    "link": "Find what elsewhere is the same as something of ours.",
    "publish": "Bring a SPARQL store to the state of the files.",
    "export": "Write dumps of the whole dataset.",
    "fsck": "Check that every byte is as it was written.",
    "token": "Make, list and revoke tokens to write over HTTP with.",
}
_READING: Final = ("check", "merge", "validate", "fmt", "link")
"""Commands that parse files from outside, which may crash whoever parses them."""
_INTERRUPTED: Final = 130
_PIPE_CLOSED: Final = 141


class LazyGroup(click.Group):
    """Imports a command when it is asked for, and not for the list of all of them."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        if cmd_name not in COMMANDS:
            return None
        module = importlib.import_module(f"migov.cli.{cmd_name}")
        command: click.Command = module.command
        return command

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        name = args[0]
        if name not in COMMANDS and not name.startswith("-"):
            close = difflib.get_close_matches(name, COMMANDS, n=1)
            meant = f"Did you mean “migov {close[0]}”?" if close else "See “migov --help”."
            raise click.UsageError(f"There is no command “{name}”. {meant}", ctx)
        return super().resolve_command(ctx, args)

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        with formatter.section("Commands"):
            formatter.write_dl(list(COMMANDS.items()))


@click.group(
    cls=LazyGroup,
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100},
    epilog="Exit codes: 0 done, or conforms · 1 does not conform · 2 could not run.",
)
@click.version_option(__version__, "-V", "--version", message="migov %(version)s")
def cli() -> None:
    """A graph of migration governance: ask it, check it, extend it.

    \b
    Examples:
      migov query who-funds-and-implements --country mar
      migov check
      migov validate
      migov serve --port 8080
    """


def main(arguments: Sequence[str] | None = None) -> NoReturn:
    """Run one command and leave the process with its exit code."""
    words = sys.argv[1:] if arguments is None else list(arguments)
    if words[:1] and words[0] in _READING:
        from migov.cli.guard import guarded

        sys.exit(guarded(lambda: run(words)))
    sys.exit(run(words))


def run(arguments: Sequence[str] | None = None) -> int:
    """Run one command and return its exit code; no error leaves here as a traceback."""
    try:
        result = cli.main(
            args=None if arguments is None else list(arguments),
            prog_name="migov",
            standalone_mode=False,
        )
        sys.stdout.flush()
        return result if isinstance(result, int) else 0
    except click.exceptions.Exit as leave:
        return leave.exit_code
    except click.exceptions.NoArgsIsHelpError as help_:
        click.echo(help_.format_message())
        return 0
    except click.ClickException as error:
        show_usage(error)
        return COULD_NOT_RUN
    except MigovError as error:
        show_error(error)
        return COULD_NOT_RUN
    except (KeyboardInterrupt, click.Abort):
        click.echo("Interrupted.", err=True)
        return _INTERRUPTED
    except BrokenPipeError:
        # Whoever read our output has read enough; Python must not try to flush the rest.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return _PIPE_CLOSED
    except OSError as error:
        show_error(of_the_machine(error))
        return COULD_NOT_RUN
    except Exception:
        # Python would leave with 1, and 1 means that something does not conform.
        show_fault()
        return COULD_NOT_RUN
