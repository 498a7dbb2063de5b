"""SPARQL 1.1 Protocol with a store, as a client: one query out, one whole document in."""

from __future__ import annotations

import logging
import re
import time
from collections.abc import Sequence
from dataclasses import dataclass
from http import HTTPStatus
from typing import Final
from urllib.parse import urlsplit

import httpx

from migov import __version__
from migov.errors import (
    AnswerTooLargeError,
    BusyError,
    DeadlineError,
    EnvironmentProblem,
    MigovError,
    RequestError,
    StoreProblem,
)

log = logging.getLogger(__name__)

AGENT: Final = f"migov/{__version__}"
_AT_ONCE: Final = 16
_KEPT: Final = 60.0
_SHOWN: Final = 300
_TIME: Final = re.compile(r"time ?d? ?out|timeout|cancel|estimated execution time|S1TAT", re.I)
_VIRTUOSO: Final = re.compile(r"\AVirtuoso [0-9A-Z]{5} Error ")
"""Virtuoso says 500 to queries that it cannot evaluate; the store itself is well."""


@dataclass(frozen=True, slots=True)
class Reply:
    """A store's whole answer: its bytes, its media type, and what it says of having cut it."""

    body: bytes
    media_type: str
    most_rows: int | None = None
    """Rows after which the store cut this answer, or may have: X-SPARQL-MaxRows of Virtuoso."""


class Store:
    """The query endpoint of a store; safe for use by many threads. Connections are kept open."""

    def __init__(self, url: str, auth: httpx.Auth | None, *, limit: int) -> None:
        """`limit` is the most bytes that one answer may have."""
        self.url = url
        self._limit = limit
        self.server = ""
        self._client = httpx.Client(
            auth=auth,
            headers={"User-Agent": AGENT, "Accept-Encoding": "identity"},
            limits=httpx.Limits(
                max_connections=_AT_ONCE,
                max_keepalive_connections=_AT_ONCE,
                keepalive_expiry=_KEPT,
            ),
        )

    @property
    def is_virtuoso(self) -> bool:
        return self.server.startswith("Virtuoso")

    def query(
        self, text: str, default: Sequence[str], named: Sequence[str], accept: str, until: float
    ) -> Reply:
        """Return the store's answer to a query over a dataset, in one media type.

        `until` is a moment of `time.monotonic()`. Raises RequestError for what the store does not
        take, LimitError, or StoreProblem.
        """
        left = until - time.monotonic()
        if left <= 0:
            raise out_of_time()
        fields: dict[str, str | list[str]] = {
            "query": text,
            "default-graph-uri": list(default),
            "named-graph-uri": list(named),
        }
        if self.is_virtuoso:  # it would go on for nobody; others mean other units by the name
            fields["timeout"] = str(max(1000, int(left * 1000)))
        try:
            with self._client.stream(
                "POST", self.url, data=fields, headers={"Accept": accept}, timeout=left
            ) as response:
                body = self._read(response, until)
        except httpx.PoolTimeout:
            raise BusyError(
                "Too many queries wait for the store.", hint="Try again in a few seconds."
            ) from None
        except httpx.HTTPError as error:
            raise unreachable(self.url, error) from error
        self.server = response.headers.get("Server", "")
        _check(response, body, self.url)
        return _reply(response, body, accept, self.url)

    def close(self) -> None:
        self._client.close()

    def _read(self, response: httpx.Response, until: float) -> bytes:
        parts: list[bytes] = []
        size = 0
        for part in response.iter_bytes():
            size += len(part)
            if size > self._limit:
                raise AnswerTooLargeError(
                    "The answer is longer than this server gives at once.",
                    hint="Page through it with LIMIT and OFFSET, or take a dump.",
                )
            if time.monotonic() > until:
                raise out_of_time()
            parts.append(part)
        return b"".join(parts)


def _reply(response: httpx.Response, body: bytes, accept: str, url: str) -> Reply:
    media_type = response.headers.get("Content-Type", "").partition(";")[0].strip().lower()
    if media_type != accept and not (accept == N_TRIPLES and media_type == "text/plain"):
        raise broken(url, f"it answers with {media_type or 'no media type'}, asked for {accept}")
    ends = "Content-Length" in response.headers or "Transfer-Encoding" in response.headers
    if accept == N_TRIPLES and not ends:  # every line of it could be the last
        raise broken(url, "it does not say where its answer ends")
    if "X-SQL-State" in response.headers:  # Virtuoso: a part of the answer, for the time ran out
        raise out_of_time()
    most = response.headers.get("X-SPARQL-MaxRows", "")
    return Reply(
        body,
        media_type,
        int(most) if most.isdecimal() else None,
    )


