"""One table of media types, and which of them fits what was asked for.

A result is either solutions (or a truth value) or a graph, and only evaluation tells which: so
negotiation chooses one format for each, and the answer takes the one that applies.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Final, Literal

from werkzeug.datastructures import MIMEAccept
from werkzeug.http import parse_accept_header

from migov.errors import UnknownFormatError

FormatKind = Literal["solutions", "graph", "page"]


@dataclass(frozen=True, slots=True, eq=False)
class Format:
    """A way to write an answer: its short name (also the file suffix), media types and other names.

    The first media type is the one that answers carry; the others are understood as well. Each
    format is made once and equals itself alone: every request looks several up.
    """

    name: str
    kind: FormatKind
    title: str
    media_types: tuple[str, ...]
    aliases: tuple[str, ...] = ()

    @property
    def media_type(self) -> str:
        return self.media_types[0]

    @property
    def content_type(self) -> str:
        """The Content-Type of an answer; text/* names its encoding, the others imply it."""
        text = self.media_type.startswith("text/")
        return f"{self.media_type}; charset=utf-8" if text else self.media_type


SOLUTIONS: Final = (
    Format("json", "solutions", "JSON", ("application/sparql-results+json", "application/json")),
    Format(
        "xml",
        "solutions",
        "XML",
        ("application/sparql-results+xml", "application/xml", "text/xml"),
    ),
    Format("csv", "solutions", "CSV", ("text/csv",)),
    Format("tsv", "solutions", "TSV", ("text/tab-separated-values",)),
)
GRAPHS: Final = (
    Format("ttl", "graph", "Turtle", ("text/turtle", "application/x-turtle"), ("turtle", "n3")),
    Format(
        "jsonld",
        "graph",
        "JSON-LD",
        ("application/ld+json", "application/json"),
        ("json-ld", "json"),
    ),
    Format(
        "rdf",
        "graph",
        "RDF/XML",
        ("application/rdf+xml", "application/xml", "text/xml"),
        ("rdf+xml", "rdfxml", "rdf/xml", "xml", "pretty-xml"),
    ),
    Format("nt", "graph", "N-Triples", ("application/n-triples", "text/plain"), ("ntriples",)),
    Format("trig", "graph", "TriG", ("application/trig", "application/x-trig")),
    Format("nq", "graph", "N-Quads", ("application/n-quads", "text/x-nquads"), ("nquads",)),
)
PAGE: Final = Format("html", "page", "HTML", ("text/html", "application/xhtml+xml"))
JSON: Final = Format("json", "solutions", "JSON", ("application/json",))
"""Plain JSON: what this server says of itself."""
_PROBLEM: Final = Format("json", "solutions", "JSON", ("application/problem+json",))
_USUAL: Final = 200
"""Characters of a header that is worth remembering: clients send the same few again and again."""
FORMATS: Final = {entry.name: entry for entry in (*SOLUTIONS, *GRAPHS, PAGE)}


@dataclass(frozen=True, slots=True)
class Wanted:
    """The format for either kind of result; None where nothing accepted fits that kind."""

    solutions: Format | None
    graph: Format | None

    def of(self, kind: str) -> Format | None:
        return self.graph if kind == "graph" else self.solutions

    @property
    def page(self) -> bool:
        """Whether a page is what was asked for, so that errors come as pages too."""
        return PAGE in (self.solutions, self.graph)


def named(text: str, offered: Iterable[Format]) -> Format | None:
    """Return the offered format with this short name, other name or media type.

    >>> named("Turtle", GRAPHS).name
    'ttl'
    >>> named("application/json", SOLUTIONS).name
    'json'
    >>> named("json", GRAPHS).name
    'jsonld'

    Some clients name several, joined by commas: the first that is known counts.
    """
    offered = tuple(offered)
    for wanted in (part.strip().lower() for part in text.split(",")):
        for entry in offered:
            if wanted == entry.name:
                return entry
        for entry in offered:
            if wanted in entry.aliases or wanted in entry.media_types:
                return entry
    return None


def accepted(header: str | None, offered: Sequence[Format]) -> Format | None:
    """Return the offered format that an Accept header likes best, or None when it accepts none.

    Highest quality first; then the more specific range; then the order in which they are offered.
    A missing or empty header accepts everything (RFC 9110, 12.5.1).

    >>> accepted("text/turtle;q=0.5, application/ld+json", GRAPHS).name
    'jsonld'
    >>> accepted("text/*;q=0.9, */*;q=0.1", SOLUTIONS).name
    'csv'
    >>> accepted("*/*, text/csv;q=0", SOLUTIONS).name
    'json'
    >>> accepted("image/png", SOLUTIONS) is None
    True
    """
    if header is None or not header.strip():
        return offered[0]
    if len(header) > _USUAL:
        return _liked(header, tuple(offered))
    return _remembered(header, tuple(offered))


def _liked(header: str, offered: tuple[Format, ...]) -> Format | None:
    ranges = [
        (media_range.partition(";")[0].strip().lower(), quality)
        for media_range, quality in parse_accept_header(header, MIMEAccept)
    ]
    best: tuple[float, int, int] | None = None
    chosen: Format | None = None
    for order, entry in enumerate(offered):
        quality, specificity = max(_preferences(entry, ranges), key=lambda found: found[1])
        rank = (quality, specificity, -order)
        if quality > 0 and (best is None or rank > best):
            best, chosen = rank, entry
    return chosen


_remembered = lru_cache(maxsize=1000)(_liked)


def _preferences(entry: Format, ranges: Sequence[tuple[str, float]]) -> Iterator[tuple[float, int]]:
    """Yield the quality of each range that covers a format, and how specific the range is.

    A wildcard means the media type that the answer carries; the others must be asked for by name.
    """
    yield 0.0, 0
    main_type = entry.media_type.partition("/")[0]
    for media_range, quality in ranges:
        if media_range == entry.media_type:
            yield quality, 4
        elif media_range in entry.media_types:
            yield quality, 3
        elif media_range == f"{main_type}/*":
            yield quality, 2
        elif media_range in ("*/*", "*"):
            yield quality, 1


def prefers_page(header: str | None, explicit: str | None) -> bool:
    """Return whether an error is better told as a page than as a problem document.

    A browser names text/html; a program that takes anything gets the document.

    >>> prefers_page("text/html,*/*;q=0.8", None), prefers_page("*/*", None)
    (True, False)
    """
    if explicit in FORMATS:
        return explicit == PAGE.name
    return accepted(header, (_PROBLEM, PAGE)) is PAGE


def choose(header: str | None, explicit: str | None, offered: Sequence[Format]) -> Format:
    """Return one format; an explicit name goes before the header. Raises UnknownFormatError."""
    chosen = named(explicit, offered) if explicit else accepted(header, offered)
    if chosen is None:
        raise _unknown(explicit or header or "", offered)
    return chosen


def choose_for_query(header: str | None, explicit: str | None, *, page: bool = True) -> Wanted:
    """Return the formats for a query whose kind of result is not known yet.

    >>> wanted = choose_for_query("text/turtle, application/sparql-results+xml", None)
    >>> wanted.solutions.name, wanted.graph.name
    ('xml', 'ttl')

    Raises UnknownFormatError when neither kind of result could be written.
    """
    extra = (PAGE,) if page else ()
    if explicit:
        wanted = Wanted(named(explicit, (*SOLUTIONS, *extra)), named(explicit, (*GRAPHS, *extra)))
    else:
        wanted = Wanted(accepted(header, (*SOLUTIONS, *extra)), accepted(header, (*GRAPHS, *extra)))
    if wanted.solutions is None and wanted.graph is None:
        raise _unknown(explicit or header or "", (*SOLUTIONS, *GRAPHS, *extra))
    return wanted


def _unknown(asked: str, offered: Sequence[Format]) -> UnknownFormatError:
    return UnknownFormatError(
        f"The answer cannot be written as “{asked}”.",
        hint=f"What fits, by Accept or format=: {names_of(offered)}.",
    )


def names_of(formats: Iterable[Format]) -> str:
    """Return the short names and the media types of formats, as a message lists them.

    >>> names_of(SOLUTIONS[2:])
    'csv (text/csv), tsv (text/tab-separated-values)'
    """
    return ", ".join(f"{entry.name} ({entry.media_type})" for entry in formats)
