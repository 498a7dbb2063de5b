"""What is refused before any parser sees it: too long, too deep, or reaching outside.

The engine's parser overflows its stack on a few kilobytes of nesting, follows SERVICE anywhere and
has no timeout, so these checks are made on tokens first. A worker that is killed is the second
line of defence, not the first.
"""

from __future__ import annotations

import difflib
from collections.abc import Collection, Iterable, Mapping
from typing import Final

from migov.errors import RefusedError, TooComplexError
from migov.protocol.chains import SHORTEST, unchained
from migov.protocol.errors import TooLongError
from migov.protocol.nests import may_nest, unnested
from migov.sparql.tokens import Token, dataset_clause, may_say, readings, tokenize
from migov.vocabulary import ASSERTED_GRAPH, INFERRED_GRAPH

DEPTH: Final = 100
"""Brackets that may nest; questions people ask stay under 15, the parser's stack ends near 500."""

_COMPARED: Final = 2_000
"""Graphs up to which a misspelt one is compared with all of them; and characters of its name."""
_LONGEST: Final = 300

TOKENS: Final = 100_000
"""Terminals that a query may have: chains of them cost the parser, and us, more than text does."""


def check_length(text: str, characters: int) -> None:
    """Raise TooLongError when a query is longer than this server reads."""
    if len(text) > characters:
        raise TooLongError(
            f"The query has {len(text):,} characters; this server reads up to {characters:,}.",
            hint="Send less text: move long VALUES lists into several requests.",
        )


def check_text(text: str, characters: int, *, services: bool = False) -> None:
    """Raise TooLongError, TooComplexError or RefusedError before a query goes to a parser.

    With `services` a SERVICE group is let through, for whoever answers it before the query.
    """
    check_length(text, characters)
    if _is_small(text) and not may_say(text, "SERVICE"):
        return
    for reading in readings(text):
        tokens = unchained(reading) if len(text) >= SHORTEST else reading
        _check_tokens(unnested(tokens) if may_nest(text) else tokens, services)


def _is_small(text: str) -> bool:
    """Whether a text is within all limits, however it is cut into tokens."""
    if len(text) >= SHORTEST or may_nest(text):
        return False
    return text.count("(") + text.count("[") + text.count("{") <= DEPTH


def _check_tokens(tokens: Iterable[Token], services: bool) -> None:
    """Read one token after another, and no further than the first that is too much."""
    level = 0
    for number, token in enumerate(tokens, 1):
        if number > TOKENS:
            raise TooComplexError(
                f"The query has more than {TOKENS:,} words and signs.",
                hint="Send less at a time.",
            )
        if token.kind == "mark":
            level += (token.text in "([{") - (token.text in ")]}")
            if level > DEPTH:
                raise TooComplexError(
                    f"The query nests brackets more than {DEPTH} deep.",
                    hint="Flatten nested groups and expressions.",
                )
        elif not services and token.is_word("SERVICE"):
            raise RefusedError(
                "SERVICE is not allowed here: nobody else is asked.",
                hint="Ask the other server yourself, or take a dump of this graph.",
            )


def check_dataset(
    text: str,
    graphs: Collection[str],
    default_graphs: Collection[str] | None = None,
    named_graphs: Collection[str] | None = None,
    prefixes: Mapping[str, str] | None = None,
) -> None:
    """Raise RefusedError when the request or the query names a graph that is not in `graphs`."""
    clause = dataset_clause(tokenize(text), prefixes) if may_say(text, "FROM") else None
    for iri in (*(default_graphs or ()), *(clause.default if clause else ())):
        if iri not in graphs and iri not in (ASSERTED_GRAPH, INFERRED_GRAPH):
            raise _unknown_graph(iri, graphs)
    for iri in (*(named_graphs or ()), *(clause.named if clause else ())):
        if iri not in graphs and iri != INFERRED_GRAPH:
            raise _unknown_graph(iri, graphs)


def _unknown_graph(iri: str, graphs: Collection[str]) -> RefusedError:
    known = graphs if len(graphs) <= _COMPARED and len(iri) <= _LONGEST else ()
    close = difflib.get_close_matches(iri, known, n=1, cutoff=0.85)
    meant = f"Did you mean <{close[0]}>? " if close else ""
    return RefusedError(
        f"This dataset has no graph <{iri}>, and no graph is fetched from elsewhere.",
        hint=f"{meant}SELECT DISTINCT ?g {{ GRAPH ?g {{ ?s ?p ?o }} }} lists the graphs of this "
        "dataset.",
    )
