"""Results of queries as canonical N-Quads, so that two of them are equal or not.

A solution becomes a blank node with one triple per binding; RDFC-1.0 then decides equality up to
the names of blank nodes. Both sides pass through a store, which gives literals one form per value.
"""

from __future__ import annotations

import csv
from collections.abc import Iterable, Mapping
from pathlib import Path

import rdflib
from pyoxigraph import (
    BlankNode,
    CanonicalizationAlgorithm,
    Dataset,
    Literal,
    NamedNode,
    Quad,
    QueryBoolean,
    QueryResultsFormat,
    RdfFormat,
    Store,
    Triple,
    parse,
    parse_query_results,
    serialize,
)
from rdflib.namespace import RDF, Namespace

RS = Namespace("http://www.w3.org/2001/sw/DataAccess/tests/result-set#")
_FORMATS = {
    ".srx": QueryResultsFormat.XML,
    ".srj": QueryResultsFormat.JSON,
    ".tsv": QueryResultsFormat.TSV,
}
_RDF = {".ttl": RdfFormat.TURTLE, ".rdf": RdfFormat.RDF_XML, ".nt": RdfFormat.N_TRIPLES}
Term = NamedNode | BlankNode | Literal | Triple
Solution = Mapping[str, Term]


def canonical_graph(triples: Iterable[Triple | Quad]) -> str:
    """Return triples as sorted canonical N-Quads."""
    store = Store()
    store.extend(Quad(t.subject, t.predicate, t.object) for t in triples)
    dataset = Dataset(store)
    dataset.canonicalize(CanonicalizationAlgorithm.RDFC_1_0)
    lines = (serialize(dataset, format=RdfFormat.N_QUADS) or b"").decode().splitlines()
    return "\n".join(sorted(lines))


def canonical_solutions(solutions: Iterable[Solution], *, ordered: bool) -> str:
    """Return solutions as canonical N-Quads, with their position when the order counts."""
    triples: list[Triple] = []
    for position, solution in enumerate(solutions):
        row = BlankNode()
        triples.append(Triple(row, NamedNode("row:is"), Literal("solution")))
        if ordered:
            triples.append(Triple(row, NamedNode("row:at"), Literal(position)))
        for name, value in solution.items():
            triples.append(Triple(row, NamedNode(f"var:{name}"), value))
    return canonical_graph(triples)


def read_solutions(body: bytes, format: QueryResultsFormat) -> list[Solution] | bool:
    """Return the solutions, or the truth value, that a results document holds."""
    results = parse_query_results(body, format=format)
    if isinstance(results, QueryBoolean):
        return bool(results)
    names = [variable.value for variable in results.variables]
    return [{name: value for name in names if (value := row[name]) is not None} for row in results]


def expected(path: Path) -> list[Solution] | bool | str:
    """Return what a result file expects: solutions, a truth value, or a canonical graph."""
    if path.suffix in _FORMATS:
        return read_solutions(path.read_bytes(), _FORMATS[path.suffix])
    graph = rdflib.Graph()
    graph.parse(path, publicID=path.as_uri())
    sets = list(graph.subjects(RDF.type, RS.ResultSet))
    if not sets:
        triples = parse(path=path, format=_RDF[path.suffix], base_iri=path.as_uri())
        return canonical_graph(triples)
    truth = graph.value(sets[0], RS.boolean)
    if truth is not None:
        return str(truth) == "true"
    rows = sorted(
        graph.objects(sets[0], RS.solution),
        key=lambda row: int(str(graph.value(row, RS["index"]) or 0)),
    )
    return [
        {
            str(graph.value(binding, RS.variable)): _term(graph.value(binding, RS.value))
            for binding in graph.objects(row, RS.binding)
        }
        for row in rows
    ]


def csv_rows(text: str) -> list[list[tuple[str, str]]]:
    """Return the rows of a CSV result, sorted, each cell with its column.

    CSV is lossy by design: labels of blank nodes say nothing, so all of them read the same; nor
    does the order of the columns of SELECT *.
    """
    return sorted(
        sorted((name, "_:" if cell.startswith("_:") else cell) for name, cell in row.items())
        for row in csv.DictReader(text.splitlines())
    )


def _term(node: rdflib.term.Node | None) -> Term:
    assert isinstance(node, rdflib.term.Identifier)
    (triple,) = parse(f"<a:s> <a:p> {node.n3()} .".encode(), format=RdfFormat.TURTLE)
    value: Term = triple.object
    return value
