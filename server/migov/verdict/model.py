"""What a verdict says."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from pyoxigraph import Triple
from rdflib import Graph

from migov.change.diff import Diff
from migov.gate.report import Finding, Note, Severity


@dataclass(frozen=True, slots=True)
class Judged:
    """A finding as the policy sees it.

    `fingerprint` names it in every version of the graph. `excused` is the reason for which a
    finding that would block does not.
    """

    finding: Finding
    fingerprint: str
    blocks: bool = False
    excused: str | None = None


@dataclass(frozen=True, slots=True)
class Findings:
    """Findings told apart by what the change has to do with them."""

    introduced: tuple[Judged, ...] = ()
    left: tuple[Judged, ...] = ()
    fixed: tuple[Judged, ...] = ()


@dataclass(frozen=True, slots=True)
class QueryImpact:
    """What becomes of one canned query with some values: its numbers of rows, and which change.

    `before` and `after` are None where the query fails; a truth value counts as one row. Rows are
    written as in TSV (N-Triples for a graph), with the blank nodes nameless.
    """

    slug: str
    title: Mapping[str, str]
    values: Mapping[str, str]
    before: int | None
    after: int | None
    gained: tuple[str, ...] = ()
    lost: tuple[str, ...] = ()
    columns: tuple[str, ...] = ()
    failure: str | None = None


@dataclass(frozen=True, slots=True)
class Impact:
    """What becomes of the canned queries: how many questions were asked, and whose rows change."""

    asked: int = 0
    changed: tuple[QueryImpact, ...] = ()


@dataclass(frozen=True, slots=True)
class Inference:
    """What newly follows, what no longer follows, and what was found about it."""

    gained: tuple[Triple, ...] = ()
    lost: tuple[Triple, ...] = ()


@dataclass(frozen=True, slots=True)
class Verdict:
    """The whole answer to “may this change join the graph?”.

    `diff`, `inference` and `impact` are None where they could not be told, and `notes` say why.
    `nodes` counts the focus nodes that the shapes judged, `report` is pySHACL's graph of them.
    """

    title: str | None
    findings: Findings
    diff: Diff | None = None
    inference: Inference | None = None
    impact: Impact | None = None
    notes: tuple[Note, ...] = ()
    nodes: int = 0
    touched: tuple[str, ...] = ()
    left_out: tuple[str, ...] = ()
    patch: str = ""
    seconds: Mapping[str, float] = field(default_factory=dict, compare=False)
    report: Graph = field(default_factory=Graph, repr=False, compare=False)

    @property
    def conforms(self) -> bool:
        """Whether nothing that the change introduces blocks it."""
        return not any(judged.blocks for judged in self.findings.introduced)

    def counts(self) -> Counter[Severity]:
        """Return how many findings of each severity the change introduces."""
        return counted(self.findings.introduced)


def counted(findings: Iterable[Judged]) -> Counter[Severity]:
    """Return how many findings there are of each severity."""
    return Counter(judged.finding.severity for judged in findings)
