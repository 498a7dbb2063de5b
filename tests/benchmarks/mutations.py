"""Real records, damaged, for `benchmarks.merge_mutations`: a number and a seed give the same."""

from __future__ import annotations

import random
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Final

from pyoxigraph import BlankNode, Literal, NamedNode, RdfFormat, Triple, serialize

from migov.change import Change, patch
from migov.dataset import ContentFile, read_quads
from migov.dataset.canonical import triple_of
from migov.vocabulary import GRAPH, ID, NS, PREFIXES

Files = Mapping[str, ContentFile]
_XSD: Final = PREFIXES["xsd"]


@dataclass(frozen=True, slots=True)
class Mutation:
    """One request: what it is called, the media type, the query of its address, and its body.

    `target` is the file that it may touch, None for one that may touch no file at all. `triples`
    is what that file has to say if it is merged, as Turtle, or None where only the gate can tell.
    """

    name: str
    media_type: str
    query: Mapping[str, str]
    body: bytes
    target: str | None
    says: bytes | None = None


def mutation(files: Files, number: int, seed: int = 0) -> Mutation:
    """Return one mutation of one file, the same for the same number and seed."""
    source = random.Random(f"{seed} {number}")
    paths = sorted(path for path in files if path.startswith("data/") or source.random() < 0.2)
    path = source.choice([path for path in paths if path.endswith(".ttl")])
    (kind,) = source.choices((_of_text, _of_triples, _hostile, _swap), (2, 3, 1, 1))
    return kind(files, path, source)


def _whole(name: str, path: str, body: bytes, source: random.Random) -> Mutation:
    """Return a mutation that gives a file another content, in one of the ways to say so."""
    query = {"file": path, "replace": "true"}
    return Mutation(name, "text/turtle", query, body, path, body)


# ---- The text


def _of_text(files: Files, path: str, source: random.Random) -> Mutation:
    text = files[path].content
    name, change = source.choice(tuple(_TEXTS.items()))
    mutated = change(text, source)
    if source.random() < 0.3:
        try:
            after = {**files, path: ContentFile(path, mutated)}
            body = patch(Change(files, after)).encode("utf-8", "surrogateescape")
            return Mutation(f"text, {name}, as a patch", "text/x-patch", {}, body, path)
        except UnicodeError:
            pass
    return _whole(f"text, {name}", path, mutated, source)


def _flip(text: bytes, source: random.Random) -> bytes:
    at = source.randrange(len(text))
    return text[:at] + bytes([text[at] ^ (1 << source.randrange(8))]) + text[at + 1 :]


def _drop(text: bytes, source: random.Random) -> bytes:
    at = source.randrange(len(text))
    return text[:at] + text[at + source.choice((1, 1, 2, 8, 40)) :]


def _insert(text: bytes, source: random.Random) -> bytes:
    at = source.randrange(len(text))
    new = source.choice(
        (b".", b";", b",", b'"', b"'", b"<", b">", b"[", b"]", b"(", b")", b"\\", b"\x00", b"#",
         b"\xff", b"@en", b"^^xsd:date", b" a ", b"\xef\xbb\xbf", b"\r", b"<<", b"{", b'"""')
    )  # fmt: skip
    return text[:at] + new + text[at:]


def _cut(text: bytes, source: random.Random) -> bytes:
    return text[: source.randrange(len(text))]


def _swap_lines(text: bytes, source: random.Random) -> bytes:
    lines = text.split(b"\n")
    one, other = source.randrange(len(lines)), source.randrange(len(lines))
    lines[one], lines[other] = lines[other], lines[one]
    return b"\n".join(lines)


def _twice(text: bytes, source: random.Random) -> bytes:
    lines = text.split(b"\n")
    at = source.randrange(len(lines))
    return b"\n".join([*lines[: at + 1], *lines[at:]])


def _without_line(text: bytes, source: random.Random) -> bytes:
    lines = text.split(b"\n")
    del lines[source.randrange(len(lines))]
    return b"\n".join(lines)


def _misspell(text: bytes, source: random.Random) -> bytes:
    names = list(re.finditer(rb"\b[a-z-]+:[a-zA-Z-]{3,}", text))
    if not names:
        return _flip(text, source)
    found = source.choice(names)
    at = source.randrange(found.start(), found.end())
    return text[:at] + bytes([source.choice(b"abcxyz-")]) + text[at + 1 :]


_TEXTS: Final[Mapping[str, Callable[[bytes, random.Random], bytes]]] = {
    "a bit flipped": _flip,
    "some bytes gone": _drop,
    "a mark too many": _insert,
    "cut short": _cut,
    "lines swapped": _swap_lines,
    "a line twice": _twice,
    "a line gone": _without_line,
    "a name misspelt": _misspell,
}


