"""What this machine cannot run is left out by name, never silently skipped.

A test marked `needs("chromium")` runs only where that program is. The summary names what was left
out and how to get it; with MIGOV_TEST_ALL=1, as in `.ci/run`, anything left out is a failure.
"""

from __future__ import annotations

import os
import shutil

import pytest

PROGRAMS = {
    "chromium": "a browser: Debian's package chromium",
    "curl": "curl: Debian's package curl",
    "git": "git: Debian's package git",
    "npm": "npm: Debian's package npm",
    "sssom": "sssom-py and reconciler: an environment with tests/interop.txt on the PATH",
    "systemd-analyze": "systemd-analyze: Debian's package systemd",
    "virtuoso-t": "Virtuoso 7: Debian's package virtuoso-opensource",
}
_left_out: dict[str, int] = {}


def pytest_configure(config: pytest.Config) -> None:
    config.addinivalue_line("markers", "needs(program): runs only where this program is installed")


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    kept: list[pytest.Item] = []
    dropped: list[pytest.Item] = []
    for item in items:
        missing = [
            program
            for mark in item.iter_markers("needs")
            for program in mark.args
            if shutil.which(program) is None
        ]
        for program in missing:
            _left_out[program] = _left_out.get(program, 0) + 1
        (dropped if missing else kept).append(item)
    if dropped:
        items[:] = kept
        config.hook.pytest_deselected(items=dropped)


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    for program, count in sorted(_left_out.items()):
        terminalreporter.write_line(f"left out: {count} tests need {PROGRAMS[program]}")


def pytest_sessionfinish(session: pytest.Session, exitstatus: int) -> None:
    if _left_out and os.environ.get("MIGOV_TEST_ALL") == "1" and exitstatus == 0:
        session.exitstatus = pytest.ExitCode.TESTS_FAILED
