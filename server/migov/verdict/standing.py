"""One state of the dataset and the rules that it is judged by, each part worked out once.

Whoever judges many changes to the same files keeps this: the cost of a verdict is then that of the
change. Every part is made when it is first asked for.
"""

from __future__ import annotations

import hashlib
from functools import cached_property
from pathlib import Path
from typing import Final

from pyoxigraph import NamedNode, RdfFormat, Store, Triple, parse, serialize
from rdflib import Graph

from migov import __version__
from migov.catalogue import load_catalogue
from migov.change.model import Files
from migov.dataset import ContentFile, digest, in_graph, shape_files
from migov.dataset.files import files_in, read_file
from migov.engine import Limits
from migov.gate.affected import PlainIndex, Plan, make_plan
from migov.gate.checks import State
from migov.gate.repository import union
from migov.inference import Premises, Rule, close_fast, read_rules
from migov.repository import Repository
from migov.verdict.answers import (
    Answered,
    Question,
    answered,
    keep_answers,
    questions,
    read_answers,
)
from migov.verdict.kept import keep, read
from migov.verdict.stored import StoreEngine, stored
from migov.vocabulary import INFERRED_GRAPH

_KEPT: Final = "states"
"""A folder of the cache for what follows in a state and what it answers."""


class Measures:
    """The shapes and the canned queries of a repository, as they are when first asked for."""

    def __init__(self, repository: Repository) -> None:
        self._repository = repository

    @cached_property
    def _shape_files(self) -> list[ContentFile]:
        return shape_files(self._repository)

    @cached_property
    def digest(self) -> str:
        """A digest of the files; raises ContentError for one that cannot be read."""
        paths = files_in(self._repository.queries, ".rq", deep=False)
        queries = [read_file(path, self._repository.root) for path in paths]
        return digest([*self._shape_files, *queries])

    @cached_property
    def shapes(self) -> Graph:
        return union(self._shape_files)

    @cached_property
    def plan(self) -> Plan:
        """The shapes made ready; raises ShapesError for shapes that cannot be used."""
        return make_plan(self.shapes)

    @cached_property
    def questions(self) -> list[Question]:
        return questions(load_catalogue(self._repository.queries))


class Standing:
    """A state of the files that changes start from."""

    def __init__(
        self, files: Files, measures: Measures, cache: Path | None = None, near: State | None = None
    ) -> None:
        """Answers are kept in a folder of `cache`; `near` has read some of the files already."""
        self.files = files
        self.measures = measures
        self._cache = cache
        self._near = near

    @cached_property
    def state(self) -> State:
        return State(self.files, self._near)

    @cached_property
    def index(self) -> PlainIndex:
        """The union of the graphs; raises ContentSyntaxError for a file that is broken."""
        found: list[Triple] = []
        for facts in self.state.all_facts():
            if facts.error is not None:
                raise facts.error
            found += facts.triples
        return PlainIndex(found)

    @cached_property
    def rules(self) -> list[Rule]:
        return read_rules(self.files.values())

    @cached_property
    def premises(self) -> Premises:
        return Premises(quad for facts in self.state.all_facts() for quad in facts.quads)

    @cached_property
    def inferred(self) -> frozenset[Triple]:
        """What follows; raises ContentError for a rule that cannot be used."""
        kept = self._kept(".nt")
        lines = read(kept)
        if lines is not None:
            return frozenset(quad.triple for quad in parse(lines, format=RdfFormat.N_TRIPLES))
        found = self.premises.derived(self.rules, close_fast)
        keep(kept, serialize(found, format=RdfFormat.N_TRIPLES) or b"")
        return frozenset(found)

    @cached_property
    def store(self) -> Store:
        """The asserted graphs, their union and what follows, as a snapshot has them."""
        inferred = NamedNode(INFERRED_GRAPH)
        return stored(
            (quad for facts in self.state.all_facts() for quad in facts.quads),
            map(in_graph, self.index.triples()),
            (in_graph(triple, inferred) for triple in self.inferred),
        )

    @cached_property
    def _answers(self) -> dict[str, Answered]:
        return read_answers(self._kept_answers)

    @cached_property
    def _kept_answers(self) -> Path | None:
        return self._kept(
            ".json", *(f"{each.key}\n{each.query.text}" for each in self.measures.questions)
        )

    def _kept(self, suffix: str, *texts: str) -> Path | None:
        """Return where something is kept that this state and some texts determine."""
        if self._cache is None:
            return None
        text = "\0".join([__version__, self._digest, *texts])
        return self._cache / _KEPT / f"{hashlib.sha256(text.encode()).hexdigest()}{suffix}"

    @cached_property
    def _digest(self) -> str:
        return digest(self.files.values())

    def answers(self, asked: list[Question], limits: Limits) -> dict[str, Answered]:
        """Return the answers to questions; those of the other questions are not worked out."""
        missing = [each for each in asked if each.key not in self._answers]
        if missing:
            self._answers.update(answered(lambda: StoreEngine(self.store), missing, limits))
            keep_answers(self._kept_answers, self._answers)
        return {each.key: self._answers[each.key] for each in asked}

    def warm(self, limits: Limits) -> None:
        """Work out every part now, so that forks of this process find it there.

        Raises ContentError for files that are broken.
        """
        assert self.measures.digest
        assert self.store is not None
        assert self.premises is not None
        assert self.measures.plan.parts is not None
        self.answers(self.measures.questions, limits)
        assert all(each.reads is not None for each in self.measures.questions)
        for facts in self.state.all_facts():
            assert facts.names is not None
            assert facts.said is not None
        assert self.state.describing is not None
