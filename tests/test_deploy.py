"""The files for running it elsewhere, as far as they can be tried without that elsewhere."""

from __future__ import annotations

import json
import re
import shlex
import shutil
import socket
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from conftest import ROOT
from processes import running
from test_wheel import bound_by_modes, make_read_only, without_settings

DEPLOY = ROOT / "server/deploy"
ANALYZE = shutil.which("systemd-analyze")
pytestmark = pytest.mark.xdist_group("wheel")


@dataclass(frozen=True)
class Step:
    word: str
    rest: str


def steps() -> list[Step]:
    text = (DEPLOY / "Containerfile").read_text(encoding="utf-8")
    lines = (line for line in text.splitlines() if line and not line.startswith("#"))
    return [Step(*line.split(" ", 1)) for line in lines]


def unit(tmp_path: Path) -> Path:
    """Return a copy of the unit with a program that is there."""
    program = tmp_path / "migov"
    program.write_text("#!/bin/sh\n", encoding="ascii")
    program.chmod(0o755)
    text = (DEPLOY / "migov.service").read_text(encoding="utf-8")
    copied = tmp_path / "migov.service"
    copied.write_text(text.replace("/opt/migov/bin/migov", str(program)), encoding="utf-8")
    return copied


@pytest.mark.needs("systemd-analyze")
def test_systemd_has_nothing_against_the_unit(tmp_path: Path) -> None:
    assert ANALYZE is not None
    checked = subprocess.run(
        [ANALYZE, "verify", "--recursive-errors=no", "--man=no", str(unit(tmp_path))],
        capture_output=True,
        text=True,
        check=False,
    )
    assert (checked.returncode, checked.stdout + checked.stderr) == (0, "")
    rated = subprocess.run(
        [ANALYZE, "security", "--offline=yes", "--json=short", str(unit(tmp_path))],
        capture_output=True,
        text=True,
        check=False,
    )
    found = json.loads(rated.stdout)
    open_ones = {each["json_field"] for each in found if each["set"] is False}
    assert len(found) > 60
    assert not open_ones & {
        "NoNewPrivileges",
        "PrivateDevices",
        "PrivateTmp",
        "ProtectHome",
        "ProtectSystem",
        "UserOrDynamicUser",
        "RestrictNamespaces",
    }


def test_the_unit_runs_what_there_is() -> None:
    text = (DEPLOY / "migov.service").read_text(encoding="utf-8")
    (command,) = re.findall(r"^ExecStart=(.*)$", text, re.MULTILINE)
    words = shlex.split(command)
    assert words[:2] == ["/opt/migov/bin/migov", "serve"]
    done = subprocess.run(
        [sys.executable, "-m", "migov.cli", *words[1:], "--help"], capture_output=True, check=False
    )
    assert done.returncode == 0


def test_the_container_copies_what_is_there_and_ends_as_nobody() -> None:
    found = steps()
    words = [step.word for step in found]
    assert words.count("FROM") == 2
    copied = [word for step in found if step.word == "COPY" for word in step.rest.split()[:-1]]
    sources = [word for word in copied if not word.startswith(("--from", "/opt"))]
    assert len(sources) == 9
    assert all((ROOT / source).exists() for source in sources)
    assert [step.rest for step in found if step.word == "USER"] == ["10001:10001"]
    settings = [step.rest for step in found if step.word == "ENV" and "MIGOV_" in step.rest]
    page = (ROOT / "server/SETTINGS.md").read_text(encoding="utf-8")
    assert all(f"`{setting.partition('=')[0]}`" in page for setting in settings)


