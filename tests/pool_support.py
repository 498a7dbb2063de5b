"""A pool in the loop of a test, and queries that are awaited.

A module takes the fixtures by giving them names of its own: `bench = pool_support.bench`.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import Coroutine, Iterator
from dataclasses import replace
from typing import Any

import pytest

from migov.engine import Limits, Published, Query, frames
from migov.engine.pool import Pool
from migov.engine.process import Forker
from migov.engine.tickets import Asker, Ticket
from migov.errors import MigovError
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
