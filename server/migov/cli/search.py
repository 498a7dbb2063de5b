"""`migov search`."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import click

from migov.cli.opening import opened
from migov.cli.options import settings_from, settings_options
from migov.cli.terminal import console, progress

if TYPE_CHECKING:
    from migov.engine import Answer
    from migov.fulltext import SearchPage


@click.command(name="search")
@click.argument("text", nargs=-1, required=True)
@click.option("--language", metavar="TAG", help="Look in texts of this language, or of none, only.")
@click.option("--type", "type_", metavar="CLASS", help="Such as Initiative, or a concept scheme.")
@click.option("--limit", type=click.IntRange(1, 1000), default=20, help="20 if unsaid.")
@click.option(
    "-f",
    "--format",
    "format_",
    type=click.Choice(["table", "json"]),
    default="table",
    help="table if unsaid.",
)
@click.option(
    "--lang",
    type=click.Choice(["en", "fr"]),
    default="en",
    help="Language of labels; en if unsaid.",
)
@settings_options("root", "cache", "deadline")
def command(
    text: tuple[str, ...],
    language: str | None,
    type_: str | None,
    limit: int,
    format_: str,
    lang: str,
    **given: Any,
) -> None:
    """Find things by the words in their names and summaries.

    Every word has to occur, in any language; accents and capitals make no difference, and a word
    of three letters or more also stands for longer ones that begin with it.

    \b
    Examples:
      migov search thamm
      migov search labour migration --type Initiative
      migov search main-d’œuvre --language fr --format json
    """
    from migov.cli.table import show_rows
    from migov.fulltext import Search
    from migov.protocol.search import types_of
    from migov.protocol.services import index_of

    settings = settings_from(**given)
    search = Search(" ".join(text), language, types_of(type_), limit, prefers=lang)
    with opened(settings) as (_, engine), progress("Looking"):
        index = index_of(lambda: engine.snapshot.folder, settings)
        try:
            found = index.search(search)
        finally:
            index.close()
        if format_ == "json":
            click.echo(json.dumps(_document(found), ensure_ascii=False, indent=2))
            return
        count = show_rows(_rows(found), "", engine, lang, console())
    more = ", and there are more" if found.more else ""
    click.echo(f"{count:,} {'thing' if count == 1 else 'things'}{more}", err=True)


def _document(found: SearchPage) -> list[dict[str, Any]]:
    return [
        {
            "iri": hit.iri,
            "type": list(hit.types),
            "score": hit.score,
            "text": hit.text,
            "language": hit.language,
            "property": hit.predicate,
            "record": list(hit.graphs),
        }
        for hit in found.hits
    ]


def _rows(found: SearchPage) -> Answer:
    """Return the hits as solutions, as a table shows them."""
    from migov.engine import Answer

    bindings = [
        {
            "thing": {"type": "uri", "value": hit.iri},
            "found": {"type": "literal", "value": hit.shown},
            **({"record": {"type": "uri", "value": hit.graphs[0]}} if hit.graphs else {}),
        }
        for hit in found.hits
    ]
    document = {"head": {"vars": ["thing", "found", "record"]}, "results": {"bindings": bindings}}
    return Answer("solutions", "json", json.dumps(document).encode())
