"""Mapping sets in SSSOM/TSV: which thing of ours is which thing elsewhere, and who decided so why.

A set is a YAML header in comment lines and a table (https://mapping-commons.github.io/sssom/). We
write and read the columns below; `comment` holds the evidence. A decision against a pair stays in
the set, with `Not` as its predicate modifier.
"""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, Final

import yaml
from pyoxigraph import Literal, NamedNode, Quad

from migov.dataset.files import ContentFile
from migov.errors import ContentSyntaxError, Place
from migov.vocabulary import NS, STANDARD_PREFIXES

REQUIRED: Final = ("subject_id", "predicate_id", "object_id", "mapping_justification")
COLUMNS: Final = (
    *("subject_id", "subject_label", "predicate_id", "predicate_modifier", "object_id"),
    *("object_label", "mapping_justification", "confidence", "author_label", "reviewer_label"),
    *("mapping_date", "comment"),
)
"""The columns that we write, in order; the words are the standard's."""
NOT: Final = "Not"
REPLACED: Final = STANDARD_PREFIXES["dcterms"] + "isReplacedBy"
"""The predicate of a row that records what became of an identifier elsewhere."""
UNSURE: Final = 0.5
"""A confidence up to which a row is a question that stays open, and no link."""
_VOID: Final = STANDARD_PREFIXES["void"]
_TYPE: Final = NamedNode(STANDARD_PREFIXES["rdf"] + "type")
_TITLE: Final = NamedNode(STANDARD_PREFIXES["dcterms"] + "title")
_JUSTIFICATIONS: Final = "https://w3id.org/semapv/vocab/"
_DATE: Final = re.compile(r"[0-9]{4}-(?:0[1-9]|1[0-2])-(?:0[1-9]|[12][0-9]|3[01])")
_CONTROL: Final = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f]")


@dataclass(frozen=True, slots=True)
class Link:
    """One row. IRIs are whole.

    `row` is its line in the file and `columns` those of its subject, predicate and object in the
    table, counted as cells; a link that is in no file yet has row 0.
    """

    subject: str
    predicate: str
    object: str
    justification: str
    subject_label: str = ""
    object_label: str = ""
    confidence: float | None = None
    author: str = ""
    reviewer: str = ""
    date: str = ""
    evidence: str = ""
    is_negative: bool = False
    row: int = 0
    columns: tuple[int, int, int] = (1, 3, 5)

    @property
    def is_open(self) -> bool:
        """Whether somebody was unsure of the pair: neither a link nor a decision against one."""
        return not self.is_negative and self.confidence is not None and self.confidence <= UNSURE

    @property
    def holds(self) -> bool:
        """Whether the row is a link, as the graph has it."""
        return not self.is_negative and not self.is_open and not self.is_replacement

    @property
    def is_replacement(self) -> bool:
        """Whether the row records that its object took the place of its subject elsewhere."""
        return not self.is_negative and self.predicate == REPLACED


@dataclass(frozen=True, slots=True)
class MappingSet:
    """One file: its header as it stands, the prefixes of its short IRIs, and its rows."""

    path: str
    header: Mapping[str, Any]
    prefixes: Mapping[str, str]
    mappings: tuple[Link, ...] = field(default=())

    def namespace_of(self, iri: str) -> str:
        """Return the longest prefix of the set that an IRI of one of its rows begins with."""
        return max((each for each in self.prefixes.values() if iri.startswith(each)), key=len)


def read_mappings(file: ContentFile) -> MappingSet:
    """Return a mapping set; raises ContentSyntaxError naming the row and the column."""
    text = _text(file)
    header, first = _header(file.path, text)
    prefixes = _prefixes(file.path, header)
    rows = _Rows(file.path, text, first, prefixes)
    return MappingSet(file.path, header, prefixes, tuple(rows.read()))


def _text(file: ContentFile) -> str:
    try:
        return file.content.decode("utf-8")
    except UnicodeDecodeError as error:
        line = file.content.count(b"\n", 0, error.start) + 1
        raise _wrong(file.path, "it is not UTF-8", line) from error


