"""SERVICE is answered before the query: its solutions take its place as inline data.

A SERVICE group is evaluated by itself and joined (SPARQL 1.1 Federated Query, section 4), so the
workers that evaluate a query need no network: whoever a group names is asked here, and `VALUES`
with the solutions stands where the group stood. What the patterns beside a group say of its
variables goes with the question (section 2.4), where that leaves the join as it is.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Final

from pyoxigraph import Literal, RdfFormat, Triple, parse

from migov.engine import Engine, Query
from migov.errors import ParameterError, QuerySyntaxError, RefusedError, TooComplexError
from migov.federation import EndpointError, Federation
from migov.fulltext import Index
from migov.protocol.bindings import Binding, bindings_for, rows_beside
from migov.protocol.search import INDEX, MOST_TEXTS, Wanted, read_search
from migov.settings import Settings
from migov.snapshot import Snapshot
from migov.sparql.services import Found, ServiceGroup, find_services, inline_data
from migov.vocabulary import ASSERTED_GRAPH, INFERRED_GRAPH

MOST_GROUPS: Final = 8
"""SERVICE groups in one query: each may take its whole deadline."""


@dataclass(frozen=True, slots=True)
class Services:
    """Whom the SERVICE groups of a query may ask."""

    federation: Federation
    index: Index

    @classmethod
    @contextmanager
    def opened(cls, settings: Settings, snapshot: Snapshot) -> Iterator[Services]:
        """Have what the settings allow for the length of a `with` block."""
        federation, index = Federation(settings), index_of(lambda: snapshot.folder, settings)
        try:
            yield cls(federation, index)
        finally:
            federation.close()
            index.close()

    def before(
        self, engine: Engine, query: Query, graphs: Iterable[str], *, is_canned: bool = False
    ) -> Query:
        """Return a query without SERVICE that has the same solutions.

        `graphs` are the named graphs that it sees where nothing is said of them. A canned query
        goes on without an endpoint that is not listed where it says SILENT. Raises RequestError or
        LimitError, and EndpointError where another endpoint fails.
        """
        found = find_services(query.text, query.prefixes)
        if found is None:
            return query
        if len(found.groups) > MOST_GROUPS:
            raise TooComplexError(
                f"The query has {len(found.groups)} SERVICE groups; it may have {MOST_GROUPS}.",
                hint="Ask in several steps.",
            )
        passed_over = {
            group.start for group in found.groups if is_canned and self._is_passed_over(group)
        }
        for group in found.groups:
            if group.start not in passed_over:
                self._check(group)
        query = _with_dataset(query, found, graphs)
        searches = {
            group.start: read_search(group) for group in found.groups if group.endpoint == INDEX
        }
        heads = {
            group.start: searches[group.start].variables
            if group.start in searches
            else _head(engine, query, group)
            for group in found.groups
        }
        _over_nothing(engine, query, found.skeleton(heads), "VALUES () {}")
        answers: dict[int, str] = {}
        for group in found.groups:
            names = heads[group.start]
            if group.start in passed_over:
                rows = _nothing(names)
            elif group.start in searches:
                rows = self._found(engine, query, found, group, searches[group.start], answers)
            else:
                rows = self._asked(engine, query, found, group, names, answers)
            answers[group.start] = inline_data(names, rows)
        return replace(query, text=found.replaced(answers))

    def triples(
        self, engine: Engine, query: Query, graphs: Iterable[str]
    ) -> dict[str, list[Triple]]:
        """Return what endpoints say now that the SERVICE groups of a query match, by endpoint.

        Raises RefusedError for a group with more than triple patterns, or an endpoint that is not
        listed; EndpointError where one fails, whether the group is SILENT or not; RequestError or
        LimitError.
        """
        found = find_services(query.text, query.prefixes)
        said: dict[str, list[Triple]] = {}
        for group in found.groups if found is not None else ():
            assert found is not None
            self._check(group)
            if group.endpoint is None or group.endpoint == INDEX:
                continue
            names = _head(engine, query, group)
            seen = _with_dataset(query, found, graphs)
            loud = replace(group, silent=False)
            rows = self._asked(engine, seen, found, loud, names, {})
            pattern = f"{group.declarations}CONSTRUCT {group.inner} WHERE"
            text = f"{pattern} {{ {inline_data(names, rows)} }}"
            try:
                answer = engine.answer(
                    replace(query, text=text, solutions=None, graph="nt", default_graphs=())
                )
            except QuerySyntaxError as error:
                raise RefusedError(
                    "This SERVICE group has more than triple patterns, so its answer is no graph.",
                    place=group.place,
                    hint="Leave FILTER, OPTIONAL and the like outside of it.",
                ) from error
            quads = parse(answer.body, format=RdfFormat.N_TRIPLES)
            said.setdefault(group.endpoint, []).extend(quad.triple for quad in quads)
        return said

    def _check(self, group: ServiceGroup) -> None:
        """Raise RefusedError unless the group names whom it asks, and that may be asked."""
        if group.endpoint == INDEX:
            return
        if group.endpoint is not None:
            self.federation.endpoint(group.endpoint)
            return
        variable = group.term.startswith(("?", "$"))
        raise RefusedError(
            f"SERVICE {group.term} is not allowed: "
            + ("the endpoint has to be named." if variable else "its prefix is not declared."),
            place=group.place,
            hint="Write the IRI of an endpoint that the setting federation lists.",
        )

    def _found(
        self,
        engine: Engine,
        query: Query,
        found: Found,
        group: ServiceGroup,
        wanted: Wanted,
        answers: Mapping[int, str],
    ) -> str:
        """Return the rows of a search; raises RequestError or LimitError."""
        texts = [Literal(wanted.text)] if wanted.text is not None else None
        if wanted.text_variable is not None:
            beside = found.beside(group, answers)
            if beside is not None and wanted.text_variable in beside.variables:
                values = beside.query([wanted.text_variable], MOST_TEXTS + 1)
                texts = _texts(rows_beside(engine, query, values), wanted.text_variable)
        if texts is None:
            raise ParameterError(
                f"?{wanted.text_variable} has no text to look for: nothing beside the search "
                "binds it.",
                place=group.place,
                hint=f'VALUES ?{wanted.text_variable} {{ "labour migration" }} in the same group '
                "does.",
            )
        if len(texts) > MOST_TEXTS:
            raise TooComplexError(
                f"?{wanted.text_variable} has more than {MOST_TEXTS} texts to look for.",
                place=group.place,
                hint="Bind it to fewer by patterns in the same group.",
            )
        return "".join(wanted.rows(self.index, texts))

    def _asked(
        self,
        engine: Engine,
        query: Query,
        found: Found,
        group: ServiceGroup,
        names: Sequence[str],
        answers: Mapping[int, str],
    ) -> str:
        """Return the rows of an endpoint; raises EndpointError, RequestError or LimitError."""
        assert group.endpoint is not None
        bindings = bindings_for(engine, query, found, group, answers)
        if bindings is None:
            return ""
        try:
            return self.federation.solutions(group.endpoint, group.query + bindings, names).text
        except EndpointError:
            if not group.silent:
                raise
            return _nothing(names)

    def _is_passed_over(self, group: ServiceGroup) -> bool:
        return (
            group.silent
            and group.endpoint not in (None, INDEX)
            and not self.federation.lists(group.endpoint or "")
        )


def _nothing(names: Sequence[str]) -> str:
    """Return the one empty solution of SERVICE SILENT that fails (section 2.3)."""
    return f"({' '.join('UNDEF' for _ in names)})"


def index_of(folder: Callable[[], Path], settings: Settings) -> Index:
    """Return the full-text index in the folder of a snapshot, with the limits of the settings."""
    return Index(folder, seconds=settings.deadline, megabytes=settings.memory)


def _texts(rows: Sequence[Binding] | None, name: str) -> list[Literal] | None:
    """Return the texts of a variable; None where one of its rows has none."""
    if rows is None:
        return None
    terms = [row.get(name) for row in rows]
    texts = [
        Literal(term["value"], language=term.get("xml:lang"))
        for term in terms
        if term is not None and term["type"] == "literal" and "datatype" not in term
    ]
    return texts if len(texts) == len(terms) else None


def _with_dataset(query: Query, found: Found, graphs: Iterable[str]) -> Query:
    """Return a query that says its dataset, as its text alone decides on it.

    What an endpoint answers becomes text too, and must not make a graph seen.
    """
    if query.default_graphs is not None or query.named_graphs is not None:
        return query
    if found.dataset is not None:
        default, named = found.dataset.default, found.dataset.named
    else:  # the inferred graph answers GRAPH ?g only where the query names it
        default, seen = (ASSERTED_GRAPH,), {*graphs} - {INFERRED_GRAPH}
        named = (*seen, INFERRED_GRAPH) if found.names(INFERRED_GRAPH) else tuple(seen)
    return replace(query, default_graphs=default, named_graphs=named)


def _head(engine: Engine, query: Query, group: ServiceGroup) -> list[str]:
    """Return the in-scope variables of a group; raises QuerySyntaxError at its line and column."""
    body = _over_nothing(engine, query, group.in_place(), "LIMIT 0")
    names: list[str] = json.loads(body)["head"]["vars"]
    return names


def _over_nothing(engine: Engine, query: Query, text: str, ending: str) -> bytes:
    """Return the answer to a text over an empty dataset: what its parser has to say.

    With `ending` after it hardly anything is evaluated. Raises QuerySyntaxError.
    """
    empty = replace(
        query,
        text=f"{text}\n{ending}",
        solutions="json",
        graph="nt",
        default_graphs=(),
        named_graphs=(),
        inferred=False,
        rows=0,
    )
    try:
        return engine.answer(empty).body
    except QuerySyntaxError:
        # The text may have an ending of its own; or else the place of the error is right now.
        return engine.answer(replace(empty, text=text)).body
