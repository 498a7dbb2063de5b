"""Which terms there are: for checking a parameter, and for "did you mean"."""

from __future__ import annotations

import unicodedata
from collections.abc import Mapping, Sequence
from typing import Final

from pyoxigraph import Literal
from rapidfuzz import fuzz, process, utils

from migov.engine import Engine, ask, select
from migov.entities.labels import labels
from migov.entities.sparql import values
from migov.errors import UnknownEntityError
from migov.vocabulary import CONCEPT, GRAPH, ID, NS, STANDARD_PREFIXES, compact

_MOST: Final = 50_000
"""Labels that are compared; past this an index would have to do it."""
_CLOSE_ENOUGH: Final = 55
_SUGGESTIONS: Final = 3
_RECORDS: Final = GRAPH + "data/records/"
_PREFIXES: Final = (
    f"PREFIX mg: <{NS}> PREFIX skos: <{STANDARD_PREFIXES['skos']}> "
    f"PREFIX rdfs: <{STANDARD_PREFIXES['rdfs']}> "
)
_CODES: Final = "mg:isoAlpha2|mg:isoAlpha3|mg:m49"
_TYPED: Final = str.maketrans(
    {"’": "'", "‘": "'", "ʼ": "'", "œ": "oe", "Œ": "OE", "æ": "ae", "Æ": "AE"}
)
_NAMES: Final = "skos:prefLabel|skos:altLabel|mg:acronym|mg:name|rdfs:label"


class GraphTerms:
    """The terms of one snapshot, as the catalogue asks for them (`catalogue.TermLookup`)."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def is_instance(self, iri: str, class_or_scheme: str) -> bool:
        """Return whether the graph has `iri` as an instance of a class or a concept of a scheme."""
        try:
            terms = f"{values('this', [iri])} {values('of', [class_or_scheme])}"
        except UnknownEntityError:
            return False
        membership = "skos:inScheme" if _is_scheme(class_or_scheme) else "a/rdfs:subClassOf*"
        return ask(self._engine, f"{_PREFIXES} ASK {{ {terms} ?this {membership} ?of }}")

    def named(self, text: str, class_or_scheme: str) -> list[str]:
        """Return the IRIs of the instances or concepts that go by a name or a code.

        Case, accents and the form of quotation marks make no difference.
        """
        wanted = folded(text)
        names = self._names(class_or_scheme, f"{_NAMES}|{_CODES}")
        return [iri for iri, known in names.items() if wanted in map(folded, known)]

    def suggest(self, text: str, class_or_scheme: str) -> dict[str, str]:
        """Return what `text` may have meant, best first: short names, each with its label."""
        names = self._names(class_or_scheme, _NAMES)
        found = closest(_last_part(text), names)
        known = labels(self._engine, found, ("en",))
        return {short_name(iri): known[iri].text for iri in found}

    def _names(self, class_or_scheme: str, path: str) -> dict[str, set[str]]:
        """Return the IRIs of the instances or concepts, each with its values along a path."""
        membership = "skos:inScheme" if _is_scheme(class_or_scheme) else "a/rdfs:subClassOf*"
        rows = select(
            self._engine,
            f"""{_PREFIXES} SELECT DISTINCT ?s ?name WHERE {{
              {values("of", [class_or_scheme])} ?s {membership} ?of .
              OPTIONAL {{ ?s {path} ?name }}
            }} ORDER BY ?s ?name LIMIT {_MOST}""",
        )
        names: dict[str, set[str]] = {}
        for row in rows:
            known = names.setdefault(row["s"].value, set())
            if isinstance(name := row.get("name"), Literal):
                known.add(name.value)
        return names


class NoSuchEntityError(UnknownEntityError):
    """The graph says nothing about an IRI; `suggestions` are IRIs that may have been meant."""

    def __init__(self, iri: str, suggestions: Sequence[str]) -> None:
        names = ", ".join(compact(suggestion) for suggestion in suggestions)
        super().__init__(
            f"The graph says nothing about {iri}.",
            hint=f"Did you mean {names}?" if names else None,
        )
        self.suggestions = tuple(suggestions)


def suggestions(engine: Engine, iri: str) -> list[str]:
    """Return IRIs that an unknown one under our base may have meant, best first."""
    folder = iri.rpartition("/")[0] + "/"
    rows = select(
        engine,
        f"""{_PREFIXES} SELECT DISTINCT ?s ?name WHERE {{
          ?s a ?class FILTER(isIRI(?s) && STRSTARTS(STR(?s), {Literal(_region(folder))}))
          OPTIONAL {{ ?s {_NAMES} ?name }}
        }} ORDER BY ?s ?name LIMIT {_MOST}""",
    )
    names: dict[str, set[str]] = {}
    for row in rows:
        known = names.setdefault(row["s"].value, set())
        if isinstance(name := row.get("name"), Literal):
            known.add(name.value)
    near = {found: known for found, known in names.items() if found.startswith(folder)}
    text = _last_part(iri)
    return list(dict.fromkeys([*closest(text, near), *closest(text, names)]))[:_SUGGESTIONS]


def closest(text: str, names: Mapping[str, set[str]]) -> list[str]:
    """Return the IRIs whose last part or one of whose names is closest to a text.

    >>> closest("morroco", {"http://a.example/mar": {"Morocco"}, "http://a.example/b": {"Chad"}})
    ['http://a.example/mar']
    """
    choices = [(iri, name) for iri, known in names.items() for name in (_last_part(iri), *known)]
    scored = process.extract(
        text,
        [name for _, name in choices],
        scorer=fuzz.token_sort_ratio,
        processor=utils.default_process,
        score_cutoff=_CLOSE_ENOUGH,
        limit=4 * _SUGGESTIONS,
    )
    ranked = dict.fromkeys(choices[index][0] for _, _, index in scored)
    return list(ranked)[:_SUGGESTIONS]


def folded(text: str) -> str:
    """Return a name without what people leave out when they type it.

    >>> folded("Côte d’Ivoire"), folded(" cote d'ivoire ")
    ("cote d'ivoire", "cote d'ivoire")
    >>> folded("Main-d’œuvre")
    "main-d'oeuvre"
    """
    if text.isascii():
        return " ".join(text.casefold().split())
    plain = unicodedata.normalize("NFKD", text.translate(_TYPED))
    return " ".join("".join(c for c in plain if not unicodedata.combining(c)).casefold().split())


def _region(folder: str) -> str:
    """Return the part of our IRIs to look in: all entities, all concepts, or all graphs."""
    return next((base for base in (ID, CONCEPT, GRAPH, NS) if folder.startswith(base)), folder)


def _is_scheme(iri: str) -> bool:
    return iri.startswith(CONCEPT)


def _last_part(text: str) -> str:
    part = text.rstrip("/").rpartition("/")[2].rpartition("#")[2]
    return part.removesuffix(".ttl").replace("-", " ") or text


def short_name(iri: str) -> str:
    """Return the name that stands for a term as the value of a parameter.

    >>> short_name("https://w3id.org/migov/graph/data/records/gfmd/thamm.ttl")
    'gfmd/thamm'
    """
    if iri.startswith(_RECORDS):
        return iri.removeprefix(_RECORDS).removesuffix(".ttl")
    return iri.rpartition("/")[2]
