"""SPARQL 1.1 Protocol, section 2.2: an HTTP request → one update and its dataset."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from itertools import pairwise

from werkzeug.http import parse_options_header

from migov.errors import RefusedError, RequestError
from migov.protocol.errors import EncodingError
from migov.protocol.limits import check_text
from migov.protocol.misspelt import refuse_misspelt
from migov.protocol.operation import (
    FORM,
    UPDATE,
    Parameters,
    parameters_of,
    refuse_charset,
    refuse_version,
)
from migov.sparql.tokens import Token, iris, readings, tokenize

_USING = ("using-graph-uri", "using-named-graph-uri")
_OF_QUERIES = ("default-graph-uri", "named-graph-uri")
_BEFORE_GRAPH = ("GRAPH", "WITH", "INTO", "TO")


@dataclass(frozen=True, slots=True)
class UpdateOperation:
    """One update as it was sent: its text, and the dataset of the request for its WHERE clauses."""

    text: str
    using_graphs: tuple[str, ...] = ()
    using_named_graphs: tuple[str, ...] = ()


def is_update(
    method: str, url_parameters: Parameters, content_type: str | None = None, body: bytes = b""
) -> bool:
    """Return whether a request asks for an update, rightly or wrongly; raises EncodingError.

    >>> is_update("GET", [("query", "ASK {}")]), is_update("GET", [("update", "CLEAR ALL")])
    (False, True)
    """
    if any(name == "update" for name, _ in url_parameters):
        return True
    media_type = parse_options_header(content_type or "")[0]
    if method != "POST" or media_type == UPDATE:
        return method == "POST"
    return media_type == FORM and any(name == "update" for name, _ in parameters_of(body))


def read_update_operation(
    method: str, url_parameters: Parameters, content_type: str | None = None, body: bytes = b""
) -> UpdateOperation:
    """Return the update that a request asks for, where `is_update` says that it asks for one.

    Raises RequestError for an update that comes by GET or in the address, that has a query or
    another update beside it, or names the dataset of a query; MediaTypeError and EncodingError.

    >>> read_update_operation("POST", [], FORM, b"update=CLEAR%20ALL").text
    'CLEAR ALL'
    """
    if method != "POST" or any(name == "update" for name, _ in url_parameters):
        raise RequestError(
            "An update comes in the body of a POST, not in the address.",
            hint=f"POST it as {UPDATE}, or as the field “update” of {FORM}.",
        )
    media_type, options = parse_options_header(content_type or "")
    refuse_charset(media_type, options)
    refuse_version(media_type, options)
    parameters = list(url_parameters)
    if media_type == UPDATE:
        texts = [_utf8(body)]
    else:
        fields = parameters_of(body)
        parameters.extend(fields)
        texts = [value for name, value in fields if name == "update"]
    refuse_misspelt(parameters)
    if any(name == "query" for name, _ in parameters):
        raise RequestError(
            "There is a query beside the update.", hint="Send them as two requests, one by one."
        )
    if len(texts) > 1:
        raise RequestError(
            f"There are {len(texts)} updates in one request.",
            hint="Send one update; its operations stand one after another, with ; between them.",
        )
    wrong = next((name for name, _ in parameters if name in _OF_QUERIES), None)
    if wrong is not None:
        raise RequestError(
            f"{wrong} is for queries.",
            hint=f"An update has {' and '.join(_USING)} instead.",
        )
    using, named = (tuple(value for key, value in parameters if key == name) for name in _USING)
    return UpdateOperation(texts[0], using, named)


def check_update(operation: UpdateOperation, characters: int, graphs: Collection[str]) -> None:
    """Raise TooLongError, TooComplexError, RefusedError or RequestError before anything parses it.

    `graphs` are the named graphs of the dataset; one that the update writes to is known as well.
    """
    check_text(operation.text, characters)
    for reading in readings(operation.text):
        _refuse_load(reading)
    tokens = tokenize(operation.text)
    named = iris(tokens)
    has_own = any(token.is_word("USING", "WITH") for token in tokens)
    if has_own and (operation.using_graphs or operation.using_named_graphs):
        raise RequestError(
            "The request names a dataset, and the update has USING or WITH.",
            hint="Name the dataset in one of the two (SPARQL 1.1 Protocol, 2.2.3).",
        )
    read = [*operation.using_graphs, *operation.using_named_graphs, *_after(tokens, named, "USING")]
    written = set(_after(tokens, named, *_BEFORE_GRAPH))
    for iri in read:
        if iri not in written and iri not in graphs:
            raise RefusedError(
                f"This dataset has no graph <{iri}>, and no graph is fetched from elsewhere.",
                hint="Write it first, by PUT at /graphs or with INSERT DATA { GRAPH … }.",
            )


def _refuse_load(tokens: Iterable[Token]) -> None:
    for token in tokens:
        if token.is_word("LOAD"):
            raise RefusedError(
                "LOAD is not allowed: this server fetches no documents.",
                hint="Fetch the document yourself and send it, by PUT or POST at /graphs.",
            )


def _after(tokens: list[Token], named: list[str | None], *words: str) -> list[str]:
    """Return the IRIs that stand after one of these words, NAMED or SILENT between them or not."""
    found = []
    for index, (token, following) in enumerate(pairwise(tokens)):
        if token.is_word(*words):
            at = index + (2 if following.is_word("NAMED", "GRAPH", "SILENT") else 1)
            iri = named[at] if at < len(named) else None
            if iri is not None:
                found.append(iri)
    return found


def _utf8(body: bytes) -> str:
    try:
        return body.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise EncodingError("The update is not UTF-8 text.") from error
