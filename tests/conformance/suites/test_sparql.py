"""The W3C SPARQL 1.1 query suite, run through the isolated engine.

Every case passes, or stands in `sparql-misses.tsv` with the reason; a listed case that passes
fails too, so the list stays true.
"""

from __future__ import annotations

import csv
from collections import OrderedDict
from collections.abc import Iterable, Iterator
from functools import cache
from pathlib import Path

import pytest
import rdflib
from pyoxigraph import (
    DefaultGraph,
    NamedNode,
    Quad,
    QueryResultsFormat,
    RdfFormat,
    parse,
    serialize,
)

from conformance.material import suite
from conformance.suites.manifest import Case, read_cases
from conformance.suites.results import (
    Solution,
    canonical_graph,
    canonical_solutions,
    csv_rows,
    expected,
    read_solutions,
)
from migov.engine import Limits, LocalEngine, Query
from migov.errors import MigovError, QuerySyntaxError
from migov.snapshot import Snapshot
from migov.sparql.tokens import dataset_clause, tokenize

rdflib.NORMALIZE_LITERALS = False

Files = tuple[tuple[Path, ...], tuple[Path, ...]]
"""The files of the default graph, and those of named graphs."""

MANIFESTS = {
    "dawg-data-r2": (
        "algebra basic triple-match open-world bnode-coreference optional optional-filter graph"
        " dataset expr-builtin expr-ops expr-equals regex bound type-promotion cast"
        " boolean-effective-value sort distinct reduced i18n construct ask solution-seq"
        " syntax-sparql1 syntax-sparql2 syntax-sparql3 syntax-sparql4 syntax-sparql5"
    ),
    "sparql11": (
        "aggregates bind bindings construct csv-tsv-res exists functions grouping json-res negation"
        " project-expression property-path service subquery syntax-fed syntax-query"
    ),
}
COUNT = 736
RDF_FORMATS = {".ttl": RdfFormat.TURTLE, ".rdf": RdfFormat.RDF_XML, ".nt": RdfFormat.N_TRIPLES}
MISSES = Path(__file__).with_name("sparql-misses.tsv")


def _cases() -> list[Case]:
    root = suite("sparql")
    return [
        case
        for name, folders in MANIFESTS.items()
        for folder in folders.split()
        for case in read_cases(root / name / folder / "manifest.ttl", root)
    ]


@cache
def _misses() -> dict[str, str]:
    with MISSES.open(encoding="utf-8", newline="") as lines:
        return {row["case"]: row["reason"] for row in csv.DictReader(lines, delimiter="\t")}


CASES = _cases()


def test_the_suite_is_whole() -> None:
    assert len(CASES) == COUNT
    assert set(_misses()) <= {case.name for case in CASES}
    assert all(_misses().values())


class Engines:
    """Engines over the files of cases.

    Those that were used last are kept: an engine takes a fifth of a second to start, and
    neighbours in a manifest often share their files, as all cases of syntax do that have none.
    """

    def __init__(self, folders: pytest.TempPathFactory) -> None:
        self._folders = folders
        self._kept: OrderedDict[Files, LocalEngine] = OrderedDict()

    def over(self, data: Iterable[Path] = (), graphs: Iterable[Path] = ()) -> LocalEngine:
        files = tuple(data), tuple(dict.fromkeys(graphs))
        engine = self._kept.pop(files, None) or self._started(*files)
        self._kept[files] = engine
        if len(self._kept) > 4:
            self._kept.popitem(last=False)[1].close()
        return engine

    def _started(self, data: tuple[Path, ...], graphs: tuple[Path, ...]) -> LocalEngine:
        quads = [
            *(quad for path in data for quad in _quads(path, DefaultGraph())),
            *(quad for path in graphs for quad in _quads(path, NamedNode(path.as_uri()))),
        ]
        folder = self._folders.mktemp("engine")
        snapshot = Snapshot("0" * 64, folder, 0, 0, {path.as_uri(): 0 for path in graphs}, "")
        snapshot.quads.write_bytes(serialize(quads, format=RdfFormat.N_QUADS) or b"")
        return LocalEngine(snapshot, Limits(deadline=20, memory=1024, answer=10))

    def close(self) -> None:
        for engine in self._kept.values():
            engine.close()


