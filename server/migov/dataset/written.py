"""Turtle text → where each of its triples is written, in the order in which pyoxigraph gives them.

pyoxigraph reads the file and says no places. This walks the same tokens and notes, for each
triple, the offsets of its three terms and the token at which the parser lets it out: a plain
string waits for the token after it, a list for the one after its parenthesis, a node in brackets
for the one that closes it; what comes out at the same token comes out last first.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Final

from migov.dataset.turtle.tokens import Token, tokenize, unknown
from migov.vocabulary import STANDARD_PREFIXES

_RDF: Final = STANDARD_PREFIXES["rdf"]
FIRST, REST, _TYPE = _RDF + "first", _RDF + "rest", _RDF + "type"
_SPACE = ("space", "comment")
_ESCAPE = re.compile(r"\\([_~.\-!$&'()*+,;=/?#@%])")
_CODEPOINT = re.compile(r"\\u([0-9A-Fa-f]{4})|\\U([0-9A-Fa-f]{8})")
_SCHEME = re.compile(r"[A-Za-z][A-Za-z0-9+.\-]*:")


@dataclass(slots=True)
class Written:
    """One triple as it is written: offsets of its terms, where its object ends, and its kind.

    `predicate_iri` is None where the file writes a relative IRI; `kind` is that of the object:
    "iri", "blank" or "literal".
    """

    subject: int
    predicate: int
    object: int
    end: int
    kind: str
    predicate_iri: str | None
    at: int


@dataclass(slots=True)
class _Frame:
    """What is open: a statement, a node in brackets, or a list with the triple that holds it."""

    mark: str
    start: int
    subject: int | None = None
    predicate: Token | None = None
    holder: Written | None = None


@dataclass(slots=True)
class _Reader:
    text: str
    tokens: list[Token]
    written: list[Written] = field(default_factory=list)
    stack: list[_Frame] = field(default_factory=list)
    prefixes: dict[str, str] = field(default_factory=dict)
    at: int = 0

    def read(self) -> None:
        while self.at < len(self.tokens):
            token = self.tokens[self.at]
            if not self.stack and self._directive(token):
                continue
            self._token(token)
            self.at += 1

    def _directive(self, token: Token) -> bool:
        name = token.text.removeprefix("@").upper()
        if token.kind not in ("directive", "word") or name not in ("PREFIX", "BASE"):
            return False
        if name == "PREFIX":
            prefix, iri = self.tokens[self.at + 1], self.tokens[self.at + 2]
            self.prefixes[prefix.text] = _unescaped(iri.text[1:-1])
        self.at += (3 if name == "PREFIX" else 2) + (token.kind == "directive")
        return True

    def _token(self, token: Token) -> None:
        if not self.stack:
            self.stack.append(_Frame("", token.offset))
        top = self.stack[-1]
        match token.text:
            case "[":
                self.stack.append(_Frame("[", token.offset, subject=token.offset))
            case "]":
                self.stack.pop()
                self._node(top.start, token.offset + 1, "blank", self.at)
            case "(":
                empty = self.tokens[self.at + 1].text == ")"
                kind = "iri" if empty else "blank"
                holder = self._node(token.offset, token.offset + 1, kind, self.at + 1)
                self.stack.append(_Frame("(", token.offset, holder=holder))
            case ")":
                if top.holder is not None:
                    top.holder.end = token.offset + 1
                self.stack.pop()
            case ".":
                self.stack.pop()
            case ";":
                top.predicate = None
            case ",":
                pass
            case _:
                self._term(token, top)

    def _term(self, token: Token, top: _Frame) -> None:
        if top.mark != "(" and top.subject is not None and top.predicate is None:
            top.predicate = token
            return
        end = token.offset + len(token.text)
        if token.kind == "string":
            self._string(token)
        elif token.kind in ("iri", "name"):
            self._node(token.offset, end, "iri", self.at)
        elif token.kind == "blank":
            self._node(token.offset, end, "blank", self.at)
        elif token.kind in ("number", "word"):
            self._node(token.offset, end, "literal", self.at)
        else:
            raise unknown(self.text, token.offset)

    def _string(self, token: Token) -> None:
        after = self.tokens[self.at + 1]
        if after.kind in ("language", "datatype"):
            self.at += 1 if after.kind == "language" else 2
            last = self.tokens[self.at]
            self._node(token.offset, last.offset + len(last.text), "literal", self.at)
        else:
            self._node(token.offset, token.offset + len(token.text), "literal", self.at + 1)

    def _node(self, start: int, end: int, kind: str, at: int) -> Written | None:
        """Take a whole node as subject or object of what is open; return the triple it ends."""
        top = self.stack[-1]
        if top.mark == "(":
            return None
        if top.subject is None:
            top.subject = start
            return None
        assert top.predicate is not None
        iri = self._iri(top.predicate)
        triple = Written(top.subject, top.predicate.offset, start, end, kind, iri, at)
        if iri not in (FIRST, REST):
            self.written.append(triple)
        return triple

    def _iri(self, token: Token) -> str | None:
        if token.text == "a":
            return _TYPE
        if token.kind == "iri":
            iri = _unescaped(token.text[1:-1])
        else:
            prefix, _, local = token.text.partition(":")
            iri = self.prefixes.get(prefix + ":", "") + _ESCAPE.sub(r"\1", local)
        return iri if _SCHEME.match(iri) else None


def read_written(text: str) -> list[Written]:
    """Return the triples of valid Turtle but those that make up lists; raises UnknownTurtleError.

    >>> [t.object for t in read_written('<a:s> <a:p> [ <a:q> "x" ] .')]
    [12, 20]
    """
    reader = _Reader(text, [token for token in tokenize(text) if token.kind not in _SPACE])
    try:
        reader.read()
    except (IndexError, AssertionError) as error:  # a shape of statement that RDF 1.1 has not
        raise unknown(text, len(text)) from error
    order = sorted(range(len(reader.written)), key=lambda i: (reader.written[i].at, -i))
    return [reader.written[i] for i in order]


def line_starts(text: str) -> Iterator[int]:
    """Yield the offset at which each line begins; lines end as the parser counts them."""
    yield 0
    for found in re.finditer(r"\r\n|\n|\r", text):
        yield found.end()


def _unescaped(iri: str) -> str:
    return _CODEPOINT.sub(lambda found: chr(int(found[1] or found[2], 16)), iri)
