"""New files: valid from the start, with a named blank for what only the author can know."""

from __future__ import annotations

import difflib
import os
import re
from collections.abc import Iterable
from typing import Final

import click
from pyoxigraph import Literal, NamedNode

from migov.catalogue.parameters import day_of
from migov.dataset import ContentFile, content_files, graph_iri, holds_graph, read_quads
from migov.dataset.turtle import format_turtle
from migov.errors import EnvironmentProblem, ParameterError
from migov.gate.structure import BLANK
from migov.lines import lines_of
from migov.repository import Repository
from migov.vocabulary import CONCEPT, ID, KINDS, NS, STANDARD_PREFIXES

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


class Known:
    """What the files name already."""

    def __init__(self, repository: Repository) -> None:
        self.repository = repository
        self._subjects: set[str] = set()
        self._line_counts: dict[str, int] = {}
        for file in content_files(repository):
            for quad in read_quads(file) if holds_graph(file.path) else ():
                if isinstance(quad.subject, NamedNode):
                    self._subjects.add(quad.subject.value)
                    if quad.predicate == _LINE_COUNT and isinstance(quad.object, Literal):
                        self._line_counts[quad.subject.value] = int(quad.object.value)

    def free(self, kind: str, slug: str) -> str:
        """Return the slug; raises ParameterError when it is not one, or is taken."""
        if not _SLUG.fullmatch(slug):
            suggestion = re.sub(r"[^a-z0-9]+", "-", slug.lower()).strip("-") or "a-name"
            raise ParameterError(
                f"“{slug}” is not a slug.",
                hint=f"Use lower-case letters, digits and hyphens, such as {suggestion}.",
            )
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
        numbers = [int(slug) for slug in slugs if slug.isdecimal()]
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
) -> str:
    """Return a source record and what it says of an initiative: `about`, or else a new one."""
    known.taken("actor", publisher)
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
    ]
    if about is None:
        class_ = _CLASSES.get(kind or "", "Instrument")
        initiative[:0] = [f"a mg:{class_}", _labels("skos:prefLabel", "the name to show")]
    described = [
        "<> a mg:SourceRecord",
        f"mg:describes initiative:{subject}",
        _labels("skos:prefLabel", "the name of this record"),
        _labels("dcterms:title", "the name of this record again"),
        _labels("dcterms:abstract", "a summary in your own words"),
        f"dcterms:publisher actor:{publisher}",
        f"mg:sourceDocument document:{document}",
        f'mg:locator "{locator}"',
        f'mg:extent "{extent}"',
        f'dcterms:language "{language}"',
        f"dcterms:license <{_LICENCE}>",
    ]
    example = f"participation:{publisher}-{slug}--{subject}--funder--european-union"
    return (
        " ;\n".join(described)
        + f" .\n\n# ---- What it describes\n\ninitiative:{subject} "
        + " ;\n".join(initiative)
        + " .\n\n# ---- Who takes part: one participation for each actor in each role, such as\n#\n"
        f"# {example} a mg:Participation ;\n"
        f"#     mg:participationIn initiative:{subject} ;\n"
        "#     mg:role role:funder ;\n"
        "#     mg:actor actor:european-union ;\n"
        "#     mg:certainty certainty:stated ;\n"
        f'#     mg:locator "{locator}" ;\n'
        '#     mg:wording "funded by"@en .\n'
    )


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


def finish(repository: Repository, path: str, body: str) -> None:
    """Write a new file in the house layout and say what is left to do."""
    text = _prefixes(path, body) + "\n" + body
    content = format_turtle(path, text.encode("utf-8"))
    target = repository.root / path
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        with target.open("xb") as file:
            file.write(content)
            os.fsync(file.fileno())
    except FileExistsError as error:
        raise EnvironmentProblem(
            f"{path} exists already, and is left as it is.", hint="Choose another slug."
        ) from error
    except OSError as error:
        raise EnvironmentProblem(f"{target} cannot be written: {error.strerror}.") from error
    shown = os.path.relpath(target)
    click.echo(f"Wrote {shown}")
    blanks = list(_blanks(ContentFile(path, content)))
    if blanks:
        click.echo("\nFill in:")
    for line, what in blanks:
        click.echo(f"  {shown}:{line}  {what}")
    click.echo(f"\nThen run:\n  migov validate\n  migov fmt {shown}")


def _prefixes(path: str, body: str) -> str:
    lines = [f"@base <{graph_iri(path)}> ."]
    for name in sorted({*_NAME.findall(body)}):
        if name == "mg":
            iri = NS
        elif name in STANDARD_PREFIXES:
            iri = STANDARD_PREFIXES[name]
        elif name in KINDS:
            iri = f"{ID}{name}/"
        elif name in _SCHEMES:
            iri = f"{CONCEPT}{name}/"
        else:
            continue
        lines.append(f"@prefix {name}: <{iri}> .")
    return "\n".join(lines) + "\n"


_SCHEMES: Final = ("initiative-type", "actor-type", "role", "certainty")


def _blanks(file: ContentFile) -> Iterable[tuple[int, str]]:
    for number, line in enumerate(lines_of(file.content.decode("utf-8")), 1):
        for what in re.findall(rf'"{BLANK}([^"]*)"', line):
            yield number, what
