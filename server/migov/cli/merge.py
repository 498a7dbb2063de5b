"""`migov merge`."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING

import click

from migov.cli.options import settings_from, settings_options
from migov.cli.proposed import proposed, proposed_options, read_proposed
from migov.cli.terminal import progress
from migov.errors import EnvironmentProblem
from migov.repository import Repository, find_repository
from migov.settings import Settings

if TYPE_CHECKING:
    from migov.change.model import Change
    from migov.merge import Merged
    from migov.verdict.model import Verdict

_HEAD = "HEAD"


@click.command(name="merge")
@click.argument("files", nargs=-1, metavar="[FILES…]")
@proposed_options(base=False)
@click.option("-m", "--message", required=True, metavar="TEXT", help="What changes and why.")
@click.option("--author", metavar="NAME <MAIL>", help="Whose change it is; else git’s user.")
@click.option("--lang", type=click.Choice(["en", "fr"]), default="en", help="Language of messages.")
@settings_options("root", "cache", "targets")
def command(
    files: tuple[str, ...],
    patch: str | None,
    kind: str | None,
    graph: str | None,
    path: str | None,
    replace: bool,
    message: str,
    author: str | None,
    lang: str,
    root: Path | None,
    cache: Path | None,
    targets: Path | None,
) -> int:
    """Check a change, and commit it if it conforms.

    The change is named as for “migov check”, and compared with the last commit. If it conforms, it
    is written to the files of its graphs (only the statements that it touches are laid out anew)
    and committed. If it does not, nothing is touched. Of two merges at the same time one goes
    first, and the other is checked again on the new files.

    \b
    Examples:
      migov merge -m "Add the budget of THAMM"
      migov merge proposal.trig -m "Name the partners" --author "A Steward <a@example.org>"
      migov merge new.ttl --file data/actors/ilo.ttl -m "Add a name of the ILO"

    Exit codes: 0 merged, or nothing to do · 1 does not conform · 2 could not run.
    """
    asked = proposed(files, _HEAD, patch, kind, graph, path, replace)
    settings = settings_from(root=root, cache=cache, targets=targets)
    repository = find_repository(settings.root)
    from migov.change.model import Change
    from migov.merge import recover
    from migov.verdict.render import render

    recover(repository)
    change = read_proposed(asked, repository, settings)
    if not isinstance(change, Change):
        sys.stdout.write(render(change, "text", lang))
        return 1
    with progress("Checking and merging the change"):
        signed = author or signature(repository)
        merged, verdict = judged_merge(repository, settings, change, signed, message)
    if verdict is not None:
        sys.stdout.write(render(verdict, "text", lang))
    if not merged.accepted:
        return 1
    if merged.commit is None:
        click.echo("There is nothing to merge." if lang == "en" else "Il n’y a rien à fusionner.")
    else:
        done = "Merged as" if lang == "en" else "Fusionné :"
        click.echo(f"{done} {merged.commit}")
    return 0


def judged_merge(
    repository: Repository, settings: Settings, change: Change, author: str, message: str
) -> tuple[Merged, Verdict | None]:
    """Return the outcome, and the verdict on what was merged or refused.

    Raises what `migov.merge.merge` and `migov.verdict.judge.verdict` raise.
    """
    from migov.merge import merge
    from migov.verdict.earlier import earlier_policy
    from migov.verdict.judge import verdict

    found: list[Verdict] = []

    def conforms(rebased: Change) -> bool:
        earlier = earlier_policy(repository, _HEAD)
        found.append(verdict(repository, rebased, settings=settings, earlier=earlier))
        return found[-1].conforms

    return merge(repository, change, author, message, conforms), found[-1] if found else None


def signature(repository: Repository) -> str:
    """Return the user of git as it signs; raises EnvironmentProblem where it knows none."""
    from migov.change.git import open_git

    with open_git(repository) as git:
        config = git.get_config_stack()
        try:
            name, mail = config.get((b"user",), b"name"), config.get((b"user",), b"email")
        except KeyError:
            raise EnvironmentProblem(
                "git does not know who you are.",
                hint="Name the author with --author, or set user.name and user.email in git.",
            ) from None
    return f"{name.decode()} <{mail.decode()}>"
