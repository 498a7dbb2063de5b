"""A life that ends by kill -9: a command in a fork, killed at a step of its merge or at a time."""

from __future__ import annotations

import os
import re
import signal
import sys
from collections.abc import Iterable
from contextlib import suppress
from dataclasses import dataclass

from migov.cli.app import run

_STEPS = ("open", "os.rename", "os.remove", "os.mkdir", "os.rmdir", "os.truncate", "fcntl.flock")
_JOURNAL = ".migov-merge.json.migov-merge"
_ADDRESS = re.compile(r"http://[\d.]+:(\d+)/")


@dataclass(frozen=True)
class Killed:
    """How a life ends: after so many steps of its merge, or after so many seconds."""

    steps: int | None = None
    seconds: float | None = None


class Fault(Exception):
    """What was acknowledged is lost, or something is half applied."""


def live(words: list[str], into: int, steps: int | None, skipped: int = 0) -> None:
    """Be one life: run a command in this fork until it is killed; never returns."""
    os.dup2(into, 1)
    os.dup2(into, 2)
    sys.stdout = os.fdopen(1, "w", buffering=1)
    sys.stderr = os.fdopen(2, "w", buffering=1)
    if steps is not None:
        _die_at(steps, skipped)
    os._exit(run(words))


def _die_at(steps: int, skipped: int) -> None:
    """Kill this process at a step of the merge after those that are skipped."""
    merges, taken = 0, 0

    def count(event: str, arguments: tuple[object, ...]) -> None:
        nonlocal merges, taken
        if event not in _STEPS:
            return
        if event == "open" and str(arguments[0]).endswith(_JOURNAL):
            merges += 1
        if merges > skipped:
            taken += 1
            if taken == steps:
                os.kill(os.getpid(), signal.SIGKILL)

    sys.addaudithook(count)


def port_of(lines: Iterable[str]) -> int:
    """Return the port that a server says it listens at; raises Fault when it ends before."""
    seen = []
    for line in lines:
        seen.append(line)
        if found := _ADDRESS.search(line):
            return int(found[1])
    raise Fault(f"the server did not start: {''.join(seen)}")


def kill_later(child: int, seconds: float) -> None:
    """Kill a life after a time, unless it is over by then."""

    def kill(*_: object) -> None:
        with suppress(ProcessLookupError):
            os.kill(child, signal.SIGKILL)

    signal.signal(signal.SIGALRM, kill)
    signal.setitimer(signal.ITIMER_REAL, max(seconds, 0.001))


def end(child: int) -> None:
    """Kill a life if it is not over, before its number can be another's."""
    signal.setitimer(signal.ITIMER_REAL, 0)
    with suppress(ProcessLookupError):
        os.kill(child, signal.SIGKILL)
    os.waitpid(child, 0)
