"""New files: valid from the start, with a named blank for what only the author can know."""

from __future__ import annotations

import difflib
import re
import unicodedata
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType
from typing import Final

from pyoxigraph import Literal, NamedNode

from migov.catalogue.parameters import day_of
from migov.dataset import ContentFile, content_files, graph_iri, holds_graph, read_quads
from migov.errors import ParameterError
from migov.gate.structure import BLANK
from migov.lines import lines_of
from migov.repository import Repository
from migov.vocabulary import CONCEPT, ID, KINDS, NS, STANDARD_PREFIXES

_SCHEMES: Final = ("initiative-type", "actor-type", "role", "certainty")
_SLUG: Final = re.compile(r"[a-z0-9]+(-[a-z0-9]+)*")
_LINES: Final = re.compile(r"[0-9]+(-[0-9]+)?(,[0-9]+(-[0-9]+)?)*")
_SHOWN: Final = 6
_LINE_COUNT: Final = NamedNode(NS + "lineCount")
_LICENCE: Final = "https://creativecommons.org/licenses/by/4.0/"
_NAME: Final = re.compile(r"(?<![\w<:/-])([a-z][a-z-]*):[\w-]")
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


class Known:
    """What is named already: subjects, and the number of lines of source documents."""

    def __init__(self, subjects: Iterable[str], line_counts: Mapping[str, int]) -> None:
        self._subjects = set(subjects)
        self._line_counts = line_counts

    @classmethod
    def of_files(cls, repository: Repository) -> Known:
        """Return what the files of a repository name."""
        subjects: set[str] = set()
        line_counts: dict[str, int] = {}
        for file in content_files(repository):
            for quad in read_quads(file) if holds_graph(file.path) else ():
                if isinstance(quad.subject, NamedNode):
                    subjects.add(quad.subject.value)
                    if quad.predicate == _LINE_COUNT and isinstance(quad.object, Literal):
                        line_counts[quad.subject.value] = int(quad.object.value)
        return cls(subjects, line_counts)

    def free(self, kind: str, slug: str) -> str:
        """Return the slug; raises ParameterError when it is not one, or is taken."""
        checked_slug(slug)
        if f"{ID}{kind}/{slug}" in self._subjects:
            raise ParameterError(
                f"{kind}:{slug} exists already, and a slug is never used twice.",
                hint="Choose another, or edit the file that has it.",
            )
        return slug

    def taken(self, kind: str, slug: str) -> str:
        """Return the slug of an entity that exists; raises ParameterError."""
        return self._of(f"{ID}{kind}/", slug, f"{kind}:{slug}")

    def concept(self, scheme: str, slug: str) -> str:
        """Return the slug of a concept that exists; raises ParameterError."""
        return self._of(f"{CONCEPT}{scheme}/", slug, f"{scheme}:{slug}")

    def next_number(self, kind: str, digits: int) -> str:
        """Return the number after the highest one that any file names, its own file or not."""
        base = f"{ID}{kind}/"
        slugs = [iri.removeprefix(base) for iri in self._subjects if iri.startswith(base)]
        numbers = [int(slug) for slug in slugs if slug.isdecimal() and len(slug) < 10]
        return str(max(numbers, default=0) + 1).zfill(digits)

    def lines(self, document: str, text: str) -> str:
        """Return a locator of lines that a document has; raises ParameterError."""
        if not _LINES.fullmatch(text):
            raise ParameterError(
                f"“{text}” does not name lines.", hint="Write them as 40, 40-44 or 40,43-44."
            )
        count = self._line_counts.get(f"{ID}document/{document}")
        if count is not None and not all(1 <= int(n) <= count for n in re.findall("[0-9]+", text)):
            raise ParameterError(
                f"document:{document} has no lines {text}.", hint=f"It has lines 1 to {count}."
            )
        return f"{document}:{text}"

    def _of(self, base: str, slug: str, name: str) -> str:
        if base + slug in self._subjects:
            return slug
        others = sorted(iri.removeprefix(base) for iri in self._subjects if iri.startswith(base))
        nearest = difflib.get_close_matches(slug, others, n=_SHOWN, cutoff=0.0)
        more = ", …" if len(others) > len(nearest) else "."
        raise ParameterError(f"There is no {name}.", hint=f"There are {', '.join(nearest)}{more}")


