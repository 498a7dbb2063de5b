"""SPARQL 1.1 Service Description: what an endpoint speaks, and the dataset behind it."""

from __future__ import annotations

import io
from collections.abc import Iterable, Iterator, Mapping
from typing import Final

from pyoxigraph import BlankNode, Literal, NamedNode, RdfFormat, Triple, serialize

from migov.dumps.description import DATASET, say
from migov.protocol.formats import GRAPHS, SOLUTIONS, Format
from migov.vocabulary import INFERRED_GRAPH, SEARCH, STANDARD_PREFIXES

SD: Final = "http://www.w3.org/ns/sparql-service-description#"

_VOID, _RDF, _RDFS = (STANDARD_PREFIXES[name] for name in ("void", "rdf", "rdfs"))
_DCTERMS: Final = STANDARD_PREFIXES["dcterms"]
_FORMATS: Final = "http://www.w3.org/ns/formats/"
_ENTAILMENT: Final = "http://www.w3.org/ns/entailment/"
_PROFILE: Final = "http://www.w3.org/ns/owl-profile/"
_PROPOSALS: Final = "https://github.com/w3c/sparql-dev/blob/main/SEP/"
_NAMES: Final = {
    "json": "SPARQL_Results_JSON",
    "xml": "SPARQL_Results_XML",
    "csv": "SPARQL_Results_CSV",
    "tsv": "SPARQL_Results_TSV",
    "ttl": "Turtle",
    "jsonld": "JSON-LD",
    "rdf": "RDF_XML",
    "nt": "N-Triples",
    "trig": "TriG",
    "nq": "N-Quads",
}
"""The IRIs that the W3C gives these formats, after their namespace."""
_EXTENSIONS: Final = ("SEP-0002/sep-0002.md", "SEP-0006/sep-0006.md")
"""Arithmetic on dates and durations with ADJUST, and LATERAL: proposals that the engine has."""
SERIALISERS: Final = {
    "ttl": RdfFormat.TURTLE,
    "nt": RdfFormat.N_TRIPLES,
    "rdf": RdfFormat.RDF_XML,
    "jsonld": RdfFormat.JSON_LD,
    "trig": RdfFormat.TRIG,
    "nq": RdfFormat.N_QUADS,
}
PREFIXED: Final = ("ttl", "trig", "rdf")
_PREFIXES: Final = {
    "sd": SD,
    **{
        name: STANDARD_PREFIXES[name] for name in ("dcat", "dcterms", "foaf", "rdfs", "void", "xsd")
    },
}


def described(triples: Iterable[Triple], format: Format) -> bytes:
    """Return a description written in one of the RDF formats."""
    out = io.BytesIO()
    prefixes = _PREFIXES if format.name in PREFIXED else None
    serialize(triples, out, SERIALISERS[format.name], prefixes=prefixes)
    return out.getvalue()


def described_service(
    endpoint: str,
    *,
    writable: bool,
    union: bool = False,
    empty_graphs: bool = False,
    federates: bool = False,
    searches: bool = False,
) -> Iterator[Triple]:
    """Yield what the endpoint at an address speaks.

    `union` says that the default graph is the union of the named ones, `empty_graphs` that a graph
    without triples exists, `federates` that it asks some other endpoints, and `searches` that it
    asks the full-text index; updates are among the languages where it is `writable`.
    """
    languages = ["SPARQL10Query", "SPARQL11Query", *(["SPARQL11Update"] if writable else [])]
    features = [
        *(["UnionDefaultGraph"] if union else []),
        *(["EmptyGraphs"] if empty_graphs else []),
        *(["BasicFederatedQuery"] if federates else []),
    ]
    yield from say(
        NamedNode(endpoint),
        (_RDF + "type", SD + "Service"),
        (SD + "endpoint", endpoint),
        *((SD + "supportedLanguage", SD + name) for name in languages),
        *((SD + "feature", SD + name) for name in features),
        *([(SD + "feature", SEARCH + "index")] if searches else []),
        *((SD + "languageExtension", _PROPOSALS + name) for name in _EXTENSIONS),
        *((SD + "resultFormat", _FORMATS + _NAMES[each.name]) for each in (*SOLUTIONS, *GRAPHS)),
        *((SD + "inputFormat", _FORMATS + _NAMES[each.name]) for each in GRAPHS if writable),
        (SD + "defaultEntailmentRegime", _ENTAILMENT + "Simple"),
    )


def described_dataset(
    endpoint: str, default: int, graphs: Mapping[str, int], *, dataset: str | None = DATASET
) -> Iterator[Triple]:
    """Yield the default dataset of an endpoint: its default graph and every named one, counted."""
    node = NamedNode(dataset) if dataset else BlankNode("dataset")
    default_graph = BlankNode("default")
    yield from say(NamedNode(endpoint), (SD + "defaultDataset", node))
    yield from say(
        node,
        (_RDF + "type", SD + "Dataset"),
        (SD + "defaultGraph", default_graph),
    )
    yield from say(default_graph, (_RDF + "type", SD + "Graph"), (_VOID + "triples", default))
    for number, (graph, triples) in enumerate(sorted(graphs.items())):
        yield from _named(node, number, graph, triples)


def described_counts(
    dataset: str, title: str, endpoint: str, counts: Mapping[str, int]
) -> Iterator[Triple]:
    """Yield what VoID and DCAT say of a dataset that an endpoint serves.

    `dataset` is its IRI, `title` is in English; `counts` are by their names in VoID, `triples`
    among them.
    """
    service = NamedNode(endpoint)
    yield from say(
        NamedNode(dataset),
        (_RDF + "type", _VOID + "Dataset"),
        (_RDF + "type", STANDARD_PREFIXES["dcat"] + "Dataset"),
        (_DCTERMS + "title", Literal(title, language="en")),
        (_VOID + "sparqlEndpoint", service),
        *((_VOID + name, number) for name, number in counts.items()),
    )
    yield from say(
        service,
        (_RDF + "type", STANDARD_PREFIXES["dcat"] + "DataService"),
        (STANDARD_PREFIXES["dcat"] + "endpointURL", service),
        (STANDARD_PREFIXES["dcat"] + "servesDataset", dataset),
    )


def described_inferred(endpoint: str, triples: int) -> Iterator[Triple]:
    """Yield the graph of what follows: it is there to be named, and in no dataset unasked."""
    available = BlankNode("available")
    yield from say(NamedNode(endpoint), (SD + "availableGraphs", available))
    yield from say(available, (_RDF + "type", SD + "GraphCollection"))
    yield from _named(
        available,
        "inferred",
        INFERRED_GRAPH,
        triples,
        (SD + "entailmentRegime", _ENTAILMENT + "OWL-RDF-Based"),
        (SD + "supportedEntailmentProfile", _PROFILE + "RL"),
        (
            _RDFS + "comment",
            Literal(
                "What follows from the asserted graphs by OWL 2 RL and by rules, worked out "
                "beforehand; inferred=true adds it to a query.",
                language="en",
            ),
        ),
    )


def _named(
    dataset: NamedNode | BlankNode,
    number: int | str,
    name: str,
    triples: int,
    *more: tuple[str, object],
) -> Iterator[Triple]:
    entry, graph = BlankNode(f"named{number}"), BlankNode(f"graph{number}")
    yield from say(dataset, (SD + "namedGraph", entry))
    yield from say(
        entry,
        (_RDF + "type", SD + "NamedGraph"),
        (SD + "name", name),
        (SD + "graph", graph),
        *more,
    )
    yield from say(graph, (_RDF + "type", SD + "Graph"), (_VOID + "triples", triples))
