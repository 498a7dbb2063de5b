"""A server that is killed leaves no process behind, not even a stopped one."""

from __future__ import annotations

import os
import re
import signal
import socket
import sys
import time
from contextlib import ExitStack
from pathlib import Path
from urllib.parse import quote

import pytest

import small
from front_support import place_of
from processes import running

RUNAWAY = f"SELECT (COUNT(*) AS ?n) {{ {' '.join(f'?a{n} ?b{n} ?c{n} .' for n in range(15))} }}"
"""Ten triples to the power of fifteen."""


@pytest.mark.parametrize("signal_number", [signal.SIGKILL, signal.SIGTERM])
def test_no_process_is_left(tmp_path: Path, signal_number: int) -> None:
    root, cache = small.repository(tmp_path / "checkout").root, tmp_path / "cache"
    command = [sys.executable, "-m", "migov.cli", "serve", "--port", "0", "--root", str(root)]
    command += ["--cache", str(cache), "--workers", "1"]
    with running(command, env={**os.environ, "PYTHONUNBUFFERED": "1"}) as server:
        assert server.stdout is not None
        found = re.search(r"http://\S+", server.stdout.readline())
        assert found is not None
        with ExitStack() as clients:
            for _ in range(3):
                client = clients.enter_context(socket.create_connection(place_of(found[0])))
                target = f"/sparql?query={quote(RUNAWAY)}"
                client.sendall(f"GET {target} HTTP/1.1\r\nHost: x\r\n\r\n".encode())
            _until(lambda: "T" in [state for _, state in _workers(cache)])
            everyone = [process for process, _ in _workers(cache)]
            server.send_signal(signal_number)
            server.wait(15)
    assert len(everyone) >= 4
    _until(lambda: not _workers(cache))


def _workers(cache: Path) -> list[tuple[int, str]]:
    """Return the processes over the snapshots of a cache, each with its state."""
    found = []
    for folder in Path("/proc").iterdir():
        try:
            if str(cache).encode() in (folder / "cmdline").read_bytes().split(b"\0", 4)[-1]:
                state = (folder / "stat").read_text().rpartition(")")[2].split()[0]
                found.append((int(folder.name), state))
        except (OSError, ValueError):
            continue
    return [each for each in found if each[1] != "Z"]


def _until(condition: object, seconds: float = 20) -> None:
    end = time.monotonic() + seconds
    while not condition():  # type: ignore[operator]
        assert time.monotonic() < end, "it did not happen in time"
        time.sleep(0.05)
