"""The threads that Flask answers in, by what a request waits for.

A page waits for a moment, a stranger's query for as long as the deadline allows, and a change for
its verdict. Each kind has threads of its own, so that as many of one as anybody likes to send
never hold up another, nor the questions of the operator.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final, cast

from a2wsgi import WSGIMiddleware
from a2wsgi.wsgi_typing import Environ, StartResponse, WSGIApp

from migov.engine.local import ABANDONED
from migov.engine.tickets import ASKER
from migov.front.passed import Passed
from migov.operating.observed import EXCHANGE, App, Receive, Scope, Send
from migov.operating.operation import UNOBSERVED

_OPERATOR: Final = 2
_QUERIES: Final = 512
"""Far more than an engine takes in at once: a small query finds a thread. One that waits takes a
hundred kilobytes or less, and no time."""
_CHANGES: Final = 16
_PAGES: Final = 16

_QUERY_PATH: Final = "/sparql"
_READING: Final = ("GET", "HEAD", "OPTIONS")
_ASKED_BY_POST: Final = "/reconcile"
"""The reconciliation API asks by POST as well, and changes nothing."""


class Lanes:
    """An ASGI application that runs a WSGI one in threads, and shows it its exchange."""

    def __init__(self, app: WSGIApp) -> None:
        def called(environ: Environ, start_response: StartResponse) -> Iterable[bytes]:
            # a2wsgi calls this in a context of its own
            exchange: Passed = environ["asgi.scope"][EXCHANGE]  # type: ignore[typeddict-item]
            ABANDONED.set(exchange.abandoned)
            ASKER.set(exchange.asker)
            return app(environ, start_response)

        self._operator = _threads(called, _OPERATOR)
        self._queries = _threads(called, _QUERIES)
        self._changes = _threads(called, _CHANGES)
        self._pages = _threads(called, _PAGES)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        await self._lane(scope["method"], scope["path"])(scope, receive, send)

    def _lane(self, method: str, path: str) -> App:
        if path in UNOBSERVED:
            return self._operator
        if path == _QUERY_PATH:
            return self._queries
        if method not in _READING and not path.startswith(_ASKED_BY_POST):
            return self._changes
        return self._pages


def _threads(app: WSGIApp, number: int) -> App:
    return cast(App, WSGIMiddleware(app, workers=number))
