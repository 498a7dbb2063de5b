"""Workers that an event loop shares: order, slow neighbours, deadlines, crashes, a new snapshot."""

from __future__ import annotations

import asyncio
import json
import os
import random
import signal
import threading
import time
from collections.abc import Coroutine, Iterator
from dataclasses import replace
from typing import Any

import pytest

from migov.engine import Limits, Published, Query, frames
from migov.engine.line import Line
from migov.engine.pool import Pool
from migov.engine.process import Forker
from migov.engine.tickets import Asker, Ticket
from migov.errors import BusyError, DeadlineError, MigovError, ResourceError
from migov.repository import Repository
from migov.settings import Settings

RUNAWAY = "SELECT (COUNT(*) AS ?n) { ?a ?b ?c . ?d ?e ?f . ?g ?h ?i . ?j ?k ?l }"
GREEDY = "SELECT * { ?a ?b ?c . ?d ?e ?f . ?g ?h ?i } ORDER BY ?c ?f ?i"
MEDIUM = "SELECT (COUNT(*) AS ?n) { ?a ?b ?c . ?d ?e ?c FILTER(STRLEN(STR(?d)) > NUMBER) }"


class Waiting(Ticket):
    """A query whose answer is awaited."""

    def __init__(self, pool: Pool, text: str, asker: Asker | None = None) -> None:
        super().__init__(frames.pack_query(Query(text)), pool.deadline(), asker)
        self.future: asyncio.Future[bytes] = asyncio.get_running_loop().create_future()

    def answered(self, kind: int, name: int, body: bytes) -> None:
        assert not self.future.done()
        self.future.set_result(body)

    def failed(self, error: MigovError) -> None:
        assert not self.future.done()
        self.future.set_exception(error)


class Bench:
    """A pool in a loop of this thread."""

    def __init__(self, forker: Forker, limits: Limits, workers: int, cores: int) -> None:
        self.loop = asyncio.new_event_loop()
        self.pool = Pool(self.loop, forker, limits, workers, cores)

    def run(self, work: Coroutine[Any, Any, Any]) -> Any:
        return self.loop.run_until_complete(asyncio.wait_for(work, 60))

    def ask(self, text: str, asker: Asker | None = None) -> asyncio.Future[bytes]:
        ticket = Waiting(self.pool, text, asker)
        self.pool.ask(ticket)
        return ticket.future


@pytest.fixture(scope="module")
def published(repository: Repository, settings: Settings) -> Iterator[Published]:
    current = Published(repository, replace(settings, deadline=2.0, memory=400))
    yield current
    current.close()


@pytest.fixture(params=[(1, 1), (2, 2)], ids=["one core", "two cores"])
def bench(published: Published, request: pytest.FixtureRequest) -> Iterator[Bench]:
    assert published.edition.forker is not None
    made = Bench(published.edition.forker, Limits(2.0, 400, 64), *request.param)
    yield made
    made.pool.close()
    made.loop.close()


def value(number: int) -> str:
    return f"SELECT ({number} AS ?n) {{}}"


def number_of(body: bytes) -> int:
    return int(json.loads(body)["results"]["bindings"][0]["n"]["value"])


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


