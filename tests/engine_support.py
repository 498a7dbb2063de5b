"""What tests of the engine share: queries that hurt, a look at its processes, and fixtures.

A module takes a fixture by giving it a name of its own: `engine = engine_support.engine`.
"""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

import small
from migov.engine import Limits, LocalEngine, Query
from migov.snapshot import Snapshot, build_snapshot
from migov.vocabulary import PREFIXES

MG = f"PREFIX mg: <{PREFIXES['mg']}> PREFIX initiative: <{PREFIXES['initiative']}>"
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


def forkers_of(*words: str) -> list[int]:
    """Return the processes that fork workers, with these words in their command line."""
    return [process for process in _processes(*words) if parent(process) not in _processes(*words)]


def workers_of(*words: str) -> list[int]:
    """Return the workers that such processes forked."""
    found = _processes(*words)
    return [process for process in found if parent(process) in found]


def _processes(*words: str) -> list[int]:
    return small.processes("migov.engine.forker", *words)


def parent(process: int) -> int:
    """Return the parent of a process, 0 when it is gone."""
    return int((_status(process) or [""] * 2)[1] or 0)


def seconds_used(process: int) -> float:
    """Return the processor time that a running process has used."""
    fields = _status(process)
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK") if fields else 0.0


def threads_of(process: int) -> int:
    return int(_status(process)[17])


def _status(process: int) -> list[str]:
    try:
        text = Path(f"/proc/{process}/stat").read_text(encoding="utf-8")
    except (FileNotFoundError, ProcessLookupError):
        return []
    return text.rpartition(")")[2].split()


def wait_for(condition: Callable[[], bool], what: str, seconds: float = 20) -> None:
    until = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < until, f"waited in vain for {what}"
        time.sleep(0.01)


def rows(engine: LocalEngine, query: Query) -> list[tuple[str, ...]]:
    """Return the rows of a TSV answer, sorted."""
    text = engine.answer(query).body.decode()
    assert query.solutions == "tsv"
    return sorted(tuple(line.split("\t")) for line in text.splitlines()[1:])


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
    before = len(workers_of(str(snapshot.folder)))

    def open_one(workers: int = 1, deadline: float = 20, memory: int = 1024) -> LocalEngine:
        engines.append(LocalEngine(snapshot, Limits(deadline, memory, answer=1), workers))
        return engines[-1]

    yield open_one
    for one in engines:
        one.close()
    wait_for(lambda: len(workers_of(str(snapshot.folder))) <= before, "workers to end")
