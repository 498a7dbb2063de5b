"""Where a store takes queries, updates and graphs: three addresses, named or known by its kind."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final
from urllib.parse import urlsplit

from migov.errors import EnvironmentProblem

_KNOWN: Final = {
    "Oxigraph": ("/query", "/update", "/store"),
    "Virtuoso": ("/sparql", "/sparql-auth", "/sparql-graph-crud-auth"),
}
"""By what a store calls itself: the ends of its addresses for queries, updates and graphs."""


@dataclass(frozen=True, slots=True)
class Endpoints:
    """The addresses of one store, and whether its updates have to ask for being written to disk."""

    query: str
    update: str
    graphs: str
    logs_on_request: bool = False


def endpoints_of(
    query: str, server: str, update: str | None = None, graphs: str | None = None
) -> Endpoints:
    """Return the addresses of a store; raises EnvironmentProblem where one has to be named.

    `server` is what the store calls itself in its answers.

    >>> endpoints_of("http://127.0.0.1:7878/query", "Oxigraph/0.5.13").graphs
    'http://127.0.0.1:7878/store'
    """
    for name, (asked, updated, stored) in _KNOWN.items():
        if server.startswith(name) and urlsplit(query).path.endswith(asked):
            base = query.partition("?")[0].removesuffix(asked)
            update, graphs = update or base + updated, graphs or base + stored
    if update is None or graphs is None:
        missing = " and ".join(
            option
            for option, value in (("--update", update), ("--graph-store", graphs))
            if value is None
        )
        raise EnvironmentProblem(
            f"It is not known where this store ({server or 'which does not say its name'}) takes "
            "changes.",
            hint=f"Name it with {missing}; server/STORES.md has the addresses of common stores.",
        )
    return Endpoints(query, update, graphs, server.startswith("Virtuoso"))
