"""Where in a Turtle file a statement stands."""

from __future__ import annotations

import re
from collections.abc import Iterator
from urllib.parse import urljoin

from migov.dataset import ContentFile
from migov.dataset.turtle.blocks import Block, Node, Term, names, read_blocks
from migov.dataset.turtle.tokens import UnknownTurtleError, position
from migov.errors import Place

_TYPE = "http://www.w3.org/1999/02/22-rdf-syntax-ns#type"
_ESCAPE = re.compile(r"\\([_~.\-!$&'()*+,;=/?#@%])")
_SCHEME = re.compile(r"[A-Za-z][A-Za-z0-9+.\-]*:")
_CODEPOINT = re.compile(r"\\u([0-9A-Fa-f]{4})|\\U([0-9A-Fa-f]{8})")


class Positions:
    """Finds IRIs, and statements about them, in one valid Turtle file."""

    def __init__(self, file: ContentFile) -> None:
        self._path = file.path
        self._text = file.content.decode("utf-8")
        self._lines = self._text.splitlines()
        try:
            self._blocks = read_blocks(self._text)
        except UnknownTurtleError:
            self._blocks = []  # valid Turtle beyond RDF 1.1: findings in it go without a line
        self._mentions: dict[str, int] = {}
        self._subjects: dict[str, int] = {}
        self._statements: dict[tuple[str, str], int] = {}
        self._prefixes: dict[str, str] = {}
        self._base = ""
        for block in self._blocks:
            self._read(block)

    def mention(self, iri: str) -> Place:
        """Return where the file first names an IRI, or else the file."""
        return self._place(self._mentions.get(iri))

    def statement(self, subject: str, predicate: str | None = None) -> Place:
        """Return where the file first says something of a subject by a predicate."""
        offset = self._statements.get((subject, predicate)) if predicate else None
        return self._place(self._subjects.get(subject) if offset is None else offset)

    def text(self, text: str) -> Place:
        """Return where the file first has a text, or else the file."""
        offset = self._text.find(text)
        return self._place(offset if offset >= 0 else None)

    def subjects(self) -> Iterator[str]:
        """Yield the IRIs that have statements of their own in the file."""
        yield from self._subjects

    @property
    def base(self) -> str | None:
        """The base that the file declares first, as it is written."""
        for block in self._blocks:
            if block.directive and block.directive[0] == "base":
                return block.directive[1][1:-1]
        return None

    def _read(self, block: Block) -> None:
        if block.directive:
            iri = _resolved(self._base, block.directive[-1][1:-1])
            if block.directive[0] == "base":
                self._base = iri
            else:
                self._prefixes[block.directive[1]] = iri
            return
        if block.subject is None:
            return
        subject = self._iri(block.subject)
        if subject is not None and isinstance(block.subject, Term):
            self._subjects.setdefault(subject, block.subject.offset)
        for pair in block.pairs:
            predicate = self._iri(pair.predicate)
            if subject is not None and predicate is not None:
                self._statements.setdefault((subject, predicate), pair.predicate.offset)
        terms = [*names([block.subject])]
        for pair in block.pairs:
            terms += [pair.predicate, *names(pair.objects)]
        for term in terms:
            iri_ = self._iri(term)
            if iri_ is not None:
                self._mentions.setdefault(iri_, term.offset)

    def _iri(self, node: Node) -> str | None:
        if not isinstance(node, Term):
            return None
        text = node.text
        if text == "a":
            return _TYPE
        if text.startswith("<"):
            return _resolved(self._base, _CODEPOINT.sub(_character, text[1:-1]))
        if text[0] in "\"'_" or ":" not in text:
            return None
        prefix, _, local = text.partition(":")
        namespace = self._prefixes.get(prefix + ":")
        return None if namespace is None else namespace + _ESCAPE.sub(r"\1", local)

    def _place(self, offset: int | None) -> Place:
        if offset is None:
            return Place(self._path)
        line, column = position(self._text, offset)
        return Place(self._path, line, column, self._lines[line - 1])


def _resolved(base: str, iri: str) -> str:
    """Resolve an IRI; `urljoin` alone would drop the final “#” of a namespace.

    >>> _resolved("http://a.example/b", "http://c.example/ns#"), _resolved("http://a.example/b", "")
    ('http://c.example/ns#', 'http://a.example/b')
    """
    if not base or _SCHEME.match(iri):
        return iri
    return urljoin(base, iri) + ("#" if iri.endswith("#") else "")


def _character(found: re.Match[str]) -> str:
    return chr(int(found[1] or found[2], 16))