def _header(path: str, text: str) -> tuple[dict[str, Any], int]:
    """Return the header and the number of its lines."""
    lines = []
    for line in text.split("\n"):
        if not line.startswith("#"):
            break
        lines.append(line[1:])
    try:
        header = yaml.safe_load("\n".join(lines)) if lines else {}
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        at = (1, 1) if mark is None else (mark.line + 1, mark.column + 2)
        raise _wrong(path, "its header is not YAML", *at) from error
    if not isinstance(header, dict):
        raise _wrong(path, "its header is not a YAML mapping", 1)
    for name in ("mapping_set_id", "license"):
        if not isinstance(header.get(name), str):
            raise _wrong(path, f"its header has no {name}", 1)
        if not _is_iri(header[name]):
            raise _wrong(path, f"{name} “{header[name]}” in its header is no IRI", 1)
    return header, len(lines)


def _is_iri(text: str) -> bool:
    try:
        NamedNode(text)
    except ValueError:
        return False
    return True


def _prefixes(path: str, header: Mapping[str, Any]) -> dict[str, str]:
    given = header.get("curie_map", {})
    if not isinstance(given, dict) or not all(isinstance(iri, str) for iri in given.values()):
        raise _wrong(path, "curie_map is not a mapping of prefixes to IRIs", 1)
    return {"semapv": _JUSTIFICATIONS, **{str(name): iri for name, iri in given.items()}}


class _Rows:
    """The table of one file."""

    def __init__(self, path: str, text: str, first: int, prefixes: Mapping[str, str]) -> None:
        self._path = path
        self._above = first
        self._prefixes = prefixes
        body = "\n".join(text.split("\n")[first:])
        self._reader = csv.reader(io.StringIO(body), delimiter="\t", strict=True)

    def read(self) -> Iterator[Link]:
        try:
            columns = next(self._reader, [])
            self._check_columns(columns)
            for cells in self._reader:
                if any(cells):
                    yield self._mapping(columns, cells)
        except csv.Error as error:
            raise self._wrong(f"a cell is not closed or not tabular: {error}", 1) from error

    def _check_columns(self, columns: list[str]) -> None:
        for name in REQUIRED:
            if name not in columns:
                raise self._wrong(f"there is no column {name}", 1)
        for number, name in enumerate(columns, 1):
            if name not in COLUMNS or columns.index(name) != number - 1:
                what = "stands twice" if name in COLUMNS else "is not one of ours"
                raise self._wrong(f"column {number} “{name}” {what}", number)

    def _mapping(self, columns: list[str], cells: list[str]) -> Link:
        if len(cells) != len(columns):
            raise self._wrong(f"it has {len(cells)} cells, not {len(columns)}", 1)
        given = dict(zip(columns, cells, strict=True))
        for number, (name, cell) in enumerate(given.items(), 1):
            if _CONTROL.search(cell) or cell != cell.strip():
                raise self._wrong(f"{name} has a control character or space around it", number)
            if name in REQUIRED and not cell:
                raise self._wrong(f"{name} is empty", number)

        def column(name: str) -> int:
            return columns.index(name) + 1

        modifier = given.get("predicate_modifier", "")
        if modifier not in ("", NOT):
            at = column("predicate_modifier")
            raise self._wrong(f"predicate_modifier is “{modifier}”, not empty or {NOT}", at)
        date = given.get("mapping_date", "")
        if date and not _DATE.fullmatch(date):
            at = column("mapping_date")
            raise self._wrong(f"mapping_date is “{date}”, not a day like 2026-11-22", at)
        subject, predicate, thing, justification = (
            self._iri(given[name], name, column(name)) for name in REQUIRED
        )
        return Link(
            subject,
            predicate,
            thing,
            justification,
            subject_label=given.get("subject_label", ""),
            object_label=given.get("object_label", ""),
            confidence=self._confidence(given, columns),
            author=given.get("author_label", ""),
            reviewer=given.get("reviewer_label", ""),
            date=date,
            evidence=given.get("comment", ""),
            is_negative=modifier == NOT,
            row=self._above + self._reader.line_num,
            columns=(column("subject_id"), column("predicate_id"), column("object_id")),
        )

    def _confidence(self, given: Mapping[str, str], columns: list[str]) -> float | None:
        cell = given.get("confidence", "")
        if not cell:
            return None
        try:
            number = float(cell)
        except ValueError:
            number = -1.0
        if not 0 <= number <= 1:
            at = columns.index("confidence") + 1
            raise self._wrong(f"confidence is “{cell}”, not a number from 0 to 1", at)
        return number

    def _iri(self, short: str, name: str, column: int) -> str:
        prefix, colon, local = short.partition(":")
        if not colon or local.startswith("//"):
            raise self._wrong(f"{name} “{short}” is not a short IRI like wikidata:Q1028", column)
        if prefix not in self._prefixes:
            raise self._wrong(f"{name}: curie_map has no prefix “{prefix}:”", column)
        try:
            return NamedNode(self._prefixes[prefix] + local).value
        except ValueError as error:
            raise self._wrong(f"{name} “{short}” does not make an IRI", column) from error

    def _wrong(self, what: str, column: int) -> ContentSyntaxError:
        row = self._above + max(1, self._reader.line_num)
        return _wrong(self._path, f"row {row}: {what}", row, column)


