"""What a state of the dataset answers to the canned queries.

Answers to a state that many changes start from are kept under a digest of its files.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Final

from pyoxigraph import NamedNode, Triple

from migov.catalogue import CannedQuery, Catalogue
from migov.catalogue.parameters import Parameter, candidates
from migov.engine import Engine, Limits, Query
from migov.engine.rights import give_up_everything
from migov.entities import GraphTerms
from migov.errors import LimitError, MigovError, RequestError
from migov.gate.affected import Index
from migov.gate.affected.classes import Classes
from migov.sparql.reads import Reads, reads_of
from migov.sparql.services import find_services
from migov.verdict.beside import each_in_fork
from migov.verdict.kept import keep, read
from migov.vocabulary import CONCEPT, STANDARD_PREFIXES

_BLANK: Final = re.compile(r"_:[0-9A-Za-z]+")
_IN_SCHEME: Final = NamedNode(STANDARD_PREFIXES["skos"] + "inScheme")
_MEMBERSHIP: Final = {STANDARD_PREFIXES["rdf"] + "type", _IN_SCHEME.value}
_SUB_CLASS: Final = STANDARD_PREFIXES["rdfs"] + "subClassOf"


@dataclass(frozen=True)
class Question:
    """A canned query with values for its parameters: none of them, or those of its example."""

    query: CannedQuery
    values: tuple[tuple[str, str], ...]

    @cached_property
    def key(self) -> str:
        return f"{self.query.slug}?{'&'.join(f'{name}={value}' for name, value in self.values)}"

    @cached_property
    def reads(self) -> Reads:
        return reads_of(self.query.text)

    @cached_property
    def terms(self) -> tuple[tuple[Parameter, str], ...]:
        """The parameters whose values are looked up in the graph, with what each is given."""
        given = {each.name: each.default for each in self.query.parameters} | dict(self.values)
        return tuple(
            (parameter, value.strip())
            for parameter in self.query.parameters
            if parameter.type in ("entity", "concept") and (value := given[parameter.name])
        )


@dataclass(frozen=True, slots=True)
class Moved:
    """What a change moves, as far as an answer can tell.

    `triples` are those that any graph gains or loses, `inferred` those that follow or no longer
    do. `nodes` says that the union has other nodes than before, `graphs` that there are others.
    """

    triples: Collection[Triple]
    inferred: Collection[Triple]
    nodes: bool
    graphs: bool

    def __bool__(self) -> bool:
        return bool(self.triples or self.inferred or self.graphs)


def may_answer_otherwise(question: Question, moved: Moved, before: Index) -> bool:
    """Return whether the answer to a question can be another one after a change."""
    reads = question.reads
    if reads.everything:
        return bool(moved)
    if reads.graphs and (moved.graphs or (reads.nodes and moved)):
        return True  # each named graph has nodes of its own
    if reads.nodes and moved.nodes:
        return True
    if reads.sees(moved.triples) or reads.sees(moved.inferred):
        return True
    return any(_may_mean_other(*term, moved.triples, before) for term in question.terms)


def _may_mean_other(
    parameter: Parameter, value: str, triples: Iterable[Triple], before: Index
) -> bool:
    """Return whether a value may stand for another term, or for none, after a change.

    A value that is not the slug of something known is looked for by name, among all of a class.
    """
    known = candidates(value, parameter.of or "")
    if not any(_is_known(iri, parameter.of or "", before) for iri in known):
        return True
    return any(
        triple.predicate.value == _SUB_CLASS
        or (triple.predicate.value in _MEMBERSHIP and str(triple.subject)[1:-1] in known)
        for triple in triples
    )


def _is_known(iri: str, class_or_scheme: str, index: Index) -> bool:
    try:
        node, of = NamedNode(iri), NamedNode(class_or_scheme)
    except ValueError:
        return False
    if class_or_scheme.startswith(CONCEPT):
        return Triple(node, _IN_SCHEME, of) in index
    return of in Classes(index).of(node)


@dataclass(frozen=True, slots=True)
class Answered:
    """The rows of one answer as sorted texts, or why there are none to compare."""

    columns: tuple[str, ...] = ()
    rows: tuple[str, ...] = ()
    failure: str | None = None


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


def answered(
    engine: Callable[[], Engine], asked: Iterable[Question], limits: Limits
) -> dict[str, Answered]:
    """Ask questions in a fork of this process; what takes too long or too much is a failure.

    The fork makes the engine, so that what it changes on the way is its own.
    """
    made: list[Engine] = []

    def answer(question: Question) -> Answered:
        if not made:
            give_up_everything(limits.memory)
            made.append(engine())
        return _answer(made[0], question)

    return {
        question.key: Answered(failure=outcome.message)
        if isinstance(outcome, MigovError)
        else outcome
        for question, outcome in each_in_fork(answer, list(asked), limits.deadline)
    }


def _answer(engine: Engine, question: Question) -> Answered:
    query = question.query
    try:
        text = query.bind(dict(question.values), GraphTerms(engine))
        if find_services(text) is not None:
            return Answered(failure="It asks beyond the graph, by SERVICE.")
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


def read_answers(path: Path | None) -> dict[str, Answered]:
    """Return the answers that a file keeps."""
    return {
        key: Answered(tuple(columns), tuple(rows))
        for key, (columns, rows) in json.loads(read(path) or b"{}").items()
    }


def keep_answers(path: Path | None, answers: Mapping[str, Answered]) -> None:
    """Keep answers in a file; failures are another machine's or another day's."""
    rows = {key: [e.columns, e.rows] for key, e in answers.items() if e.failure is None}
    keep(path, json.dumps(rows, ensure_ascii=False).encode())
