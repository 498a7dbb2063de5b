"""`SERVICE search:index { … }`: the full-text index as part of a query.

    SERVICE search:index { ?thing search:text "labour migration" ; search:score ?score }

The group is no pattern of the graph: it says what to look for and which variables the answer binds.
The rows come from the index and stand in the query as inline data before the store sees it, so
nothing is scanned. `search:text` may be a variable too: each value that the patterns beside the
group leave possible is looked for.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

from pyoxigraph import Literal, NamedNode

from migov.errors import ParameterError, QuerySyntaxError
from migov.fulltext import Hit, Index, Search
from migov.sparql.services import ServiceGroup, place_in
from migov.sparql.strings import string_of
from migov.sparql.tokens import Token
from migov.vocabulary import CONCEPT, NS, SEARCH, STANDARD_PREFIXES

INDEX: Final = SEARCH + "index"
"""The IRI that stands where an endpoint stands."""

MOST_TEXTS: Final = 50
"""Texts that one group looks for."""
STANDARD: Final = 100
MOST: Final = 1000
"""Hits for each text, unless search:limit says otherwise, and at most."""

_DECIMAL: Final = NamedNode(STANDARD_PREFIXES["xsd"] + "decimal")
_SHOWN: Final = "search:text, score, matched, property, record, language, type and limit"

_Term = NamedNode | Literal
_OUTPUTS: Final[dict[str, Callable[[Hit], Sequence[_Term]]]] = {
    "score": lambda hit: [Literal(f"{hit.score:.3f}", datatype=_DECIMAL)],
    "matched": lambda hit: [_text(hit)],
    "property": lambda hit: [NamedNode(hit.predicate)],
    "record": lambda hit: [NamedNode(graph) for graph in hit.graphs],
}


@dataclass(slots=True)
class Wanted:
    """What a group looks for, and the variables that its answer binds, each with what it is.

    `text` is None where it is a variable, `text_variable`.
    """

    thing: str
    text: str | None = None
    text_variable: str | None = None
    language: str | None = None
    types: list[str] = field(default_factory=list)
    limit: int = STANDARD
    outputs: dict[str, str] = field(default_factory=dict)

    @property
    def variables(self) -> list[str]:
        texts = [self.text_variable] if self.text_variable else []
        return [self.thing, *texts, *self.outputs.values()]

    def rows(self, index: Index, texts: Sequence[Literal]) -> Iterator[str]:
        """Yield a row of inline data for each thing that is found with one of some texts.

        Raises ParameterError for a text that is given and has no word; a value of a variable that
        has none finds nothing.
        """
        for text in texts:
            search = Search(text.value, self.language, tuple(self.types), self.limit)
            try:
                hits = index.search(search).hits
            except ParameterError:
                if self.text_variable is None:
                    raise
                continue
            for hit in hits:
                terms: list[list[_Term]] = [[NamedNode(hit.iri)]]
                if self.text_variable:
                    terms.append([text])
                terms += [list(_OUTPUTS[name](hit)) for name in self.outputs]
                for row in _product(terms):
                    yield f"({' '.join(row)})"


def types_of(given: str | None) -> tuple[str, ...]:
    """Return the IRIs that a type may stand for: it is one, or the name of a class or scheme.

    >>> types_of("initiative")[0]
    'https://w3id.org/migov/ns#Initiative'
    """
    if given is None:
        return ()
    if "://" in given:
        return (given,)
    name = given.removeprefix("mg:")
    return (NS + name[:1].upper() + name[1:], NS + name, CONCEPT + name.removeprefix("concept/"))


def read_search(group: ServiceGroup) -> Wanted:
    """Return what a group looks for; raises QuerySyntaxError at the line and column."""
    return _Reader(group).read()


class _Reader:
    """Reads one group: a variable, then predicates of `search:` with their values."""

    def __init__(self, group: ServiceGroup) -> None:
        self._group = group
        self._at = 0

    def read(self) -> Wanted:
        wanted = Wanted(self._variable("The thing that is found"))
        while True:
            self._said(wanted)
            separators = self._passed(".", ";")
            if self._at == len(self._group.tokens):
                break
            if not separators:
                raise self._wrong("A search is one thing with predicates and values")
            if "." in separators and self._variable("What is found") != wanted.thing:
                self._at -= 1
                raise self._wrong("One search finds one thing: use a SERVICE group for each")
        if wanted.text is None and wanted.text_variable is None:
            self._at = 0
            raise self._wrong("search:text is missing: what to look for")
        if len(set(wanted.variables)) < len(wanted.variables):
            self._at = 0
            raise self._wrong("Each variable of a search stands for one thing")
        return wanted

    def _said(self, wanted: Wanted) -> None:
        name = (self._iri() or "").removeprefix(SEARCH)
        if name in _OUTPUTS and name not in wanted.outputs:
            self._at += 1
            wanted.outputs[name] = self._variable(f"search:{name}")
        elif name == "text" and wanted.text is None and wanted.text_variable is None:
            self._at += 1
            if self._kind() == "variable":
                wanted.text_variable = self._variable("search:text")
            else:
                wanted.text = self._string("search:text")
        elif name == "language" and wanted.language is None:
            self._at += 1
            wanted.language = self._string("search:language")
        elif name == "type":
            self._at += 1
            iri = self._iri()
            if iri is None:
                raise self._wrong("search:type has a class or a concept scheme as its value")
            wanted.types.append(iri)
            self._at += 1
        elif name == "limit":
            self._at += 1
            wanted.limit = self._number()
        else:
            raise self._wrong(f"A search knows {_SHOWN}, each once")

    def _passed(self, *marks: str) -> list[str]:
        passed = []
        while (token := self._token()) is not None and token.text in marks:
            passed.append(token.text)
            self._at += 1
        return passed

    def _token(self) -> Token | None:
        tokens = self._group.tokens
        return tokens[self._at] if self._at < len(tokens) else None

    def _kind(self) -> str | None:
        token = self._token()
        return token.kind if token else None

    def _iri(self) -> str | None:
        return self._group.named[self._at] if self._at < len(self._group.named) else None

    def _variable(self, what: str) -> str:
        token = self._token()
        if token is None or token.kind != "variable":
            raise self._wrong(f"{what} has to be a variable")
        self._at += 1
        return token.text[1:]

    def _string(self, what: str) -> str:
        token = self._token()
        if token is None or token.kind != "string":
            raise self._wrong(f"{what} has a text in quotation marks as its value")
        self._at += 1
        if self._kind() == "language":
            self._at += 1
        return string_of(token.text)

    def _number(self) -> int:
        token = self._token()
        text = token.text if token else ""
        if not (text.isascii() and text.isdigit() and len(text) < 6 and 1 <= int(text) <= MOST):
            raise self._wrong(f"search:limit is a whole number from 1 to {MOST:,}")
        self._at += 1
        return int(text)

    def _wrong(self, message: str) -> QuerySyntaxError:
        offset = self._group.offset_of(self._at)
        return QuerySyntaxError(
            f"{message}.",
            place=place_in(self._group.text, offset),
            hint='Such as SERVICE search:index { ?thing search:text "labour migration" ; '
            "search:score ?score ; search:limit 20 }",
        )


def _text(hit: Hit) -> Literal:
    return Literal(hit.text, language=hit.language) if hit.language else Literal(hit.text)


def _product(terms: Sequence[Sequence[Any]]) -> Iterator[tuple[str, ...]]:
    """Yield every way to take one of each; a column without a term is unbound."""
    if not terms:
        yield ()
        return
    for term in terms[0] or ["UNDEF"]:
        for rest in _product(terms[1:]):
            yield (str(term), *rest)
