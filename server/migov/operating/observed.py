"""ASGI around the application: an id for each request, `/health`, and what became of it."""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import Awaitable, Callable, MutableMapping
from dataclasses import dataclass
from http import HTTPStatus
from typing import Any, Final

from migov.operating.operation import Operation
from migov.operating.requests import Finished, request_id
from migov.vocabulary import BASE

Scope = MutableMapping[str, Any]
Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]
App = Callable[[Scope, Receive, Send], Awaitable[None]]

SCOPE: Final = "migov.request"
"""Where the scope of a request has what is noted of it."""
EXCHANGE: Final = "migov.exchange"
"""Where it has the exchange of its connection, which knows whether the client is still there."""
HEALTH: Final = "/health"
_ALIVE: Final = b"alive\n"
STOPPED: Final = {
    "type": f"{BASE}problem/stopping",
    "title": "Stopping",
    "status": 503,
    "detail": "This server was stopped before it could answer.",
    "hint": "Try again in a few seconds.",
}


@dataclass(slots=True)
class Noted:
    """What is noted of a request while it runs; the application fills in its route."""

    id: str
    client: str | None
    peer: str | None
    is_forwarded: bool
    route: str | None = None
    admitted: float | None = None


class Observed:
    """An application with its operation around it.

    `/health` is answered in the event loop, so that it is even when every thread is at work.
    """

    def __init__(self, app: App, operation: Operation, snapshot: Callable[[], str]) -> None:
        self._app = app
        self._operation = operation
        self._snapshot = snapshot

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        noted = scope[SCOPE] = self._noted(scope)
        began = time.perf_counter()
        status, size = 0, 0

        async def sent(message: Message) -> None:
            nonlocal status, size
            if message["type"] == "http.response.start":
                status = message["status"]
                message["headers"] = [
                    *message.get("headers", ()),
                    (b"x-request-id", noted.id.encode("ascii")),
                ]
            else:
                size += len(message.get("body", b""))
            await send(message)

        try:
            if scope["path"] == HEALTH and scope["method"] in ("GET", "HEAD"):
                noted.route = HEALTH
                await self._alive(sent, has_body=scope["method"] == "GET")
            else:
                await self._app(scope, receive, sent)
        except asyncio.CancelledError:  # the server stops, and this was not over in time
            if status == 0:
                await self._stopped(sent, noted)
        finally:
            exchange = scope.get(EXCHANGE)
            if exchange is not None and exchange.disconnected:
                status = 0
            self._operation.over(
                Finished(
                    scope["method"],
                    noted.route,
                    status,
                    time.perf_counter() - began,
                    size,
                    False,
                    noted.id,
                    noted.client,
                ),
                noted.admitted,
            )

    def _noted(self, scope: Scope) -> Noted:
        fields = {name: value.decode("latin-1") for name, value in scope["headers"]}
        peer = scope["client"][0] if scope.get("client") else None
        forwarded_for, forwarded = fields.get(b"x-forwarded-for"), fields.get(b"forwarded")
        return Noted(
            request_id(fields.get(b"x-request-id"), fields.get(b"traceparent")),
            self._operation.client(peer, forwarded_for, forwarded),
            peer,
            forwarded_for is not None or forwarded is not None,
        )

    async def _stopped(self, send: Send, noted: Noted) -> None:
        body = json.dumps({**STOPPED, "request": noted.id}).encode()
        headers = [(b"content-type", b"application/problem+json"), (b"retry-after", b"5")]
        await self._whole(send, HTTPStatus.SERVICE_UNAVAILABLE, body, headers)

    async def _alive(self, send: Send, *, has_body: bool) -> None:
        headers = [
            (b"content-type", b"text/plain; charset=utf-8"),
            (b"content-length", str(len(_ALIVE)).encode()),
            (b"cache-control", b"no-store"),
        ]
        await self._whole(send, HTTPStatus.OK, _ALIVE if has_body else b"", headers)

    async def _whole(
        self, send: Send, status: int, body: bytes, own: list[tuple[bytes, bytes]]
    ) -> None:
        """Send a whole reply."""
        headers = [*own, (b"migov-snapshot", self._snapshot().encode())]
        await send({"type": "http.response.start", "status": status, "headers": headers})
        await send({"type": "http.response.body", "body": body})
