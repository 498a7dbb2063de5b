"""The canned queries as RDF: SPARQL executables (SHACL Advanced Features, section 7.2 and kin)."""

from __future__ import annotations

import io
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Final

from pyoxigraph import BlankNode, Literal, NamedNode, Triple, serialize

from migov.catalogue import CannedQuery, Parameter
from migov.dumps.description import say
from migov.protocol.description import PREFIXED, SERIALISERS
from migov.protocol.formats import Format
from migov.vocabulary import BASE, STANDARD_PREFIXES

QUERIES: Final = BASE + "queries"
"""The collection of the canned queries, which also declares their prefixes."""

_RDF, _RDFS, _SH, _XSD, _SKOS, _SCHEMA, _DCTERMS = (
    STANDARD_PREFIXES[name] for name in ("rdf", "rdfs", "sh", "xsd", "skos", "schema", "dcterms")
)
_CLASSES: Final = {
    "SELECT": ("SPARQLSelectExecutable", "select"),
    "ASK": ("SPARQLAskExecutable", "ask"),
    "CONSTRUCT": ("SPARQLConstructExecutable", "construct"),
}
_DATATYPES: Final = {"date": "date", "number": "decimal", "text": "string", "choice": "string"}


def queries_in(
    catalogue: Mapping[str, CannedQuery], prefixes: Mapping[str, str], root: str, format: Format
) -> bytes:
    """Return the canned queries written in one of the RDF formats.

    `root` is the address of the server that answers them, with its final slash.
    """
    out = io.BytesIO()
    short = {name: STANDARD_PREFIXES[name] for name in ("dcterms", "rdfs", "schema", "sh", "xsd")}
    triples = executables(catalogue, prefixes, root)
    given = short if format.name in PREFIXED else None
    serialize(triples, out, SERIALISERS[format.name], prefixes=given)
    return out.getvalue()


def executables(
    catalogue: Mapping[str, CannedQuery], prefixes: Mapping[str, str], root: str
) -> Iterator[Triple]:
    """Yield each canned query with its text as it runs, its parameters, and where it is asked."""
    collection = NamedNode(QUERIES)
    yield from say(collection, (_RDFS + "seeAlso", root + "openapi.json"))
    for slug in catalogue:
        yield from say(collection, (_DCTERMS + "hasPart", f"{QUERIES}/{slug}"))
    declared = {prefix: BlankNode(f"prefix-{prefix}") for prefix in prefixes}
    yield from say(collection, *((_SH + "declare", node) for node in declared.values()))
    for prefix, namespace in prefixes.items():
        yield from say(
            declared[prefix],
            (_RDF + "type", _SH + "PrefixDeclaration"),
            (_SH + "prefix", Literal(prefix)),
            (_SH + "namespace", _typed(namespace, "anyURI")),
        )
    for query in catalogue.values():
        yield from _executable(query, root)


def _executable(query: CannedQuery, root: str) -> Iterator[Triple]:
    node = NamedNode(f"{QUERIES}/{query.slug}")
    kind, text = _CLASSES[query.form]
    held = [BlankNode(f"{query.slug}-{parameter.name}") for parameter in query.parameters]
    yield from say(
        node,
        (_RDF + "type", _SH + "SPARQLExecutable"),
        (_RDF + "type", _SH + kind),
        *_in_languages("label", query.title),
        *_in_languages("comment", query.summary),
        (_SH + text, Literal(query.text)),
        (_SH + "prefixes", QUERIES),
        (_SCHEMA + "target", root + "sparql"),
        (_RDFS + "seeAlso", f"{root}queries/{query.slug}"),
        *((_SH + "parameter", each) for each in held),
    )
    for order, parameter in enumerate(query.parameters):
        yield from _parameter(held[order], order, parameter)


def _parameter(node: BlankNode, order: int, parameter: Parameter) -> Iterator[Triple]:
    """Yield a parameter: the last part of its path is the variable that it fills."""
    yield from say(
        node,
        (_RDF + "type", _SH + "Parameter"),
        (_SH + "path", f"{QUERIES}#{parameter.name}"),
        *((_SH + "name", Literal(text, language=tag)) for tag, text in parameter.label.items()),
        (_SH + "order", order),
        (_SH + "optional", _typed("false" if parameter.required else "true", "boolean")),
    )
    if parameter.default is not None and parameter.type in _DATATYPES:
        datatype = _DATATYPES[parameter.type]
        yield from say(node, (_SH + "defaultValue", _typed(parameter.default, datatype)))
    if parameter.type == "concept" and parameter.of:
        within, rule = BlankNode(f"{node.value}-in"), BlankNode(f"{node.value}-scheme")
        yield from say(node, (_SH + "node", within), (_SH + "nodeKind", _SH + "IRI"))
        yield from say(within, (_SH + "property", rule))
        yield from say(rule, (_SH + "path", _SKOS + "inScheme"), (_SH + "hasValue", parameter.of))
    elif parameter.type == "entity" and parameter.of:
        yield from say(node, (_SH + "class", parameter.of), (_SH + "nodeKind", _SH + "IRI"))
    elif parameter.choices:
        first = BlankNode(f"{node.value}-0")
        yield from say(node, (_SH + "in", first))
        yield from _list(f"{node.value}-", parameter.choices)
    else:
        yield from say(node, (_SH + "datatype", _XSD + _DATATYPES[parameter.type]))


def _list(name: str, items: Sequence[str]) -> Iterator[Triple]:
    for number, item in enumerate(items):
        is_last = number == len(items) - 1
        rest = NamedNode(_RDF + "nil") if is_last else BlankNode(f"{name}{number + 1}")
        yield from say(
            BlankNode(f"{name}{number}"),
            (_RDF + "first", Literal(item)),
            (_RDF + "rest", rest),
        )


def _in_languages(term: str, texts: Mapping[str, str]) -> Iterable[tuple[str, Literal]]:
    return ((_RDFS + term, Literal(text, language=tag)) for tag, text in texts.items())


def _typed(text: str, datatype: str) -> Literal:
    return Literal(text, datatype=NamedNode(_XSD + datatype))
