"""A request as operation sees it: an id, who asked, and what became of it."""

from __future__ import annotations

import ipaddress
import itertools
import os
import re
from collections.abc import Sequence
from typing import Final, NamedTuple

Network = ipaddress.IPv4Network | ipaddress.IPv6Network

_GIVEN: Final = re.compile(r"[A-Za-z0-9._:-]{1,64}")
_TRACE: Final = re.compile(r"[0-9a-f]{2}-([0-9a-f]{32})-[0-9a-f]{16}-[0-9a-f]{2}")
_START: Final = os.urandom(4).hex()
_numbers = itertools.count(1)
_MOST_HOPS: Final = 20
"""Addresses of a forwarding header that are looked at, the last ones."""


class Finished(NamedTuple):
    """What there is to know of a request that is over.

    `route` is the pattern that its path fitted, None where nothing is served; `status` is 0 where
    the client went away before it was answered; `seconds` run until its reply is with the socket;
    `size` counts the bytes of the body; `is_kept` says that the reply was there already.
    """

    method: str
    route: str | None
    status: int
    seconds: float
    size: int
    is_kept: bool
    id: str
    client: str | None


def request_id(given: str | None, trace: str | None = None) -> str:
    """Return the id of a request: that of a proxy in front, the trace it is part of, or a new one.

    `given` is the header X-Request-Id, `trace` the header traceparent (W3C Trace Context, 3.2).

    >>> request_id("proxy-1"), request_id(None, f"00-{'a' * 32}-{'b' * 16}-01") == "a" * 32
    ('proxy-1', True)
    >>> request_id("a\\nb") != "a\\nb"
    True
    """
    if given is not None and _GIVEN.fullmatch(given):
        return given
    if trace is not None and (found := _TRACE.fullmatch(trace)) and found[1].strip("0"):
        return found[1]
    return f"{_START}-{next(_numbers):x}"


def networks(text: str) -> tuple[Network, ...]:
    """Return the networks of a list of addresses and networks, joined by commas.

    Raises ValueError.

    >>> networks("127.0.0.1, fd00::/8")
    (IPv4Network('127.0.0.1/32'), IPv6Network('fd00::/8'))
    """
    parts = (part.strip() for part in text.split(","))
    return tuple(ipaddress.ip_network(part) for part in parts if part)


def client_of(
    peer: str | None,
    trusted: Sequence[Network],
    forwarded_for: str | None = None,
    forwarded: str | None = None,
) -> str | None:
    """Return the address of whoever asked: the last one before the proxies that are trusted.

    `peer` is the other end of the socket, `forwarded_for` the header X-Forwarded-For, `forwarded`
    the header Forwarded (RFC 7239), which goes first. What an untrusted peer says is not read.

    >>> client_of("10.0.0.1", networks("10.0.0.0/8"), "198.51.100.7, 203.0.113.9, 10.0.0.2")
    '203.0.113.9'
    >>> client_of("203.0.113.9", networks("10.0.0.0/8"), "198.51.100.7")
    '203.0.113.9'
    """
    found = peer
    if not trusted or not is_trusted(peer, trusted):
        return found
    hops = _forwarded(forwarded) if forwarded else (forwarded_for or "").split(",")
    for hop in reversed(hops[-_MOST_HOPS:]):
        address = _address(hop)
        if address is None:
            break  # an unknown or hidden address: the one that told it is the last we know
        found = address
        if not is_trusted(address, trusted):
            break
    return found


def network_of(client: str | None) -> str:
    """Return what stands for a client where clients are counted: an address, for IPv6 its /64.

    >>> network_of("2001:db8::1") == network_of("2001:db8::2"), network_of("192.0.2.1")
    (True, '192.0.2.1')
    """
    try:
        address = ipaddress.ip_address((client or "").partition("%")[0])
    except ValueError:
        return client or ""
    if isinstance(address, ipaddress.IPv6Address):
        if address.ipv4_mapped is not None:
            return str(address.ipv4_mapped)
        return str(ipaddress.ip_network((address, 64), strict=False))
    return str(address)


def is_trusted(client: str | None, trusted: Sequence[Network]) -> bool:
    """Return whether an address is one of these networks."""
    try:
        address = ipaddress.ip_address(client or "")
    except ValueError:
        return False
    mapped = getattr(address, "ipv4_mapped", None)
    return any(each in network for network in trusted for each in (address, mapped) if each)


def _forwarded(header: str) -> list[str]:
    """Return the values of `for` in order; an element without one is a hop that is not known."""
    hops = []
    for element in header.split(","):
        pairs = dict(pair.strip().partition("=")[::2] for pair in element.split(";"))
        named = next((value for name, value in pairs.items() if name.lower() == "for"), "unknown")
        hops.append(named.strip('"'))
    return hops


def _address(text: str) -> str | None:
    """Return the address of a hop without its port, or None where it is none."""
    text = text.strip()
    if text.startswith("["):
        text = text[1:].partition("]")[0]
    elif text.count(":") == 1:
        text = text.partition(":")[0]
    try:
        return str(ipaddress.ip_address(text))
    except ValueError:
        return None
