"""Quads → the index of their texts, one SQLite file.

Each thing has one row in the FTS5 table. Its acronyms, labels, other names, titles and summaries
have columns of their own, in each language again, so that a search in one language looks at some
of the columns. Two more columns hold marks that are looked for like words: the classes and concept
schemes of the thing, and each of its names as a whole.

Rows stand in the order of how many statements refer to the thing. A search for words that very many
things have looks at the first of them only, and those are the ones that matter most.
"""

from __future__ import annotations

import hashlib
import os
import sqlite3
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import closing
from pathlib import Path
from typing import Final

from pyoxigraph import Literal, NamedNode, Quad

from migov.errors import EnvironmentProblem
from migov.vocabulary import NS, STANDARD_PREFIXES
from migov.words import folded

TEXT: Final = "text.sqlite"
"""The file in the folder of a snapshot."""

_SKOS, _RDFS, _RDF, _DCTERMS, _FOAF, _SCHEMA = (
    STANDARD_PREFIXES[prefix] for prefix in ("skos", "rdfs", "rdf", "dcterms", "foaf", "schema")
)
KINDS: Final = ("acronym", "label", "name", "title", "summary")
"""Kinds of text, as columns are named: the more telling first."""

_KIND: Final = {
    NS + "acronym": 0,
    NS + "isoAlpha2": 0,
    NS + "isoAlpha3": 0,
    _SKOS + "prefLabel": 1,
    _RDFS + "label": 1,
    _SKOS + "altLabel": 2,
    NS + "name": 2,
    _FOAF + "name": 2,
    _SCHEMA + "name": 2,
    _DCTERMS + "title": 3,
    _DCTERMS + "abstract": 4,
    _DCTERMS + "description": 4,
    _SKOS + "definition": 4,
    _SKOS + "scopeNote": 4,
    _RDFS + "comment": 4,
    NS + "text": 4,
}
"""The properties whose texts are looked in, each with its kind of text."""

_WEIGHTS: Final = (100, 80, 50, 30, 1)
"""BM25 saturates: what stands in a name counts about twice what stands in a summary."""

_MOST_LANGUAGES: Final = 30
"""Those with columns of their own; texts in any other count for every language."""

_TABLES: Final = (
    "CREATE TABLE language (mark TEXT PRIMARY KEY, number INTEGER NOT NULL) WITHOUT ROWID",
    "CREATE TABLE class (id INTEGER PRIMARY KEY, iri TEXT NOT NULL UNIQUE)",
    "CREATE TABLE thing (id INTEGER PRIMARY KEY, iri TEXT NOT NULL, types TEXT NOT NULL)",
    """CREATE TABLE statement (
         thing INTEGER, place INTEGER, kind INTEGER NOT NULL, property TEXT NOT NULL,
         language TEXT, text TEXT NOT NULL, graphs TEXT NOT NULL, PRIMARY KEY (thing, place)
       ) WITHOUT ROWID""",
    "CREATE TABLE word (word TEXT PRIMARY KEY, things INTEGER NOT NULL) WITHOUT ROWID",
)

_Statement = tuple[int, str, str | None, str]
"""The kind of text, the property, the language and the text."""


def columns_of(numbers: Iterable[int], kinds: Sequence[str] = KINDS) -> list[str]:
    """Return the columns of languages by their numbers, 0 for none.

    >>> columns_of([2])
    ['acronym2', 'label2', 'name2', 'title2', 'summary2']
    """
    return [f"{kind}{number}" for number in numbers for kind in kinds]


def whole(text: str) -> str:
    """Return the mark of a folded name as a whole.

    >>> whole("labour migration") == whole("labour migration"), whole("a").isalnum()
    (True, True)
    """
    return "w" + hashlib.blake2b(text.encode(), digest_size=8).hexdigest()


def language_mark(language: str) -> str:
    """Return the mark of a language: its primary subtag (RFC 5646), which `fr-CA` shares.

    >>> language_mark("fr-CA")
    'fr'
    """
    return language.partition("-")[0].lower()


