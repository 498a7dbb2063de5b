"""`python -m benchmarks.hostile 100000`: hostile texts over HTTP to running servers.

Two servers are started, one over this checkout and one with `--scratch`. Whatever is sent, neither
may end, say 500 or give no answer, and nothing may connect to a listening trap that every outward
reference names. Exit code 1 if any did.
"""

from __future__ import annotations

import argparse
import http.client
import os
import re
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import urlsplit

from benchmarks.attacks import Attack
from benchmarks.hostile_texts import attack

ROOT = Path(__file__).resolve().parents[2]
_ADDRESS = re.compile(r"http://\S+?:\d+/")
_PATIENCE = 60.0


class Trap:
    """A listening socket that counts who connects; nobody should."""

    def __init__(self) -> None:
        self.connections = 0
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.address = f"http://127.0.0.1:{self._listener.getsockname()[1]}/trap"
        threading.Thread(target=self._count, daemon=True).start()

    def close(self) -> None:
        self._listener.close()

    def _count(self) -> None:
        with suppress(OSError):
            while True:
                connection, _ = self._listener.accept()
                self.connections += 1
                connection.close()


@dataclass(slots=True)
class Outcome:
    """What came back: how often each status, and what should not have."""

    statuses: Counter[str] = field(default_factory=Counter)
    faults: list[str] = field(default_factory=list)
    restarts: int = 0
    connections: int = 0
    slowest: float = 0.0

    @property
    def is_clean(self) -> bool:
        return not self.faults and not self.restarts and not self.connections


class Server:
    """A `migov serve` of its own, and what is known of its process."""

    def __init__(self, *options: str) -> None:
        self._child = subprocess.Popen(
            [sys.executable, "-m", "migov.cli", "serve", "--port", "0", *options],
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            env={**os.environ, "PYTHONUNBUFFERED": "1"},
        )
        assert self._child.stdout is not None
        seen = []
        for line in self._child.stdout:
            seen.append(line)
            if found := _ADDRESS.search(line):
                self.host = urlsplit(found[0]).netloc
                break
        else:
            raise RuntimeError("the server did not start:\n" + "".join(seen))
        self._reader = threading.Thread(target=self._child.stdout.read, daemon=True)
        self._reader.start()

    def is_running(self) -> bool:
        return self._child.poll() is None

    def stop(self) -> None:
        self._child.send_signal(signal.SIGTERM)
        try:
            self._child.wait(20)
        except subprocess.TimeoutExpired:
            self._child.kill()
            self._child.wait()
        self._reader.join(5)
        if self._child.stdout is not None:
            self._child.stdout.close()


@contextmanager
def servers(*options: str) -> Iterator[tuple[Server, Server]]:
    """Run one server that reads and one that takes writes."""
    with ExitStack() as stack:
        cache = stack.enter_context(tempfile.TemporaryDirectory(prefix="migov-hostile-"))
        common = ("--cache", cache, "--text", "1000000", *options)
        reading = Server("--root", str(ROOT), *common)
        stack.callback(reading.stop)
        writing = Server("--scratch", *common)
        stack.callback(writing.stop)
        yield reading, writing


class Campaign:
    """Sends attacks of a seed from several threads."""

    def __init__(self, reading: Server, writing: Server, trap: Trap, seed: int) -> None:
        self._servers = reading, writing
        self._trap = trap
        self._seed = seed
        self._lock = threading.Lock()
        self._local = threading.local()
        self._made: list[http.client.HTTPConnection] = []
        self.outcome = Outcome()

    def run(self, numbers: range, at_once: int = 8) -> Outcome:
        """Send them all and return what came back."""
        with ThreadPoolExecutor(at_once) as threads:
            for done, _ in enumerate(threads.map(self._send, numbers), 1):
                if done % 5000 == 0:
                    print(f"{done} sent, {len(self.outcome.faults)} faults", flush=True)
        for connection in self._made:
            connection.close()
        self.outcome.restarts = sum(not server.is_running() for server in self._servers)
        self.outcome.connections = self._trap.connections
        return self.outcome

    def _send(self, number: int) -> None:
        each = attack(self._seed, number, self._trap.address)
        began = time.monotonic()
        try:
            status = self._status(each)
        except (OSError, http.client.HTTPException) as error:
            status = type(error).__name__
        took = time.monotonic() - began
        with self._lock:
            outcome = self.outcome
            outcome.statuses[status] += 1
            outcome.slowest = max(outcome.slowest, took)
            if not status.isdecimal() or status == "500":
                outcome.faults.append(f"{number} {each.grammar} {each.method}: {status}")

    def _status(self, each: Attack) -> str:
        """Send one and return the status of the answer, which has to come whole."""
        server = self._servers[each.is_write]
        connections: dict[Server, http.client.HTTPConnection]
        connections = self._local.__dict__.setdefault("connections", {})
        connection = connections.pop(server, None) or self._connection(server)
        try:
            return self._exchanged(connection, each, connections, server)
        except (ConnectionError, http.client.BadStatusLine):
            # A kept connection may have been closed meanwhile; a fresh one may not.
            connection.close()
            connection = self._connection(server)
            return self._exchanged(connection, each, connections, server)

    def _connection(self, server: Server) -> http.client.HTTPConnection:
        connection = http.client.HTTPConnection(server.host, timeout=_PATIENCE)
        with self._lock:
            self._made.append(connection)
        return connection

    @staticmethod
    def _exchanged(
        connection: http.client.HTTPConnection,
        each: Attack,
        connections: dict[Server, http.client.HTTPConnection],
        server: Server,
    ) -> str:
        connection.putrequest(each.method, each.target, skip_accept_encoding=True)
        connection.putheader("Accept", each.accept)
        if each.content_type is not None:
            connection.putheader("Content-Type", each.content_type)
        if each.body or each.method in ("POST", "PUT", "PATCH"):
            connection.putheader("Content-Length", str(len(each.body)))
        connection.endheaders(each.body or None)
        answer = connection.getresponse()
        answer.read()
        if answer.will_close:
            connection.close()
        else:
            connections[server] = connection
        return str(answer.status)


def main() -> int:
    """Run the campaign, print what came back, and return the exit code."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("attacks", type=int, nargs="?", default=100_000)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--first", type=int, default=0, help="the number of the first attack")
    asked = parser.parse_args()
    trap = Trap()
    began = time.monotonic()
    with servers("--deadline", "0.25", "--memory", "400", "--answer", "4") as (reading, writing):
        campaign = Campaign(reading, writing, trap, asked.seed)
        outcome = campaign.run(range(asked.first, asked.first + asked.attacks))
    print(f"{asked.attacks} attacks in {time.monotonic() - began:.0f} s, seed {asked.seed}")
    for status, count in sorted(outcome.statuses.items()):
        print(f"{count:8} {status}")
    print(f"slowest answer: {outcome.slowest:.2f} s")
    print(f"servers that ended: {outcome.restarts}; outside connections: {outcome.connections}")
    print(f"500 or no answer: {len(outcome.faults)}")
    for fault in outcome.faults[:50]:
        print(f"    {fault}")
    return 0 if outcome.is_clean else 1


if __name__ == "__main__":
    sys.exit(main())
