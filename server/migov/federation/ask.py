"""One question to one endpoint by the SPARQL 1.1 Protocol: bytes of a result, or what went wrong.

The whole of it has one deadline: resolving, connecting, TLS, the head and the last byte. What
comes back is only counted here; reading it is for another process.
"""

from __future__ import annotations

import asyncio
import ssl
import time
from dataclasses import dataclass
from functools import cache
from http import HTTPStatus
from typing import Final
from urllib.parse import urlsplit

import httpx

from migov import __version__
from migov.endpoints import Endpoint
from migov.federation.address import addresses_of
from migov.federation.errors import EndpointDeadlineError, EndpointError
from migov.vocabulary import BASE

_HEADERS: Final = {
    "Accept": "application/sparql-results+json, application/sparql-results+xml;q=0.8",
    "Accept-Encoding": "identity",
    "User-Agent": f"migov/{__version__} ({BASE})",
}
_FORMATS: Final = {
    "application/sparql-results+json": "json",
    "application/json": "json",
    "application/sparql-results+xml": "xml",
    "application/xml": "xml",
    "text/xml": "xml",
}
_CONNECT_SECONDS: Final = 5.0
"""For one address; there may be others to try."""


@dataclass(frozen=True, slots=True)
class Received:
    """The bytes of a result and their format, json or xml."""

    format: str
    body: bytes


def ask(endpoint: Endpoint, query: str, *, seconds: float, megabytes: float) -> Received:
    """Return what an endpoint answers to a query.

    Raises EndpointError, or EndpointDeadlineError when `seconds` have passed.
    """
    return asyncio.run(_until(endpoint, query, seconds, megabytes))


async def _until(endpoint: Endpoint, query: str, seconds: float, megabytes: float) -> Received:
    try:
        async with asyncio.timeout(seconds):
            return await _ask(endpoint, query, time.monotonic() + seconds, megabytes)
    except TimeoutError:
        raise EndpointDeadlineError(
            f"The endpoint <{endpoint.iri}> did not answer within {seconds:g} seconds.",
            hint="Ask it for less: name what you look for, or bind it by patterns beside SERVICE.",
        ) from None


async def _ask(endpoint: Endpoint, query: str, until: float, megabytes: float) -> Received:
    address = httpx.URL(endpoint.address)
    port = address.port or (443 if address.scheme == "https" else 80)
    host = address.raw_host.decode("ascii")
    last: httpx.TransportError | None = None
    for pinned in await addresses_of(endpoint, host, port):
        try:
            return await _exchange(endpoint, address, pinned, query, until, megabytes)
        except (httpx.ConnectError, httpx.ConnectTimeout) as error:
            last = error
        except httpx.HTTPError as error:
            raise _broken(endpoint, error) from error
    assert last is not None
    raise _unreachable(endpoint, last) from last


async def _exchange(
    endpoint: Endpoint,
    address: httpx.URL,
    pinned: str,
    query: str,
    until: float,
    megabytes: float,
) -> Received:
    """Ask at one address; the name of the host stays in the head and in the TLS handshake."""
    timeout = httpx.Timeout(None, connect=min(_CONNECT_SECONDS, max(0, until - time.monotonic())))
    # No proxy and no password comes from the environment of this server.
    async with (
        httpx.AsyncClient(
            verify=_certificates(), trust_env=False, follow_redirects=False, timeout=timeout
        ) as client,
        client.stream(
            "POST",
            address.copy_with(host=pinned),
            data={"query": query},
            headers={**_HEADERS, "Host": urlsplit(endpoint.address).netloc},
            extensions={"sni_hostname": address.raw_host.decode("ascii")},
        ) as response,
    ):
        format = _format(endpoint, response)
        return Received(format, await _body(endpoint, response, megabytes))


def _format(endpoint: Endpoint, response: httpx.Response) -> str:
    status = response.status_code
    if 300 <= status < 400:
        raise EndpointError(
            f"The endpoint <{endpoint.iri}> redirects, and no redirect is followed.",
            hint="The operator can list the address it leads to in the setting federation.",
        )
    if status != HTTPStatus.OK:
        raise EndpointError(
            f"The endpoint <{endpoint.iri}> answered with status {status}.", hint=_next(status)
        )
    media_type = response.headers.get("Content-Type", "").partition(";")[0].strip().lower()
    if media_type not in _FORMATS:
        shown = media_type[:80] if media_type.isprintable() and media_type else "no media type"
        raise EndpointError(
            f"The endpoint <{endpoint.iri}> answered with {shown}, not with SPARQL results.",
            hint="SPARQL results in JSON or XML are read.",
        )
    encoding = response.headers.get("Content-Encoding", "identity").strip().lower()
    if encoding not in ("", "identity"):
        raise EndpointError(
            f"The endpoint <{endpoint.iri}> compressed its answer, which was not asked for."
        )
    return _FORMATS[media_type]


def _next(status: int) -> str:
    """Return what to do about a status that brings no answer."""
    match status:
        case HTTPStatus.TOO_MANY_REQUESTS | HTTPStatus.SERVICE_UNAVAILABLE:
            return "It is busy: try again later. SERVICE SILENT goes on without it."
        case HTTPStatus.UNAUTHORIZED | HTTPStatus.FORBIDDEN:
            return "It wants a login, and none is sent: choose an endpoint that is open."
        case HTTPStatus.NOT_FOUND | HTTPStatus.GONE | HTTPStatus.METHOD_NOT_ALLOWED:
            return "Is this the address of its SPARQL endpoint, and not that of a page?"
        case _:
            return "Does it take the group as a query? Asking it directly tells more."


async def _body(endpoint: Endpoint, response: httpx.Response, megabytes: float) -> bytes:
    most = int(megabytes * 1_000_000)
    parts: list[bytes] = []
    size = 0
    async for part in response.aiter_raw():
        size += len(part)
        if size > most:
            raise EndpointError(
                f"The answer of the endpoint <{endpoint.iri}> is longer than {megabytes:g} MB.",
                hint="Ask it for less: name what you look for, or bind it by patterns beside "
                "SERVICE.",
            )
        parts.append(part)
    return b"".join(parts)


@cache
def _certificates() -> ssl.SSLContext:
    return httpx.create_ssl_context(trust_env=False)


def _unreachable(endpoint: Endpoint, error: httpx.TransportError) -> EndpointError:
    reason = (
        "its certificate does not hold"
        if "CERTIFICATE" in str(error)
        else "nothing takes a connection there"
    )
    return EndpointError(
        f"The endpoint <{endpoint.iri}> was not reached: {reason}.",
        hint="Try again later; SERVICE SILENT goes on without it.",
    )


def _broken(endpoint: Endpoint, error: httpx.HTTPError) -> EndpointError:
    return EndpointError(
        f"The endpoint <{endpoint.iri}> broke off its answer ({type(error).__name__}).",
        hint="Try again later; SERVICE SILENT goes on without it.",
    )
