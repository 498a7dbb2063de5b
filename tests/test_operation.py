"""What an operator needs: health, metrics, logs, budgets, and a good end."""

from __future__ import annotations

import json
import os
import re
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from io import StringIO
from pathlib import Path
from typing import Any

import httpx
import pytest
from flask.testing import FlaskClient
from hypothesis import given
from hypothesis import strategies as st
from prometheus_client.parser import text_string_to_metric_families

import small
from conftest import ROOT
from engine_support import FOREVER, workers_of
from migov.engine.published import published
from migov.operating.budget import Budgets
from migov.operating.log import request_line, written
from migov.operating.operation import log_settings
from migov.operating.requests import Finished, client_of, network_of, networks, request_id
from migov.settings import Settings
from migov.web import create_app
from processes import running

SECRET = "SELECT ?whatSomebodyWants { ?s ?p 'a secret word' }"


@dataclass
class Server:
    """A running server: its process, its address and what it has written so far."""

    process: subprocess.Popen[str]
    address: str
    lines: list[str]

    def logged(self) -> list[dict[str, Any]]:
        return [json.loads(line) for line in self.lines if line.startswith("{")]


@contextmanager
def serving(cache: Path, *options: str, root: Path = ROOT) -> Iterator[Server]:
    command = [sys.executable, "-m", "migov.cli", "serve", "--port", "0", "--log", "json"]
    process = subprocess.Popen(
        [*command, "--root", str(root), "--cache", str(cache), *options],
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        env={**os.environ, "PYTHONUNBUFFERED": "1"},
    )
    lines: list[str] = []
    found = threading.Event()

    def read() -> None:
        assert process.stdout is not None
        for line in process.stdout:
            lines.append(line)
            if "answers at" in line:
                found.set()

    reader = threading.Thread(target=read, daemon=True)
    reader.start()
    try:
        assert found.wait(60), "".join(lines)
        (address,) = re.findall(r"http://\S+?:\d+", "".join(lines))
        yield Server(process, address, lines)
    finally:
        process.kill()
        process.wait()
        reader.join(5)
        assert process.stdout is not None
        process.stdout.close()


@pytest.fixture(scope="module")
def server(cache: Path) -> Iterator[Server]:
    with serving(cache, "--deadline", "3", "--log-level", "info") as found:
        yield found


class TestHealth:
    def test_alive_and_ready(self, server: Server) -> None:
        alive = httpx.get(f"{server.address}/health")
        assert (alive.status_code, alive.text) == (200, "alive\n")
        ready = httpx.get(f"{server.address}/ready")
        document = ready.json()
        assert (ready.status_code, document["ready"], document["problem"]) == (200, True, None)
        assert document["snapshot"] == ready.headers["Migov-Snapshot"]
        assert alive.headers["Migov-Snapshot"] == ready.headers["Migov-Snapshot"]
        assert "ETag" not in ready.headers

    def test_health_answers_while_every_thread_is_at_work(self, server: Server) -> None:
        with httpx.Client(timeout=30) as client:
            threads = [
                threading.Thread(
                    target=httpx.get,
                    args=(f"{server.address}/sparql",),
                    kwargs={"params": {"query": FOREVER}, "timeout": 60},
                )
                for _ in range(20)
            ]
            for thread in threads:
                thread.start()
            time.sleep(0.3)
            assert client.get(f"{server.address}/health").text == "alive\n"
            assert any(thread.is_alive() for thread in threads)
            for thread in threads:
                thread.join()

    def test_not_ready_while_no_worker_answers(self, tmp_path: Path) -> None:
        settings = replace(Settings(), cache=tmp_path / "cache", workers=1, deadline=0.5)
        with published(small.repository(tmp_path / "root"), settings) as current:
            client = create_app(current, settings).test_client()
            assert client.get("/ready").get_json()["ready"] is True
            found = workers_of(str(tmp_path))
            assert found
            for process in found:
                os.kill(process, signal.SIGSTOP)
            response = client.get("/ready")
            assert response.status_code == 503
            assert response.get_json()["ready"] is False
            assert response.headers["Retry-After"]

    def test_broken_files_are_told_and_the_last_good_ones_answer(self, tmp_path: Path) -> None:
        settings = replace(Settings(), cache=tmp_path / "cache")
        with published(small.repository(tmp_path / "root"), settings) as current:
            app = create_app(current, settings)
            small.write(tmp_path / "root/data/records/one.ttl", "initiative:i a mg:Project")
            app.extensions["migov"].refresh()
            response = app.test_client().get("/ready")
            assert response.status_code == 200
            assert "one.ttl" in response.get_json()["problem"]
            text = app.test_client().get("/metrics").get_data(as_text=True)
            assert "migov_files_broken 1.0" in text


