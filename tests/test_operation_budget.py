"""What one client may use of a server, and who that client is behind proxies."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine_support import FOREVER
from migov.operating.budget import Budgets
from migov.operating.requests import client_of, network_of, networks, request_id
from operation_support import Server, serving


class TestBudget:
    def test_a_spent_budget_is_429_and_pages_say_so_in_french(self, cache: Path) -> None:
        with serving(cache, "--budget", "1", "--deadline", "2", "--proxies", "127.0.0.1") as server:
            asked = {"params": {"query": FOREVER}, "timeout": 30}
            one = {"X-Forwarded-For": "203.0.113.1"}
            other = {"X-Forwarded-For": "203.0.113.2"}
            assert _asked(server, one, **asked).status_code == 503
            refused = _asked(server, one, params={"query": "ASK {}"})
            assert refused.status_code == 429
            assert refused.json()["type"].endswith("/problem/budget")
            assert 1 <= int(refused.headers["Retry-After"]) <= 120
            assert refused.headers["RateLimit"].startswith('"work";r=0;t=')
            assert refused.headers["Migov-Snapshot"]
            page = httpx.get(
                f"{server.address}/",
                headers={**one, "Accept": "text/html", "Accept-Language": "fr"},
            )
            assert page.status_code == 429
            assert "Trop demandé" in page.text
            assert _asked(server, other, params={"query": "ASK {}"}).status_code == 200
            assert httpx.get(f"{server.address}/health", headers=one).status_code == 200
            assert httpx.get(f"{server.address}/ready", headers=one).status_code == 200

    @given(
        st.lists(st.tuples(st.sampled_from("ab"), st.floats(0, 30), st.floats(0, 5)), max_size=30)
    )
    def test_nobody_is_given_more_than_the_budget(
        self, steps: list[tuple[str, float, float]]
    ) -> None:
        now = 0.0
        budgets = Budgets(10.0, clock=lambda: now)
        used: dict[str, list[tuple[float, float]]] = {"a": [], "b": []}
        for client, pause, work in steps:
            now += pause
            balance = budgets.begin(client)
            if balance.is_spent:
                assert balance.wait > 0
                continue
            began = now
            now += work
            budgets.end(client, began)
            used[client].append((began, work))
        for spans in used.values():
            total = sum(work for _, work in spans)
            assert total <= 10.0 + now * 10.0 / 60 + 5.0 + 1e-6

    def test_what_runs_counts_before_it_is_over(self) -> None:
        now = 0.0
        budgets = Budgets(10.0, clock=lambda: now)
        for _ in range(4):
            assert not budgets.begin("a").is_spent
        now = 4.0
        spent = budgets.begin("a")
        assert spent.is_spent
        assert spent.wait == pytest.approx((16 - 10) * 6, abs=0.1)
        for _ in range(4):
            budgets.end("a", 0.0)
        now += spent.wait + 0.1
        assert not budgets.begin("a").is_spent

    def test_memory_is_bounded(self) -> None:
        budgets = Budgets(10.0, most=100)
        for number in range(1000):
            budgets.begin(f"client {number}")
        assert len(budgets) == 100

    @pytest.mark.parametrize(
        ("peer", "forwarded_for", "forwarded", "client"),
        [
            ("203.0.113.9", None, None, "203.0.113.9"),
            ("203.0.113.9", "198.51.100.1", None, "203.0.113.9"),
            ("10.0.0.1", "198.51.100.1", None, "198.51.100.1"),
            ("10.0.0.1", "1.1.1.1, 198.51.100.1, 10.0.0.2", None, "198.51.100.1"),
            ("10.0.0.1", "10.0.0.3, 10.0.0.2", None, "10.0.0.3"),
            ("10.0.0.1", "nonsense", None, "10.0.0.1"),
            ("10.0.0.1", "198.51.100.1, unknown", None, "10.0.0.1"),
            ("10.0.0.1", "1.1.1.1", 'for="[2001:db8::1]:4711";proto=https', "2001:db8::1"),
            ("10.0.0.1", None, "for=192.0.2.43, for=198.51.100.17:80", "198.51.100.17"),
            ("10.0.0.1", None, "for=_hidden", "10.0.0.1"),
            ("::ffff:10.0.0.1", "198.51.100.1", None, "198.51.100.1"),
            (None, "198.51.100.1", None, None),
        ],
    )
    def test_the_client_is_the_last_that_a_trusted_proxy_names(
        self, peer: str | None, forwarded_for: str | None, forwarded: str | None, client: str | None
    ) -> None:
        assert client_of(peer, networks("10.0.0.0/8"), forwarded_for, forwarded) == client

    @given(st.text(max_size=60), st.text(max_size=60))
    def test_any_header_is_read_or_passed_over(self, first: str, second: str) -> None:
        found = client_of("10.0.0.1", networks("10.0.0.0/8"), first, second)
        assert network_of(found)
        assert re.fullmatch(r"[A-Za-z0-9._:-]{1,64}", request_id(first, second))


def _asked(server: Server, headers: dict[str, str], **asked: Any) -> httpx.Response:
    return httpx.get(f"{server.address}/sparql", headers=headers, **asked)
