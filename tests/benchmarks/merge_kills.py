"""`python -m benchmarks.merge_kills 1000`: merges are killed at random points, and nothing is lost.

Each life is a server that takes merges over HTTP, or one `migov merge`, and ends by kill -9: at a
random step on the file system of its merge (every open, rename, unlink and lock is one), or at a
random time from its first request on. Whoever lives next recovers. Then the commit that was
acknowledged last is HEAD, or the parent of a HEAD that is exactly the change under way; files,
index and history agree; a server answers from them; nothing is left behind.

Lives are forked from a process that has imported everything, so one takes a second or two.
"""

from __future__ import annotations

import argparse
import http.client
import importlib
import json
import os
import pkgutil
import random
import re
import subprocess
import sys
import tempfile
import time
from collections import Counter
from contextlib import redirect_stdout, suppress
from dataclasses import fields
from io import StringIO
from pathlib import Path
from urllib.parse import quote

from dulwich.objects import Commit
from dulwich.repo import Repo

import migov
from benchmarks.jobs import in_jobs
from benchmarks.killed import Fault, Killed, end, kill_later, live, port_of
from change_support import AUTHOR, turtle
from migov.access import new_token
from migov.change import Change, base_files, files_now, patch
from migov.change.write import Edit, edited
from migov.cli.app import run
from migov.repository import Repository
from migov.settings import Settings
from writing_support import policed_repository

_MOST_STEPS = 130
"""More than a merge takes, so that some lives end after it, or publishing what it left."""
_MERGES = 3
"""So many merges a server may live to see."""
_FAREWELL = 60.0
_MARK = "MIGOV_TEST_KILLED_IN"
WHO, RECORD, NEW = "data/actors/who.ttl", "data/records/iom/lm-0416.ttl", "data/actors/new/one.ttl"


