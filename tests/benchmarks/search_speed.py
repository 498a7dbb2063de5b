"""The full-text index against a scan of the store, in one run.

    python -m benchmarks.search_speed 1000000

Things get labels and summaries in two languages, made of the words of this graph's own texts as
often as they stand there, and rare names. The index is asked through its process, as the server
does it; the scan is `FILTER(CONTAINS(LCASE(?text), …))` over the same triples in memory.
"""

from __future__ import annotations

import os
import random
import statistics
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path

import pyoxigraph as ox

from migov.dataset import content_files, read_quads
from migov.fulltext import TEXT, Index, Search, Texts
from migov.repository import find_repository
from migov.vocabulary import ID, NS, STANDARD_PREFIXES

ROUNDS = 15
SYLLABLES = ("ba", "ko", "ri", "mun", "ta", "les", "dor", "vi", "na", "pel")
CLASSES = ("Initiative", "Actor", "Output", "Event", "Objective")
TEXTS = (
    "Bakori",
    "labour migration",
    "labour migration maroc",
    "travail migration",
    "migration",
    "mig",
    "migration of the persons to countries from Africa",
    "nothing-has-this",
)


def said() -> dict[str, list[str]]:
    """Return the words of this repository's texts by language, repeated as they stand there."""
    words: dict[str, list[str]] = {"en": [], "fr": []}
    for file in content_files(find_repository()):
        if file.path.endswith(".ttl"):
            for quad in read_quads(file):
                if isinstance(quad.object, ox.Literal) and quad.object.language in words:
                    words[quad.object.language] += quad.object.value.split()
    return words


def quads(number: int) -> Iterator[ox.Quad]:
    chance, words = random.Random(1), said()
    terms = {prefix: STANDARD_PREFIXES[prefix] for prefix in ("rdf", "skos", "dcterms")}
    written = thing = 0
    while written < number:
        subject, graph = (
            ox.NamedNode(f"{ID}initiative/x{thing}"),
            ox.NamedNode(f"{NS}{thing // 50}"),
        )
        name = "".join(chance.choices(SYLLABLES, k=3)).capitalize()
        values: list[tuple[str, ox.NamedNode | ox.Literal]] = [
            (terms["rdf"] + "type", ox.NamedNode(NS + chance.choice(CLASSES)))
        ]
        for language, known in words.items():
            label = " ".join([*chance.choices(known, k=5), name])
            values.append((terms["skos"] + "prefLabel", ox.Literal(label, language=language)))
            summary = " ".join(chance.choices(known, k=30))
            values.append((terms["dcterms"] + "abstract", ox.Literal(summary, language=language)))
        if thing % 5 == 0:
            values.append((NS + "acronym", ox.Literal(f"{name[:4].upper()}{thing % 97}")))
        for _ in range(4):
            other = ox.NamedNode(f"{ID}initiative/x{chance.randrange(thing + 1)}")
            values.append((NS + "partOf", other))
        for predicate, value in values:
            yield ox.Quad(subject, ox.NamedNode(predicate), value, graph)
        written += len(values)
        thing += 1


def median(work: Callable[[], object], rounds: int) -> tuple[float, float, float]:
    """Return the median, the least and the most milliseconds of some rounds."""
    taken = []
    for _ in range(rounds):
        started = time.perf_counter()
        work()
        taken.append((time.perf_counter() - started) * 1000)
    return statistics.median(taken), min(taken), max(taken)


def main(number: int) -> None:
    texts, store = Texts(), ox.Store()
    gathered = list(quads(number))
    store.bulk_extend(ox.Quad(quad.subject, quad.predicate, quad.object) for quad in gathered)
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, TEXT)
        started = time.process_time()
        texts.add(gathered)
        texts.write(path)
        seconds, size = time.process_time() - started, path.stat().st_size / 1e6
        print(
            f"{len(gathered):,} triples; index built in {seconds:.1f} s of one core, {size:.0f} MB"
        )
        print(f"load {os.getloadavg()[0]:.1f}")
        del gathered
        index = Index(lambda: Path(folder), seconds=60, megabytes=1024)
        index.search(Search("warm"))
        print("text | index, ms: median (least to most) | scan, ms: median of 3 | ratio")
        for text in TEXTS:
            indexed = median(partial(index.search, Search(text)), ROUNDS)
            conditions = " && ".join(
                f"CONTAINS(LCASE(STR(?t)), {ox.Literal(word.lower())})" for word in text.split()
            )
            scan = f"ASK {{ {{ SELECT (COUNT(*) AS ?n) {{ ?s ?p ?t FILTER({conditions}) }} }} }}"
            scanned = median(partial(store.query, scan), 3)
            print(f"{text} | {indexed[0]:.1f} ({indexed[1]:.1f} to {indexed[2]:.1f}) | "
                  f"{scanned[0]:,.0f} | {scanned[0] / indexed[0]:.0f}")  # fmt: skip
        index.close()


if __name__ == "__main__":
    main(int(sys.argv[1]))
