"""The OWL 2 RL closure of a few thousand triples, by owlrl, in a process of its own.

A closure changes rdflib's literal converters for the whole process, so it never runs in the one
that asks for it. The child reads N-Triples from standard input and writes the closed graph.
"""

from __future__ import annotations

import contextlib
import hashlib
import os
import subprocess
import sys
import tempfile
from collections.abc import Iterable
from pathlib import Path

from pyoxigraph import RdfFormat, Triple, parse, serialize

from migov.errors import EnvironmentProblem

_SEAL = b"# sha256 "
"""N-Triples take the last line for a comment."""


def close(triples: Iterable[Triple], cache: Path | None = None) -> list[Triple]:
    """Return the closure of `triples`, the given ones included; raises EnvironmentProblem.

    With a `cache` folder the result is kept there under the digest of the input, and its own at
    the end: most edits (labels, dates, sources) change nothing that the reasoner sees.
    """
    given = serialize(triples, format=RdfFormat.N_TRIPLES) or b""
    if cache is None:
        return _read(_run(given))
    kept = cache / f"{hashlib.sha256(given).hexdigest()}.nt"
    with contextlib.suppress(OSError, ValueError):  # damaged is as good as missing
        found = _read(whole(kept.read_bytes()))
        with contextlib.suppress(OSError):
            os.utime(kept)  # those used last stay longest
        return found
    closed = _run(given)
    with contextlib.suppress(OSError):  # it is kept to save time, and a full disk is told elsewhere
        _keep(closed + _seal(closed), kept)
    return _read(closed)


def whole(kept: bytes) -> bytes:
    """Return a closure that was kept, without its digest; raises ValueError for a damaged one."""
    closed, mark, _ = kept.rpartition(_SEAL)
    if not mark or closed + _seal(closed) != kept:
        raise ValueError("the digest does not fit")
    return closed


def _seal(closed: bytes) -> bytes:
    return _SEAL + hashlib.sha256(closed).hexdigest().encode() + b"\n"


def _keep(closed: bytes, kept: Path) -> None:
    kept.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.NamedTemporaryFile(dir=kept.parent, delete=False) as out:
        try:
            out.write(closed)
            os.fsync(out.fileno())
            Path(out.name).replace(kept)
        except BaseException:
            Path(out.name).unlink(missing_ok=True)
            raise


def _read(ntriples: bytes) -> list[Triple]:
    return [Triple(t.subject, t.predicate, t.object) for t in parse(ntriples, RdfFormat.N_TRIPLES)]


def _run(given: bytes) -> bytes:
    try:
        child = subprocess.run(
            [sys.executable, "-P", "-m", "migov.inference.closure"],
            input=given,
            capture_output=True,
            check=False,
        )
    except OSError as error:
        raise EnvironmentProblem(
            f"The reasoner could not start: {error.strerror}.",
            hint="Is there memory for another process?",
        ) from error
    if child.returncode != 0:
        last = child.stderr.decode(errors="replace").strip().splitlines()[-1:]
        raise EnvironmentProblem(
            f"The reasoner failed: {''.join(last)}", hint="This is a defect; please report it."
        )
    return child.stdout


def _main() -> None:
    import owlrl
    import rdflib

    graph = rdflib.Graph()
    graph.parse(sys.stdin.buffer, format="nt")
    owlrl.DeductiveClosure(owlrl.OWLRL_Semantics).expand(graph)
    for subject, predicate, object_ in graph:
        # OWL RL as rules may put literals where RDF allows none; no such triple can be written.
        if not isinstance(subject, rdflib.Literal) and isinstance(predicate, rdflib.URIRef):
            line = f"{subject.n3()} {predicate.n3()} {object_.n3()} .\n"
            sys.stdout.buffer.write(line.encode())


if __name__ == "__main__":
    _main()
