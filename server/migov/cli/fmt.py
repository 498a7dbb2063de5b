"""`migov fmt`."""

from __future__ import annotations

import difflib
import os
import sys
import tempfile
from pathlib import Path

import click

from migov.cli.failure import COULD_NOT_RUN, show_error
from migov.cli.options import settings_from, settings_options
from migov.errors import EnvironmentProblem, MigovError
from migov.repository import Repository, find_repository


@click.command(name="fmt")
@click.argument("files", nargs=-1, type=click.Path(path_type=Path), metavar="[FILES…]")
@click.option("--check", is_flag=True, help="Change nothing; leave with 1 if a file would change.")
@click.option("--diff", is_flag=True, help="Show what would change, and change nothing.")
@settings_options("root")
def command(files: tuple[Path, ...], check: bool, diff: bool, root: Path | None) -> int:
    """Bring Turtle files into the house layout.

    Without FILES, all Turtle files of ontology/, data/ and shapes/. A folder means the files
    in it, and - reads standard input and writes standard output. A file is written only when it
    still says the same, comments included; a statement with a comment inside stays as it is.

    \b
    Examples:
      migov fmt
      migov fmt --check data/actors
      migov fmt - < draft.ttl
    """
    from migov.dataset.turtle import format_turtle

    if [str(path) for path in files] == ["-"]:
        sys.stdout.buffer.write(format_turtle("standard input", sys.stdin.buffer.read()))
        return 0
    changed, failed = [], 0
    paths = _paths(files, root)
    for path in paths:
        try:
            before = _read(path)
            after = format_turtle(str(path), before)
            if after == before:
                continue
            changed.append(path)
            if diff:
                _show_diff(path, before, after)
            elif not check:
                _write(path, after)
        except MigovError as error:
            show_error(error)
            failed += 1
            continue
        if not diff:
            click.echo(f"{'would change' if check else 'formatted'}  {path}")
    unchanged = len(paths) - len(changed) - failed
    verb = "would change" if check or diff else "formatted"
    click.echo(f"{len(changed)} {verb}, {unchanged} already in the house layout.", err=True)
    if failed:
        return COULD_NOT_RUN
    return 1 if changed and (check or diff) else 0


def _paths(given: tuple[Path, ...], root: Path | None) -> list[Path]:
    if not given:
        repository = find_repository(settings_from(root=root).root)
        return _shown([path for folder in _folders(repository) for path in _turtle(folder)])
    paths: list[Path] = []
    for path in given:
        if path.is_dir():
            paths += _turtle(path)
        elif path.exists():
            paths.append(path)
        else:
            raise EnvironmentProblem(f"There is no file {path}.", hint="Is the name right?")
    return list(dict.fromkeys(paths))


def _folders(repository: Repository) -> list[Path]:
    return [repository.ontology, repository.data, repository.shapes]


def _turtle(folder: Path) -> list[Path]:
    return sorted(folder.rglob("*.ttl"))


def _shown(paths: list[Path]) -> list[Path]:
    """Return paths as one would type them here."""
    here = Path.cwd()
    return [path.relative_to(here) if path.is_relative_to(here) else path for path in paths]


def _read(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError as error:
        raise EnvironmentProblem(f"{path} cannot be read: {error.strerror}.") from error


def _write(path: Path, content: bytes) -> None:
    """Put the new content in the place of the old in one step, with the same permissions."""
    try:
        handle, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
        try:
            with os.fdopen(handle, "wb") as file:
                file.write(content)
                file.flush()
                os.fsync(file.fileno())
            Path(name).chmod(path.stat().st_mode & 0o7777)
            Path(name).replace(path)
        except BaseException:
            Path(name).unlink(missing_ok=True)
            raise
    except OSError as error:
        raise EnvironmentProblem(
            f"{path} cannot be written: {error.strerror}.", hint="Nothing of it was changed."
        ) from error


def _show_diff(path: Path, before: bytes, after: bytes) -> None:
    lines = difflib.unified_diff(
        before.decode("utf-8").splitlines(keepends=True),
        after.decode("utf-8").splitlines(keepends=True),
        f"a/{path}",
        f"b/{path}",
    )
    click.echo("".join(lines), nl=False)
