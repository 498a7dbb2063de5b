"""Files → quads, with errors that name file, line and column."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from typing import Any

from pyoxigraph import BlankNode, DefaultGraph, Literal, NamedNode, Quad, RdfFormat, Triple, parse

from migov.dataset.files import ContentFile, is_turtle
from migov.dataset.mappings import quads_of_mappings
from migov.errors import ContentSyntaxError, Place

Term = NamedNode | BlankNode | Literal | Triple
_DEFAULT = DefaultGraph()


def in_graph(triple: Triple, graph: NamedNode | None = None) -> Quad:
    """Return the triple as a quad of a named graph, or of the default graph."""
    return Quad(triple.subject, triple.predicate, triple.object, graph or _DEFAULT)


def read_quads(file: ContentFile) -> Iterator[Quad]:
    """Yield the quads of one Turtle file or mapping set in its own named graph.

    Blank nodes get labels that depend on the path and the order in the file alone, so that the
    same files always give the same quads and no two files share a node. Raises ContentSyntaxError.
    """
    if not is_turtle(file.path):
        yield from quads_of_mappings(file)
        return
    graph = NamedNode(file.graph)
    stem = "b" + hashlib.sha256(file.path.encode()).hexdigest()[:12]
    labels: dict[BlankNode, BlankNode] = {}

    def stable(term: Term) -> Any:
        if isinstance(term, BlankNode):
            return labels.setdefault(term, BlankNode(f"{stem}n{len(labels)}"))
        if isinstance(term, Triple):
            return Triple(stable(term.subject), term.predicate, stable(term.object))
        return term

    try:
        for triple in parse(file.content, format=RdfFormat.TURTLE, base_iri=file.graph):
            yield Quad(stable(triple.subject), triple.predicate, stable(triple.object), graph)
    except SyntaxError as error:
        raise _syntax_error(file, error) from error
    except MemoryError as error:  # what the parser says of a token longer than its buffer
        raise ContentSyntaxError(
            f"{file.path} has a literal or an IRI that is too long.",
            place=Place(file.path),
            hint="A term may have 16 MB; nothing of this state of the files was loaded.",
        ) from error


def _syntax_error(file: ContentFile, error: SyntaxError) -> ContentSyntaxError:
    content = file.content.decode("utf-8", errors="replace")
    content = content.replace("\r\n", "\n").replace("\r", "\n")  # as the parser counts lines
    reason = str(error.msg).partition(": ")[2] or str(error.msg)
    return ContentSyntaxError(
        f"{file.path} is not valid Turtle: {reason}.",
        place=Place.within(file.path, content, error.lineno, error.offset),
        hint="Mend that line; nothing of this state of the files was loaded.",
    )