def checked_slug(slug: str) -> str:
    """Return a slug that is one; raises ParameterError."""
    if not _SLUG.fullmatch(slug):
        suggestion = slug_of(slug) or "a-name"
        raise ParameterError(
            f"“{slug}” is not a slug.",
            hint=f"Use lower-case letters, digits and hyphens, such as {suggestion}.",
        )
    return slug


def slug_of(text: str) -> str:
    """Return a name as a slug, empty where it has no letter or digit of ASCII.

    >>> slug_of("Compétences pour le retour (2020)")
    'competences-pour-le-retour-2020'
    """
    plain = unicodedata.normalize("NFKD", text.lower()).encode("ascii", "ignore").decode()
    return re.sub(r"[^a-z0-9]+", "-", plain).strip("-")


@dataclass(frozen=True, slots=True)
class Participation:
    """An actor in a role, by the slugs of both, and the words of the source for it, if any."""

    actor: str
    role: str
    certainty: str
    wording: str | None = None
    language: str = "en"

    def text(self, publisher: str, slug: str, subject: str, locator: str) -> str:
        """Return it in Turtle, as a record states it of an initiative."""
        lines = [
            f"participation:{publisher}-{slug}--{subject}--{self.role}--{self.actor}"
            " a mg:Participation",
            f"    mg:participationIn initiative:{subject}",
            f"    mg:role role:{self.role}",
            f"    mg:actor actor:{self.actor}",
            f"    mg:certainty certainty:{self.certainty}",
            f'    mg:locator "{locator}"',
        ]
        if self.wording:
            lines.append(f"    mg:wording {Literal(self.wording, language=self.language)}")
        return "\n\n" + " ;\n".join(lines) + " .\n"


def text_of(text: str | None, what: str, language: str = "") -> str:
    """Return a literal in Turtle: the text, or a named blank for it."""
    return str(Literal(text or BLANK + what, language=language or None))


def _labels(property_: str, what: str, en: str | None = None, fr: str | None = None) -> str:
    english = text_of(en, f"{what}, in English", "en")
    return f"{property_} {english} , {text_of(fr, f'{what}, in French', 'fr')}"


