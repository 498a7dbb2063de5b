"""A crash is told as one: exit code 2 and a sentence, never a finding, never a bare signal."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from contextlib import suppress
from pathlib import Path

import pytest

SHAPES = """@prefix sh: <http://www.w3.org/ns/shacl#> .
<a:s> a sh:NodeShape ; sh:targetClass <a:c> ; sh:property [ sh:path <a:p> ; sh:minCount 1 ] .
"""
DEEP = "<a:s> <a:p> " + "<<( <a:b> <a:c> " * 100_000 + "1" + " )>>" * 100_000 + " ."
"""Triple terms of RDF 1.2: letting go of them overflows the stack of whoever parsed them."""


def migov(*words: str | Path, stdin: str = "") -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "migov.cli", *map(str, words)],
        input=stdin,
        capture_output=True,
        text=True,
        check=False,
    )


@pytest.mark.parametrize("command", ["validate", "fmt"])
def test_a_document_that_crashes_its_parser_could_not_be_read(command: str, tmp_path: Path) -> None:
    data, shapes = tmp_path / "deep.ttl", tmp_path / "shapes.ttl"
    data.write_text(DEEP)
    shapes.write_text(SHAPES)
    words: list[str | Path] = ["--check", data]
    if command == "validate":
        words = [data, "--shapes", shapes]
    ended = migov(command, *words)
    assert ended.returncode == 2
    assert ended.stdout == ""
    assert "crashed (SIGSEGV)" in ended.stderr
    assert "nothing is known to conform" in ended.stderr


def test_what_does_not_crash_keeps_its_exit_code_and_its_streams(tmp_path: Path) -> None:
    shapes, data = tmp_path / "shapes.ttl", tmp_path / "data.ttl"
    shapes.write_text(SHAPES)
    data.write_text("<a:x> a <a:c> .")
    assert migov("validate", data, "--shapes", shapes).returncode == 1
    data.write_text("<a:x> a <a:c> ; <a:p> 1 .")
    assert migov("validate", data, "--shapes", shapes).returncode == 0
    assert migov("validate", tmp_path / "none.ttl", "--shapes", shapes).returncode == 2
    assert migov("fmt", "-", stdin="<a:b>   <a:c> 1 .").stdout == "<a:b> <a:c> 1 .\n"


def guarded(body: str) -> subprocess.Popen[str]:
    """Start a process that runs some lines guarded, as its command."""
    lines = "\n".join(f"    {line}" for line in body.splitlines())
    text = (
        "import os, signal, sys, time\nfrom migov.cli.guard import guarded\n"
        f"def command():\n{lines}\nsys.exit(guarded(command))\n"
    )
    return subprocess.Popen(
        [sys.executable, "-c", text], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    )


@pytest.mark.parametrize(
    ("body", "code", "said"),
    [
        ("return 0", 0, ""),
        ("return 1", 1, ""),
        ("return 2", 2, ""),
        ("os.abort()", 2, "crashed (SIGABRT)"),
        ("os.kill(os.getpid(), signal.SIGKILL)", 2, "memory runs out"),
        ("os.kill(os.getpid(), signal.SIGTERM)", -signal.SIGTERM, ""),
        ("os.kill(os.getppid(), signal.SIGTERM)\ntime.sleep(60)", -signal.SIGTERM, ""),
    ],
)
def test_each_end_of_a_command_is_told_apart(body: str, code: int, said: str) -> None:
    process = guarded(body)
    _, errors = process.communicate(timeout=60)
    assert process.returncode == code, errors
    assert said in errors


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux ends a process with its parent")
def test_a_command_ends_with_the_process_that_guards_it() -> None:
    process = guarded("print(os.getpid(), flush=True)\ntime.sleep(60)")
    assert process.stdout is not None
    inner = int(process.stdout.readline())
    process.kill()
    process.communicate()
    until = time.monotonic() + 30
    with suppress(ProcessLookupError):
        while time.monotonic() < until and _runs(inner):
            time.sleep(0.02)
    assert not _runs(inner)


def _runs(process: int) -> bool:
    try:
        os.kill(process, 0)
        state = Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()[0]
    except (ProcessLookupError, FileNotFoundError):
        return False
    return state != "Z"
