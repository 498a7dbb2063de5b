"""A campaign in several processes forked from this one, and what they met."""

from __future__ import annotations

import json
import os
import time
from collections import Counter
from collections.abc import Callable, Mapping
from typing import NoReturn


def in_jobs(number: int, work: Callable[[int], Mapping[str, int]]) -> tuple[Counter[str], int]:
    """Run work for each job by its number; print and return what they counted, and the faults.

    A job that raises meets a fault.
    """
    began = time.monotonic()
    pipes = []
    for job in range(number):
        out, into = os.pipe()
        if os.fork() == 0:
            os.close(out)
            _run(work, job, into)
        os.close(into)
        pipes.append(out)
    counts: Counter[str] = Counter()
    faults = []
    for out in pipes:
        with os.fdopen(out, "rb") as answer:
            found = json.loads(answer.read() or b'{"fault": "a job crashed"}')
        os.wait()
        if "fault" in found:
            faults.append(found["fault"])
        else:
            counts.update(found)
    for word, count in sorted(counts.items()):
        print(f"{count:8} {word}")
    for fault in faults:
        print(f"FAULT    {fault}")
    print(f"{len(faults)} of {number} jobs met a fault, {time.monotonic() - began:.0f} s")
    return counts, len(faults)


def _run(work: Callable[[int], Mapping[str, int]], job: int, into: int) -> NoReturn:
    code, result = 0, dict[str, object]()
    try:
        result.update(work(job))
    except Exception as error:
        code, result = 1, {"fault": f"{type(error).__name__}: {error}"}
    os.write(into, json.dumps(result).encode())
    os._exit(code)
