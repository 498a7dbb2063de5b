"""The graph's own statements about one thing, as quads and as bytes in any RDF format."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Final

from pyoxigraph import BlankNode, Literal, NamedNode, Quad, RdfFormat, Triple, serialize

from migov.engine import Engine, Row, select
from migov.entities.sparql import values
from migov.vocabulary import NS, STANDARD_PREFIXES

_FORMATS: Final = {
    "ttl": RdfFormat.TURTLE,
    "nt": RdfFormat.N_TRIPLES,
    "rdf": RdfFormat.RDF_XML,
    "jsonld": RdfFormat.JSON_LD,
    "trig": RdfFormat.TRIG,
    "nq": RdfFormat.N_QUADS,
}
_WITH_GRAPHS: Final = ("trig", "nq")


def quads_about(engine: Engine, iri: str) -> list[Quad]:
    """Return every asserted quad with this subject, with its nameless nodes to a depth of three,
    its participations and its annotations."""
    rows = select(
        engine,
        f"""PREFIX mg: <{NS}> PREFIX rdf: <{STANDARD_PREFIXES["rdf"]}>
        SELECT DISTINCT ?g ?s ?p ?o WHERE {{
          {values("this", [iri])}
          GRAPH ?g {{
            {{ ?this ?any ?thing . BIND(?this AS ?s) }}
            UNION {{ ?this ?any ?s FILTER(isBlank(?s)) }}
            UNION {{ ?this ?any ?b . FILTER(isBlank(?b)) ?b ?other ?s FILTER(isBlank(?s)) }}
            UNION {{ ?this ?any ?b . FILTER(isBlank(?b)) ?b ?other ?c . FILTER(isBlank(?c))
                    ?c ?next ?s FILTER(isBlank(?s)) }}
            UNION {{ ?s mg:participationIn ?this }}
            UNION {{ ?s mg:actor ?this }}
            UNION {{ ?s rdf:subject ?this }}
            ?s ?p ?o
          }}
        }}""",
    )
    return _ordered(map(_quad, rows), NamedNode(iri))


def quads_of_graph(engine: Engine, graph: str) -> list[Quad]:
    """Return the quads of one named graph."""
    rows = select(
        engine,
        f"SELECT ?g ?s ?p ?o WHERE {{ {values('g', [graph])} GRAPH ?g {{ ?s ?p ?o }} }}",
    )
    return _ordered(map(_quad, rows), NamedNode(graph))


def written(quads: Iterable[Quad], format: str, prefixes: Mapping[str, str]) -> bytes:
    """Return quads in one of the RDF formats: TriG and N-Quads keep the graphs, others do not.

    JSON-LD could, but its readers look for what an address says in the default graph. Only the
    prefixes that are used are declared.
    """
    rdf_format = _FORMATS[format]
    quads = list(quads)
    used = _used(quads, prefixes) if rdf_format in (RdfFormat.TURTLE, RdfFormat.TRIG) else None
    if format in _WITH_GRAPHS:
        return serialize(quads, format=rdf_format, prefixes=used) or b""
    triples: dict[Triple, None] = {quad.triple: None for quad in quads}
    return serialize(triples, format=rdf_format, prefixes=used) or b""


def _quad(row: Row) -> Quad:
    subject, predicate, graph = row["s"], row["p"], row["g"]
    assert not isinstance(subject, Literal)
    assert isinstance(predicate, NamedNode)
    assert isinstance(graph, NamedNode)
    return Quad(subject, predicate, row["o"], graph)


def _ordered(quads: Iterable[Quad], first: NamedNode) -> list[Quad]:
    def rank(quad: Quad) -> tuple[str, bool, bool, str, str, str]:
        return (
            str(quad.graph_name),
            quad.subject != first,
            isinstance(quad.subject, BlankNode),
            str(quad.subject),
            str(quad.predicate),
            str(quad.object),
        )

    return sorted(quads, key=rank)


def _used(quads: Iterable[Quad], prefixes: Mapping[str, str]) -> dict[str, str]:
    found: set[str] = set()
    for quad in quads:
        for term in (quad.subject, quad.predicate, quad.object, quad.graph_name):
            if isinstance(term, Literal):
                found.add(term.datatype.value)
            elif isinstance(term, NamedNode):
                found.add(term.value)
    return {
        prefix: namespace
        for prefix, namespace in prefixes.items()
        if any(iri.startswith(namespace) for iri in found)
    }
