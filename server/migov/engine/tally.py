"""How many workers this process started, and why workers ended that did not end by themselves."""

from __future__ import annotations

import threading
from collections import Counter
from typing import Final


class Tally:
    """Counts that only grow. Thread-safe."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._counts: Counter[str] = Counter()

    def count(self, what: str) -> None:
        with self._lock:
            self._counts[what] += 1

    def counts(self) -> dict[str, int]:
        """Return the counts by name: "started", and the reasons for which workers were ended."""
        with self._lock:
            return dict(self._counts)


TALLY: Final = Tally()
"""That of this process: the workers of all its engines."""

STARTED: Final = "started"
DEADLINE: Final = "deadline"
MEMORY: Final = "memory"
NESTING: Final = "nesting"
REASONS: Final = (DEADLINE, MEMORY, NESTING)
