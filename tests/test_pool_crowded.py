"""More slow queries than a pool has places for: who is tried, who waits and who is told."""

from __future__ import annotations

import asyncio
import time

import pytest

import pool_support
from migov.engine.line import Line
from migov.engine.tickets import Asker, Ticket
from migov.errors import BusyError, DeadlineError, MigovError
from pool_support import RUNAWAY, Bench, Waiting, number_of, value

bench = pool_support.bench
published = pool_support.published


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
