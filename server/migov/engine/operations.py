"""What an engine is asked and what it answers."""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final, Literal, Protocol

from migov.settings import Settings

Kind = Literal["solutions", "boolean", "graph"]

SOLUTION_FORMATS: Final = ("json", "xml", "csv", "tsv")
GRAPH_FORMATS: Final = ("ttl", "nt", "rdf", "jsonld", "trig", "nq")


@dataclass(frozen=True, slots=True)
class Query:
    """One SPARQL query and how its answer is to be written.

    `solutions` and `graph` name the format for either kind of result, since only evaluation tells
    which it is; None means that the asker accepts none. `default_graphs` and `named_graphs` are the
    dataset of the request (SPARQL 1.1 Protocol, section 2.1.4): None leaves it to the query. With
    `inferred` the inferred graph joins the default graph and the named graphs. An answer has at
    most `rows` rows or triples, and says when there were more; 0 is no limit. It may take
    `within` seconds where the engine would allow more.
    """

    text: str
    solutions: str | None = "json"
    graph: str | None = "ttl"
    inferred: bool = False
    default_graphs: tuple[str, ...] | None = None
    named_graphs: tuple[str, ...] | None = None
    prefixes: Mapping[str, str] = field(default_factory=dict)
    rows: int = 0
    within: float | None = None


@dataclass(frozen=True, slots=True)
class Answer:
    """An answer: what kind of result it is, the format it is written in, and its bytes.

    It is whole, or `is_cut` after the rows or triples that the query allows; its body says so too
    where the format has a place for that.
    """

    kind: Kind
    format: str
    body: bytes
    is_cut: bool = False


@dataclass(frozen=True, slots=True)
class Limits:
    """What one query may use: seconds, megabytes of memory, megabytes of answer."""

    deadline: float = 10.0
    memory: int = 2048
    answer: int = 64

    def until(self, within: float | None = None) -> float:
        """Return the moment of `time.monotonic()` until which what is asked now may take."""
        seconds = self.deadline if within is None else min(within, self.deadline)
        return time.monotonic() + seconds

    @classmethod
    def from_settings(cls, settings: Settings) -> Limits:
        return cls(settings.deadline, settings.memory, settings.answer)


@dataclass(frozen=True, slots=True)
class Load:
    """How busy an engine is: its workers, those at work, and the queries that wait for one."""

    workers: int
    busy: int
    waiting: int


class Engine(Protocol):
    """Anything that answers SPARQL queries over one snapshot."""

    @property
    def is_settled(self) -> bool:
        """Whether the same question gets the same answer for as long as there is this engine."""

    def answer(self, query: Query) -> Answer:
        """Return the answer; raises RequestError or LimitError.

        Never a part of an answer unless the query allows no more, and then it says so.
        """

    def close(self) -> None:
        """Let go of everything; queries that run may still finish."""
