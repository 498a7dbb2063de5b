"""Queries that hurt whoever parses or runs them: nested, long, damaged, or far too much work."""

from __future__ import annotations

from typing import Final

from benchmarks.attacks import Attack, Maker

_XSD: Final = "http://www.w3.org/2001/XMLSchema#"


def brackets(make: Maker) -> Attack:
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


def expressions(make: Maker) -> Attack:
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


def chains(make: Maker) -> Attack:
    link = make.pick(*(f" {sign} 1" for sign in ("+", "*", "&&", "||", "=", "<", "- -")), ", 1")
    chain = "1" + make.repeated(link)
    text = f"ASK {{ FILTER({'1 IN (' + chain + ')' if ',' in link else chain}) }}"
    return make.query(text)


def paths(make: Maker) -> Attack:
    step = make.pick(
        "/<a:b>", "|<a:b>", "/<a:b>*", "/^<a:b>", "/!(<a:b>|^<a:c>)", "/(<a:b>+|<a:c>?)"
    )
    deep = make.nested("(", "<a:b>", ")" + make.pick("*", "+", "?", ""))
    path = make.pick("<a:a>" + make.repeated(step, 100_000), deep)
    if make.chance.random() < 0.3:
        path = "(" + "|".join(f"!<a:{n}>" for n in range(make.size(1000))) + ")*"
    return make.query(f"SELECT * {{ ?s {path} ?o . ?o {path[:2000]} ?x }}")


def products(make: Maker) -> Attack:
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


def doublings(make: Maker) -> Attack:
    step = make.pick(
        "CONCAT({0}, {0})",
        'REPLACE({0}, "(.)", "$1$1$1$1")',
        "CONCAT(STR({0}), ENCODE_FOR_URI({0}), {0})",
        "CONCAT(UCASE({0}), LCASE({0}))",
    )
    count = make.chance.randint(5, 45)
    binds = "".join(f" BIND({step.format(f'?a{n}')} AS ?a{n + 1})" for n in range(count))
    return make.query(f"SELECT ?a{count} {{ BIND('0123456789ß' AS ?a0){binds} }}")


def values(make: Maker) -> Attack:
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


def literals(make: Maker) -> Attack:
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


WHOLE: Final = """PREFIX a: <http://example.org/> # comment
SELECT DISTINCT ?s (COUNT(?o) AS ?n) FROM NAMED <https://w3id.org/migov/graph/inferred>
WHERE {
  VALUES (?s ?p) { (a:b UNDEF) (UNDEF "x"@en) } OPTIONAL { ?s a:p/a:q*|^a:r ?o FILTER(?o > 1.5e3) }
  { SELECT ?s { ?s !(a:x|^a:y) [ a:z ( 1 2 "\\u00e9" ) ] } }
  UNION { GRAPH ?g { ?s ?p '''x'''^^a:t } }
  BIND(IF(REGEX(STR(?o), "^a+$", "i"), COALESCE(?o, 1), CONCAT("a", 'b')) AS ?x) MINUS { ?s ?p ?x }
} GROUP BY ?s HAVING(COUNT(?o) > 1) ORDER BY DESC(?n) LIMIT 10 OFFSET 1"""


def damaged(make: Maker) -> Attack:
    text = list(WHOLE)
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


def unicode(make: Maker) -> Attack:
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


def regexes(make: Maker) -> Attack:
    pattern = make.chance.choice(
        ["(a+)+$", "(a|a)*b", "(.*){50}", "((a{100}){100}){100}", "(?i)" + "x?" * 500, "[" * 500]
    )
    subject = "a" * make.size(100_000)
    call = make.pick("REGEX('{}', '{}')", "REPLACE('{}', '{}', '$0$0')")
    return make.query(f"SELECT ({call.format(subject, pattern)} AS ?x) {{}}")
