"""Our entities in memory, for matching: read once a snapshot, when they are first asked for."""

from __future__ import annotations

import threading
from typing import Final
from weakref import WeakKeyDictionary

from migov.engine import Engine
from migov.linking.ours import Ours, ours
from migov.web.site import state

_known: Final[WeakKeyDictionary[Engine, Ours]] = WeakKeyDictionary()
_reading: Final = threading.Lock()


def entities_here() -> Ours:
    """Return the entities of the state that this request began with."""
    engine = state().house
    with _reading:
        found = _known.get(engine)
        if found is None:
            found = _known[engine] = ours(engine)
        return found
