"""Which terms there are: for checking a parameter, and for "did you mean"."""

from __future__ import annotations

import unicodedata
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from pyoxigraph import Literal
from rapidfuzz import fuzz, process, utils

from migov.engine import Engine, ask, select
from migov.entities.classes import with_subclasses
from migov.entities.kept import Kept
from migov.entities.labels import labels
from migov.entities.lists import CLASSES
from migov.entities.sparql import node, values
from migov.errors import UnknownEntityError
from migov.vocabulary import CONCEPT, GRAPH, ID, NS, STANDARD_PREFIXES, compact

_MOST: Final = 10_000
"""Things whose labels are compared; past this an index would have to do it."""
_MOST_NEAR: Final = 3000
"""Things that are looked at for what an unknown IRI may have meant."""
_CLOSE_ENOUGH: Final = 55
_SUGGESTIONS: Final = 3
_RECORDS: Final = GRAPH + "data/records/"
_SKOS, _OWL = (STANDARD_PREFIXES[prefix] for prefix in ("skos", "owl"))
_REGIONS: Final = {
    ID: tuple(CLASSES.values()),
    CONCEPT: (_SKOS + "Concept", _SKOS + "ConceptScheme"),
    GRAPH: (NS + "SourceRecord", NS + "CuratedGraph"),
    NS: tuple(_OWL + name for name in ("Class", "ObjectProperty", "DatatypeProperty")),
}
"""What stands under our IRIs."""
_PREFIXES: Final = (
    f"PREFIX mg: <{NS}> PREFIX skos: <{STANDARD_PREFIXES['skos']}> "
    f"PREFIX rdfs: <{STANDARD_PREFIXES['rdfs']}> "
)
_CODES: Final = "mg:isoAlpha2|mg:isoAlpha3|mg:m49"
_TYPED: Final = str.maketrans(
    {"’": "'", "‘": "'", "ʼ": "'", "œ": "oe", "Œ": "OE", "æ": "ae", "Æ": "AE"}
)
_NAMES: Final = "skos:prefLabel|skos:altLabel|mg:acronym|mg:name|rdfs:label"
_Known = Mapping[str, Collection[str]]
"""IRIs, each with its names."""


@dataclass(frozen=True, slots=True, eq=False)
class _Members:
    """The things of one class or scheme: their names, and which go by a folded name or code."""

    known: _Known
    by_name: Mapping[str, Sequence[str]]


_MEMBERS: Final[Kept[str, _Members]] = Kept(32)
_STANDING: Final[Kept[tuple[str, tuple[str, ...]], _Known]] = Kept(32)
"""What every mistake asks for is read once a snapshot: it may be ten thousand things with names."""


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
        return list(self._members(class_or_scheme).by_name.get(folded(text), ()))

    def suggest(self, text: str, class_or_scheme: str) -> dict[str, str]:
        """Return what `text` may have meant, best first: short names, each with its label."""
        found = closest(_last_part(text), self._members(class_or_scheme).known)
        known = labels(self._engine, found, ("en",))
        return {short_name(iri): known[iri].text for iri in found}

    def _members(self, class_or_scheme: str) -> _Members:
        return _MEMBERS.of(self._engine, class_or_scheme, lambda: self._read(class_or_scheme))

    def _read(self, class_or_scheme: str) -> _Members:
        if _is_scheme(class_or_scheme):
            members = f"?s skos:inScheme {node(class_or_scheme)}"
        else:
            below = with_subclasses(self._engine, [class_or_scheme])[class_or_scheme]
            members = f"{values('class', below)} ?s a ?class"
        by_name: dict[str, list[str]] = {}
        known = _named(self._engine, members, _NAMES)
        codes = _named(self._engine, members, _CODES)
        for iri, names in known.items():
            for name in {folded(name) for name in (*names, *codes.get(iri, ()))}:
                by_name.setdefault(name, []).append(iri)
        return _Members(known, by_name)


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
    kind = folder.removeprefix(ID).removesuffix("/")
    near: dict[str, Collection[str]] = {}
    if folder.startswith(ID) and kind in CLASSES:
        near.update(_standing_in(engine, folder, (CLASSES[kind],)))
    base = next((base for base in _REGIONS if folder.startswith(base)), folder)
    names = _standing_in(engine, base, _REGIONS.get(base, ()))
    near |= {found: known for found, known in names.items() if found.startswith(folder)}
    text = _last_part(iri)
    return list(dict.fromkeys([*closest(text, near), *closest(text, names)]))[:_SUGGESTIONS]


def _standing_in(engine: Engine, folder: str, classes: tuple[str, ...]) -> _Known:
    """Return the first things of some classes, or of any, whose IRIs lie in a folder.

    By what they are, since the IRIs of a large graph cannot be looked through. A folder that
    anybody may have made up has no classes, and nothing is kept of it.
    """

    def read() -> _Known:
        below = with_subclasses(engine, classes) if classes else {}
        of = dict.fromkeys(each for found in below.values() for each in found)
        of_class = values("class", of) if of else ""
        lies = f"FILTER(isIRI(?s) && STRSTARTS(STR(?s), {Literal(folder)}))"
        return _named(engine, f"{of_class} ?s a ?class {lies}", _NAMES, _MOST_NEAR)

    return _STANDING.of(engine, (folder, classes), read) if classes else read()


def _named(engine: Engine, members: str, path: str, most: int = _MOST) -> _Known:
    """Return the first things that fit a pattern of ?s, each with its values along a path."""
    rows = select(
        engine,
        f"""{_PREFIXES} SELECT ?s ?name WHERE {{
          {{ SELECT DISTINCT ?s WHERE {{ {members} }} LIMIT {most} }}
          OPTIONAL {{ ?s {path} ?name }}
        }}""",
    )
    names: dict[str, dict[str, None]] = {}
    for row in rows:
        known = names.setdefault(row["s"].value, {})
        if isinstance(name := row.get("name"), Literal):
            known[name.value] = None
    return {iri: tuple(known) for iri, known in sorted(names.items())}


def closest(text: str, names: Mapping[str, Collection[str]]) -> list[str]:
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
