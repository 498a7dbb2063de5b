"""Every example that a help text shows is run, with what it names there."""

from __future__ import annotations

import json
import re
import shlex
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import click
import pytest

from cli_runner import copy_of_content, migov
from git_repository import under_git
from migov.access import new_token
from migov.cli.app import cli
from migov.dataset import ContentFile
from migov.dataset.mappings import read_mappings
from test_docs import EXAMPLES
from test_link_suggest import pinned


def _groups(group: click.Group, name: str = "migov") -> Iterator[tuple[str, click.Command]]:
    context = click.Context(group)
    yield name, group
    for sub in group.list_commands(context):
        command = group.get_command(context, sub)
        assert command is not None
        if isinstance(command, click.Group):
            yield from _groups(command, f"{name} {sub}")
        else:
            yield f"{name} {sub}", command


def _examples() -> Iterator[str]:
    for name, command in _groups(cli):
        help_ = re.sub(r"\\\n\s+", "", command.help or "")
        found = re.findall(r"^\s*(migov .+)$", help_, re.MULTILINE)
        assert found, f"the help of “{name}” has no example"
        yield from found


def snapshots_of_targets(folder: Path) -> None:
    """Write the targets that the examples of `migov link` name, with what we link to in them."""
    content = (folder / "data" / "mappings" / "ror.sssom.tsv").read_bytes()
    links = read_mappings(ContentFile("data/mappings/ror.sssom.tsv", content)).mappings
    entries = [{"id": link.object, "name": "A body", "status": "active"} for link in links]
    for name, scheme, namespace in (
        ("ror", "ror", "https://ror.org/"),
        ("ror-next", "ror", "https://ror.org/"),
        ("publishers", "org-id", "https://example.org/"),
    ):
        text = json.dumps([] if name == "publishers" else entries)
        manifest = {"format": "iati" if name == "publishers" else "ror", "scheme": scheme}
        path = pinned(folder, f"{name}.json", text, **manifest, namespace=namespace)
        path.rename(folder / f"{name}.yaml")


ADDRESSES = {
    "https://store.example/repositories/migov/rdf-graphs/service": ("oxigraph", "/store"),
    "https://store.example/repositories/migov/statements": ("oxigraph", "/update"),
    "https://store.example/repositories/migov": ("oxigraph", "/query"),
    "http://127.0.0.1:7878/query": ("oxigraph", "/query"),
    "http://127.0.0.1:8890/sparql": ("virtuoso", "/sparql"),
}
"""What examples name as a store: which real one is asked there, and at which path."""


def _with_marks(example: str) -> Any:
    names = {name for address, (name, _) in ADDRESSES.items() if address in example}
    marks = [pytest.mark.xdist_group("stores")] if names else []
    if "virtuoso" in names:
        marks.append(pytest.mark.needs("virtuoso-t"))
    return pytest.param(example, marks=marks)


SHOWN = {example.command for example in EXAMPLES}
"""What a document shows as well: `test_docs` runs these, and some take many seconds."""


@pytest.mark.parametrize("example", [*map(_with_marks, sorted({*_examples()} - SHOWN))])
def test_examples_of_the_help_run(
    example: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, request: pytest.FixtureRequest
) -> None:
    monkeypatch.setattr("migov.front.serve", lambda *_: None)
    monkeypatch.setattr("migov.operating.stopping.leave_if_threads_remain", lambda: None)
    monkeypatch.setattr("migov.cli.scratch.serve_scratch", lambda *_: None)
    copy_of_content(tmp_path)
    turtle = b"@prefix e: <http://e.example/> . e:a e:b e:c ."
    (tmp_path / "draft.ttl").write_bytes(turtle)
    (tmp_path / "data.ttl").write_bytes(turtle)
    (tmp_path / "data.jsonld").write_text('{"@id": "http://e.example/a"}')
    (tmp_path / "page.txt").write_text("One line\n")
    (tmp_path / "shapes.ttl").write_text(
        "@prefix sh: <http://www.w3.org/ns/shacl#> . [] sh:targetClass sh:X ; sh:nodeKind sh:IRI ."
    )
    words = shlex.split(example)[1:]
    if words[0] in ("check", "merge"):
        under_git(tmp_path, more_commits=3)
        actor = "<https://w3id.org/migov/id/actor/ilo>"
        said = f'{actor} <http://www.w3.org/2004/02/skos/core#altLabel> "ILO Office"@en .'
        graph = "<https://w3id.org/migov/graph/data/actors/ilo.ttl>"
        (tmp_path / "new.ttl").write_text(said)
        (tmp_path / "proposal.trig").write_text(f"GRAPH {graph} {{ {said} }}")
    if words[:2] == ["link", "enrich"]:  # whom it asks says nothing of what is asked
        second = request.getfixturevalue("second_endpoint")
        mirror = f"https://query.wikidata.org/sparql at={second} private"
        monkeypatch.setenv("MIGOV_FEDERATION", mirror)
    if words[0] == "link":
        snapshots_of_targets(tmp_path)
        row = "reject\tactor:iom\t00q08t645\tAnother body\n"
        (tmp_path / "decisions.tsv").write_text(f"decision\tsubject\tobject\treason\n{row}")
        under_git(tmp_path)
    if ADDRESSES.keys() & words:
        stores = request.getfixturevalue("stores")
        asked = {word: ADDRESSES[word] for word in words if word in ADDRESSES}
        real = {word: stores(name).at(path) for word, (name, path) in asked.items()}
        words = [real.get(word, word) for word in words]
    if words[0] == "token":
        monkeypatch.setenv("MIGOV_TOKENS", str(tmp_path / "private/tokens.json"))
        if words[1] != "new":
            new_token(tmp_path / "private/tokens.json", "ann", ["merge"], "Ann <ann@example.org>")
    stdin = b""
    if "<" in words:
        at = words.index("<")
        stdin = (tmp_path / words[at + 1]).read_bytes()
        words = words[:at]
    if ">" in words:
        words = words[: words.index(">")]
    result = migov(*words, stdin=stdin, folder=tmp_path)
    checks = {"fmt": (0, 1)}.get(words[0], (0,))
    assert result.code in checks, result.err