def _wrong(
    path: str, what: str, row: int | None = None, column: int | None = None
) -> ContentSyntaxError:
    return ContentSyntaxError(
        f"{path} is not a mapping set: {what}.",
        place=Place(path, row, column),
        hint="Columns are counted as cells; data/README.md says what a set is.",
    )


def quads_of_mappings(file: ContentFile) -> Iterator[Quad]:
    """Yield the links of a mapping set as quads of its graph, after what the graph is.

    A pair that was rejected or left open says nothing in RDF. Raises ContentSyntaxError.
    """
    given = read_mappings(file)
    graph = NamedNode(file.graph)
    links = [each for each in given.mappings if each.holds]
    title = str(given.header.get("mapping_set_title", file.path))
    said: list[tuple[NamedNode, NamedNode | Literal]] = [
        (_TYPE, NamedNode(NS + "CuratedGraph")),
        (_TYPE, NamedNode(_VOID + "Linkset")),
        (_TITLE, Literal(title, language="en")),
        (_TITLE, Literal(title.replace("Links to", "Liens vers", 1), language="fr")),
        (NamedNode(STANDARD_PREFIXES["dcterms"] + "license"), NamedNode(given.header["license"])),
    ]
    said += [
        (NamedNode(_VOID + "linkPredicate"), NamedNode(iri))
        for iri in dict.fromkeys(each.predicate for each in links)
    ]
    said += [
        (NamedNode(_VOID + "objectsTarget"), NamedNode(iri))
        for iri in dict.fromkeys(given.namespace_of(each.object) for each in links)
    ]
    yield from (Quad(graph, predicate, value, graph) for predicate, value in said)
    for each in links:
        yield Quad(
            NamedNode(each.subject), NamedNode(each.predicate), NamedNode(each.object), graph
        )


def written_mappings(given: MappingSet) -> bytes:
    """Return a mapping set as its file: header, then rows sorted by subject and object.

    Raises ValueError for an IRI that no prefix of the set shortens.
    """
    out = io.StringIO()
    text = yaml.safe_dump(dict(given.header), allow_unicode=True, sort_keys=True, width=1000)
    out.writelines(f"#{line}\n" for line in text.splitlines())
    table = csv.writer(out, delimiter="\t", lineterminator="\n")
    table.writerow(COLUMNS)
    table.writerows(sorted(_cells(given, each) for each in given.mappings))
    return out.getvalue().encode()


def _cells(given: MappingSet, each: Link) -> list[str]:
    return [
        _short(each.subject, given.prefixes),
        each.subject_label,
        _short(each.predicate, given.prefixes),
        NOT if each.is_negative else "",
        _short(each.object, given.prefixes),
        each.object_label,
        _short(each.justification, given.prefixes),
        "" if each.confidence is None else f"{each.confidence:g}",
        each.author,
        each.reviewer,
        each.date,
        each.evidence,
    ]


def _short(iri: str, prefixes: Mapping[str, str]) -> str:
    fitting: Iterable[tuple[str, str]] = (
        (namespace, name) for name, namespace in prefixes.items() if iri.startswith(namespace)
    )
    namespace, name = max(fitting, key=lambda each: len(each[0]), default=("", ""))
    if not name:
        raise ValueError(f"no prefix of the set shortens <{iri}>")
    return f"{name}:{iri.removeprefix(namespace)}"
