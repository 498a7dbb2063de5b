"""What the queries in our own files may not do: they are run where nothing guards the network.

A canned query and a rule are read by the process that loads or derives, not by a worker that can
open no socket. Tokens are looked at first, so that no parser meets what is refused.
"""

from __future__ import annotations

import re
from typing import Final

import pyoxigraph as ox

from migov.errors import ContentSyntaxError, Place, QuerySyntaxError, RefusedError
from migov.sparql.beside import variables
from migov.sparql.services import find_services
from migov.sparql.tokens import cuts, iris
from migov.vocabulary import GRAPH

DEPTH: Final = 100
"""Brackets that may nest in a file; the parser's stack ends near 500."""

Result = ox.QuerySolutions | ox.QueryBoolean | ox.QueryTriples

_POSITION: Final = re.compile(r"error at (\d+):(\d+): (.*)")
_HINT: Final = "Mend that line; nothing of this state of the files was loaded."


def read_query(path: str, text: str, *, services: bool = False) -> Result:
    """Return the result that a query of a file has over nothing: its form and its variables.

    `path` is the file from the root of the repository. With `services` it may have SERVICE groups,
    which whoever runs it answers before; nothing is asked here. Raises ContentSyntaxError with the
    line of what is refused or cannot be parsed.
    """
    _refuse(path, text, services)
    if services:
        text = _without_services(path, text)
    store = ox.Store()
    try:
        # No solution can join with an empty VALUES, so that hardly anything is evaluated.
        return store.query(f"{text}\nVALUES () {{}}")
    except SyntaxError:
        pass  # perhaps it ends with a VALUES of its own; or else the places are those of the file
    try:
        return store.query(text)
    except SyntaxError as error:
        found = _POSITION.match(str(error.msg))
        line, column = (int(found[1]), int(found[2])) if found else (1, None)
        reason = found[3] if found else str(error.msg)
        if reason.startswith("expected"):  # a list of terminals, which helps nobody
            reason = "this is not expected here"
        raise ContentSyntaxError(
            f"{path} cannot be parsed: {reason}.",
            place=Place.within(path, text, line, column),
            hint=_HINT,
        ) from error


def _without_services(path: str, text: str) -> str:
    """Return a text with inline data of the same variables in the place of its SERVICE groups."""
    try:
        found = find_services(text)
    except (RefusedError, QuerySyntaxError) as error:
        line = error.place.line if error.place else None
        raise ContentSyntaxError(
            f"{path} cannot be read: {error.message}",
            place=Place.within(path, text, line, error.place.column if error.place else None),
            hint=error.hint,
        ) from error
    if found is None:
        return text
    for group in found.groups:
        if group.endpoint is None:
            raise _refused("SERVICE does not name whom it asks", path, text, group.start)
    return found.skeleton({group.start: sorted(variables(group.tokens)) for group in found.groups})


def _refuse(path: str, text: str, services: bool) -> None:
    for version, reading in cuts(text):
        tokens = list(reading)
        named = iris(tokens)
        level = 0
        for index, token in enumerate(tokens):
            level += (token.text in "([{") - (token.text in ")]}") if token.kind == "mark" else 0
            if level > DEPTH:
                raise _refused("The query nests too deeply", path, version, token.offset)
            if not services and token.is_word("SERVICE"):
                raise _refused("SERVICE asks another server", path, version, token.offset)
            if token.is_word("FROM"):
                following = tokens[index + 1 : index + 2]
                at = index + (2 if following and following[0].is_word("NAMED") else 1)
                iri = named[at] if at < len(named) else None
                if iri is not None and not iri.startswith(GRAPH):
                    raise _refused("FROM names a foreign document", path, version, token.offset)


def _refused(what: str, path: str, text: str, offset: int) -> ContentSyntaxError:
    line = text.count("\n", 0, offset) + 1
    column = offset - text.rfind("\n", 0, offset)
    return ContentSyntaxError(
        f"{what}; the files of this repository may not.",
        place=Place.within(path, text, line, column),
        hint=_HINT,
    )
