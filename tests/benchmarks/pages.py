"""How much each kind of page weighs, and how long it takes on the server.

    python -m benchmarks.pages [ROUNDS [PATH …]]

Pages are asked of the application itself (Flask’s test client), in turn, after a round that is not
counted. The front that keeps whole answers is not in play, and no ETag is sent: every page is made
anew in each round. What the application works out once a state is there from the first round on;
that round is shown as `first`. `cpu` is processor time of this process and its workers.
"""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Sequence
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory

from flask.testing import FlaskClient

from migov.engine.published import published
from migov.repository import find_repository
from migov.settings import Settings
from migov.web import create_app

ROOT = Path(__file__).resolve().parent.parent.parent
PAGES = (
    "/",
    "/initiatives",
    "/initiatives?country=mar&from=2010&to=2021",
    "/actors",
    "/countries",
    "/events",
    "/records",
    "/id/initiative/thamm",
    "/id/actor/ilo",
    "/id/place/mar",
    "/id/place/m49-002",
    "/concept/theme",
    "/concept",
    "/id/output",
    "/graph",
    "/graph/data/records/gfmd/thamm.ttl",
    "/ns",
    "/ns/coversPlace",
    "/queries",
    "/queries/who-funds-and-implements?country=mar",
    "/queries/initiatives-by-country",
    "/queries/corridors-between-countries",
    "/queries/initiatives-between-dates?from=&to=",
    "/queries/actor-network",
    "/queries/global-compact-by-country",
    "/queries/themes-by-number-of-initiatives",
    "/queries/what-is-not-stated",
    "/sparql",
    "/sparql?query=SELECT%20*%20%7B%20%3Fs%20a%20mg%3AProject%20%7D",
    "/search?q=labour+migration",
    "/why?subject=https%3A%2F%2Fw3id.org%2Fmigov%2Fid%2Fplace%2Fmar&property=https%3A%2F%2Fw3id.org"
    "%2Fmigov%2Fns%23within&value=https%3A%2F%2Fw3id.org%2Fmigov%2Fid%2Fplace%2Fm49-002",
    "/quality",
    "/shape",
    "/shape/Participation",
    "/changes",
    "/contribute/record",
    "/links/review",
    "/api",
    "/dumps",
    "/snapshot?format=html",
    "/nothing",
)
MOST_BYTES, MOST_MS = 100_000, 50
_TICK = os.sysconf("SC_CLK_TCK")


def main(rounds: int, paths: Sequence[str], cache: Path | None = None) -> None:
    """Print a table of pages: bytes, milliseconds by the clock and of processor.

    Snapshots are built in a folder of their own, unless `cache` is one that may have them.
    """
    with TemporaryDirectory() as own:
        settings = Settings(cache=cache or Path(own), watch=0.0)
        with published(find_repository(ROOT), settings) as opened:
            client = create_app(opened, settings).test_client()
            first = {path: _asked(client, path) for path in paths}
            took: dict[str, list[float]] = {path: [] for path in paths}
            used: dict[str, float] = dict.fromkeys(paths, 0.0)
            for _ in range(rounds):
                for path in paths:
                    took[path].append(_asked(client, path)[1])
            for path in paths:
                before = _processor()
                for _ in range(rounds):
                    _asked(client, path)
                used[path] = (_processor() - before) / rounds
    print("| page | bytes | ms, median (least to most) | cpu, ms | first, ms |")
    print("|---|---|---|---|---|")
    for path in paths:
        size, at_first = first[path]
        times = sorted(took[path])
        over = " **over**" if size >= MOST_BYTES or median(times) > MOST_MS else ""
        print(
            f"| {path[:60]} | {size:,} | {median(times):.1f} ({times[0]:.1f} to {times[-1]:.1f})"
            f"{over} | {1000 * used[path]:.1f} | {at_first:.1f} |"
        )
    slow = [path for path in paths if median(took[path]) > MOST_MS]
    heavy = [path for path in paths if first[path][0] >= MOST_BYTES]
    print(
        f"{len(paths)} pages, {rounds} rounds: {len(slow)} over {MOST_MS} ms, {len(heavy)} heavy."
    )


def _asked(client: FlaskClient, path: str) -> tuple[int, float]:
    """Return the bytes of a page and the milliseconds that it took."""
    began = time.perf_counter()
    size = len(client.get(path, headers={"Accept": "text/html"}).data)
    return size, 1000 * (time.perf_counter() - began)


def _processor() -> float:
    """Return the seconds of processor that this process and those below it have used."""
    parents: dict[int, int] = {}
    seconds: dict[int, float] = {}
    for folder in Path("/proc").glob("[0-9]*"):
        try:
            fields = (folder / "stat").read_text(encoding="utf-8").rpartition(")")[2].split()
        except OSError:  # it has just ended
            continue
        parents[int(folder.name)] = int(fields[1])
        seconds[int(folder.name)] = (int(fields[11]) + int(fields[12])) / _TICK

    def is_ours(process: int) -> bool:
        while process and process != os.getpid():
            process = parents.get(process, 0)
        return bool(process)

    return sum(spent for process, spent in seconds.items() if is_ours(process))


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 20, sys.argv[2:] or PAGES)
