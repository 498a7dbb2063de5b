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
from pathlib import Path
from typing import Final, NoReturn

from pyoxigraph import RdfFormat, Store, parse

from migov.engine.worker import run

ORDER: Final = struct.Struct("!BI")
"""What to do, and the process to do it with."""
DONE: Final = struct.Struct("!II")
"""A process or a wait status, and the error number of the system or 0."""

FORK: Final = 0
"""Comes with the descriptor of the worker's channel."""
REAP: Final = 1
"""Wait for a worker that has ended, or is about to, and tell its wait status."""


class Forker:
    """What the process does: one order after another, until its owner is gone."""

    def __init__(self, control: socket.socket, store: Store | Path, memory: int, limit: int):
        """`store` is loaded, or a folder for each worker to open. Megabytes and bytes limit it."""
        self._control = control
        self._store = store
        self._limits = memory, limit

    def run(self) -> None:
        gc.collect()
        gc.freeze()  # pages of what was loaded stay shared: no collector writes to them
        self._control.sendall(DONE.pack(os.getpid(), 0))
        while True:
            order, descriptors, _, _ = socket.recv_fds(
                self._control, ORDER.size, 1, socket.MSG_WAITALL
            )
            if len(order) < ORDER.size:
                return
            what, process = ORDER.unpack(order)
            answer = self._forked(descriptors[0]) if what == FORK else _reaped(process)
            self._control.sendall(DONE.pack(*answer))

    def _forked(self, channel: int) -> tuple[int, int]:
        try:
            process = os.fork()
        except OSError as error:
            return 0, error.errno or 1
        if process == 0:
            self._become_worker(channel)
        os.close(channel)
        return process, 0

    def _become_worker(self, channel: int) -> NoReturn:
        try:
            self._control.close()
            os.dup2(channel, 0)
            os.close(channel)
            store = self._store
            if isinstance(store, Path):
                store = Store.read_only(str(store))
            run(store, 0, *self._limits)
        finally:
            os._exit(1)


def _reaped(process: int) -> tuple[int, int]:
    try:
        return os.waitpid(process, 0)[1], 0
    except OSError as error:
        return 0, error.errno or 1


def main() -> None:
    """Load what the command line names, and serve its owner."""
    folder, kind, memory, limit = sys.argv[1:]
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # the owner decides when to end
    # A descriptor of its own: a worker puts its channel in the place of standard input.
    control = socket.socket(fileno=os.dup(0))
    store: Store | Path = Path(folder) / "store"
    if kind == "memory":
        store = Store()
        # Not bulk_load(path=…): it renames blank nodes, so each load would order them its own way.
        path = str(Path(folder) / "dataset.nq")
        store.bulk_extend(parse(path=path, format=RdfFormat.N_QUADS))
    Forker(control, store, int(memory), int(limit)).run()


if __name__ == "__main__":
    main()
