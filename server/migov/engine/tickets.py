"""What a pool is asked, on its way through it."""

from __future__ import annotations

import threading
from abc import ABC, abstractmethod
from contextvars import ContextVar
from typing import Final, cast

from migov.engine import frames
from migov.engine.failures import error_of
from migov.engine.operations import Answer
from migov.errors import AbandonedError, BusyError, DeadlineError, MigovError


class Asker:
    """Who asks: one connection, or one client of a proxy.

    `slow` is how many of its last queries turned out to be slow, one after another, None as long as
    nothing is known. `network` is what its neighbours share with it.
    """

    __slots__ = ("network", "slow")

    def __init__(self, network: str) -> None:
        self.network = network
        self.slow: int | None = None


ASKER: Final[ContextVar[Asker | None]] = ContextVar("asker", default=None)
"""Who asks in this context, where a thread waits for the answer."""


class Ticket(ABC):
    """One query on its way through a pool, and whoever waits for the answer.

    `packed` is what a worker is sent, `until` a moment of `time.monotonic()`. Exactly one of
    `answered` and `failed` is called, or neither after `is_abandoned` was set: then the pool ends
    whatever works on it. Without an `asker` it is a question of the house. The rest is noted by the
    pool: that it `is_slow`, and `was_trusted` before that came out, and that it was put off once.
    """

    __slots__ = (
        "asker",
        "is_abandoned",
        "is_slow",
        "packed",
        "until",
        "was_put_off",
        "was_trusted",
    )

    def __init__(self, packed: bytes = b"", until: float = 0.0, asker: Asker | None = None) -> None:
        self.packed = packed
        self.until = until
        self.asker = asker
        self.is_abandoned = False
        self.is_slow = self.was_trusted = self.was_put_off = False

    @abstractmethod
    def answered(self, kind: int, name: int, body: bytes) -> None:
        """Take the answer: kind and format as `frames` numbers them, and its bytes."""

    @abstractmethod
    def failed(self, error: MigovError) -> None:
        """Take the reason why there is no answer."""


class Waited(Ticket):
    """A query that a thread waits for."""

    __slots__ = ("_answer", "_error", "_is_told", "_text")

    def __init__(self, packed: bytes, until: float, text: str, asker: Asker | None) -> None:
        super().__init__(packed, until, asker)
        self._text = text
        self._is_told = threading.Event()
        self._answer: Answer | None = None
        self._error: MigovError | None = None

    def answered(self, kind: int, name: int, body: bytes) -> None:
        if kind == frames.ERROR:
            self._error = error_of(frames.error_of(body), self._text)
        else:
            format = cast(str, frames.format_of(name))
            is_cut = bool(name & frames.CUT)
            self._answer = Answer(frames.KINDS[kind], format, body, is_cut=is_cut)
        self._is_told.set()

    def failed(self, error: MigovError) -> None:
        self._error = error
        self._is_told.set()

    def kill(self) -> None:
        """Give up, from any thread; the pool ends what works on it."""
        self.is_abandoned = True
        self.failed(AbandonedError("Nobody waits for this answer any more."))

    def result(self) -> Answer:
        self._is_told.wait()
        if self._answer is None:
            assert self._error is not None
            raise self._error
        return self._answer


def busy() -> BusyError:
    return BusyError("Every worker is busy with other queries.", hint="Try again in a few seconds.")


def late() -> DeadlineError:
    return DeadlineError(
        "The time for this query ran out.",
        hint="Ask for less: fewer patterns, a LIMIT, or a more selective first pattern.",
    )
