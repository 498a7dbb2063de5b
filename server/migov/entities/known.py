"""Every term of one snapshot by its names: for telling an unknown term from a known one."""

from __future__ import annotations

import itertools
import re
import threading
import typing
from collections.abc import Iterable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import Final
from urllib.parse import unquote

from pyoxigraph import Literal, NamedNode
from rapidfuzz import fuzz, process

from migov.engine import Engine, select
from migov.entities.sparql import values
from migov.entities.terms import folded
from migov.errors import LimitError
from migov.vocabulary import GRAPH, NS, STANDARD_PREFIXES

_MOST: Final = 50_000
"""Names that are compared, those of classes, properties and concepts first."""
_CLOSE_ENOUGH: Final = 75
_CLOSEST: Final = 20
_SUGGESTIONS: Final = 3
_NAMED: Final = "OPTIONAL { ?t skos:prefLabel|skos:altLabel|mg:acronym|mg:name|rdfs:label ?name }"
_VOCABULARY: Final = """
    VALUES ?k {
      owl:Class rdfs:Class rdf:Property owl:ObjectProperty owl:DatatypeProperty
      owl:AnnotationProperty skos:Concept skos:ConceptScheme
    }
    ?t a ?k
"""
_XSD: Final = STANDARD_PREFIXES["xsd"]
_DATATYPES: Final = (
    *("string", "boolean", "integer", "decimal", "double"),
    *("date", "dateTime", "gYear", "gYearMonth", "anyURI"),
)
_SPOKEN: Final = ("owl", "rdf", "rdfs", "skos")
_PREFIXES: Final = f"PREFIX mg: <{NS}> " + "".join(
    f"PREFIX {name}: <{STANDARD_PREFIXES[name]}> " for name in _SPOKEN
)


Likeness = typing.Literal["form", "namespace", "name", "spelling"]
"""What a known IRI shares with an unknown one: all but scheme, case or a mark; the last part, or a
name of it that stands there; or only most letters.
"""


@dataclass(frozen=True, slots=True)
class _Index:
    """The IRIs of a snapshot by what people may write in their place."""

    languages: frozenset[str]
    choices: Sequence[tuple[str, str]]
    spellings: Sequence[str]
    plain: Mapping[str, list[str]]
    words: Mapping[str, list[str]]
    called: Mapping[str, list[str]]

    def close(self, words: str) -> list[str]:
        """Return the IRIs whose last part or one of whose names is spelt most alike, best first."""
        scored = process.extract(
            words, self.spellings, scorer=fuzz.ratio, score_cutoff=_CLOSE_ENOUGH, limit=_CLOSEST
        )
        return list(dict.fromkeys(self.choices[at][0] for _, _, at in scored))


