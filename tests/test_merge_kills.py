"""The small version of the campaign that kills merges over HTTP and on the command line."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

LIVES = 6


def test_no_acknowledged_merge_is_lost_and_none_is_half_applied() -> None:
    done = subprocess.run(
        [sys.executable, "-m", "benchmarks.merge_kills", str(LIVES), "--jobs", "1", "--seed", "5"],
        cwd=Path(__file__).parent,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    counts = {
        words: int(number) for number, words in re.findall(r"^ *(\d+) (.+)$", done.stdout, re.M)
    }
    assert counts["over HTTP"] + counts["on the command line"] == LIVES
    assert counts["over HTTP"] > 0
    assert counts["on the command line"] > 0
    assert counts["acknowledged"] > 0
