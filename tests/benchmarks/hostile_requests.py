"""Requests that hurt by more than a query: bytes, headers, updates, and addresses to reach."""

from __future__ import annotations

import json
from typing import Final
from urllib.parse import quote

from benchmarks.attacks import FORM, QUERY, RDF, TYPES, UPDATE, Attack, Maker
from benchmarks.hostile_queries import WHOLE

_ASK: Final = "ASK {} #"


def raw_bytes(make: Maker) -> Attack:
    data = make.chance.randbytes(make.size())
    kind = make.chance.random()
    if kind < 0.4:
        return Attack(make.grammar, "POST", "/sparql", data, make.pick(QUERY, FORM, "x/y", ""))
    if kind < 0.6:
        return Attack(make.grammar, "GET", f"/sparql?query={quote(data[:20_000])}")
    if kind < 0.7:
        return make.query(data.decode("latin-1"))
    if kind < 0.8:
        return Attack(make.grammar, "POST", "/sparql", data, UPDATE, is_write=True)
    return make.document(make.chance.choice(list(TYPES)), data)


def reaching(make: Maker) -> Attack:
    trap = make.trap
    silent = make.pick("", "SILENT ")
    inner = f"SERVICE {silent}<{trap}> {{ ?s ?p ?o }}"
    for _ in range(make.chance.randint(0, 3)):
        inner = make.pick("{{ {} }}", "OPTIONAL {{ {} }}", "FILTER EXISTS {{ {} }}").format(inner)
    document = make.chance.choice(
        [
            ("jsonld", json.dumps({"@context": trap, "@id": "a:a", "name": 1})),
            ("jsonld", json.dumps({"@context": [{"@import": trap}, trap], "@graph": []})),
            ("rdf", f'<!DOCTYPE r SYSTEM "{trap}"><rdf:RDF xmlns:rdf="{RDF}"/>'),
            (
                "rdf",
                f'<!DOCTYPE r [<!ENTITY e SYSTEM "{trap}"><!ENTITY % p SYSTEM "{trap}"> %p;]>'
                f'<rdf:RDF xmlns:rdf="{RDF}"><rdf:Description>&e;</rdf:Description></rdf:RDF>',
            ),
            (
                "rdf",
                f'<?xml-stylesheet href="{trap}"?><rdf:RDF xmlns:rdf="{RDF}" xml:base="{trap}"/>',
            ),
            ("ttl", f"@base <{trap}> . @prefix x: <{trap}#> . <> x:a <{trap}> ; a <> ."),
        ]
    )
    graph = quote(trap, safe="")
    choice = make.chance.randrange(10)
    if choice < 3:
        return make.query(f"SELECT * {{ VALUES ?g {{ <{trap}> }} {inner} }}")
    if choice == 3:
        return make.query(f"SELECT * {make.pick('FROM', 'FROM NAMED')} <{trap}> {{ ?s ?p ?o }}")
    if choice == 4:
        wanted = make.pick("default-graph-uri", "named-graph-uri")
        return Attack(make.grammar, "GET", f"/sparql?query={quote(_ASK)}&{wanted}={graph}")
    if choice == 5:
        return Attack(make.grammar, "GET", f"/graphs?graph={graph}")
    if choice == 6:
        text = make.pick("LOAD {}<{}>", "LOAD {}<{}> INTO GRAPH <a:g>").format(silent, trap)
        return make.update(text)
    if choice == 7:
        return make.update(f"INSERT {{ ?s ?p ?o }} WHERE {{ {inner} }}")
    return make.document(*document)


def requests(make: Maker) -> Attack:
    method = make.pick("GET", "POST", "PUT", "DELETE", "PATCH", "OPTIONS", "HEAD", "PROPFIND")
    target = make.chance.choice(
        [
            "/sparql?" + "&".join(["query=ASK%20%7B%7D"] * make.chance.randint(1, 50)),
            "/sparql?query=%FF%FE",
            "/sparql?query=ASK%7B%7D&format=" + quote(make.repeated("../", 1000)),
            "/sparql?" + "&".join(f"a{n}=1" for n in range(make.size(3000))),
            "/sparql?default-graph-uri=" + quote(make.repeated("x:", 10_000)),
            "/" + quote(make.repeated("../", 1000), safe="/.") + "etc/passwd",
            "/id/initiative/" + quote("'\"<>{}|\\^`\0", safe=""),
            "/queries/initiatives-of-country?country=" + quote('"} SERVICE <' + make.trap + "> {"),
            "/graphs?graph=" + quote(make.repeated("%", 1000)),
            "/resolve?id=" + quote(make.repeated("http://", 2000), safe=""),
        ]
    )
    accept = make.pick("*/*", "text/html;q=x", ",".join(["a/b;q=0.1"] * 500), "\x7f", "")
    body = make.chance.randbytes(make.size(1000)) if method in ("POST", "PUT", "PATCH") else b""
    return Attack(make.grammar, method, target, body, make.pick(FORM, QUERY, "a" * 300), accept)


def updates(make: Maker) -> Attack:
    patterns = "".join(f" ?a{n} ?b{n} ?c{n} ." for n in range(make.chance.randint(2, 12)))
    text = make.chance.choice(
        [
            f"INSERT {{ ?a0 ?b0 ?c1 }} WHERE {{{patterns} }}",
            "INSERT DATA { " + make.repeated("<a:a> <a:p> 1 . ", 200_000) + "}",
            "INSERT DATA { <a:a> <a:p> " + make.nested("[ <a:p> ", "1", "]") + " }",
            make.repeated("INSERT DATA { <a:a> <a:p> 1 } ;", 20_000),
            f"DELETE WHERE {{ {make.nested('GRAPH ?g {', '?s ?p ?o', '}')} }}",
            "WITH <a:g> DELETE { ?s ?p ?o } INSERT { ?o ?p ?s } USING <a:h> WHERE { ?s ?p ?o }",
            "DROP ALL ; CREATE GRAPH <a:g> ; CREATE GRAPH <a:g>",
            "INSERT { <a:a> <a:p> ?x } WHERE { "
            + "".join(f" BIND(CONCAT(?a{n}, ?a{n}) AS ?a{n + 1})" for n in range(40))
            + " BIND(?a40 AS ?x) }",
            f"COPY <{make.repeated('a:')}> TO DEFAULT",
            WHOLE[: make.chance.randrange(len(WHOLE))],
        ]
    )
    return make.update(text)
