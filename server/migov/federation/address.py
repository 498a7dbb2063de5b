"""The host of an endpoint → addresses to connect to, private ones refused.

A name is resolved once for each question and the connection goes to an address that was looked at,
so a name that says something else a moment later reaches nothing.
"""

from __future__ import annotations

import asyncio
import socket
from concurrent.futures import Future
from ipaddress import IPv4Address, IPv6Address, IPv6Network, ip_address
from threading import Thread
from typing import Any, Final

from migov.endpoints import Endpoint
from migov.federation.errors import EndpointError

_TRANSLATED: Final = IPv6Network("64:ff9b::/96")
"""NAT64: the last 32 bits are an IPv4 address."""


def is_public(address: str) -> bool:
    """Return whether an address belongs to the open internet, whatever it is wrapped in.

    >>> [is_public(one) for one in ("1.1.1.1", "10.0.0.1", "::ffff:127.0.0.1", "169.254.1.1")]
    [True, False, False, False]
    """
    found = ip_address(address.partition("%")[0])
    if isinstance(found, IPv6Address):
        inner = _wrapped(found)
        if inner is not None:
            return is_public(str(inner))
    return found.is_global and not (found.is_multicast or found.is_reserved)


def _wrapped(address: IPv6Address) -> IPv4Address | None:
    if address in _TRANSLATED:
        return IPv4Address(int(address) & 0xFFFFFFFF)
    if address.teredo is not None:
        return address.teredo[1]
    return address.ipv4_mapped or address.sixtofour


async def addresses_of(endpoint: Endpoint, host: str, port: int) -> list[str]:
    """Return the addresses of a host in the resolver's order.

    Raises EndpointError where there is none, or one is private and the endpoint is not listed so.
    """
    try:
        found = await _resolved(host, port)
    except (OSError, UnicodeError):
        found = []
    addresses = list(dict.fromkeys(str(entry[4][0]) for entry in found))
    if not addresses:
        raise EndpointError(
            f"The endpoint <{endpoint.iri}> was not found: its host has no address.",
            hint="Is the name right, and does this server have a network?",
        )
    if not endpoint.private and not all(is_public(address) for address in addresses):
        raise EndpointError(
            f"The endpoint <{endpoint.iri}> was not asked: its host has a private address.",
            hint="The operator can allow it: write private after it in the setting federation.",
        )
    return addresses


async def _resolved(host: str, port: int) -> list[Any]:
    """Ask the resolver in a thread that nobody waits for: it knows no deadline."""
    answer: Future[list[Any]] = Future()

    def resolve() -> None:
        try:
            found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
        except BaseException as error:
            result: BaseException | None = error
            found = []
        else:
            result = None
        if answer.set_running_or_notify_cancel():
            if result is None:
                answer.set_result(list(found))
            else:
                answer.set_exception(result)

    Thread(target=resolve, daemon=True).start()
    return await asyncio.wrap_future(answer)
