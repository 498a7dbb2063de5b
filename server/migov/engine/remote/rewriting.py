"""A portable query written another way: for a store that reads the plain one wrongly, or slowly."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from itertools import pairwise
from typing import Final

from pyoxigraph import Literal, NamedNode

from migov.sparql.tokens import Token, tokenize
from migov.vocabulary import STANDARD_PREFIXES

_TYPE: Final = ("a", f"<{STANDARD_PREFIXES['rdf']}type>")
BELOW: Final = f"<{STANDARD_PREFIXES['rdfs']}subClassOf>"


def graphs_named(text: str) -> list[str] | None:
    """Return the IRIs after GRAPH in a portable query, or None where a variable stands there.

    >>> graphs_named("ASK { GRAPH <http://g> { ?s ?p ?o } }")
    ['http://g']
    """
    tokens = tokenize(text)
    found: list[str] = []
    for at, token in enumerate(tokens):
        if token.is_word("GRAPH"):
            following = tokens[at + 1 : at + 2]
            if not following or following[0].kind != "iri":
                return None
            found.append(following[0].text[1:-1])
    return found


def most_rows(text: str) -> int | None:
    """Return the LIMIT of a portable query as a whole, None where it has none.

    >>> most_rows("SELECT * { { SELECT ?s { ?s ?p ?o } LIMIT 5 } } LIMIT 7 OFFSET 1")
    7
    """
    tokens, level, found = tokenize(text), 0, None
    for at, token in enumerate(tokens):
        level += {"{": 1, "}": -1}.get(token.text, 0) if token.kind == "mark" else 0
        if level == 0 and token.is_word("LIMIT") and tokens[at + 1 : at + 2]:
            number = tokens[at + 1].text
            found = int(number) if number.isdecimal() else None
    return found


def with_limit(text: str, rows: int) -> str:
    """Return a portable SELECT that gives no more rows, where it says nothing about their number.

    >>> with_limit("SELECT ?s { ?s ?p ?o }", 5)
    'SELECT ?s { ?s ?p ?o } LIMIT 5'
    >>> with_limit("SELECT ?s { ?s ?p ?o } OFFSET 2", 5)
    'SELECT ?s { ?s ?p ?o } OFFSET 2'
    """
    level = 0
    for token in tokenize(text):
        level += {"{": 1, "}": -1}.get(token.text, 0) if token.kind == "mark" else 0
        if level == 0 and token.is_word("LIMIT", "OFFSET", "VALUES"):
            return text
    return f"{text} LIMIT {rows}"


def solutions_behind(text: str) -> str | None:
    """Return a query for one column of the solutions that a portable CONSTRUCT or DESCRIBE has.

    None where it has no pattern.

    >>> solutions_behind("CONSTRUCT { ?s a ?o } WHERE { ?s a ?o } LIMIT 5")
    'SELECT (1 AS ?one) WHERE { ?s a ?o } LIMIT 5'
    >>> solutions_behind("DESCRIBE <http://a>") is None
    True
    """
    tokens = tokenize(text)
    at = 1
    if tokens and tokens[0].is_word("CONSTRUCT") and tokens[1:2] and tokens[1].text == "{":
        at = _closed(tokens, 1)
    while at < len(tokens) and not (tokens[at].is_word("WHERE") or tokens[at].text == "{"):
        at += 1
    return None if at == len(tokens) else f"SELECT (1 AS ?one) {text[tokens[at].offset :]}"


def with_graphs(text: str, known: Collection[str], instead: str) -> str:
    """Return a portable query that names another graph wherever it names one not known.

    >>> with_graphs("ASK { GRAPH <http://a> { ?s ?p ?o } }", ["http://b"], "http://none")
    'ASK { GRAPH <http://none> { ?s ?p ?o } }'
    """
    pieces: list[str] = []
    end = 0
    for before, token in pairwise(tokenize(text)):
        if before.is_word("GRAPH") and token.kind == "iri" and token.text[1:-1] not in known:
            pieces += [text[end : token.offset], str(NamedNode(instead))]
            end = token.offset + len(token.text)
    return "".join([*pieces, text[end:]])


def names_within(text: str, beginnings: Sequence[str], others: Sequence[str] = ()) -> str:
    """Return a portable query whose graph variables stand for graphs whose names begin so.

    Says in the query what a long list of graphs would say beside it: a variable after GRAPH is
    bound in its group, so that a filter of the group can tell.

    >>> names_within("ASK { GRAPH ?g { ?s a ?o } }", ["http://a/"], ["http://b"])
    'ASK { GRAPH ?g { ?s a ?o } FILTER(STRSTARTS(STR(?g), "http://a/") || ?g = <http://b>) }'
    """
    tokens = tokenize(text)
    ends: dict[int, list[str]] = {}
    for at, token in enumerate(tokens):
        if token.is_word("GRAPH") and tokens[at + 1 : at + 2] and tokens[at + 1].kind == "variable":
            end = tokens[_closed(tokens, at + 2) - 1].offset + 1
            ends.setdefault(end, []).append(tokens[at + 1].text)
    pieces: list[str] = []
    start = 0
    for end, variables in sorted(ends.items()):
        pieces.append(text[start:end])
        for variable in variables:
            tests = [f"STRSTARTS(STR({variable}), {Literal(begin)})" for begin in beginnings]
            tests += [f"{variable} = {NamedNode(other)}" for other in others]
            pieces.append(f" FILTER({' || '.join(tests)})")
        start = end
    return "".join([*pieces, text[start:]])


def _closed(tokens: Sequence[Token], at: int) -> int:
    """Return the place behind the bracket that closes the group beginning at a token."""
    level = 0
    while at < len(tokens):
        level += {"{": 1, "}": -1}.get(tokens[at].text, 0)
        at += 1
        if level == 0:
            break
    return at


def with_classes(text: str, depth: int) -> str:
    """Return a portable query with `a/rdfs:subClassOf*` written out for so many steps.

    Virtuoso loses solutions over that path, or not, as its optimiser happens to plan it.

    >>> below = "<http://www.w3.org/2000/01/rdf-schema#subClassOf>"
    >>> with_classes(f"ASK {{ ?s a/{below}* ?c }}", 1).replace(below, "below")
    'ASK { ?s (a|(a/below)) ?c }'
    """
    tokens = tokenize(text)
    pieces: list[str] = []
    end = 0
    for at in range(len(tokens) - 3):
        words = [token.text for token in tokens[at : at + 4]]
        if words[0] in _TYPE and words[1:] == ["/", BELOW, "*"]:
            paths = [f"({'/'.join(['a', *[BELOW] * steps])})" for steps in range(1, depth + 1)]
            pieces += [text[end : tokens[at].offset], f"({'|'.join(['a', *paths])})"]
            end = tokens[at + 3].offset + 1
    return "".join([*pieces, text[end:]])


def steps_in(text: str) -> dict[int, str]:
    """Return the properties that a portable query follows any number of times after something else.

    By the place of their token: those in a sequence behind an IRI or a group.

    >>> steps_in("ASK { ?s (<a:p>|<a:q>)/<a:in>* ?c . ?c <a:in>* ?d }").values()
    dict_values(['<a:in>'])
    """
    tokens = tokenize(text)
    return {
        at: tokens[at].text
        for at in range(2, len(tokens) - 1)
        if tokens[at].kind == "iri"
        and tokens[at + 1].text == "*"
        and tokens[at - 1].text == "/"
        and _step_before(tokens, at - 1) is not None
    }


def with_steps(text: str, depths: Mapping[str, int]) -> str:
    """Return a portable query with each of those paths written out for so many steps.

    Where two ways lead to the same node it has two solutions instead of one: for questions that
    ask for distinct ones.

    >>> with_steps("ASK { ?s ^<a:p>/<a:in>* ?c }", {"<a:in>": 2})
    'ASK { ?s (^<a:p>|(^<a:p>/<a:in>)|(^<a:p>/<a:in>/<a:in>)) ?c }'
    """
    tokens = tokenize(text)
    pieces: list[str] = []
    end = 0
    for at, step in steps_in(text).items():
        first = _step_before(tokens, at - 1)
        assert first is not None  # steps_in saw to that
        before = text[tokens[first].offset : tokens[at - 1].offset].strip()
        paths = [f"({'/'.join([before, *[step] * n])})" for n in range(1, depths[step] + 1)]
        pieces += [text[end : tokens[first].offset], f"({'|'.join([before, *paths])})"]
        end = tokens[at + 1].offset + 1
    return "".join([*pieces, text[end:]])


def _step_before(tokens: Sequence[Token], at: int) -> int | None:
    """Return where the IRI or group that ends before a token begins, None where it is neither."""
    first = at - 1
    if tokens[first].text == ")":
        level = 1
        while level and first:
            first -= 1
            level += {")": 1, "(": -1}.get(tokens[first].text, 0)
    elif tokens[first].kind != "iri" and tokens[first].text != "a":
        return None
    return first - 1 if first and tokens[first - 1].text == "^" else first


def deeper_than(step: str, depth: int) -> str:
    """Return a query for whether more than so many steps of a property follow one another."""
    return f"ASK {{ ?from {'/'.join([step] * (depth + 1))} ?to }}"
