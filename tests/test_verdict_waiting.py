"""The process that judges what comes over HTTP: when it is late or gone, only that one is told."""

from __future__ import annotations

import os
import signal
from pathlib import Path

import pytest

import small
from migov.errors import ResourceError
from migov.settings import Settings
from migov.verdict.waiting import WaitingProcess


@pytest.fixture
def waiting(tmp_path: Path, settings: Settings) -> WaitingProcess:
    return WaitingProcess(small.repository(tmp_path), settings)


def process_of(waiting: WaitingProcess) -> int:
    return waiting._process.pid


@pytest.mark.parametrize("number", [signal.SIGSTOP, signal.SIGKILL])
def test_one_that_does_not_answer_is_given_up(waiting: WaitingProcess, number: int) -> None:
    """Its answer may still come, and must not be taken for that to the next order."""
    waiting._control.settimeout(0.2)
    os.kill(process_of(waiting), number)
    try:
        for _ in range(2):
            with pytest.raises(ResourceError), waiting.fork():
                pass
        waiting._process.wait(10)
        assert not waiting.is_there()
    finally:
        waiting.retire()


def test_what_was_forked_ends_and_nothing_else(waiting: WaitingProcess) -> None:
    try:
        with waiting.fork(), waiting.fork():
            assert len(_children(process_of(waiting))) == 2
        assert not _children(process_of(waiting))
        assert waiting.is_there()
    finally:
        waiting.retire()


def _children(process: int) -> list[int]:
    text = Path(f"/proc/{process}/task/{process}/children").read_text(encoding="ascii")
    return [int(each) for each in text.split() if small.is_running(int(each))]
