"""A store of this process as an engine: for the canned queries of a state that has no snapshot.

The queries were read from our own files and reach nothing outside (`migov.sparql.stored`); an
update comes from outside. Both run in forks of this process, which may take too long or too much.
"""

from __future__ import annotations

import io
import json
from collections.abc import Iterable, Mapping, Sequence

from pyoxigraph import Quad, QueryBoolean, QueryTriples, Store

from migov.engine import Answer, Limits, Query
from migov.engine.failures import update_error_of
from migov.engine.formats import GRAPHS, SOLUTIONS
from migov.engine.local import Changed
from migov.engine.prefixes import Prefixes
from migov.engine.rights import give_up_everything
from migov.engine.scope import Asked, Scopes
from migov.engine.updates import Update
from migov.engine.updating import run_update, update_request
from migov.errors import MigovError, RequestError
from migov.verdict.beside import each_in_fork


class StoreEngine:
    """Answers from a store with the layout of a snapshot: union, named graphs, what follows."""

    is_settled = True

    def __init__(self, store: Store) -> None:
        self._scopes = Scopes(store)

    def answer(self, query: Query) -> Answer:
        """Return the whole answer; raises RequestError."""
        prefixes = Prefixes(query.prefixes)
        scope = self._scopes.of(Asked(query.text, None, query.inferred, prefixes))
        out = io.BytesIO()
        try:
            result = scope.store.query(
                query.text,
                prefixes=prefixes.needed(query.text),
                default_graph=scope.default,
                named_graphs=scope.named,
            )
            if isinstance(result, QueryTriples):
                graph = query.graph or "nt"
                result.serialize(out, format=GRAPHS[graph])
                return Answer("graph", graph, out.getvalue())
            solutions = query.solutions or "json"
            result.serialize(out, format=SOLUTIONS[solutions])
        except (OSError, RuntimeError, SyntaxError, ValueError) as error:
            raise RequestError(f"The query could not be evaluated: {error}.") from error
        if isinstance(result, QueryBoolean):
            return Answer("boolean", solutions, out.getvalue())
        return Answer("solutions", solutions, out.getvalue())

    def close(self) -> None:
        """Do nothing: the store is its owner's."""


class ForkedUpdates:
    """Runs updates on a store, each in a fork of this process that keeps nothing."""

    def __init__(self, store: Store, digest: str, limits: Limits) -> None:
        self._store = store
        self._limits = limits
        self.digest = digest

    def update(self, update: Update, prefixes: Mapping[str, str] | None = None) -> Changed:
        """Return the graphs that an update would change, each as N-Quads before and after.

        Raises RequestError or LimitError.
        """
        ((_, found),) = each_in_fork(
            self._run, [json.dumps(update_request(update, prefixes))], self._limits.deadline
        )
        if isinstance(found, MigovError):
            raise found
        frame, body = found
        if frame:
            raise update_error_of(frame, update)
        return [(graph, before, after) for graph, before, after in json.loads(body)]

    def _run(self, request: str) -> tuple[dict[str, str], bytes]:
        give_up_everything(self._limits.memory)
        try:
            return run_update(self._store, json.loads(request), self._limits.answer * 1_000_000)
        except (OSError, RuntimeError, ValueError) as error:
            return {"error": "evaluation", "message": str(error)}, b""


def stored(quads: Iterable[Quad], union: Iterable[Quad], inferred: Iterable[Quad]) -> Store:
    """Return a store with the layout of a snapshot."""
    store = Store()
    for part in (quads, union, inferred):
        store.extend(part)
    return store


def patch(store: Store, removed: Sequence[Quad], added: Sequence[Quad]) -> None:
    """Take quads out of a store and put others in."""
    for quad in removed:
        store.remove(quad)
    store.extend(added)