def _curated(en: str, fr: str) -> str:
    """Return the description of a graph that the editors keep."""
    title = f"{Literal(en, language='en')} , {Literal(fr, language='fr')}"
    return f"<> a mg:CuratedGraph ; dcterms:title {title} ; dcterms:license <{_LICENCE}> ."


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
    facts: Sequence[str] = (),
    participations: Sequence[Participation] = (),
) -> str:
    """Return a source record and what it says of an initiative: `about`, or else a new one.

    `texts` are labels and summaries by `TEXTS`; one that is not given is a blank to fill in.
    `facts` are further predicates of the initiative with their objects, in Turtle.
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
        *(_date("start", start) if start else ()),
        *(_date("end", end) if end else ()),
        *facts,
    ]
    if about is None:
        class_ = _CLASSES.get(kind or "", "Instrument")
        initiative[:0] = [
            f"a mg:{class_}",
            _labels("skos:prefLabel", "the name to show", *pair("name")),
        ]
    described = [
        "<> a mg:SourceRecord",
        f"mg:describes initiative:{subject}",
        _labels("skos:prefLabel", "the name of this record", *pair("record")),
        _labels("dcterms:title", "the name of this record again", *pair("record")),
        _labels("dcterms:abstract", "a summary in your own words", *pair("summary")),
        f"dcterms:publisher actor:{publisher}",
        f"mg:sourceDocument document:{document}",
        f'mg:locator "{locator}"',
        f'mg:extent "{extent}"',
        f'dcterms:language "{language}"',
        f"dcterms:license <{_LICENCE}>",
    ]
    return (
        " ;\n".join(described)
        + f" .\n\n# ---- What it describes\n\ninitiative:{subject} "
        + " ;\n".join(initiative)
        + " .\n\n# ---- Who takes part: one participation for each actor in each role"
        + (
            "".join(each.text(publisher, slug, subject, locator) for each in participations)
            or _example(publisher, slug, subject, locator)
        )
    )


def _example(publisher: str, slug: str, subject: str, locator: str) -> str:
    """Return a participation as a comment, to be copied."""
    example = Participation("european-union", "funder", "stated", "funded by", "en")
    lines = example.text(publisher, slug, subject, locator).strip().splitlines()
    return ", such as\n#\n" + "".join(f"# {line}\n" for line in lines)


def _date(which: str, stated: str) -> list[str]:
    """Return a date as stated, and the first and last day that it may mean."""
    earliest, latest = day_of(stated, "earliest"), day_of(stated, "latest")
    if earliest is None or latest is None:
        raise ParameterError(
            f"“{stated}” is not a date.", hint="Write it as stated: 2019, 2019-06 or 2019-06-30."
        )
    datatype = {4: "gYear", 7: "gYearMonth", 10: "date"}[len(stated)]
    return [
        f'mg:{which}Date "{stated}"^^xsd:{datatype}',
        f'mg:{which}Earliest "{earliest}"^^xsd:date',
        f'mg:{which}Latest "{latest}"^^xsd:date',
    ]


def actor(known: Known, slug: str, kind: str, name_en: str | None, name_fr: str | None) -> str:
    """Return an organisation."""
    known.free("actor", slug)
    pairs = [
        f"actor:{slug} a mg:Organisation",
        _labels("skos:prefLabel", "the name of the organisation", name_en, name_fr),
    ]
    if kind:
        pairs.append(f"dcterms:type actor-type:{known.concept('actor-type', kind)}")
    head = _curated(f"Actor: {name_en or slug}", f"Acteur : {name_fr or name_en or slug}")
    return f"{head}\n\n" + " ;\n".join(pairs) + " .\n"


def instrument(known: Known, slug: str, name_en: str | None, name_fr: str | None) -> str:
    """Return an instrument that sources refer to."""
    known.free("instrument", slug)
    labels = _labels("skos:prefLabel", "the name of the instrument", name_en, name_fr)
    names = name_en or slug, name_fr or name_en or slug
    return (
        f"{_curated(f'Instrument: {names[0]}', f'Instrument : {names[1]}')}\n\n"
        f"instrument:{slug} a mg:ExternalInstrument ; {labels} .\n"
    )


def document(
    known: Known, number: str, publisher: str, language: str, sha256: str, lines: int
) -> str:
    """Return the description of a source document."""
    pairs = [
        f"document:{known.free('document', number)} a mg:SourceDocument",
        _labels("skos:prefLabel", "the name of the document"),
        _labels("dcterms:title", "the name of the document again"),
        f'dcterms:identifier "{number}"',
        f"dcterms:publisher actor:{known.taken('actor', publisher)}",
        f'dcterms:language "{language}"',
        f'mg:sha256 "{sha256}"',
        f"mg:lineCount {lines}",
    ]
    head = _curated(f"Source document {number}", f"Document source {number}")
    return f"{head}\n\n" + " ;\n".join(pairs) + " .\n"


def person(known: Known, number: str) -> str:
    """Return a person."""
    pairs = [
        f"person:{known.free('person', number)} a mg:Person",
        _labels("skos:prefLabel", "the name to show"),
        f"mg:name {text_of(None, 'the name as the source gives it', 'en')}",
    ]
    head = _curated(f"Person {number}", f"Personne {number}")
    return f"{head}\n\n" + " ;\n".join(pairs) + " .\n"


def prefixes(path: str, body: str, schemes: Collection[str] = _SCHEMES) -> str:
    """Return the base and the prefixes of a file that has this text."""
    lines = [f"@base <{graph_iri(path)}> ."]
    for name in sorted({*_NAME.findall(body)}):
        if name == "mg":
            iri = NS
        elif name in STANDARD_PREFIXES:
            iri = STANDARD_PREFIXES[name]
        elif name in KINDS:
            iri = f"{ID}{name}/"
        elif name in schemes:
            iri = f"{CONCEPT}{name}/"
        else:
            continue
        lines.append(f"@prefix {name}: <{iri}> .")
    return "\n".join(lines) + "\n"


def blanks(file: ContentFile) -> Iterable[tuple[int, str]]:
    """Yield what is left to fill in, with its line."""
    for number, line in enumerate(lines_of(file.content.decode("utf-8")), 1):
        for what in re.findall(rf'"{BLANK}([^"]*)"', line):
            yield number, what