class Texts:
    """Gathers the texts of asserted quads, each in its named graph, and writes their index."""

    def __init__(self) -> None:
        self._texts: dict[str, dict[_Statement, list[str]]] = defaultdict(dict)
        self._types: dict[str, set[str]] = defaultdict(set)
        self._wider: dict[str, set[str]] = defaultdict(set)
        self._referring: Counter[str] = Counter()

    def add(self, quads: Iterable[Quad]) -> None:
        for quad in quads:
            self._take(quad)

    def write(self, path: Path) -> None:
        """Write the index into a new file.

        Raises EnvironmentProblem when SQLite has no FTS5, OSError when the file cannot be written.
        """
        try:
            with closing(sqlite3.connect(path, isolation_level=None)) as connection:
                connection.execute("PRAGMA journal_mode = OFF")
                connection.execute("PRAGMA synchronous = OFF")
                connection.execute("BEGIN")
                self._fill(connection)
                connection.execute("INSERT INTO words (words) VALUES ('optimize')")
                connection.execute("COMMIT")
        except sqlite3.OperationalError as error:
            if "fts5" in str(error):
                raise EnvironmentProblem(
                    "The SQLite of this Python has no full-text index (FTS5).",
                    hint="Use a Python whose sqlite3 has it, as those of Debian and python.org.",
                ) from error
            raise OSError(f"the full-text index could not be written: {error}") from error
        with path.open("rb") as written:
            os.fsync(written.fileno())

    def _take(self, quad: Quad) -> None:
        subject, value = quad.subject, quad.object
        if isinstance(value, Literal):
            kind = _KIND.get(quad.predicate.value)
            if kind is not None and isinstance(subject, NamedNode):
                statement = (kind, quad.predicate.value, value.language, value.value)
                graphs = self._texts[subject.value].setdefault(statement, [])
                if isinstance(quad.graph_name, NamedNode):
                    graphs.append(quad.graph_name.value)
        elif isinstance(value, NamedNode):
            self._referring[value.value] += 1
            if isinstance(subject, NamedNode):
                predicate = quad.predicate.value
                if predicate in (_RDF + "type", _SKOS + "inScheme"):
                    self._types[subject.value].add(value.value)
                elif predicate == _RDFS + "subClassOf":
                    self._wider[subject.value].add(value.value)

    def _fill(self, connection: sqlite3.Connection) -> None:
        """Create the tables and fill them."""
        languages = self._languages()
        numbers = range(len(languages) + 1)
        for command in _TABLES:
            connection.execute(command)
        columns = columns_of(numbers)
        connection.execute(
            f"CREATE VIRTUAL TABLE words USING fts5({', '.join(columns)}, type, whole, "
            "content='', tokenize='ascii')"
        )
        weights = ", ".join(map(str, [*_WEIGHTS * len(numbers), 0, 100]))
        connection.execute(
            "INSERT INTO words (words, rank) VALUES ('rank', ?)", (f"bm25({weights})",)
        )
        connection.executemany("INSERT INTO language VALUES (?, ?)", languages.items())
        classes = self._classes()
        connection.executemany(
            "INSERT INTO class VALUES (?, ?)", ((number, iri) for iri, number in classes.items())
        )
        insert = (
            f"INSERT INTO words (rowid, {', '.join(columns)}, type, whole) "
            f"VALUES ({', '.join('?' * (len(columns) + 3))})"
        )
        holders: Counter[str] = Counter()
        ordered = sorted(self._texts, key=lambda iri: (-self._referring[iri], iri))
        for number, iri in enumerate(ordered, 1):
            types = sorted(self._types.get(iri, ()))
            connection.execute(
                "INSERT INTO thing VALUES (?, ?, ?)", (number, iri, "\n".join(types))
            )
            connection.executemany(
                "INSERT INTO statement VALUES (?, ?, ?, ?, ?, ?, ?)",
                self._statements(number, iri),
            )
            texts, wholes = _columns(self._texts[iri], languages)
            marks = " ".join(f"t{classes[kind]}" for kind in sorted(self._with_wider(types)))
            connection.execute(insert, (number, *texts, marks, wholes))
            holders.update({word for text in texts for word in text.split()})
        connection.executemany("INSERT INTO word VALUES (?, ?)", sorted(holders.items()))

    def _languages(self) -> dict[str, int]:
        """Return the marks of the languages that most texts have, each with its number."""
        used = Counter(
            language_mark(language)
            for statements in self._texts.values()
            for _, _, language, _ in statements
            if language
        )
        chosen = sorted(mark for mark, _ in used.most_common(_MOST_LANGUAGES))
        return {mark: number for number, mark in enumerate(chosen, 1)}

    def _classes(self) -> dict[str, int]:
        known = {one for types in self._types.values() for one in self._with_wider(types)}
        return {iri: number for number, iri in enumerate(sorted(known), 1)}

    def _statements(self, number: int, iri: str) -> Iterator[tuple[int | str | None, ...]]:
        found = sorted(
            self._texts[iri].items(),
            key=lambda one: (one[0][0], one[0][1], one[0][2] or "", one[0][3]),
        )
        for place, (statement, graphs) in enumerate(found):
            yield (number, place, *statement, "\n".join(sorted(set(graphs))))

    def _with_wider(self, classes: Iterable[str]) -> set[str]:
        found: set[str] = set()
        ahead = list(classes)
        while ahead:
            one = ahead.pop()
            if one not in found:
                found.add(one)
                ahead.extend(self._wider.get(one, ()))
        return found


def _columns(
    statements: Iterable[_Statement], languages: Mapping[str, int]
) -> tuple[list[str], str]:
    """Return the words of a thing for each column, and the marks of its names as a whole."""
    texts: list[list[str]] = [[] for _ in range(len(KINDS) * (len(languages) + 1))]
    wholes: set[str] = set()
    for kind, _, language, text in statements:
        number = languages.get(language_mark(language), 0) if language else 0
        plain = folded(text)
        texts[number * len(KINDS) + kind].append(plain)
        if kind < len(KINDS) - 1:
            wholes.add(whole(plain))
    return [" ".join(words) for words in texts], " ".join(sorted(wholes))
