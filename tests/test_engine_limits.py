"""What one query may use, and that nobody else notices when it wants more."""

from __future__ import annotations

import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

import pytest

import engine_support
from engine_support import BOMB, FOREVER, MANY, MILLION, TOO_DEEP, workers_of
from migov.engine import LocalEngine, Query, ask, select
from migov.errors import (
    AnswerTooLargeError,
    BusyError,
    DeadlineError,
    MigovError,
    QuerySyntaxError,
    ResourceError,
    TooComplexError,
)
from migov.snapshot import Snapshot

snapshot = engine_support.snapshot
engine = engine_support.engine
opened = engine_support.opened


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
    before = set(workers_of(str(engine.snapshot.folder)))
    with pytest.raises(AnswerTooLargeError) as caught:
        engine.answer(query)
    assert caught.value.hint
    assert set(workers_of(str(engine.snapshot.folder))) == before


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
