"""Workers shared by everything that runs in one event loop, so that slow queries harm nobody.

A worker answers in the order in which it was asked, and up to four queries wait in its channel, so
small ones follow each other without a pause. Who waits behind a query that turns out to be slow is
asked anew elsewhere; the answer that then still comes is dropped. No more slow queries run at once
than leave a core to the small ones (`turns`).
"""

from __future__ import annotations

import asyncio
import logging
import os
import time
from collections import deque
from contextlib import nullcontext
from functools import partial
from typing import Final

from migov.engine import frames
from migov.engine.crew import Crew
from migov.engine.crowd import Crowd
from migov.engine.line import Line
from migov.engine.local import ABANDONED
from migov.engine.operations import Answer, Limits, Load, Query
from migov.engine.pooled import PooledWorker
from migov.engine.process import Forker
from migov.engine.tally import DEADLINE, TALLY
from migov.engine.tickets import ASKER, Ticket, Waited, busy, late
from migov.engine.turns import Turns
from migov.errors import BusyError, EnvironmentProblem, MigovError

log = logging.getLogger(__name__)

_SHARED: Final = 4
"""Queries that one worker may have been asked at once."""
_FRESH: Final = 0.003
"""Seconds that a query may have run when another one is still put behind it."""
_QUICK: Final = 0.005
"""Seconds of processor time after which a query is slow."""
_STUCK: Final = 0.05
"""Seconds after which it counts as slow even if it has used less: the disk may be slow."""
_LOOK: Final = 0.002
"""Seconds between looks at what runs."""
_MEMORY: Final = 0.25
"""Seconds for which a core stays free for small queries after the last of them."""
_CYCLE, _PART = 0.1, 0.25
"""Seconds, and the part of them that slow ones have while others wait to be tried."""
_WAITING: Final = 512
"""Queries that may wait for a worker, before anybody knows whether they are slow."""
_SLOW_WAITING: Final = 64
"""Queries that may wait for a place among the slow ones."""
_PER_WORKER: Final = 4
"""Slow queries that may be under way for each worker that is there for the others."""
_PATIENCE: Final = 10.0
"""Seconds after which a worker that is one too many is ended, and one that starts given up."""