N_TRIPLES: Final = "application/n-triples"
JSON: Final = "application/sparql-results+json"


def _check(response: httpx.Response, body: bytes, url: str) -> None:
    """Raise what an answer means that is none."""
    status = response.status_code
    if status == HTTPStatus.OK:
        return
    said = saying(body)
    if status == HTTPStatus.PARTIAL_CONTENT or (
        status >= HTTPStatus.BAD_REQUEST and _TIME.search(said)
    ):
        raise out_of_time()
    if status == HTTPStatus.BAD_REQUEST or _VIRTUOSO.match(said):
        raise RequestError(
            f"The store behind this server does not take this query: {said}",
            hint="It is valid SPARQL 1.1; another way to write it may pass.",
        )
    raise refused(url, status, said)


def refused(url: str, status: int, said: str) -> MigovError:
    """Return the error for a status that no query can be to blame for."""
    log.warning("%s answered %d: %s", url, status, said)
    if status in (HTTPStatus.TOO_MANY_REQUESTS, HTTPStatus.SERVICE_UNAVAILABLE):
        return BusyError("The store is busy.", hint="Try again in a few seconds.")
    if status == HTTPStatus.FORBIDDEN:
        return StoreProblem(
            f"The store refuses this ({status}).",
            hint="Is it read-only, or is this right given to other users? Its operator names one "
            "by --user or MIGOV_USER and MIGOV_PASSWORD, or in ~/.netrc.",
        )
    if status == HTTPStatus.UNAUTHORIZED:
        return StoreProblem(
            f"The store does not let this user in ({status}).",
            hint="Its operator gives the name as --user or MIGOV_USER and the password as "
            "MIGOV_PASSWORD, or both in ~/.netrc.",
        )
    if status in (HTTPStatus.NOT_FOUND, HTTPStatus.METHOD_NOT_ALLOWED) or 300 <= status < 400:
        return StoreProblem(
            f"There is no such SPARQL endpoint at the store ({status}).",
            hint="Its operator compares the address with the table in server/STORES.md.",
        )
    return StoreProblem(
        f"The store failed ({status}).",
        hint="Its operator finds the reason in its log and in ours.",
    )


def unreachable(url: str, error: httpx.HTTPError) -> MigovError:
    """Return the error for a conversation that did not come to its end."""
    if isinstance(error, httpx.TimeoutException) and not isinstance(error, httpx.ConnectTimeout):
        return out_of_time()
    log.warning("%s: %s", url, error or type(error).__name__)
    if isinstance(error, httpx.RemoteProtocolError | httpx.ReadError | httpx.WriteError):
        return StoreProblem(
            "The store broke its answer off.",
            hint="Try again. Its operator: is the store running, and what does its log say?",
        )
    return StoreProblem(
        "The store cannot be reached.",
        hint="Its operator: is the store running, and is its address right?",
    )


def broken(url: str, reason: str) -> EnvironmentProblem:
    """Return the error for an answer that cannot be relied on."""
    log.warning("%s gave no answer to rely on: %s", url, reason)
    return StoreProblem(
        "The store gave an answer that is cut or malformed.",
        hint="Try again, or ask for less. Its operator finds what is wrong with it in our log.",
    )


def out_of_time() -> DeadlineError:
    return DeadlineError(
        "The time for this query ran out.",
        hint="Ask for less: fewer patterns, a LIMIT, or a more selective first pattern.",
    )


def saying(body: bytes) -> str:
    """Return what a store says of a failure as one short line.

    >>> saying(b"Virtuoso 37000 Error SP030: syntax error\\n\\nSPARQL query:\\nASK")
    'Virtuoso 37000 Error SP030: syntax error'
    """
    text = body[:4000].decode("utf-8", "replace").partition("SPARQL query:")[0]
    line = " ".join("".join(char if char.isprintable() else " " for char in text).split())
    return line if len(line) <= _SHOWN else line[: _SHOWN - 1] + "…"


def place_of(url: str) -> str:
    """Return where a store is, for people: its address without the query."""
    parts = urlsplit(url)
    return f"{parts.scheme}://{parts.netloc}{parts.path}"
