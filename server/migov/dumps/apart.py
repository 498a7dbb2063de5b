"""The dumps of a snapshot, written by a process of its own: whoever serves goes on meanwhile.

    python -P -m migov.dumps.apart SNAPSHOT FOLDER [REVISION]

Millions of triples take minutes of a core, in the same interpreter as every answer. The process
gives way to others and ends with its owner, which holds the other end of its standard input.
"""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

from migov.channel import GIVES_WAY, end_with_owner
from migov.dumps.files import write_dumps
from migov.errors import EnvironmentProblem
from migov.snapshot import Snapshot
from migov.snapshot.model import read_snapshot


def write_apart(snapshot: Snapshot, folder: Path) -> None:
    """Write all dumps into a folder, as `write_dumps` does; raises EnvironmentProblem.

    The error says what the system said, and not where: visitors are told it.
    """
    arguments = [str(snapshot.folder), str(folder), *filter(None, [snapshot.revision])]
    try:
        child = subprocess.Popen(
            [sys.executable, "-P", "-m", "migov.dumps.apart", *arguments],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            text=True,
        )
    except OSError as error:
        raise _cannot_write(error.strerror) from error
    with child:
        assert child.stdout is not None  # it is a pipe
        why = child.stdout.read()  # communicate() would close what the process watches
    if child.returncode:
        raise _cannot_write(why.strip() or "its process ended")


def _cannot_write(why: str | None) -> EnvironmentProblem:
    return EnvironmentProblem(
        f"The dumps cannot be written: {why}.", hint="Is there room in the cache folder?"
    )


def main() -> None:
    """Write what the command line names; what is in the way goes to standard output."""
    where, folder, *revision = sys.argv[1:]
    end_with_owner(0)
    os.nice(GIVES_WAY)
    snapshot = read_snapshot(Path(where), revision[0] if revision else None)
    try:
        if snapshot is None:
            raise EnvironmentProblem("the snapshot is not there any more")
        write_dumps(snapshot, Path(folder))
    except EnvironmentProblem as error:
        print(getattr(error.__cause__, "strerror", None) or error.message)
        sys.exit(1)


if __name__ == "__main__":
    main()