def test_one_too_many_of_the_slow_queries_is_told_so_and_not_at_once(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whoever is told at once asks again at once, and small queries wait behind each of those."""
    monkeypatch.setattr("migov.engine.pool._SLOW_WAITING", 1)
    monkeypatch.setattr("migov.engine.crowd.PAUSE", 0.5)
    refusals: list[float] = []

    async def insists(until: float) -> None:
        while time.monotonic() < until:
            began = time.monotonic()
            try:
                await bench.ask(RUNAWAY)
            except BusyError:
                refusals.append(time.monotonic() - began)
            except DeadlineError:
                pass

    async def all_of_them() -> None:
        until = time.monotonic() + 2
        everyone = asyncio.gather(*(insists(until) for _ in range(15)))
        assert number_of(await bench.ask(value(1))) == 1
        await everyone

    bench.run(all_of_them())
    assert refusals
    assert min(refusals) >= 0.5
    assert bench.pool.busy == 0


def test_a_query_that_was_slow_by_chance_is_asked_again(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Another process may take the core for so long that a small query is taken for a slow one."""
    monkeypatch.setattr("migov.engine.pool._SLOW_WAITING", 0)
    monkeypatch.setattr("migov.engine.crowd.PAUSE", 0.1)

    async def misjudged() -> None:
        ticket = Waiting(bench.pool, value(7))
        bench.pool._put_off(ticket)
        assert number_of(await ticket.future) == 7
        again = Waiting(bench.pool, value(7))
        again.was_put_off = True
        bench.pool._put_off(again)
        with pytest.raises(BusyError):
            await again.future

    bench.run(misjudged())


def test_a_small_query_of_somebody_trusted_is_asked_again_in_any_crowd(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("migov.engine.pool._SLOW_WAITING", 0)
    monkeypatch.setattr("migov.engine.crowd.PAUSE", 0.1)
    monkeypatch.setattr("migov.engine.crowd._FEW", 0)

    async def misjudged() -> None:
        known, unknown = (Waiting(bench.pool, value(7)) for _ in range(2))
        known.was_trusted = True
        bench.pool._put_off(known)
        bench.pool._put_off(unknown)
        assert number_of(await known.future) == 7
        with pytest.raises(BusyError):
            await unknown.future

    bench.run(misjudged())


@pytest.mark.parametrize("network", ["192.0.2.1", "198.51.100.7"], ids=["theirs", "another"])
def test_who_asks_slow_ones_on_and_on_waits_behind_those_who_do_not(
    bench: Bench, network: str
) -> None:
    """Each of them is tried in its turn, and far more wait than can be tried in the meantime."""
    crowd = [Asker("192.0.2.1") for _ in range(300)]
    trusted, unknown = Asker(network), Asker(network)

    async def together() -> None:
        assert number_of(await bench.ask(value(0), trusted)) == 0
        for asker in crowd:
            asker.slow = 2
        asked = [bench.ask(RUNAWAY, asker) for asker in crowd]
        for number in range(20):
            assert number_of(await bench.ask(value(number), trusted)) == number
        assert number_of(await bench.ask(value(20), unknown)) == 20
        assert not any(each.done() for each in asked)
        assert len(bench.pool._line) > 100
        for each in asked:
            with pytest.raises((BusyError, DeadlineError)):
                await each

    bench.run(together())


def test_one_slow_query_is_forgiven_with_the_next_quick_one(bench: Bench) -> None:
    asker = Asker("192.0.2.1")

    async def one_after_another() -> None:
        with pytest.raises(DeadlineError):
            await bench.ask(RUNAWAY, asker)
        assert asker.slow == 1
        assert number_of(await bench.ask(value(1), asker)) == 1
        assert asker.slow == 0

    bench.run(one_after_another())


class TestLine:
    """Who has a turn before whom."""

    def test_in_which_order(self) -> None:
        line, network = Line(), "192.0.2.1"
        slow, once, unknown, quick, another = (Asker(network) for _ in range(5))
        another.network = "198.51.100.7"
        line.was_quick(Ask(quick))
        for _ in range(2):
            line.was_slow(Ask(slow))
        line.was_slow(Ask(once))
        early = Ask(unknown)
        line.add(early)  # nothing speaks against it as yet
        for _ in range(10):
            line.was_slow(Ask(Asker(network)))
        last = [Ask(asker) for asker in (slow, once, unknown, quick, another, None)]
        for ticket in last:
            line.add(ticket)
        assert len(line) == 7
        trusted = list(iter(line.next_trusted, None))
        assert trusted == last[3:]
        doubted = [line.next_doubted() for _ in range(4)]
        assert doubted == [last[2], early, last[1], last[0]]
        assert not line.has_doubted

    def test_a_network_is_forgiven_after_a_while(self, monkeypatch: pytest.MonkeyPatch) -> None:
        now = time.monotonic()
        monkeypatch.setattr("migov.engine.line.time.monotonic", lambda: now)
        line, network = Line(), "192.0.2.1"
        for _ in range(8):
            line.was_slow(Ask(Asker(network)))
        for later, is_trusted in ((0.0, False), (11.0, False), (22.0, True), (100.0, True)):
            monkeypatch.setattr("migov.engine.line.time.monotonic", lambda later=later: now + later)
            assert line.is_trusted(Ask(Asker(network))) is is_trusted, later


class Ask(Ticket):
    """A query that nobody answers."""

    def __init__(self, asker: Asker | None) -> None:
        super().__init__(asker=asker)

    def answered(self, kind: int, name: int, body: bytes) -> None:
        raise AssertionError

    def failed(self, error: MigovError) -> None:
        raise AssertionError


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
