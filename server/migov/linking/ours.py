"""Our own entities as portraits: read once from a snapshot, then found in memory."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Container, Mapping
from dataclasses import dataclass
from typing import Final

from pyoxigraph import Literal, NamedNode

from migov.engine import Engine, select
from migov.linking.index import NameIndex
from migov.targets.portrait import Identifier, Portrait, portrait
from migov.vocabulary import BASE, CONCEPT, ID, NS, STANDARD_PREFIXES
from migov.words import folded

_PREFIXES: Final = f"PREFIX mg: <{NS}> " + " ".join(
    f"PREFIX {name}: <{STANDARD_PREFIXES[name]}>" for name in ("dcterms", "rdfs", "skos")
)
_SCHEME: Final = CONCEPT + "identifier-scheme/"
_CONCEPT_CLASS: Final = STANDARD_PREFIXES["skos"] + "Concept"
_ALPHA3: Final = "iso-alpha3"
_CODES: Final = {"isoAlpha2": "iso-alpha2", "isoAlpha3": _ALPHA3, "m49": "m49"}
"""Properties that hold an identifier, and the slug of its scheme."""
_PERSON: Final = f"{ID}person/"
_LOOKED_FOR: Final = f"""FILTER(isIRI(?s) && !STRSTARTS(STR(?s), {Literal(_PERSON)})
  && (STRSTARTS(STR(?s), {Literal(ID)}) || STRSTARTS(STR(?s), {Literal(CONCEPT)})))"""
"""Entities and concepts; people are nobody's to reconcile."""

Labels = Mapping[str | None, str]


@dataclass(frozen=True, slots=True)
class Ours:
    """What of ours can be meant: the index, the labels by language, and the classes' parents."""

    index: NameIndex
    labels: Mapping[str, Labels]
    above: Mapping[str, frozenset[str]]
    """Class or concept scheme → it and every class above it; concepts are of their scheme."""
    linked: Mapping[str, frozenset[str]]
    """IRI elsewhere → those of ours that are said to be the same."""

    @property
    def schemes(self) -> list[str]:
        """The slugs of the identifier schemes that anything of ours has, sorted."""
        return sorted({scheme for each in self.index.portraits for scheme, _ in each.identifiers})

    def countries(self) -> dict[str, str]:
        """Return the alpha-3 code by whatever names a country: codes, names, numbers; lower case.

        A name that two countries share names neither.
        """
        found: dict[str, set[str]] = defaultdict(set)
        for each in self.index.portraits:
            code = next((value for scheme, value in each.identifiers if scheme == _ALPHA3), None)
            if code is not None:
                texts = (name.text for name in each.names)
                for text in (*texts, *(value for _, value in each.identifiers)):
                    found[text.lower()].add(code)
        return {text: next(iter(codes)) for text, codes in found.items() if len(codes) == 1}

    def label(self, iri: str, language: str) -> tuple[str, str | None]:
        """Return the name to show in a language, or in another where there is none, and its tag."""
        known = self.labels.get(iri) or {None: iri.removeprefix(BASE)}
        tag = next((tag for tag in (language, "en", None) if tag in known), next(iter(known)))
        return known[tag], tag


def ours(engine: Engine) -> Ours:
    """Return our entities and concepts from the asserted graphs; raises what the engine raises."""
    above = _classes(engine)
    types = _types(engine, above)
    labels, names, acronyms = _names(engine)
    identifiers = _identifiers(engine)
    facts = _facts(engine, labels, identifiers)
    codes = {iri: value for iri, found in identifiers.items() for s, value in found if s == _ALPHA3}
    return Ours(
        NameIndex(
            _portrait(iri, names[iri], acronyms, types, identifiers, facts, codes)
            for iri in sorted(types)
            if iri in names
        ),
        labels,
        above,
        _linked(engine, types),
    )


def _portrait(
    iri: str,
    names: list[tuple[str, str | None]],
    acronyms: Mapping[str, set[str]],
    types: Mapping[str, set[str]],
    identifiers: Mapping[str, set[Identifier]],
    facts: Mapping[str, Mapping[str, set[str]]],
    codes: Mapping[str, str],
) -> Portrait:
    said = facts.get(iri, {})
    linked = {value for values in said.values() for value in values}
    known = identifiers.get(iri, set())
    countries = {codes[value] for value in linked | {iri} if value in codes}
    return portrait(
        iri,
        names,
        {*acronyms.get(iri, ()), *(code for s, code in known if s.startswith("iso-alpha"))},
        identifiers=frozenset(known),
        types=frozenset(types[iri]),
        countries=frozenset(countries),
        facts={name: frozenset(values) for name, values in said.items()},
    )


