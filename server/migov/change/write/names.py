"""How terms are spelt in one file: its prefixes, its base, and the house's own."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Mapping
from itertools import takewhile
from typing import Final

from pyoxigraph import BlankNode, Literal, NamedNode

from migov.dataset.turtle.blocks import Block
from migov.vocabulary import CONCEPT, PREFIXES

_LOCAL = re.compile(r"[A-Za-z0-9_](?:[A-Za-z0-9_\-]|\.(?=[A-Za-z0-9_\-]))*")
_XSD: Final = "http://www.w3.org/2001/XMLSchema#"
_BARE: Final = {
    _XSD + "integer": re.compile(r"[+-]?[0-9]+"),
    _XSD + "decimal": re.compile(r"[+-]?[0-9]*\.[0-9]+"),
    _XSD + "double": re.compile(r"[+-]?(?:[0-9]+(?:\.[0-9]*)?|\.[0-9]+)[eE][+-]?[0-9]+"),
    _XSD + "boolean": re.compile(r"true|false"),
}
_ESCAPES: Final = {"\\": "\\\\", '"': '\\"', "\n": "\\n", "\r": "\\r", "\t": "\\t"}
_SPECIAL = re.compile(r'[\\"\x00-\x1f\x7f]')
_TYPE: Final = "http://www.w3.org/1999/02/22-rdf-syntax-ns#type"


class Names:
    """Spells terms for one file and remembers which prefixes it has to declare for them."""

    def __init__(self, blocks: Iterable[Block], graph: str) -> None:
        blocks = list(blocks)
        directives = [block.directive for block in blocks if block.directive]
        head = {block.directive for block in takewhile(lambda block: block.directive, blocks)}
        counts = Counter(words[:-1] for words in directives)
        self._graph = graph
        self._has_base = [words[1] for words in directives if words[0] == "base"] == [f"<{graph}>"]
        self._taken = {words[1].removesuffix(":") for words in directives if words[0] == "prefix"}
        self._prefixes = {
            words[2][1:-1]: words[1].removesuffix(":")
            for words in directives
            if words in head and words[0] == "prefix" and counts[words[:-1]] == 1
            if ":" in words[2] and "\\" not in words[2]
        }
        self.needed: dict[str, str] = {}
        self.labels: dict[BlankNode, str] = {}

    def predicate(self, term: NamedNode) -> str:
        return "a" if term.value == _TYPE else self.iri(term.value)

    def term(self, term: object) -> str:
        """Return the spelling of a term; a blank node has to have its label already."""
        match term:
            case NamedNode():
                return self.iri(term.value)
            case BlankNode():
                return self.labels[term]
            case Literal():
                return self._literal(term)
        raise TypeError(f"{term!r} is not a term of RDF 1.1")

    def iri(self, iri: str) -> str:
        """Return `<>`, a prefixed name, or the whole IRI."""
        if iri == self._graph and self._has_base:
            return "<>"
        for namespace, prefix in self._candidates(iri):
            if _LOCAL.fullmatch(iri.removeprefix(namespace)):
                if prefix not in self._taken:
                    self._taken.add(prefix)
                    self._prefixes[namespace] = prefix
                    self.needed[prefix] = namespace
                return f"{prefix}:{iri.removeprefix(namespace)}"
        return f"<{iri}>"

    def _candidates(self, iri: str) -> list[tuple[str, str]]:
        """Return namespace and prefix pairs for an IRI: those of the file, then of the house."""
        own = [(space, name) for space, name in self._prefixes.items() if iri.startswith(space)]
        own.sort(key=lambda pair: -len(pair[0]))
        house = [
            (space, name)
            for name, space in _house_prefixes(iri).items()
            if iri.startswith(space) and name not in self._taken
        ]
        return own + house

    def _literal(self, literal: Literal) -> str:
        datatype = literal.datatype.value
        bare = _BARE.get(datatype)
        if bare is not None and bare.fullmatch(literal.value):
            return literal.value
        quoted = f'"{_SPECIAL.sub(lambda found: _escape(found[0]), literal.value)}"'
        if literal.language:
            return f"{quoted}@{literal.language}"
        return quoted if datatype == _XSD + "string" else f"{quoted}^^{self.iri(datatype)}"


def _escape(character: str) -> str:
    return _ESCAPES.get(character) or f"\\u{ord(character):04X}"


def _house_prefixes(iri: str) -> Mapping[str, str]:
    """Return the prefixes of the vocabulary, and that of the concept scheme of the IRI.

    >>> _house_prefixes("https://w3id.org/migov/concept/role/funder")["role"]
    'https://w3id.org/migov/concept/role/'
    """
    scheme, slash, _ = iri.removeprefix(CONCEPT).partition("/")
    if iri.startswith(CONCEPT) and slash and _LOCAL.fullmatch(scheme):
        return {**PREFIXES, scheme: f"{CONCEPT}{scheme}/"}
    return PREFIXES
