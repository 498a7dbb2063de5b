"""What a merge was about to do, on disk before it does it, so that a crash leaves no doubt.

The reference decides: once it names the new commit the merge has happened, and whoever comes next
brings the files after it; until then nothing but hidden temporary files was written.
"""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import asdict, dataclass
from pathlib import Path

from dulwich.objects import ObjectID
from dulwich.repo import Repo

from migov.errors import EnvironmentProblem
from migov.merge.plan import Plan

_NAME = "migov-merge.json"


@dataclass(frozen=True, slots=True)
class Journal:
    """A plan without its objects' contents, which git has.

    `standing` are files that were on disk as the change has them before it began. With `is_undone`
    the merge is being taken back.
    """

    ref: str
    head: str
    commit: str
    objects: tuple[str, ...]
    blobs: Mapping[str, tuple[str | None, str | None]]
    standing: tuple[str, ...] = ()
    is_undone: bool = False

    @classmethod
    def of(cls, plan: Plan, standing: tuple[str, ...]) -> Journal:
        return cls(
            os.fsdecode(plan.ref),
            plan.head.decode(),
            plan.commit.id.decode(),
            tuple(item.id.decode() for item in plan.objects),
            {path: (_text(old), _text(new)) for path, (old, new) in plan.blobs.items()},
            standing,
        )


def _text(name: ObjectID | None) -> str | None:
    return None if name is None else name.decode()


def journal_path(git: Repo) -> Path:
    return Path(os.fsdecode(git.controldir())) / _NAME


def read_journal(git: Repo) -> Journal | None:
    """Return the journal of a merge that did not end; raises EnvironmentProblem."""
    path = journal_path(git)
    try:
        return Journal(**json.loads(path.read_text(encoding="utf-8")))
    except FileNotFoundError:
        temporary(path).unlink(missing_ok=True)  # one that was killed before it was whole
        return None
    except (OSError, ValueError, TypeError) as error:
        raise EnvironmentProblem(
            f"{path} cannot be read.", hint="It tells of a merge that did not end: look at it."
        ) from error


def write_journal(git: Repo, journal: Journal) -> None:
    text = json.dumps(asdict(journal))
    write_whole(journal_path(git), text.encode("utf-8", "surrogateescape"))


def drop_journal(git: Repo) -> None:
    journal_path(git).unlink(missing_ok=True)
    sync_folder(journal_path(git).parent)


def temporary(path: Path) -> Path:
    """Return the hidden name under which a file waits to take its place."""
    return path.with_name(f".{path.name}.migov-merge")


def write_whole(path: Path, content: bytes) -> None:
    """Put a content in the place of a file in one step that survives a loss of power."""
    write_temporary(path, content)
    temporary(path).replace(path)
    sync_folder(path.parent)


def write_temporary(path: Path, content: bytes) -> None:
    """Write what is to take the place of a file beside it, and make it and its folder durable."""
    make_folder(path.parent)
    mode = path.stat().st_mode & 0o7777 if path.exists() else None
    with temporary(path).open("wb") as file:
        file.write(content)
        file.flush()
        if mode is not None:
            os.fchmod(file.fileno(), mode)
        os.fsync(file.fileno())
    sync_folder(path.parent)


def make_folder(folder: Path) -> None:
    """Make a folder and those above it, and their names durable."""
    if not folder.is_dir():
        make_folder(folder.parent)
        folder.mkdir(exist_ok=True)
        sync_folder(folder.parent)


def sync_file(path: Path) -> None:
    """Make the content of a file durable, if there is such a file."""
    with suppress(FileNotFoundError), path.open("rb") as file:
        os.fsync(file.fileno())


def sync_folder(folder: Path) -> None:
    """Make the names in a folder durable."""
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
