"""The scratch dataset: any write, whole or not at all, and nobody is hurt by a bad one."""

from __future__ import annotations

import json
import os
import signal
import socket
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pyoxigraph import QueryResultsFormat, QuerySolutions, Store

import small
from engine_support import FOREVER, TOO_DEEP, threads_of, wait_for
from migov.engine import Limits, Query
from migov.engine.scratch import ScratchEngine
from migov.errors import (
    ConflictError,
    DataSyntaxError,
    DeadlineError,
    QuerySyntaxError,
    RefusedError,
    RequestError,
    ResourceError,
    TooComplexError,
)
from migov.vocabulary import PREFIXES

A, B = "http://example.org/a", "http://example.org/b"
ENDLESS = "INSERT { <a:a> <a:a> ?n } WHERE " + FOREVER.partition("AS ?n)")[2].replace(
    "}", " BIND(?a1 AS ?n) }"
)

_MARK = "TESTS_OF_SCRATCH"


@pytest.fixture(scope="module")
def shared() -> Iterator[ScratchEngine]:
    engine = ScratchEngine(Limits(deadline=20, memory=700, answer=1), workers=2)
    yield engine
    engine.close()


@pytest.fixture
def scratch(shared: ScratchEngine) -> ScratchEngine:
    shared.update("DROP ALL")
    return shared


def everything(engine: ScratchEngine) -> set[str]:
    text = (
        "SELECT ?g ?s ?p ?o { { ?s ?p ?o } UNION { GRAPH ?g { ?s ?p ?o } } "
        "FILTER(!BOUND(?g) || isIRI(?g)) }"
    )
    return set(engine.answer(Query(text, solutions="tsv")).body.decode().splitlines()[1:])


