"""Mapping sets pass sssom-py's own validation, and another's client reconciles with us."""

from __future__ import annotations

import json
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest

from conftest import ROOT
from migov.dataset.files import mapping_paths, read_file
from migov.dataset.mappings import read_mappings
from migov.repository import Repository

pytestmark = pytest.mark.needs("sssom")


def run(script: str, *words: str) -> Any:
    """Run a script in the environment that has the other software, and return what it prints."""
    program = shutil.which("sssom")
    assert program is not None
    done = subprocess.run(
        [Path(program).with_name("python"), ROOT / "tests" / "interop" / script, *words],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout.strip().splitlines()[-1])


def test_every_mapping_set_passes_the_validation_of_sssom(
    repository: Repository, tmp_path: Path
) -> None:
    paths = mapping_paths(repository)
    assert len(paths) >= 5
    broken = tmp_path / "broken.sssom.tsv"
    text = paths[0].read_text(encoding="utf-8").replace("\tschema:sameAs\t", "\tsame as\t", 1)
    broken.write_text(text, encoding="utf-8")
    found = run("mapping_sets.py", *map(str, paths), str(broken))
    for path in paths:
        rows = len(read_mappings(read_file(path, repository.root)).mappings)
        assert found[str(path)] == {"rows": rows, "checks": 3, "findings": []}
    first = found[str(paths[0])]["rows"]
    assert found[str(broken)]["rows"] < first or found[str(broken)]["findings"]


def test_a_client_of_others_reconciles_names(endpoint: str) -> None:
    names = ("Maroc", "Tunisie", "Allemagne")
    found = run("names.py", f"{endpoint}/reconcile/fr", "ns#Country", *names)
    assert {each["input_value"]: (each["id"], each["match"]) for each in found} == {
        "Maroc": ("id/place/mar", True),
        "Tunisie": ("id/place/tun", True),
        "Allemagne": ("id/place/deu", True),
    }
