"""`migov link`: what elsewhere is the same as something of ours."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterable
from itertools import groupby
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from migov.cli.link_enrich import command as enrich
from migov.cli.link_review import command as review
from migov.cli.link_shown import reasons_of
from migov.cli.link_watch import command as watch
from migov.cli.opening import opened
from migov.cli.options import settings_from, settings_options
from migov.lines import printable
from migov.vocabulary import ID, KINDS, compact

if TYPE_CHECKING:
    from migov.linking.suggest import Suggestion

_LINKED = ("actor", "place", "initiative", "instrument", "event")


@click.group(name="link")
def command() -> None:
    """Find what elsewhere is the same as something of ours.

    \b
    Examples:
      migov link suggest ror.yaml --kind actor
      migov link suggest publishers.yaml --format tsv
      migov link review ror.yaml --kind actor
      migov link watch ror-next.yaml
    """


command.add_command(enrich)
command.add_command(review)
command.add_command(watch)


@command.command(name="suggest", short_help="Name candidates in a pinned snapshot.")
@click.argument("manifest", type=click.Path(dir_okay=False, path_type=Path))
@click.option(
    "--kind",
    "kinds",
    multiple=True,
    type=click.Choice(KINDS),
    help="Only things of this kind; may be repeated. Without it: " + ", ".join(_LINKED) + ".",
)
@click.option("--most", default=3, show_default=True, type=click.IntRange(1, 50))
@click.option("--least", default=50.0, show_default=True, type=click.FloatRange(0, 100))
@click.option("--format", "form", default="text", type=click.Choice(("text", "json", "tsv")))
@click.option("--lang", default="en", type=click.Choice(("en", "fr", "es", "ar")))
@settings_options("root", "cache")
def suggest(
    manifest: Path,
    kinds: tuple[str, ...],
    most: int,
    least: float,
    form: str,
    lang: str,
    **given: Any,
) -> None:
    """Name candidates in a pinned snapshot of another dataset, each with its reasons.

    MANIFEST is a small YAML file beside the snapshot: name, version, licence, file, sha256, format
    (ror, iati, wikidata, skos or csv), scheme, namespace; types may say which of our classes its
    words for kinds mean. Nothing is written: a candidate becomes
    a link when somebody accepts it. Pairs that a mapping set holds are not named again.

    \b
    Examples:
      migov link suggest ror.yaml --kind actor
      migov link suggest publishers.yaml --format tsv
    """
    from migov.linking.decided import decided_pairs, mapping_sets
    from migov.linking.ours import ours
    from migov.linking.suggest import TargetIndex
    from migov.targets import read_manifest, read_target

    target = read_manifest(manifest)
    with opened(settings_from(**given)) as (repository, engine):
        known = ours(engine)
        decided = decided_pairs(mapping_sets(repository))
    index = TargetIndex(read_target(target, known.countries()))
    folders = tuple(f"{ID}{kind}/" for kind in kinds or _LINKED)
    asked = [each for each in known.index.portraits if each.iri.startswith(folders)]
    found = [
        each for each in index.suggestions(asked, decided, most) if each.candidate.score >= least
    ]
    match form:
        case "json":
            from migov.linking.listed import document

            click.echo(json.dumps(document(found, target), ensure_ascii=False, indent=1))
        case "tsv":
            _as_tsv(found)
        case _:
            _as_text(found, lang)
            click.echo(
                f"{len({each.ours.iri for each in found})} of {len(asked)} have candidates in "
                f"{target.name} {target.version}, {len(index.entries):,} entries."
            )


def _as_text(found: Iterable[Suggestion], language: str) -> None:
    for iri, each in groupby(found, key=lambda suggestion: suggestion.ours.iri):
        suggestions = list(each)
        click.echo(f"{compact(iri)}  {suggestions[0].ours.name_in((language, 'en')).text}")
        for suggestion in suggestions:
            candidate = suggestion.candidate
            mark = "  certain" if candidate.is_certain else ""
            if candidate.rivals:
                mark += f"  close to {', '.join(map(printable, candidate.rivals[:3]))}"
            portrait = candidate.portrait
            name = portrait.name_in((language, None, "en")).text
            click.echo(
                f"  {suggestion.rank}. {candidate.score:5.1f}  {printable(portrait.iri)}  "
                f"{printable(name)}{mark}"
            )
            click.echo(f"            {', '.join(reasons_of(candidate))}")
        click.echo()


def _as_tsv(found: Iterable[Suggestion]) -> None:
    import csv

    table = csv.writer(sys.stdout, delimiter="\t", lineterminator="\n")
    table.writerow(("subject", "name", "rank", "score", "certain", "object", "object_name", "why"))
    for each in found:
        candidate = each.candidate
        table.writerow(
            (
                compact(each.ours.iri),
                each.ours.names[0].text,
                each.rank,
                candidate.score,
                "yes" if candidate.is_certain else "no",
                candidate.portrait.iri,
                candidate.portrait.names[0].text,
                "; ".join(f"{feature.name} {feature.points:+g}" for feature in candidate.features),
            )
        )
