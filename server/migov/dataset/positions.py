"""Where each triple of a file stands: line and column of its subject, predicate, object.

A Turtle file has been accepted by pyoxigraph. Triples that make up a list fall back on the triple
that holds the list; in a file with Turtle beyond RDF 1.1, everything falls back on the file.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable, Sequence
from functools import cached_property
from typing import Final

from pyoxigraph import BlankNode, Literal, NamedNode, Quad, Triple

from migov.dataset.files import ContentFile, is_turtle
from migov.dataset.mappings import read_mappings
from migov.dataset.parse import read_quads
from migov.dataset.turtle.tokens import UnknownTurtleError
from migov.dataset.written import FIRST, REST, Written, line_starts, read_written
from migov.errors import Place

_LISTS: Final = (NamedNode(FIRST), NamedNode(REST))
Node = NamedNode | BlankNode


class Positions:
    """The places of the triples, nodes and IRIs of one valid Turtle file or mapping set.

    `quads` are those of `read_quads`, for whoever has them already; labels of blank nodes are its.
    """

    def __init__(self, file: ContentFile, quads: Sequence[Quad] | None = None) -> None:
        self._path = file.path
        self._text = file.content.decode("utf-8")
        self._triples = [q.triple for q in (list(read_quads(file)) if quads is None else quads)]
        self._starts = list(line_starts(self._text))
        self._holders: dict[object, Written | None] = {}

    def object_at(self, triple: Triple) -> Place:
        """Return where the object of a triple stands, or the file where it does not have it."""
        found = self._found(triple)
        return self.offset_at(None if found is None else found.object)

    def predicate_at(self, triple: Triple) -> Place:
        """Return where the predicate of a triple stands."""
        found = self._found(triple)
        return self.offset_at(None if found is None else found.predicate)

    def subject_at(self, triple: Triple) -> Place:
        """Return where the subject of a triple stands."""
        found = self._found(triple)
        return self.offset_at(None if found is None else found.subject)

    def node_at(self, node: Node) -> Place:
        """Return where the file first has a node as a subject, or else where it first names it."""
        found = self._subjects.get(node, self._mentions.get(node))
        return self.offset_at(found)

    def mention_at(self, iri: str) -> Place:
        """Return where the file first uses an IRI in a triple."""
        return self.offset_at(self._mentions.get(NamedNode(iri)))

    def written(self, triple: Triple) -> str | None:
        """Return the text of the object of a triple as the file has it."""
        found = self._found(triple)
        return None if found is None else self._text[found.object : found.end]

    def text_at(self, place: Place) -> str:
        """Return the text of the file from a place of it on."""
        if place.line is None or place.column is None:
            return self._text
        return self._text[self._starts[place.line - 1] + place.column - 1 :]

    def line_at(self, line: int) -> Place:
        """Return where a line begins."""
        return self.offset_at(self._starts[line - 1])

    def text_first_at(self, text: str) -> Place:
        """Return where the file first has a text, or else the file."""
        offset = self._text.find(text)
        return self.offset_at(None if offset < 0 else offset)

    def offset_at(self, offset: int | None) -> Place:
        """Return the place of an offset, or the file where there is none."""
        if offset is None:
            return Place(self._path)
        line = bisect_right(self._starts, offset)
        start = self._starts[line - 1]
        end = self._starts[line] if line < len(self._starts) else len(self._text)
        return Place(self._path, line, offset - start + 1, self._text[start:end].rstrip("\r\n"))

    def _found(self, triple: Triple) -> Written | None:
        found = self._places.get(triple)
        return self._holder(triple) if found is None else found

    @cached_property
    def _places(self) -> dict[Triple, Written]:
        if not is_turtle(self._path):
            return _of_mappings(self._path, self._text)
        try:
            written = read_written(self._text)
        except UnknownTurtleError:
            return {}
        triples = [triple for triple in self._triples if triple.predicate not in _LISTS]
        if len(written) != len(triples) or not all(map(_fits, triples, written)):
            return {}  # better no place than a wrong one
        places: dict[Triple, Written] = {}
        for triple, place in zip(triples, written, strict=True):
            places.setdefault(triple, place)
        return places

    @cached_property
    def _subjects(self) -> dict[object, int]:
        return _first((triple.subject, w.subject) for triple, w in self._places.items())

    @cached_property
    def _mentions(self) -> dict[object, int]:
        places = self._places.items()
        return _first(
            [
                *((triple.subject, w.subject) for triple, w in places),
                *((triple.predicate, w.predicate) for triple, w in places),
                *((triple.object, w.object) for triple, w in places),
                *((triple.object, w.object) for triple, w in self._list_items()),
            ]
        )

    def _list_items(self) -> Iterable[tuple[Triple, Written]]:
        for triple in self._triples:
            if triple.predicate in _LISTS and (found := self._holder(triple)):
                yield triple, found

    @cached_property
    def _above(self) -> dict[object, Triple]:
        """For each blank node a triple that has it as object: a list cell, its item, its holder."""
        return {t.object: t for t in reversed(self._triples) if isinstance(t.object, BlankNode)}

    @cached_property
    def _below(self) -> dict[object, Written]:
        return {triple.subject: w for triple, w in reversed(list(self._places.items()))}

    def _holder(self, triple: Triple) -> Written | None:
        if triple.predicate not in _LISTS:
            return None
        head: object = triple.subject
        way: dict[object, None] = {}
        while head not in way and head not in self._holders:
            way[head] = None
            above = self._above.get(head)
            if above is None or above in self._places:
                break
            head = above.subject
        if head in self._holders:
            found = self._holders[head]
        else:
            above = self._above.get(head)
            found = None if above is None else self._places.get(above)
            found = found or self._below.get(head)
        self._holders.update(dict.fromkeys(way, found))  # each cell is walked once
        return found


def _of_mappings(path: str, text: str) -> dict[Triple, Written]:
    """Return where the links of a mapping set stand: each in its row, cell by cell."""
    starts = list(line_starts(text))
    places: dict[Triple, Written] = {}
    for each in read_mappings(ContentFile(path, text.encode())).mappings:
        if not each.holds or not 0 < each.row <= len(starts):
            continue
        start = starts[each.row - 1]
        end = starts[each.row] if each.row < len(starts) else len(text)
        cells = text[start:end].split("\t")
        offsets = [start + sum(len(cell) + 1 for cell in cells[:n]) for n in range(len(cells))]
        subject, predicate, value = (offsets[column - 1] for column in each.columns)
        triple = Triple(NamedNode(each.subject), NamedNode(each.predicate), NamedNode(each.object))
        width = len(cells[each.columns[2] - 1].rstrip())
        places.setdefault(
            triple, Written(subject, predicate, value, value + width, "iri", each.predicate, 0)
        )
    return places


def _fits(triple: Triple, written: Written) -> bool:
    kind = {NamedNode: "iri", BlankNode: "blank", Literal: "literal"}.get(type(triple.object))
    return kind == written.kind and written.predicate_iri in (None, triple.predicate.value)


def _first(places: Iterable[tuple[object, int]]) -> dict[object, int]:
    first: dict[object, int] = {}
    for node, offset in places:
        if offset < first.get(node, offset + 1):
            first[node] = offset
    return first
