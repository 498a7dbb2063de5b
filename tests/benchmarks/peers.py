"""The servers that a benchmark compares, each started over the same triples."""

from __future__ import annotations

import shutil
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import httpx

BIN: Final = Path(sys.executable).parent
_PATIENCE: Final = 900.0


@dataclass(frozen=True, slots=True)
class Peer:
    """A server under measurement: its name, and the address of its SPARQL endpoint."""

    name: str
    endpoint: str


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        return int(taken.getsockname()[1])


@contextmanager
def ours(folder: Path, store: str, *, kept: int = 64, deadline: float = 10.0) -> Iterator[Peer]:
    """Serve a made snapshot with this software."""
    port = free_port()
    command = [sys.executable, "-m", "benchmarks.served", str(folder), "--port", str(port)]
    options = ["--store", store, "--kept", str(kept), "--deadline", str(deadline)]
    with _running([*command, *options], f"http://127.0.0.1:{port}/sparql", f"migov, {store}") as it:
        yield it


@contextmanager
def oxigraph_disk(triples: Path, folder: Path) -> Iterator[Peer]:
    """Serve with Oxigraph's own server over a store on disk, as its users start it."""
    port, store = free_port(), folder / "oxigraph"
    if not store.exists():
        subprocess.run(
            [_program("oxigraph"), "load", "--location", store, "--file", triples],
            check=True,
            stderr=subprocess.DEVNULL,
        )
    command = [_program("oxigraph"), "serve", "--location", str(store)]
    address = f"127.0.0.1:{port}"
    with _running([*command, "--bind", address], f"http://{address}/query", "oxigraph, disk") as it:
        yield it


@contextmanager
def oxigraph_memory(triples: Path) -> Iterator[Peer]:
    """Serve with Oxigraph's own server and its store in memory."""
    port = free_port()
    command = [_program("oxigraph"), "serve", "--bind", f"127.0.0.1:{port}"]
    with _running(command, f"http://127.0.0.1:{port}/query", "oxigraph, memory") as it:
        with triples.open("rb") as body:
            httpx.post(
                f"http://127.0.0.1:{port}/store?default",
                content=body,
                headers={"Content-Type": "application/n-triples"},
                timeout=_PATIENCE,
            ).raise_for_status()
        yield it


@contextmanager
def rdflib_endpoint(triples: Path) -> Iterator[Peer]:
    """Serve with rdflib-endpoint, which holds the triples in an rdflib graph."""
    port = free_port()
    command = [_program("rdflib-endpoint"), "serve", "--host", "127.0.0.1", "--port", str(port)]
    with _running([*command, str(triples)], f"http://127.0.0.1:{port}/", "rdflib-endpoint") as it:
        yield it


@contextmanager
def all_of(peers: list[tuple[str, object]]) -> Iterator[dict[str, Peer]]:
    """Keep several running at once; none works while another is measured."""
    with ExitStack() as stack:
        yield {name: stack.enter_context(peer) for name, peer in peers}  # type: ignore[arg-type]


@contextmanager
def _running(command: list[str], endpoint: str, name: str) -> Iterator[Peer]:
    child = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        _wait(child, endpoint, name)
        yield Peer(name, endpoint)
    finally:
        child.terminate()
        try:
            child.wait(15)
        except subprocess.TimeoutExpired:
            child.kill()
            child.wait()


def _wait(child: subprocess.Popen[bytes], endpoint: str, name: str) -> None:
    end = time.monotonic() + _PATIENCE
    while time.monotonic() < end:
        if child.poll() is not None:
            raise SystemExit(f"{name} ended with {child.returncode} before it answered.")
        try:
            if httpx.get(endpoint, params={"query": "ASK {}"}, timeout=5).status_code == 200:
                return
        except httpx.TransportError:
            pass
        time.sleep(0.2)
    raise SystemExit(f"{name} did not answer within {_PATIENCE:.0f} s.")


def _program(name: str) -> str:
    found = shutil.which(name, path=str(BIN)) or shutil.which(name)
    if found is None:
        raise SystemExit(f"{name} is not installed: python -m pip install -e '.[bench]'.")
    return found
