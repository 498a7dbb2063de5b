"""What is wrong with a query: where a reader would point, which is rarely where a parser gives up.

The engine's parser names the furthest place that any of its attempts reached, often the end of the
text. A misspelt word, an unknown prefix and a bracket without its partner are found on tokens.
"""

from __future__ import annotations

import difflib
from collections.abc import Mapping, Sequence
from typing import Final

from migov.errors import Place, QuerySyntaxError
from migov.sparql.tokens import Token, tokenize
from migov.vocabulary import STANDARD_PREFIXES

_USUAL: Final = {
    **STANDARD_PREFIXES,
    "dc": "http://purl.org/dc/elements/1.1/",
    "ex": "http://example.org/",
    "geo": "http://www.opengis.net/ont/geosparql#",
    "gn": "http://www.geonames.org/ontology#",
    "sd": "http://www.w3.org/ns/sparql-service-description#",
    "time": "http://www.w3.org/2006/time#",
    "wd": "http://www.wikidata.org/entity/",
    "wdt": "http://www.wikidata.org/prop/direct/",
    "wikibase": "http://wikiba.se/ontology#",
}
"""What well-known prefixes stand for, where a dataset does not declare them itself."""
_KEYWORDS: Final = """
    ABS ADD ALL AS ASC ASK AVG BASE BIND BNODE BOUND BY CEIL CLEAR COALESCE CONCAT CONSTRUCT
    CONTAINS COPY COUNT CREATE DATA DATATYPE DAY DEFAULT DELETE DESC DESCRIBE DISTINCT DROP
    ENCODE_FOR_URI EXISTS FALSE FILTER FLOOR FROM GRAPH GROUP GROUP_CONCAT HAVING HOURS IF IN INSERT
    INTO IRI ISBLANK ISIRI ISLITERAL ISNUMERIC ISTRIPLE ISURI LANG LANGMATCHES LATERAL LCASE LIMIT
    LOAD MAX MD5 MIN MINUS MINUTES MONTH MOVE NAMED NOT NOW OBJECT OFFSET OPTIONAL ORDER PREDICATE
    PREFIX RAND REDUCED REGEX REPLACE ROUND SAMETERM SAMPLE SECONDS SELECT SEPARATOR SERVICE SHA1
    SHA256 SHA384 SHA512 SILENT STR STRAFTER STRBEFORE STRDT STRENDS STRLANG STRLEN STRSTARTS
    STRUUID SUBJECT SUBSTR SUM TIMEZONE TO TRIPLE TRUE TZ UCASE UNDEF UNION URI USING UUID VALUES
    VERSION WHERE WITH YEAR A
"""
_WORDS: Final = frozenset(_KEYWORDS.split())
_UPDATES: Final = (
    "ADD", "CLEAR", "COPY", "CREATE", "DELETE", "DROP", "INSERT", "LOAD", "MOVE", "WITH",
)  # fmt: skip
_WIDEST: Final = 200
_PARTNERS: Final = {")": "(", "]": "[", "}": "{"}


def explained(
    error: QuerySyntaxError,
    text: str,
    prefixes: Mapping[str, str] | None = None,
    *,
    update: bool = False,
) -> QuerySyntaxError:
    """Return the error with a better place and reason, or as it is where none is found.

    >>> print(explained(QuerySyntaxError("No."), "SELECT * { ?s ?p ?o FILTR(?o) }").message)
    “FILTR” is not a word of SPARQL.
    >>> print(explained(QuerySyntaxError("No."), "ASK { ?s ?p (1 }").place)
    query:1:13
    """
    if "\\u" in text.lower():
        return error  # escapes move what stands after them
    tokens = tokenize(text)
    meant = _query if update else _update
    ends = next((at for at, token in enumerate(tokens) if _is_open_quote(token)), len(tokens))
    return (
        meant(tokens, text)
        or _unknown_word(tokens[:ends], text)
        or _open_quote(tokens, ends, text)
        or _unknown_prefix(tokens, text, prefixes or {})
        or _lone_bracket(tokens, text)
        or error
    )


