"""A process that knows the state of the files, and forks another for each proposal.

    python -P -m migov.verdict.worker ROOT CACHE MEGABYTES SECONDS

Parsers and validators can be made to crash or to run for ever; in a fork nobody else is hurt, and
everything that was worked out for the files before is there already. Standard input is a socket
to the owner: orders come through it as those of `migov.engine.forker` do, and each fork has a
channel of its own, with frames as `migov.engine.frames` has them. It ends when its owner does.
"""

from __future__ import annotations

import dataclasses
import gc
import json
import os
import resource
import signal
import socket
import sys
from contextlib import suppress
from pathlib import Path
from typing import Any, NoReturn

from migov.change.git import base_files
from migov.change.model import Change, files_now, refuse_left_out
from migov.channel import end_with_owner, wake_with_parent
from migov.engine import Limits
from migov.engine.forker import DONE, FORK, ORDER, REAP
from migov.engine.frames import FRAME
from migov.errors import MigovError
from migov.repository import Repository
from migov.settings import Settings
from migov.verdict.earlier import earlier_policy
from migov.verdict.judge import verdict
from migov.verdict.message import message_of
from migov.verdict.model import Verdict
from migov.verdict.reading import read_text
from migov.verdict.render import render
from migov.verdict.standing import Measures, Standing
from migov.verdict.unread import unread
from migov.verdict.waiting import WARM

_Reply = tuple[dict[str, Any], bytes]


class Waiting:
    """What the process does: one order after another, until its owner is gone."""

    def __init__(self, control: socket.socket, repository: Repository, settings: Settings) -> None:
        self._control = control
        self._repository = repository
        self._settings = settings
        self._standing: Standing | None = None
        with suppress(MigovError):  # whoever asks is told
            self._standing = _standing(repository, settings)

    def run(self) -> None:
        self._control.sendall(DONE.pack(os.getpid(), 0))
        while True:
            order, descriptors, _, _ = socket.recv_fds(
                self._control, ORDER.size, 1, socket.MSG_WAITALL
            )
            if len(order) < ORDER.size:
                return
            what, process = ORDER.unpack(order)
            if what == FORK:
                answer = self._forked(descriptors[0])
            elif what == WARM:
                answer = self._warmed()
            else:
                assert what == REAP
                answer = os.waitpid(process, 0)[1], 0
            self._control.sendall(DONE.pack(*answer))

    def _warmed(self) -> tuple[int, int]:
        if self._standing is not None:
            with suppress(MigovError):
                self._standing.warm(Limits.from_settings(self._settings))
        gc.collect()
        gc.freeze()  # pages of what was worked out stay shared: no collector writes to them
        return 0, 0

    def _forked(self, channel: int) -> tuple[int, int]:
        try:
            process = os.fork()
        except OSError as error:
            return 0, error.errno or 1
        if process == 0:
            self._become_judge(channel)
        os.close(channel)
        return process, 0

    def _become_judge(self, channel: int) -> NoReturn:
        try:
            os.setsid()  # its owner ends it with all that it has forked itself
            self._control.close()
            devnull = os.open(os.devnull, os.O_RDWR)
            for descriptor in (0, 1, 2):  # what a library prints is no frame
                os.dup2(devnull, descriptor)
            with socket.socket(fileno=channel) as connection:
                self._answer(connection)
        finally:
            os._exit(0)

    def _answer(self, connection: socket.socket) -> None:
        requests = connection.makefile("rb")
        head = requests.read(FRAME.size)
        if not head:
            return
        request = json.loads(requests.read(*FRAME.unpack(head)))
        content = requests.read(request["length"])
        signal.signal(signal.SIGALRM, signal.SIG_DFL)
        signal.setitimer(signal.ITIMER_REAL, request["seconds"])  # should its owner be gone by then
        _limit(self._settings.memory)
        frame, body = self._reply(request, content)
        head = json.dumps({**frame, "length": len(body)}).encode()
        connection.sendall(FRAME.pack(len(head)) + head + body)

    def _reply(self, request: dict[str, Any], content: bytes) -> _Reply:
        is_current = False
        try:
            standing, is_current = self._current(request["base"])
            change, found = self._judged(request, content, standing)
        except MigovError as error:
            place = None if error.place is None else dataclasses.asdict(error.place)
            return {
                "error": [base.__name__ for base in type(error).__mro__],
                "message": error.message,
                "place": place,
                "hint": error.hint,
                "current": is_current,
            }, b""
        text = render(found, request["format"], request["language"]).encode()
        frame = {"conforms": found.conforms, "verdict": len(text), "current": is_current}
        if request["base"] is None or change is None or not found.conforms:
            return frame, text
        files = [(path, change.after.get(path)) for path in change.touched]
        return {
            **frame,
            "message": message_of(found),
            "files": [[path, None if file is None else len(file.content)] for path, file in files],
        }, b"".join([text, *(file.content for _, file in files if file is not None)])

    def _current(self, base: str | None) -> tuple[Standing, bool]:
        """Return the state that a proposal is made for, and whether it is the one known here."""
        files = files_now(self._repository) if base is None else base_files(self._repository, base)
        known = self._standing
        if known is None:
            return _standing(self._repository, self._settings), False
        measures = Measures(self._repository)
        if known.measures.digest == measures.digest:
            measures = known.measures
        if files == known.files and measures is known.measures:
            return known, True
        return Standing(files, measures, self._settings.cache, near=known.state), False

    def _judged(
        self, request: dict[str, Any], content: bytes, standing: Standing
    ) -> tuple[Change | None, Verdict]:
        base = request["base"]
        try:
            change = read_text(
                standing,
                content,
                request["kind"],
                target=request["target"],
                replace=request["replace"],
                name=request["name"],
                limits=Limits.from_settings(self._settings),
            )
        except MigovError as error:
            return None, unread(error, request["kind"])
        if base is not None:
            refuse_left_out(change)
        earlier = None if base is None else earlier_policy(self._repository, base)
        return change, verdict(
            self._repository, change, settings=self._settings, standing=standing, earlier=earlier
        )


def _standing(repository: Repository, settings: Settings) -> Standing:
    return Standing(files_now(repository), Measures(repository), settings.cache)


def _limit(megabytes: int) -> None:
    size = megabytes * 1024 * 1024
    resource.setrlimit(resource.RLIMIT_AS, (size, size))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))


def main() -> None:
    """Serve the owner of this process with what the command line names."""
    root, cache, memory, deadline = sys.argv[1:]
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # the owner decides when to end
    wake_with_parent()
    control = socket.socket(fileno=os.dup(0))
    end_with_owner(control.fileno())  # reading a large graph takes minutes
    settings = Settings(cache=Path(cache), memory=int(memory), deadline=float(deadline))
    Waiting(control, Repository(Path(root)), settings).run()


if __name__ == "__main__":
    main()
