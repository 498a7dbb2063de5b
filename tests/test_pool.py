"""Workers that an event loop shares: order, slow neighbours, deadlines, crashes, a new snapshot."""

from __future__ import annotations

import asyncio
import os
import random
import signal
import threading
import time

import pytest

import pool_support
from migov.engine import Limits, Published, Query
from migov.errors import BusyError, DeadlineError, MigovError, ResourceError
from pool_support import GREEDY, MEDIUM, RUNAWAY, Bench, Waiting, number_of, value

bench = pool_support.bench
published = pool_support.published


def test_answers_are_never_mixed(bench: Bench) -> None:
    """While runaways come and are killed, each small query gets its own answer."""
    chance = random.Random(7)

    async def small(number: int) -> None:
        await asyncio.sleep(chance.random())
        assert number_of(await bench.ask(value(number))) == number

    async def slow() -> None:
        await asyncio.sleep(chance.random() / 2)
        began = time.monotonic()
        with pytest.raises(DeadlineError):
            await bench.ask(RUNAWAY)
        assert time.monotonic() - began < 4

    async def all_of_them() -> None:
        await asyncio.gather(*(small(number) for number in range(400)), *(slow() for _ in range(4)))

    bench.run(all_of_them())
    assert bench.pool.busy == 0


def test_who_waits_behind_a_slow_query_is_answered_elsewhere(bench: Bench) -> None:
    async def together() -> None:
        slow = [bench.ask(RUNAWAY) for _ in range(2)]
        small = [bench.ask(value(number)) for number in range(40)]
        found = await asyncio.gather(*small)
        assert [number_of(body) for body in found] == list(range(40))
        assert not any(each.done() for each in slow)
        for each in slow:
            with pytest.raises(DeadlineError):
                await each

    bench.run(together())


def test_more_slow_queries_than_places(bench: Bench) -> None:
    """All end: those that are stopped, those that begin anew, and small ones beside them."""

    async def together() -> list[int]:
        slow = [bench.ask(MEDIUM.replace("NUMBER", str(each % 3))) for each in range(12)]
        small = [bench.ask(value(number)) for number in range(10)]
        assert [number_of(body) for body in await asyncio.gather(*small)] == list(range(10))
        results = await asyncio.gather(*slow, return_exceptions=True)
        for each in results:
            assert isinstance(each, bytes | BusyError | DeadlineError), each
        return [number_of(each) for each in results if isinstance(each, bytes)]

    assert len(set(bench.run(together()))) <= 3
    assert number_of(bench.run(_one(bench))) == 1


async def _one(bench: Bench) -> bytes:
    return await bench.ask(value(1))


def test_a_crash_is_told_to_one_alone(bench: Bench) -> None:
    async def together() -> None:
        greedy = bench.ask(GREEDY)
        small = [bench.ask(value(number)) for number in range(20)]
        assert [number_of(body) for body in await asyncio.gather(*small)] == list(range(20))
        with pytest.raises((ResourceError, DeadlineError)):
            await greedy
        assert number_of(await bench.ask(value(3))) == 3

    bench.run(together())


def test_killed_workers_are_replaced(bench: Bench) -> None:
    async def again_and_again() -> None:
        for number in range(5):
            assert number_of(await bench.ask(value(number))) == number
            for worker in tuple(bench.pool._workers):
                os.kill(worker.forked.process, signal.SIGKILL)
            await asyncio.sleep(0.1)

    bench.run(again_and_again())


def test_no_worker_is_stopped_that_nobody_would_wake(bench: Bench) -> None:
    """Its forking process continues it should we end; that one is gone here."""
    os.kill(bench.pool._crew._forker._loaded.process, signal.SIGKILL)

    async def several() -> None:
        for _ in range(3):
            bench.ask(RUNAWAY)
        await asyncio.sleep(0.5)
        slow = [worker for worker in bench.pool._workers if worker.is_slow]
        orphans = [worker for worker in slow if not worker.forked.origin.is_there()]
        assert orphans
        assert not any(worker.is_stopped for worker in orphans)

    bench.run(several())


def test_the_queue_is_bounded(bench: Bench) -> None:
    async def flood() -> None:
        asked = []
        for _ in range(512):
            asked.append(bench.ask(RUNAWAY))
        while not bench.pool.is_full:
            asked.append(bench.ask(RUNAWAY))
        with pytest.raises(BusyError):
            bench.ask(RUNAWAY)
        assert len(asked) < 600
        await asyncio.gather(*asked, return_exceptions=True)
        assert number_of(await bench.ask(value(4))) == 4

    bench.run(flood())


def test_who_gave_up_is_forgotten(bench: Bench) -> None:
    async def give_up() -> None:
        tickets = [Waiting(bench.pool, RUNAWAY) for _ in range(6)]
        for ticket in tickets:
            bench.pool.ask(ticket)
        await asyncio.sleep(0.05)
        for ticket in tickets:
            ticket.is_abandoned = True
        began = time.monotonic()
        while bench.pool.busy:
            await asyncio.sleep(0.005)
        assert time.monotonic() - began < 1.5
        assert not any(ticket.future.done() for ticket in tickets)

    bench.run(give_up())


def test_closed_it_ends_what_it_began_and_still_answers(bench: Bench) -> None:
    async def close() -> None:
        before = [bench.ask(value(number)) for number in range(30)]
        bench.pool.close()
        late = bench.ask(value(99))
        assert [number_of(body) for body in await asyncio.gather(*before)] == list(range(30))
        assert number_of(await late) == 99
        await asyncio.sleep(0.1)
        assert number_of(await bench.ask(value(100))) == 100

    bench.run(close())


def test_closed_while_many_wait_it_starts_nobody_else(published: Published) -> None:
    assert published.edition.forker is not None
    made = Bench(published.edition.forker, Limits(2.0, 400, 64), 2, 2)

    async def ask() -> None:
        for _ in range(20):
            made.ask(RUNAWAY)
        await asyncio.sleep(0.05)

    made.run(ask())
    assert made.pool.busy >= 20
    made.pool.close()
    assert made.pool._crew.coming == 0
    assert made.pool._workers == set()
    made.loop.close()


def test_threads_ask_it_too(bench: Bench) -> None:
    found: dict[int, int] = {}
    errors: list[MigovError] = []

    def ask(number: int) -> None:
        found[number] = number_of(bench.pool.answer(Query(value(number))).body)

    def wrong() -> None:
        try:
            bench.pool.answer(Query("SELECT"))
        except MigovError as error:
            errors.append(error)

    threads = [threading.Thread(target=ask, args=(number,)) for number in range(20)]
    threads.append(threading.Thread(target=wrong))
    for thread in threads:
        thread.start()

    async def wait() -> None:
        while any(thread.is_alive() for thread in threads):
            await asyncio.sleep(0.01)

    bench.run(wait())
    assert found == {number: number for number in range(20)}
    assert len(errors) == 1


def test_a_query_may_have_less_time_than_the_others(bench: Bench) -> None:
    errors: list[MigovError] = []

    def hurried() -> None:
        try:
            bench.pool.answer(Query(RUNAWAY, within=0.2))
        except DeadlineError as error:
            errors.append(error)

    async def together() -> None:
        other = bench.ask(RUNAWAY)
        thread = threading.Thread(target=hurried)
        thread.start()
        while thread.is_alive():
            await asyncio.sleep(0.01)
        assert len(errors) == 1
        assert not other.done()
        with pytest.raises(DeadlineError):
            await other

    bench.run(together())
