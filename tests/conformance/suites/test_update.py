"""The W3C SPARQL 1.1 Update suite, evaluation and syntax, over HTTP against a scratch dataset.

Every case passes, or stands in `protocols-misses.tsv` with the reason; a listed case that passes
fails too, so the list stays true.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import httpx
import pytest
from rdflib import RDF, RDFS, Graph, Namespace
from rdflib.collection import Collection
from rdflib.term import Node

from conformance.material import suite
from conformance.suites.manifest import MF
from conformance.suites.served import fill, judge, misses, server, state, wanted

UT = Namespace("http://www.w3.org/2009/sparql/tests/test-update#")
FOLDERS = (
    "add basic-update clear copy delete delete-data delete-insert delete-where drop move"
    " syntax-update-1 syntax-update-2 update-silent"
)
COUNT = 156


@dataclass(frozen=True, slots=True)
class Case:
    """One test: its name, its kind, the update, and the dataset before and after it."""

    name: str
    kind: str
    update: Path
    before: dict[str | None, Path]
    after: dict[str | None, Path]


def _cases() -> Iterator[Case]:
    root = suite("sparql") / "sparql11"
    for folder in FOLDERS.split():
        manifest = root / folder / "manifest.ttl"
        graph = Graph().parse(manifest, format="turtle", publicID=manifest.as_uri())
        for head in graph.objects(None, MF.entries):
            for entry in Collection(graph, head):
                action = graph.value(entry, MF.action)
                yield Case(
                    f"sparql11/{folder}/{str(entry).rpartition('#')[2]}",
                    str(graph.value(entry, RDF.type)).rpartition("#")[2],
                    _path(graph.value(action, UT.request) or action),
                    _dataset(graph, action),
                    _dataset(graph, graph.value(entry, MF.result)),
                )


def _dataset(graph: Graph, node: Node | None) -> dict[str | None, Path]:
    found: dict[str | None, Path] = {
        str(graph.value(entry, RDFS.label)): _path(graph.value(entry, UT.graph))
        for entry in graph.objects(node, UT.graphData)
    }
    for data in graph.objects(node, UT.data):
        found[None] = _path(data)
    return found


def _path(node: Node | None) -> Path:
    return Path(str(node).removeprefix("file://"))


CASES = list(_cases())


@pytest.fixture(scope="module")
def client() -> Iterator[httpx.Client]:
    with server() as found:
        yield found


def test_the_suite_is_whole() -> None:
    assert len(CASES) == COUNT
    names = {case.name for case in CASES}
    assert len(names) == COUNT
    assert {name for name in misses() if name.split("/")[1] in FOLDERS.split()} <= names


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_case(case: Case, client: httpx.Client) -> None:
    judge(case.name, _fault(case, client))


def _fault(case: Case, client: httpx.Client) -> str | None:
    """Run one case; return what is wrong, or None."""
    fill(client, case.before)
    response = client.post(
        "/sparql",
        content=case.update.read_bytes(),
        headers={"Content-Type": "application/sparql-update"},
    )
    match case.kind:
        case "PositiveUpdateSyntaxTest11":
            # What is understood may still fail: a graph to be cleared may not be there.
            understood = response.status_code == 204 or "could not be done" in response.text
            return None if understood else response.text
        case "NegativeUpdateSyntaxTest11" | "NegativeSyntaxTest11":
            refused = response.status_code == 400 and "query-syntax" in response.text
            return None if refused else f"{response.status_code} {response.text}"
        case "UpdateEvaluationTest":
            if response.status_code != 204:
                return response.text
            given, expected = state(client), wanted(case.after.items())
            return None if given == expected else f"given:\n{given}\nwanted:\n{expected}"
    raise AssertionError(f"no way to run a test of kind {case.kind}")