# ---- The triples


def _of_triples(files: Files, path: str, source: random.Random) -> Mutation:
    base = GRAPH + path
    old = _triples(files[path])
    plain = [triple for triple in old if not _is_blank(triple)] or old
    name, change = source.choice(tuple(_TRIPLES.items()))
    triple = source.choice(plain)
    new = change(triple, plain, source)
    after = [each for each in old if each != triple] + new
    as_turtle = serialize(after, format=RdfFormat.N_TRIPLES) or b""
    way = source.randrange(4)
    name = f"triples, {name}"
    if way == 0 or _is_blank(triple) or any(_is_blank(each) for each in new):
        return _whole(name, path, as_turtle, source)
    if way == 1:
        lines = [f"D {triple} <{base}> .", *(f"A {each} <{base}> ." for each in new)]
        body = "\n".join(lines).encode("utf-8", "surrogatepass")
        return Mutation(f"{name}, as RDF Patch", "application/rdf-patch", {}, body, path, as_turtle)
    if way == 2:
        said = " ".join(f"{each} ." for each in new)
        update = f"DELETE DATA {{ GRAPH <{base}> {{ {triple} }} }}"
        update += f" ; INSERT DATA {{ GRAPH <{base}> {{ {said} }} }}" if new else ""
        return Mutation(
            f"{name}, as an update", "application/sparql-update", {}, update.encode(), path
        )
    body = f"GRAPH <{base}> {{\n{as_turtle.decode()}}}".encode()
    return Mutation(
        f"{name}, as TriG", "application/trig", {"replace": "true"}, body, path, as_turtle
    )


def _triples(file: ContentFile) -> list[Triple]:
    """Return what a file says, its blank nodes named alike each time."""
    return list(dict.fromkeys(triple_of(quad) for quad in read_quads(file)))


def _is_blank(triple: Triple) -> bool:
    return isinstance(triple.subject, BlankNode) or isinstance(triple.object, BlankNode)


def _with(triple: Triple, value: object) -> list[Triple]:
    return [Triple(triple.subject, triple.predicate, value)]  # type: ignore[arg-type]


def _removed(triple: Triple, others: list[Triple], source: random.Random) -> list[Triple]:
    return []


def _other_type(triple: Triple, others: list[Triple], source: random.Random) -> list[Triple]:
    text = str(getattr(triple.object, "value", ""))
    datatype = source.choice(("date", "gYear", "integer", "decimal", "boolean", "anyURI", "string"))
    return _with(triple, Literal(text, datatype=NamedNode(_XSD + datatype)))


def _other_language(triple: Triple, others: list[Triple], source: random.Random) -> list[Triple]:
    text = str(getattr(triple.object, "value", ""))
    return _with(triple, Literal(text, language=source.choice(("en", "fr", "de", "ar", "x-none"))))


def _other_kind(triple: Triple, others: list[Triple], source: random.Random) -> list[Triple]:
    if isinstance(triple.object, NamedNode):
        return _with(triple, Literal(triple.object.value))
    return _with(triple, NamedNode(ID + "actor/ilo"))


def _other_value(triple: Triple, others: list[Triple], source: random.Random) -> list[Triple]:
    return _with(triple, source.choice(others).object)


def _other_predicate(triple: Triple, others: list[Triple], source: random.Random) -> list[Triple]:
    new = source.choice(
        (
            source.choice(others).predicate,
            NamedNode(NS + source.choice(("fundedBy", "Actor", "sope", "role"))),
            NamedNode("http://a.example/p"),
        )
    )
    return [Triple(triple.subject, new, triple.object)]


def _other_subject(triple: Triple, others: list[Triple], source: random.Random) -> list[Triple]:
    new = source.choice(
        (
            source.choice(others).subject,
            NamedNode(ID + "actor/new-one"),
            NamedNode(ID + "initiative/thamm"),
            NamedNode("http://a.example/s"),
        )
    )
    return [Triple(new, triple.predicate, triple.object)]


def _other_iri(triple: Triple, others: list[Triple], source: random.Random) -> list[Triple]:
    value = triple.object.value if isinstance(triple.object, NamedNode) else ID + "actor/ilo"
    at = source.randrange(len(value))
    new = source.choice(
        (
            value[:at] + source.choice("abcé-/") + value[at + 1 :],
            value + "/",
            value.upper(),
            value.replace("https", "http"),
            value.replace("o", "\u043e"),  # Cyrillic
            value + "%2e%2e",
            "urn:x",
        )
    )
    try:
        return _with(triple, NamedNode(new))
    except ValueError:
        return _with(triple, NamedNode("http://a.example/o"))


def _blank(triple: Triple, others: list[Triple], source: random.Random) -> list[Triple]:
    return _with(triple, BlankNode("new"))


