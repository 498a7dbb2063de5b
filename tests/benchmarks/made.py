"""Invented data of the domain's shape, of any size: `python -m benchmarks.made 1000000 made.nt`.

Records describe initiatives; participations say who does what in them; actors stand in places and
belong to other actors; initiatives are parts of others. A number and a seed make the same bytes
anywhere. It is written as text, without a library: ten million triples take seconds.
"""

from __future__ import annotations

import argparse
import hashlib
import random
import shutil
import sys
from collections.abc import Iterable, Iterator
from datetime import UTC, datetime
from itertools import islice
from pathlib import Path
from typing import Final

from pyoxigraph import DefaultGraph, parse

from migov.fulltext import TEXT, Texts
from migov.snapshot.model import QUADS, STORE, Snapshot, write_description
from migov.snapshot.sums import write_sums
from migov.snapshot.write import write_store
from migov.vocabulary import BASE, CONCEPT, GRAPH, NS

INITIATIVE: Final = f"{BASE}id/initiative/made-"
ACTOR: Final = f"{BASE}id/actor/made-"
_PARTICIPATION: Final = f"{BASE}id/participation/made-"
PLACES: Final = tuple(f"{BASE}id/place/x{number:02}" for number in range(90))
_RDF: Final = "<http://www.w3.org/1999/02/22-rdf-syntax-ns#type>"
_SKOS: Final = "http://www.w3.org/2004/02/skos/core#"
_TERMS: Final = "http://purl.org/dc/terms/"
_YEAR: Final = "^^<http://www.w3.org/2001/XMLSchema#gYear>"
_LABEL, _TITLE = f"<{_SKOS}prefLabel>", f"<{_TERMS}title>"
_ROLES: Final = ("funder", "implementer", "host", "signatory", "partner")
_THEMES: Final = ("remittances", "diaspora", "integration", "technology", "youth-employment")
_CERTAIN: Final = ("stated", "stated", "stated", "inferred", "ambiguous")
_WORDS: Final = (
    *("labour", "mobility", "migration", "governance", "regional", "programme", "support"),
    *("return", "skills", "training", "fair", "recruitment", "diaspora", "engagement"),
    *("remittances", "border", "health", "data", "cooperation", "dialogue"),
)
PER_RECORD: Final = 37.6
"""Triples that a record brings along, nearly."""
_PER_FILE: Final = 25
"""Records in one file, and so in one named graph."""


def records_for(triples: int) -> int:
    """Return how many records have about so many triples."""
    return max(1, round(triples / PER_RECORD))


