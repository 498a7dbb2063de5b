"""Tokens → statements, each with the comments that belong to it."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field

from migov.dataset.turtle.tokens import Token, tokenize, unknown


@dataclass(frozen=True, slots=True)
class Term:
    """An IRI, a name, a literal or a labelled blank node, spelt as it was."""

    text: str
    offset: int


@dataclass(frozen=True, slots=True)
class Pair:
    """A predicate and its objects."""

    predicate: Term
    objects: tuple[Node, ...]


@dataclass(frozen=True, slots=True)
class Blank:
    """A blank node in square brackets."""

    pairs: tuple[Pair, ...]
    offset: int


@dataclass(frozen=True, slots=True)
class Collection:
    """A list in parentheses; its order means something."""

    items: tuple[Node, ...]
    offset: int


Node = Term | Blank | Collection


@dataclass(slots=True)
class Block:
    """A directive or a statement.

    `lead` has the comments above it; "" in it is an empty line. `trail` is the comment on its last
    line. `verbatim` is the text of a statement with comments inside, which stays as it is. `start`
    and `end` are where the statement stands in the text, its full stop included.
    """

    directive: tuple[str, ...] = ()
    subject: Node | None = None
    pairs: tuple[Pair, ...] = ()
    lead: list[str] = field(default_factory=list)
    trail: str = ""
    verbatim: str = ""
    start: int = 0
    end: int = 0


def read_blocks(text: str) -> list[Block]:
    """Return the blocks of a text; the last one holds the comments at its end, if any."""
    return _Reader(text).blocks()


class _Reader:
    def __init__(self, text: str) -> None:
        self._text = text
        self._tokens = list(tokenize(text))
        self._at = 0

    def blocks(self) -> list[Block]:
        blocks: list[Block] = []
        lead = self._lead(None)
        while self._at < len(self._tokens):
            first = self._at
            block = self._block()
            block.lead = lead
            used = self._tokens[first : self._at]
            block.start, block.end = used[0].offset, used[-1].offset + len(used[-1].text)
            if any(token.kind == "comment" for token in used):
                block.verbatim = self._text[block.start : block.end].replace("\r\n", "\n")
            blocks.append(block)
            lead = self._lead(block)
        if lead:
            blocks.append(Block(lead=lead))
        return blocks

    def _lead(self, above: Block | None) -> list[str]:
        """Read comments and empty lines up to the next statement."""
        lead: list[str] = []
        same_line = above is not None
        while self._at < len(self._tokens):
            token = self._tokens[self._at]
            if token.kind == "comment":
                if same_line and above is not None:
                    above.trail = token.text.rstrip()
                else:
                    lead.append(token.text.rstrip())
            elif token.kind == "space":
                lines = token.text.count("\n")
                same_line = same_line and not lines
                if lines > 1 and lead[-1:] != [""]:
                    lead.append("")
            else:
                break
            self._at += 1
        return lead

    def _block(self) -> Block:
        token = self._next()
        if token.kind == "directive" or token.text.upper() in ("PREFIX", "BASE"):
            name = token.text.removeprefix("@").lower()
            words = [self._next().text for _ in range(2 if name == "prefix" else 1)]
            if token.kind == "directive":
                self._expect(".")
            return Block(directive=(name, *words))
        subject = self._node(token)
        pairs = () if self._peek().text == "." else self._pairs()
        self._expect(".")
        return Block(subject=subject, pairs=pairs)

    def _pairs(self) -> tuple[Pair, ...]:
        pairs = []
        while True:
            token = self._next()
            if token.kind not in ("iri", "name") and token.text != "a":
                raise unknown(self._text, token.offset)
            objects = [self._node(self._next())]
            while self._peek().text == ",":
                self._next()
                objects.append(self._node(self._next()))
            pairs.append(Pair(Term(token.text, token.offset), tuple(objects)))
            if self._peek().text != ";":
                return tuple(pairs)
            while self._peek().text == ";":
                self._next()
            if self._peek().text in ("]", "."):
                return tuple(pairs)

    def _node(self, token: Token) -> Node:
        if token.text == "[":
            pairs = () if self._peek().text == "]" else self._pairs()
            self._expect("]")
            return Blank(pairs, token.offset)
        if token.text == "(":
            items = []
            while self._peek().text != ")":
                items.append(self._node(self._next()))
            self._expect(")")
            return Collection(tuple(items), token.offset)
        if token.kind == "string":
            return Term(token.text + self._literal_tail(), token.offset)
        if token.kind in ("iri", "name", "blank", "number") or token.text in ("true", "false"):
            return Term(token.text, token.offset)
        raise unknown(self._text, token.offset)

    def _literal_tail(self) -> str:
        if self._peek().kind == "language":
            return self._next().text
        if self._peek().kind == "datatype":
            return self._next().text + self._next().text
        return ""

    def _peek(self) -> Token:
        """Return the next token that is not space or a comment, without passing it."""
        at = self._at
        while at < len(self._tokens) and self._tokens[at].kind in ("space", "comment"):
            at += 1
        if at == len(self._tokens):
            raise unknown(self._text, len(self._text))
        return self._tokens[at]

    def _next(self) -> Token:
        token = self._peek()
        while self._tokens[self._at] is not token:
            self._at += 1
        self._at += 1
        return token

    def _expect(self, text: str) -> None:
        token = self._next()
        if token.text != text:
            raise unknown(self._text, token.offset)


def comments(text: str) -> list[str]:
    """Return the comments of a text in order."""
    return [token.text.rstrip() for token in tokenize(text) if token.kind == "comment"]


def names(nodes: Iterable[Node]) -> Iterable[Term]:
    """Yield the terms in nodes, however deep, with those of predicates."""
    for node in nodes:
        if isinstance(node, Term):
            yield node
        elif isinstance(node, Collection):
            yield from names(node.items)
        else:
            for pair in node.pairs:
                yield pair.predicate
                yield from names(pair.objects)