def excerpt(place: Place) -> tuple[str, int | None]:
    """Return the line of a place, a long one cut around the column, and the column in the cut.

    >>> text, column = excerpt(Place("query", 1, 600, "x" * 599 + "!" + "y" * 400))
    >>> len(text), text[column - 1]
    (200, '!')
    """
    text, column = place.text or "", place.column
    if len(text) <= _WIDEST:
        return text, column
    inside = _WIDEST - 2  # one mark of omission on either side
    start = min(max(0, (column or 1) - 1 - inside // 2), len(text) - inside)
    before = "…" if start else ""
    after = "…" if start + inside < len(text) else ""
    cut = f"{before}{text[start : start + inside]}{after}"
    return cut, column - start + len(before) if column else None


def _query(tokens: Sequence[Token], text: str) -> QuerySyntaxError | None:
    first = _first_word(tokens)
    if first is None or not first.is_word("SELECT", "ASK", "CONSTRUCT", "DESCRIBE"):
        return None
    return QuerySyntaxError(
        "This is a query, and an update was announced.",
        place=_place(text, first.offset),
        hint="Send it as the field “query”, or as application/sparql-query.",
    )


def _first_word(tokens: Sequence[Token]) -> Token | None:
    declarations = ("PREFIX", "BASE", "VERSION")
    words = (token for token in tokens if token.kind == "word")
    return next((word for word in words if not word.is_word(*declarations)), None)


def _update(tokens: Sequence[Token], text: str) -> QuerySyntaxError | None:
    first = _first_word(tokens)
    if first is None or not first.is_word(*_UPDATES):
        return None
    return QuerySyntaxError(
        "This is an update, and a query was announced.",
        place=_place(text, first.offset),
        hint="A query begins with SELECT, ASK, CONSTRUCT or DESCRIBE. An update is sent as the "
        "field “update”, or as application/sparql-update, to a server that takes any.",
    )


def _is_open_quote(token: Token) -> bool:
    return token.kind == "mark" and token.text in "\"'"


def _open_quote(tokens: Sequence[Token], at: int, text: str) -> QuerySyntaxError | None:
    if at == len(tokens):
        return None
    mark, offset = tokens[at].text, tokens[at].offset
    # Three marks that nothing closes are read as an empty string and a mark of its own.
    if at and tokens[at - 1].text == 2 * mark and tokens[at - 1].offset == offset - 2:
        mark, offset = 3 * mark, offset - 2
    return QuerySyntaxError(
        f"The text that {mark} opens is never closed.",
        place=_place(text, offset),
        hint=f"Close it with {mark}" + (" on the same line." if len(mark) == 1 else "."),
    )


def _unknown_word(tokens: Sequence[Token], text: str) -> QuerySyntaxError | None:
    for token in tokens:
        if token.kind == "word" and token.text.upper() not in _WORDS:
            close = difflib.get_close_matches(token.text.upper(), _WORDS, n=1, cutoff=0.6)
            return QuerySyntaxError(
                f"“{token.text}” is not a word of SPARQL.",
                place=_place(text, token.offset),
                hint=f"Did you mean {close[0]}?" if close else None,
            )
    return None


def _unknown_prefix(
    tokens: Sequence[Token], text: str, known: Mapping[str, str]
) -> QuerySyntaxError | None:
    declared = {"_", *known}
    for before, token in zip((None, *tokens), tokens, strict=False):
        if token.kind != "name":
            continue
        prefix = token.text.partition(":")[0]
        if before is not None and before.is_word("PREFIX"):
            declared.add(prefix)
        elif prefix not in declared:
            usual = _USUAL.get(prefix)
            close = difflib.get_close_matches(prefix, declared, n=1, cutoff=0.6)
            meant = f"Did you mean {close[0]}:? " if close and not usual else ""
            return QuerySyntaxError(
                f"The prefix “{prefix}:” is not declared.",
                place=_place(text, token.offset),
                hint=f"{meant}Declare it with PREFIX {prefix}: <{usual or '…'}>.",
            )
    return None


def _lone_bracket(tokens: Sequence[Token], text: str) -> QuerySyntaxError | None:
    opened: list[Token] = []
    for token in tokens:
        if token.kind != "mark" or token.text not in "()[]{}":
            continue
        if token.text in "([{":
            opened.append(token)
        elif opened and opened[-1].text == _PARTNERS[token.text]:
            opened.pop()
        else:
            return _bracket(opened[-1] if opened else token, text)
    return _bracket(opened[-1], text) if opened else None


def _bracket(token: Token, text: str) -> QuerySyntaxError:
    deed = "closed" if token.text in "([{" else "opened"
    return QuerySyntaxError(f"“{token.text}” is never {deed}.", place=_place(text, token.offset))


def _place(text: str, offset: int) -> Place:
    before = text[:offset].split("\n")
    return Place.within("query", text, len(before), len(before[-1]) + 1)
