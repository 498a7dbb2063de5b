"""What a write over HTTP is handed to, and what comes back: in → out, no sockets.

The faces read a request (SPARQL 1.1 Protocol, section 2.2; Graph Store HTTP Protocol) and refuse
what is malformed. Whether and how anything changes is the writer's to decide: the scratch dataset
writes at once, a gated writer asks who it is and what the change means.
"""

from __future__ import annotations

from dataclasses import dataclass
from http import HTTPStatus
from typing import Protocol

from migov.errors import RefusedError


@dataclass(frozen=True, slots=True)
class Written:
    """How a write ended, as HTTP says it.

    `status` is 201 where a graph is new, 204 or 200 where one was changed, 404 where the graph to
    drop is not there, and whatever else a writer has to say (a verdict that stores nothing is a
    200 with a body). `headers` are those beside Content-Type.
    """

    status: HTTPStatus
    body: bytes = b""
    media_type: str | None = None
    headers: tuple[tuple[str, str], ...] = ()


class Writer(Protocol):
    """Anything that takes writes. An application without one is read-only.

    `credentials` is the value of the request's Authorization header, None without one. `expected`
    is the version of the dataset that the request's preconditions were compared with: a writer
    whose dataset has another one by then changes nothing and raises VersionError, so that the face
    compares again. A `graph` of None is the default graph. Each method raises RequestError,
    LimitError or EnvironmentProblem, and has then changed nothing.
    """

    def admit(self, credentials: str | None) -> None:
        """Raise UnauthorizedError or ScopeError for who may not write, before anything is read."""

    def update(
        self,
        text: str,
        using_graphs: tuple[str, ...],
        using_named_graphs: tuple[str, ...],
        credentials: str | None,
        *,
        expected: str | None = None,
    ) -> Written:
        """Run a SPARQL update, all of it or nothing.

        The graphs are those of `using-graph-uri` and `using-named-graph-uri`; both empty leave the
        dataset to the update (SPARQL 1.1 Protocol, section 2.2.3).
        """

    def write_graph(
        self,
        graph: str | None,
        content: bytes,
        media_type: str,
        replace: bool,
        credentials: str | None,
        *,
        expected: str | None = None,
    ) -> Written:
        """Put the triples of a document in the place of a graph, or add them to it.

        `media_type` is the first one of a format of `migov.protocol.formats.GRAPHS`. Raises
        DataSyntaxError for a document that is not valid.
        """

    def drop_graph(
        self, graph: str | None, credentials: str | None, *, expected: str | None = None
    ) -> Written:
        """Remove a graph and all that it says; 404 where there is none."""


def refuse_foreign_origin(origin: str | None, scheme: str, host: str) -> None:
    """Raise RefusedError when a page of another site sent a write: a browser names the page's site.

    `origin` is the request's Origin (RFC 6454: scheme, host and port), `scheme` and `host` are
    those that it was sent to. A page that came by https is at home where http arrives: TLS may end
    at a proxy that says nothing of it. Programs send no Origin.

    >>> refuse_foreign_origin("http://127.0.0.1:8000", "http", "127.0.0.1:8000")
    >>> refuse_foreign_origin("https://migov.example", "http", "migov.example")
    >>> refuse_foreign_origin(None, "http", "127.0.0.1:8000")
    """
    if origin is None:
        return
    spoken, _, place = origin.lower().partition("://")
    if place != host.lower() or spoken not in (scheme, "https"):
        raise foreign_page()


def foreign_page() -> RefusedError:
    """Return the error for a write that a page of another site sent."""
    return RefusedError(
        "A page of another site sent this write.",
        hint="Write from a program, or from a page of this server.",
    )
