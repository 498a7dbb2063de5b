"""`migov query`."""

from __future__ import annotations

import sys
import time
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

import click

from migov.cli.asked import Asked, Canned, arguments_of, resolve
from migov.cli.opening import opened
from migov.cli.options import settings_from, settings_options
from migov.cli.terminal import console, progress
from migov.errors import QuerySyntaxError, UnknownFormatError
from migov.vocabulary import CONCEPT, PREFIXES

if TYPE_CHECKING:
    from migov.engine import Answer, LocalEngine
    from migov.repository import Repository
    from migov.settings import Settings

TABLE: Final = "table"


@dataclass(frozen=True, slots=True)
class _Wanted:
    """How the answer is to be written."""

    format: str
    language: str
    inferred: bool
    show_text: bool
    explain: bool


@click.command(
    name="query",
    context_settings={"ignore_unknown_options": True, "allow_extra_args": True},
)
@click.argument("words", nargs=-1, type=click.UNPROCESSED, metavar="[QUERY] [--NAME VALUE…]")
@click.option(
    "-p",
    "--parameter",
    "pairs",
    multiple=True,
    metavar="NAME=VALUE",
    help="A parameter of a canned query; --NAME VALUE does the same.",
)
@click.option(
    "-f",
    "--format",
    "format_",
    default=TABLE,
    metavar="FORMAT",
    help="table, csv, tsv, json or xml; for graphs ttl, nt, jsonld, rdf, trig or nq.",
)
@click.option("--inferred", is_flag=True, help="Let what follows from the statements answer too.")
@click.option(
    "--lang",
    type=click.Choice(["en", "fr"]),
    default="en",
    help="Language of labels; en if unsaid.",
)
@click.option("--describe", is_flag=True, help="Say what a canned query asks and takes, and stop.")
@click.option("--explain", is_flag=True, help="Say why the answer is empty, in place of it.")
@click.option("--sparql", is_flag=True, help="Show the SPARQL with its parameters, and stop.")
@settings_options("root", "cache", "deadline", "federation")
def command(
    words: tuple[str, ...],
    pairs: tuple[str, ...],
    format_: str,
    inferred: bool,
    lang: str,
    describe: bool,
    explain: bool,
    sparql: bool,
    **given: Any,
) -> None:
    """Ask a canned question, a file or a text.

    QUERY is the name of a canned query, a file that ends in .rq, SPARQL text, or - for standard
    input. Without it, the canned queries are listed. In a text, the prefixes mg:, initiative:,
    actor:, role: and the others of this project need no declaration.

    \b
    Examples:
      migov query
      migov query who-funds-and-implements --country mar
      migov query budgets --format csv
      migov query quotations --describe
      migov query 'SELECT ?a { ?a a mg:Organization }' --explain
      migov query 'SELECT ?a { ?p mg:role role:funder ; mg:actor ?a }'
    """
    settings = settings_from(**given)
    text, values = arguments_of(words, pairs)
    if text is None:
        from migov.cli.catalogue import show_catalogue

        show_catalogue(settings, lang)
        return
    asked = resolve(text, values, settings)
    if describe:
        from migov.cli.catalogue import describe_query

        describe_query(asked, lang)
        return
    _ask(asked, values, _Wanted(format_, lang, inferred, sparql, explain), settings)


def _ask(asked: Asked, values: Mapping[str, str], wanted: _Wanted, settings: Settings) -> None:
    from migov.engine import Query
    from migov.protocol.explain import explained
    from migov.protocol.limits import check_text
    from migov.protocol.services import Services

    solutions, graph = _formats(wanted.format)
    with opened(settings) as (repository, engine):
        prefixes = known_prefixes(repository)
        text = asked.text
        inferred = wanted.inferred
        if isinstance(asked, Canned):
            text = asked.bound(values, wanted.language, engine)
            inferred = inferred or asked.query.inferred == "needed"
        if wanted.show_text:
            click.echo(text.rstrip())
            return
        check_text(text, settings.text, services=True)
        query = Query(text, solutions, graph, inferred=inferred, prefixes=prefixes)
        started = time.monotonic()
        try:
            with progress("Asking"), Services.opened(settings, engine.snapshot) as services:
                if wanted.explain:
                    from migov.cli.explanation import show_explanation

                    show_explanation(engine, query, wanted.format, wanted.language, settings)
                    return
                query = services.before(
                    engine,
                    query,
                    engine.snapshot.graphs,
                    is_canned=isinstance(asked, Canned),
                )
                answer = engine.answer(query)
        except QuerySyntaxError as error:
            raise explained(error, text, prefixes) from error
        except UnknownFormatError as error:
            raise _unfit(wanted.format, graph=solutions is not None) from error
        seconds = time.monotonic() - started
        if answer.kind == "graph" or wanted.format != TABLE:
            _write(answer, prefixes)
            return
        _show(answer, text, engine, wanted, seconds)


def _formats(name: str) -> tuple[str | None, str | None]:
    """Return the engine's names of the formats for solutions and for a graph."""
    if name == TABLE:
        return "json", "ttl"
    from migov.protocol.formats import FORMATS, choose_for_query

    try:
        chosen = choose_for_query(None, name, page=False)
    except UnknownFormatError:
        names = ", ".join([TABLE, *(name for name in FORMATS if name != "html")])
        raise UnknownFormatError(
            f"There is no format “{name}”.", hint=f"There are {names}."
        ) from None
    return (
        chosen.solutions.name if chosen.solutions else None,
        chosen.graph.name if chosen.graph else None,
    )


def known_prefixes(repository: Repository) -> dict[str, str]:
    """Return the prefixes that a text may use undeclared: ours, and one for each scheme."""
    schemes = sorted(path.stem for path in (repository.ontology / "concepts").glob("*.ttl"))
    return {**PREFIXES, **{scheme: f"{CONCEPT}{scheme}/" for scheme in schemes}}


def _unfit(name: str, *, graph: bool) -> UnknownFormatError:
    """Return the error for a kind of result that the format asked for cannot hold."""
    from migov.protocol.formats import GRAPHS, SOLUTIONS

    kind = "a graph" if graph else "rows or a truth value"
    fitting = ", ".join(entry.name for entry in (GRAPHS if graph else SOLUTIONS))
    return UnknownFormatError(
        f"This query answers with {kind}, which cannot be written as “{name}”.",
        hint=f"What fits: {TABLE}, {fitting}.",
    )


def _write(answer: Answer, prefixes: Mapping[str, str]) -> None:
    from migov.protocol.prefixes import without_unused

    body = without_unused(answer.body, answer.format, prefixes)
    sys.stdout.flush()
    sys.stdout.buffer.write(body if body.endswith(b"\n") else body + b"\n")
    sys.stdout.buffer.flush()


def _show(answer: Answer, text: str, engine: LocalEngine, wanted: _Wanted, seconds: float) -> None:
    from migov.cli.table import show_rows

    count = show_rows(answer, text, engine, wanted.language, console())
    sys.stdout.flush()
    rows = "1 row" if count == 1 else f"{count:,} rows"
    click.echo(f"{rows} in {seconds:.2f} s", err=True)
