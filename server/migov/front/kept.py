"""Answers that are kept for whoever asks the same again, as long as nothing has changed."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Hashable
from typing import Final

from migov.front.replies import Reply

Generation = tuple[str, str]
"""The state that answers are made from, and what pages say of the server beside it."""

_BESIDE: Final = 500
"""Bytes that keeping an answer takes beside its own and those of its request."""
_LARGEST: Final = 4
"""The part of the whole room, one in so many, that one answer may take."""


class Kept:
    """The answers of one generation, those used last, within a number of bytes."""

    def __init__(self, room: int) -> None:
        self._room = room
        self._taken = 0
        self._generation: Generation | None = None
        self._replies: OrderedDict[Hashable, tuple[Reply, int]] = OrderedDict()

    def __len__(self) -> int:
        return len(self._replies)

    @property
    def taken(self) -> int:
        """Bytes that the answers kept now take."""
        return self._taken

    def get(self, generation: Generation, key: Hashable) -> Reply | None:
        """Return what was answered to a request of this generation; an older one is dropped."""
        if generation != self._generation:
            self._replies.clear()
            self._taken = 0
            self._generation = generation
            return None
        found = self._replies.get(key)
        if found is None:
            return None
        self._replies.move_to_end(key)
        return found[0]

    def keep(self, generation: Generation, key: Hashable, asked: int, reply: Reply) -> None:
        """Keep an answer for as long as there is room; `asked` is the size of its request."""
        size = asked + len(reply.head) + len(reply.body) + _BESIDE
        if generation != self._generation or size * _LARGEST > self._room:
            return
        before = self._replies.pop(key, None)
        if before is not None:
            self._taken -= before[1]
        self._replies[key] = reply, size
        self._taken += size
        while self._taken > self._room:
            _, (_, freed) = self._replies.popitem(last=False)
            self._taken -= freed