class Lives:
    """One repository, and the lives that merge into it one after another."""

    def __init__(self, folder: Path, seed: int) -> None:
        self._source = random.Random(seed)
        self._folder = folder
        self.repository = policed_repository(folder / "checkout")
        self._tokens = folder / "private/tokens.json"
        self._secret = new_token(self._tokens, "ann", ["merge"], AUTHOR)
        self._number = 0
        self._last = self.head()
        self._pending: Change | None = None
        self._took = {True: 2.0, False: 2.0}
        """Seconds that a merge took lately: over HTTP, and not."""
        self.counts: Counter[str] = Counter()
        self.acknowledged: list[str] = []

    def head(self) -> str:
        with Repo(str(self.repository.root)) as git:
            return git.head().decode()

    def live(self) -> None:
        """Begin one life, kill it, and look at what is there when the next one has recovered."""
        by_steps, is_served = self._source.random() < 0.7, self._source.random() < 0.6
        merges = self._source.randint(1, _MERGES) if is_served else 1
        part = self._source.random()
        ends = (
            Killed(steps=1 + int(part * _MOST_STEPS))
            if by_steps
            else Killed(seconds=1.3 * part * merges * self._took[is_served])
        )
        self.counts["at a step" if by_steps else "at a time"] += 1
        self.counts["over HTTP" if is_served else "on the command line"] += 1
        if is_served:
            self._serve(ends, merges)
        else:
            self._merge(ends)

    def settle(self) -> None:
        """Look at what the last life left, once more than one has recovered from it."""
        with redirect_stdout(StringIO()) as told:
            code = run(
                ["merge", "--root", str(self.repository.root), "-m", "Nothing", *self._cache()]
            )
        if code:
            raise Fault(f"the last life left what cannot be merged over: {told.getvalue()}")
        self._look()

    def _serve(self, ends: Killed, merges: int) -> None:
        out, into = os.pipe()
        child = os.fork()
        if child == 0:
            os.close(out)
            live(
                ["serve", "--root", str(self.repository.root), "--port", "0", "--watch", "60",
                 "--deadline", "60", "--tokens", str(self._tokens), *self._cache(), *_plain()],
                into, ends.steps, skipped=merges - 1,
            )  # fmt: skip
        os.close(into)
        try:
            with os.fdopen(out) as lines:
                port = port_of(lines)
                self._look(port)
                if ends.seconds is not None:
                    kill_later(child, ends.seconds)
                for _ in range(merges):
                    self._change()
                    began = time.monotonic()
                    commit = self._post(port)
                    if commit is None:
                        break
                    self._time(True, began)
                    self._acknowledge(commit)
        finally:
            end(child)

    def _merge(self, ends: Killed) -> None:
        self._look_after_recovery()
        self._change()
        assert self._pending is not None
        proposal = self._folder / "proposal.patch"
        proposal.write_text(patch(self._pending), encoding="utf-8")
        out, into = os.pipe()
        child = os.fork()
        if child == 0:
            os.close(out)
            live(
                ["merge", "--patch", str(proposal), "--root", str(self.repository.root), "-m",
                 f"Number {self._number}", "--author", AUTHOR, *self._cache()],
                into, ends.steps,
            )  # fmt: skip
        os.close(into)
        began = time.monotonic()
        if ends.seconds is not None:
            kill_later(child, ends.seconds)
        try:
            with os.fdopen(out) as lines:
                found = re.search(r"^Merged as ([0-9a-f]{40})$", lines.read(), re.M)
        finally:
            end(child)
        if found:
            self._time(False, began)
            self._acknowledge(found[1])

    def _time(self, is_served: bool, began: float) -> None:
        self._took[is_served] += 0.2 * (time.monotonic() - began - self._took[is_served])

    def _cache(self) -> list[str]:
        return ["--cache", str(self._folder / "cache")]

    def _look_after_recovery(self) -> None:
        """Recover as `migov merge` does first, and look."""
        from migov.merge import recover

        recover(self.repository)
        self._look()

    def _change(self) -> None:
        """Have a change ready that edits two files and makes or removes a third."""
        self._number += 1
        before = base_files(self.repository)
        edits = {WHO: self._numbered(before, WHO), RECORD: self._numbered(before, RECORD)}
        after = dict(edited(before, edits))
        if NEW in before:
            del after[NEW]
        else:
            new = turtle(f'actor:one skos:note "number {self._number}" .')
            after = dict(edited(after, {NEW: Edit(added=new)}))
        self._pending = Change(before, after)

    def _numbered(self, before: object, path: str) -> Edit:
        subject = "actor:who" if path == WHO else "actor:ilo"
        (new,) = turtle(f'{subject} skos:note "number {self._number}" .')
        assert isinstance(before, dict)
        text = before[path].content.decode()
        said = re.search(r'skos:note "number (\d+)"', text)
        old = turtle(f'{subject} skos:note "number {said[1]}" .') if said else []
        return Edit(old, [new])

    def _post(self, port: int) -> str | None:
        """Send the change; returns the commit that was acknowledged, or None."""
        assert self._pending is not None
        connection = http.client.HTTPConnection("127.0.0.1", port, timeout=120)
        try:
            connection.request(
                "POST",
                f"/changes?merge=true&message={quote(f'Number {self._number}')}",
                patch(self._pending).encode(),
                {"Content-Type": "text/x-patch", "Authorization": f"Bearer {self._secret}"},
            )
            answer = connection.getresponse()
            content = answer.read()
        except (OSError, http.client.HTTPException):
            return None
        finally:
            connection.close()
        if answer.status != 200:
            raise Fault(f"answered with {answer.status}: {content.decode()[:2000]}")
        merged = json.loads(content)["merged"]["commit"]
        assert isinstance(merged, str)
        return merged

    def _acknowledge(self, commit: str) -> None:
        self.counts["acknowledged"] += 1
        self.acknowledged.append(commit)
        self._last = commit
        if self.head() != commit:
            raise Fault(f"{commit} was acknowledged, and HEAD is {self.head()}")
        self._look()

    def _look(self, port: int | None = None) -> None:
        """Compare what is there with what was acknowledged; raises Fault."""
        head, pending = self.head(), self._pending
        files = files_now(self.repository)
        if files != base_files(self.repository, "HEAD"):
            raise Fault("files and history differ")
        if pending is not None and files not in (pending.before, pending.after):
            raise Fault("the files are those of neither side of the change")
        with Repo(str(self.repository.root)) as git:
            commit = git[git.head()]
            assert isinstance(commit, Commit)
            index = git.open_index()
            if list(index.changes_from_tree(git.object_store, commit.tree)):
                raise Fault("the index and the history differ")
        if head != self._last:
            if pending is None or files != pending.after:
                raise Fault(f"HEAD is {head}, and {self._last} was acknowledged last")
            if [parent.decode() for parent in commit.parents] != [self._last]:
                raise Fault(f"{head} does not follow {self._last}, which was acknowledged")
            self.counts["merged, and killed before the answer"] += 1
            self._last = head
        elif pending is not None and files == pending.before:
            self.counts["killed, and nothing merged"] += 1
        self._pending = None
        left = [path for path in self.repository.root.rglob("*.migov-merge") if path.is_file()]
        left += [
            path for path in self.repository.root.rglob("*.lock") if path.name != "migov-merge.lock"
        ]
        if left or (self.repository.root / ".git/migov-merge.json").exists():
            raise Fault(f"left behind: {left or 'the journal'}")
        if port is not None:
            self._ask(port)

    def _ask(self, port: int) -> None:
        """Raise Fault unless a server answers from the files as they are."""
        said = re.findall(rb'skos:note "(number \d+)"', files_now(self.repository)[WHO].content)
        about = "<https://w3id.org/migov/id/actor/who>"
        query = f'SELECT ?o {{ {about} ?p ?o FILTER STRSTARTS(STR(?o), "number") }}'
        connection = http.client.HTTPConnection("127.0.0.1", port, timeout=60)
        connection.request("GET", f"/sparql?query={quote(query)}", headers={"Accept": "text/csv"})
        rows = connection.getresponse().read().split()[1:]
        connection.close()
        if b" ".join(rows) != b" ".join(said):
            raise Fault(f"the server answers {rows!r}, and the files say {said!r}")


