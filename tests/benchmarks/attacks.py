"""One request that means harm, and what the grammars of hostile texts make it with.

Sizes go from nothing to a megabyte, most of them small, because a parser that breaks mostly breaks
early.
"""

from __future__ import annotations

import random
from dataclasses import dataclass
from typing import Final
from urllib.parse import quote, urlencode

MEGABYTE: Final = 1_000_000
QUERY: Final = "application/sparql-query"
UPDATE: Final = "application/sparql-update"
FORM: Final = "application/x-www-form-urlencoded"
TYPES: Final = {
    "ttl": "text/turtle",
    "nt": "application/n-triples",
    "rdf": "application/rdf+xml",
    "jsonld": "application/ld+json",
    "trig": "application/trig",
    "nq": "application/n-quads",
}
RDF: Final = "http://www.w3.org/1999/02/22-rdf-syntax-ns#"


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


class Maker:
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
        return Attack(self.grammar, method, target, data, TYPES[format], is_write=True)
