"""The process that loads a snapshot once and forks a worker whenever it is told to.

    python -P -m migov.engine.forker FOLDER STORE MEGABYTES BYTES

It is started by exec, so it is clean, and has one thread, so forking it is safe: its workers share
the loaded snapshot. Standard input is a socket to its owner; it ends when that closes. A worker on
disk opens the store itself, after the fork, because the store has threads.
"""

from __future__ import annotations

import gc
import os
import signal
import socket
import struct
import sys
from functools import partial
from pathlib import Path
from typing import Final, NoReturn

from pyoxigraph import RdfFormat, Store, parse

from migov.channel import wake_with_parent
from migov.engine import frames
from migov.engine.changing import apply_change, read_change
from migov.engine.rights import confined, give_up_everything, keep_the_store
from migov.engine.worker import run, send

ORDER: Final = struct.Struct("!BI")
"""What to do, and the process to do it with."""
DONE: Final = struct.Struct("!II")
"""A process or a wait status, and the error number of the system or 0."""

FORK: Final = 0
"""Comes with the descriptor of the worker's channel."""
REAP: Final = 1
"""Wait for a worker that has ended, or is about to, and tell its wait status."""
BRANCH: Final = 2
"""Fork a copy of this process that runs one change; comes with the descriptor of its control."""


class Forker:
    """What the process does: one order after another, until its owner is gone."""

    def __init__(
        self,
        control: socket.socket,
        store: Store | Path,
        memory: int,
        limit: int,
        *,
        is_writable: bool = False,
    ) -> None:
        """`store` is loaded, or a folder for each worker to open. Megabytes and bytes limit it.

        Where it `is_writable` the folder is a copy for one worker, which may write as many bytes
        to the files that it has open as it may have in memory.
        """
        self._control = control
        self._store = store
        self._limits = memory, limit
        self._is_writable = is_writable

    def run(self) -> None:
        gc.collect()
        gc.freeze()  # pages of what was loaded stay shared: no collector writes to them
        self._greet()
        while True:
            order, descriptors, _, _ = socket.recv_fds(
                self._control, ORDER.size, 1, socket.MSG_WAITALL
            )
            if len(order) < ORDER.size:
                os.killpg(0, signal.SIGCONT)  # a stopped worker sees that its owner is gone as well
                return
            what, process = ORDER.unpack(order)
            if what == REAP:
                self._control.sendall(DONE.pack(*_reaped(process)))
            elif self._fork(descriptors[0]) == 0:
                if what == FORK:
                    self._become_worker(descriptors[0])
                self._become_branch(descriptors[0])

    def _greet(self) -> None:
        self._control.sendall(DONE.pack(os.getpid(), 0))

    def _fork(self, channel: int) -> int:
        """Return 0 in the child, which keeps the channel, and what is not in the parent."""
        try:
            process, error = os.fork(), 0
        except OSError as failure:
            process, error = -1, failure.errno or 1
        if process == 0:
            wake_with_parent()
        else:
            os.close(channel)
            self._control.sendall(DONE.pack(max(process, 0), error))
        return process

    def _become_worker(self, channel: int) -> NoReturn:
        try:
            self._control.close()
            os.dup2(channel, 0)
            os.close(channel)
            memory, limit = self._limits
            if isinstance(self._store, Store):
                run(self._store, 0, limit, partial(give_up_everything, memory))
            path, is_writable = str(self._store), self._is_writable
            store = Store(path) if is_writable else Store.read_only(path)
            run(store, 0, limit, partial(keep_the_store, memory, may_write=is_writable))
        finally:
            os._exit(1)

    def _become_branch(self, channel: int) -> None:
        """Run the one change that comes, and be what this process was, or end."""
        try:
            self._control.close()
            self._control = socket.socket(fileno=channel)
            (length,) = frames.FRAME.unpack(self._received(frames.FRAME.size))
            change, content = read_change(self._received(length))
            assert isinstance(self._store, Store)
            with confined(self._limits[0], change["seconds"]):
                kind, body = apply_change(self._store, change, content)
            send(self._control, kind, 0, body)
            if kind != frames.CHANGED:
                os._exit(0)
            self._greet()
        except BaseException:
            os._exit(1)

    def _received(self, size: int) -> bytes:
        data = self._control.recv(size, socket.MSG_WAITALL)
        if len(data) < size:
            os._exit(1)
        return data


def _reaped(process: int) -> tuple[int, int]:
    try:
        return os.waitpid(process, 0)[1], 0
    except OSError as error:
        return 0, error.errno or 1


def main() -> None:
    """Load what the command line names, and serve its owner."""
    folder, kind, memory, limit = sys.argv[1:]
    wake_with_parent()
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # the owner decides when to end
    # A descriptor of its own: a worker puts its channel in the place of standard input.
    control = socket.socket(fileno=os.dup(0))
    store: Store | Path = Path(folder) / "store" if kind in ("disk", "writable") else Store()
    if kind == "memory" and isinstance(store, Store):
        # Not bulk_load(path=…): it renames blank nodes, so each load would order them its own way.
        path = str(Path(folder) / "dataset.nq")
        store.bulk_extend(parse(path=path, format=RdfFormat.N_QUADS))
    Forker(control, store, int(memory), int(limit), is_writable=kind == "writable").run()


if __name__ == "__main__":
    main()
