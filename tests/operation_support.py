"""A running `migov serve` whose process and log a test can look at.

A module takes the fixture by giving it a name of its own: `server = operation_support.server`.
"""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from conftest import ROOT


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
