"""What an operator looks at: health, metrics, logs, and the snapshot of every answer."""

from __future__ import annotations

import json
import os
import re
import signal
import socket
import threading
import time
from contextlib import suppress
from dataclasses import replace
from io import StringIO
from pathlib import Path
from typing import Any

import httpx
import pytest
from flask.testing import FlaskClient
from hypothesis import given
from hypothesis import strategies as st
from prometheus_client.parser import text_string_to_metric_families

import operation_support
import small
from engine_support import FOREVER, workers_of
from migov.engine.published import published
from migov.operating.log import request_line, written
from migov.operating.operation import log_settings
from migov.operating.requests import Finished
from migov.settings import Settings
from migov.web import create_app
from operation_support import Server, serving

SECRET = "SELECT ?whatSomebodyWants { ?s ?p 'a secret word' }"

server = operation_support.server


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

    def test_whoever_asks_without_end_holds_up_nobody_else(self, cache: Path) -> None:
        """Of each kind more than there are threads for pages, and none ends before the rest."""
        answered: list[int] = []
        page = {"Accept": "text/html"}
        kinds: list[tuple[dict[str, str], dict[str, str]]] = [
            ({}, {}),
            ({}, page),
            ({"explain": "true"}, page),
        ]
        with serving(cache, "--deadline", "60", "--metrics", "all") as server:

            def ask(number: int) -> None:
                more, headers = kinds[number % len(kinds)]
                params = {"query": f"{FOREVER} # {number}", **more}
                with suppress(httpx.HTTPError):
                    url = f"{server.address}/sparql"
                    reply = httpx.get(url, params=params, headers=headers, timeout=90)
                    answered.append(reply.status_code)

            threads = [threading.Thread(target=ask, args=(number,)) for number in range(60)]
            for thread in threads:
                thread.start()
            time.sleep(1)
            with httpx.Client(base_url=server.address, timeout=50) as client:
                for path in ("/", "/ready", "/metrics", "/initiatives", "/queries/country-codes"):
                    assert client.get(path).status_code == 200, path
                assert client.get("/health").text == "alive\n"
                small = client.get("/sparql", params={"query": "ASK {}"}, headers=page)
                assert (small.status_code, "true" in small.text) == (200, True)
            assert answered == []
            assert any(thread.is_alive() for thread in threads)
            server.process.kill()
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

    def test_what_python_would_print_is_a_line_as_well(self) -> None:
        class Full:
            def __del__(self) -> None:
                raise OSError(28, "No space left on device")

        def fails() -> None:
            raise ValueError("of a thread")

        stream = StringIO()
        with written("json", "info", stream):
            Full()
            thread = threading.Thread(target=fails, name="one")
            thread.start()
            thread.join()
        first, second = map(json.loads, stream.getvalue().splitlines())
        assert "No space left on device" in first["message"]
        assert "one" in second["message"]
        assert "of a thread" in second["exception"]

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
