"""What is worked out once a state, when it is first asked for."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Generic, TypeVar

from migov.web.site import State, state

Made = TypeVar("Made")


class Once(Generic[Made]):
    """What a function makes of a state: kept until another state is asked.

    A request that began with an older state than the last one has it made anew for itself, and
    nobody waits for that. Where a store is between two snapshots nothing is kept.
    """

    def __init__(self, make: Callable[[State], Made]) -> None:
        self._make = make
        self._kept: tuple[str, Made] | None = None
        self._making = threading.Lock()

    def __call__(self) -> Made:
        """Return it for the state that this request began with."""
        current = state()
        if (found := self._of(current)) is not None:
            return found[1]
        with self._making:
            if (found := self._of(current)) is not None:
                return found[1]
            made = self._make(current)
            if current.is_settled:
                self._kept = (current.version, made)
            return made

    def _of(self, current: State) -> tuple[str, Made] | None:
        kept = self._kept
        return kept if kept is not None and kept[0] == current.version else None
