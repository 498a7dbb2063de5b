"""A small repository in a folder of its own, for tests that build and ask snapshots."""

from __future__ import annotations

import os
from pathlib import Path

from migov.repository import Repository
from migov.vocabulary import GRAPH

PREFIXES = """@prefix mg: <https://w3id.org/migov/ns#> .
@prefix owl: <http://www.w3.org/2002/07/owl#> .
@prefix rdfs: <http://www.w3.org/2000/01/rdf-schema#> .
@prefix skos: <http://www.w3.org/2004/02/skos/core#> .
@prefix initiative: <https://w3id.org/migov/id/initiative/> .
@prefix actor: <https://w3id.org/migov/id/actor/> .
"""
FILES = {
    "ontology/migov.ttl": "mg:Project rdfs:subClassOf mg:Initiative .\n"
    "mg:supportedBy owl:inverseOf mg:supports .\n",
    "ontology/rules/concern.rq": "CONSTRUCT { ?a <https://w3id.org/migov/ns#about> ?b }\n"
    "WHERE { ?a <https://w3id.org/migov/ns#supportedBy> ?b }\n",
    "data/records/one.ttl": "initiative:i a mg:Project ; skos:prefLabel 'One'@en .\n"
    "initiative:i mg:budget [ mg:amount 1 ] .\n",
    "data/records/two.ttl": "initiative:i a mg:Project ; skos:prefLabel 'Deux'@fr .\n"
    "initiative:i mg:supports initiative:j ; mg:budget [ mg:amount 1 ] .\n",
}
ONE, TWO = f"{GRAPH}data/records/one.ttl", f"{GRAPH}data/records/two.ttl"


def repository(root: Path) -> Repository:
    """Write the small repository into a folder and return it."""
    for folder in ("ontology", "data", "shapes", "queries"):
        (root / folder).mkdir(parents=True)
    for path, text in FILES.items():
        write(root / path, text)
    return Repository(root)


def write(path: Path, text: str) -> None:
    """Write a file of the repository whole, as an editor does; Turtle gets its prefixes."""
    path.parent.mkdir(parents=True, exist_ok=True)
    new = path.with_name(f".{path.name}")
    new.write_text((PREFIXES if path.suffix == ".ttl" else "") + text, encoding="utf-8")
    new.replace(path)


def is_running(process: int) -> bool:
    """Whether a process is there and not merely waiting to be reaped.

    One is not to be reaped yet while another thread of it ends after the first.
    """
    try:
        state = Path(f"/proc/{process}/stat").read_text(encoding="utf-8").rpartition(")")[2]
        threads = len(list(Path(f"/proc/{process}/task").iterdir()))
    except (FileNotFoundError, ProcessLookupError):
        return False
    return threads > 1 or state.split()[0] not in ("Z", "X")


def processes(*words: str) -> list[int]:
    """Return the running processes whose command line has all these words in it."""
    found = []
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit() and int(entry.name) != os.getpid():
            try:
                command = (entry / "cmdline").read_bytes().decode(errors="replace")
            except (FileNotFoundError, ProcessLookupError):
                continue
            if all(word in command for word in words) and is_running(int(entry.name)):
                found.append(int(entry.name))
    return found
