"""What a worker says went wrong → the error that whoever asked is told."""

from __future__ import annotations

import re
from typing import Any, Final

from migov.engine.updates import Update
from migov.errors import (
    AnswerTooLargeError,
    MigovError,
    Place,
    QuerySyntaxError,
    RequestError,
    UnknownFormatError,
    UnwritableError,
)

_NO_TRIPLE_TERMS: Final = "JSON-LD does not support RDF 1.2"
"""What the engine says of a triple term, which only the formats of RDF 1.2 have."""
_POSITION: Final = re.compile(r"error at (\d+):(\d+): ")


def error_of(frame: dict[str, Any], text: str) -> MigovError:
    """Return the error of a query with this text."""
    match frame["error"]:
        case "syntax":
            return _syntax_error(frame["message"], text)
        case "format":
            return UnknownFormatError(
                f"A result of kind {frame['kind']!r} cannot be written in the format asked for.",
                hint="Ask for another media type, or change the query form.",
            )
        case "large":
            return AnswerTooLargeError(
                "The answer is longer than this server gives at once.",
                hint="Page through it with LIMIT and OFFSET, or take a dump.",
            )
        case _ if _NO_TRIPLE_TERMS in frame["message"]:
            return UnwritableError(
                "The answer has triple terms (RDF 1.2), which JSON-LD cannot write.",
                hint="What can, by Accept or format=: ttl (text/turtle), trig (application/trig), "
                "nt (application/n-triples), nq (application/n-quads), rdf (application/rdf+xml).",
            )
        case _:
            return RequestError(f"The query could not be evaluated: {frame['message']}.")


def _syntax_error(message: str, text: str) -> QuerySyntaxError:
    found = _POSITION.match(message)
    if found is None:
        return QuerySyntaxError(f"The query is not valid SPARQL: {message}.", place=Place("query"))
    line, column = int(found[1]), int(found[2])
    return QuerySyntaxError(
        f"The query is not valid SPARQL: {_reason(message[found.end() :])}.",
        place=Place.within("query", text, line, column),
    )


def update_error_of(frame: dict[str, Any], update: Update) -> MigovError:
    """Return the error of an update."""
    if frame["error"] != "syntax":
        return error_of(frame, "")
    found = _POSITION.match(frame["message"])
    if found is None:
        return QuerySyntaxError(f"The update is not valid SPARQL: {frame['message']}.")
    operation = update.operations[frame["operation"]]
    line, column = operation.position(int(found[1]), int(found[2]))
    return QuerySyntaxError(
        f"The update is not valid SPARQL: {_reason(frame['message'][found.end() :])}.",
        place=Place("update", line, column),
    )


def update_syntax_error(message: str, text: str) -> QuerySyntaxError:
    """Return the error of an update that was parsed as a whole."""
    found = _POSITION.match(message)
    if found is None:
        return QuerySyntaxError(f"The update is not valid SPARQL: {message}.")
    return QuerySyntaxError(
        f"The update is not valid SPARQL: {_reason(message[found.end() :])}.",
        place=Place.within("update", text, int(found[1]), int(found[2])),
    )


def _reason(message: str) -> str:
    """Make the parser's words readable: its list of grammar terminals helps nobody."""
    if "Prefix not found" in message:
        return "this prefix is not declared"
    return "this is not expected here" if message.startswith("expected") else message
