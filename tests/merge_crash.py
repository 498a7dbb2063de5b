"""Kills a merge at every step it takes, and looks at what is left.

    python tests/merge_crash.py [CASES [SEED]]

Each case merges a change in a process of its own, which kills itself before its n-th step on the
file system (every open, rename, unlink and lock is one), recovers, and compares.
"""

from __future__ import annotations

import os
import random
import signal
import subprocess
import sys
import tempfile
from pathlib import Path

from dulwich.objects import Commit
from dulwich.repo import Repo

from change_support import AUTHOR, small_repository, turtle
from migov.change import Change, Files, base_files, files_now
from migov.change.write import Edit, edited
from migov.merge import merge, recover
from migov.repository import Repository, find_repository

_STEPS = ("open", "os.rename", "os.remove", "os.mkdir", "os.rmdir", "os.truncate", "fcntl.flock")
WHO, ILO, NEW = "data/actors/who.ttl", "data/actors/ilo.ttl", "data/new/actor.ttl"


def proposed(repository: Repository) -> Change:
    """Return a change that edits one file, makes one in a new folder, and removes one."""
    before = base_files(repository)
    after = dict(
        edited(
            before,
            {
                WHO: Edit(added=turtle('actor:who skos:note "crash" .')),
                NEW: Edit(added=turtle("actor:new-one a mg:Actor .")),
            },
        )
    )
    del after[ILO]
    return Change(before, after)


def child(root: Path, step: int) -> int:
    """Merge, and die before the given step; returns how many steps a whole merge takes."""
    repository = find_repository(root)
    change = proposed(repository)
    taken = 0

    def count(event: str, _: object) -> None:
        nonlocal taken
        if event in _STEPS:
            taken += 1
            if taken == step:
                os.kill(os.getpid(), signal.SIGKILL)

    sys.addaudithook(count)
    merge(repository, change, AUTHOR, "Change three files", lambda _: True)
    return taken


def killed_with_its_journal(root: Path) -> int:
    """Kill a merge of any repository when its journal is written; returns the signal."""
    program = (
        "import os, signal, sys\n"
        "from pathlib import Path\n"
        "import migov.merge.merging as merging\n"
        "from migov.change import Change, base_files\n"
        "from migov.dataset import ContentFile\n"
        "from migov.repository import find_repository\n"
        "merging.add_objects = lambda *_: os.kill(os.getpid(), signal.SIGKILL)\n"
        "repository = find_repository(Path(sys.argv[1]))\n"
        "before = base_files(repository)\n"
        "path = next(iter(before))\n"
        "new = ContentFile(path, before[path].content + b'# more\\n')\n"
        "change = Change(before, {**before, path: new})\n"
        "merging.merge(repository, change, 'A <a@example.org>', 'x', lambda _: True)\n"
    )
    return -subprocess.run([sys.executable, "-c", program, str(root)], check=False).returncode


def state(repository: Repository) -> tuple[bytes, Files]:
    with Repo(str(repository.root)) as git:
        return git.head(), files_now(repository)


def case(folder: Path, step: int) -> str:
    """Run one case; returns "old" or "new", or raises AssertionError."""
    repository = small_repository(folder)
    change = proposed(repository)
    old, _ = state(repository)
    command = [sys.executable, __file__, "child", str(folder), str(step)]
    subprocess.run(command, check=False, stdout=subprocess.DEVNULL)
    recover(repository)
    head, files = state(repository)
    assert files == base_files(repository, "HEAD"), f"step {step}: files and history differ"
    assert files in (change.before, change.after), f"step {step}: neither old nor new"
    assert (files == change.before) == (head == old), f"step {step}: wrong commit"
    left = [path for path in folder.rglob("*.migov-merge") if path.is_file()]
    left += [path for path in folder.rglob("*.lock") if path.name != "migov-merge.lock"]
    if files == change.before:
        left += [path for path in (folder / "data/new",) if path.exists()]
    with Repo(str(folder)) as git:
        index = {path.decode(): entry.sha for path, entry in git.open_index().items()}  # type: ignore[union-attr]
        commit = git[git.head()]
        assert isinstance(commit, Commit)
        changed = list(git.open_index().changes_from_tree(git.object_store, commit.tree))
    assert not changed, f"step {step}: the index differs: {changed} {index}"
    assert not left, f"step {step}: left behind: {left}"
    again = merge(repository, proposed_again(repository), AUTHOR, "Go on", lambda _: True)
    assert again.commit is not None
    return "old" if files == change.before else "new"


def proposed_again(repository: Repository) -> Change:
    before = base_files(repository)
    note = turtle('actor:who skos:note "crash" , "again" .')
    return Change(before, edited(before, {WHO: Edit(added=note)}))


def steps() -> int:
    """Return how many steps a merge takes."""
    with tempfile.TemporaryDirectory() as folder:
        root = Path(folder) / "x"
        small_repository(root)
        command = [sys.executable, __file__, "child", str(root), "0"]
        return int(subprocess.run(command, check=True, capture_output=True, text=True).stdout)


def campaign(cases: int, seed: int) -> dict[str, int]:
    """Run cases at random steps and count their outcomes."""
    source, last = random.Random(seed), steps()
    outcomes = {"old": 0, "new": 0}
    for _ in range(cases):
        with tempfile.TemporaryDirectory() as folder:
            outcomes[case(Path(folder) / "x", source.randint(1, last))] += 1
    return outcomes


if __name__ == "__main__":
    if sys.argv[1:2] == ["child"]:
        print(child(Path(sys.argv[2]), int(sys.argv[3])))
    else:
        numbers = [int(word) for word in sys.argv[1:]]
        print(campaign(*(numbers + [200, 0][len(numbers) :])))
