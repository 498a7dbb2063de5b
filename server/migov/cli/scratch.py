"""`migov serve --scratch`: an empty dataset on the loopback that takes any write."""

from __future__ import annotations

import click

from migov.engine.operations import Limits
from migov.engine.scratch import ScratchEngine
from migov.errors import EnvironmentProblem
from migov.front import address, bind, serve_alone
from migov.settings import Settings
from migov.web.scratch import create_scratch_app, is_loopback


def serve_scratch(settings: Settings) -> None:
    """Serve until SIGTERM or SIGINT; raises EnvironmentProblem for an address of the network."""
    if not is_loopback(settings.host):
        raise EnvironmentProblem(
            f"A scratch dataset takes writes from anybody, so it is not served on {settings.host}.",
            hint="Leave --host out, or name an address of the loopback, such as 127.0.0.1.",
        )
    listener = bind(settings.host, settings.port)
    engine = ScratchEngine(Limits.from_settings(settings), settings.workers)
    try:
        app = create_scratch_app(engine, settings)
        _announce(address(listener))
        serve_alone(app, listener, settings)
    finally:
        engine.close()
        listener.close()


def _announce(where: str) -> None:
    click.secho("SCRATCH DATASET: empty, not checked, not kept.", fg="yellow", bold=True)
    click.echo("Anybody on this machine may change it, and it is gone when this command ends.")
    click.echo(f"migov answers at {where}")
    click.echo(f"  query and update   {where}sparql")
    click.echo(f"  graph store        {where}graphs")
    click.echo("Ctrl-C ends it.")
