"""`migov publish`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import click

from migov.cli.options import settings_from, settings_options
from migov.cli.terminal import progress
from migov.errors import EnvironmentProblem
from migov.repository import find_repository
from migov.settings import Settings, checked_url
from migov.vocabulary import GRAPH

if TYPE_CHECKING:
    from migov.publishing import Publication

_DIFFERS: Final = 1
_DEADLINE: Final = 600.0
_MEGABYTE: Final = 1_000_000
_ANSWER: Final = 1_000
"""Megabytes that a graph may have which is read back."""


def _address(ctx: click.Context, param: click.Parameter, value: str | None) -> str | None:
    try:
        return value if value is None else checked_url(value)
    except ValueError as error:
        raise click.BadParameter(f"it does not fit: {error}.", ctx, param) from error


@click.command(name="publish")
@click.option(
    "--to",
    callback=_address,
    metavar="URL",
    help="Where the store takes queries; MIGOV_ENGINE unless said otherwise.",
)
@click.option(
    "--graph-store",
    callback=_address,
    metavar="URL",
    help="Where it takes graphs; known for Oxigraph and Virtuoso.",
)
@click.option(
    "--update",
    callback=_address,
    metavar="URL",
    help="Where it takes SPARQL Update; known for Oxigraph and Virtuoso.",
)
@click.option(
    "--chunk",
    type=click.IntRange(min=1),
    default=16,
    metavar="NUMBER",
    help="Megabytes that one request may have; 16 unless said otherwise.",
)
@click.option(
    "--compare",
    is_flag=True,
    help="Compare every statement, not digests and counts: finds whatever others have edited.",
)
@click.option("--dry-run", is_flag=True, help="Say what differs, and change nothing.")
@settings_options("root", "cache", "user", "memory")
def command(
    to: str | None,
    graph_store: str | None,
    update: str | None,
    chunk: int,
    compare: bool,
    dry_run: bool,
    **given: Any,
) -> int:
    """Bring a SPARQL store to the state of the files.

    Only the graphs that changed are sent, by the Graph Store Protocol. Run it again where it broke
    off. Whatever the store has lost, or others have added, is set right: where the number of
    statements shows it, and with --compare wherever it is. Graphs of others are left alone.

    The password of --user comes from MIGOV_PASSWORD, or both come from ~/.netrc.

    Exit codes: 0 the store holds the files, 1 it does not (only with --dry-run), 2 could not run.

    \b
    Examples:
      migov publish --to http://127.0.0.1:7878/query
      migov publish --to http://127.0.0.1:8890/sparql --user dba
      migov publish --to http://127.0.0.1:7878/query --compare --dry-run
      migov publish --to https://store.example/repositories/migov \\
        --update https://store.example/repositories/migov/statements \\
        --graph-store https://store.example/repositories/migov/rdf-graphs/service
    """
    settings = settings_from(**given)
    address = to or settings.engine
    if address is None:
        raise click.UsageError("Name the store with --to.")
    return _publish(address, graph_store, update, chunk, compare, dry_run, settings)


def _publish(
    address: str,
    graph_store: str | None,
    update: str | None,
    chunk: int,
    compare: bool,
    dry_run: bool,
    settings: Settings,
) -> int:
    from migov.engine import Limits
    from migov.engine.remote import RemoteStore
    from migov.publishing import Publication, Sender, endpoints_of, wanted_now

    repository = find_repository(settings.root)
    with progress(f"Building the graph from {repository.root}"):
        wanted = wanted_now(repository, settings.cache)
    limits = Limits(deadline=_DEADLINE, memory=settings.memory, answer=_ANSWER)
    remote = RemoteStore(address, settings.user, limits, 1)
    try:
        with progress(f"Asking {address}") as line:
            publication = Publication(remote, wanted, compare=compare, say=line.say)
            endpoints = endpoints_of(address, remote.server, update, graph_store)
        if publication.continues:
            click.echo("An earlier publication broke off, or goes on elsewhere.", err=True)
        if dry_run or publication.plan.is_empty:
            return _told(publication)
        sender = Sender(endpoints, remote.auth, chunk=chunk * _MEGABYTE)
        try:
            with progress("Publishing") as line:
                report = publication.run(sender, line.say)
        finally:
            sender.close()
    except EnvironmentProblem as error:
        if error.hint is None or address not in error.message:
            click.echo(f"The store is {address}", err=True)
        raise
    finally:
        remote.close()
    click.echo(
        f"Published snapshot {wanted.snapshot.name}: {_graphs(report.written)} written, "
        f"{report.removed:,} removed, {report.kept:,} unchanged."
    )
    click.echo(f"The store has {report.triples:,} triples and {report.inferred:,} inferred.")
    if (report.triples, report.inferred) != (wanted.snapshot.triples, wanted.snapshot.inferred):
        click.echo(
            f"The files have {wanted.snapshot.triples:,} and {wanted.snapshot.inferred:,}: this "
            "store takes some terms for others.",
            err=True,
        )
    return 0


def _told(publication: Publication) -> int:
    """Say what a store would get, and return the exit code."""
    plan = publication.plan
    if plan.is_empty:
        click.echo(f"The store holds snapshot {publication.digest[:12]}: nothing to do.")
        return 0
    for what, graphs in (("write", plan.write), ("remove", plan.remove)):
        for graph in graphs:
            click.echo(f"{what:7} {graph.removeprefix(GRAPH)}")
    if plan.whole_union:
        click.echo("renew   asserted")
    click.echo(
        f"{_graphs(len(plan.write))} to write, {len(plan.remove):,} to remove, "
        f"{len(plan.keep):,} unchanged."
    )
    return _DIFFERS


def _graphs(number: int) -> str:
    return "1 graph" if number == 1 else f"{number:,} graphs"
