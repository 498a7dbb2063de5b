"""What takes longer than a page may: found out once a snapshot, beside all requests, and kept."""

from __future__ import annotations

import logging
import threading
from collections import deque
from collections.abc import Callable, Hashable, Mapping
from typing import Any, Final
from weakref import WeakKeyDictionary

from flask import current_app

from migov.engine import Engine
from migov.errors import (
    AnswerTooLargeError,
    DeadlineError,
    LimitError,
    MigovError,
    ResourceError,
    StoreProblem,
)
from migov.web.site import Site, State, site, state

log = logging.getLogger(__name__)

LATER: Final = "migov.later"
LATE: Final = (LimitError, StoreProblem)
"""What says that an answer did not come in time."""
_TIMES: Final = 30
"""How many times the deadline of a query one question may take here."""
_WAITING: Final = 100
"""Questions that may wait. Those that are too many are not asked: a later request asks again."""
_KEPT: Final = 200
"""Answers that are kept of one snapshot: those that were used last."""

Question = Callable[[Engine], object]


class Later:
    """Asks one question after another in one thread, with a worker of its own while there are any.

    Answers are kept by key as long as their engine; None stands for a question that failed.
    """

    def __init__(self, of: Site) -> None:
        self._site = of
        self._lock = threading.Lock()
        self._kept: WeakKeyDictionary[Engine, dict[Hashable, object]] = WeakKeyDictionary()
        self._waiting: deque[tuple[State, Hashable, Question]] = deque()
        self._first: deque[tuple[State, Hashable, Question]] = deque()
        self._pending: set[tuple[str, Hashable]] = set()
        self._is_running = False

    def keep(self, of: State, key: Hashable, answer: object) -> None:
        """Keep an answer that was found out elsewhere, or None for one that cannot be had."""
        if of.is_settled:
            with self._lock:
                kept = self._kept.setdefault(of.house, {})
                kept[key] = answer
                if len(kept) > _KEPT:
                    del kept[next(iter(kept))]

    def found(self, of: State, key: Hashable) -> Any:
        """Return the answer that is kept, None where there is none."""
        with self._lock:
            kept = self._kept.get(of.house)
            if kept is None or key not in kept:
                return None
            kept[key] = answer = kept.pop(key)  # used last
            return answer

    def ask(
        self, of: State, questions: Mapping[Hashable, Question], *, is_first: bool = False
    ) -> None:
        """Have these answered that were not yet asked, as far as there is room.

        What `is_first` goes before all that is not: what most visitors ask for.
        """
        if not of.is_settled:
            return
        with self._lock:
            kept = self._kept.get(of.house, {})
            for key, question in questions.items():
                is_known = key in kept or (of.version, key) in self._pending
                if not is_known and len(self._pending) < _WAITING:
                    (self._first if is_first else self._waiting).append((of, key, question))
                    self._pending.add((of.version, key))
            if (self._first or self._waiting) and not self._is_running:
                self._is_running = True
                threading.Thread(target=self._run, name="later", daemon=True).start()

    def is_out_of_reach(self, of: State, key: Hashable) -> bool:
        """Whether a question cannot be answered in the time that there is for it."""
        with self._lock:
            return not of.is_settled or self._kept.get(of.house, {}).get(key, key) is None

    def is_known(self, of: State, key: Hashable) -> bool:
        """Whether a question was asked, answered or not, or is going to be."""
        with self._lock:
            return (of.version, key) in self._pending or key in self._kept.get(of.house, {})

    def _run(self) -> None:
        while (current := self._next_state()) is not None:
            try:
                with current.patient(_TIMES * self._site.settings.deadline) as engine:
                    while (question := self._next(current)) is not None:
                        self._answer(current, *question, engine)
            except MigovError as error:
                log.warning("nothing can be asked beside the requests: %s", error.message)
                self._give_up()
            except Exception:
                log.exception("what was asked beside the requests failed")
                self._give_up()

    def _next_state(self) -> State | None:
        """Return the state that is asked next, None (and no thread runs any more) without any."""
        with self._lock:
            now = self._site.state.version
            for waiting in (self._first, self._waiting):
                while waiting and waiting[0][0].version != now:
                    of, key, _ = waiting.popleft()  # nobody is served from it any more
                    self._pending.discard((of.version, key))
            found = self._first or self._waiting
            self._is_running = bool(found)
            return found[0][0] if found else None

    def _next(self, current: State) -> tuple[Hashable, Question] | None:
        with self._lock:
            is_served = self._site.state.version == current.version
            waiting = self._first or self._waiting
            if is_served and waiting and waiting[0][0].version == current.version:
                _, key, question = waiting.popleft()
                return key, question
            return None

    def _answer(self, of: State, key: Hashable, question: Question, engine: Engine) -> None:
        try:
            self.keep(of, key, question(engine))
        except (DeadlineError, ResourceError, AnswerTooLargeError) as error:
            log.warning("%s cannot be found out: %s", key, error.message)
            self.keep(of, key, None)
        except MigovError as error:  # it is asked again
            log.warning("%s was not found out: %s", key, error.message)
        finally:
            with self._lock:
                self._pending.discard((of.version, key))

    def _give_up(self) -> None:
        with self._lock:
            self._first.clear()
            self._waiting.clear()
            self._pending.clear()


def later() -> Later:
    """Return what the running application has found out later."""
    found: Later = current_app.extensions[LATER]
    return found


def within() -> float:
    """Return the seconds that one part of a page may take."""
    return site().settings.part


def now_or_later(key: Hashable, question: Callable[[Engine, float | None], Any]) -> Any:
    """Return an answer that is kept, or that comes within the time of a part; else have it asked
    beside the requests and return None."""
    current, found_later = state(), later()
    if found_later.is_known(current, key):
        return found_later.found(current, key)
    try:
        answer = question(current.house, within())
    except LATE as error:
        log.info("%s takes longer than a page may: %s", key, error.message)
        found_later.ask(current, {key: lambda engine: question(engine, None)})
        return None
    found_later.keep(current, key, answer)
    return answer
