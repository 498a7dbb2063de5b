"""Runs `migov` inside the test process, with its own standard streams."""

from __future__ import annotations

import io
import os
import shutil
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from migov.cli.app import run

ROOT = Path(__file__).resolve().parent.parent
CACHE = ROOT / ".cache" / "snapshots"
FOLDERS = ("ontology", "data", "shapes", "queries")


@dataclass(frozen=True, slots=True)
class Result:
    """What a command left behind."""

    code: int
    body: bytes
    err: str

    @property
    def out(self) -> str:
        return self.body.decode("utf-8")


def migov(
    *arguments: str | Path, stdin: bytes = b"", folder: Path = ROOT, columns: int = 100
) -> Result:
    """Run one command in a folder and return its exit code and output."""
    out, err = _stream(), _stream()
    with _environment(folder, columns), _streams(_stream(stdin), out, err):
        code = run([str(argument) for argument in arguments])
        for stream in (out, err):
            stream.flush()
    return Result(code, _bytes(out), _bytes(err).decode("utf-8"))


def copy_of_content(folder: Path) -> Path:
    """Copy the content of this repository into a folder and return it."""
    for name in FOLDERS:
        shutil.copytree(ROOT / name, folder / name)
    return folder


def _stream(content: bytes = b"") -> io.TextIOWrapper:
    return io.TextIOWrapper(io.BytesIO(content), encoding="utf-8", write_through=True)


def _bytes(stream: io.TextIOWrapper) -> bytes:
    buffer = stream.buffer
    assert isinstance(buffer, io.BytesIO)
    return buffer.getvalue()


@contextmanager
def _environment(folder: Path, columns: int) -> Iterator[None]:
    before, environment = Path.cwd(), dict(os.environ)
    os.chdir(folder)
    os.environ.update({"MIGOV_CACHE": str(CACHE), "COLUMNS": str(columns)})
    try:
        yield
    finally:
        os.chdir(before)
        os.environ.clear()
        os.environ.update(environment)


@contextmanager
def _streams(
    stdin: io.TextIOWrapper, out: io.TextIOWrapper, err: io.TextIOWrapper
) -> Iterator[None]:
    before = sys.stdin, sys.stdout, sys.stderr
    sys.stdin, sys.stdout, sys.stderr = stdin, out, err
    try:
        yield
    finally:
        sys.stdin, sys.stdout, sys.stderr = before
