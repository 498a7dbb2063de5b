"""What a query may see: its dataset, from the request, from its own FROM clauses, or the usual.

This is decided in the worker, on tokens, and only where a text could matter: most queries name
no graph at all.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from pyoxigraph import BlankNode, DefaultGraph, NamedNode, Quad, Store

from migov.engine.prefixes import Prefixes
from migov.sparql.tokens import Token, dataset_clause, iris, tokenize, unescaped
from migov.vocabulary import ASSERTED_GRAPH, INFERRED_GRAPH

_GRAPH = re.compile(r"(?<![\w:/#.\-])graph(?![\w:])", re.IGNORECASE)
_Graphs = list[NamedNode | BlankNode | DefaultGraph]


@dataclass(frozen=True, slots=True)
class Asked:
    """A query as it comes in: `dataset` is the request's (default graphs, named graphs) or None."""

    text: str
    dataset: tuple[Sequence[str], Sequence[str]] | None
    inferred: bool
    prefixes: Prefixes


@dataclass(frozen=True, slots=True)
class Scope:
    """The store to ask and its graphs to see; None is its own default graph, or all named ones.

    A store that is told graphs looks at each triple's, also where they are its own.
    """

    store: Store
    default: _Graphs | None
    named: list[NamedNode | BlankNode] | None


class Scopes:
    """Finds the scope of each query over one store."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._inferred = NamedNode(INFERRED_GRAPH)
        self._has_inferred = store.contains_named_graph(self._inferred)
        self._asserted: list[NamedNode | BlankNode] | None = None

    def of(self, asked: Asked) -> Scope:
        """Return the scope of a query.

        The request's dataset goes before the query's own (SPARQL 1.1 Protocol, 2.1.4). Without
        either it is the asserted graphs: the inferred one, a named graph of the store as well,
        would otherwise answer GRAPH ?g unasked.
        """
        clause = asked.dataset or _own(asked)
        if clause is None:
            both = self._nodes([ASSERTED_GRAPH, INFERRED_GRAPH]) if asked.inferred else None
            return Scope(self._store, both, self._usual(asked))
        default, named = list(clause[0]), list(clause[1])
        if asked.inferred:
            default.append(INFERRED_GRAPH)
            named.append(INFERRED_GRAPH)
        return self._merged(self._without_overlap(default), list(dict.fromkeys(named)))

    def _usual(self, asked: Asked) -> list[NamedNode | BlankNode] | None:
        """Return the named graphs of a query that says nothing about them."""
        if asked.inferred or not self._has_inferred or not _may_say(asked.text, "graph"):
            return None
        tokens = tokenize(asked.text)
        resolved = iris(tokens, known=asked.prefixes.all)
        if INFERRED_GRAPH in resolved:
            return None
        named = _constants(tokens, resolved, asked.text)
        if named is not None:
            nodes = map(NamedNode, named)
            return [node for node in nodes if self._store.contains_named_graph(node)]
        if self._asserted is None:
            graphs = self._store.named_graphs()
            self._asserted = [graph for graph in graphs if graph != self._inferred]
        return self._asserted

    def _without_overlap(self, default: list[str]) -> list[str]:
        """Return the graphs without those that others of them contain; "" is the asserted union."""
        names = ["" if graph == ASSERTED_GRAPH else graph for graph in dict.fromkeys(default)]
        if "" not in names:
            return names
        return [name for name in names if not name or not self._is_asserted(name)]

    def _is_asserted(self, name: str) -> bool:
        return name != INFERRED_GRAPH and self._store.contains_named_graph(NamedNode(name))

    def _merged(self, names: list[str], named: list[str]) -> Scope:
        """Return a scope whose default graph gives no triple twice.

        The default graph is the merge of the graphs named (SPARQL 1.1, 13.2), but the store gives
        a triple once for each of them. Graphs that may share one are merged in a store of their
        own, for as long as the query runs.
        """
        default = self._nodes(names)
        graphs: list[NamedNode | BlankNode] = [NamedNode(name) for name in named]
        if len(default) < 2 or set(names) == {"", INFERRED_GRAPH}:
            return Scope(self._store, default, graphs)
        merged = Store()
        for graph in default:
            quads = self._store.quads_for_pattern(None, None, None, graph)
            merged.extend(Quad(quad.subject, quad.predicate, quad.object) for quad in quads)
        for graph in graphs:
            merged.extend(self._store.quads_for_pattern(None, None, None, graph))
        return Scope(merged, [DefaultGraph()], graphs)

    @staticmethod
    def _nodes(names: Sequence[str]) -> _Graphs:
        return [
            NamedNode(name) if name and name != ASSERTED_GRAPH else DefaultGraph() for name in names
        ]


def _own(asked: Asked) -> tuple[Sequence[str], Sequence[str]] | None:
    if not _may_say(asked.text, "from"):
        return None
    clause = dataset_clause(tokenize(asked.text), asked.prefixes.all)
    return None if clause is None else (clause.default, clause.named)


def _may_say(text: str, word: str) -> bool:
    """Whether a word can be found in a text by looking at it in any way."""
    return word in (unescaped(text) if "\\" in text else text).lower()


def _constants(
    tokens: Sequence[Token], resolved: Sequence[str | None], text: str
) -> list[str] | None:
    """Return the graphs that GRAPH names, or None where it has a variable or is hard to read."""
    names: dict[str, None] = {}
    if len(_GRAPH.findall(text)) > sum(token.is_word("GRAPH") for token in tokens):
        return None
    for index, token in enumerate(tokens):
        if token.is_word("GRAPH"):
            name = resolved[index + 1] if index + 1 < len(tokens) else None
            if name is None:
                return None
            names[name] = None
    return list(names)
