"""How long a batch of ten reconciliation queries takes among ten thousand entities.

    python -m benchmarks.reconcile_speed [BATCHES]

Half of the texts have a letter missing; half name an organisation, a third a country, the rest
nothing. Measured is everything but HTTP: JSON in, JSON out.
"""

from __future__ import annotations

import json
import random
import sys
import time
from typing import Final

from benchmarks.link_quality import countries, names_of_countries
from migov.linking.index import NameIndex
from migov.linking.ours import Ours
from migov.linking.reconciliation.answering import answered
from migov.linking.reconciliation.asking import read_batch
from migov.linking.reconciliation.documents import results
from migov.targets.portrait import portrait
from migov.vocabulary import ID, NS

_ENTITIES: Final = 10_000
_BATCH: Final = 10
WORDS: Final = (
    *("ministry", "labour", "migration", "health", "centre", "institute", "research", "office"),
    *("university", "foundation", "agency", "development", "international", "council", "women"),
    *("national", "association", "youth", "fund", "network", "programme", "project", "support"),
)
LETTERS: Final = "abcdefghiklmnoprstuv"


def main(batches: int) -> None:
    """Print the median and the 90th percentile, in milliseconds."""
    chance = random.Random(1)
    own = ["".join(chance.choices(LETTERS, k=chance.randint(4, 9))) for _ in range(4000)]
    lands = [names[0] for names in names_of_countries().values()]

    def invented() -> str:
        return " ".join([*chance.choices(WORDS, k=2), chance.choice(own), chance.choice(lands)])

    made = [
        portrait(
            f"{ID}actor/made-{number}",
            [(invented(), "en"), (invented(), "fr")],
            types=frozenset({NS + "Organisation"}),
        )
        for number in range(_ENTITIES - len(countries()))
    ]
    index = NameIndex([*made, *countries()])
    labels = {each.iri: {n.language: n.text for n in each.names} for each in index.portraits}
    ours = Ours(index, labels, {}, {})

    def text() -> str:
        kind = chance.random()
        found = chance.choice(made).names[0].text if kind < 0.5 else chance.choice(lands)
        found = found if kind < 0.83 else invented()
        at = chance.randrange(len(found))
        return found if chance.random() < 0.5 else found[:at] + found[at + 1 :]

    times = []
    for _ in range(batches):
        batch = json.dumps({f"q{n}": {"query": text(), "limit": 3} for n in range(_BATCH)})
        begun = time.perf_counter()
        answers = {key: answered(ours, each) for key, each in read_batch(batch).items()}
        json.dumps(results(ours, answers, "en"))
        times.append((time.perf_counter() - begun) * 1000)
    times.sort()
    print(
        f"{len(index):,} entities, {batches} batches of {_BATCH}: median "
        f"{times[batches // 2]:.1f} ms, 90th percentile {times[batches * 9 // 10]:.1f} ms"
    )


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 300)
