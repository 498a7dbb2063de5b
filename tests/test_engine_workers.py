"""Worker processes: they reach nothing, come back, and end with their owner."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from pathlib import Path

import pytest

import engine_support
import small
from engine_support import (
    FOREVER,
    TOO_DEEP,
    forkers_of,
    seconds_used,
    threads_of,
    wait_for,
    workers_of,
)
from migov.engine import Limits, LocalEngine, Query, ask, select
from migov.engine.local import Abandoned
from migov.errors import (
    AbandonedError,
    DeadlineError,
    EnvironmentProblem,
    RequestError,
    ResourceError,
    TooComplexError,
)
from migov.snapshot import Snapshot

snapshot = engine_support.snapshot
engine = engine_support.engine
opened = engine_support.opened


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
    for process in workers_of(str(engine.snapshot.folder)):
        limits = Path(f"/proc/{process}/limits").read_text(encoding="utf-8")
        held = {line[:26].strip(): line[26:].split()[:2] for line in limits.splitlines()[1:]}
        assert held["Max open files"] == ["1", "1"]
        assert held["Max file size"] == ["0", "0"]
        assert held["Max core file size"] == ["0", "0"]
        space = {int(size) for size in held["Max address space"]}
        assert len(space) == 1
        assert 1024 <= space.pop() / 1024 / 1024 < 2048, "the query's memory, and what was there"
        files = {os.readlink(path) for path in Path(f"/proc/{process}/fd").iterdir()}  # noqa: PTH115
        assert not {file for file in files if not file.startswith(("socket:", "/dev/null"))}


def test_a_worker_is_not_led_astray_by_files_of_the_current_folder(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, opened: Callable[..., LocalEngine]
) -> None:
    (tmp_path / "struct.py").write_text("raise SystemExit('wrong module')\n")
    monkeypatch.chdir(tmp_path)
    assert ask(opened(), "ASK {}")


def test_a_worker_killed_from_outside_fails_its_query_alone(
    opened: Callable[..., LocalEngine], snapshot: Snapshot
) -> None:
    others = set(workers_of(str(snapshot.folder)))
    engine = opened()
    (process,) = set(workers_of(str(snapshot.folder))) - others
    with ThreadPoolExecutor(1) as threads:
        running = threads.submit(engine.answer, Query(FOREVER))
        wait_for(lambda: seconds_used(process) > 0.3, "the query to run")
        os.kill(process, signal.SIGKILL)
        with pytest.raises(ResourceError):
            running.result(timeout=20)
    assert ask(engine, "ASK {}")
    (idle,) = set(workers_of(str(snapshot.folder))) - others
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
    assert ask(engine, "ASK {}"), "what is loaded stays loaded"
    (forker,) = forkers_of(str(folder))
    os.kill(forker, signal.SIGKILL)
    wait_for(lambda: not small.is_running(forker), "the forking process to end")
    assert ask(engine, "ASK {}"), "its workers answer without it"
    with pytest.raises((TooComplexError, ResourceError)):
        engine.answer(Query(TOO_DEEP))
    for _ in range(2):
        with pytest.raises(EnvironmentProblem):
            ask(engine, "ASK {}")
    moved.quads.write_bytes(snapshot.quads.read_bytes())
    assert ask(engine, "ASK {}")
    engine.close()
    assert workers_of(str(moved.folder)) == []


@contextmanager
def parent_at_work(folder: Path) -> Iterator[subprocess.Popen[bytes]]:
    """Start a process whose workers run a query without an end over what is in a folder."""
    parent = subprocess.Popen(
        [sys.executable, "-c", PARENT, str(folder), FOREVER],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
    )
    with parent:
        assert parent.stdout is not None
        assert parent.stdout.readline() == b"ready\n"
        yield parent


def test_no_worker_outlives_a_parent_that_is_killed(snapshot: Snapshot, tmp_path: Path) -> None:
    (tmp_path / "dataset.nq").write_bytes(snapshot.quads.read_bytes())
    copy = Snapshot("0" * 64, tmp_path, 0, 0, {}, "")
    with parent_at_work(tmp_path) as parent:
        assert len(workers_of(str(copy.folder))) == 2
        wait_for(
            lambda: any(seconds_used(process) > 0.5 for process in workers_of(str(copy.folder))),
            "the query to run",
        )
        parent.send_signal(signal.SIGKILL)
    wait_for(lambda: workers_of(str(copy.folder)) == [], "orphans to end")


def test_no_stopped_process_outlives_a_parent_that_is_killed(
    snapshot: Snapshot, tmp_path: Path
) -> None:
    """What is stopped does not see that its owner is gone."""
    (tmp_path / "dataset.nq").write_bytes(snapshot.quads.read_bytes())
    with parent_at_work(tmp_path) as parent:
        stopped = [*forkers_of(str(tmp_path)), *workers_of(str(tmp_path))]
        assert len(stopped) == 3
        for process in stopped:
            os.kill(process, signal.SIGSTOP)
        parent.send_signal(signal.SIGKILL)
    try:
        wait_for(lambda: not any(map(small.is_running, stopped)), "orphans to end")
    finally:
        for process in filter(small.is_running, stopped):
            os.kill(process, signal.SIGKILL)


def test_the_forking_process_is_replaced_when_it_does_not_answer(
    opened: Callable[..., LocalEngine], snapshot: Snapshot, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("migov.engine.origin._ORDER_SECONDS", 0.3)
    others = set(forkers_of(str(snapshot.folder)))
    engine = opened()
    (forker,) = set(forkers_of(str(snapshot.folder))) - others
    os.kill(forker, signal.SIGSTOP)
    try:
        for _ in range(2):
            with pytest.raises((TooComplexError, ResourceError)):
                engine.answer(Query(TOO_DEEP))
            assert ask(engine, "ASK {}")
        wait_for(lambda: not small.is_running(forker), "it to end")
    finally:
        with suppress(ProcessLookupError):
            os.kill(forker, signal.SIGKILL)


def test_closing_leaves_no_process_and_still_answers_who_holds_it(
    snapshot: Snapshot, tmp_path: Path
) -> None:
    (tmp_path / "dataset.nq").write_bytes(snapshot.quads.read_bytes())
    copy = Snapshot("0" * 64, tmp_path, 0, 0, {}, "")
    engine = LocalEngine(copy, Limits(deadline=2), 2)
    assert len(workers_of(str(copy.folder))) == 2
    with ThreadPoolExecutor(1) as threads:
        running = threads.submit(engine.answer, Query(FOREVER))
        wait_for(
            lambda: any(seconds_used(process) > 0.4 for process in workers_of(str(copy.folder))),
            "the query to run",
        )
        engine.close()
        assert len(workers_of(str(copy.folder))) == 1, "the busy worker ends when its query is done"
        with pytest.raises(DeadlineError):
            running.result(timeout=20)
    wait_for(lambda: workers_of(str(copy.folder)) == [], "the last worker to end")
    assert ask(engine, "ASK {}")
    assert workers_of(str(copy.folder)) == []
    engine.close()


def test_the_forking_process_is_restarted_when_it_is_killed(
    opened: Callable[..., LocalEngine], snapshot: Snapshot
) -> None:
    others = set(forkers_of(str(snapshot.folder)))
    engine = opened()
    for _ in range(3):
        (forker,) = set(forkers_of(str(snapshot.folder))) - others
        assert threads_of(forker) == 1, "to fork is safe with one thread alone"
        os.kill(forker, signal.SIGKILL)
        wait_for(lambda process=forker: not small.is_running(process), "it to end")  # type: ignore[misc]
        with pytest.raises((TooComplexError, ResourceError)):
            engine.answer(Query(TOO_DEEP))
        assert ask(engine, "ASK {}")


def test_an_answer_that_nobody_wants_frees_its_worker(
    opened: Callable[..., LocalEngine], snapshot: Snapshot
) -> None:
    others = set(workers_of(str(snapshot.folder)))
    engine = opened(deadline=60)
    (process,) = set(workers_of(str(snapshot.folder))) - others
    for is_late in (False, True):
        abandoned = Abandoned()
        with ThreadPoolExecutor(1) as threads:
            if is_late:
                abandoned.set()
            running = threads.submit(engine.answer, Query(FOREVER), abandoned)
            if not is_late:
                wait_for(lambda: seconds_used(process) > 0.2, "the query to run")
                abandoned.set()
            with pytest.raises(AbandonedError):
                running.result(timeout=20)
        abandoned.set()  # again, and after the end: nobody else's worker is hurt
        assert ask(engine, "ASK {}")
