"""Two real SPARQL stores on free ports of the loopback: Oxigraph's server and Virtuoso 7."""

from __future__ import annotations

import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import httpx
import pytest
from flask.testing import FlaskClient

from migov.engine import Limits
from migov.engine.remote import PublishedElsewhere, RemoteStore
from migov.repository import Repository
from migov.settings import Settings
from migov.web import create_app
from migov.web.changes import EXTENSION

USER, PASSWORD = "dba", "dba"
_PATIENCE = 60.0
_INI = """[Database]
DatabaseFile = {folder}/virtuoso.db
ErrorLogFile = {folder}/virtuoso.log
LockFile = {folder}/virtuoso.lck
TransactionFile = {folder}/virtuoso.trx
xa_persistent_file = {folder}/virtuoso.pxa
FileExtend = 200
MaxCheckpointRemap = 2000
Striping = 0
TempStorage = TempDatabase

[TempDatabase]
DatabaseFile = {folder}/temp.db
TransactionFile = {folder}/temp.trx
MaxCheckpointRemap = 2000
Striping = 0

[Parameters]
ServerPort = 127.0.0.1:{sql}
DisableUnixSocket = 1
MaxClientConnections = 20
CheckpointInterval = 0
DirsAllowed = {folder}
NumberOfBuffers = 2000
MaxDirtyBuffers = 1000
MaxQueryMem = 256M
ThreadsPerQuery = 1
AsyncQueueMaxThreads = 2
CaseMode = 2

[HTTPServer]
ServerPort = 127.0.0.1:{port}
ServerRoot = {folder}
ServerThreads = 20
MaxClientConnections = 20
KeepAliveTimeout = 10
MaxKeepAlives = 20
Charset = UTF-8
EnabledGzipContent = 0

[SPARQL]
MaxQueryExecutionTime = 60
{rows}
"""


class RunningStore:
    """A store in a process of its own, with its data in a folder. It can be killed and started."""

    def __init__(self, name: str, folder: Path, *options: str, most_rows: int | None = None):
        self.name = name
        self._folder = folder
        self._options = options
        self._port = _free_port()
        self._remote: RemoteStore | None = None
        if name == "virtuoso":
            rows = "" if most_rows is None else f"ResultSetMaxRows = {most_rows}"
            text = _INI.format(folder=folder, port=self._port, sql=_free_port(), rows=rows)
            (folder / "virtuoso.ini").write_text(text, encoding="utf-8")
        try:
            self.start()
        except BaseException:
            self.kill()
            raise

    @property
    def query(self) -> str:
        return self.at({"oxigraph": "/query", "virtuoso": "/sparql"}[self.name])

    def at(self, path: str) -> str:
        """Return an address of this store."""
        return f"http://127.0.0.1:{self._port}{path}"

    @property
    def user(self) -> str | None:
        return USER if self.name == "virtuoso" else None

    @property
    def login(self) -> tuple[str, ...]:
        """The options that `migov publish` needs here."""
        return ("--to", self.query, *(("--user", self.user) if self.user else ()))

    def start(self) -> None:
        """Start it and wait until it answers."""
        with suppress(FileNotFoundError):
            (self._folder / "virtuoso.lck").unlink()  # of a process that was killed
        self._process = subprocess.Popen(
            self._command(), cwd=self._folder, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
        )
        until = time.monotonic() + _PATIENCE
        while True:
            with suppress(httpx.TransportError):
                if httpx.get(self.query, params={"query": "ASK {}"}).status_code == httpx.codes.OK:
                    return
            assert self._process.poll() is None, f"{self.name} ended"
            assert time.monotonic() < until, f"{self.name} does not answer"
            time.sleep(0.05)

    def kill(self) -> None:
        """End it at once, as a crash would."""
        self._process.send_signal(signal.SIGKILL)
        self._process.wait()

    @property
    def remote(self) -> RemoteStore:
        """The store as this software sees it, with patience."""
        if self._remote is None:
            self._remote = RemoteStore(self.query, None, Limits(deadline=60), 1)
        return self._remote

    def close(self) -> None:
        self.kill()
        if self._remote is not None:
            self._remote.close()

    def count(self, graph: str) -> int:
        """Return the triples of a graph, asked without this software."""
        answer = httpx.post(
            self.query,
            data={"query": f"SELECT (COUNT(*) AS ?n) {{ GRAPH <{graph}> {{ ?s ?p ?o }} }}"},
            headers={"Accept": "text/csv"},
            timeout=_PATIENCE,
        )
        return int(answer.text.split()[-1].strip('"'))

    def _command(self) -> list[str]:
        if self.name == "virtuoso":
            return ["virtuoso-t", "-f", "-c", "virtuoso.ini"]
        program = Path(sys.executable).with_name("oxigraph")
        place = ["--location", str(self._folder), "--bind", f"127.0.0.1:{self._port}"]
        return [str(program), "serve", *place, *self._options]


@contextmanager
def running_store(
    name: str, folder: Path, *options: str, most_rows: int | None = None
) -> Iterator[RunningStore]:
    """Run a store for the length of a `with` block."""
    folder.mkdir(parents=True, exist_ok=True)
    store = RunningStore(name, folder, *options, most_rows=most_rows)
    try:
        yield store
    finally:
        store.close()


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


STORES = [
    pytest.param("oxigraph"),
    pytest.param("virtuoso", marks=pytest.mark.needs("virtuoso-t")),
]
"""For `parametrize`: a store that this machine cannot run is left out by name."""


@contextmanager
def serving(
    repository: Repository, settings: Settings
) -> Iterator[tuple[PublishedElsewhere, FlaskClient]]:
    published = PublishedElsewhere(repository, settings)
    try:
        app = create_app(published, settings)
        try:
            yield published, app.test_client()
        finally:
            app.extensions[EXTENSION].close()
    finally:
        published.close()
