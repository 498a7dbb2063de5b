"""A query as any SPARQL 1.1 store reads it: no prefixes, no comments, no dataset of its own.

Stores declare prefixes of their own, read comments and escapes in their own ways, and add words to
the language. What leaves here is rebuilt from the tokens: every IRI in full, every string written
by pyoxigraph, so that nothing the checks of this server saw as text is read as a command there.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Final

from pyoxigraph import Literal, NamedNode

from migov.errors import RefusedError
from migov.sparql.tokens import Token, iris, tokenize

_EXTENSIONS: Final = (
    "bif:",  # Virtuoso: any function of its SQL, and full text
    "sql:",
    "java:",  # Jena: any class on its path
    "tag:stardog:",
    "http://www.openlinksw.com/",
    "http://jena.apache.org/",
    "http://jena.hpl.hp.com/",
    "http://www.ontotext.com/",
    "http://aws.amazon.com/neptune/",
    "http://www.bigdata.com/rdf",
)
"""What stores run, or look up elsewhere, instead of matching."""

_OPERATORS: Final = frozenset({"<=", ">=", "!=", "||", "&&", "^^"})
_ECHAR: Final = re.compile(r"\\(.)", re.DOTALL)
_CONTROL: Final = {"t": "\t", "b": "\b", "n": "\n", "r": "\r", "f": "\f"}


def portable(text: str, prefixes: Mapping[str, str]) -> str:
    """Return a query that says the same with none of its names, comments or datasets.

    `prefixes` hold without being declared. What is not SPARQL comes out as no SPARQL either.
    Raises RefusedError for an IRI that a store would run as a function of its own.

    >>> portable("PREFIX a: <http://a/> ASK FROM <http://g> { ?s a:p 'x' } # all", {})
    'ASK { ?s <http://a/p> "x" }'
    """
    tokens = tokenize(text)
    named = iris(tokens, known=prefixes)
    return "".join(_written(tokens, named)).strip()


def _written(tokens: Sequence[Token], named: Sequence[str | None]) -> Iterator[str]:
    end = 0
    for at in _kept(tokens):
        token, iri = tokens[at], named[at]
        if token.offset > end or _is_less_than(tokens, at - 1):
            yield " "
        yield _term(token, iri)
        end = token.offset + len(token.text)


def _kept(tokens: Sequence[Token]) -> Iterator[int]:
    """Yield the places of the tokens that are neither a declaration nor part of a dataset."""
    at = 0
    while at < len(tokens):
        if tokens[at].is_word("PREFIX"):
            at += 3
        elif tokens[at].is_word("BASE"):
            at += 2
        elif tokens[at].is_word("FROM"):
            at += 3 if tokens[at + 1 : at + 2] and tokens[at + 1].is_word("NAMED") else 2
        else:
            yield at
            at += 1


def _is_less_than(tokens: Sequence[Token], at: int) -> bool:
    """Return whether an operator ends here that the beginning of an IRI could be taken for."""
    if at < 0 or tokens[at].text != "<":
        return False
    after = tokens[at + 1]
    return after.text != "=" or after.offset != tokens[at].offset + 1


def _term(token: Token, iri: str | None) -> str:
    if iri is not None:
        if iri.lower().startswith(_EXTENSIONS):
            raise RefusedError(
                f"The query uses {iri}, which some stores run as a function of their own.",
                hint="Use the functions of SPARQL 1.1.",
            )
        try:
            return str(NamedNode(iri))
        except ValueError:
            return token.text  # no IRI, as the parser will say
    if token.kind == "string":
        return _string(token.text)
    return token.text


def _string(text: str) -> str:
    marks = 3 if len(text) >= 6 and text[:3] in ('"""', "'''") else 1
    value = _ECHAR.sub(lambda found: _CONTROL.get(found[1], found[1]), text[marks:-marks])
    return str(Literal(value))
