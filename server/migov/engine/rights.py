"""What a process may still do before it meets outside text: nothing with files or the network."""

from __future__ import annotations

import os
import resource
import signal
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

from migov.engine.seccomp import confine

_MEGABYTE: Final = 1024 * 1024


def give_up_everything(megabytes: int) -> None:
    """Bound what this process may do from here on, for good.

    Open descriptors stay open; no new one can be made: no file, no socket, no pipe. The limit is
    not 0 because poll() counts against it as well, and the channel is watched so. What the
    snapshot takes, shared with the other workers, is not counted against a query's memory.
    """
    _limit(resource.RLIMIT_AS, _own_size() + megabytes * _MEGABYTE)
    _limit(resource.RLIMIT_FSIZE, 0)
    _limit(resource.RLIMIT_CORE, 0)
    _limit(resource.RLIMIT_NOFILE, 1)


def keep_the_store(megabytes: int, *, may_write: bool) -> None:
    """Bound this process in the same way, but that it may still read the files of its store.

    Where it `may_write`, the store is a copy of its own, and takes as much disk as memory. Where
    the kernel has no filter for it, no file can be opened that was not, which fails a large store.
    """
    _limit(resource.RLIMIT_AS, _own_size() + megabytes * _MEGABYTE)
    _limit(resource.RLIMIT_FSIZE, megabytes * _MEGABYTE if may_write else 0)
    _limit(resource.RLIMIT_CORE, 0)
    if not confine(may_write=may_write):
        _limit(resource.RLIMIT_NOFILE, 1)


@contextmanager
def confined(megabytes: int, seconds: float) -> Iterator[None]:
    """Bound this process in the same way for as long as a `with` block runs.

    The system ends it when it is not done in time, whoever else would have and is gone.
    """
    bounds = {
        resource.RLIMIT_AS: _own_size() + megabytes * _MEGABYTE,
        resource.RLIMIT_NOFILE: 1,
    }
    _limit(resource.RLIMIT_FSIZE, 0)
    _limit(resource.RLIMIT_CORE, 0)
    before = {what: resource.getrlimit(what) for what in bounds}
    signal.signal(signal.SIGALRM, signal.SIG_DFL)  # no code of ours runs in the middle of native
    signal.setitimer(signal.ITIMER_REAL, seconds)
    for what, most in bounds.items():
        resource.setrlimit(what, (_at_most(most, before[what][1]), before[what][1]))
    try:
        yield
    finally:
        for what, limits in before.items():
            resource.setrlimit(what, limits)
        signal.setitimer(signal.ITIMER_REAL, 0)


def _limit(what: int, most: int) -> None:
    """Lower a limit for good."""
    most = _at_most(most, resource.getrlimit(what)[1])
    resource.setrlimit(what, (most, most))


def _at_most(most: int, hard: int) -> int:
    """Return a limit that may be set: one that our owner has already and that is lower stays."""
    return most if hard == resource.RLIM_INFINITY else min(most, hard)


def _own_size() -> int:
    """Return the bytes of address space that this process has, 0 where the system does not say."""
    try:
        pages = Path("/proc/self/statm").read_text(encoding="ascii").split()[0]
    except OSError:
        return 0
    return int(pages) * os.sysconf("SC_PAGE_SIZE")
