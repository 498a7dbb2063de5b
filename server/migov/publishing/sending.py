"""SPARQL 1.1 Graph Store HTTP Protocol and Update with a store, as a client that tries again.

Graphs are named indirectly, by `?graph=` (Graph Store HTTP Protocol, section 4.2): theirs are IRIs
of w3id.org, which are the addresses of no store.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Iterable
from http import HTTPStatus
from typing import Final

import httpx

from migov.engine.remote.store import AGENT, N_TRIPLES, place_of, refused, saying
from migov.errors import EnvironmentProblem, MigovError, StoreProblem
from migov.publishing.wanted import chunks
from migov.publishing.where import Endpoints

log = logging.getLogger(__name__)

_PAUSES: Final = (0.5, 1.0, 2.0, 4.0)
"""Seconds before the second try and each one after it."""
_LONGEST_PAUSE: Final = 30.0
_PATIENCE: Final = httpx.Timeout(600.0, connect=10.0)
_TRANSIENT: Final = (
    HTTPStatus.REQUEST_TIMEOUT,
    HTTPStatus.TOO_MANY_REQUESTS,
    HTTPStatus.BAD_GATEWAY,
    HTTPStatus.SERVICE_UNAVAILABLE,
    HTTPStatus.GATEWAY_TIMEOUT,
)
_SMALLEST: Final = 16_000
_LOGGED: Final = "DEFINE sql:log-enable 3\n"
"""Virtuoso keeps what an update changes in memory alone, unless it is told to write its log."""


class _TooLong(Exception):
    """The store does not take a body of this length."""


class Sender:
    """Writes graphs and runs updates. Not for use by two threads at once."""

    def __init__(
        self,
        endpoints: Endpoints,
        auth: httpx.Auth | None,
        *,
        chunk: int,
        pause: Callable[[float], None] = time.sleep,
    ) -> None:
        """`chunk` is about how many bytes a request may have; it shrinks where that is refused."""
        self._endpoints = endpoints
        self._chunk = chunk
        self._pause = pause
        self.requests = 0
        self._client = httpx.Client(auth=auth, headers={"User-Agent": AGENT}, timeout=_PATIENCE)

    def put(self, graph: str, lines: Iterable[bytes]) -> None:
        """Make a graph say just these lines of N-Triples; raises StoreProblem or LimitError.

        Where it takes several requests and one fails, all are sent again: a part that arrived twice
        would bring its blank nodes twice.
        """
        lines = list(lines)
        if not lines:
            self.drop(graph)
            return
        for number in range(len(_PAUSES) + 1):
            try:
                self._put(graph, lines)
                return
            except _TooLong:
                if self._chunk <= _SMALLEST:
                    raise EnvironmentProblem(
                        f"{place_of(self._endpoints.graphs)} takes no body of "
                        f"{self._chunk:,} bytes.",
                        hint="Raise the limit of the store, or of the proxy before it.",
                    ) from None
                self._chunk //= 4
            except _Interrupted as interrupted:
                if number == len(_PAUSES):
                    raise interrupted.error from interrupted
                self._pause(_PAUSES[number])

    def drop(self, graph: str) -> None:
        """Remove a graph; one that is not there is no error."""
        self._send("DELETE", self._endpoints.graphs, params={"graph": graph})

    def update(self, operations: Iterable[str]) -> None:
        """Run update operations that do no harm when they are run again."""
        text = " ;\n".join(operations)
        if self._endpoints.logs_on_request:
            text = _LOGGED + text
        self._send(
            "POST",
            self._endpoints.update,
            content=text.encode(),
            headers={"Content-Type": "application/sparql-update"},
        )

    def close(self) -> None:
        self._client.close()

    def _put(self, graph: str, lines: list[bytes]) -> None:
        for number, chunk in enumerate(chunks(lines, self._chunk)):
            self._send(
                "POST" if number else "PUT",
                self._endpoints.graphs,
                again=number == 0,
                params={"graph": graph},
                content=chunk,
                headers={"Content-Type": N_TRIPLES},
            )

    def _send(self, method: str, url: str, *, again: bool = True, **request: object) -> None:
        pauses = _PAUSES if again else ()
        for number in range(len(pauses) + 1):
            self.requests += 1
            wait: float | None = None
            try:
                response = self._client.request(method, url, **request)  # type: ignore[arg-type]
                wait = _asked_wait(response)
                _check(response, method, url)
                return
            except httpx.TransportError as error:
                interrupted = _Interrupted(_unreachable(url, error))
            except _Interrupted as error:
                interrupted = error
            if not again:
                raise interrupted
            if number < len(pauses):
                log.info("%s %s failed, trying again", method, place_of(url))
                self._pause(pauses[number] if wait is None else wait)
        raise interrupted.error


class _Interrupted(Exception):
    """What failed may pass when it is tried again."""

    def __init__(self, error: MigovError) -> None:
        super().__init__(error.message)
        self.error = error


def _check(response: httpx.Response, method: str, url: str) -> None:
    status = response.status_code
    if 200 <= status < 300 or (method == "DELETE" and status == HTTPStatus.NOT_FOUND):
        return
    if status == HTTPStatus.REQUEST_ENTITY_TOO_LARGE:
        raise _TooLong
    said = saying(response.content)
    if status in _TRANSIENT:
        raise _Interrupted(
            StoreProblem(
                f"{place_of(url)} is not available ({status}).",
                hint=f"It says: {said}" if said else "Try again later.",
            )
        )
    error = refused(place_of(url), status, said)
    error.message = f"{place_of(url)}: {error.message}"
    if said and status == HTTPStatus.FORBIDDEN:
        error.hint = f"It says: {said} {error.hint}"
    elif said and status != HTTPStatus.UNAUTHORIZED:
        error.hint = f"It says: {said}"
    raise error


def _asked_wait(response: httpx.Response) -> float | None:
    seconds = response.headers.get("Retry-After", "")
    return min(float(seconds), _LONGEST_PAUSE) if seconds.isdecimal() else None


def _unreachable(url: str, error: httpx.TransportError) -> StoreProblem:
    return StoreProblem(
        f"{place_of(url)} cannot be reached: {error or type(error).__name__}.",
        hint="Is the store running, and is this its address?",
    )
