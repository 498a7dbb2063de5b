"""`migov serve`."""

from __future__ import annotations

import contextlib
import logging
import sys
from typing import TYPE_CHECKING, Any

import click

from migov.cli.options import settings_from, settings_options
from migov.cli.terminal import progress
from migov.repository import Repository, find_repository

if TYPE_CHECKING:
    import asyncio

    from migov.engine import Published
    from migov.settings import Settings

log = logging.getLogger(__name__)


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
      migov serve --engine http://127.0.0.1:7878/query
    """
    remarks: list[str] = []
    settings = settings_from(warn=remarks.append, **given)
    from migov.operating.log import written
    from migov.operating.stopping import leave_if_threads_remain, stopped_by_signals

    with written(settings.log, settings.log_level):
        for remark in remarks:
            log.warning("%s", remark)
        with contextlib.suppress(KeyboardInterrupt), stopped_by_signals():
            if scratch:
                from migov.cli.scratch import serve_scratch

                if settings.engine:
                    raise click.UsageError("A scratch dataset has no store: leave --engine out.")

                serve_scratch(settings)
            else:
                _serve(settings)
        leave_if_threads_remain()


def _serve(settings: Settings) -> None:
    """Serve the files until a signal ends it."""
    repository = find_repository(settings.root)
    from migov.front import new_loop, serve
    from migov.merge import recover_before_reading
    from migov.operating.operation import log_settings

    if not sys.stderr.isatty():  # a log is to tell it; who sits before a terminal has just said it
        log_settings(settings)
    recover_before_reading(repository)
    loop = new_loop()
    published = _published(repository, settings, loop)
    snapshot = published.edition.snapshot

    def announce(address: str) -> None:
        click.echo(f"migov answers at {address}")
        click.echo(f"{snapshot.triples:,} triples of snapshot {snapshot.name}. Ctrl-C ends it.")
        if published.remark is not None:
            click.echo(f"{published.remark.message} {published.remark.hint}", err=True)

    try:
        serve(published, settings, loop, announce)
    finally:
        published.close()
        loop.close()


def _published(
    repository: Repository, settings: Settings, loop: asyncio.AbstractEventLoop
) -> Published:
    """Return what is served: the files, or what a store elsewhere holds."""
    if settings.engine:
        from migov.engine.remote import PublishedElsewhere

        with progress(f"Asking the store at {settings.engine}"):
            return PublishedElsewhere(repository, settings)
    from migov.engine import Published
    from migov.front import opener

    with progress(f"Building the graph from {repository.root}"):
        return Published(repository, settings, opener(loop))
