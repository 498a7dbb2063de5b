"""What is named already, and what may become a name."""

from __future__ import annotations

import difflib
import re
import unicodedata
from collections.abc import Iterable, Mapping
from typing import Final

from pyoxigraph import Literal, NamedNode

from migov.dataset import content_files, holds_graph, read_quads
from migov.errors import ParameterError
from migov.repository import Repository
from migov.vocabulary import CONCEPT, ID, NS

LINES: Final = re.compile(r"[0-9]+(-[0-9]+)?(,[0-9]+(-[0-9]+)?)*")
"""How lines of a document are written."""
SLUG: Final = re.compile(r"[a-z0-9]+(-[a-z0-9]+)*")
_SHOWN: Final = 6
_LINE_COUNT: Final = NamedNode(NS + "lineCount")


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
        if self.has(kind, slug):
            raise ParameterError(
                f"{kind}:{slug} exists already, and a slug is never used twice.",
                hint="Choose another, or edit the file that has it.",
            )
        return slug

    def has(self, kind: str, slug: str) -> bool:
        """Return whether an entity is named already."""
        return f"{ID}{kind}/{slug}" in self._subjects

    def has_concept(self, scheme: str, slug: str) -> bool:
        """Return whether a concept is named already."""
        return f"{CONCEPT}{scheme}/{slug}" in self._subjects

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
        if not LINES.fullmatch(text):
            raise ParameterError(
                f"“{text}” does not name lines.", hint="Write them as 40, 40-44 or 40,43-44."
            )
        count = self.count(document)
        if count is not None and not all(1 <= int(n) <= count for n in re.findall("[0-9]+", text)):
            raise ParameterError(
                f"document:{document} has no lines {text}.", hint=f"It has lines 1 to {count}."
            )
        for part in text.split(","):
            first, _, last = part.partition("-")
            if last and int(first) > int(last):
                raise ParameterError(
                    f"The lines {part} run backwards.",
                    hint=f"Write the first one first: {last}-{first}.",
                )
        return f"{document}:{text}"

    def count(self, document: str) -> int | None:
        """Return how many lines a document has, None where that is not said."""
        return self._line_counts.get(f"{ID}document/{document}")

    def _of(self, base: str, slug: str, name: str) -> str:
        if base + slug in self._subjects:
            return slug
        others = sorted(iri.removeprefix(base) for iri in self._subjects if iri.startswith(base))
        if nearest := difflib.get_close_matches(slug, others, n=3):
            hint = f"Did you mean {', '.join(nearest)}?"
        else:
            more = ", …" if len(others) > _SHOWN else "."
            hint = f"There are {', '.join(others[:_SHOWN])}{more}"
        raise ParameterError(f"There is no {name}.", hint=hint)


def checked_slug(slug: str) -> str:
    """Return a slug that is one; raises ParameterError."""
    if not SLUG.fullmatch(slug):
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
