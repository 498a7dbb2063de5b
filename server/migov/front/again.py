"""A request that is the same as an earlier one, byte for byte: answered before it is parsed."""

from __future__ import annotations

import time
from collections import OrderedDict
from collections.abc import Hashable
from typing import TYPE_CHECKING, Final, NamedTuple

from migov.errors import MigovError
from migov.front.exchange import Exchange, Request
from migov.front.replies import Reply

if TYPE_CHECKING:
    from migov.front.connection import Connection

MOST: Final = 1_000
"""Requests that are remembered; the first of them goes first."""
_LONGEST: Final = 4_096
"""Bytes of a request that is worth remembering."""
_OWN: Final = (b"x-request-id", b"traceparent", b"content-length", b"transfer-encoding", b"expect")
"""Headers of requests that are never the same again, or have a body."""


class Seen(NamedTuple):
    """What the bytes of a request were read as, and the key of the answer that is kept for it."""

    request: Request
    key: Hashable


class Remembered:
    """Requests by their bytes. What is read in them hangs on nothing else, so it never ages."""

    def __init__(self) -> None:
        self._seen: OrderedDict[bytes, Seen] = OrderedDict()

    def get(self, raw: bytes) -> Seen | None:
        return self._seen.get(raw)

    def remember(self, raw: bytes, request: Request, key: Hashable) -> None:
        """Remember what was read, where that can be read again in the same bytes."""
        if len(raw) <= _LONGEST and is_plain(raw, request):
            self._seen[raw] = Seen(request, key)
            if len(self._seen) > MOST:
                self._seen.popitem(last=False)


def is_plain(raw: bytes, request: Request) -> bool:
    """Whether `raw` is this one request and nothing beside it, and says nothing for one time alone.

    A head has a line for the request, one for each header and an empty one: with any other number
    of lines something was folded, left out or sent ahead.
    """
    return (
        request.method == b"GET"
        and request.keep_alive
        and raw.endswith(b"\r\n\r\n")
        and raw.count(b"\n") == len(request.headers) + 2
        and not any(name in request.fields for name in _OWN)
        and not request.has_conditions
    )


class Again(Exchange):
    """A request that was seen before. It has its turn at once or not at all."""

    route = "/sparql"
    is_whole = True
    keep_alive = True
    streams = False
    response_complete = False

    def __init__(self, connection: Connection, seen: Seen) -> None:
        self.connection = connection
        self.request = seen.request
        self.began = time.perf_counter()
        self._key = seen.key

    def kept(self) -> Reply | None:
        """Return the answer to it, unless that has to be made anew."""
        front = self.connection.front
        site = front.site
        assert site is not None  # only what was answered from one is remembered
        return front.kept.get(front.generation(site, site.state), self._key)

    def reply(self, reply: Reply) -> None:
        """Reply with what is kept, unless the client has used its time."""
        try:
            self._admit()
        except MigovError as error:
            self._refuse(error, self.connection.front.snapshot)
        else:
            self._reply(reply, is_kept=True)

    def turn(self) -> None:
        """Nothing is left to do: a reply was given when it came."""

    def lost(self) -> None:
        """Nothing was lost: a reply was given when it came."""
