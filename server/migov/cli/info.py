"""`migov info`."""

from __future__ import annotations

import json
from typing import Any

import click

from migov.cli.opening import snapshot_of
from migov.cli.options import settings_from, settings_options
from migov.dataset.files import files_in, shape_paths
from migov.repository import Repository, find_repository
from migov.snapshot import Snapshot
from migov.vocabulary import NS, STANDARD_PREFIXES

_KINDS = (
    ("SourceRecord", "records"),
    ("Initiative", "initiatives"),
    ("Participation", "participations"),
    ("Actor", "actors"),
    ("Place", "places"),
)


@click.command(name="info")
@settings_options("root", "cache")
@click.option("--json", "as_json", is_flag=True, help="Write JSON instead of text.")
def command(as_json: bool, **given: Any) -> None:
    """Say what the graph holds and where it is.

    \b
    Examples:
      migov info
      migov info --json
    """
    settings = settings_from(**given)
    repository = find_repository(settings.root)
    snapshot = snapshot_of(repository, settings)
    facts = _facts(repository, snapshot)
    if as_json:
        click.echo(json.dumps(facts, ensure_ascii=False, indent=2))
        return
    revision = facts["revision"] or "not in a git checkout"
    click.secho(f"migov {facts['version']}", bold=True)
    _line("content", facts["root"])
    _line("revision", revision)
    _line("snapshot", facts["snapshot"])
    _line("kept in", str(snapshot.folder.parent))
    click.echo()
    _line("triples", f"{facts['triples']:,} asserted, {facts['inferred']:,} inferred")
    _line("graphs", f"{facts['graphs']:,}, one for each file")
    for name, count in facts["counts"].items():
        _line(name, f"{count:,}")
    _line("queries", f"{facts['queries']:,}  (migov query lists them)")
    _line("shapes", f"{facts['shapes']:,} files  (migov validate applies them)")


def _line(name: str, text: str) -> None:
    click.echo(f"  {name + ' ':16}{text}")


def _facts(repository: Repository, snapshot: Snapshot) -> dict[str, Any]:
    from migov import __version__

    return {
        "version": __version__,
        "root": str(repository.root),
        "revision": snapshot.revision,
        "snapshot": snapshot.name,
        "digest": snapshot.digest,
        "folder": str(snapshot.folder),
        "built": snapshot.built,
        "triples": snapshot.triples,
        "inferred": snapshot.inferred,
        "graphs": len(snapshot.graphs),
        "counts": _counts(snapshot),
        "queries": len(files_in(repository.queries, ".rq", deep=False)),
        "shapes": len(shape_paths(repository)),
    }


def _counts(snapshot: Snapshot) -> dict[str, int]:
    """Return how many things of each kind there are, subclasses counted with their class."""
    from pyoxigraph import DefaultGraph, RdfFormat, parse

    type_, below = STANDARD_PREFIXES["rdf"] + "type", STANDARD_PREFIXES["rdfs"] + "subClassOf"
    typed: list[tuple[object, str]] = []
    parents: dict[str, set[str]] = {}
    for quad in parse(path=str(snapshot.quads), format=RdfFormat.N_QUADS):
        if quad.graph_name != DefaultGraph():
            continue
        if quad.predicate.value == type_:
            typed.append((quad.subject, str(getattr(quad.object, "value", ""))))
        elif quad.predicate.value == below:
            child = str(getattr(quad.subject, "value", ""))
            parents.setdefault(child, set()).add(str(getattr(quad.object, "value", "")))

    def reaches(name: str, top: str, seen: frozenset[str] = frozenset()) -> bool:
        return name == top or any(
            reaches(parent, top, seen | {name}) for parent in parents.get(name, set()) - seen
        )

    return {
        label: len({subject for subject, name in typed if reaches(name, NS + kind)})
        for kind, label in _KINDS
    }
