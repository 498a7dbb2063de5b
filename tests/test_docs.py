"""Every example in the documents runs, and shows what it shows here.

A `console` block holds commands after `$` and, under a command, the output that readers will see;
a line `…` stands for any number of lines. `migov` runs as installed; `curl` goes to a real server.
"""

from __future__ import annotations

import os
import re
import shlex
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import pytest

from conftest import ROOT

DOCUMENTS = (
    "README.md",
    "data/README.md",
    "ontology/README.md",
    "shapes/README.md",
    "queries/README.md",
)
_BLOCK = re.compile(r"^```console\n(.*?)^```", re.MULTILINE | re.DOTALL)
_ADDRESS = "http://127.0.0.1:8000"
_SECOND = "http://127.0.0.1:7878"


@dataclass(frozen=True, slots=True)
class Example:
    document: str
    command: str
    shown: str


def _examples(document: str) -> list[Example]:
    text = (ROOT / document).read_text(encoding="utf-8")
    found: list[Example] = []
    for block in _BLOCK.findall(text):
        for part in re.split(r"^\$ ", block, flags=re.MULTILINE)[1:]:
            lines = part.split("\n")
            end = next(at for at, line in enumerate(lines[1:], 1) if not line.startswith("> "))
            command = "\n".join([lines[0], *(line[2:] for line in lines[1:end])])
            found.append(Example(document, command, "\n".join(lines[end:])))
    return found


EXAMPLES = [example for document in DOCUMENTS for example in _examples(document)]


def test_the_documents_have_examples() -> None:
    assert len([example for example in EXAMPLES if example.document == "README.md"]) == 20
    assert sum(bool(example.shown.strip()) for example in EXAMPLES) >= 5


@pytest.mark.parametrize("example", EXAMPLES, ids=lambda example: example.command[:60])
def test_example(
    example: Example, endpoint: str, cache: Path, tmp_path: Path, request: pytest.FixtureRequest
) -> None:
    words = shlex.split(example.command)
    if _SECOND in example.command:
        second = request.getfixturevalue("second_endpoint").removesuffix("/query")
        words = [word.replace(_SECOND, second) for word in words]
    if words[0] == "curl":
        output = _curl(words[1:], endpoint)
    else:
        assert words[0] == "migov", f"no way to run {words[0]}"
        output = _migov(words[1:], cache, tmp_path)
    if example.shown.strip():
        assert _matches(output, example.shown), f"it shows:\n{output}"
    assert output.strip()


def _migov(words: list[str], cache: Path, folder: Path) -> str:
    if "-o" in words:  # an example that writes a folder writes it where the test may
        words[words.index("-o") + 1] = str(folder / "out")
    done = subprocess.run(
        [sys.executable, "-m", "migov.cli", *words],
        cwd=ROOT,
        env={**os.environ, "COLUMNS": "110", "MIGOV_CACHE": str(cache), "NO_COLOR": "1"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout or done.stderr


def _curl(words: list[str], endpoint: str) -> str:
    """Run curl as it is shown, against the server of the tests."""
    assert any(_ADDRESS in word for word in words)
    done = subprocess.run(
        ["curl", "-sS", "--fail-with-body", *(word.replace(_ADDRESS, endpoint) for word in words)],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr or done.stdout
    return done.stdout.replace("\r\n", "\n")


def _matches(output: str, shown: str) -> bool:
    pattern = r"(?:.*\n)*?".join(re.escape(part) for part in re.split(r"^…\n", shown, flags=re.M))
    lines = "".join(f"{line.rstrip()}\n" for line in output.splitlines())
    return re.fullmatch(pattern, lines) is not None
