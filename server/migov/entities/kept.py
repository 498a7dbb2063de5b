"""What an engine was asked, kept as long as the engine: it answers over one snapshot."""

from __future__ import annotations

import threading
from collections.abc import Callable, Hashable, Iterable, Mapping
from typing import Generic, TypeVar
from weakref import WeakKeyDictionary

from migov.engine import Engine

Key = TypeVar("Key", bound=Hashable)
Found = TypeVar("Found")


class Kept(Generic[Key, Found]):
    """Answers by key for each engine, up to so many; past that it begins anew.

    Two threads may ask the same at once: the answers are equal, and nobody waits. Nothing is kept
    of an engine that says it is not settled: a store may be between two snapshots.
    """

    def __init__(self, most: int) -> None:
        self._most = most
        self._engines: WeakKeyDictionary[Engine, dict[Key, Found]] = WeakKeyDictionary()
        self._lock = threading.Lock()

    def of(self, engine: Engine, key: Key, ask: Callable[[], Found]) -> Found:
        """Return what is found for one key; `ask` is asked unless that is kept, and may raise."""
        return self.all_of(engine, [key], lambda _: {key: ask()})[key]

    def all_of(
        self, engine: Engine, keys: Iterable[Key], ask: Callable[[set[Key]], Mapping[Key, Found]]
    ) -> dict[Key, Found]:
        """Return what is found for keys; `ask` is asked for those that are not kept, all at once.

        Raises what `ask` raises.
        """
        wanted = set(keys)
        if not engine.is_settled:
            return dict(ask(wanted)) if wanted else {}
        with self._lock:
            held = self._engines.setdefault(engine, {})
        found = {key: held[key] for key in wanted & held.keys()}
        if missing := wanted - found.keys():
            new = ask(missing)
            found.update(new)
            with self._lock:
                if len(held) + len(new) > self._most:
                    held.clear()
                if len(new) <= self._most:
                    held.update(new)
        return found