class Pool:
    """An engine over one snapshot. `answer` is for any thread but the loop's, `ask` for the loop.

    `workers` are there for queries that nobody knows yet; up to four times as many more hold slow
    queries, of which no more run than there are cores, or one less while small queries come.
    """

    is_settled = True

    def __init__(
        self,
        loop: asyncio.AbstractEventLoop,
        forker: Forker,
        limits: Limits,
        workers: int,
        cores: int | None = None,
    ) -> None:
        """Start the workers, from any thread; raises EnvironmentProblem."""
        self._loop = loop
        self._limits = limits
        self._usual, self._most_slow = workers, workers * _PER_WORKER
        self._cores = cores or len(os.sched_getaffinity(0))
        self._workers: set[PooledWorker] = set()
        self._idle: list[PooledWorker] = []
        self._slow = Turns()
        self._line = Line()
        self._slow_waiting: deque[Ticket] = deque()
        self._crowd = Crowd(loop, self._enter, self._fail)
        self._small_at = 0.0
        self._looks = self._lets_go = self._is_closed = self._has_left = False
        self._crew = Crew(self, forker, loop, self._joined, self._cannot_start)
        self._crew.welcome(forker.fork_several(workers))

    def answer(self, query: Query) -> Answer:
        """Return the whole answer; raises RequestError, LimitError or EnvironmentProblem.

        An AbandonedError is raised when the one who asked says so by `ABANDONED`.
        """
        until = self._limits.until(query.within)
        ticket = Waited(frames.pack_query(query), until, query.text, ASKER.get())
        abandoned = ABANDONED.get()
        with abandoned.ends(ticket) if abandoned else nullcontext():
            self._loop.call_soon_threadsafe(self._enter, ticket)
            return ticket.result()

    @property
    def busy(self) -> int:
        """Queries that are under way or wait."""
        under_way = sum(len(worker.asked) for worker in tuple(self._workers))
        return under_way + len(self._line) + len(self._slow_waiting)

    def load(self) -> Load:
        """Return how busy this engine is; what waits in a worker's channel waits as well."""
        workers = tuple(self._workers)
        at_work = sum(1 for worker in workers if worker.asked)
        return Load(len(workers), at_work, self.busy - at_work)

    @property
    def is_full(self) -> bool:
        """Whether no more queries may wait."""
        return len(self._line) >= _WAITING

    def deadline(self) -> float:
        """Return the moment until which a query may take that is asked now."""
        return self._limits.until()

    def ask(self, ticket: Ticket) -> None:
        """Take a query in; raises BusyError when too many wait already."""
        worker = self._free() if self._line.is_trusted(ticket) else None
        if worker is not None:
            self._give(worker, ticket)
        elif self.is_full:
            raise busy()
        else:
            self._line.add(ticket)
            self._dispatch()
            self._complete()
        if not self._looks:
            self._looks = True
            self._loop.call_later(_LOOK, self._look)

    def close(self) -> None:
        """End the idle workers now and each busy one when its query is done, from any thread.

        Whoever still holds this pool is answered: a request that began before a newer snapshot
        was published ends on the one it began with.
        """
        if self._loop.is_running():
            self._loop.call_soon_threadsafe(self._close)
        elif not self._loop.is_closed():
            self._loop.run_until_complete(self._leave())

    # What the workers tell.

    def replied(self, worker: PooledWorker, kind: int, name: int, body: bytes) -> None:
        """Keep a worker at work before its answer is looked at."""
        if not worker.asked:  # it says something unasked
            self._end(worker)
            self._complete()
            return
        ticket = worker.asked.popleft()
        worker.turns += 1
        now = time.monotonic()
        if worker.is_slow:
            self._slow.drop(worker)
        elif ticket is not None:
            self._small_at = now
        if ticket is not None and not ticket.is_slow and kind != frames.SKIPPED:
            self._line.was_quick(ticket)
        worker.began = now
        worker.is_doubted = False
        while len(worker.asked) < _SHARED and (following := self._line.next_trusted()):
            self._give(worker, following)
        if not worker.asked:
            self._rest(worker)
            if self._line:
                self._dispatch()
        if kind == frames.SKIPPED:  # one that came to its turn just then is asked anew
            self._again([ticket])
        elif ticket is not None and not ticket.is_abandoned:
            ticket.answered(kind, name, body)

    def lost(self, worker: PooledWorker) -> None:
        """Tell the first in the channel of a crashed worker why, and ask the others anew."""
        self._remove(worker)
        worker.forget()
        tickets, worker.asked = worker.asked, deque()
        first = tickets.popleft() if tickets else None
        self._again(tickets)
        self._crew.bury(worker, partial(self._fail, first) if first else None)
        self._complete()

    # The looks.

    def _look(self) -> None:
        now = time.monotonic()
        for worker in tuple(self._workers):
            if worker.asked:
                self._look_at(worker, now)
        self._slow.share(self._places(now))
        for ticket in self._line.over(now):
            self._fail(ticket, busy())
        while (queue := self._slow_waiting) and (queue[0].until <= now or queue[0].is_abandoned):
            self._fail(queue.popleft(), busy())
        self._complete()
        self._dispatch()
        self._looks = bool(
            self._line or self._slow_waiting or any(worker.asked for worker in self._workers)
        )
        if self._looks:
            self._loop.call_later(_LOOK, self._look)

    def _look_at(self, worker: PooledWorker, now: float) -> None:
        """See whether the first query in a channel is late, unwanted or slow."""
        ticket = worker.asked[0]
        if ticket is not None and ticket.until <= now:
            self._end(worker)
            TALLY.count(DEADLINE)
            self._fail(ticket, late())
            return
        worker.look()
        is_slow = worker.used >= _QUICK
        if is_slow and ticket is not None:
            self._line.was_slow(ticket)
        if ticket is None or ticket.is_abandoned:
            if is_slow:
                self._end(worker)
        elif not worker.is_slow and (is_slow or now - worker.began >= _STUCK):
            self._turns_slow(worker, ticket)

    def _turns_slow(self, worker: PooledWorker, ticket: Ticket) -> None:
        """Move away who waits behind a slow query; where it has no place itself, it begins anew."""
        if len(self._slow) >= self._most_slow:
            if worker.used >= _QUICK:
                self._end(worker)
                self._put_off(ticket)
            return
        worker.is_doubted = False
        behind = list(worker.asked)[1:]
        self._again(behind)
        worker.asked = deque([ticket, *(None for _ in behind)])
        if behind:
            worker.send(frames.SKIPPING)
        self._slow.add(worker)

    def _put_off(self, ticket: Ticket) -> None:
        """Let a slow query wait for a place, as long as few do."""
        if len(self._slow_waiting) < _SLOW_WAITING:
            self._slow_waiting.append(ticket)
        else:
            self._crowd.put_off(ticket)

    def _places(self, now: float) -> int:
        """Return how many slow queries may run; while small ones come, a core is theirs.

        While any wait to be tried, the slow ones have a part of the time alone: each that waits
        would be as slow to try as there are others at work.
        """
        if self._line:
            return int(now % _CYCLE < _CYCLE * _PART)
        return max(1, self._cores - (now - self._small_at < _MEMORY))

    @property
    def _places_left(self) -> int:
        """How many of the slow queries that wait may begin. None takes a worker from the others."""
        return min(len(self._slow_waiting), self._most_slow - len(self._slow))

    # Who does what.

    def _free(self) -> PooledWorker | None:
        """Return a worker that can be asked, None where all have enough to do."""
        return self._idle.pop() if self._idle else self._shareable()

    def _shareable(self) -> PooledWorker | None:
        """Return the worker with the fewest queries in its channel, none of which takes long."""
        best, fewest, since = None, _SHARED, time.monotonic() - _FRESH
        for worker in self._workers:
            is_open = not worker.is_slow and not worker.is_doubted and worker.began > since
            if is_open and len(worker.asked) < fewest:
                best, fewest = worker, len(worker.asked)
        return best

    @property
    def _may_doubt(self) -> bool:
        """Whether another query in doubt may be tried; where there are several, one stays free."""
        tried = sum(1 for worker in self._workers if worker.is_doubted)
        return tried < max(1, self._usual - 1)

    def _give(self, worker: PooledWorker, ticket: Ticket) -> None:
        if not worker.asked:
            worker.began = time.monotonic()
        worker.asked.append(ticket)
        worker.send(ticket.packed)

    def _dispatch(self) -> None:
        while (ticket := self._line.next_trusted()) is not None:
            worker = self._free()
            if worker is None:
                self._line.put_back([ticket])
                break
            self._give(worker, ticket)
        while self._line.has_doubted and self._idle and self._may_doubt:
            doubted = self._idle.pop()
            doubted.is_doubted = True
            self._give(doubted, self._line.next_doubted())
        usual = 0 if self._is_closed else self._usual
        while self._places_left and self._idle and len(self._workers) - len(self._slow) > usual:
            slow = self._idle.pop()
            self._give(slow, self._slow_waiting.popleft())
            self._slow.add(slow)

    def _again(self, tickets: deque[Ticket | None] | list[Ticket | None]) -> None:
        """Put tickets in front of those that wait."""
        wanted = [each for each in tickets if each is not None and not each.is_abandoned]
        self._line.put_back(wanted)

    def _rest(self, worker: PooledWorker) -> None:
        if self._is_closed:
            self._end(worker)
            return
        self._idle.append(worker)
        if len(self._idle) > self._usual and not self._lets_go:
            self._lets_go = True
            self._loop.call_later(_PATIENCE, self._let_go)

    def _let_go(self) -> None:
        """End those that were used longest ago, as many as are more than usual."""
        self._lets_go = False
        for worker in self._idle[: -self._usual]:
            self._end(worker)

    def _end(self, worker: PooledWorker) -> None:
        """End a worker; who waits in its channel behind the first one is asked anew."""
        self._remove(worker)
        tickets, worker.asked = worker.asked, deque()
        if tickets:
            tickets.popleft()
        self._again(tickets)
        self._crew.end(worker)

    def _remove(self, worker: PooledWorker) -> None:
        self._workers.discard(worker)
        if worker in self._idle:
            self._idle.remove(worker)
        if worker.is_slow:
            self._slow.drop(worker)

    def _fail(self, ticket: Ticket, error: MigovError) -> None:
        if not ticket.is_abandoned:
            ticket.failed(error)

    # How many there are.

    def _complete(self) -> None:
        """Start what is missing, unless nobody would see it come."""
        if self._has_left:
            return
        quick = len(self._workers) - len(self._slow) + self._crew.coming
        usual = int(bool(self._line)) if self._is_closed else self._usual
        for _ in range(usual + self._places_left - quick):
            self._crew.start()

    def _joined(self, worker: PooledWorker) -> None:
        self._workers.add(worker)
        self._idle.append(worker)
        self._dispatch()
        if self._is_closed and not worker.asked:
            self._end(worker)

    def _cannot_start(self, error: EnvironmentProblem) -> None:
        """Tell those who wait, where nobody is left who could answer; the next look tries again."""
        log.warning("no worker could be started: %s", error.message)
        if not self._workers:
            waiting = [*self._line.everybody(), *self._slow_waiting]
            self._slow_waiting.clear()
            for ticket in waiting:
                self._fail(ticket, error)

    def _close(self) -> None:
        self._is_closed = True
        for worker in tuple(self._idle):
            self._end(worker)

    async def _leave(self) -> None:
        """End every worker: the loop is about to be closed."""
        self._is_closed = True
        until = time.monotonic() + _PATIENCE
        while self._crew.coming and time.monotonic() < until:
            await asyncio.sleep(_LOOK)
        self._has_left = True
        for worker in tuple(self._workers):
            self._end(worker)
        await asyncio.sleep(_LOOK)

    def _enter(self, ticket: Ticket) -> None:
        if ticket.is_abandoned:
            return
        try:
            self.ask(ticket)
        except BusyError as error:
            ticket.failed(error)
