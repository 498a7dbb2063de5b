"""Names: the base IRI, the folders of IRIs under it, and the prefixes this project writes.

The base is a constant, never the address of a server: the same IRIs are dereferenced wherever
the graph is served.
"""

from __future__ import annotations

from typing import Final

BASE: Final = "https://w3id.org/migov/"
NS: Final = BASE + "ns#"
CONCEPT: Final = BASE + "concept/"
ID: Final = BASE + "id/"
GRAPH: Final = BASE + "graph/"
SHAPE: Final = BASE + "shape/"
SEARCH: Final = BASE + "search#"
"""The terms of a search in SPARQL; they stand in queries and say nothing in the graph."""

INFERRED_GRAPH: Final = GRAPH + "inferred"
"""The one graph that holds what follows; it joins a query only on request."""

ASSERTED_GRAPH: Final = GRAPH + "asserted"
"""A name for the union of the asserted graphs, for use in FROM beside the inferred graph."""

PUBLISHED_GRAPH: Final = GRAPH + "published"
"""Where a store that was published to keeps what it holds: a digest for each graph."""

KINDS: Final = (
    "initiative",
    "actor",
    "place",
    "person",
    "event",
    "output",
    "objective",
    "quotation",
    "corridor",
    "participation",
    "instrument",
    "document",
)
"""The folders under `id/`, one per kind of entity."""

STANDARD_PREFIXES: Final = {
    "dcat": "http://www.w3.org/ns/dcat#",
    "dcterms": "http://purl.org/dc/terms/",
    "foaf": "http://xmlns.com/foaf/0.1/",
    "org": "http://www.w3.org/ns/org#",
    "owl": "http://www.w3.org/2002/07/owl#",
    "prov": "http://www.w3.org/ns/prov#",
    "rdf": "http://www.w3.org/1999/02/22-rdf-syntax-ns#",
    "rdfs": "http://www.w3.org/2000/01/rdf-schema#",
    "schema": "https://schema.org/",
    "sh": "http://www.w3.org/ns/shacl#",
    "skos": "http://www.w3.org/2004/02/skos/core#",
    "void": "http://rdfs.org/ns/void#",
    "xsd": "http://www.w3.org/2001/XMLSchema#",
}

PREFIXES: Final = {
    "mg": NS,
    "search": SEARCH,
    **{kind: f"{ID}{kind}/" for kind in KINDS},
    **STANDARD_PREFIXES,
}
"""Every prefix a query may use without declaring it on the command line or the query page."""


def compact(iri: str) -> str:
    """Return a short form of an IRI for people to read, or the IRI itself.

    >>> compact("https://w3id.org/migov/id/actor/ilo")
    'actor:ilo'
    >>> compact("https://w3id.org/migov/concept/role/funder")
    'role:funder'
    >>> compact("http://www.w3.org/2004/02/skos/core#prefLabel")
    'skos:prefLabel'
    >>> compact("http://example.org/x")
    'http://example.org/x'
    """
    if iri.startswith(CONCEPT):
        scheme, _, slug = iri.removeprefix(CONCEPT).partition("/")
        return f"{scheme}:{slug}" if slug else iri
    for prefix, namespace in PREFIXES.items():
        if iri.startswith(namespace):
            local = iri.removeprefix(namespace)
            if local and "/" not in local and "#" not in local:
                return f"{prefix}:{local}"
    return iri
