"""Plain lists of things: the entities of a kind, concept schemes, named graphs."""

from __future__ import annotations

from flask import Response, request

from migov.entities.lists import PART, Part
from migov.protocol.operation import last
from migov.protocol.paging import read_page
from migov.web.links import here
from migov.web.request import url_parameters
from migov.web.responses import names_of, page


def offset_of_list() -> int:
    """Return how many things stand before the part that an address asks for.

    Raises ParameterError.
    """
    return read_page(None, last(url_parameters(), "offset"), PART).offset


def listed(kind: str, part: Part) -> Response:
    """Show a list, or a part of it with the addresses of its neighbours."""
    names = names_of({iri for entry in part.entries for iri in entry.about})
    before = max(0, part.offset - PART)
    return page(
        "list.html",
        names=names,
        kind=kind,
        entries=part.entries,
        part=part,
        previous=_address(before) if part.offset else None,
        next=_address(part.offset + PART) if part.more else None,
    )


def _address(offset: int) -> str:
    fields = {"offset": str(offset)} if offset else {}
    return here(request.path, **fields)
