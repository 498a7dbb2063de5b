"""`migov serve`."""

from __future__ import annotations

import contextlib
import logging
from collections.abc import Iterator
from typing import Any

import click

from migov.cli.options import settings_from, settings_options
from migov.cli.terminal import progress
from migov.repository import find_repository


@click.command(name="serve")
@settings_options()
@click.option(
    "--scratch",
    is_flag=True,
    help="An empty dataset on the loopback that takes any write; needs no checkout, keeps nothing.",
)
def command(scratch: bool, **given: Any) -> None:
    """Answer SPARQL and show the graph on this machine.

    The endpoint is at /sparql, the questions at /queries, each entity at its own path. Commits
    that arrive in the checkout are published without a restart. Ctrl-C ends it.

    \b
    Examples:
      migov serve
      migov serve --port 8080
      migov serve --host 0.0.0.0 --deadline 5
      migov serve --scratch
    """
    settings = settings_from(**given)
    if scratch:
        from migov.cli.scratch import serve_scratch

        with contextlib.suppress(KeyboardInterrupt), _log_shown():
            serve_scratch(settings)
        return
    repository = find_repository(settings.root)
    from migov.engine import Published
    from migov.merge import recover_before_reading
    from migov.web.server import serve

    recover_before_reading(repository)
    with progress(f"Building the graph from {repository.root}"):
        published = Published(repository, settings)
    snapshot = published.edition.snapshot

    def announce(address: str) -> None:
        click.echo(f"migov answers at {address}")
        click.echo(f"{snapshot.triples:,} triples of snapshot {snapshot.name}. Ctrl-C ends it.")

    try:
        with contextlib.suppress(KeyboardInterrupt), _log_shown():
            serve(published, settings, announce)
    finally:
        published.close()


@contextlib.contextmanager
def _log_shown() -> Iterator[None]:
    """Write what the server notices, such as a newly published snapshot, to standard error."""
    log, handler = logging.getLogger("migov"), logging.StreamHandler()
    before = log.level
    log.addHandler(handler)
    log.setLevel(logging.INFO)
    try:
        yield
    finally:
        log.setLevel(before)
        log.removeHandler(handler)