def _other_date(triple: Triple, others: list[Triple], source: random.Random) -> list[Triple]:
    text = source.choice(("2024-02-30", "31-12-2020", "0000-01-01", "9999-12-31", "2020-1-1", ""))
    return _with(triple, Literal(text, datatype=NamedNode(_XSD + "date")))


_TRIPLES: Final[Mapping[str, Callable[[Triple, list[Triple], random.Random], list[Triple]]]] = {
    "one gone": _removed,
    "another datatype": _other_type,
    "another language": _other_language,
    "another kind of term": _other_kind,
    "another value": _other_value,
    "another predicate": _other_predicate,
    "another subject": _other_subject,
    "another IRI": _other_iri,
    "a blank node": _blank,
    "another date": _other_date,
}


# ---- Hostile text


def _hostile(files: Files, path: str, source: random.Random) -> Mutation:
    base = GRAPH + path
    head = f"@base <{base}> .\n@prefix skos: <{PREFIXES['skos']}> .\n"
    subject = f"<{ID}actor/ilo>"
    note = f"{subject} skos:note"
    deep = source.choice((50, 2_000, 40_000))
    name, text = source.choice(
        (
            ("deep nodes", f"{note} " + "[ skos:note " * deep + "1" + " ]" * deep + " ."),
            ("a deep list", f"{note} " + "( " * deep + "1" + " )" * deep + " ."),
            ("a triple term", f"{subject} skos:note <<( {subject} skos:note 1 )>> ."),
            ("a long literal", f'{subject} skos:note "' + "x" * 200_000 + '"@en .'),
            ("a long IRI", f"{subject} skos:related <http://a.example/{'x' * 50_000}> ."),
            ("a script", f'{subject} skos:altLabel "<script>alert(1)</script>"@en .'),
            ("an injection", f"{subject} skos:altLabel \"' }} ; DROP ALL ; INSERT {{\"@en ."),
            ("escapes", f'{subject} skos:altLabel "\\u001b[31m\\u0000\\u202e\\uFFFF"@en .'),
            ("a steering name", f'<{ID}actor/\\u202e> skos:altLabel "x"@en .'),
            ("a way out", f'<{base}/../../../etc/passwd> skos:altLabel "x"@en .'),
            ("a file", f"{subject} skos:related <file:///etc/passwd> ."),
            ("many nodes", "\n".join(f"[] skos:note [ skos:note {n % 7} ] ." for n in range(800))),
            ("a cycle", "_:a skos:related _:b . _:b skos:related _:c . _:c skos:related _:a ."),
            ("a prefix", "@prefix skos: <http://a.example/> . <a> skos:note 1 ."),
        )
    )  # fmt: skip
    body = (head + text).encode("utf-8", "surrogatepass")
    if source.random() < 0.5:
        return Mutation(f"hostile, {name}", "text/turtle", {"file": path}, body, path)
    return _whole(f"hostile, {name}", path, files[path].content + b"\n" + text.encode(), source)


# ---- Another place


def _swap(files: Files, path: str, source: random.Random) -> Mutation:
    other = source.choice(sorted(each for each in files if each.endswith(".ttl")))
    content = files[other].content
    name, target = source.choice(
        (
            ("another file", path),
            ("a new file", f"data/records/new/{source.randrange(9)}.ttl"),
            ("the ontology", "ontology/migov.ttl"),
            ("the people", "data/people/people.ttl"),
        )
    )
    way = source.randrange(4)
    if way == 0:
        where = source.choice(
            (
                "shapes/actor.ttl", "../x.ttl", "data/../shapes/x.ttl", "data/.git/x.ttl", "x.ttl",
                "/etc/passwd", "data/records", f"{GRAPH}inferred", "http://a.example/g", "",
                ".git/config", "data/x.ttl\n", "queries/x.rq", "data/a\\b.ttl", "ontology/x.rq",
            )
        )  # fmt: skip
        query = {"file": where, "replace": "true"}
        return Mutation("place, outside", "text/turtle", query, content, None)
    if way == 1:
        outside = source.choice(
            ("shapes/policy.yaml", "README.md", "../x", ".git/hooks/post-commit", "queries/x.rq")
        )
        text = f"diff --git a/{outside} b/{outside}\n--- a/{outside}\n+++ b/{outside}\n"
        text += "@@ -1 +1 @@\n-blocks: [violation]\n+blocks: []\n"
        return Mutation("place, a patch outside", "text/x-patch", {}, text.encode(), None)
    if way == 2:
        body = serialize(_triples(files[other]), format=RdfFormat.N_TRIPLES) or b""
        return _whole(f"place, {name}, without its base", target, body, source)
    return _whole(f"place, {name}", target, content, source)
