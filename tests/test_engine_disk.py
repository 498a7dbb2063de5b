"""A store on disk answers as one in memory does, and its workers reach as little."""

from __future__ import annotations

import socket
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

import small
from engine_support import FOREVER, MG, TOO_DEEP, rows, workers_of
from migov.engine import Limits, LocalEngine, Query, ask
from migov.engine.updates import read_update
from migov.errors import DeadlineError, RequestError, TooComplexError
from migov.repository import Repository
from migov.snapshot import How, Snapshot, build_snapshot
from migov.vocabulary import INFERRED_GRAPH

QUERIES = (
    "SELECT ?s ?p ?o { ?s ?p ?o }",
    "SELECT ?g ?s ?p ?o { GRAPH ?g { ?s ?p ?o } }",
    f"SELECT ?s ?p ?o {{ GRAPH <{INFERRED_GRAPH}> {{ ?s ?p ?o }} }}",
    f"SELECT ?s ?p ?o FROM <{small.ONE}> FROM <{small.TWO}> {{ ?s ?p ?o }}",
    f"SELECT ?s ?p ?o FROM <{small.ONE}> FROM NAMED <{small.TWO}> {{ GRAPH ?g {{ ?s ?p ?o }} }}",
)


@pytest.fixture(scope="module")
def repository(tmp_path_factory: pytest.TempPathFactory) -> Repository:
    return small.repository(tmp_path_factory.mktemp("disk") / "checkout")


@pytest.fixture(scope="module")
def snapshot(repository: Repository) -> Snapshot:
    return build_snapshot(repository, repository.root.parent / "cache", How("disk"))


@pytest.fixture(scope="module")
def engine(snapshot: Snapshot) -> Iterator[LocalEngine]:
    one = LocalEngine(snapshot, Limits(deadline=1.5, memory=700, answer=1), 2)
    yield one
    one.close()


def test_a_snapshot_has_both_stores_and_is_asked_in_the_one_that_is_wanted(
    repository: Repository, snapshot: Snapshot
) -> None:
    cache = repository.root.parent / "cache"
    assert (snapshot.store, snapshot.has_store()) == ("disk", True)
    assert build_snapshot(repository, cache, How("memory")) == replace(snapshot, store="memory")
    assert build_snapshot(repository, cache) == replace(snapshot, store="memory")
    assert build_snapshot(repository, cache, How("disk")) == snapshot


def test_a_store_is_added_to_a_snapshot_that_is_there(tmp_path: Path) -> None:
    repository = small.repository(tmp_path / "checkout")
    one = build_snapshot(repository, tmp_path / "cache", How("memory"))
    assert not one.has_store()
    two = build_snapshot(repository, tmp_path / "cache", How("disk"))
    assert two == replace(one, store="disk")
    assert two.has_store()
    assert not list(two.folder.parent.glob(".unfinished-*"))


@pytest.mark.parametrize("text", QUERIES)
@pytest.mark.parametrize("inferred", [False, True])
def test_it_answers_as_one_in_memory_down_to_blank_nodes(
    text: str, inferred: bool, engine: LocalEngine
) -> None:
    query = Query(text, solutions="tsv", inferred=inferred)
    memory = LocalEngine(replace(engine.snapshot, store="memory"), Limits())
    try:
        expected = rows(memory, query)
    finally:
        memory.close()
    assert rows(engine, query) == expected
    assert expected


