"""Graphs of the domain's shape, as large as wanted: the seed graph and invented records."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Final

from pyoxigraph import RdfFormat, Triple, parse
from rdflib import Graph

from migov.dataset import content_files, read_quads, shape_files
from migov.gate.repository import union
from migov.repository import Repository, find_repository
from migov.vocabulary import CONCEPT, PREFIXES

_SCHEMES: Final = (
    *("initiative-type", "actor-type", "scope", "status", "theme", "role", "certainty"),
    *("identifier-scheme", "objective-type", "output-type", "target-group"),
)
_HEAD: Final = "".join(
    f"@prefix {name}: <{iri}> .\n"
    for name, iri in (
        *PREFIXES.items(),
        *((scheme, f"{CONCEPT}{scheme}/") for scheme in _SCHEMES),
    )
)
_ACTORS: Final = ("ilo", "iom", "giz", "enabel", "icmpd", "bmz", "european-union", "anapec")
_PLACES: Final = ("mar", "tun", "dza", "deu", "fra", "esp", "bel", "ita", "nld", "prt")
_THEMES: Final = ("remittances", "diaspora", "integration", "technology", "youth-employment")

_RECORD: Final = """
<https://w3id.org/migov/graph/data/records/gfmd/made-{n}.ttl> a mg:SourceRecord ;
  mg:describes initiative:made-{n} ; dcterms:title "Record {n}"@en , "Fiche {n}"@fr ;
  skos:prefLabel "Record {n}"@en , "Fiche {n}"@fr ;
  dcterms:abstract "What record {n} says."@en , "Ce que dit la fiche {n}."@fr ;
  dcterms:publisher actor:gfmd ; mg:sourceDocument document:001 ; mg:locator "001:{line}" ;
  mg:extent "001:{line}" ; dcterms:language "en" ;
  dcterms:license <https://creativecommons.org/licenses/by/4.0/> .
initiative:made-{n} a mg:Programme ;
  skos:prefLabel "Programme {n}"@en , "Programme numéro {n}"@fr ;
  dcterms:title "Programme number {n}"@en ; mg:acronym "P{n}" ;
  dcterms:type initiative-type:programme ; mg:scope scope:regional ; mg:status status:ongoing ;
  mg:theme theme:{theme} ; mg:coversPlace place:{place} ; mg:destinationPlace place:{other} ;
  mg:startDate "2010"^^xsd:gYear ;
  mg:startEarliest "2010-01-01"^^xsd:date ; mg:startLatest "2010-12-31"^^xsd:date ;
  mg:partOf initiative:made-{above} ; mg:hasObjective objective:made-{n}-aim ;
  mg:budget _:budget{n} ; mg:identifier _:id{n} .
_:budget{n} a mg:MonetaryAmount ; mg:amount {n}000.50 ; mg:currency "EUR" .
_:id{n} a mg:ExternalIdentifier ; mg:scheme identifier-scheme:projet-id ; mg:value "ID-{n}" ;
  mg:evidence "The list of programmes"@en .
objective:made-{n}-aim a mg:Objective ; dcterms:type objective-type:aim ;
  skos:prefLabel "Aim {n}"@en , "But {n}"@fr ; mg:text "To reach aim {n}"@en .
[] a mg:Annotation ; rdf:subject initiative:made-{n} ; rdf:predicate dcterms:title ;
  rdf:object "Programme number {n}"@en ; mg:locator "001:{line}" .
[] a mg:Annotation ; rdf:subject initiative:made-{n} ; rdf:predicate mg:status ;
  rdf:object status:ongoing ; mg:locator "001:{line}" ; mg:certainty certainty:inferred .
actor:made-{n} a mg:Organisation ; skos:prefLabel "Actor {n}"@en , "Acteur {n}"@fr ;
  mg:name "Actor {n}"@en ; dcterms:type actor-type:foundation ; mg:locatedIn place:{place} .
"""
_PARTICIPATION: Final = """
participation:gfmd-made-{n}--made-{n}--{role}--{actor} a mg:Participation ;
  skos:prefLabel "{role} {n}"@en , "{role} {n}"@fr ; mg:participationIn initiative:made-{n} ;
  mg:actor actor:{actor} ; mg:role role:{role} ; mg:certainty certainty:stated ;
  mg:locator "001:{line}" .
"""


def record(number: int) -> str:
    """Return the Turtle of one invented record, without its prefixes."""
    facts = {
        "n": number,
        "line": 1 + number % 90,
        "theme": _THEMES[number % len(_THEMES)],
        "place": _PLACES[number % len(_PLACES)],
        "other": _PLACES[(number + 3) % len(_PLACES)],
        "above": number // 10,
    }
    actors = [f"made-{number}", _ACTORS[number % len(_ACTORS)]]
    roles = [("funder", actors[1]), ("implementer", actors[0]), ("partner", actors[0])]
    return _RECORD.format(**facts) + "".join(
        _PARTICIPATION.format(**facts, role=role, actor=actor) for role, actor in roles
    )


def parsed(turtle: str) -> list[Triple]:
    """Return the triples of records; blank nodes keep their labels where they have one."""
    return [quad.triple for quad in parse(_HEAD + turtle, format=RdfFormat.TURTLE)]


def seed(repository: Repository) -> list[Triple]:
    """Return the union of the seed graph."""
    files = [file for file in content_files(repository) if file.path.endswith(".ttl")]
    quads = (quad for file in files for quad in read_quads(file))
    return list(dict.fromkeys(quad.triple for quad in quads))


def grown(repository: Repository, size: int) -> Iterator[Triple]:
    """Yield the seed graph and records until there are at least so many triples."""
    triples = seed(repository)
    yield from triples
    made, number = len(triples), 0
    while made < size:
        batch = parsed("".join(record(each) for each in range(number, number + 500)))
        yield from batch
        made += len(batch)
        number += 500


def shapes(root: Path) -> tuple[Repository, Graph]:
    """Return the repository and its shapes."""
    repository = find_repository(root)
    return repository, union(shape_files(repository))
