"""A Turtle file as text, statements and triples, each statement with its own triples."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from pyoxigraph import BlankNode, RdfFormat, Triple, parse

from migov.dataset import ContentFile, read_quads
from migov.dataset.canonical import triple_of
from migov.dataset.turtle.blocks import Blank, Block, Collection, Node, Term, read_blocks
from migov.dataset.turtle.tokens import UnknownTurtleError, tokenize
from migov.errors import Place, TooComplexError

_MARK: Final = "\ufeff"


@dataclass(frozen=True, slots=True)
class Statement:
    """One statement, its triples, and the subject that it begins with."""

    block: Block
    triples: tuple[Triple, ...]
    subject: object


@dataclass(frozen=True, slots=True)
class Source:
    """A file taken apart. `labels` are the blank nodes that the text labels, as it spells them."""

    text: str
    mark: str
    blocks: tuple[Block, ...]
    statements: tuple[Statement, ...]
    labels: dict[BlankNode, str]

    @property
    def newline(self) -> str:
        return "\r\n" if "\r\n" in self.text else "\n"


def read_source(file: ContentFile) -> Source:
    """Take a file apart; raises ContentSyntaxError, UnknownTurtleError or TooComplexError."""
    triples = [triple_of(quad) for quad in read_quads(file)]
    mark = _MARK if file.content.startswith(_MARK.encode()) else ""
    text = file.content.decode("utf-8").removeprefix(_MARK)
    try:
        blocks = [block for block in read_blocks(text) if block.end]
        counts = [_count_statement(block) for block in blocks]
    except UnknownTurtleError as error:
        at = error.place
        place = Place(file.path, at.line, at.column, at.text) if at else None
        raise UnknownTurtleError(error.message, place=place, hint=error.hint) from error
    except RecursionError as error:
        raise TooComplexError(
            f"{file.path} nests too deeply to be changed.", hint="Give the inner nodes labels."
        ) from error
    if sum(counts) != len(triples):
        raise UnknownTurtleError(
            f"{file.path} uses Turtle that the writer does not know.",
            place=Place(file.path),
            hint="Write it in RDF 1.1 Turtle, or change the file by hand.",
        )
    labels = _labels(file, text, triples)
    spelt = {spelling: node for node, spelling in labels.items()}
    statements = []
    at_triple = 0
    for block, count in zip(blocks, counts, strict=True):
        own = tuple(triples[at_triple : at_triple + count])
        at_triple += count
        if own:
            statements.append(Statement(block, own, _subject(block, own, spelt)))
    return Source(text, mark, tuple(blocks), tuple(statements), labels)


def _labels(file: ContentFile, text: str, triples: list[Triple]) -> dict[BlankNode, str]:
    """Return the labelled blank nodes; the parser keeps their labels, `read_quads` renames them."""
    used = {token.text for token in tokenize(text) if token.kind == "blank"}
    labels: dict[BlankNode, str] = {}
    if used:
        raw = parse(file.content, format=RdfFormat.TURTLE, base_iri=file.graph)
        for one, stable in zip(raw, triples, strict=True):
            for spelt, node in ((one.subject, stable.subject), (one.object, stable.object)):
                if isinstance(node, BlankNode) and str(spelt) in used:
                    labels[node] = str(spelt)
    return labels


def _subject(block: Block, triples: tuple[Triple, ...], spelt: dict[str, BlankNode]) -> object:
    """Return the term that a statement begins with.

    The parser yields what stands in brackets when they close, so the last triple is one of the
    statement's own, unless its last object is a list: then the subject is the one that no other
    triple of the statement uses.
    """
    if isinstance(block.subject, Term):
        found = spelt.get(block.subject.text)
        if found is not None:
            return found
        return next(t.subject for t in triples if not isinstance(t.subject, BlankNode))
    used = {triple.object for triple in triples if isinstance(triple.object, BlankNode)}
    return next(t.subject for t in triples if t.subject not in used)


def _count_statement(block: Block) -> int:
    if block.subject is None:
        return 0
    inner = _count(block.subject)
    return inner + sum(1 + _count(node) for pair in block.pairs for node in pair.objects)


def _count(node: Node) -> int:
    """Return how many triples a node needs for itself."""
    if isinstance(node, Blank):
        return sum(1 + _count(inner) for pair in node.pairs for inner in pair.objects)
    if isinstance(node, Collection):
        return sum(2 + _count(item) for item in node.items)
    return 0