def test_an_update_is_tried_on_a_copy_and_leaves_nothing(engine: LocalEngine) -> None:
    text = (
        f"INSERT DATA {{ GRAPH <{small.ONE}> {{ initiative:k a mg:Project }} }} ;\n"
        f"DELETE {{ GRAPH <{small.TWO}> {{ ?s ?p ?o }} }} INSERT {{ GRAPH <{small.TWO}> "
        "{ ?s ?p initiative:k } } WHERE { ?s a mg:Project ; ?p ?o . initiative:k a mg:Project "
        "FILTER(?p = mg:supports) }"
    )
    update = read_update(f"{MG} {text}", {})
    memory = LocalEngine(replace(engine.snapshot, store="memory"), Limits())
    try:
        expected = memory.update(update)
    finally:
        memory.close()
    before = sorted(path.name for path in (engine.snapshot.folder / "store").iterdir())
    changed = engine.update(update)
    assert [name for name, _, _ in changed] == [small.ONE, small.TWO]
    assert [(name, *map(lines, texts)) for name, *texts in changed] == [
        (name, *map(lines, texts)) for name, *texts in expected
    ]
    assert sorted(path.name for path in (engine.snapshot.folder / "store").iterdir()) == before
    assert not list(engine.snapshot.folder.parent.glob(".copy-*"))
    assert not ask(engine, f"{MG} ASK {{ initiative:k a mg:Project }}")


def lines(text: str) -> set[str]:
    return set(text.splitlines())


def test_runaways_and_crashes_cost_nobody_else_anything(engine: LocalEngine) -> None:
    with pytest.raises(DeadlineError):
        engine.answer(Query(FOREVER))
    with pytest.raises(TooComplexError):
        engine.answer(Query(TOO_DEEP))
    assert ask(engine, "ASK { ?s ?p ?o }")


def test_a_worker_on_disk_reaches_no_network_and_writes_no_file(engine: LocalEngine) -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        address = f"http://127.0.0.1:{server.getsockname()[1]}/sparql"
        with pytest.raises(RequestError):
            engine.answer(Query(f"SELECT * {{ SERVICE <{address}> {{ ?s ?p ?o }} }}"))
        silent = Query(f"SELECT * {{ SERVICE SILENT <{address}> {{ ?s ?p ?o }} }}", "tsv")
        assert rows(engine, silent) == [("", "", "")]
        server.settimeout(0.2)
        with pytest.raises(TimeoutError):
            server.accept()
    workers = workers_of(str(engine.snapshot.folder))
    assert workers
    for process in workers:
        status = Path(f"/proc/{process}/status").read_text(encoding="utf-8")
        assert "\nSeccomp:\t2\n" in status
        threads = list(Path(f"/proc/{process}/task").iterdir())
        assert len(threads) > 1
        for thread in threads:
            assert "\nSeccomp:\t2\n" in (thread / "status").read_text(encoding="utf-8")
        limits = Path(f"/proc/{process}/limits").read_text(encoding="utf-8")
        held = {line[:26].strip(): line[26:].split()[:2] for line in limits.splitlines()[1:]}
        assert held["Max file size"] == ["0", "0"]


ATTEMPTS = """
import os, socket, sys
from migov.engine.seccomp import confine
assert confine(may_write=sys.argv[1] == "write")
def outcome(call):
    try:
        call()
    except PermissionError:
        return "refused"
    return "done"
folder = sys.argv[2]
print(*map(outcome, [
    socket.socket,
    socket.socketpair,
    lambda: os.execv("/bin/true", ["true"]),
    lambda: open(folder + "/there").close(),
    lambda: open(folder + "/there", "r+").close(),
    lambda: open(folder + "/new", "w").close(),
    lambda: os.rename(folder + "/there", folder + "/moved"),
    lambda: os.unlink(folder + "/moved"),
    lambda: os.mkdir(folder + "/folder"),
]))
"""


@pytest.mark.parametrize(
    ("kind", "expected"), [("read", "done" + " refused" * 5), ("write", "done" + " done" * 5)]
)
def test_the_filter_refuses_the_network_programs_and_writing(
    kind: str, expected: str, tmp_path: Path
) -> None:
    (tmp_path / "there").write_text("", encoding="utf-8")
    found = subprocess.run(
        [sys.executable, "-c", ATTEMPTS, kind, str(tmp_path)],
        capture_output=True,
        text=True,
        check=True,
    )
    assert found.stdout.strip() == f"refused refused refused {expected}"
