"""`migov link watch`: what a newer snapshot says against our links, told or followed."""

from __future__ import annotations

import json
import sys
from collections.abc import Sequence
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from migov.cli.options import settings_from, settings_options
from migov.lines import printable
from migov.vocabulary import compact

if TYPE_CHECKING:
    from migov.linking.watch import Change
    from migov.repository import Repository
    from migov.settings import Settings
    from migov.targets import Target

_FINDINGS = ("markdown", "sarif", "junit", "github")


@click.command(name="watch")
@click.argument("manifest", type=click.Path(dir_okay=False, path_type=Path))
@click.option("--format", "form", default="text", type=click.Choice(("text", "json", *_FINDINGS)))
@click.option("--follow", is_flag=True, help="Link with what took the place of what was replaced.")
@click.option("--reviewer", metavar="NAME", help="How you are named in the set; else as --author.")
@click.option("--author", metavar="NAME <MAIL>", help="Whose change it is; else git’s user.")
@click.option("--lang", default="en", type=click.Choice(("en", "fr")))
@settings_options("root", "cache")
def command(
    manifest: Path,
    form: str,
    follow: bool,
    reviewer: str | None,
    author: str | None,
    lang: str,
    **given: Any,
) -> int:
    """Say what became of our links in a newer snapshot of their target.

    MANIFEST is as for suggest. What vanished, was withdrawn or replaced, or now disagrees with us
    on its country, its kind, its parent or another identifier makes the exit code 1; a new name is
    told and does not. Parents are those that ours are linked with, and kinds what the manifest
    says under types. Besides text and JSON there are findings: markdown, sarif, junit, github.

    With --follow, links with what was replaced lead to its replacement from now on, in one change
    through the gate; the set records the replacement, and the old identifier cannot come back.

    \b
    Examples:
      migov link watch ror-next.yaml
      migov link watch ror-next.yaml --format json
      migov link watch ror-next.yaml --format sarif
      migov link watch ror-next.yaml --follow
    """
    from migov.cli.opening import opened
    from migov.linking.decided import mapping_sets
    from migov.linking.ours import ours
    from migov.linking.watch import BREAKS, watched
    from migov.targets import read_manifest, read_target

    settings = settings_from(**given)
    target = read_manifest(manifest)
    with opened(settings) as (repository, engine):
        known = ours(engine)
        sets = mapping_sets(repository)
    found = list(watched(sets, target, read_target(target, known.countries()), known))
    if follow:
        return _followed(repository, settings, found, target, author, reviewer, lang)
    looked = sum(
        link.object.startswith(target.namespace) and link.holds
        for each in sets
        for link in each.mappings
    )
    if form == "json":
        click.echo(json.dumps([_document(each) for each in found], ensure_ascii=False, indent=1))
    elif form == "text":
        for each in found:
            click.echo(f"{each.place}  {each.event}  {compact(each.link.subject)}")
            click.echo(f"    {printable(each.message)}")
        name = printable(target.name)
        click.echo(f"{looked} links to {name} looked at, {len(found)} changed.")
    else:
        sys.stdout.write(_findings(found, f"{target.name} {target.version}", form, lang))
    return int(any(each.event in BREAKS for each in found))


def _document(each: Change) -> dict[str, object]:
    return {
        "event": each.event,
        "message": each.message,
        "now": each.now,
        "subject": each.link.subject,
        "object": each.link.object,
        "file": each.place.source,
        "line": each.place.line,
        "column": each.place.column,
    }


def _findings(found: Sequence[Change], title: str, form: str, language: str) -> str:
    """Return what was found in one of the formats of a verdict."""
    from rdflib import URIRef

    from migov.gate.affected import Names, PlainIndex
    from migov.gate.report import Finding, Severity
    from migov.linking.watch import BREAKS
    from migov.verdict.model import Verdict
    from migov.verdict.policy import Policy
    from migov.verdict.render import render
    from migov.verdict.ruling import ruled

    findings = [
        Finding(
            f"migov:link-{each.event}",
            Severity.VIOLATION if each.event in BREAKS else Severity.WARNING,
            {"en": each.message},
            focus=URIRef(each.link.subject),
            value=URIRef(each.link.object),
            place=each.place,
        )
        for each in found
    ]
    nothing = Names(PlainIndex())
    rulings = ruled(
        findings,
        (),
        (),
        before=nothing,
        after=nothing,
        policy=Policy(blocks=frozenset({Severity.VIOLATION})),
        earlier=None,
        today=date.today(),
    )
    return render(Verdict(title=title, findings=rulings), form, language)


def _followed(
    repository: Repository,
    settings: Settings,
    found: Sequence[Change],
    target: Target,
    author: str | None,
    reviewer: str | None,
    language: str,
) -> int:
    from migov.change.git import base_files
    from migov.cli.link_review import committed_sets
    from migov.cli.merge import judged_merge, signature
    from migov.linking.watch import followed
    from migov.verdict.render import render

    signed = author or signature(repository)
    name = reviewer or signed.partition("<")[0].strip()
    before = base_files(repository, "HEAD")
    committed_sets(repository, before)
    change = followed(before, found, target, name, date.today().isoformat())
    if not change.touched:
        click.echo("Nothing was replaced.")
        return 0
    message = f"Follow replacements in {printable(target.name)} {printable(target.version)}"
    merged, verdict = judged_merge(repository, settings, change, signed, message)
    if verdict is not None:
        sys.stdout.write(render(verdict, "text", language))
    if merged.commit is not None:
        click.echo(f"Merged as {merged.commit}.")
    return 0 if merged.accepted else 1
