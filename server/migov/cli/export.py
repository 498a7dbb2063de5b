"""`migov export`."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import click

from migov.cli.opening import snapshot_of
from migov.cli.options import settings_from, settings_options
from migov.cli.terminal import progress
from migov.errors import RequestError
from migov.repository import find_repository


@click.command(name="export")
@click.option(
    "-o",
    "--output",
    type=click.Path(path_type=Path, file_okay=False),
    default=Path("migov-dumps"),
    metavar="FOLDER",
    help="Folder to write to; migov-dumps unless said otherwise.",
)
@click.option("--only", metavar="FILE", help="Write this one file to standard output.")
@click.option("--list", "listing", is_flag=True, help="Say which files there are, and stop.")
@settings_options("root", "cache")
def command(output: Path, only: str | None, listing: bool, **given: Any) -> None:
    """Write dumps of the whole dataset.

    N-Quads, TriG, Turtle, JSON-LD and CSV tables, with SHA256SUMS and a description in VoID and
    DCAT. The same snapshot always gives the same bytes.

    \b
    Examples:
      migov export -o dumps
      migov export --list
      migov export --only migov.nq.gz > migov.nq.gz
    """
    from migov.dumps import dump_files, write_dump, write_dumps

    if listing:
        for file in dump_files():
            click.echo(f"{file.name:24}{file.holds['en']}")
        return
    if only is not None and only.endswith(".gz") and sys.stdout.isatty():
        raise RequestError(
            f"{only} is compressed, and a terminal cannot show it.",
            hint=f"Write it to a file: migov export --only {only} > {only}",
        )
    settings = settings_from(**given)
    snapshot = snapshot_of(find_repository(settings.root), settings)
    if only is not None:
        with progress(f"Writing {only}"):
            write_dump(only, snapshot, sys.stdout.buffer)
        return
    with progress("Writing") as line:
        written = write_dumps(snapshot, output, lambda name: line.say(f"Writing {output / name}"))
    for dump in written:
        click.echo(f"{_size(dump.size or 0):>9}  {output / dump.name}")
    click.echo(f"Snapshot {snapshot.name}; check with: cd {output} && sha256sum -c SHA256SUMS")


def _size(count: int) -> str:
    return f"{count / 1_000_000:.1f} MB" if count >= 1_000_000 else f"{count / 1000:.0f} kB"
