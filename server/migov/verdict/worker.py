"""A process that reads one proposal from outside, gives the verdict on it, and ends.

    python -m migov.verdict.worker

Parsers and validators can be made to crash or to run for ever; here nobody else is hurt. The
imports are done before the request is read, so one that waits answers soon. Frames are those of
`migov.engine.frames`.
"""

from __future__ import annotations

import dataclasses
import json
import resource
import sys
from pathlib import Path
from typing import Any, BinaryIO

from migov.change.git import base_files
from migov.change.model import Change, files_now, refuse_left_out
from migov.engine.frames import FRAME
from migov.errors import MigovError
from migov.repository import Repository
from migov.settings import Settings
from migov.snapshot import lend_closures
from migov.verdict.earlier import earlier_policy
from migov.verdict.judge import verdict
from migov.verdict.message import message_of
from migov.verdict.model import Verdict
from migov.verdict.reading import read_text
from migov.verdict.render import render
from migov.verdict.unread import unread


def _reply(request: dict[str, Any], content: bytes) -> tuple[dict[str, Any], bytes]:
    try:
        change, found = _judged(request, content)
    except MigovError as error:
        place = None if error.place is None else dataclasses.asdict(error.place)
        return {
            "error": [base.__name__ for base in type(error).__mro__],
            "message": error.message,
            "place": place,
            "hint": error.hint,
        }, b""
    text = render(found, request["format"], request["language"]).encode()
    if request["base"] is None or change is None or not found.conforms:
        return {"conforms": found.conforms, "verdict": len(text)}, text
    files = [(path, change.after.get(path)) for path in change.touched]
    frame = {
        "conforms": True,
        "verdict": len(text),
        "message": message_of(found),
        "files": [[path, None if file is None else len(file.content)] for path, file in files],
    }
    return frame, b"".join([text, *(file.content for _, file in files if file is not None)])


def _judged(request: dict[str, Any], content: bytes) -> tuple[Change | None, Verdict]:
    repository, base = Repository(Path(request["root"])), request["base"]
    cache, folder = Path(request["cache"]), Path(request["folder"])
    settings = dataclasses.replace(Settings(), cache=cache)
    try:
        change = read_text(
            files_now(repository) if base is None else base_files(repository, base),
            content,
            request["kind"],
            target=request["target"],
            replace=request["replace"],
            name=request["name"],
            settings=settings,
        )
    except MigovError as error:
        return None, unread(error, request["kind"])
    if base is not None:
        refuse_left_out(change)
    lend_closures(cache, folder)
    earlier = None if base is None else earlier_policy(repository, base)
    return change, verdict(repository, change, settings=settings, folder=folder, earlier=earlier)


def _limit(megabytes: int) -> None:
    size = megabytes * 1024 * 1024
    resource.setrlimit(resource.RLIMIT_AS, (size, size))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))


def _send(out: BinaryIO, frame: dict[str, Any], body: bytes) -> None:
    head = json.dumps({**frame, "length": len(body)}).encode()
    out.write(FRAME.pack(len(head)) + head + body)
    out.flush()


def main() -> None:
    """Answer one request from standard input, or leave when there is none."""
    requests, answers = sys.stdin.buffer, sys.stdout.buffer
    sys.stdout = sys.stderr  # what a library prints is no frame
    _send(answers, {"ready": True}, b"")
    head = requests.read(FRAME.size)
    if not head:
        return
    request = json.loads(requests.read(*FRAME.unpack(head)))
    _limit(request["memory"])
    _send(answers, *_reply(request, requests.read(request["length"])))


if __name__ == "__main__":
    main()
