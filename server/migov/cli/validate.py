"""`migov validate`."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING

import click

from migov.cli.failure import show_error
from migov.cli.options import settings_from, settings_options
from migov.cli.terminal import console, progress
from migov.errors import ContentError, EnvironmentProblem, RequestError
from migov.repository import Repository, find_repository

if TYPE_CHECKING:
    from migov.gate.documents import Document
    from migov.gate.report import Report, Severity

_FORMATS = ("text", "json", "turtle")
_SEVERITIES = ("info", "warning", "violation")
_STDIN = "standard input"


@click.command(name="validate")
@click.argument("data", nargs=-1, metavar="[DATA…]")
@click.option("-s", "--shapes", multiple=True, metavar="FILE", help="Shapes, or a folder of them.")
@click.option(
    "-f",
    "--format",
    "format_",
    type=click.Choice(_FORMATS),
    default="text",
    help="text for people, json for programs, turtle for the W3C validation report.",
)
@click.option(
    "--data-format",
    metavar="FORMAT",
    help="turtle, n-triples, n-quads, trig, rdf-xml or json-ld; else the suffix tells.",
)
@click.option(
    "--fail-on",
    type=click.Choice(_SEVERITIES),
    help="Least severity that fails: violation for the graph, info (SHACL’s sense) for DATA.",
)
@click.option("--lang", type=click.Choice(["en", "fr"]), default="en", help="Language of messages.")
@settings_options("root", "targets")
def command(
    data: tuple[str, ...],
    shapes: tuple[str, ...],
    format_: str,
    data_format: str | None,
    fail_on: str | None,
    lang: str,
    root: Path | None,
    targets: Path | None,
) -> int:
    """Check the graph, or any RDF against any SHACL shapes.

    Without DATA, the files of the repository: their syntax, their structure, their shapes and the
    headers of the canned queries. With DATA and --shapes, any documents (Turtle, N-Triples,
    N-Quads, TriG, RDF/XML, JSON-LD; - is standard input, a folder all of its files) against any
    shapes, SPARQL constraints included. Nothing is fetched and nothing is inferred.

    \b
    Examples:
      migov validate
      migov validate --lang fr --format json
      migov validate data.ttl --shapes shapes.ttl
      migov validate - --data-format json-ld -s shapes.ttl < data.jsonld

    Exit codes: 0 conforms · 1 does not · 2 could not run.
    """
    from migov.gate.report import Severity

    if not data and shapes:
        raise click.UsageError("There are shapes and no data: name a file, or - for stdin.")
    if data and not shapes:
        raise click.UsageError("There is data and no shapes: name them with --shapes FILE.")
    least = Severity[(fail_on or ("info" if data else "violation")).upper()]
    if data:
        report = _check_documents(data, shapes, data_format)
    else:
        settings = settings_from(root=root, targets=targets)
        report = _check_graph(find_repository(settings.root), settings.targets)
    _write(report, format_, lang, least)
    return 0 if report.passes(least) else 1


def _check_graph(repository: Repository, targets: Path | None) -> Report:
    from migov.catalogue import read_catalogue
    from migov.dataset import content_files, holds_graph
    from migov.gate.structure import syntax_errors

    with progress("Reading the files"):
        files = content_files(repository)
        broken: list[ContentError] = [
            *syntax_errors(file for file in files if holds_graph(file.path))
        ]
        broken += read_catalogue(repository.queries).broken.values()
    if broken:
        for error in broken[:-1]:
            show_error(error)
        raise broken[-1]
    from migov.gate.repository import check_repository

    with progress("Validating the graph"):
        return check_repository(repository, targets)


def _check_documents(
    data: tuple[str, ...], shapes: tuple[str, ...], data_format: str | None
) -> Report:
    from migov.gate.documents import to_graph

    if [*data, *shapes].count("-") > 1:
        raise RequestError("Standard input can be read only once.", hint="Name a file instead.")
    documents = [_document(name, data_format) for name in _files(data)]
    shapes_documents = [_document(name, None) for name in _files(shapes)]
    from migov.gate.shapes import without_shapes
    from migov.gate.validation import validate

    with progress("Validating"):
        shapes_graph = to_graph(shapes_documents)
        if without_shapes(shapes_graph):
            raise RequestError(
                f"There are no shapes in {', '.join(shapes)}, so nothing can be checked.",
                hint="Are data and shapes the right way round?",
            )
        return validate(to_graph(documents), shapes_graph)


def _files(names: tuple[str, ...]) -> list[str]:
    """Return the files that are named, and those with a suffix of RDF in a folder that is."""
    from migov.gate.documents import SUFFIXES

    files: list[str] = []
    for name in names:
        if not Path(name).is_dir():
            files.append(name)
            continue
        inside = sorted(str(path) for path in Path(name).rglob("*") if path.suffix in SUFFIXES)
        if not inside:
            raise RequestError(
                f"The folder {name} holds no RDF file.",
                hint=f"Files with these endings are read: {', '.join(SUFFIXES)}.",
            )
        files += inside
    return files


def _document(name: str, format_: str | None) -> Document:
    from migov.gate.documents import read_document

    if name == "-":
        return read_document(_STDIN, sys.stdin.buffer.read(), format_ or "turtle")
    path = Path(name)
    try:
        content = path.read_bytes()
    except OSError as error:
        raise EnvironmentProblem(
            f"{name} cannot be read: {error.strerror}.", hint="Is the name of the file right?"
        ) from error
    except ValueError as error:
        raise EnvironmentProblem(f"{name!r} is not the name of a file.") from error
    return read_document(name, content, format_, base=path.resolve().as_uri())


def _write(report: Report, format_: str, lang: str, least: Severity) -> None:
    if format_ == "text":
        from migov.cli.findings import show_report

        show_report(report, lang, least, console())
        return
    from migov.gate.serialise import report_json, report_turtle

    if format_ == "json":
        click.echo(report_json(report, least), nl=False)
    else:
        click.echo(report_turtle(report), nl=False)
