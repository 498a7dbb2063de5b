"""Small versions of the campaigns in `benchmarks/`: hostile texts and runaways, over HTTP."""

from __future__ import annotations

from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import pytest

from benchmarks.hostile import Campaign, Outcome, Trap, servers
from benchmarks.hostile_texts import GRAMMARS, attack
from benchmarks.runaways import ask, runaway
from conftest import ROOT, running

TRAP = "http://127.0.0.1:9/trap"
pytestmark = pytest.mark.xdist_group("campaigns")


def test_the_same_number_always_gives_the_same_attack() -> None:
    attacks = [attack(7, number, TRAP) for number in range(600)]
    assert attacks == [attack(7, number, TRAP) for number in range(600)]
    assert len({each.body + each.target.encode() for each in attacks}) > 500
    counted = Counter(each.grammar for each in attacks)
    assert set(counted) == set(GRAMMARS)
    assert len(GRAMMARS) >= 12
    sizes = sorted(len(each.body) for each in attacks)
    assert 300_000 < sizes[-1] < 5_000_000
    assert any(TRAP.encode() in each.body for each in attacks)
    assert any(each.is_write for each in attacks)
    assert attack(8, 0, TRAP) != attack(7, 0, TRAP)


def test_no_attack_ends_a_server_or_gets_a_500_or_an_outside_connection() -> None:
    with (
        closing(Trap()) as trap,
        servers("--deadline", "0.25", "--memory", "400", "--answer", "4") as (reading, writing),
    ):
        campaign = Campaign(reading, writing, trap, seed=2)
        outcome = campaign.run(range(80), at_once=4)
        assert ask(reading.host, "ASK {}").status == ask(writing.host, "ASK {}").status == 200
    assert outcome.faults == []
    assert (outcome.restarts, outcome.connections) == (0, 0)
    assert sum(outcome.statuses.values()) == 80
    assert len(outcome.statuses) > 4


def test_a_campaign_notices_what_should_not_be() -> None:
    clean = Outcome(Counter({"200": 1}))
    assert clean.is_clean
    for wrong in ({"faults": ["7 xml PUT: 500"]}, {"restarts": 1}, {"connections": 1}):
        assert not replace(clean, **wrong).is_clean


def test_runaways_are_ended_by_the_deadline_and_others_are_answered(cache: Path) -> None:
    with running(ROOT, cache, "--deadline", "0.5") as address:
        host = address.removeprefix("http://")
        with ThreadPoolExecutor(2) as threads:
            ends = list(threads.map(lambda number: ask(host, runaway(number)), range(20)))
        assert [(each.status, each.problem) for each in ends] == [(503, "deadline")] * 20
        assert ask(host, "ASK {}").status == 200
