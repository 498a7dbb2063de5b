"""Documents of RDF that hurt whoever parses them."""

from __future__ import annotations

import json

from benchmarks.attacks import RDF, Attack, Maker


def turtle(make: Maker) -> Attack:
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


def xml(make: Maker) -> Attack:
    levels = make.chance.randint(2, 30)
    entities = '<!ENTITY e0 "0123456789">' + "".join(
        f'<!ENTITY e{n + 1} "{f"&e{n};" * 10}">' for n in range(levels)
    )
    head = f'<rdf:RDF xmlns:rdf="{RDF}" xmlns:a="http://example.org/">'
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


def json_ld(make: Maker) -> Attack:
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
