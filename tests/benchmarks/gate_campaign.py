"""`python -m benchmarks.gate_campaign 5000`: random changes, judged in part and whole."""

from __future__ import annotations

import argparse
import sys
import time
import warnings
from collections import Counter

from benchmarks.gate_cases import make_case, run


def main() -> int:
    """Run the cases, print what was met, and return the exit code: 1 if any disagrees."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("cases", type=int, nargs="?", default=5000)
    parser.add_argument("--first", type=int, default=0, help="the number of the first case")
    asked = parser.parse_args()
    warnings.simplefilter("ignore")
    counts: Counter[str] = Counter()
    wrong = 0
    began = time.perf_counter()
    number = asked.first
    compared = 0
    while compared < asked.cases:
        case = make_case(number)
        outcome = run(case, number % 3)
        counts += outcome.counts
        compared += outcome.compared
        if outcome.faults:
            wrong += 1
            print(f"case {number}\n{case}\n" + "\n".join(outcome.faults) + "\n")
        number += 1
        if number % 500 == 0:
            print(f"{compared} compared, {wrong} disagree", flush=True)
    took = time.perf_counter() - began
    print(f"{compared} cases compared, {wrong} disagree, {took:.0f} s")
    for word, count in sorted(counts.items()):
        print(f"{count:8} {word}")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
