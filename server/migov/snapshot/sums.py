"""The checksums of what a snapshot keeps, so that a damaged byte can be found later."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

SUMS: Final = "SHA256SUMS"
"""The checksums of a store, in its folder, as `sha256sum --check` reads them."""

_SEAL: Final = "seal"
_UNSEALED: Final = ("LOG",)
"""What an engine may write to without changing anything."""


def sums_of(folder: Path) -> dict[str, str]:
    """Return the SHA-256 (hex) of each plain file of a folder by its name, sorted."""
    return {
        path.name: _sum(path)
        for path in sorted(folder.iterdir())
        if path.is_file() and path.name not in (SUMS, *_UNSEALED)
    }


def damaged(folder: Path, sums: Mapping[str, str]) -> list[str]:
    """Return the names of files that are not there, or not what they were when they were summed."""
    found = []
    for name, expected in sums.items():
        try:
            if _sum(folder / name) != expected:
                found.append(name)
        except OSError:
            found.append(name)
    return found


def added(folder: Path, sums: Mapping[str, str], *known: str) -> list[str]:
    """Return the names of plain files of a folder that were not there when it was summed."""
    names = (*sums, *known, SUMS, *_UNSEALED)
    return [
        path.name for path in sorted(folder.iterdir()) if path.is_file() and path.name not in names
    ]


def write_sums(folder: Path) -> None:
    """Write the checksums of a folder into it."""
    lines = "".join(f"{sum}  {name}\n" for name, sum in sums_of(folder).items())
    (folder / SUMS).write_text(lines, encoding="utf-8")


def read_sums(folder: Path) -> dict[str, str] | None:
    """Return the checksums that a folder has, None where it has none that can be read."""
    try:
        lines = (folder / SUMS).read_text(encoding="utf-8").splitlines()
        return {name: sum for sum, name in (line.split("  ", 1) for line in lines)}
    except (OSError, ValueError):
        return None


def sealed(document: Mapping[str, Any]) -> dict[str, Any]:
    """Return a document of JSON values with the checksum of all its members."""
    return {**document, _SEAL: _seal(document)}


def unsealed(document: object) -> dict[str, Any]:
    """Return a document without its checksum; raises ValueError where it does not fit."""
    if not isinstance(document, dict):
        raise ValueError("it is no object")
    members = {name: value for name, value in document.items() if name != _SEAL}
    if document.get(_SEAL) != _seal(members):
        raise ValueError("the checksum does not fit")
    return members


def _seal(members: Mapping[str, Any]) -> str:
    return hashlib.sha256(json.dumps(members, sort_keys=True).encode()).hexdigest()


def _sum(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
