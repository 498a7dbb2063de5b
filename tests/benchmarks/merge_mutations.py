"""`python -m benchmarks.merge_mutations 10000`: damaged records meet the merge path over HTTP.

Each is sent to `POST /changes?merge=true` with a token. One that is refused has to leave every
file and the history as they were. One that is merged has to touch the file that it was meant for
and no other, to say there what was proposed, and to pass an oracle that knows nothing of changes:
the whole graph after it, by all shapes and all checks, has no violation. Then it is taken back by
another commit.

A mutation is its number and `--seed`, so `--first` and how many send a part, and parts add up.
"""

from __future__ import annotations

import argparse
import shutil
import sys
import tempfile
import threading
import warnings
from collections import Counter
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

from pyoxigraph import BlankNode, CanonicalizationAlgorithm, Dataset, Quad, RdfFormat, parse

from benchmarks.jobs import in_jobs
from benchmarks.mutations import Mutation, mutation
from benchmarks.oracle import Oracle
from change_support import ROOT, commit
from git_repository import git
from migov.change import base_files, files_now
from migov.change.write import write
from migov.dataset import ContentFile, read_quads
from migov.dataset.canonical import triple_of
from migov.engine.published import Edition, Published
from migov.merge import turn
from migov.repository import Repository, find_repository
from migov.snapshot import Snapshot
from migov.verdict.asked import PREPARING
from migov.vocabulary import GRAPH, ID
from migov.web.writing import VERDICTS
from writing_support import Writing, serving

_RECORDS = ("data/records/gfmd/thamm.ttl", "data/records/iom/lm-0416.ttl")
_PLACES = "data/places/countries.ttl"
_REFUSED = (400, 403, 404, 406, 409, 413, 415, 422)
_MEMORY = Path("/dev/shm")
_COMPARED = 50
"""The first of so many merges, and the oracle is held against a validation that knows nothing."""


class Fault(Exception):
    """Something was merged that should not be, was touched, or crashed."""


def content(folder: Path) -> Repository:
    """Make a repository of real content: all of it but most records and unnamed countries."""
    for name in ("ontology", "data", "shapes"):
        shutil.copytree(ROOT / name, folder / name)
    (folder / "queries").mkdir()
    shutil.rmtree(folder / "data/mappings")  # their links begin at the countries that go
    for path in (folder / "data/records").rglob("*.ttl"):
        if path.relative_to(folder).as_posix() not in _RECORDS:
            path.unlink()
    others = (path for path in folder.rglob("*.ttl") if path != folder / _PLACES)
    rest = b"".join(path.read_bytes() for path in others)
    places = ContentFile(_PLACES, (folder / _PLACES).read_bytes())
    triples = [triple_of(quad) for quad in read_quads(places)]
    gone = {
        triple.subject
        for triple in triples
        if str(triple.subject).startswith(f"<{ID}place/")
        and f"place:{str(triple.subject)[:-1].rpartition('/')[2]}".encode() not in rest
    }
    for triple in triples:  # what hangs on a country stands below it
        if triple.subject in gone and isinstance(triple.object, BlankNode):
            gone.add(triple.object)
    kept = write(places, [triple for triple in triples if triple.subject in gone], ())
    assert kept is not None
    (folder / _PLACES).write_bytes(kept.content)
    git(folder, "init", "-q", "-b", "main")
    commit(folder, "Begin")
    return find_repository(folder)


class Built(Published):
    """Builds a snapshot after each merge, and answers from the first: nobody asks it anything."""

    def _fresh(self, snapshot: Snapshot) -> Edition:
        return replace(self.edition, snapshot=snapshot)


