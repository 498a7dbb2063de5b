"""A command in a process of its own, so that a crash is told and not taken for an answer.

Parsers of RDF end the whole process on some texts: by a stack that overflows, or by memory that
is not there. A shell would see a signal, a continuous build perhaps a failed check.
"""

from __future__ import annotations

import ctypes
import os
import signal
import sys
from collections.abc import Callable
from contextlib import suppress
from typing import Final

from migov.cli.failure import COULD_NOT_RUN, show_error
from migov.errors import ResourceError

_PARENT_DEATH_SIGNAL: Final = 1
"""PR_SET_PDEATHSIG of prctl(2)."""
_OF_OTHERS: Final = (signal.SIGTERM, signal.SIGHUP, signal.SIGINT, signal.SIGPIPE)


def guarded(command: Callable[[], int]) -> int:
    """Run a command in a fork and return its exit code, 2 where it crashed.

    Only for a process with one thread. The fork ends when this process is killed, and gets the
    signals that it gets.
    """
    sys.stdout.flush()
    sys.stderr.flush()
    owner = os.getpid()
    process = os.fork()
    if process == 0:
        _end_with(owner)
        return command()
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # from a terminal the fork gets it as well
    for number in (signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, lambda got, _: _pass_on(process, got))
    _, status = os.waitpid(process, 0)
    if os.WIFEXITED(status):
        return os.WEXITSTATUS(status)
    ended_by = signal.Signals(os.WTERMSIG(status))
    if ended_by in _OF_OTHERS:
        signal.signal(ended_by, signal.SIG_DFL)
        os.kill(os.getpid(), ended_by)
    show_error(_crash(ended_by))
    return COULD_NOT_RUN


def _end_with(owner: int) -> None:
    with suppress(OSError, AttributeError):  # there is no prctl but on Linux
        ctypes.CDLL(None).prctl(_PARENT_DEATH_SIGNAL, signal.SIGKILL)
    if os.getppid() != owner:
        os._exit(COULD_NOT_RUN)


def _pass_on(process: int, got: int) -> None:
    with suppress(ProcessLookupError):
        os.kill(process, got)


def _crash(ended_by: signal.Signals) -> ResourceError:
    if ended_by == signal.SIGKILL:
        return ResourceError(
            "The process that did this was killed, as the system does when memory runs out.",
            hint="Give it smaller parts. Nothing was found, and nothing is known to conform.",
        )
    return ResourceError(
        f"The process that did this crashed ({ended_by.name}): something nests too deeply, or is "
        "too large to read.",
        hint="Flatten it, or give it in smaller parts. Nothing was found, and nothing is known to "
        "conform.",
    )