def _plain() -> list[str]:
    """Return the options that leave out what a merge does not need, as far as there are any."""
    return ["--inference", "off"] if "inference" in {each.name for each in fields(Settings)} else []


def campaign(cases: int, seed: int, folder: Path) -> Counter[str]:
    """Kill so many lives in one folder; raises Fault for the first that leaves a wrong state."""
    _import_all()
    lives = Lives(folder, seed)
    for number in range(cases):
        try:
            lives.live()
        except Fault as fault:
            raise Fault(f"seed {seed}, life {number}: {fault}") from fault
    lives.settle()
    _look_at_history(lives.repository, lives.acknowledged)
    return lives.counts


def _look_at_history(repository: Repository, acknowledged: list[str]) -> None:
    history = _git(repository, "log", "--format=%H").split()
    lost = [commit for commit in acknowledged if commit not in set(history)]
    if lost:
        raise Fault(f"acknowledged and lost: {lost}")
    _git(repository, "fsck", "--strict", "--full")
    if _git(repository, "status", "--porcelain"):
        raise Fault("git sees files that are not committed")


def _git(repository: Repository, *words: str) -> str:
    done = subprocess.run(
        ["git", "-C", str(repository.root), *words], capture_output=True, text=True, check=False
    )
    if done.returncode:
        raise Fault(f"git {words[0]}: {done.stdout}{done.stderr}")
    return done.stdout


def _import_all() -> None:
    """Import what any life may need, so that none has to."""
    for module in pkgutil.walk_packages(migov.__path__, "migov."):
        if not module.name.endswith("__main__"):
            importlib.import_module(module.name)


def _left_running(mark: str) -> list[str]:
    """Return the processes that outlive the lives that started them, given time to end."""
    until = time.monotonic() + _FAREWELL
    while (found := _marked(f"{_MARK}={mark}".encode())) and time.monotonic() < until:
        time.sleep(0.2)
    return found


def _marked(variable: bytes) -> list[str]:
    found = []
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit() and int(entry.name) != os.getpid():
            with suppress(OSError):
                if variable in (entry / "environ").read_bytes().split(b"\0"):
                    words = (entry / "cmdline").read_bytes().split(b"\0")
                    found.append(b" ".join(words).decode(errors="replace"))
    return found


def _lives(cases: int, seed: int) -> Counter[str]:
    with tempfile.TemporaryDirectory() as folder:
        os.environ[_MARK] = folder
        counts = campaign(cases, seed, Path(folder))
        if left := _left_running(folder):
            raise Fault(f"still running: {left}")
    return counts


def main() -> int:
    """Run the lives in two processes, print what was met, and return the exit code."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("cases", type=int, nargs="?", default=1000)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--jobs", type=int, default=2)
    asked = parser.parse_args()
    each = asked.cases // asked.jobs
    _, faults = in_jobs(asked.jobs, lambda job: _lives(each, asked.seed * 1000 + job))
    return 1 if faults else 0


if __name__ == "__main__":
    sys.exit(main())
