"""How long candidates for a thousand of ours take among a hundred thousand names of a target.

    python -m benchmarks.suggest_speed [NAMES [OURS]]

Half of ours are in the target, a third of those with a letter missing and each with a namesake that
only the country tells apart. Measured are both parts of what `migov link suggest` does after it has
read the snapshot: the index of the target, and the candidates.
"""

from __future__ import annotations

import random
import sys
import time

from benchmarks.link_quality import names_of_countries
from benchmarks.reconcile_speed import LETTERS, WORDS
from migov.linking.suggest import TargetIndex
from migov.targets import Entry
from migov.targets.portrait import Portrait, portrait
from migov.vocabulary import ID, NS


def main(names: int, ours: int) -> None:
    """Print seconds for the index and for the candidates, and how many first ones are right."""
    chance = random.Random(2)
    own = ["".join(chance.choices(LETTERS, k=chance.randint(4, 9))) for _ in range(20_000)]
    lands = [texts[0] for texts in names_of_countries().values()]

    def invented() -> str:
        return " ".join([*chance.choices(WORDS, k=2), chance.choice(own), chance.choice(lands)])

    target = [_theirs(number, invented(), chance.choice(lands)) for number in range(names)]
    mine: list[Portrait] = []
    right: dict[str, str] = {}
    for number in range(ours):
        iri = f"{ID}actor/made-{number}"
        if number % 2:
            mine.append(_ours(iri, invented(), chance.choice(lands)))
            continue
        theirs = chance.choice(target)
        text, country = theirs.names[0].text, min(theirs.countries)
        if number % 3 == 0:
            at = chance.randrange(len(text))
            text = text[:at] + text[at + 1 :]
        mine.append(_ours(iri, text, country))
        right[iri] = theirs.iri
        target.append(_theirs(len(target), theirs.names[0].text, "another"))
    started, before = time.perf_counter(), time.process_time()
    index = TargetIndex([Entry(each) for each in target])
    built = time.perf_counter()
    found = list(index.suggestions(mine))
    done, used = time.perf_counter(), time.process_time() - before
    first = {each.ours.iri: each.candidate.portrait.iri for each in found if each.rank == 1}
    hits = sum(first.get(iri) == expected for iri, expected in right.items())
    size = f"{len(target):,} names of the target, {len(mine):,} of ours"
    print(
        f"{size}: index {built - started:.1f} s, candidates {done - built:.1f} s, together "
        f"{done - started:.1f} s, {used:.1f} s of one core; "
        f"{hits} of {len(right)} that are there come first."
    )


def _theirs(number: int, name: str, country: str) -> Portrait:
    return portrait(f"http://example.org/{number}", [(name, None)], countries=frozenset({country}))


def _ours(iri: str, name: str, country: str) -> Portrait:
    types = frozenset({NS + "Organisation"})
    return portrait(iri, [(name, "en")], types=types, countries=frozenset({country}))


if __name__ == "__main__":
    main(*(int(word) for word in (*sys.argv[1:], "100000", "1000")[:2]))
