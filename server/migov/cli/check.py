"""`migov check`."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING

import click

from migov.cli.options import settings_from, settings_options
from migov.cli.proposed import Proposed, proposed, proposed_options, read_proposed
from migov.cli.terminal import progress
from migov.errors import EnvironmentProblem
from migov.repository import Repository, find_repository
from migov.settings import Settings

if TYPE_CHECKING:
    from migov.verdict.model import Verdict

_FORMATS = ("text", "markdown", "json", "sarif", "junit", "github", "turtle")


@click.command(name="check")
@click.argument("files", nargs=-1, metavar="[FILES…]")
@proposed_options()
@click.option(
    "-f",
    "--format",
    "format_",
    type=click.Choice(_FORMATS),
    default="text",
    help="How the verdict is written; github are annotations, turtle is the W3C report.",
)
@click.option(
    "-o",
    "--output",
    "outputs",
    multiple=True,
    metavar="FORMAT=FILE",
    help="Write the verdict to a file as well; may be given several times.",
)
@click.option("--lang", type=click.Choice(["en", "fr"]), default="en", help="Language of messages.")
@settings_options("root", "cache", "targets")
def command(
    files: tuple[str, ...],
    base: str | None,
    patch: str | None,
    kind: str | None,
    graph: str | None,
    path: str | None,
    replace: bool,
    format_: str,
    outputs: tuple[str, ...],
    lang: str,
    root: Path | None,
    cache: Path | None,
    targets: Path | None,
) -> int:
    """Say what a change means before it is merged.

    Without arguments, the change is what the files on disk are beyond the last commit shared with
    main. With FILES, it is those files alone. A proposed text is a git patch, TriG, N-Quads, RDF
    Patch, SPARQL Update, or Turtle with the graph or file that it is meant for; nothing is written.

    The verdict tells the change in words, the findings that it introduces, leaves and fixes, each
    on its line, what newly follows, which canned queries answer otherwise, and what was not
    checked. Only what the change introduces can block it; shapes/policy.yaml says what does.

    \b
    Examples:
      migov check
      migov check data/records/gfmd/thamm.ttl
      migov check --base HEAD~3 --format markdown
      git diff | migov check --patch -
      migov check new.ttl --file data/actors/ilo.ttl
      migov check proposal.trig --lang fr
      migov check -o sarif=check.sarif -o junit=check.xml

    Exit codes: 0 conforms · 1 does not · 2 could not run.
    """
    asked = proposed(files, base, patch, kind, graph, path, replace)
    also = [_output(text) for text in outputs]
    settings = settings_from(root=root, cache=cache, targets=targets)
    repository = find_repository(settings.root)
    with progress("Checking the change"):
        verdict = _verdict(asked, repository, settings)
    from migov.verdict.render import render

    for format_also, target in also:
        _write(target, render(verdict, format_also, lang))
    sys.stdout.write(render(verdict, format_, lang))
    return 0 if verdict.conforms else 1


def _verdict(asked: Proposed, repository: Repository, settings: Settings) -> Verdict:
    from migov.verdict.earlier import earlier_policy
    from migov.verdict.judge import verdict
    from migov.verdict.model import Verdict

    change = read_proposed(asked, repository, settings)
    if isinstance(change, Verdict):
        return change
    return verdict(
        repository, change, settings=settings, earlier=earlier_policy(repository, asked.base)
    )


def _output(text: str) -> tuple[str, Path]:
    name, equals, path = text.partition("=")
    if name not in _FORMATS or not equals or not path:
        raise click.UsageError(f"-o {text} is not FORMAT=FILE with one of {', '.join(_FORMATS)}.")
    return name, Path(path)


def _write(path: Path, text: str) -> None:
    try:
        path.write_text(text, encoding="utf-8")
    except OSError as error:
        raise EnvironmentProblem(f"{path} cannot be written: {error.strerror}.") from error