@pytest.fixture(scope="module")
def engines(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Engines]:
    made = Engines(tmp_path_factory)
    yield made
    made.close()


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_case(case: Case, engines: Engines) -> None:
    reason = _misses().get(case.name)
    fault = _fault(case, engines)
    if reason is None:
        assert fault is None, fault
    else:
        assert fault is not None, f"{case.name} passes now; take it off the list of misses"


def _fault(case: Case, engines: Engines) -> str | None:
    """Run one case; return what is wrong with the answer, or None."""
    text = f"BASE <{case.query.as_uri()}>\n{case.query.read_text(encoding='utf-8')}"
    try:
        match case.kind:
            case "PositiveSyntaxTest" | "PositiveSyntaxTest11":
                return _syntax_fault(text, engines, valid=True)
            case "NegativeSyntaxTest" | "NegativeSyntaxTest11":
                return _syntax_fault(text, engines, valid=False)
            case "QueryEvaluationTest" | "CSVResultFormatTest":
                return _evaluation_fault(case, text, engines)
    except MigovError as error:
        return f"{type(error).__name__}: {error.message}"
    raise AssertionError(f"no way to run a test of kind {case.kind}")


def _syntax_fault(text: str, engines: Engines, *, valid: bool) -> str | None:
    try:
        engines.over().answer(Query(text))
    except QuerySyntaxError as error:
        return error.message if valid else None
    except MigovError:
        pass  # understood, and refused or failed for another reason
    return None if valid else "a query that is not SPARQL was answered"


def _evaluation_fault(case: Case, text: str, engines: Engines) -> str | None:
    assert case.result is not None
    engine = engines.over(case.data, [*case.graphs, *_named_in(text, case)])
    format = case.result.suffix[1:] if case.result.suffix in (".csv", ".tsv") else "xml"
    answer = engine.answer(Query(text, solutions=format, graph="nt"))
    if format == "csv":
        wanted_rows = csv_rows(case.result.read_text(encoding="utf-8"))
        return _difference(csv_rows(answer.body.decode()), wanted_rows)
    wanted = expected(case.result)
    if answer.kind == "graph":
        given = canonical_graph(parse(answer.body, format=RdfFormat.N_TRIPLES))
        return _difference(given, wanted)
    rows = read_solutions(
        answer.body, QueryResultsFormat.TSV if format == "tsv" else QueryResultsFormat.XML
    )
    if isinstance(rows, bool) or isinstance(wanted, (bool, str)):
        return _difference(rows, wanted)
    if "/reduced/" in case.name:
        rows, wanted = _distinct(rows), _distinct(wanted)  # REDUCED leaves the number open
    ordered = "/sort/" in case.name
    return _difference(
        canonical_solutions(rows, ordered=ordered), canonical_solutions(wanted, ordered=ordered)
    )


def _distinct(solutions: list[Solution]) -> list[Solution]:
    return list({str(sorted(map(str, row.items()))): row for row in solutions}.values())


def _difference(given: object, wanted: object) -> str | None:
    return None if given == wanted else f"given:\n{given}\nwanted:\n{wanted}"


def _named_in(text: str, case: Case) -> Iterator[Path]:
    """Yield the files that FROM and FROM NAMED name: the suite gives them no other way."""
    clause = dataset_clause(tokenize(text))
    for iri in (*clause.default, *clause.named) if clause else ():
        yield case.query.parent / iri.rpartition("/")[2]


def _quads(path: Path, graph: NamedNode | DefaultGraph) -> Iterator[Quad]:
    triples = parse(
        path=path, format=RDF_FORMATS[path.suffix], base_iri=path.as_uri(), rename_blank_nodes=True
    )
    for triple in triples:
        yield Quad(triple.subject, triple.predicate, triple.object, graph)
