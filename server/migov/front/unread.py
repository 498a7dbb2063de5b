"""Refusals that hang on the head alone: a client that waits to be told is not asked for its body.

RFC 9110, 10.1.1: whoever expects `100-continue` gets the final status at once where it is known.
What is found here is what Flask says once it has the body; what hangs on more is left to it.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from migov.access import no_token
from migov.errors import MigovError
from migov.front.exchange import Request
from migov.front.front import Front
from migov.protocol.errors import MediaTypeError
from migov.protocol.operation import UPDATE, media_type_of, no_update, read_operation

_GRAPHS: Final = (b"/graphs", b"/graph")
_WRITES: Final = (b"PUT", b"POST", b"PATCH", b"DELETE")


def refused_unread(request: Request, front: Front) -> MigovError | None:
    """Return why a request that waits is refused whatever its body is; None for all others."""
    if not request.waits:
        return None
    content_type = request.header(b"content-type")
    path = request.url.partition(b"?")[0]
    if path == b"/sparql" and request.method == b"POST":
        if media_type_of(content_type) == UPDATE:
            return _not_written(request, front)
        return _wrong_type(lambda: read_operation("POST", (), content_type, b"."))
    if path.startswith(tuple(each + b"/" for each in _GRAPHS)) or path == _GRAPHS[0]:
        return _not_written(request, front) if request.method in _WRITES else None
    return None


def _not_written(request: Request, front: Front) -> MigovError | None:
    """Return why nothing is written for a client, as far as that is told without its token."""
    if front.site is None:  # a scratch dataset takes everything from everybody here
        return None
    if front.site.settings.tokens is None:
        return no_update()
    return no_token() if b"authorization" not in request.fields else None


def _wrong_type(read: Callable[[], object]) -> MigovError | None:
    try:
        read()
    except MediaTypeError as error:
        return error
    except MigovError:  # the body has its part in it
        pass
    return None
