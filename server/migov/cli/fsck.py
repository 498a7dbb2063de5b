"""`migov fsck`."""

from __future__ import annotations

import json
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from migov.cli.options import settings_from, settings_options
from migov.cli.terminal import progress
from migov.repository import find_repository

if TYPE_CHECKING:
    from migov.integrity import Damage, Examined


@click.command(name="fsck")
@click.option(
    "--repair", "is_repair", is_flag=True, help="Remove damaged things that can be made again."
)
@click.option("--json", "as_json", is_flag=True, help="As a JSON object.")
@settings_options("root", "cache", "tokens")
def command(is_repair: bool, as_json: bool, **given: Any) -> int:
    """Check that every byte is as it was written.

    The files of the content (do they parse, are they what the last commit has), every object of
    git, a merge that was killed, the snapshots and what else is derived (against their checksums,
    and made once more from the files), and the file of tokens. It says what is wrong, where, and
    what to do, and changes nothing: --repair removes damaged derived things, which are made again
    when they are needed, and never touches content, git or tokens.

    \b
    Examples:
      migov fsck
      migov fsck --repair
      migov fsck --json

    Exit codes: 0 as it should be, or is again · 1 damaged · 2 could not run.
    """
    settings = settings_from(**given)
    repository = find_repository(settings.root)
    from migov.integrity import examine, repair

    with progress("Looking at everything") as line:
        examined = examine(repository, settings, lambda name: line.say(f"Looking at {name}"))
    gone, left = repair(examined) if is_repair else ([], examined.damage)
    if as_json:
        click.echo(_json(examined, gone, left))
    else:
        _show(examined, gone, left, repository.root)
    return 1 if left else 0


def _show(examined: Examined, gone: list[Damage], left: list[Damage], root: Path) -> None:
    for part in examined.parts:
        click.echo(f"{part.name:8}  {part.looked_at}")
    for damage in left:
        click.echo()
        click.secho(f"Damaged: {_short(damage.place, root)}", fg="red", bold=True)
        click.echo(f"  {damage.what}")
        if damage.remedy:
            click.echo(f"  → {damage.remedy}")
    if gone:
        click.echo()
        for place in dict.fromkeys(str(damage.derived) for damage in gone):
            click.echo(f"Removed: {_short(place, root)}")
    click.echo()
    if left:
        many = f"{len(left)} things are not as they should be."
        click.echo(many if len(left) > 1 else "1 thing is not as it should be.")
    else:
        click.echo("Everything is as it should be.")


def _short(place: str, root: Path) -> str:
    path = Path(place)
    return path.relative_to(root).as_posix() if path.is_relative_to(root) else place


def _json(examined: Examined, gone: list[Damage], left: list[Damage]) -> str:
    document = {
        "parts": [
            {"name": part.name, "lookedAt": part.looked_at, "damaged": len(part.damage)}
            for part in examined.parts
        ],
        "damage": [_values(damage) for damage in left],
        "removed": [_values(damage) for damage in gone],
    }
    return json.dumps(document, ensure_ascii=False, indent=2)


def _values(damage: Damage) -> dict[str, str | None]:
    values = asdict(damage)
    values["derived"] = None if damage.derived is None else str(damage.derived)
    return values
