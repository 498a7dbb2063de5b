"""A source record and what it says of an initiative."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType
from typing import Final

from pyoxigraph import Literal

from migov.drafting.known import Known, checked_slug
from migov.drafting.texts import LICENCE, dated, labels, text_of

_CLASSES: Final = {
    "programme": "Programme",
    "project": "Project",
    "handbook": "KnowledgeProduct",
    "study": "KnowledgeProduct",
    "alliance": "Mechanism",
    "partnership": "Mechanism",
    "observatory": "Mechanism",
    "facility": "Mechanism",
}
"""The class that goes with a type of initiative; the others are instruments."""
TEXTS: Final = tuple(
    f"{what}-{tag}" for what in ("name", "record", "summary") for tag in ("en", "fr")
)
"""The texts of a record: the name of what it describes, its own name, and its summary."""


@dataclass(frozen=True, slots=True)
class Participation:
    """An actor in a role, and the words of the source for it, if any.

    `actor` is its name in Turtle (`actor:ilo`, `person:6`), `role` and `certainty` are slugs. A
    `locator` is given where the lines are not those of the record.
    """

    actor: str
    role: str
    certainty: str
    wording: str | None = None
    language: str = "en"
    locator: str | None = None

    def name(self, publisher: str, slug: str, subject: str) -> str:
        """Return its name in Turtle, as a record states it of an initiative."""
        actor = self.actor.rpartition(":")[2]
        return f"participation:{publisher}-{slug}--{subject}--{self.role}--{actor}"

    def text(self, publisher: str, slug: str, subject: str, locator: str) -> str:
        """Return it in Turtle, as a record states it of an initiative."""
        lines = [
            f"{self.name(publisher, slug, subject)} a mg:Participation",
            f"    mg:participationIn initiative:{subject}",
            f"    mg:role role:{self.role}",
            f"    mg:actor {self.actor}",
            f"    mg:certainty certainty:{self.certainty}",
            f'    mg:locator "{self.locator or locator}"',
        ]
        if self.wording:
            lines.append(f"    mg:wording {Literal(self.wording, language=self.language)}")
        return "\n\n" + " ;\n".join(lines) + " .\n"


@dataclass(frozen=True, slots=True)
class Part:
    """Something that an initiative has and that its record describes: an output, a budget.

    With `of_record` it is the record that has it, such as an identifier of its publisher's.

    `link` is the property that leads to it and `name` what it is called, both in Turtle; `pairs`
    are its predicates with their objects. `locator` and `certainty` are given where they are not
    those of the record.
    """

    link: str
    name: str
    pairs: tuple[str, ...]
    locator: str | None = None
    certainty: str | None = None
    of_record: bool = False

    def text(self, subject: str) -> str:
        """Return it in Turtle, with an annotation of the link where there is something to say."""
        lines = f"\n\n{self.name} " + " ;\n    ".join(self.pairs) + " .\n"
        notes = [
            *([f'mg:locator "{self.locator}"'] if self.locator else ()),
            *([f"mg:certainty certainty:{self.certainty}"] if self.certainty else ()),
        ]
        if not notes:
            return lines
        return (
            f"{lines}\n[] a mg:Annotation ;\n"
            f"    rdf:subject {'<>' if self.of_record else f'initiative:{subject}'} ;"
            f" rdf:predicate {self.link} ; rdf:object {self.name} ;\n    "
            + " ;\n    ".join(notes)
            + " .\n"
        )


def record(
    known: Known,
    publisher: str,
    slug: str,
    *,
    about: str | None,
    document: str,
    lines: str,
    at: str | None,
    kind: str | None,
    title: str | None,
    language: str,
    start: str | None,
    end: str | None,
    texts: Mapping[str, str] = MappingProxyType({}),
    filed: Sequence[str] = (),
    facts: Sequence[str] = (),
    participations: Sequence[Participation] = (),
    parts: Sequence[Part] = (),
    people: Collection[str] = (),
) -> str:
    """Return a source record and what it says of an initiative: `about`, or else a new one.

    `texts` are labels and summaries by `TEXTS`; one that is not given is a blank to fill in.
    `filed` and `facts` are further predicates of the record and of the initiative with their
    objects, in Turtle; `people` are the names in Turtle of those whom the record mentions.
    """

    def pair(what: str) -> tuple[str | None, str | None]:
        return texts.get(f"{what}-en"), texts.get(f"{what}-fr")

    known.taken("actor", publisher)
    checked_slug(slug)
    subject = known.taken("initiative", about) if about else known.free("initiative", slug)
    known.taken("document", document)
    extent, locator = (known.lines(document, text) for text in (lines, at or lines))
    if about is None:
        kind = kind or "project"
    initiative = [
        f"dcterms:title {text_of(title, 'the title, in the words of the source', language)}",
        *(
            [f"dcterms:type initiative-type:{known.concept('initiative-type', kind)}"]
            if kind
            else ()
        ),
        *(dated("start", start) if start else ()),
        *(dated("end", end) if end else ()),
        *facts,
        *_links(part for part in parts if not part.of_record),
    ]
    if about is None:
        class_ = _CLASSES.get(kind or "", "Instrument")
        initiative[:0] = [
            f"a mg:{class_}",
            labels("skos:prefLabel", "the name to show", *pair("name")),
        ]
    described = [
        "<> a mg:SourceRecord",
        f"mg:describes initiative:{subject}",
        labels("skos:prefLabel", "the name of this record", *pair("record")),
        labels("dcterms:title", "the name of this record again", *pair("record")),
        labels("dcterms:abstract", "a summary in your own words", *pair("summary")),
        f"dcterms:publisher actor:{publisher}",
        f"mg:sourceDocument document:{document}",
        f'mg:locator "{locator}"',
        f'mg:extent "{extent}"',
        f'dcterms:language "{language}"',
        *filed,
        *_links(part for part in parts if part.of_record),
        f"dcterms:license <{LICENCE}>",
    ]
    return (
        " ;\n".join(described)
        + " .\n"
        + "".join(f"\n{name} a mg:Person .\n" for name in sorted(people))
        + f"\n# ---- What it describes\n\ninitiative:{subject} "
        + " ;\n".join(initiative)
        + " .\n\n# ---- Who takes part: one participation for each actor in each role"
        + (
            "".join(each.text(publisher, slug, subject, locator) for each in participations)
            or _example(publisher, slug, subject, locator)
        )
        + "".join(part.text(subject) for part in parts)
    )


def _links(parts: Iterable[Part]) -> list[str]:
    """Return the properties that lead to parts, each with all of them."""
    names: dict[str, list[str]] = {}
    for part in parts:
        names.setdefault(part.link, []).append(part.name)
    return [f"{link} {' , '.join(of)}" for link, of in names.items()]


def _example(publisher: str, slug: str, subject: str, locator: str) -> str:
    """Return a participation as a comment, to be copied."""
    example = Participation("actor:european-union", "funder", "stated", "funded by", "en")
    lines = example.text(publisher, slug, subject, locator).strip().splitlines()
    return ", such as\n#\n" + "".join(f"# {line}\n" for line in lines)