def counts(address: str) -> dict[tuple[str, ...], float]:
    text = httpx.get(f"{address}/metrics").text
    return {
        (sample.name, *(f"{name}={value}" for name, value in sorted(sample.labels.items()))): (
            sample.value
        )
        for family in text_string_to_metric_families(text)
        for sample in family.samples
    }


class TestMetrics:
    def test_requests_problems_and_workers_are_counted(self, server: Server) -> None:
        before = counts(server.address)
        for query in ("ASK {}", "ASK {", FOREVER):
            httpx.get(f"{server.address}/sparql", params={"query": query}, timeout=30)
        httpx.get(f"{server.address}/nowhere/at-all", headers={"X-Request-Id": "the-last"})
        _eventually(server, "the-last")  # a request is counted after it is answered
        after = counts(server.address)

        def grew(name: str, *labels: str) -> float:
            return sum(
                value - before.get(key, 0)
                for key, value in after.items()
                if key[0] == name and set(labels) <= set(key)
            )

        assert grew("migov_requests_total", "route=/sparql", "status=200") == 1
        assert grew("migov_requests_total", "route=/sparql", "status=400") == 1
        assert grew("migov_requests_total", "route=/sparql", "status=503") == 1
        assert grew("migov_requests_total", "route=none", "status=404") == 1
        assert grew("migov_request_seconds_count", "route=/sparql") == 3
        assert grew("migov_problems_total", "kind=query-syntax") == 1
        assert grew("migov_problems_total", "kind=deadline") == 1
        assert grew("migov_workers_ended_deadline_total") == 1
        assert after[("migov_workers_started_total",)] >= 3
        assert not any("route=/metrics" in key for key in after)
        snapshot = httpx.get(f"{server.address}/snapshot?format=json").json()["digest"]
        assert ("migov_snapshot_info", f"digest={snapshot}") in after

    def test_what_a_client_writes_is_never_a_label(self, server: Server) -> None:
        httpx.request("BREW", f"{server.address}/sparql")
        httpx.get(f"{server.address}/made-up-by-a-client")
        text = httpx.get(f"{server.address}/metrics").text
        assert "BREW" not in text
        assert "made-up" not in text

    def test_only_this_machine_reads_them(self, server: Server) -> None:
        forwarded = {"X-Forwarded-For": "127.0.0.1"}
        assert httpx.get(f"{server.address}/metrics", headers=forwarded).status_code == 404
        assert httpx.get(f"{server.address}/metrics").status_code == 200


class TestLog:
    def test_a_request_is_one_line_without_its_query(self, server: Server) -> None:
        answer = httpx.get(
            f"{server.address}/sparql",
            params={"query": SECRET},
            headers={"X-Request-Id": "from-me"},
        )
        assert answer.headers["X-Request-Id"] == "from-me"
        (line,) = _eventually(server, "from-me")
        assert (line["route"], line["status"], line["method"]) == ("/sparql", 200, "GET")
        assert "secret" not in "".join(server.lines)
        assert "whatSomebodyWants" not in "".join(server.lines)

    def test_ids_are_taken_from_traces_and_stand_in_problems(self, server: Server) -> None:
        trace = "4bf92f3577b34da6a3ce929d0e0e4736"
        answer = httpx.get(
            f"{server.address}/sparql",
            params={"query": "ASK {"},
            headers={"traceparent": f"00-{trace}-00f067aa0ba902b7-01"},
        )
        assert answer.headers["X-Request-Id"] == trace == answer.json()["request"]
        page = httpx.get(f"{server.address}/none", headers={"Accept": "text/html"})
        assert page.headers["X-Request-Id"] in page.text

    @pytest.mark.parametrize("given", ["a b", "x" * 65, "<script>", "", "é"])
    def test_an_id_that_is_none_is_replaced(self, server: Server, given: str) -> None:
        headers = {"X-Request-Id": given.encode()}
        answer = httpx.get(f"{server.address}/health", headers=headers)  # type: ignore[arg-type]
        assert re.fullmatch(r"[0-9a-f]{8}-[0-9a-f]+", answer.headers["X-Request-Id"])

    def test_settings_are_written_at_the_start(self, server: Server) -> None:
        (line,) = [line for line in server.logged() if "settings" in line["message"]]
        assert line["deadline"] == "3.0"

    def test_an_address_is_written_without_its_password(self) -> None:
        stream = StringIO()
        with written("text", "info", stream):
            log_settings(replace(Settings(), host="http://me:hidden@example.org/sparql"))
        assert "hidden" not in stream.getvalue()
        assert "example.org/sparql" in stream.getvalue()

    def test_debug_has_the_query_and_metrics_may_have_a_port(self, cache: Path) -> None:
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            port = free.getsockname()[1]
        options = ("--log-level", "debug", "--metrics", f"127.0.0.1:{port}")
        with serving(cache, *options) as server:
            httpx.get(f"{server.address}/sparql", params={"query": SECRET})
            assert _eventually(server, SECRET, field="text")
            assert httpx.get(f"{server.address}/metrics").status_code == 404
            assert "migov_triples" in httpx.get(f"http://127.0.0.1:{port}/metrics").text

    @given(st.text(max_size=30), st.sampled_from(["text", "json"]))
    def test_no_value_begins_a_line_of_its_own(self, text: str, form: str) -> None:
        stream = StringIO()
        with written(form, "info", stream):
            request_line(Finished("GET", text, 200, 0.1, 1, False, "id", text))
        (line,) = stream.getvalue().split("\n")[:-1]
        assert len(line.splitlines()) == 1


