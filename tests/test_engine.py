"""The engine: right datasets, whole answers, and workers that end, reach nothing and come back."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
from pyoxigraph import (
    Literal,
    NamedNode,
    QueryResultsFormat,
    RdfFormat,
    Triple,
    parse,
    parse_query_results,
)

import small
from migov.engine import Limits, LocalEngine, Published, Query, ask, construct, select
from migov.engine.published import published
from migov.errors import (
    AnswerTooLargeError,
    BusyError,
    ContentError,
    ContentSyntaxError,
    DeadlineError,
    EnvironmentProblem,
    MigovError,
    QuerySyntaxError,
    RequestError,
    ResourceError,
    TooComplexError,
    UnknownFormatError,
)
from migov.settings import Settings
from migov.snapshot import Snapshot, build_snapshot
from migov.vocabulary import ASSERTED_GRAPH, GRAPH, INFERRED_GRAPH, PREFIXES

MG = f"PREFIX mg: <{PREFIXES['mg']}> PREFIX initiative: <{PREFIXES['initiative']}>"
ASSERTED, INFERRED = f"<{ASSERTED_GRAPH}>", f"<{INFERRED_GRAPH}>"
FOREVER = "SELECT (COUNT(*) AS ?n) {" + "".join(f" ?a{i} ?b{i} ?c{i} ." for i in range(12)) + "}"
TOO_DEEP = f"ASK {'{' * 30_000} {'}' * 30_000}"
BOMB = (
    "SELECT ?a30 { BIND('0123456789' AS ?a0)"
    + "".join(f" BIND(CONCAT(?a{i}, ?a{i}) AS ?a{i + 1})" for i in range(30))
    + "}"
)
MILLION = "SELECT * {" + "".join(
    f" VALUES ?v{i} {{ {' '.join(str(n) for n in range(100))} }}" for i in range(3)
) + "}"  # fmt: skip
MANY = MILLION.replace("VALUES ?v0", "?a ?b ?c . ?d ?e ?f VALUES ?v0")
PARENT = """
import sys, threading
from pathlib import Path
from migov.engine import Limits, LocalEngine, Query
from migov.snapshot import Snapshot
folder = Path(sys.argv[1])
engine = LocalEngine(Snapshot("0" * 64, folder, 0, 0, {}, ""), Limits(deadline=600), 2)
threading.Thread(target=engine.answer, args=(Query(sys.argv[2]),), daemon=True).start()
print("ready", flush=True)
sys.stdin.read()
"""


@pytest.fixture(scope="module")
def snapshot(tmp_path_factory: pytest.TempPathFactory) -> Snapshot:
    root = tmp_path_factory.mktemp("engine")
    return build_snapshot(small.repository(root / "checkout"), root / "cache")


@pytest.fixture(scope="module")
def engine(snapshot: Snapshot) -> Iterator[LocalEngine]:
    """An engine for questions that end."""
    shared = LocalEngine(snapshot, Limits(deadline=30, memory=1024, answer=1), 2)
    yield shared
    shared.close()


@pytest.fixture
def opened(snapshot: Snapshot) -> Iterator[Callable[..., LocalEngine]]:
    """Open engines of one worker with other limits; all are closed at the end."""
    engines: list[LocalEngine] = []

    def open_one(workers: int = 1, deadline: float = 20, memory: int = 1024) -> LocalEngine:
        engines.append(LocalEngine(snapshot, Limits(deadline, memory, answer=1), workers))
        return engines[-1]

    yield open_one
    for one in engines:
        one.close()
    wait_for(lambda: len(workers_of(snapshot)) <= 2, "workers to end")


def workers_of(snapshot: Snapshot) -> list[int]:
    return small.processes("migov.engine.worker", str(snapshot.quads))


def wait_for(condition: Callable[[], bool], what: str, seconds: float = 20) -> None:
    until = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < until, f"waited in vain for {what}"
        time.sleep(0.01)


def seconds_used(process: int) -> float:
    fields = Path(f"/proc/{process}/stat").read_text(encoding="utf-8").rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def rows(engine: LocalEngine, query: Query) -> list[tuple[str, ...]]:
    """Return the rows of a TSV answer, sorted."""
    text = engine.answer(query).body.decode()
    assert query.solutions == "tsv"
    return sorted(tuple(line.split("\t")) for line in text.splitlines()[1:])


def types(
    engine: LocalEngine, dataset: str = "", pattern: str = "?s a ?type", **query: Any
) -> set[str]:
    """Return the last parts of the classes that initiative:i has in a dataset."""
    text = f"{MG} SELECT ?type {dataset} {{ VALUES ?s {{ initiative:i }} {pattern} }}"
    found = rows(engine, Query(text, solutions="tsv", **query))
    assert len(found) == len(set(found)), "a triple was given twice"
    return {row[0].rpartition("#")[2].rstrip(">") for row in found}


# Datasets


IN_ANY_GRAPH = "{ SELECT DISTINCT ?s ?type { GRAPH ?g { ?s a ?type } } }"


@pytest.mark.parametrize(
    ("dataset", "pattern", "expected"),
    [
        ("", "?s a ?type", {"Project"}),
        ("", IN_ANY_GRAPH, {"Project"}),
        ("", f"GRAPH {INFERRED} {{ ?s a ?type }}", {"Initiative"}),
        ("", f"GRAPH <{small.ONE}> {{ ?s a ?type }}", {"Project"}),
        ("", f"?s a ?type FILTER('{INFERRED_GRAPH}' != '')", {"Project"}),
        ("", f"{IN_ANY_GRAPH} FILTER('{INFERRED_GRAPH}' != '')", {"Project"}),
        (f"FROM {INFERRED}", "?s a ?type", {"Initiative"}),
        (f"FROM {INFERRED}", IN_ANY_GRAPH, set()),
        (f"FROM {ASSERTED}", "?s a ?type", {"Project"}),
        (f"FROM {ASSERTED} FROM {INFERRED}", "?s a ?type", {"Project", "Initiative"}),
        (f"FROM {ASSERTED} FROM <{small.ONE}>", "?s a ?type", {"Project"}),
        (f"FROM <{small.ONE}>", "?s a ?type", {"Project"}),
        (f"FROM <{small.ONE}> FROM <{small.ONE}>", "?s a ?type", {"Project"}),
        (f"FROM <{small.ONE}> FROM <{small.TWO}>", "?s a ?type", {"Project"}),
        (f"FROM <{small.ONE}> FROM {INFERRED}", "?s a ?type", {"Project", "Initiative"}),
        (f"FROM NAMED <{small.ONE}>", "?s a ?type", set()),
        (f"FROM NAMED <{small.ONE}>", IN_ANY_GRAPH, {"Project"}),
        (f"FROM NAMED {INFERRED}", IN_ANY_GRAPH, {"Initiative"}),
        (
            f"FROM NAMED {INFERRED} FROM NAMED <{small.ONE}>",
            IN_ANY_GRAPH,
            {"Initiative", "Project"},
        ),
        ("FROM <http://example.org/none>", "?s a ?type", set()),
    ],
)
def test_asserted_and_inferred_mix_only_on_request(
    dataset: str, pattern: str, expected: set[str], engine: LocalEngine
) -> None:
    assert types(engine, dataset, pattern) == expected


def test_the_inferred_graph_answers_to_a_prefixed_name(engine: LocalEngine) -> None:
    prefix = f"PREFIX g: <{GRAPH}>"
    text = "SELECT ?s { GRAPH g:inferred { ?s a mg:Initiative } }"
    assert len(rows(engine, Query(f"{MG} {prefix} {text}", solutions="tsv"))) == 1
    known = {**PREFIXES, "g": GRAPH}
    assert len(rows(engine, Query(text, solutions="tsv", prefixes=known))) == 1
    relative = f"{MG} BASE <{GRAPH}> SELECT ?s FROM <inferred> {{ ?s a mg:Initiative }}"
    assert len(rows(engine, Query(relative, solutions="tsv"))) == 1
    longer = "SELECT ?g { GRAPH ?g { ?s a mg:Initiative } FILTER(?g != g:inferred-) }"
    assert rows(engine, Query(longer, solutions="tsv", prefixes=known)) == []


def test_inferred_joins_whatever_dataset_there_is(engine: LocalEngine) -> None:
    both = {"Project", "Initiative"}
    assert types(engine, inferred=True) == both
    assert types(engine, pattern=IN_ANY_GRAPH, inferred=True) == both
    assert types(engine, f"FROM {ASSERTED}", inferred=True) == both
    assert types(engine, f"FROM <{small.ONE}>", inferred=True) == both
    assert types(engine, f"FROM {ASSERTED} FROM {INFERRED}", inferred=True) == both
    assert types(engine, f"FROM NAMED {INFERRED}", "GRAPH ?g { ?s a ?type }", inferred=True) == {
        "Initiative"
    }


def test_the_dataset_of_the_request_goes_before_the_query_s_own(engine: LocalEngine) -> None:
    from_one = f"FROM <{small.ONE}>"
    assert types(engine, from_one, default_graphs=(INFERRED_GRAPH,)) == {"Initiative"}
    assert types(engine, from_one, default_graphs=()) == set()
    assert types(engine, default_graphs=(ASSERTED_GRAPH,)) == {"Project"}
    both = (ASSERTED_GRAPH, INFERRED_GRAPH)
    assert types(engine, default_graphs=both) == {"Project", "Initiative"}
    assert types(engine, named_graphs=(INFERRED_GRAPH,)) == set()
    assert types(engine, pattern=IN_ANY_GRAPH, named_graphs=(INFERRED_GRAPH,)) == {"Initiative"}
    assert types(engine, default_graphs=(small.ONE,), inferred=True) == {"Project", "Initiative"}
    unseen = f"GRAPH {INFERRED} {{ ?s a ?type }}"
    assert types(engine, pattern=unseen, named_graphs=(small.ONE,)) == set()


def test_the_merge_of_named_graphs_is_gone_after_the_query(engine: LocalEngine) -> None:
    merged = f"SELECT (COUNT(*) AS ?n) FROM <{small.ONE}> FROM <{small.TWO}> {{ ?s ?p ?o }}"
    (count,) = rows(engine, Query(merged, solutions="tsv"))
    assert count == ("8",)
    everything = Query("SELECT (COUNT(*) AS ?n) { GRAPH ?g { ?s ?p ?o } }", solutions="tsv")
    for _ in range(3):
        before = rows(engine, everything)
        with pytest.raises(AnswerTooLargeError):
            engine.answer(Query(MILLION, default_graphs=(small.ONE, small.TWO)))
        assert rows(engine, everything) == before == [(str(sum(engine.snapshot.graphs.values())),)]


# Formats and errors of the one who asks


@pytest.mark.parametrize("name", ["json", "xml", "csv", "tsv"])
def test_solutions_and_truths_come_in_every_format(name: str, engine: LocalEngine) -> None:
    answer = engine.answer(Query("SELECT ?n { VALUES ?n { 'é' } }", solutions=name, graph=None))
    assert (answer.kind, answer.format) == ("solutions", name)
    assert "é" in answer.body.decode()
    if name != "csv":
        formats = {"json": QueryResultsFormat.JSON, "xml": QueryResultsFormat.XML}
        results = parse_query_results(answer.body, formats.get(name, QueryResultsFormat.TSV))
        assert [row["n"] for row in results] == [Literal("é")]  # type: ignore[union-attr]
    truth = engine.answer(Query("ASK {}", solutions=name, graph=None))
    assert (truth.kind, truth.format) == ("boolean", name)
    assert b"true" in truth.body


@pytest.mark.parametrize("prefixes", [{}, PREFIXES], ids=["plain", "prefixes"])
@pytest.mark.parametrize(
    ("name", "format_"),
    [
        ("ttl", RdfFormat.TURTLE),
        ("nt", RdfFormat.N_TRIPLES),
        ("rdf", RdfFormat.RDF_XML),
        ("jsonld", RdfFormat.JSON_LD),
        ("trig", RdfFormat.TRIG),
        ("nq", RdfFormat.N_QUADS),
    ],
)
def test_graphs_come_in_every_format(
    name: str, format_: RdfFormat, prefixes: dict[str, str], engine: LocalEngine
) -> None:
    text = f"{MG} CONSTRUCT {{ ?s a ?t }} {{ ?s a ?t }}"
    query = Query(text, solutions=None, graph=name, prefixes=prefixes)
    answer = engine.answer(query)
    assert (answer.kind, answer.format) == ("graph", name)
    assert len(list(parse(answer.body, format_))) == 1


@pytest.mark.parametrize(
    "query",
    [
        Query("SELECT * {}", solutions=None),
        Query("ASK {}", solutions=None),
        Query("CONSTRUCT WHERE { ?s ?p ?o }", graph=None),
        Query("DESCRIBE <http://example.org/>", graph=None),
    ],
    ids=["SELECT", "ASK", "CONSTRUCT", "DESCRIBE"],
)
def test_a_kind_of_result_that_nobody_accepts_is_told(query: Query, engine: LocalEngine) -> None:
    with pytest.raises(UnknownFormatError) as caught:
        engine.answer(query)
    assert caught.value.hint


@pytest.mark.parametrize(
    ("text", "line", "column"),
    [
        ("SELECT ?s {\n  ?s ?p }", 2, 9),
        ("ASK { ?s ?p ?o }\n}", 2, 1),
        ("SELECT ?s {\n  ?s mg:x ?o }", 2, 10),
        ("# \u2028 \x85\nASK { ?s }", 2, 10),
        ("ASK {\r\n ?s }", 2, 5),
        ("", 1, 1),
        ("INSERT DATA { <http://a/> <http://a/> <http://a/> }", 1, 10),
        ("LOAD <http://127.0.0.1/>", 1, 10),
    ],
)
def test_a_syntax_error_has_its_place(
    text: str, line: int, column: int, engine: LocalEngine
) -> None:
    with pytest.raises(QuerySyntaxError, match="not valid SPARQL") as caught:
        engine.answer(Query(text))
    place = caught.value.place
    assert place is not None
    assert (place.source, place.line) == ("query", line)
    assert place.text == text.split("\n")[line - 1].rstrip("\r")
    assert place.column is not None
    assert abs(place.column - column) <= 1


@pytest.mark.parametrize(
    "query",
    [
        Query("ASK {}", default_graphs=("no IRI",)),
        Query("ASK {}", named_graphs=("<x>",)),
        Query("ASK FROM <relative> {}"),
        Query("ASK {}", prefixes={"a": "no IRI"}),
        Query("ASK {} # \ud800"),
        Query("BASE <http://[> ASK { GRAPH <x> {} }"),
        Query("SELECT * { SERVICE <http://127.0.0.1:1/> {} }"),
        Query("ASK { SERVICE <http://127.0.0.1:1/> {} }"),
    ],
)
def test_what_no_store_takes_is_the_asker_s_error_and_costs_no_worker(
    query: Query, engine: LocalEngine
) -> None:
    before = set(workers_of(engine.snapshot))
    with pytest.raises(RequestError):
        engine.answer(query)
    assert set(workers_of(engine.snapshot)) == before
    assert ask(engine, "ASK {}")


def test_rows_are_python_values(engine: LocalEngine) -> None:
    text = f"{MG} SELECT ?label ?nothing {{ initiative:i skos:prefLabel ?label }} ORDER BY ?label"
    text = "PREFIX skos: <http://www.w3.org/2004/02/skos/core#> " + text
    assert select(engine, text) == [
        {"label": Literal("Deux", language="fr")},
        {"label": Literal("One", language="en")},
    ]
    is_initiative = f"{MG} ASK {{ initiative:i a mg:Initiative }}"
    assert not ask(engine, is_initiative)
    assert ask(engine, is_initiative, inferred=True)
    supported = construct(engine, f"{MG} CONSTRUCT WHERE {{ ?a mg:supportedBy ?b }}", inferred=True)
    i, j = (NamedNode(f"https://w3id.org/migov/id/initiative/{name}") for name in "ij")
    assert supported == [Triple(j, NamedNode("https://w3id.org/migov/ns#supportedBy"), i)]


# Limits


def test_a_runaway_ends_at_its_deadline_and_the_next_query_is_answered(
    opened: Callable[..., LocalEngine], snapshot: Snapshot
) -> None:
    engine = opened(deadline=1)
    assert ask(engine, "ASK {}")
    began = time.monotonic()
    with pytest.raises(DeadlineError) as caught:
        engine.answer(Query(FOREVER))
    assert 0.9 < time.monotonic() - began < 10
    assert caught.value.hint
    assert ask(engine, "ASK {}")


@pytest.mark.parametrize(
    ("text", "error"), [(TOO_DEEP, TooComplexError), (BOMB, ResourceError)], ids=["deep", "bomb"]
)
def test_a_query_that_crashes_its_worker_is_told_why_and_the_next_is_answered(
    text: str, error: type[MigovError], opened: Callable[..., LocalEngine]
) -> None:
    engine = opened(memory=700)
    with pytest.raises(error) as caught:
        engine.answer(Query(text))
    assert caught.value.hint
    assert ask(engine, "ASK {}")


def test_memory_runs_out_over_many_rows_too(opened: Callable[..., LocalEngine]) -> None:
    engine = opened(memory=300)
    with pytest.raises(ResourceError):
        engine.answer(Query(f"{MANY} ORDER BY ?v2 ?v1"))
    assert ask(engine, "ASK {}")


@pytest.mark.parametrize(
    "query",
    [
        Query(MILLION, solutions=name)
        for name in ("json", "xml", "csv", "tsv")
    ]
    + [
        Query(MILLION.replace("SELECT *", "CONSTRUCT { [] <a:a> ?v0 , ?v1 , ?v2 }"), graph=name)
        for name in ("ttl", "nt", "rdf", "jsonld", "trig", "nq")
    ],
    ids=lambda query: query.solutions if "SELECT" in query.text else query.graph,
)  # fmt: skip
def test_an_answer_that_is_too_large_is_told_and_costs_no_worker(
    query: Query, engine: LocalEngine
) -> None:
    before = set(workers_of(engine.snapshot))
    with pytest.raises(AnswerTooLargeError) as caught:
        engine.answer(query)
    assert caught.value.hint
    assert set(workers_of(engine.snapshot)) == before


def test_who_waits_for_a_worker_in_vain_is_told(opened: Callable[..., LocalEngine]) -> None:
    engine = opened(deadline=1)

    def ends_with(_: int) -> str:
        with pytest.raises((BusyError, DeadlineError)) as caught:
            engine.answer(Query(FOREVER))
        assert caught.value.hint
        return caught.type.__name__

    with ThreadPoolExecutor(6) as threads:
        ends = list(threads.map(ends_with, range(6)))
    assert "DeadlineError" in ends
    assert "BusyError" in ends
    assert ask(engine, "ASK {}")


def test_the_answers_of_many_threads_never_mix(engine: LocalEngine) -> None:
    def answered(number: int) -> bool:
        text = f"SELECT ?n {{ VALUES ?n {{ {number} }} FILTER EXISTS {{ ?s ?p ?o }} }}"
        if number % 10 == 0:
            with pytest.raises(QuerySyntaxError):
                engine.answer(Query(text[:-1]))
            return True
        (row,) = select(engine, text)
        return row["n"].value == str(number)

    with ThreadPoolExecutor(12) as threads:
        assert all(threads.map(answered, range(400)))


def test_the_answers_of_many_threads_never_mix_while_workers_die(
    opened: Callable[..., LocalEngine], snapshot: Snapshot
) -> None:
    engine = opened(workers=2)

    def answered(number: int) -> bool:
        if number % 15 == 0:
            with pytest.raises(TooComplexError):
                engine.answer(Query(TOO_DEEP))
            return True
        (row,) = select(engine, f"SELECT ?n {{ VALUES ?n {{ {number} }} }}")
        return row["n"].value == str(number)

    with ThreadPoolExecutor(6) as threads:
        assert all(threads.map(answered, range(90)))


# Workers and the world


def test_a_worker_reaches_no_network(engine: LocalEngine) -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        address = f"http://127.0.0.1:{server.getsockname()[1]}/sparql"
        pattern = "{ ?s ?p ?o }"
        for text in (
            f"SELECT * {{ SERVICE <{address}> {pattern} }}",
            f"ASK {{ SERVICE <{address}> {pattern} }}",
            f"SELECT * {{ VALUES ?g {{ <{address}> }} SERVICE ?g {pattern} }}",
            f"SELECT * {{ SERVICE <{address.replace('127.0.0.1', 'localhost')}> {pattern} }}",
            f"LOAD <{address}>",
        ):
            with pytest.raises(RequestError):
                engine.answer(Query(text))
        silent = f"SELECT * {{ SERVICE SILENT <{address}> {pattern} }}"
        assert select(engine, silent) == [{}]
        assert select(engine, f"SELECT * FROM <{address}> {pattern}") == []
        assert select(engine, f"SELECT * FROM NAMED <{address}> {{ GRAPH ?g {pattern} }}") == []
        server.settimeout(0.2)
        with pytest.raises(TimeoutError):
            server.accept()


def test_a_worker_reaches_no_file(engine: LocalEngine, tmp_path: Path) -> None:
    secret = tmp_path / "secret.ttl"
    secret.write_text("<http://a/> <http://a/> 'secret' .", encoding="utf-8")
    for clause in (f"FROM <{secret.as_uri()}>", f"FROM NAMED <{secret.as_uri()}>"):
        anywhere = "{ { ?s ?p ?o } UNION { GRAPH ?g { ?s ?p ?o } } }"
        assert select(engine, f"SELECT * {clause} {anywhere}") == []


def test_a_worker_may_open_nothing_at_all(engine: LocalEngine) -> None:
    for process in workers_of(engine.snapshot):
        limits = Path(f"/proc/{process}/limits").read_text(encoding="utf-8")
        held = {line[:26].strip(): line[26:].split()[:2] for line in limits.splitlines()[1:]}
        assert held["Max open files"] == ["1", "1"]
        assert held["Max file size"] == ["0", "0"]
        assert held["Max core file size"] == ["0", "0"]
        assert held["Max address space"] == [str(1024 * 1024 * 1024)] * 2
        files = {os.readlink(path) for path in Path(f"/proc/{process}/fd").iterdir()}  # noqa: PTH115
        assert not {file for file in files if not file.startswith(("pipe:", "/dev/null"))}


def test_a_worker_is_not_led_astray_by_files_of_the_current_folder(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, opened: Callable[..., LocalEngine]
) -> None:
    (tmp_path / "struct.py").write_text("raise SystemExit('wrong module')\n")
    monkeypatch.chdir(tmp_path)
    assert ask(opened(), "ASK {}")


def test_a_worker_killed_from_outside_fails_its_query_alone(
    opened: Callable[..., LocalEngine], snapshot: Snapshot
) -> None:
    others = set(workers_of(snapshot))
    engine = opened()
    (process,) = set(workers_of(snapshot)) - others
    with ThreadPoolExecutor(1) as threads:
        running = threads.submit(engine.answer, Query(FOREVER))
        wait_for(lambda: seconds_used(process) > 0.3, "the query to run")
        os.kill(process, signal.SIGKILL)
        with pytest.raises(ResourceError):
            running.result(timeout=20)
    assert ask(engine, "ASK {}")
    (idle,) = set(workers_of(snapshot)) - others
    os.kill(idle, signal.SIGKILL)
    wait_for(lambda: not small.is_running(idle), "the idle worker to end")
    with pytest.raises(ResourceError):
        ask(engine, "ASK {}")
    assert ask(engine, "ASK {}")


def test_workers_that_cannot_start_are_told_and_tried_again(
    tmp_path: Path, snapshot: Snapshot
) -> None:
    folder = tmp_path / "entry"
    folder.mkdir()
    moved = Snapshot(snapshot.digest, folder, 0, 0, {}, "")
    with pytest.raises(EnvironmentProblem) as caught:
        LocalEngine(moved, Limits(), 2)
    assert caught.value.hint
    moved.quads.write_bytes(snapshot.quads.read_bytes())
    engine = LocalEngine(moved, Limits(), 1)
    moved.quads.unlink()
    with pytest.raises(TooComplexError):
        engine.answer(Query(TOO_DEEP))
    for _ in range(2):
        with pytest.raises(EnvironmentProblem):
            ask(engine, "ASK {}")
    moved.quads.write_bytes(snapshot.quads.read_bytes())
    assert ask(engine, "ASK {}")
    engine.close()
    assert workers_of(moved) == []


def test_no_worker_outlives_a_parent_that_is_killed(snapshot: Snapshot, tmp_path: Path) -> None:
    (tmp_path / "dataset.nq").write_bytes(snapshot.quads.read_bytes())
    copy = Snapshot("0" * 64, tmp_path, 0, 0, {}, "")
    parent = subprocess.Popen(
        [sys.executable, "-c", PARENT, str(tmp_path), FOREVER],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
    )
    with parent:
        assert parent.stdout is not None
        assert parent.stdout.readline() == b"ready\n"
        assert len(workers_of(copy)) == 2
        wait_for(
            lambda: any(seconds_used(process) > 0.5 for process in workers_of(copy)),
            "the query to run",
        )
        parent.send_signal(signal.SIGKILL)
    wait_for(lambda: workers_of(copy) == [], "orphans to end")


def test_closing_leaves_no_process_and_still_answers_who_holds_it(
    snapshot: Snapshot, tmp_path: Path
) -> None:
    (tmp_path / "dataset.nq").write_bytes(snapshot.quads.read_bytes())
    copy = Snapshot("0" * 64, tmp_path, 0, 0, {}, "")
    engine = LocalEngine(copy, Limits(deadline=2), 2)
    assert len(workers_of(copy)) == 2
    with ThreadPoolExecutor(1) as threads:
        running = threads.submit(engine.answer, Query(FOREVER))
        wait_for(
            lambda: any(seconds_used(process) > 0.4 for process in workers_of(copy)),
            "the query to run",
        )
        engine.close()
        assert len(workers_of(copy)) == 1, "the busy worker ends when its query is done"
        with pytest.raises(DeadlineError):
            running.result(timeout=20)
    wait_for(lambda: workers_of(copy) == [], "the last worker to end")
    assert ask(engine, "ASK {}")
    assert workers_of(copy) == []
    engine.close()


# What is published


@pytest.fixture
def current(tmp_path: Path) -> Iterator[Published]:
    settings = Settings(cache=tmp_path / "cache", workers=1)
    with published(small.repository(tmp_path / "checkout"), settings) as one:
        yield one
        last = one.edition.snapshot
    assert workers_of(last) == []


def count(published: Published) -> int:
    text = f"{MG} SELECT ?i {{ ?i a mg:Project }}"
    return len(select(published.edition.engine, text))


def test_a_refresh_publishes_what_changed_and_keeps_the_good_when_it_is_broken(
    current: Published,
) -> None:
    first = current.edition
    assert count(current) == 1
    assert not current.refresh()
    assert current.edition is first
    three = current.repository.data / "records" / "three.ttl"
    small.write(three, "initiative:k a mg:Project .")
    assert current.refresh()
    assert count(current) == 2
    assert workers_of(first.snapshot) == []
    second = current.edition

    small.write(three, "initiative:k a mg:Project")
    assert not current.refresh()
    assert isinstance(current.problem, ContentSyntaxError)
    assert current.problem.place is not None
    assert current.problem.place.source == "data/records/three.ttl"
    assert current.edition is second
    assert count(current) == 2

    small.write(three, "initiative:k a mg:Project .")
    assert not current.refresh()
    assert current.problem is None
    assert current.edition is second

    three.unlink()
    assert current.refresh()
    assert current.edition.snapshot.digest == first.snapshot.digest
    assert count(current) == 1


def test_what_is_served_beside_it_is_ready_or_nothing_is_published(current: Published) -> None:
    before = current.edition
    small.write(current.repository.data / "three.ttl", "initiative:k a mg:Project .")

    def broken(edition: object) -> None:
        assert edition is not before
        assert current.edition is before
        raise ContentError("queries/a.rq is broken.")

    assert not current.refresh(broken)
    assert str(current.problem) == "queries/a.rq is broken."
    assert current.edition is before
    ours = str(current.repository.root.parent)
    assert len(small.processes("migov.engine.worker", ours)) == 2
    seen: list[object] = []
    assert current.refresh(seen.append)
    assert seen == [current.edition]
    assert current.problem is None


def test_a_broken_file_stops_the_start(tmp_path: Path) -> None:
    repository = small.repository(tmp_path / "checkout")
    small.write(repository.data / "three.ttl", "initiative:k a")
    with pytest.raises(ContentSyntaxError, match=r"three\.ttl"):
        Published(repository, Settings(cache=tmp_path / "cache"))


def test_a_refresh_that_cannot_be_written_keeps_the_good(current: Published) -> None:
    before = current.edition
    cache = current.edition.snapshot.folder.parents[1]
    cache.rename(cache.with_name("elsewhere"))
    cache.write_text("", encoding="utf-8")
    small.write(current.repository.data / "three.ttl", "initiative:k a mg:Project .")
    assert not current.refresh()
    assert isinstance(current.problem, EnvironmentProblem)
    assert current.edition is before
    assert count(current) == 1
    cache.unlink()
    assert current.refresh()
    assert current.problem is None
    assert count(current) == 2


def test_requests_in_flight_end_on_the_edition_they_began_with(current: Published) -> None:
    files = [current.repository.data / f"more-{number}.ttl" for number in range(4)]
    stop = threading.Event()
    seen: list[int] = []
    sizes: set[int] = set()

    def reads() -> None:
        while not stop.is_set():
            edition = current.edition
            expected = edition.snapshot.graphs
            for _ in range(3):
                text = "SELECT ?g { GRAPH ?g { ?s ?p ?o } } GROUP BY ?g"
                found = {row["g"].value for row in select(edition.engine, text)}
                assert found == set(expected)
            seen.append(len(expected))

    with ThreadPoolExecutor(3) as threads:
        readers = [threads.submit(reads) for _ in range(3)]
        for number, path in enumerate(files):
            small.write(path, f"initiative:more-{number} a mg:Project .")
            assert current.refresh()
            seen.clear()
            wait_for(lambda: len(seen) > 3, "requests to be answered")
            sizes |= set(seen)
        stop.set()
        for reader in readers:
            reader.result(timeout=30)
    assert len(sizes) > 1
    ours = str(current.repository.root.parent)
    assert len(small.processes("migov.engine.worker", ours)) == 2  # visitors' and the house's
