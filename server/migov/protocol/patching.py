"""PATCH of the Graph Store HTTP Protocol, section 5.7: an update of one graph and no other.

The text is brought to its graph on tokens: what it inserts and deletes gets GRAPH or WITH, and an
update that itself names a graph is refused, whether it would write there or read.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from pyoxigraph import NamedNode

from migov.errors import ParameterError, Place, QuerySyntaxError
from migov.sparql.tokens import Token, readings, tokenize, unescaped

_ELSEWHERE: Final = (
    "GRAPH", "WITH", "USING", "CLEAR", "DROP", "CREATE", "ADD", "MOVE", "COPY", "LOAD",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Patch:
    """An update that touches one graph alone, and where what was sent stands in it."""

    text: str
    insertions: tuple[tuple[int, str], ...] = ()
    """Offsets in what was sent, in order, and what was put there."""

    def place(self, place: Place, sent: str) -> Place:
        """Return where a place of `text` is in what was sent."""
        if place.line is None or place.column is None:
            return place
        lines = self.text.split("\n")
        offset = sum(len(line) + 1 for line in lines[: place.line - 1]) + place.column - 1
        moved = 0
        for at, added in self.insertions:
            if at + moved + len(added) > offset:
                offset = max(offset - moved, at) if offset < at + moved else at
                break
            moved += len(added)
        else:
            offset -= moved
        before = sent[:offset].split("\n")
        return Place.within("update", sent, len(before), len(before[-1]) + 1)


def restricted(text: str, graph: str | None) -> Patch:
    """Return an update that does to a graph, None for the default graph, what the text says.

    Raises ParameterError (422, as the section has it) for an update of any other graph, and
    QuerySyntaxError for a text that two parsers could read in two ways.

    >>> restricted("DELETE { ?s ?p 1 } WHERE { ?s ?p 1 }", "http://a/g").text
    'WITH <http://a/g> DELETE { ?s ?p 1 } WHERE { ?s ?p 1 }'
    >>> restricted("INSERT DATA { <a:b> <a:c> 1 }", "http://a/g").text
    'INSERT DATA { GRAPH <http://a/g> { <a:b> <a:c> 1 } }'
    """
    source = unescaped(text)
    tokens = tokenize(source)
    kinds = [(token.kind, token.text) for token in tokens]
    for reading in readings(source):
        if [(token.kind, token.text) for token in reading] != kinds:
            raise QuerySyntaxError(
                "The update can be read in two ways.",
                place=Place("update"),
                hint="Put a space on both sides of every < and >, and write no escapes.",
            )
    for token in tokens:
        if token.is_word(*_ELSEWHERE):
            raise ParameterError(
                f"{token.text.upper()} speaks of a graph, and a PATCH is about one graph alone.",
                hint="Leave it out, or POST the update to /sparql.",
            )
    if graph is None:
        return Patch(source)
    insertions = _insertions(tokens, str(NamedNode(graph)))
    parts, end = [], 0
    for at, added in insertions:
        parts += [source[end:at], added]
        end = at
    return Patch("".join([*parts, source[end:]]), tuple(insertions))


def _insertions(tokens: Sequence[Token], graph: str) -> list[tuple[int, str]]:
    found: list[tuple[int, str]] = []
    level = 0
    closes_at = 0
    words: list[str] = []
    for token in tokens:
        if token.text == "{" and token.kind == "mark":
            level += 1
            if level == 1 and (words[-1:] == ["DATA"] or words == ["DELETE", "WHERE"]):
                found.append((token.offset + 1, f" GRAPH {graph} {{"))
                closes_at = level
            if level == 1:
                words.append("{")
        elif token.text == "}" and token.kind == "mark":
            if closes_at and level == closes_at:
                found.append((token.offset, "} "))
                closes_at = 0
            level -= 1
        elif level == 0 and token.text == ";":
            words = []
        elif level == 0 and token.kind == "word":
            words.append(token.text.upper())
            if words in (["INSERT"], ["DELETE"]):
                found.append((token.offset, f"WITH {graph} "))
            elif words in (["INSERT", "DATA"], ["DELETE", "DATA"], ["DELETE", "WHERE"]):
                del found[-1]  # these have no WITH
        if words[:1] in (["PREFIX"], ["BASE"]):
            words = []
    return found