@pytest.fixture(scope="module")
def image(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with what both stages leave behind, each step done in the order of the file.

    Paths of the image lie in the folder. The packages that ours needs are those of this
    environment, so that they are not fetched again; ours itself is built and installed.
    """
    root = tmp_path_factory.mktemp("image")
    here = root / "source"
    here.mkdir()
    for step in steps():
        if step.word == "COPY" and not step.rest.startswith("--from"):
            *sources, target = step.rest.split()
            for source in sources:
                place = here / target if len(sources) == 1 else here / target / Path(source).name
                if (ROOT / source).is_dir():
                    ignored = shutil.ignore_patterns("__pycache__")
                    shutil.copytree(ROOT / source, place, ignore=ignored)
                else:
                    shutil.copy(ROOT / source, place)
        elif step.word == "RUN" and not step.rest.startswith("chown"):
            words = [re.sub(r"^/", f"{root}/", word) for word in shlex.split(step.rest)]
            words[0] = sys.executable if words[0] == "python" else words[0]
            words += ["--no-deps", "--quiet"] if "pip" in words else []
            done = subprocess.run(
                words, cwd=here, env=without_settings(), capture_output=True, text=True, check=False
            )
            assert done.returncode == 0, done.stdout + done.stderr
    (packages,) = (root / "opt/migov").glob("lib/python*/site-packages")
    ours = next(path for path in sys.path if path.endswith("site-packages"))
    (packages / "others.pth").write_text(f"{ours}\n", encoding="utf-8")
    shutil.rmtree(here)
    make_read_only(root / "opt")
    return root


@pytest.fixture(scope="module")
def container(image: Path) -> Iterator[tuple[str, list[str], dict[str, str]]]:
    """The entry point, running with the image's environment on a port of the loopback."""
    found = {step.word: step.rest for step in steps()}
    environment = without_settings(
        **dict(step.rest.split("=", 1) for step in steps() if step.word == "ENV")
    )
    environment["MIGOV_CACHE"] = str(image / "cache")
    environment["MIGOV_HOST"] = "127.0.0.1"
    command = [
        re.sub(r"^/", f"{image}/", word)
        for word in (*json.loads(found["ENTRYPOINT"]), *json.loads(found["CMD"]))
    ]
    listener = image / "notify"
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as told:
        told.bind(str(listener))
        told.settimeout(90)
        with running(
            [*command, "--port", "0"],
            cwd="/",
            env={**environment, "NOTIFY_SOCKET": str(listener)},
            stderr=subprocess.DEVNULL,
            preexec_fn=bound_by_modes,
        ) as process:
            assert process.stdout is not None
            lines = iter(process.stdout.readline, "")
            shown = next(line for line in lines if "answers at" in line)
            address = shown.split()[-1]
            messages = [told.recv(100).decode()]
            yield address, messages, environment
            process.terminate()
            assert process.wait(30) == 0
            assert told.recv(100) == b"STOPPING=1"


def test_the_entry_point_serves_and_is_healthy(
    image: Path, container: tuple[str, list[str], dict[str, str]]
) -> None:
    address, messages, environment = container
    assert messages == ["READY=1"]
    (check,) = (step.rest for step in steps() if step.word == "HEALTHCHECK")
    command = json.loads(check[check.index("[") :])
    port = address.rstrip("/").rpartition(":")[2]
    words = [
        re.sub(r"^/", f"{image}/", word).replace("127.0.0.1:8000", f"127.0.0.1:{port}")
        for word in command
    ]
    assert subprocess.run(words, env=environment, check=False, timeout=60).returncode == 0
    words = [word.replace(port, "1") for word in words]
    silent = {"stderr": subprocess.DEVNULL}
    assert subprocess.run(words, env=environment, check=False, timeout=60, **silent).returncode  # type: ignore[call-overload]
    program = str(image / "opt/migov/bin/python")
    where = [program, "-c", "import migov; print(migov.__file__)"]
    installed = subprocess.run(where, cwd="/", capture_output=True, text=True, check=True).stdout
    assert installed.startswith(str(image / "opt/migov/lib"))
    written = {path.name for path in image.iterdir()}
    assert written == {"opt", "cache", "notify"}
    assert any((image / "cache").iterdir())
