"""What one snapshot answers: to every canned query, and what follows in it.

Answers are kept beside the snapshots under a digest of the snapshot and the questions, so a
state that many changes start from is asked once.
"""

from __future__ import annotations

import hashlib
import json
import os
import re
import tempfile
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from pyoxigraph import RdfFormat, Triple, parse

from migov import __version__
from migov.catalogue import CannedQuery, Catalogue
from migov.engine import Engine, LocalEngine, Query
from migov.engine.operations import Limits
from migov.entities import GraphTerms
from migov.errors import LimitError, RequestError
from migov.snapshot import Snapshot
from migov.vocabulary import INFERRED_GRAPH

_BLANK: Final = re.compile(r"_:[0-9A-Za-z]+")
_INFERRED: Final = f"CONSTRUCT {{ ?s ?p ?o }} WHERE {{ GRAPH <{INFERRED_GRAPH}> {{ ?s ?p ?o }} }}"


@dataclass(frozen=True, slots=True)
class Question:
    """A canned query with values for its parameters: none of them, or those of its example."""

    query: CannedQuery
    values: tuple[tuple[str, str], ...]

    @property
    def key(self) -> str:
        return f"{self.query.slug}?{'&'.join(f'{name}={value}' for name, value in self.values)}"


@dataclass(frozen=True, slots=True)
class Answered:
    """The rows of one answer as sorted texts, or why there are none to compare."""

    columns: tuple[str, ...] = ()
    rows: tuple[str, ...] = ()
    failure: str | None = None


@dataclass(frozen=True, slots=True)
class Answers:
    """All answers of one snapshot by the keys of their questions, and what follows in it."""

    answered: Mapping[str, Answered]
    inferred: tuple[str, ...]

    def triples(self) -> set[Triple]:
        """Return what follows as triples."""
        lines = "\n".join(self.inferred).encode()
        return {quad.triple for quad in parse(lines, format=RdfFormat.N_TRIPLES)}


def questions(catalogue: Catalogue) -> list[Question]:
    """Return what to ask: each query with its defaults, where it can, and with its example."""
    found = []
    for query in catalogue.values():
        required = any(each.required and not each.default for each in query.parameters)
        plain: list[Mapping[str, str]] = [] if required else [{}]
        for values in (*plain, query.example):
            question = Question(query, tuple(sorted(values.items())))
            if question not in found:
                found.append(question)
    return found


def answers_of(
    snapshot: Snapshot, asked: list[Question], limits: Limits, kept: Path | None
) -> Answers:
    """Return the answers of a snapshot, from the folder `kept` where they are there already."""
    text = [__version__, snapshot.digest, *(f"{each.key}\n{each.query.text}" for each in asked)]
    path = kept and kept / f"{hashlib.sha256(chr(0).join(text).encode()).hexdigest()}.json"
    if path is not None:
        with suppress(OSError, ValueError, TypeError, KeyError):  # damaged is as good as missing
            return _decoded(path.read_bytes())
    engine = LocalEngine(snapshot, limits)
    try:
        answered = {each.key: _answer(engine, each) for each in asked}
        inferred = engine.answer(Query(_INFERRED, solutions=None, graph="nt"))
    finally:
        engine.close()
    answers = Answers(answered, tuple(sorted(inferred.body.decode().splitlines())))
    if path is not None:
        _keep(path, answers)
    return answers


def _answer(engine: Engine, question: Question) -> Answered:
    query = question.query
    try:
        text = query.bind(dict(question.values), GraphTerms(engine))
        is_graph = query.form == "CONSTRUCT"
        answer = engine.answer(
            Query(
                text,
                solutions=None if is_graph else "tsv" if query.form == "SELECT" else "json",
                graph="nt" if is_graph else None,
                inferred=query.inferred == "needed",
            )
        )
    except (RequestError, LimitError) as error:
        return Answered(failure=error.message)
    lines = _BLANK.sub("_:b", answer.body.decode()).splitlines()
    if query.form == "SELECT":
        return Answered(tuple(lines[0].split("\t")), tuple(sorted(lines[1:])))
    if query.form == "ASK":
        return Answered(rows=("true",) if json.loads(answer.body)["boolean"] else ())
    return Answered(rows=tuple(sorted(lines)))


def _keep(path: Path, answers: Answers) -> None:
    """Write the answers whole or not at all; a full disk costs time and nothing else."""
    document = {
        "inferred": answers.inferred,
        "answered": {
            key: [found.columns, found.rows, found.failure]
            for key, found in answers.answered.items()
        },
    }
    with suppress(OSError):
        path.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.NamedTemporaryFile(dir=path.parent, delete=False) as out:
            out.write(json.dumps(document, ensure_ascii=False).encode())
            out.flush()
            os.fsync(out.fileno())
        Path(out.name).replace(path)


def _decoded(content: bytes) -> Answers:
    document = json.loads(content)
    return Answers(
        {
            key: Answered(tuple(columns), tuple(rows), failure)
            for key, (columns, rows, failure) in document["answered"].items()
        },
        tuple(document["inferred"]),
    )
