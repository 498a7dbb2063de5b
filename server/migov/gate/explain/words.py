"""What a shape expects, in words: each constraint as a phrase in English and French."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from typing import Any, Final

from rdflib import RDF, Graph, Literal, URIRef
from rdflib.term import Node

from migov.gate.paths import path_text
from migov.gate.shapes import SH
from migov.vocabulary import CONCEPT, compact

Phrase = tuple[str, str]
_SHOWN: Final = 8
_OF_A_VALUE: Final = ("class", "datatype", "nodeKind", "in", "hasValue", "pattern", "node", "or")
_KINDS: Final[dict[str, Phrase]] = {
    "IRI": ("an IRI", "une IRI"),
    "Literal": ("a literal", "un littéral"),
    "BlankNode": ("a node in brackets", "un nœud entre crochets"),
    "BlankNodeOrIRI": ("a thing, not a text", "une chose, non un texte"),
    "BlankNodeOrLiteral": ("a text or a node in brackets", "un texte ou un nœud entre crochets"),
    "IRIOrLiteral": ("an IRI or a literal", "une IRI ou un littéral"),
}


def expected(shapes: Graph, shape: Node, component: str | None = None) -> Phrase | None:
    """Return what a shape expects of a value, or what its one violated component expects."""
    only = _parameter(component)
    phrases = list(_phrases(shapes, shape, only, frozenset()))
    if only in ("minCount", "maxCount"):  # how many of what
        for name in _OF_A_VALUE:
            phrases += _phrases(shapes, shape, name, frozenset())
    return _joined(phrases, (", ", ", ")) if phrases else None


def _parameter(component: str | None) -> str | None:
    """Return the name of the parameter of a constraint component.

    >>> _parameter("http://www.w3.org/ns/shacl#MinCountConstraintComponent")
    'minCount'
    """
    name = (component or "").rpartition("#")[2].removesuffix("ConstraintComponent")
    special = {
        "QualifiedMinCount": "qualifiedValueShape",
        "QualifiedMaxCount": "qualifiedValueShape",
    }
    return special.get(name, name[:1].lower() + name[1:]) or None


def _phrases(
    shapes: Graph, shape: Node, only: str | None, seen: frozenset[Node]
) -> Iterator[Phrase]:
    if shape in seen:
        return
    seen |= {shape}
    for name, tell in _TOLD.items():
        if only not in (None, name):
            continue
        for value in sorted(shapes.objects(shape, SH[name]), key=str):
            phrase = tell(shapes, shape, value, seen)
            if phrase is not None:
                yield phrase


def _name(node: object) -> str:
    if isinstance(node, URIRef):
        short = compact(str(node))
        return f"<{node}>" if short == str(node) else short
    if isinstance(node, Literal):
        return f"“{node}”"
    return "[]"


def _same(text: Callable[[str], Phrase]) -> Any:
    return lambda shapes, shape, value, seen: text(_name(value))


def _plain(text: Callable[[str], Phrase]) -> Any:
    return lambda shapes, shape, value, seen: text(str(value))


def _kind(shapes: Graph, shape: Node, value: Node, seen: frozenset[Node]) -> Phrase | None:
    return _KINDS.get(str(value).rpartition("#")[2])


def _datatype(shapes: Graph, shape: Node, value: Node, seen: frozenset[Node]) -> Phrase:
    if value == RDF.langString:
        return "a text with a language tag", "un texte avec une étiquette de langue"
    return f"a literal of {_name(value)}", f"un littéral de type {_name(value)}"


def _in(shapes: Graph, shape: Node, value: Node, seen: frozenset[Node]) -> Phrase:
    items = [_name(item) for item in shapes.items(value)]
    more = ", …" if len(items) > _SHOWN else ""
    listed = ", ".join(items[:_SHOWN]) + more
    return f"one of {listed}", f"une des valeurs {listed}"


def _languages(shapes: Graph, shape: Node, value: Node, seen: frozenset[Node]) -> Phrase:
    tags = [f"@{item}" for item in shapes.items(value)]
    en = " or ".join(tags)
    return f"a text with the tag {en}", f"un texte avec l’étiquette {' ou '.join(tags)}"


def _node(shapes: Graph, shape: Node, value: Node, seen: frozenset[Node]) -> Phrase | None:
    """Tell what a shape that is pointed to expects; a concept of a scheme is said in short."""
    inner = list(_phrases(shapes, value, None, seen))
    for property_ in shapes.objects(value, SH.property):
        path = shapes.value(property_, SH.path)
        scheme = shapes.value(property_, SH.hasValue)
        if isinstance(path, URIRef) and str(scheme).startswith(CONCEPT):
            name = str(scheme).removeprefix(CONCEPT)
            return f"a concept of {name}:", f"un concept de {name}:"
        inner += _phrases(shapes, property_, None, seen)
    return _joined(inner, (", ", ", ")) if inner else None


def _or(shapes: Graph, shape: Node, value: Node, seen: frozenset[Node]) -> Phrase | None:
    inner = [_node(shapes, shape, item, seen) for item in shapes.items(value)]
    return _joined([phrase for phrase in inner if phrase], (" or ", " ou "))


def _and(shapes: Graph, shape: Node, value: Node, seen: frozenset[Node]) -> Phrase | None:
    inner = [_node(shapes, shape, item, seen) for item in shapes.items(value)]
    return _joined([phrase for phrase in inner if phrase], (", ", ", "))


def _not(shapes: Graph, shape: Node, value: Node, seen: frozenset[Node]) -> Phrase | None:
    inner = _node(shapes, shape, value, seen)
    return None if inner is None else (f"not {inner[0]}", f"pas {inner[1]}")


def _qualified(shapes: Graph, shape: Node, value: Node, seen: frozenset[Node]) -> Phrase | None:
    inner = _node(shapes, shape, value, seen)
    if inner is None:
        return None
    least = shapes.value(shape, SH.qualifiedMinCount)
    most = shapes.value(shape, SH.qualifiedMaxCount)
    if least is not None:
        return f"at least {least}: {inner[0]}", f"au moins {least} : {inner[1]}"
    return f"at most {most}: {inner[0]}", f"au plus {most} : {inner[1]}"


def _closed(shapes: Graph, shape: Node, value: Node, seen: frozenset[Node]) -> Phrase | None:
    if str(value) not in ("true", "1"):
        return None
    allowed = {
        path_text(shapes, path)
        for property_ in shapes.objects(shape, SH.property)
        if isinstance(path := shapes.value(property_, SH.path), URIRef)
    }
    for holder in shapes.objects(shape, SH.ignoredProperties):
        allowed |= {_name(item) for item in shapes.items(holder)}
    listed = ", ".join(sorted(allowed))
    return f"no other properties than {listed}", f"aucune autre propriété que {listed}"


def _joined(phrases: Iterable[Phrase], by: Phrase) -> Phrase | None:
    listed = list(dict.fromkeys(phrases))
    if not listed:
        return None
    return by[0].join(en for en, _ in listed), by[1].join(fr for _, fr in listed)


_TOLD: Final[dict[str, Any]] = {
    "minCount": _plain(lambda n: (f"at least {n}", f"au moins {n}")),
    "maxCount": _plain(lambda n: (f"at most {n}", f"au plus {n}")),
    "class": _same(lambda c: (f"a thing of class {c}", f"une chose de classe {c}")),
    "datatype": _datatype,
    "nodeKind": _kind,
    "in": _in,
    "hasValue": _same(lambda v: (f"the value {v}", f"la valeur {v}")),
    "languageIn": _languages,
    "uniqueLang": lambda g, s, v, seen: (
        "one text for each language",
        "un seul texte par langue",
    ),
    "pattern": _plain(lambda p: (f"a text like {p}", f"un texte de la forme {p}")),
    "minLength": _plain(lambda n: (f"{n} characters or more", f"{n} caractères ou plus")),
    "maxLength": _plain(lambda n: (f"{n} characters or fewer", f"{n} caractères au plus")),
    "minInclusive": _plain(lambda n: (f"{n} or more", f"{n} ou plus")),
    "maxInclusive": _plain(lambda n: (f"{n} or less", f"{n} ou moins")),
    "minExclusive": _plain(lambda n: (f"more than {n}", f"plus de {n}")),
    "maxExclusive": _plain(lambda n: (f"less than {n}", f"moins de {n}")),
    "equals": _same(lambda p: (f"the same values as {p}", f"les mêmes valeurs que {p}")),
    "disjoint": _same(lambda p: (f"no value of {p}", f"aucune valeur de {p}")),
    "lessThan": _same(lambda p: (f"less than {p}", f"moins que {p}")),
    "lessThanOrEquals": _same(lambda p: (f"not more than {p}", f"pas plus que {p}")),
    "node": _node,
    "or": _or,
    "and": _and,
    "xone": _or,
    "not": _not,
    "qualifiedValueShape": _qualified,
    "closed": _closed,
}
