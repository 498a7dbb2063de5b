"""The small version of the campaign that sends damaged records through the merge path."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

from benchmarks.merge_mutations import campaign
from benchmarks.mutations import mutation
from change_support import real_files

MUTATIONS = range(8)


def test_damaged_records_are_refused_or_mean_what_they_say(tmp_path: Path) -> None:
    counts = Counter(campaign(MUTATIONS, tmp_path))
    assert counts.total() == len(MUTATIONS)
    assert sum(count for name, count in counts.items() if name.endswith("refused")) > 0
    assert sum(count for name, count in counts.items() if name.endswith("merged")) > 0


def test_a_seed_gives_the_same_mutation_again_and_all_kinds_come() -> None:
    files = real_files()
    found = [mutation(files, seed) for seed in range(600)]
    assert found[:50] == [mutation(files, seed) for seed in range(50)]
    assert len({sent.name for sent in found}) >= 60
    assert {sent.name.partition(",")[0] for sent in found} == {
        "text",
        "triples",
        "hostile",
        "place",
    }
