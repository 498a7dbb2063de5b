"""What a validation found: findings, and what was not checked."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from enum import IntEnum

from rdflib import Graph
from rdflib.term import Identifier

from migov.errors import Place

SH = "http://www.w3.org/ns/shacl#"


class Severity(IntEnum):
    """The severities of SHACL, in order. One of a shape's own counts as a violation."""

    INFO = 1
    WARNING = 2
    VIOLATION = 3

    @classmethod
    def from_iri(cls, iri: str) -> Severity:
        """Return the severity that an IRI names.

        >>> Severity.from_iri("http://www.w3.org/ns/shacl#Warning")
        <Severity.WARNING: 2>
        """
        names = {SH + "Info": cls.INFO, SH + "Warning": cls.WARNING}
        return names.get(iri, cls.VIOLATION)


@dataclass(frozen=True, slots=True)
class Edit:
    """A mechanical correction: at a place of a file, one text stands where another should."""

    place: Place
    old: str
    new: str


@dataclass(frozen=True, slots=True)
class Finding:
    """One result: which node, along which path, which value, and why it does not conform.

    `rule` names the kind of finding for good: the IRI of the shape, or a name of our own for what
    SHACL does not see. `messages` maps language tags ("" for none) to sentences.
    """

    rule: str
    severity: Severity
    messages: dict[str, str]
    focus: Identifier | None = None
    path: str | None = None
    value: Identifier | None = None
    shape: Identifier | None = None
    component: str | None = None
    severity_iri: str | None = None
    place: Place | None = None
    via: tuple[Identifier, str] | None = None
    """Who holds a blank focus node, and by which property: what people can look for."""
    label: dict[str, str] = field(default_factory=dict)
    """The name of the thing, by language: of the focus node, or of what holds a blank one."""
    expected: dict[str, str] = field(default_factory=dict)
    """What should stand there, in words, by language."""
    example: str | None = None
    """A right triple, in Turtle."""
    edits: tuple[Edit, ...] = ()
    """What to change where, if it can be said mechanically; all of them, or none."""

    def message(self, language: str = "en") -> str:
        """Return the message in a language, or the next best one.

        >>> Finding("r", Severity.INFO, {"en": "Add it.", "fr": "Ajoutez-le."}).message("fr")
        'Ajoutez-le.'
        """
        for tag in (language, "", "en"):
            if tag in self.messages:
                return self.messages[tag]
        for tag, text in sorted(self.messages.items()):
            if tag.partition("-")[0] == language:
                return text
        return next(iter(sorted(self.messages.values())), "")


@dataclass(frozen=True, slots=True)
class Note:
    """Something that was not checked, and so is not known to conform."""

    subject: str
    messages: dict[str, str]


@dataclass(frozen=True, slots=True)
class Report:
    """The outcome of one validation.

    `graph` is the report in the words of SHACL. `checked` counts the pairs of a shape that has
    targets and a focus node of it.
    """

    findings: tuple[Finding, ...]
    notes: tuple[Note, ...] = ()
    shapes: int = 0
    checked: int = 0
    triples: int = 0
    graph: Graph = field(default_factory=Graph, repr=False, compare=False)

    @property
    def conforms(self) -> bool:
        """Whether there is no finding of any severity: SHACL's own sense of the word."""
        return not self.findings

    def passes(self, least: Severity = Severity.VIOLATION) -> bool:
        """Return whether nothing was found that is as severe as `least`."""
        return all(finding.severity < least for finding in self.findings)

    def counts(self) -> Counter[Severity]:
        """Return how many findings there are of each severity."""
        return Counter(finding.severity for finding in self.findings)
