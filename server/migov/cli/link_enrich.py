"""`migov link enrich`: what other endpoints say, kept as a graph with its source and date."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from datetime import date
from typing import TYPE_CHECKING, Any

import click

from migov.cli.asked import Canned, resolve
from migov.cli.options import settings_from, settings_options
from migov.cli.terminal import progress
from migov.errors import ParameterError
from migov.vocabulary import GRAPH, NS, STANDARD_PREFIXES

if TYPE_CHECKING:
    from pyoxigraph import Triple

    from migov.catalogue import CannedQuery


@click.command(name="enrich", short_help="Keep what other endpoints answer to a canned query.")
@click.argument("query")
@click.option("-p", "--param", "pairs", multiple=True, metavar="NAME=VALUE", help="A parameter.")
@click.option(
    "--licence",
    required=True,
    metavar="IRI",
    help="Of the source; it has to allow CC BY.",
)
@click.option("--author", metavar="NAME <MAIL>", help="Whose change it is; else git’s user.")
@click.option("-m", "--message", metavar="TEXT", help="The message of the commit.")
@click.option("--lang", default="en", type=click.Choice(("en", "fr")))
@settings_options("root", "cache", "deadline", "federation")
def command(
    query: str,
    pairs: tuple[str, ...],
    licence: str,
    author: str | None,
    message: str | None,
    lang: str,
    **given: Any,
) -> int:
    """Keep what other endpoints answer to a canned query, so that it answers without them.

    QUERY is the name of a canned query with SERVICE. Its SERVICE groups are asked now, at endpoints
    that the setting federation lists, and the triples that they match become the graph
    data/enrichment/QUERY.ttl, with the endpoint as source and the day: one change through the
    gate. The next run takes the place of the last.

    \b
    Example:
      migov link enrich populations-elsewhere --licence https://creativecommons.org/publicdomain/zero/1.0/

    Exit codes: 0 merged, or nothing new · 1 does not conform · 2 could not run.
    """
    from migov.change.git import base_files
    from migov.change.model import Change
    from migov.change.write.writer import new_file
    from migov.cli.asked import arguments_of
    from migov.cli.merge import judged_merge, signature
    from migov.cli.opening import opened
    from migov.engine import Query
    from migov.protocol.services import Services
    from migov.verdict.render import render

    settings = settings_from(**given)
    _, values = arguments_of([], pairs) if not pairs else arguments_of([query], pairs)
    asked = resolve(query, values, settings)
    if not isinstance(asked, Canned):
        raise ParameterError(f"{query} is no canned query.", hint="“migov query” lists them.")
    with (
        opened(settings) as (repository, engine),
        progress("Asking"),
        Services.opened(settings, engine.snapshot) as services,
    ):
        text = asked.bound(values, lang, engine)
        said = services.triples(engine, Query(text), engine.snapshot.graphs)
    if not said:
        raise ParameterError(f"{query} asks no other endpoint.", hint="Name one with SERVICE.")
    facts = sorted({triple for triples in said.values() for triple in triples}, key=str)
    if not facts:
        click.echo("The endpoints say nothing of what is asked; nothing was written.")
        return 0
    path = f"data/enrichment/{asked.query.slug}.ttl"
    signed = author or signature(repository)
    about = _about(path, asked.query, sorted(said), licence)
    before = base_files(repository, "HEAD")
    change = Change(before, {**before, path: new_file(path, [*about, *facts])}, "enrichment")
    with progress("Checking and merging"):
        merged, verdict = judged_merge(
            repository, settings, change, signed, message or f"Keep what {query} is answered"
        )
    if verdict is not None:
        sys.stdout.write(render(verdict, "text", lang))
    if not merged.accepted:
        return 1
    if merged.commit is None:
        click.echo(f"{path} has these {len(facts):,} triples of today already.")
    else:
        click.echo(f"Merged as {merged.commit}: {len(facts):,} triples in {path}.")
    return 0


def _about(path: str, query: CannedQuery, sources: list[str], licence: str) -> Iterator[Triple]:
    """Yield what the graph says of itself: what it is, from where, since when, and for whom."""
    from pyoxigraph import Literal, NamedNode, Triple

    from migov.dumps.description import LICENCE

    graph = NamedNode(GRAPH + path)
    dcterms, xsd = STANDARD_PREFIXES["dcterms"], STANDARD_PREFIXES["xsd"]
    try:
        of = NamedNode(licence)
    except ValueError as error:
        raise ParameterError(f"“{licence}” is no IRI of a licence.") from error
    day = Literal(date.today().isoformat(), datatype=NamedNode(xsd + "date"))
    yield Triple(
        graph, NamedNode(STANDARD_PREFIXES["rdf"] + "type"), NamedNode(NS + "CuratedGraph")
    )
    for language, kept in (("en", "Kept answers"), ("fr", "Réponses conservées")):
        colon = ": " if language == "en" else "\N{NO-BREAK SPACE}: "
        title = Literal(f"{kept}{colon}{query.title[language]}", language=language)
        yield Triple(graph, NamedNode(dcterms + "title"), title)
    for source in sources:
        yield Triple(graph, NamedNode(dcterms + "source"), NamedNode(source))
    yield Triple(graph, NamedNode(dcterms + "created"), day)
    yield Triple(graph, NamedNode(dcterms + "rights"), of)
    yield Triple(graph, NamedNode(dcterms + "license"), NamedNode(LICENCE))