def _eventually(server: Server, value: str, field: str = "id") -> list[dict[str, Any]]:
    for _ in range(100):
        found = [line for line in server.logged() if line.get(field) == value]
        if found:
            return found
        time.sleep(0.05)
    raise AssertionError("".join(server.lines))


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


class TestTheEnd:
    def test_what_runs_is_finished_and_the_exit_code_is_0(self, cache: Path) -> None:
        with serving(cache, "--deadline", "2", "--farewell", "20") as server:
            answers: list[httpx.Response] = []
            thread = _in_background(server, answers)
            time.sleep(0.5)
            server.process.send_signal(signal.SIGTERM)
            assert server.process.wait(30) == 0
            thread.join()
            assert [answer.status_code for answer in answers] == [503]
            assert answers[0].json()["type"].endswith("/problem/deadline")

    def test_what_takes_longer_is_cut_off_with_a_reason(self, cache: Path) -> None:
        with serving(cache, "--deadline", "60", "--farewell", "1") as server:
            answers: list[httpx.Response] = []
            thread = _in_background(server, answers)
            time.sleep(0.5)
            server.process.send_signal(signal.SIGTERM)
            assert server.process.wait(30) == 0
            thread.join()
            assert answers[0].json()["type"].endswith("/problem/stopping")
            assert answers[0].headers["Migov-Snapshot"]
            assert not [line for line in server.lines if "Traceback" in line]

    def test_a_second_signal_ends_it_at_once(self, cache: Path) -> None:
        with serving(cache, "--deadline", "60", "--farewell", "60") as server:
            thread = _in_background(server, [])
            time.sleep(0.5)
            server.process.send_signal(signal.SIGTERM)
            time.sleep(0.3)
            server.process.send_signal(signal.SIGTERM)
            assert server.process.wait(30) == 1
            thread.join()

    def test_an_early_signal_is_no_failure(self, tmp_path: Path) -> None:
        command = [
            sys.executable,
            "-m",
            "migov.cli",
            "serve",
            "--port",
            "0",
            "--cache",
            str(tmp_path),
        ]
        with running(command, cwd=ROOT, stderr=subprocess.STDOUT) as process:
            assert process.stdout is not None
            process.stdout.readline()  # the settings: signals are listened to by now
            process.send_signal(signal.SIGTERM)
            assert process.wait(30) == 0


def _in_background(server: Server, answers: list[httpx.Response]) -> threading.Thread:
    def ask() -> None:
        try:
            asked = {"query": FOREVER}
            answers.append(httpx.get(f"{server.address}/sparql", params=asked, timeout=60))
        except httpx.HTTPError:
            return

    thread = threading.Thread(target=ask)
    thread.start()
    return thread


def test_every_answer_names_its_snapshot(client: FlaskClient) -> None:
    digest = client.get("/snapshot?format=json").get_json()["digest"]
    paths = (
        *("/", "/sparql?query=ASK{}", "/sparql?query=ASK", "/queries", "/ns", "/graph", "/shape"),
        *("/id/actor/ilo", "/id/actor/none", "/nothing", "/dumps", "/dumps/SHA256SUMS", "/graphs"),
        *("/static/migov.css", "/static/none.css", "/.well-known/void", "/health", "/ready"),
        *("/metrics", "/queries/none", "/problem/busy", "/changes", "/reconcile", "/resolve"),
        "/sparql?query=ASK{}&explain=true",
    )
    for path in paths:
        for headers in ({}, {"Accept": "text/html"}):
            with client.get(path, headers=headers) as response:
                assert response.headers.get("Migov-Snapshot") == digest, path
    for response in (client.post("/sparql"), client.delete("/"), client.options("/sparql")):
        assert response.headers["Migov-Snapshot"] == digest
