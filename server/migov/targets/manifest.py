"""The manifest of a target: a small YAML file beside the snapshot of another dataset.

name: ROR
version: v1.70
licence: https://creativecommons.org/publicdomain/zero/1.0/
file: ror.json
sha256: 9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08
format: ror
scheme: ror
namespace: https://ror.org/

`types` may say which of our classes its words for kinds of things mean: {facility: Organisation}.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

import yaml

from migov.errors import ContentError, Place
from migov.vocabulary import NS

FORMATS: Final = ("ror", "iati", "wikidata", "skos", "csv")
FIELDS: Final = (
    *("id", "name", "other_names", "acronym", "country", "type", "year", "parent"),
    *("status", "replaced_by", "identifiers"),
)
"""What a column of a CSV file can be."""
_REQUIRED: Final = ("name", "version", "licence", "file", "sha256", "format", "scheme", "namespace")
_SHA256: Final = re.compile(r"[0-9a-f]{64}")
_CLASS: Final = re.compile(r"[A-Z][A-Za-z]*")
_PART: Final = 1 << 20


@dataclass(frozen=True, slots=True)
class Target:
    """One snapshot of another dataset.

    `scheme` is the slug of its identifiers (`ror`); an identifier behind `namespace` is an IRI.
    `columns` maps what a column is (`name`, or `name@fr`) to its heading, for CSV alone.
    `types` maps words of the target for kinds of things to IRIs of our classes.
    """

    name: str
    version: str
    licence: str
    path: Path
    format: str
    scheme: str
    namespace: str
    columns: Mapping[str, str] = field(default_factory=dict)
    types: Mapping[str, str] = field(default_factory=dict)

    def iri(self, identifier: str) -> str:
        """Return the IRI of one of its things; an IRI stays as it is."""
        return identifier if "://" in identifier else self.namespace + identifier


def read_manifest(path: Path) -> Target:
    """Return a target whose snapshot is there and whole.

    Raises ContentError for a manifest that lacks something, a format that is not known, and a
    snapshot that is absent or has another hash.
    """
    given = _mapping(path)
    missing = [name for name in _REQUIRED if not given.get(name)]
    if missing:
        raise _wrong(path, f"it has no {missing[0]}", f"A manifest has: {', '.join(_REQUIRED)}.")
    if given["format"] not in FORMATS:
        raise _wrong(
            path, f"format {given['format']!r} is not known", f"One of: {', '.join(FORMATS)}."
        )
    columns = _columns(path, given)
    snapshot = path.parent / str(given["file"])
    if snapshot.name != str(given["file"]):
        raise _wrong(path, "file leads to another folder", "Put the snapshot beside the manifest.")
    _check_hash(path, snapshot, str(given["sha256"]))
    return Target(
        name=str(given["name"]),
        version=str(given["version"]),
        licence=str(given["licence"]),
        path=snapshot,
        format=given["format"],
        scheme=str(given["scheme"]),
        namespace=str(given["namespace"]),
        columns=columns,
        types=_types(path, given),
    )


def _mapping(path: Path) -> dict[str, Any]:
    try:
        given = yaml.safe_load(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise _wrong(path, error.strerror or str(error), "Name a manifest, a YAML file.") from error
    except (UnicodeDecodeError, yaml.YAMLError) as error:
        mark = getattr(error, "problem_mark", None)
        line = None if mark is None else mark.line + 1
        raise _wrong(path, "it is not YAML", "Mend that line.", line) from error
    if not isinstance(given, dict):
        raise _wrong(path, "it is not a YAML mapping", f"A manifest has: {', '.join(_REQUIRED)}.")
    return given


def _columns(path: Path, given: dict[str, Any]) -> dict[str, str]:
    columns = given.get("columns", {})
    if given["format"] != "csv":
        return {}
    if not isinstance(columns, dict) or not {"id", "name"} <= {
        str(name).partition("@")[0] for name in columns
    }:
        raise _wrong(path, "columns has no id and name", "columns: {id: code, name: title}")
    for name in columns:
        if str(name).partition("@")[0] not in FIELDS:
            raise _wrong(path, f"columns has {name!r}", f"A column is one of {', '.join(FIELDS)}.")
    return {str(name): str(heading) for name, heading in columns.items()}


def _types(path: Path, given: dict[str, Any]) -> dict[str, str]:
    types = given.get("types") or {}
    if not isinstance(types, dict) or not all(
        _CLASS.fullmatch(str(name)) for name in types.values()
    ):
        raise _wrong(path, "types does not map words to our classes", "types: {country: Country}")
    return {str(word): NS + name for word, name in types.items()}


def _check_hash(manifest: Path, snapshot: Path, expected: str) -> None:
    if not _SHA256.fullmatch(expected):
        raise _wrong(manifest, "sha256 is not 64 hexadecimal digits", "sha256sum FILE tells it.")
    found = hashlib.sha256()
    try:
        with snapshot.open("rb") as file:
            while part := file.read(_PART):
                found.update(part)
    except OSError as error:
        raise _wrong(
            manifest, f"{snapshot.name}: {error.strerror}", "Put the snapshot beside it."
        ) from error
    if found.hexdigest() != expected:
        raise _wrong(
            manifest,
            f"{snapshot.name} has another hash, {found.hexdigest()}",
            "Is it another version, or damaged? Take the pinned file, or pin this one.",
        )


def _wrong(path: Path, what: str, hint: str, line: int | None = None) -> ContentError:
    return ContentError(f"{path} cannot be used: {what}.", place=Place(str(path), line), hint=hint)