def _classes(engine: Engine) -> dict[str, frozenset[str]]:
    """Return each of our classes with those above it. Stores differ in paths with open ends."""
    direct: dict[str, set[str]] = defaultdict(set)
    for row in select(
        engine,
        f"""{_PREFIXES} SELECT DISTINCT ?class ?super WHERE {{
          {{ ?class a ?kind BIND(?class AS ?super) }} UNION {{ ?class rdfs:subClassOf ?super }}
          FILTER(STRSTARTS(STR(?class), {Literal(NS)}) && STRSTARTS(STR(?super), {Literal(NS)}))
        }}""",
    ):
        direct[row["class"].value].add(row["super"].value)
    above: dict[str, frozenset[str]] = {}
    for iri in direct:
        found, new = {iri}, {iri}
        while new:
            new = set().union(*(direct.get(each, ()) for each in new)) - found
            found |= new
        above[iri] = frozenset(found)
    return above


def _types(engine: Engine, above: dict[str, frozenset[str]]) -> dict[str, set[str]]:
    types: dict[str, set[str]] = defaultdict(set)
    for row in select(engine, f"SELECT ?s ?class WHERE {{ ?s a ?class {_LOOKED_FOR} }}"):
        of = row["class"].value
        if of.startswith(NS) or of == _CONCEPT_CLASS:
            types[row["s"].value] |= above.get(of, frozenset((of,)))
    for row in select(
        engine, f"{_PREFIXES} SELECT ?s ?scheme WHERE {{ ?s skos:inScheme ?scheme }}"
    ):
        scheme = row["scheme"].value
        above[scheme] = frozenset((scheme, _CONCEPT_CLASS))
        if row["s"].value in types:
            types[row["s"].value].add(scheme)
    return types


def _names(
    engine: Engine,
) -> tuple[dict[str, Labels], dict[str, list[tuple[str, str | None]]], dict[str, set[str]]]:
    labels: dict[str, dict[str | None, str]] = defaultdict(dict)
    names: dict[str, list[tuple[str, str | None]]] = defaultdict(list)
    acronyms: dict[str, set[str]] = defaultdict(set)
    for row in select(
        engine,
        f"""{_PREFIXES} SELECT DISTINCT ?s ?rank ?name WHERE {{
          VALUES (?p ?rank) {{ (skos:prefLabel 0) (mg:name 1) (dcterms:title 2) (skos:altLabel 3)
            (mg:acronym 4) (rdfs:label 5) }}
          ?s ?p ?name FILTER(isIRI(?s))
        }} ORDER BY ?s ?rank ?name""",
    ):
        name, rank = row["name"], row["rank"].value
        if not isinstance(name, Literal):
            continue
        iri = row["s"].value
        if rank in ("0", "5"):
            labels[iri].setdefault(name.language, name.value)
        if rank == "4":
            acronyms[iri].add(name.value)
        names[iri].append((name.value, name.language))
    return dict(labels), names, acronyms


def _identifiers(engine: Engine) -> dict[str, set[Identifier]]:
    found: dict[str, set[Identifier]] = defaultdict(set)
    for row in select(
        engine,
        f"{_PREFIXES} SELECT ?s ?scheme ?value WHERE "
        "{ ?s mg:identifier [ mg:scheme ?scheme ; mg:value ?value ] }",
    ):
        found[row["s"].value].add((row["scheme"].value.removeprefix(_SCHEME), row["value"].value))
    for name, scheme in _CODES.items():
        for row in select(engine, f"{_PREFIXES} SELECT ?s ?value WHERE {{ ?s mg:{name} ?value }}"):
            found[row["s"].value].add((scheme, row["value"].value))
    return found


def _linked(engine: Engine, known: Container[str]) -> dict[str, frozenset[str]]:
    """Return what of ours each IRI elsewhere is the same as, by identifier or by link."""
    found: dict[str, set[str]] = defaultdict(set)
    for row in select(
        engine,
        f"""{_PREFIXES} PREFIX schema: <{STANDARD_PREFIXES["schema"]}> SELECT DISTINCT ?s ?iri {{
          {{ ?s mg:identifier [ mg:identifierIRI ?iri ] }}
          UNION {{ ?s schema:sameAs|skos:exactMatch ?iri FILTER(isIRI(?iri)) }}
        }}""",
    ):
        if row["s"].value in known:
            found[row["iri"].value].add(row["s"].value)
    return {iri: frozenset(of) for iri, of in found.items()}


def _facts(
    engine: Engine, labels: Mapping[str, Labels], identifiers: Mapping[str, set[Identifier]]
) -> dict[str, dict[str, set[str]]]:
    """Return what entities say by our own terms: IRIs, and every text that may stand for one."""
    facts: dict[str, dict[str, set[str]]] = defaultdict(lambda: defaultdict(set))
    for row in select(
        engine,
        f"""{_PREFIXES} SELECT DISTINCT ?s ?p ?o WHERE {{
          ?s ?p ?o FILTER((STRSTARTS(STR(?p), {Literal(NS)}) || ?p = dcterms:type) && !isBlank(?o))
          {_LOOKED_FOR}
        }}""",
    ):
        value, said = row["o"], facts[row["s"].value][row["p"].value]
        if isinstance(value, NamedNode):
            said.add(value.value)
            said.update(folded(text) for text in labels.get(value.value, {}).values())
            said.update(code.lower() for _, code in identifiers.get(value.value, ()))
        else:
            said.add(folded(value.value))
    return {iri: dict(said) for iri, said in facts.items()}
