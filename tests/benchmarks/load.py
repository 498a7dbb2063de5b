"""Load on an HTTP server, by `wrk`: it takes about a tenth of what the servers here take.

Debian has it as the package wrk. Queries come from Lua, so that each can be a new one.
"""

from __future__ import annotations

import re
import shutil
import subprocess
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import Final
from urllib.parse import quote, urlsplit

_UNITS: Final = {"us": 1e-6, "ms": 1e-3, "s": 1.0, "m": 60.0}
_SCRIPT: Final = """
local counter = 0
local threads = 0
function setup(thread) thread:set("id", threads); threads = threads + 1 end
function init(args) counter = {first} + id * 500000000 end
local head, middle, tail = "{head}", "{middle}", "{tail}"
function request()
  counter = counter + 1
  local subject = (counter * 7919) % {subjects}
  return wrk.format("GET", head .. subject .. middle .. counter .. tail)
end
"""


@dataclass(frozen=True, slots=True)
class Load:
    """What came of a load: requests a second, seconds that 99 of 100 took at most, and failures."""

    rate: float
    p99: float
    failures: int


def fire(
    endpoint: str, query: str, *, subjects: int, first: int, connections: int, seconds: float
) -> Load:
    """Ask a query again and again, each time with another {subject} and another {number}.

    A query without them stays the same. Raises SystemExit where wrk is not installed.
    """
    program = shutil.which("wrk")
    if program is None:
        raise SystemExit("wrk is not installed: apt-get install wrk.")
    target = urlsplit(endpoint)
    path = f"{target.path}?query={quote(query, safe='')}"
    head, _, rest = path.partition(quote("{subject}", safe=""))
    middle, _, tail = rest.partition(quote("{number}", safe=""))
    with tempfile.TemporaryDirectory() as folder:
        script = Path(folder) / "load.lua"
        changes = "{subject}" in query
        script.write_text(
            _SCRIPT.format(first=first, head=head, middle=middle, tail=tail, subjects=subjects)
            if changes
            else f'wrk.path = "{path}"\n'
        )
        told = subprocess.run(
            [
                *(program, "--threads", "1", "--connections", str(connections), "--latency"),
                *("--duration", f"{seconds:g}s", "--timeout", "60s", "--script", str(script)),
                *("--header", "Accept: application/sparql-results+json"),
                f"http://{target.netloc}/",
            ],
            capture_output=True,
            text=True,
            check=True,
        ).stdout
    return read(told)


def read(told: str) -> Load:
    """Return what wrk says.

    >>> read('''    99%    5.44ms
    ...   Non-2xx or 3xx responses: 2
    ...   Socket errors: connect 0, read 1, write 0, timeout 3
    ... Requests/sec:   1000.50''')
    Load(rate=1000.5, p99=0.00544, failures=6)
    """
    rate = re.search(r"Requests/sec:\s+([0-9.]+)", told)
    late = re.search(r"99%\s+([0-9.]+)(us|ms|s|m)\b", told)
    wrong = re.search(r"Non-2xx or 3xx responses: (\d+)", told)
    lost = re.search(r"Socket errors: connect (\d+), read (\d+), write (\d+), timeout (\d+)", told)
    if rate is None or late is None:
        raise SystemExit(f"wrk told nothing that can be read: {told}")
    failures = int(wrong[1]) if wrong else 0
    failures += sum(map(int, lost.groups())) if lost else 0
    return Load(float(rate[1]), float(late[1]) * _UNITS[late[2]], failures)