@pytest.fixture(autouse=True, scope="module")
def marked() -> Iterator[None]:
    """Let the processes of these tests be told from those of another dataset on this machine."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv(_MARK, str(os.getpid()))
        yield


def origins() -> list[int]:
    """Return the processes that hold a dataset of these tests."""
    found = small.processes("migov.engine.forker", "empty")
    return [process for process in found if _is_ours(process)]


def _is_ours(process: int) -> bool:
    try:
        given = Path(f"/proc/{process}/environ").read_bytes().split(b"\0")
    except (FileNotFoundError, ProcessLookupError):
        return False
    return f"{_MARK}={os.getpid()}".encode() in given


def test_documents_make_replace_join_and_drop_graphs(scratch: ScratchEngine) -> None:
    before = scratch.version
    assert scratch.write_graph(A, b"<x> <y:p> _:b .", "ttl", replace=True)
    assert scratch.version != before
    assert not scratch.write_graph(A, b"<x> <y:p> _:b .", "ttl", replace=False)
    assert len(everything(scratch)) == 2, "blank nodes of two documents are two"
    assert not scratch.write_graph(A, b"<x:x> <y:p> 1 .", "ttl", replace=True)
    assert everything(scratch) == {f"<{A}>\t<x:x>\t<y:p>\t1"}
    assert not scratch.write_graph(None, b"<x:x> <y:p> 2 .", "ttl", replace=True)
    assert len(everything(scratch)) == 2
    assert scratch.write_graph(B, b"", "ttl", replace=True)
    assert scratch.answer(Query(f"ASK {{ GRAPH <{B}> {{}} }}")).body.count(b"true") == 1
    assert [scratch.drop_graph(name) for name in (A, A, B, B, None, None)] == [
        *(True, False, True, False, True, True)
    ]
    assert everything(scratch) == set()


@pytest.mark.parametrize(
    "update",
    [
        "INSERT DATA { <a:s> <a:p> 1 . GRAPH <a:g> { <a:s> <a:p> 2 } }",
        "DELETE { GRAPH <a:g> { ?s ?p ?o } } INSERT { ?s ?p 3 } WHERE { GRAPH <a:g> { ?s ?p ?o } }",
        "WITH <a:g> DELETE { ?s ?p ?o } INSERT { ?s ?p 4 } WHERE { ?s ?p ?o }",
        "INSERT { GRAPH <a:h> { ?s ?p ?o } } USING <a:g> WHERE { ?s ?p ?o }",
        "DELETE WHERE { GRAPH <a:g> { ?s ?p ?o } }",
        *("CLEAR GRAPH <a:g>", "CLEAR DEFAULT", "CLEAR NAMED", "CLEAR ALL"),
        *("DROP GRAPH <a:g>", "DROP SILENT GRAPH <a:none>", "DROP ALL", "CREATE GRAPH <a:new>"),
        *("COPY <a:g> TO DEFAULT", "MOVE <a:g> TO <a:h>", "ADD DEFAULT TO <a:g>"),
    ],
)
def test_every_kind_of_update_does_what_the_store_does(update: str, scratch: ScratchEngine) -> None:
    first = "INSERT DATA { <a:a> <a:b> 'd' . GRAPH <a:g> { <a:a> <a:b> 'g' , 'd' } }"
    store = Store()
    for text in (first, update):
        scratch.update(text)
        store.update(text)
    quads = scratch.answer(
        Query("SELECT ?s ?p ?o ?g { { ?s ?p ?o } UNION { GRAPH ?g { ?s ?p ?o } } }")
    )
    expected = store.query("SELECT ?s ?p ?o ?g { { ?s ?p ?o } UNION { GRAPH ?g { ?s ?p ?o } } }")
    assert isinstance(expected, QuerySolutions)
    wanted = json.loads(expected.serialize(format=QueryResultsFormat.JSON) or b"")
    found = json.loads(quads.body)

    def plain(document: dict[str, dict[str, list[object]]]) -> list[str]:
        return sorted(json.dumps(row, sort_keys=True) for row in document["results"]["bindings"])

    assert plain(found) == plain(wanted)


def test_the_request_s_dataset_is_what_the_patterns_see(scratch: ScratchEngine) -> None:
    scratch.update("INSERT DATA { GRAPH <a:g> { <a:a> <a:p> 1 } GRAPH <a:h> { <a:a> <a:p> 2 } }")
    scratch.update("INSERT { ?s <a:q> ?o } WHERE { ?s ?p ?o }", ["a:g"])
    assert {row for row in everything(scratch) if "a:q" in row} == {"\t<a:a>\t<a:q>\t1"}
    scratch.update("INSERT { ?s <a:r> ?o } WHERE { GRAPH ?g { ?s ?p ?o } }", [], ["a:h"])
    assert {row for row in everything(scratch) if "a:r" in row} == {"\t<a:a>\t<a:r>\t2"}
    scratch.update("DELETE WHERE { ?s <a:q> ?o } ; INSERT DATA { <a:a> <a:a> 'WHERE' }", ["a:g"])
    assert any("a:q" in row for row in everything(scratch)), "the default graph was not seen"
    for text in (
        "WITH <a:g> DELETE { ?s ?p 1 } WHERE { ?s ?p 1 }",
        "INSERT {} USING <a:g> WHERE {}",
    ):
        with pytest.raises(RequestError, match=r"USING|WITH"):
            scratch.update(text, ["a:g"])
    with pytest.raises(RequestError, match="IRI"):
        scratch.update("INSERT {} WHERE {}", ["no> IRI"])


def test_what_fails_changes_nothing(scratch: ScratchEngine) -> None:
    scratch.update("INSERT DATA { <a:a> <a:a> 1 }")
    before, version = everything(scratch), scratch.version
    with pytest.raises(QuerySyntaxError) as syntax:
        scratch.update("INSERT DATA { <a:a> <a:a> 2 } ;\n INSERT DATA { <a:a> }")
    assert syntax.value.place is not None
    assert syntax.value.place.line == 2
    with pytest.raises(RequestError):
        scratch.update("INSERT DATA { <a:a> <a:a> 2 } ; CREATE GRAPH <a:g> ; CREATE GRAPH <a:g>")
    with pytest.raises(DataSyntaxError) as document:
        scratch.write_graph(A, b"<a:a> <a:a> 2 .\n<a:a> <a:a>", "ttl", replace=True)
    assert document.value.place is not None
    assert document.value.place.line == 2
    with pytest.raises(DataSyntaxError):
        scratch.write_graph(A, b"<a:a> <a:a> 2 <a:g> .", "nq", replace=True)
    with pytest.raises(RequestError):
        scratch.write_graph("no IRI", b"<a:a> <a:a> 2 .", "ttl", replace=True)
    with pytest.raises(ConflictError):
        scratch.update("DROP ALL", expected="another")
    with pytest.raises(ConflictError):
        scratch.drop_graph(None, expected="another")
    assert (everything(scratch), scratch.version) == (before, version)
    scratch.update("DROP ALL", expected=version)


TWENTY = "INSERT DATA {" + "".join(f" <a:a> <a:a> {n} ." for n in range(20)) + "}"


def test_hostile_writes_are_told_and_change_nothing(scratch: ScratchEngine) -> None:
    scratch.update(TWENTY)
    deep = TOO_DEEP.replace("ASK", "INSERT {} WHERE")
    with pytest.raises(TooComplexError, match="update"):
        scratch.update(deep)
    doubled = "".join(f" BIND(CONCAT(?a{i}, ?a{i}) AS ?a{i + 1})" for i in range(30))
    with pytest.raises(ResourceError):
        scratch.update(f"INSERT {{ <a:a> <a:a> ?a30 }} WHERE {{ BIND('12' AS ?a0){doubled} }}")
    nested = b"<a:a> <a:a> " + b"[ <a:a> " * 200_000
    with pytest.raises((TooComplexError, DataSyntaxError)):
        scratch.write_graph(None, nested, "ttl", replace=False)
    assert len(everything(scratch)) == 20


def test_a_write_that_does_not_end_is_ended_and_changes_nothing() -> None:
    engine = ScratchEngine(Limits(deadline=4, memory=700, answer=1))
    try:
        engine.update(TWENTY)
        with pytest.raises(DeadlineError):
            engine.update(ENDLESS)
        assert len(everything(engine)) == 20
    finally:
        engine.close()


def test_nothing_reaches_outside(scratch: ScratchEngine) -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        address = f"http://127.0.0.1:{server.getsockname()[1]}/x"
        for update in (
            f"LOAD <{address}>",
            f"LOAD SILENT <{address}> INTO GRAPH <a:g>",
            f"lo\\u0061d <{address}>",
            f"INSERT {{ ?s ?p ?o }} WHERE {{ SERVICE <{address}> {{ ?s ?p ?o }} }}",
        ):
            with pytest.raises((RefusedError, QuerySyntaxError)):
                scratch.update(update)
        for format, document in {
            "jsonld": f'{{"@context": "{address}", "@id": "a:a", "a": 1}}',
            "rdf": f'<!DOCTYPE r SYSTEM "{address}"><rdf:RDF xmlns:rdf="{PREFIXES["rdf"]}"/>',
            "ttl": f"@base <{address}> . <> <a:a> <> .",
        }.items():
            with suppress(RequestError):
                scratch.write_graph(None, document.encode(), format, replace=False)
        server.settimeout(0.2)
        with pytest.raises(TimeoutError):
            server.accept()


def test_one_process_holds_it_however_many_writes_there_were(scratch: ScratchEngine) -> None:
    for number in range(20):
        scratch.update(f"INSERT DATA {{ <a:a> <a:n> {number} }}")
        assert len(everything(scratch)) == number + 1
    scratch.update("INSERT DATA { <a:a> <a:n> 'last' }")
    wait_for(lambda: len(origins()) == 1, "the processes of earlier states to end")
    assert threads_of(origins()[0]) == 1


def test_readers_and_writers_at_once_see_whole_states(scratch: ScratchEngine) -> None:
    stop = threading.Event()

    def reads() -> int:
        seen = 0
        while not stop.is_set():
            rows = everything(scratch)
            assert len(rows) % 10 == 0
            seen += 1
        return seen

    with ThreadPoolExecutor(4) as threads:
        readers = [threads.submit(reads) for _ in range(2)]
        writers = [
            threads.submit(
                scratch.update,
                "INSERT DATA {" + "".join(f" <a:{writer}> <a:n> {n} ." for n in range(10)) + "}",
            )
            for writer in range(10)
        ]
        for writer in writers:
            writer.result(timeout=30)
        stop.set()
        assert all(reader.result(timeout=30) > 0 for reader in readers)
    assert len(everything(scratch)) == 100


def test_a_dataset_whose_process_was_killed_begins_empty_again() -> None:
    before = set(origins())
    engine = ScratchEngine(Limits(deadline=10, memory=300))
    try:
        engine.update("INSERT DATA { <a:a> <a:a> 1 }")
        version = engine.version
        wait_for(lambda: len(set(origins()) - before) == 1, "the first process to end")
        (process,) = set(origins()) - before
        os.kill(process, signal.SIGKILL)
        wait_for(lambda: not small.is_running(process), "it to end")
        assert everything(engine) == set()
        assert engine.version != version
        engine.update("INSERT DATA { <a:a> <a:a> 1 }")
        assert len(everything(engine)) == 1
    finally:
        engine.close()
    wait_for(lambda: set(origins()) <= before, "every process to end")


documents = st.lists(
    st.tuples(
        st.sampled_from([None, A, B]),
        st.sampled_from(["write", "add", "drop"]),
        st.integers(0, 3),
    ),
    max_size=6,
)


@settings(max_examples=15, deadline=None)
@given(documents)
def test_it_holds_what_a_store_holds(
    shared: ScratchEngine, steps: list[tuple[str | None, str, int]]
) -> None:
    shared.update("DROP ALL")
    held: dict[str | None, set[int]] = {}
    for graph, step, number in steps:
        if step == "drop":
            shared.drop_graph(graph)
            held.pop(graph, None)
            continue
        shared.write_graph(graph, f"<a:a> <a:a> {number} .".encode(), "ttl", step == "write")
        kept = set() if step == "write" else held.get(graph, set())
        held[graph] = kept | {number}
    expected = {
        f"{f'<{graph}>' if graph else ''}\t<a:a>\t<a:a>\t{number}"
        for graph, numbers in held.items()
        for number in numbers
    }
    assert everything(shared) == expected
