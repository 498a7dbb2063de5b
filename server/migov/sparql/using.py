"""The dataset of an update request → USING clauses (SPARQL 1.1 Protocol, section 2.2.3)."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Final

from pyoxigraph import NamedNode

from migov.errors import RefusedError, RequestError
from migov.sparql.tokens import Token, readings, tokenize, unescaped

_OUTSIDE: Final = ("SERVICE", "LOAD")


def refuse_outside(text: str) -> None:
    """Raise RefusedError when an update reaches outside in any reading of its text."""
    for tokens in readings(text):
        for token in tokens:
            if token.is_word(*_OUTSIDE):
                raise RefusedError(
                    f"{token.text.upper()} is not allowed: nothing is fetched from elsewhere.",
                    hint="Send the triples themselves, in the update or to the graph store.",
                )


def with_dataset(text: str, graphs: Sequence[str], named_graphs: Sequence[str]) -> str:
    """Return an update whose patterns see these graphs alone.

    Raises RequestError when the text has USING or WITH, or a graph is not an IRI.

    >>> with_dataset("DELETE WHERE { ?s ?p 1 }", ["http://a/g"], [])
    'DELETE { ?s ?p 1 } USING <http://a/g> WHERE { ?s ?p 1 }'
    """
    if not graphs and not named_graphs:
        return text
    source = unescaped(text)
    clauses = _clauses(graphs, named_graphs)
    written: list[str] = []
    end = 0
    for at, pattern in _patterns(tokenize(source), source):
        written.append(f"{source[end:at]}{pattern} {clauses} " if pattern else source[end:at])
        if not pattern:
            written.append(f"{clauses} ")
        end = at
    return "".join([*written, source[end:]])


def _clauses(graphs: Sequence[str], named_graphs: Sequence[str]) -> str:
    try:
        return " ".join(
            [
                *(f"USING {NamedNode(graph)}" for graph in graphs),
                *(f"USING NAMED {NamedNode(graph)}" for graph in named_graphs),
            ]
        )
    except ValueError as error:
        raise RequestError(f"A graph of the request is not an IRI: {error}.") from error


def _patterns(tokens: Sequence[Token], source: str) -> Iterator[tuple[int, str]]:
    """Yield where each WHERE of an operation begins, and the template that is missing before it.

    DELETE WHERE has no template of its own: its pattern is one, so it is given twice.
    """
    level = 0
    for index, token in enumerate(tokens):
        level += {"{": 1, "}": -1}.get(token.text, 0)
        if level == 0 and token.is_word("USING", "WITH"):
            raise RequestError(
                f"The update has {token.text.upper()}, and the request names its graphs as well.",
                hint="Name them in one of the two.",
            )
        if level == 0 and token.is_word("WHERE"):
            is_short = index > 0 and tokens[index - 1].is_word("DELETE")
            yield token.offset, _group(tokens, index + 1, source) if is_short else ""


def _group(tokens: Sequence[Token], start: int, source: str) -> str:
    level = 0
    for token in tokens[start:]:
        level += {"{": 1, "}": -1}.get(token.text, 0)
        if level == 0:
            return source[tokens[start].offset : token.offset + len(token.text)]
    return ""  # it does not end: the parser says where
