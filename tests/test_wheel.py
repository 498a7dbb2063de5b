"""The wheel installs into an empty environment and runs anywhere, with nothing of its to write to.

The installed package and the current folder are read-only; root, whom modes do not bind, gives up
its capabilities first. Needs the package index, as any installation does.
"""

from __future__ import annotations

import ctypes
import json
import os
import stat
import subprocess
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from zipfile import ZipFile

import pytest

from migov.repository import FOLDERS

ROOT = Path(__file__).resolve().parents[1]
WRITES = "import sys; open(sys.argv[1], 'w')"
_DROP_FROM_BOUNDING_SET = 24  # PR_CAPBSET_DROP
Run = Callable[[Sequence[str]], "subprocess.CompletedProcess[str]"]
pytestmark = pytest.mark.xdist_group("wheel")


def bound_by_modes() -> None:
    """Let file modes bind this process's children even when it is root's."""
    libc = ctypes.CDLL(None)
    capability = 0
    while libc.prctl(_DROP_FROM_BOUNDING_SET, capability, 0, 0, 0) == 0:
        capability += 1


def without_settings(**more: str) -> dict[str, str]:
    ours = ("MIGOV_", "PYTHON", "VIRTUAL_ENV")
    kept = {name: value for name, value in os.environ.items() if not name.startswith(ours)}
    return {**kept, **more}


def make_read_only(folder: Path) -> None:
    for path in (folder, *folder.rglob("*")):
        if not path.is_symlink():
            path.chmod(path.stat().st_mode & ~(stat.S_IWUSR | stat.S_IWGRP | stat.S_IWOTH))


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("wheel")
    command = [sys.executable, "-m", "build", "--wheel", "--outdir", str(folder), str(ROOT)]
    built = subprocess.run(command, capture_output=True, text=True, check=False)
    assert built.returncode == 0, built.stdout + built.stderr
    (found,) = folder.glob("*.whl")
    return found


@pytest.fixture(scope="module")
def installed(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An environment that held nothing before, with the wheel and what it asks for."""
    environment = tmp_path_factory.mktemp("installed") / "environment"
    subprocess.run([sys.executable, "-m", "venv", str(environment)], check=True)
    pip = [str(environment / "bin" / "python"), "-m", "pip", "install", "--quiet", str(wheel)]
    done = subprocess.run(
        pip, env=without_settings(), cwd="/", capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return environment


@pytest.fixture(scope="module")
def run(installed: Path, tmp_path_factory: pytest.TempPathFactory) -> Run:
    """Run a program of the environment from an empty folder; both are read-only by then."""
    here, home = (tmp_path_factory.mktemp(name) for name in ("empty", "home"))
    (package,) = installed.glob("lib/python*/site-packages/migov")
    make_read_only(package)
    make_read_only(here)

    def answered(command: Sequence[str]) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [str(installed / "bin" / command[0]), *command[1:]],
            cwd=here,
            env=without_settings(HOME=str(home), XDG_CACHE_HOME=str(home / ".cache")),
            preexec_fn=bound_by_modes,
            capture_output=True,
            text=True,
            check=False,
        )

    for folder in (here, package, package / "content", package / "content" / "data"):
        tried = answered(["python", "-c", WRITES, str(folder / "written")])
        assert "PermissionError" in tried.stderr, f"{folder} could be written"
    return answered


def test_it_holds_the_content_and_the_software_and_nothing_else(wheel: Path) -> None:
    with ZipFile(wheel) as archive:
        names = set(archive.namelist())
    here = {
        f"migov/content/{path.relative_to(ROOT).as_posix()}"
        for folder in FOLDERS
        for path in (ROOT / folder).rglob("*")
        if path.is_file() and not path.name.startswith(".")
    }
    assert here <= names
    assert "migov/engine/forker.py" in names
    assert any(name.endswith("/licenses/LICENSE-DATA") for name in names)
    assert {name.partition("/")[0].partition("-")[0] for name in names} == {"migov"}
    assert not [name for name in names if "__pycache__" in name or "/tests/" in name]


def test_it_tells_what_it_holds(run: Run) -> None:
    done = run(["migov", "info"])
    assert done.returncode == 0, done.stderr
    assert "site-packages/migov/content" in done.stdout
    assert str(ROOT) not in done.stdout


def test_it_answers_a_canned_query(run: Run) -> None:
    command = ["migov", "query", "who-funds-and-implements", "--country", "mar", "--format", "json"]
    done = run(command)
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout)["results"]["bindings"]


def test_its_content_conforms(run: Run) -> None:
    done = run(["migov", "validate"])
    assert done.returncode == 0, done.stdout + done.stderr
