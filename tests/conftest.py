"""What several test modules share: the snapshot of this checkout, an application, a real server."""

from __future__ import annotations

import os
import re
import shutil
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import replace
from functools import cache as cache_calls
from pathlib import Path
from queue import Empty, SimpleQueue
from threading import Thread

import pytest
from flask import Flask
from flask.testing import FlaskClient
from playwright.sync_api import Browser, sync_playwright

from git_repository import content_repository, git
from migov.engine import Engine, Published
from migov.engine.published import published
from migov.repository import Repository, find_repository
from migov.settings import Settings
from migov.web import create_app
from second_server import countries, oxigraph
from stores import PASSWORD, STORES, RunningStore, running_store

ROOT = Path(__file__).resolve().parent.parent
pytest_plugins = ["scratch_support"]
collect_ignore = ["interop"]  # scripts for another environment
_ADDRESS = re.compile(r" at (http://\S+?:\d+/)")


@pytest.fixture(scope="session")
def cache(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder for snapshots; the processes of one test run share it."""
    base = tmp_path_factory.getbasetemp()
    return (base.parent if "PYTEST_XDIST_WORKER" in os.environ else base) / "cache"


@pytest.fixture(scope="session")
def settings(cache: Path) -> Settings:
    return replace(Settings(), cache=cache, deadline=5.0, watch=0.2)


@pytest.fixture(scope="session")
def repository() -> Repository:
    return find_repository(ROOT)


@pytest.fixture(scope="session")
def current(repository: Repository, settings: Settings) -> Iterator[Published]:
    """What this checkout publishes."""
    with published(repository, settings) as opened:
        yield opened


@pytest.fixture(scope="session")
def engine(current: Published) -> Engine:
    return current.edition.engine


@pytest.fixture(scope="session")
def app(current: Published, settings: Settings) -> Flask:
    return create_app(current, settings)


@pytest.fixture
def client(app: Flask) -> FlaskClient:
    return app.test_client()


@pytest.fixture(scope="session")
def original(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A git repository of its own with the content of this one."""
    return content_repository(tmp_path_factory.mktemp("original"))


@pytest.fixture
def checkout(original: Path, tmp_path: Path) -> Path:
    """A clone of it, for one test to change."""
    folder = tmp_path / "checkout"
    done = git(original, "clone", "-q", str(original), str(folder))
    assert done.returncode == 0, done.stderr
    return folder


@contextmanager
def running(root: Path, cache: Path, *options: str, wait: float = 60) -> Iterator[str]:
    """Run `migov serve` in a process of its own and give its address, without the final slash."""
    places = ("--root", str(root), "--cache", str(cache))
    with started("serve", "--port", "0", "--watch", "0.2", *places, *options, wait=wait) as address:
        yield address


@contextmanager
def started(*arguments: str, wait: float = 60) -> Iterator[str]:
    """Run a command that serves and give the first address it tells, without the final slash."""
    child = subprocess.Popen(
        [sys.executable, "-m", "migov.cli", *arguments],
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        env={**os.environ, "PYTHONUNBUFFERED": "1"},
    )
    lines: SimpleQueue[str] = SimpleQueue()

    def read() -> None:
        assert child.stdout is not None
        for line in child.stdout:
            lines.put(line)

    reader = Thread(target=read, daemon=True)
    reader.start()
    try:
        yield _address(lines, wait)
    finally:
        child.send_signal(signal.SIGTERM)
        try:
            child.wait(timeout=15)
        except subprocess.TimeoutExpired:
            child.kill()
            child.wait()
            raise
        finally:
            reader.join(timeout=5)
            assert child.stdout is not None
            child.stdout.close()


def _address(lines: SimpleQueue[str], wait: float) -> str:
    seen: list[str] = []
    while True:
        try:
            seen.append(lines.get(timeout=wait))
        except Empty:
            raise AssertionError(f"the server did not start: {''.join(seen)}") from None
        if found := _ADDRESS.search(seen[-1]):
            return found[1].rstrip("/")


@pytest.fixture(scope="session")
def second_endpoint(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The address of a second server, which knows countries and cities."""
    with oxigraph(tmp_path_factory.mktemp("second") / "store", countries()) as address:
        yield address


@pytest.fixture(scope="session")
def stores(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Callable[[str], RunningStore]]:
    """Real SPARQL stores by name, each started when it is asked for first."""
    with ExitStack() as opened, pytest.MonkeyPatch.context() as patch:
        patch.setenv("MIGOV_PASSWORD", PASSWORD)

        @cache_calls
        def started(name: str) -> RunningStore:
            return opened.enter_context(running_store(name, tmp_path_factory.mktemp(name)))

        yield started


@pytest.fixture(scope="session", params=STORES)
def store(request: pytest.FixtureRequest, stores: Callable[[str], RunningStore]) -> RunningStore:
    """A real SPARQL store of either kind; what a test publishes there, the next one replaces."""
    return stores(request.param)


@pytest.fixture(scope="session")
def endpoint(cache: Path) -> Iterator[str]:
    """The address of a real server over this checkout."""
    with running(ROOT, cache, "--deadline", "3") as address:
        yield address


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """Debian's chromium; a module's own, since the loop that drives it is in the way of others."""
    with sync_playwright() as playwright:
        opened = playwright.chromium.launch(
            executable_path=shutil.which("chromium"),
            args=["--disable-gpu", "--disable-background-networking"],
            chromium_sandbox=os.geteuid() != 0,
        )
        yield opened
        opened.close()
