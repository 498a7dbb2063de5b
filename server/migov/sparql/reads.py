"""What a query can see of a graph: a change of anything else cannot change its answer.

A query is a function of what its triple patterns and paths match. So it is enough to know which
predicates they name, whether some name none, and the few ways in which a query looks at a graph
without a pattern. Whatever cannot be told is taken for seen.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from functools import lru_cache
from itertools import pairwise
from typing import Final

import pyoxigraph as ox

from migov.sparql.tokens import Token, iris, readings, tokenize, unescaped
from migov.vocabulary import STANDARD_PREFIXES

TYPE: Final = STANDARD_PREFIXES["rdf"] + "type"
_TERMS: Final = ("variable", "iri", "name", "string", "language", "number")
_WHOLE: Final = ("DESCRIBE", "FROM", "SERVICE")
_OUTSIDE: Final = ("SELECT", "GROUP", "HAVING", "ORDER")
_TRIED: Final = "(<http://example.org/1>|<http://example.org/2>)"
"""A path of two predicates: the grammar has a place for it where a predicate stands, and nowhere
else."""


@dataclass(frozen=True, slots=True)
class Reads:
    """What a query reads.

    `everything` is set where nobody can say less. `classes` are those that it asks things to be
    of, None where it asks for classes themselves. `nodes` says that it matters which nodes a graph
    has (paths of no length), `graphs` that it matters which named graphs there are.
    """

    predicates: frozenset[str] = frozenset()
    classes: frozenset[str] | None = frozenset()
    everything: bool = False
    nodes: bool = False
    graphs: bool = False

    def sees(self, triples: Collection[ox.Triple]) -> bool:
        """Return whether a pattern may match one of these triples."""
        return any(self._sees(triple) for triple in triples)

    def _sees(self, triple: ox.Triple) -> bool:
        if self.everything:
            return True
        if triple.predicate.value == TYPE:
            if self.classes is None:
                return True
            return isinstance(triple.object, ox.NamedNode) and triple.object.value in self.classes
        return triple.predicate.value in self.predicates


EVERYTHING: Final = Reads(everything=True)


@lru_cache(maxsize=1000)
def reads_of(text: str) -> Reads:
    """Return what a valid query reads.

    >>> found = reads_of("PREFIX e: <http://e/> ASK { ?s a e:A ; e:p/e:q* ?o }")
    >>> sorted(found.predicates - {"http://e/"}), sorted(found.classes), found.nodes
    (['http://e/A', 'http://e/p', 'http://e/q'], ['http://e/A'], False)
    >>> reads_of("ASK { ?s ?p ?o }").everything
    True
    """
    tokens = tokenize(text)
    if unescaped(text) != text or any(list(reading) != tokens for reading in readings(text)):
        return EVERYTHING  # it can be read in two ways
    if any(token.is_word(*_WHOLE) for token in tokens) or _has_negated_path(tokens):
        return EVERYTHING
    named = iris(tokens)
    if any(
        _is_predicate(text, tokens, at) and not _is_one_of_those_named(tokens, named, at)
        for at in _candidates(tokens)
    ):
        return EVERYTHING
    return Reads(
        predicates=frozenset(iri for iri in named if iri),
        classes=_classes(tokens, named),
        nodes=any(_has_no_length(tokens, at) for at in range(len(tokens) - 1)),
        graphs=any(token.is_word("GRAPH") for token in tokens),
    )


def _candidates(tokens: Sequence[Token]) -> list[int]:
    """Return the variables that stand where the grammar may have a predicate.

    It follows a subject (a term, or what ends with a bracket), a semicolon, or an open bracket,
    and what follows it is an object. Between SELECT, GROUP, HAVING or ORDER and the next brace
    there are no patterns.
    """
    inside, is_outside = [], False
    for token in tokens:
        is_outside = token.text not in "{}" and (is_outside or token.is_word(*_OUTSIDE))
        inside.append(not is_outside)
    return [
        at
        for at in range(1, len(tokens) - 1)
        if tokens[at].kind == "variable"
        and inside[at]
        and (_is_term(tokens[at - 1]) or tokens[at - 1].text in (";", "[", ")", "]"))
        and (_is_term(tokens[at + 1]) or tokens[at + 1].text in ("(", "[", "+", "-"))
    ]


def _is_term(token: Token) -> bool:
    return token.kind in _TERMS or token.is_word("TRUE", "FALSE")


def _is_predicate(text: str, tokens: Sequence[Token], at: int) -> bool:
    token = tokens[at]
    tried = text[: token.offset] + _TRIED + text[token.offset + len(token.text) :]
    try:
        ox.Store().query(tried)
    except SyntaxError:
        return False
    return True


def _is_one_of_those_named(tokens: Sequence[Token], named: Sequence[str | None], at: int) -> bool:
    """Return whether a variable can only be one of the IRIs that its own group lists.

    What a group joins with VALUES, or keeps by `FILTER(?p IN (…))`, has no other solutions.
    """
    groups = _groups(tokens)
    here = [index for index, group in enumerate(groups) if group == groups[at]]
    return any(
        _lists(tokens, named, index, tokens[at].text)
        for index in here
        if tokens[index].is_word("FILTER", "VALUES")
    )


def _groups(tokens: Sequence[Token]) -> list[int]:
    """Return for each token the open brace that it stands in."""
    stack, groups = [-1], []
    for index, token in enumerate(tokens):
        if token.text == "}" and len(stack) > 1:
            stack.pop()
        groups.append(stack[-1])
        if token.text == "{":
            stack.append(index)
    return groups


def _lists(tokens: Sequence[Token], named: Sequence[str | None], at: int, variable: str) -> bool:
    """Return whether a FILTER or VALUES says by IRIs alone what a variable can be."""
    texts = [token.text for token in tokens[at : at + 6]]
    if tokens[at].is_word("FILTER"):
        head = ["(", variable, "IN", "("]
        if [text.upper() if text.isalpha() else text for text in texts[1:5]] != head:
            return False
        end = next((i for i in range(at + 5, len(tokens)) if tokens[i].text == ")"), len(tokens))
        items = range(at + 5, end, 2)
        return tokens[min(end + 1, len(tokens) - 1)].text == ")" and _are_iris(named, items)
    if texts[1:3] == [variable, "{"]:
        end = next((i for i in range(at + 3, len(tokens)) if tokens[i].text == "}"), len(tokens))
        return _are_iris(named, range(at + 3, end))
    return _is_column_of_iris(tokens, named, at, variable)


def _is_column_of_iris(
    tokens: Sequence[Token], named: Sequence[str | None], at: int, variable: str
) -> bool:
    """Return whether a VALUES of several variables has an IRI for one of them in each row.

    Only rows of single tokens are read: a literal with a language or a datatype is two.
    """
    rest = [token.text for token in tokens[at:]]
    if len(rest) < 2 or rest[1] != "(" or ")" not in rest:
        return False
    variables = rest[2 : rest.index(")")]
    if variable not in variables or rest[len(variables) + 3] != "{":
        return False
    width, first = len(variables) + 2, at + len(variables) + 4
    last = next((i for i in range(first, len(tokens)) if tokens[i].text == "}"), len(tokens))
    rows = range(first, last, width)
    return (
        (last - first) % width == 0
        and all(tokens[row].text == "(" and tokens[row + width - 1].text == ")" for row in rows)
        and _are_iris(named, [row + 1 + variables.index(variable) for row in rows])
    )


def _are_iris(named: Sequence[str | None], places: Sequence[int]) -> bool:
    return bool(places) and all(named[place] is not None for place in places)


def _has_negated_path(tokens: Sequence[Token]) -> bool:
    return any(
        one.text == "!" and (other.kind in ("iri", "name") or other.text in ("(", "^", "a"))
        for one, other in pairwise(tokens)
    )


def _has_no_length(tokens: Sequence[Token], at: int) -> bool:
    """Return whether a path may be no step at all between nodes that nothing else holds.

    After a real step in the same sequence (`a/rdfs:subClassOf*`) the node is known by that step.
    """
    element, mark = tokens[at], tokens[at + 1].text
    if mark not in ("*", "?") or not (
        element.kind in ("iri", "name") or element.text in ("a", ")")
    ):
        return False
    before = [token.text for token in tokens[max(0, at - 2) : at]]
    return element.text == ")" or before[-1:] != ["/"] or before[0] in ("*", "?", ")")


def _classes(tokens: Sequence[Token], named: Sequence[str | None]) -> frozenset[str] | None:
    """Return the classes after each `a`; None where one is no IRI, or the type is part of a path.

    Then every triple with a class counts.
    """
    if TYPE in named:
        return None
    found = set()
    for at, token in enumerate(tokens):
        if token.kind == "word" and token.text == "a":
            kind = named[at + 1] if at + 1 < len(tokens) else None
            after = tokens[at + 2].text if at + 2 < len(tokens) else ""
            if kind is None or after not in (".", ";", "}", "]"):
                return None
            found.add(kind)
    return frozenset(found)
