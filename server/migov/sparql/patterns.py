"""SPARQL tokens → the patterns of a query: what stands beside what, and where each begins and ends.

This follows the grammar of group graph patterns (SPARQL 1.1 Query, section 19.8, rules 53 to 109)
far enough to take a query apart into patterns that can be asked one after another. It decides
nothing about validity: the engine's parser has accepted the text before.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Final, Literal

from migov.sparql.tokens import Token, readings, tokenize, unescaped

Kind = Literal[
    "triple", "graph", "group", "union", "select", "optional", "minus", "values", "bind", "filter"
]

_PARTNERS: Final = {")": "(", "]": "[", "}": "{"}
_FORMS: Final = ("SELECT", "ASK", "CONSTRUCT", "DESCRIBE")


class UnreadError(Exception):
    """The query has a form that is not taken apart here; the message says which."""


@dataclass(frozen=True, slots=True)
class Span:
    """Tokens from `start` up to, but not including, `end`."""

    start: int
    end: int


@dataclass(frozen=True, slots=True)
class Group:
    """A group graph pattern: its braces and the elements between them, in order."""

    span: Span
    elements: tuple[Element, ...]


@dataclass(frozen=True, slots=True)
class Element:
    """One part of a group.

    A triple has `parts`: subject, verb and object, which stand apart where a list shares them; a
    subject or object that is a bracket of its own is one part. GRAPH has its name there. `groups`
    are the groups inside, except those of a sub-select and of a filter, which stay whole.
    """

    kind: Kind
    span: Span
    parts: tuple[Span, ...] = ()
    groups: tuple[Group, ...] = ()


@dataclass(frozen=True, slots=True)
class Shape:
    """A query taken apart: its text and tokens, its form, and its WHERE group where it has one.

    `head` are the tokens between the form and WHERE (a projection, a template, FROM), `tail` those
    after it (GROUP BY … VALUES).
    """

    text: str
    tokens: Sequence[Token]
    form: str
    prologue: Span
    head: Span
    where: Group | None
    tail: Span

    def written(self, span: Span) -> str:
        """Return a part as the query has it."""
        if span.start >= span.end:
            return ""
        last = self.tokens[span.end - 1]
        return self.text[self.tokens[span.start].offset : last.offset + len(last.text)]


def read_shape(text: str) -> Shape:
    """Return a query taken apart; raises UnreadError where its form is beyond this.

    >>> shape = read_shape("SELECT * { ?s a ?c ; ?p 1, 2 OPTIONAL { ?c ?q ?r } FILTER(?p) }")
    >>> [element.kind for element in shape.where.elements]
    ['triple', 'triple', 'triple', 'optional', 'filter']
    >>> [shape.written(part) for part in shape.where.elements[2].parts]
    ['?s', '?p', '2']
    """
    tokens = tokenize(text)
    if unescaped(text) != text or any(list(reading) != tokens for reading in readings(text)):
        raise UnreadError("it can be read in two ways: put spaces around < and >, and no escapes")
    form = next((at for at, token in enumerate(tokens) if token.is_word(*_FORMS)), None)
    if form is None:
        raise UnreadError("it is no query")
    reader = _Reader(tokens)
    start = _where(tokens, form, reader.partners)
    where = reader.group(start) if start is not None else None
    after = where.span.end if where else len(tokens)
    return Shape(
        text,
        tokens,
        tokens[form].text.upper(),
        Span(0, form),
        Span(form + 1, start if start is not None else len(tokens)),
        where,
        Span(after, len(tokens)),
    )


def elements_of(group: Group) -> Iterator[Element]:
    """Yield every element of a group and of the groups inside it."""
    for element in group.elements:
        yield element
        for inner in element.groups:
            yield from elements_of(inner)


def _where(tokens: Sequence[Token], form: int, partners: dict[int, int]) -> int | None:
    """Return the index of the brace that opens WHERE, or None for a DESCRIBE without one."""
    at = form + 1
    is_template = tokens[form].is_word("CONSTRUCT")
    while at < len(tokens):
        token = tokens[at]
        if token.is_word("WHERE"):
            return at + 1
        if token.text == "{" and not is_template:
            return at
        if token.text in ("{", "("):
            at, is_template = partners[at], is_template and token.text != "{"
        at += 1
    return None


class _Reader:
    """Reads groups from one list of tokens."""

    def __init__(self, tokens: Sequence[Token]) -> None:
        self._tokens = tokens
        self.partners = _partners(tokens)

    def group(self, start: int) -> Group:
        """Return the group whose brace opens at `start`."""
        self._expect(start, "{")
        end = self.partners[start]
        elements: list[Element] = []
        at = start + 1
        while at < end:
            if self._text(at) == ".":
                at += 1
                continue
            found, at = self._element(at)
            elements.extend(found)
        return Group(Span(start, end + 1), tuple(elements))

    def _element(self, at: int) -> tuple[list[Element], int]:
        token = self._tokens[at]
        if token.text == "{":
            element = self._groups(at)
        elif token.is_word("OPTIONAL", "MINUS"):
            inner = self.group(at + 1)
            kind: Kind = "optional" if token.is_word("OPTIONAL") else "minus"
            element = Element(kind, Span(at, inner.span.end), groups=(inner,))
        elif token.is_word("GRAPH"):
            inner = self.group(at + 2)
            name = Span(at + 1, at + 2)
            element = Element("graph", Span(at, inner.span.end), (name,), (inner,))
        elif token.is_word("FILTER"):
            element = Element("filter", Span(at, self._constraint(at + 1)))
        elif token.is_word("BIND"):
            element = Element("bind", Span(at, self._closing(at + 1, "(")))
        elif token.is_word("VALUES"):
            element = Element("values", Span(at, self._data(at + 1)))
        elif token.is_word("SERVICE", "LATERAL"):
            raise UnreadError(f"it uses {token.text.upper()}")
        else:
            return self._triples(at)
        return [element], element.span.end

    def _groups(self, at: int) -> Element:
        if self._tokens[at + 1].is_word("SELECT") and not self._is_word(
            self.partners[at] + 1, "UNION"
        ):
            return Element("select", Span(at, self.partners[at] + 1))
        branches = [self._branch(at)]
        while self._is_word(branches[-1].span.end, "UNION"):
            branches.append(self._branch(branches[-1].span.end + 1))
        kind: Kind = "union" if len(branches) > 1 else "group"
        return Element(kind, Span(at, branches[-1].span.end), groups=tuple(branches))

    def _branch(self, at: int) -> Group:
        """Return one branch of a union; a sub-select is one element of its group."""
        self._expect(at, "{")
        if self._tokens[at + 1].is_word("SELECT"):
            span = Span(at, self.partners[at] + 1)
            return Group(span, (Element("select", span),))
        return self.group(at)

    def _constraint(self, at: int) -> int:
        """Return where a filter's constraint ends that begins here."""
        if self._is_word(at, "NOT"):
            at += 1
        if self._is_word(at, "EXISTS"):
            return self._closing(at + 1, "{")
        return self._closing(at if self._text(at) == "(" else at + 1, "(")

    def _data(self, at: int) -> int:
        if self._text(at) == "(":
            return self._closing(self.partners[at] + 1, "{")
        return self._closing(at + 1, "{")

    def _triples(self, at: int) -> tuple[list[Element], int]:
        """Return the triples of one subject, each as an element of its own."""
        start = at
        subject, at = self._node(at)
        is_bracket = self._text(subject.start) in ("[", "(") and subject.end - subject.start > 2
        pairs: list[tuple[Span, Span]] = []
        while self._begins_verb(at):
            verb, at = self._verb(at)
            value, at = self._node(at)
            pairs.append((verb, value))
            while self._text(at) == ",":
                value, at = self._node(at + 1)
                pairs.append((verb, value))
            while self._text(at) == ";":
                at += 1
        if is_bracket or not pairs:
            # Written apart, each part would have a blank node of its own.
            return [Element("triple", Span(start, at), (Span(start, at),))], at
        return [
            Element("triple", Span(value.start, value.end), (subject, verb, value))
            for verb, value in pairs
        ], at

    def _begins_verb(self, at: int) -> bool:
        token = self._token(at)
        return token is not None and (
            token.kind in ("iri", "name", "variable")
            or token.is_word("A")
            or token.text in ("^", "!", "(")
        )

    def _verb(self, at: int) -> tuple[Span, int]:
        start = at
        if self._tokens[at].kind == "variable":
            return Span(start, at + 1), at + 1
        while True:
            while self._text(at) in ("^", "!"):
                at += 1
            at = self.partners[at] + 1 if self._text(at) == "(" else at + 1
            if self._text(at) in ("*", "?") or (self._text(at) == "+" and not self._signs(at)):
                at += 1
            if self._text(at) not in ("/", "|"):
                return Span(start, at), at
            at += 1

    def _signs(self, at: int) -> bool:
        """Whether a plus or minus belongs to the number right after it."""
        following = self._token(at + 1)
        return (
            following is not None
            and following.kind == "number"
            and following.offset == self._tokens[at].offset + 1
        )

    def _node(self, at: int) -> tuple[Span, int]:
        """Return a term, or a bracket that stands for one."""
        token = self._token(at)
        if token is None:
            raise UnreadError("a triple of it does not end")
        if token.text in ("[", "("):
            end = self.partners[at] + 1
        elif token.text in ("+", "-"):
            end = at + 2
        elif token.kind == "string":
            following = self._token(at + 1)
            if following is not None and following.kind == "language":
                end = at + 2
            else:
                end = at + 4 if self._text(at + 1) == "^" == self._text(at + 2) else at + 1
        elif token.kind in ("iri", "name", "variable", "number") or token.is_word("TRUE", "FALSE"):
            end = at + 1
        else:
            raise UnreadError(f"“{token.text}” begins a form that is not taken apart here")
        if self._text(end) in ("{", "~") and self._text(end + 1) in ("|", "{"):
            raise UnreadError("it annotates a triple")
        return Span(at, end), end

    def _closing(self, at: int, bracket: str) -> int:
        """Return the index after the partner of a bracket that has to stand here."""
        self._expect(at, bracket)
        return self.partners[at] + 1

    def _expect(self, at: int, text: str) -> None:
        if self._text(at) != text:
            raise UnreadError(f"“{self._text(at)}” stands where “{text}” is expected")

    def _token(self, at: int) -> Token | None:
        return self._tokens[at] if at < len(self._tokens) else None

    def _text(self, at: int) -> str:
        return self._tokens[at].text if at < len(self._tokens) else ""

    def _is_word(self, at: int, word: str) -> bool:
        return at < len(self._tokens) and self._tokens[at].is_word(word)


def _partners(tokens: Sequence[Token]) -> dict[int, int]:
    """Return for each opening bracket the index of the one that closes it."""
    partners: dict[int, int] = {}
    opened: list[int] = []
    for index, token in enumerate(tokens):
        if token.kind != "mark" or token.text not in "()[]{}":
            continue
        if token.text in "([{":
            opened.append(index)
        elif opened and tokens[opened[-1]].text == _PARTNERS[token.text]:
            partners[opened.pop()] = index
        else:
            raise UnreadError(f"“{token.text}” has no partner")
    if opened:
        raise UnreadError(f"“{tokens[opened[-1]].text}” has no partner")
    return partners
