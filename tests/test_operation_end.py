"""How a server ends when it is told to: what runs is finished, or cut off with a reason."""

from __future__ import annotations

import signal
import subprocess
import sys
import threading
import time
from pathlib import Path

import httpx

from conftest import ROOT
from engine_support import FOREVER
from operation_support import Server, serving
from processes import running


class TestTheEnd:
    def test_what_runs_is_finished_and_the_exit_code_is_0(self, cache: Path) -> None:
        with serving(cache, "--deadline", "2", "--farewell", "20") as server:
            answers = _told_to_end(server)
            assert [answer.status_code for answer in answers] == [503]
            assert answers[0].json()["type"].endswith("/problem/deadline")

    def test_what_takes_longer_is_cut_off_with_a_reason(self, cache: Path) -> None:
        with serving(cache, "--deadline", "60", "--farewell", "1") as server:
            answers = _told_to_end(server)
            assert answers[0].json()["type"].endswith("/problem/stopping")
            assert answers[0].headers["Migov-Snapshot"]
            assert not [line for line in server.lines if "Traceback" in line]

    def test_a_closed_terminal_ends_it_as_well(self, cache: Path) -> None:
        with serving(cache) as server:
            assert httpx.get(f"{server.address}/health").status_code == 200
            server.process.send_signal(signal.SIGHUP)
            assert server.process.wait(30) == 0
            assert [line for line in server.lines if "stopping: SIGHUP" in line]

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


def _told_to_end(server: Server) -> list[httpx.Response]:
    """End a server while a query runs that never ends, and return what is answered to that."""
    answers: list[httpx.Response] = []
    thread = _in_background(server, answers)
    time.sleep(0.5)
    server.process.send_signal(signal.SIGTERM)
    assert server.process.wait(30) == 0
    thread.join()
    return answers


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