def graphs(records: int, seed: int = 0) -> Iterator[tuple[str, list[str]]]:
    """Yield each named graph, by the path of its file, with its triples as lines of N-Triples."""
    chance = random.Random(seed)
    yield "data/places/made.ttl", list(_places())
    numbers = iter(range(records))
    for file in range(-(-records // _PER_FILE)):
        lines: list[str] = []
        for number in islice(numbers, _PER_FILE):
            lines += _record(number, chance)
        yield f"data/records/gfmd/made-{file}.ttl", lines


def _places() -> Iterator[str]:
    for number, place in enumerate(PLACES):
        yield f"<{place}> {_RDF} <{NS}{'Country' if number % 9 else 'Region'}>"
        yield f'<{place}> {_LABEL} "Place {number}"@en'
        yield f'<{place}> {_LABEL} "Lieu {number}"@fr'
        if number % 9:
            yield f"<{place}> <{NS}containedIn> <{PLACES[number - number % 9]}>"


def _record(number: int, chance: random.Random) -> Iterator[str]:
    """Yield what one record says."""
    it, source = f"<{INITIATIVE}{number}>", f"<{BASE}id/record/made-{number}>"
    pick = chance.random
    words = " ".join(_WORDS[int(pick() * len(_WORDS))] for _ in range(6))
    year = 1990 + int(pick() * 35)
    line = number % 900
    yield f"{source} {_RDF} <{NS}SourceRecord>"
    yield f"{source} <{NS}describes> {it}"
    yield f'{source} {_TITLE} "Record {number}: {words}"@en'
    yield f'{source} <{NS}locator> "{number % 80:03}:{line}"'
    yield f'{source} <{_TERMS}language> "en"'
    yield f"{it} {_RDF} <{NS}{'Programme' if number % 3 else 'Project'}>"
    yield f'{it} {_LABEL} "Programme {number} {words}"@en'
    yield f'{it} {_LABEL} "Programme numéro {number}"@fr'
    yield f'{it} {_TITLE} "Programme {number}: {words}"@en'
    yield f'{it} <{NS}acronym> "P{number}"'
    yield f"{it} <{NS}theme> <{CONCEPT}theme/{_THEMES[int(pick() * 5)]}>"
    yield f"{it} <{NS}status> <{CONCEPT}status/{'ongoing' if year > 2015 else 'ended'}>"
    yield f"{it} <{NS}coversPlace> <{PLACES[int(pick() * 90)]}>"
    yield f"{it} <{NS}destinationPlace> <{PLACES[int(pick() * 90)]}>"
    yield f'{it} <{NS}startDate> "{year}"{_YEAR}'
    if number:
        yield f"{it} <{NS}partOf> <{INITIATIVE}{number // 8}>"
    count = number // 10 + 1
    for place in range(3):
        part = f"<{_PARTICIPATION}{number}-{place}>"
        # Few actors take part in much: the square of a chance is small more often than not.
        actor = f"<{ACTOR}{int(pick() * pick() * count)}>"
        yield f"{part} {_RDF} <{NS}Participation>"
        yield f"{part} <{NS}participationIn> {it}"
        yield f"{part} <{NS}role> <{CONCEPT}role/{_ROLES[(place + number) % 5]}>"
        yield f"{part} <{NS}actor> {actor}"
        yield f'{part} <{NS}locator> "{number % 80:03}:{line + place}"'
        yield f"{part} <{NS}certainty> <{CONCEPT}certainty/{_CERTAIN[int(pick() * 5)]}>"
        yield f'{part} <{NS}wording> "as said in line {line + place}"'
    if number % 10 == 0:
        own = number // 10
        who = f"<{ACTOR}{own}>"
        yield f"{who} {_RDF} <{NS}Organisation>"
        yield f'{who} {_LABEL} "Actor {own} of {words}"@en'
        yield f'{who} {_LABEL} "Acteur {own}"@fr'
        yield f"{who} <{NS}locatedIn> <{PLACES[int(pick() * 90)]}>"
        if own:
            yield f"{who} <{NS}subOrganisationOf> <{ACTOR}{own // 5}>"
            yield f'{who} <{NS}name> "Actor {own}"'


def write_triples(out: Path, records: int, seed: int = 0) -> int:
    """Write N-Triples without graphs; returns their number."""
    count = 0
    with out.open("w", encoding="utf-8") as file:
        for _, lines in graphs(records, seed):
            file.write(" .\n".join(lines) + " .\n")
            count += len(lines)
    return count


def write_quads(out: Path, records: int, seed: int = 0, *, union: bool = False) -> dict[str, int]:
    """Write N-Quads; returns the triples of each graph. With `union` the default graph has all."""
    sizes: dict[str, int] = {}
    with out.open("w", encoding="utf-8") as file:
        for path, lines in graphs(records, seed):
            name = GRAPH + path
            sizes[name] = len(lines)
            if union:
                file.write(" .\n".join(lines) + " .\n")
            end = f" <{name}> .\n"
            file.write(end.join(lines) + end)
    return sizes


def write_snapshot(folder: Path, records: int, seed: int = 0, *, disk: bool = False) -> Snapshot:
    """Write a snapshot into a folder of that number and seed, over one that is there."""
    name = hashlib.sha256(f"{records} {seed}".encode()).hexdigest()
    here = folder / name
    shutil.rmtree(here, ignore_errors=True)
    here.mkdir(parents=True)
    sizes = write_quads(here / QUADS, records, seed, union=True)
    triples = sum(sizes.values())
    snapshot = Snapshot(
        digest=name,
        folder=here,
        triples=triples,
        inferred=0,
        graphs=sizes,
        built=datetime.now(UTC).isoformat(timespec="seconds"),
        size=(here / QUADS).stat().st_size,
        store="disk" if disk else "memory",
        inference=False,
        quad_count=2 * triples,
    )
    texts = Texts()
    texts.add(quad for quad in parse(path=str(snapshot.quads)) if quad.graph_name != DefaultGraph())
    texts.write(here / TEXT)
    write_description(snapshot, here)
    if disk:
        write_store(snapshot.quads, here / STORE)
        write_sums(here / STORE)
    return snapshot


def write_checkout(root: Path, records: int, seed: int = 0) -> int:
    """Write one Turtle file for each graph under `data/`; returns the number of files."""
    count = 0
    for path, lines in graphs(records, seed):
        file = root / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(f"@base <{GRAPH}{path}> .\n" + _terminated(lines), encoding="utf-8")
        count += 1
    return count


def _terminated(lines: Iterable[str]) -> str:
    return "".join(f"{line} .\n" for line in lines)


def main() -> int:
    """Write what the name of the output asks for."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("triples", type=int)
    parser.add_argument("out", type=Path, help="x.nt, x.nq, or a folder for files or a snapshot")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--snapshot", choices=("memory", "disk"), help="a snapshot, not files")
    asked = parser.parse_args()
    records = records_for(asked.triples)
    if asked.snapshot:
        snapshot = write_snapshot(asked.out, records, asked.seed, disk=asked.snapshot == "disk")
        print(f"{snapshot.triples} triples in {snapshot.folder}")
    elif asked.out.suffix == ".nt":
        print(f"{write_triples(asked.out, records, asked.seed)} triples in {asked.out}")
    elif asked.out.suffix == ".nq":
        print(f"{sum(write_quads(asked.out, records, asked.seed).values())} quads in {asked.out}")
    else:
        print(f"{write_checkout(asked.out, records, asked.seed)} files in {asked.out}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