class KnownTerms:
    """The terms of one snapshot. Reads their names when they are first asked for; thread-safe."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self._lock = threading.Lock()
        self._index: _Index | None = None

    def present(self, iris: Iterable[str], *, inferred: bool = False) -> set[str]:
        """Return those of some IRIs that stand anywhere: in a triple, or as the name of a graph."""
        rows = select(
            self._engine,
            f"""SELECT ?t WHERE {{ {values("t", iris)} FILTER(
              EXISTS {{ ?t ?p1 ?o1 }} || EXISTS {{ ?s2 ?t ?o2 }} || EXISTS {{ ?s3 ?p3 ?t }}
              || EXISTS {{ GRAPH ?t {{ ?s4 ?p4 ?o4 }} }}
            ) }}""",
            inferred=inferred,
        )
        return {row["t"].value for row in rows}

    def values_present(self, literals: Sequence[Literal], predicate: str | None) -> list[Literal]:
        """Return those of some literals that are the value of a property, or of any for None."""
        verb = "?p" if predicate is None else str(NamedNode(predicate))
        terms = " ".join(f"({number} {literal})" for number, literal in enumerate(literals))
        rows = select(
            self._engine,
            f"SELECT ?n WHERE {{ VALUES (?n ?v) {{ {terms} }} FILTER(EXISTS {{ ?s {verb} ?v }}) }}",
        )
        # Not ?v itself: the store gives "1" where "01" was asked for.
        return [literals[int(row["n"].value)] for row in rows]

    def written_otherwise(self, literal: Literal, predicate: str | None) -> list[Literal]:
        """Return the literals with the same text and another language or datatype that are there.

        As values of a property, or of any for None.
        """
        text = literal.value
        variants = [Literal(text, language=tag) for tag in sorted(self._indexed().languages)]
        variants += [Literal(text, datatype=NamedNode(_XSD + name)) for name in _DATATYPES]
        return self.values_present([one for one in variants if one != literal], predicate)

    def has_literals(self, predicate: str) -> bool:
        """Return whether a property has a literal among its values."""
        verb = str(NamedNode(predicate))
        text = f"SELECT ?v WHERE {{ ?s {verb} ?v FILTER(isLiteral(?v)) }} LIMIT 1"
        return bool(select(self._engine, text))

    def similar(self, iri: str) -> dict[str, Likeness]:
        """Return the IRIs that an unknown one may have meant and why, best first."""
        index = self._indexed()
        words, namespace = _words(iri), _namespace(iri)
        close = index.close(words)
        ways: tuple[tuple[Likeness, Sequence[str]], ...] = (
            ("form", index.plain.get(_plain(iri), ())),
            ("namespace", index.words.get(words, ())),
            ("name", index.called.get(words, ())),
            ("spelling", sorted(close, key=lambda known: not known.startswith(namespace))),
        )
        found: dict[str, Likeness] = {}
        for likeness, iris in ways:
            for known in iris:
                if known.startswith(GRAPH) == iri.startswith(GRAPH):
                    found.setdefault(known, likeness)
        return dict(itertools.islice(found.items(), _SUGGESTIONS))

    def called(self, text: str) -> list[str]:
        """Return the IRIs that go by a name. Case and accents make no difference."""
        return list(self._indexed().called.get(folded(text), ()))

    def spelt_like(self, text: str) -> list[str]:
        """Return the IRIs of which a name is spelt like a text, best first."""
        return self._indexed().close(folded(text))[:_SUGGESTIONS]

    def _indexed(self) -> _Index:
        with self._lock:
            if self._index is None:
                self._index = _index_of(*self._read())
            return self._index

    def _read(self) -> tuple[dict[str, set[str]], set[str]]:
        """Return the IRIs with their names, as many as are compared, and the languages of these."""
        names: dict[str, set[str]] = {}
        tags: set[str] = set()
        for pattern in (_VOCABULARY, "?t a ?k"):
            for row in select(
                self._engine,
                f"{_PREFIXES} SELECT ?t ?name WHERE {{ {pattern} FILTER(isIRI(?t)) {_NAMED} }}"
                f" LIMIT {_MOST - len(names)}",
            ):
                known = names.setdefault(row["t"].value, set())
                if isinstance(name := row.get("name"), Literal):
                    known.add(name.value)
                    if name.language is not None:
                        tags.add(name.language)
        for pattern in ("?s a ?t", "?s ?t ?o"):
            # These look at every triple; where that takes too long, they suggest nothing.
            with suppress(LimitError):
                for row in select(self._engine, f"SELECT DISTINCT ?t WHERE {{ {pattern} }}"):
                    names.setdefault(row["t"].value, set())
        return names, tags


def _index_of(names: Mapping[str, set[str]], languages: Iterable[str]) -> _Index:
    plain: dict[str, list[str]] = {}
    words: dict[str, list[str]] = {}
    called: dict[str, list[str]] = {}
    choices: list[tuple[str, str]] = []
    for iri, known in names.items():
        last, spoken = _words(iri), set(map(folded, known))
        plain.setdefault(_plain(iri), []).append(iri)
        words.setdefault(last, []).append(iri)
        for name in spoken:
            called.setdefault(name, []).append(iri)
        choices += [(iri, spelling) for spelling in {last, *spoken}]
    spellings = [spelling for _, spelling in choices]
    return _Index(frozenset(languages), choices, spellings, plain, words, called)


def _plain(iri: str) -> str:
    """Return an IRI without what is often written otherwise: its scheme, its case, its last mark.

    >>> _plain("http://schema.org/Name/") == _plain("https://schema.org/name")
    True
    """
    return iri.partition("://")[2].rstrip("/#").replace("#", "/").casefold()


def _namespace(iri: str) -> str:
    """Return an IRI up to its last part."""
    return iri[: len(iri) - len(re.split("[/#]", iri.rstrip("/#"))[-1])]


def _words(iri: str) -> str:
    """Return the last part of an IRI as words.

    >>> _words("https://w3id.org/migov/ns#ExternalInstrument"), _words("http://a.example/b/new-york")
    ('external instrument', 'new york')
    """
    last = re.split("[/#]", iri.rstrip("/#"))[-1].removesuffix(".ttl")
    apart = re.sub("(?<=[a-z0-9])(?=[A-Z])", " ", unquote(last))
    return folded(apart.replace("-", " ").replace("_", " "))