class Campaign:
    """One server over one repository, and what it is asked."""

    def __init__(self, server: Writing) -> None:
        self._server = server
        self._root = server.repository.root
        self.files = files_now(server.repository)
        self._before = server.state()
        self._oracle = Oracle(server.repository)
        violations = self._oracle.violations()
        if violations:
            raise Fault(f"the content does not conform: {violations}")
        self._judged: dict[str, Counter[str]] = {}
        self.counts: Counter[str] = Counter()
        _know_one_state(server)

    def meet(self, sent: Mutation) -> None:
        """Send one mutation and judge what becomes of it; raises Fault."""
        family = sent.name.partition(",")[0]
        response = self._server.send(
            "POST",
            "/changes",
            self._server.merge,
            query_string={"merge": "true", **sent.query},
            data=sent.body,
            content_type=sent.media_type,
        )
        status = response.status_code
        if status == 503:  # a limit met in a process of its own
            self.counts[f"{family}: ended at a limit"] += 1
        elif status not in (200, *_REFUSED):
            raise Fault(f"answered with {status}: {response.get_data(as_text=True)[:1000]}")
        merged = response.get_json()["merged"]["commit"] if status == 200 else None
        if merged is None:
            if status != 503:
                self.counts[f"{family}: {'nothing to do' if status == 200 else 'refused'}"] += 1
            if self._server.state() != self._before:
                raise Fault(f"answered with {status}, and something was touched")
            return
        self.counts[f"{family}: merged"] += 1
        self._check(sent, merged)
        self._take_back()

    def _check(self, sent: Mutation, merged: str) -> None:
        after = self._server.state()
        touched = {
            Path(path).relative_to(self._root).as_posix()
            for path in after[1].keys() | self._before[1].keys()
            if after[1].get(path) != self._before[1].get(path)
        }
        if sent.target is None or touched != {sent.target}:
            raise Fault(f"{touched} was touched, and {sent.target} was meant")
        if after[0].decode() != merged or not self._server.is_clean():
            raise Fault("files, index and history differ")
        if sent.says is not None:
            path = self._root / sent.target
            says = path.read_bytes() if path.exists() else b""
            if _canonical(says, sent.target) != _canonical(sent.says, sent.target):
                raise Fault("what was merged is not what was proposed")
        name = after[1].get(str(self._root / sent.target), "")
        if name not in self._judged:
            self._judged[name] = self._oracle.violations()
            if len(self._judged) % _COMPARED == 1 and self._oracle.plain() != self._judged[name]:
                raise Fault("the oracle and a plain validation differ")
        if self._judged[name]:
            raise Fault(f"the oracle finds {dict(self._judged[name])}")

    def _take_back(self) -> None:
        with turn(self._server.repository) as mine:
            here = base_files(self._server.repository, "HEAD")
            files = {
                path: self.files[path].content if path in self.files else None
                for path in here.keys() | self.files.keys()
                if here.get(path) != self.files.get(path)
            }
            mine.write(files, "Campaign <campaign@example.org>", "Take it back")
        head, files_then = self._before[1], self._server.state()
        if files_then[1] != head:
            raise Fault("what was merged could not be taken back whole")
        self._before = files_then


def _know_one_state(server: Writing) -> None:
    """Have all that a verdict needs of the content known, once: every merge is taken back.

    A server would learn the state after each merge, and then that before it.
    """
    verdicts = server.app.extensions[VERDICTS]
    server.app.extensions["migov"].afterwards.remove(verdicts.renew)
    verdicts.prepare()
    for thread in threading.enumerate():
        if thread.name == PREPARING:
            thread.join()


def _canonical(turtle: bytes, path: str) -> str:
    """Return the canonical form (RDFC-1.0) of a document for a file."""
    quads = parse(turtle, format=RdfFormat.TURTLE, base_iri=GRAPH + path)
    dataset = Dataset(Quad(quad.subject, quad.predicate, quad.object) for quad in quads)
    dataset.canonicalize(CanonicalizationAlgorithm.RDFC_1_0)
    return "\n".join(sorted(map(str, dataset)))


def campaign(numbers: range, folder: Path, seed: int = 0) -> Mapping[str, int]:
    """Send the mutations of these numbers; raises Fault for the first that is met wrongly."""
    warnings.simplefilter("ignore")
    with serving(content(folder / "checkout"), folder, Built) as server:
        met = Campaign(server)
        for number in numbers:
            sent = mutation(met.files, number, seed)
            try:
                met.meet(sent)
            except Fault as fault:
                raise Fault(
                    f"number {number} of seed {seed}, {sent.name} of {sent.target}: {fault}\n"
                    f"{sent.query} {sent.body[:2000]!r}"
                ) from fault
        done = git(server.repository.root, "fsck", "--strict")
        if done.returncode:
            raise Fault(done.stdout + done.stderr)
        return met.counts


def _proposals(numbers: range, seed: int) -> Mapping[str, int]:
    place = _MEMORY if _MEMORY.is_dir() else None  # what a disk does is the matter of merge_kills
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True, dir=place) as folder:
        return campaign(numbers, Path(folder), seed)


def main() -> int:
    """Send the mutations from some processes, print what was met, and return the exit code."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("cases", type=int, nargs="?", default=10_000)
    parser.add_argument("--seed", type=int, default=0, help="another seed, other mutations")
    parser.add_argument("--first", type=int, default=0, help="the number of the first mutation")
    parser.add_argument("--jobs", type=int, default=2)
    asked = parser.parse_args()
    end, step = asked.first + asked.cases, asked.jobs
    _, faults = in_jobs(
        step, lambda job: _proposals(range(asked.first + job, end, step), asked.seed)
    )
    return 1 if faults else 0


if __name__ == "__main__":
    sys.exit(main())
