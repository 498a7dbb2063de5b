"""SPARQL 1.1 Protocol, section 2.1: an HTTP request → one query and its dataset."""

from __future__ import annotations

import logging
import re
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import Final
from urllib.parse import parse_qsl

from pyoxigraph import NamedNode
from werkzeug.http import parse_options_header

from migov.engine import Answer, Engine, Query
from migov.errors import (
    MigovError,
    ParameterError,
    Place,
    QuerySyntaxError,
    RequestError,
    UnknownFormatError,
)
from migov.protocol.errors import (
    EncodingError,
    MediaTypeError,
    MissingQueryError,
    NotOfferedError,
)
from migov.protocol.explain import explained
from migov.protocol.formats import GRAPHS, PAGE, SOLUTIONS, Format, Wanted, names_of
from migov.protocol.limits import check_dataset, check_text
from migov.protocol.misspelt import refuse_misspelt
from migov.protocol.prefixes import without_unused
from migov.protocol.services import Services
from migov.sparql.tokens import tokenize

log = logging.getLogger("migov.queries")

FORM: Final = "application/x-www-form-urlencoded"
QUERY: Final = "application/sparql-query"
UPDATE: Final = "application/sparql-update"

_DATASET: Final = ("default-graph-uri", "named-graph-uri")
_SCHEME: Final = re.compile(r"<[A-Za-z][A-Za-z0-9+.\-]*:")
_RELATIVE: Final = re.compile(r"""<(?![A-Za-z][A-Za-z0-9+.\-]*:)[^<>"{}|^`\\\x00-\x20]*>""")
_VERSIONS: Final = ("1.0", "1.1", "1.2", "1.2-basic")
_USUAL: Final = 200
"""Characters of a header that is worth remembering."""

Parameters = Sequence[tuple[str, str]]


@dataclass(frozen=True, slots=True)
class Operation:
    """One query as it was asked: its text, its dataset, and the format where one was named.

    With `explain` it is not the answer that is wanted, but why there is none.
    """

    text: str
    default_graphs: tuple[str, ...] | None = None
    named_graphs: tuple[str, ...] | None = None
    inferred: bool = False
    format: str | None = None
    explain: bool = False


def media_type_of(content_type: str | None) -> str:
    """Return the media type that a Content-Type header names, empty without one.

    >>> media_type_of("Application/SPARQL-Query; charset=utf-8")
    'application/sparql-query'
    """
    return _content_type(content_type or "")[0]


def _content_type(header: str) -> tuple[str, Mapping[str, str]]:
    """Return media type and options of a header; clients send the same few again and again."""
    return _known_content_type(header) if len(header) <= _USUAL else _read_content_type(header)


def _read_content_type(header: str) -> tuple[str, Mapping[str, str]]:
    media_type, options = parse_options_header(header)
    return media_type.lower(), options


_known_content_type = lru_cache(maxsize=1000)(_read_content_type)


def parameters_of(encoded: bytes) -> Parameters:
    """Return the fields of a URL's query or of a form; raises EncodingError.

    >>> parameters_of(b"query=ASK%20%7B%7D&format=json")
    [('query', 'ASK {}'), ('format', 'json')]
    """
    try:
        return parse_qsl(
            encoded.decode("utf-8"),
            keep_blank_values=True,
            encoding="utf-8",
            errors="strict",
            max_num_fields=1000,
        )
    except ValueError as error:
        raise EncodingError(
            "The parameters are not percent-encoded UTF-8.",
            hint="Send them as application/x-www-form-urlencoded text in UTF-8.",
        ) from error


def read_operation(
    method: str, url_parameters: Parameters, content_type: str | None = None, body: bytes = b""
) -> Operation:
    """Return the operation that a request asks for.

    Raises MissingQueryError, MediaTypeError, NotOfferedError for updates, ParameterError, or
    RequestError when there is more than one query.

    >>> read_operation("GET", [("query", "ASK {}"), ("inferred", "true")]).inferred
    True
    """
    parameters = list(url_parameters)
    if method == "POST":
        media_type, options = _content_type(content_type or "")
        refuse_charset(media_type, options)
        refuse_version(media_type, options)
        if media_type == FORM:
            parameters.extend(parameters_of(body))
        elif media_type == QUERY:
            parameters.append(("query", _utf8(body)))
        elif media_type == UPDATE:
            raise no_update()
        elif not media_type and not body:
            pass  # the query may still stand in the address
        else:
            raise MediaTypeError(
                f"A body of type {media_type} is not a query."
                if media_type
                else "The body has no media type.",
                hint=f"Send the query as {QUERY}, or as the field “query” of {FORM}.",
            )
    if any(name == "update" for name, _ in parameters):
        raise no_update()
    refuse_misspelt(parameters)
    wrong = next((name for name, _ in parameters if name.startswith("using-")), None)
    if wrong is not None:
        raise RequestError(
            f"{wrong} is for updates.", hint=f"A query has {_DATASET[0]} and {_DATASET[1]} instead."
        )
    queries = [value for name, value in parameters if name == "query"]
    if not any(query.strip() for query in queries):
        raise MissingQueryError(
            "No query was given.", hint="Give it as the parameter “query”, or as the body of POST."
        )
    if len(queries) > 1:
        raise RequestError(
            f"There are {len(queries)} queries in one request.", hint="Send one query at a time."
        )
    return Operation(
        queries[0],
        _graphs(parameters, _DATASET[0]),
        _graphs(parameters, _DATASET[1]),
        flag(parameters, "inferred"),
        last(parameters, "format"),
        flag(parameters, "explain"),
    )


def answer(
    engine: Engine,
    operation: Operation,
    wanted: Wanted,
    *,
    graphs: Collection[str],
    characters: int,
    prefixes: Mapping[str, str],
    rows: int = 0,
    base: str | None = None,
    services: Services | None = None,
) -> Answer:
    """Check a query that came from outside and return its answer: at most `rows` rows unless 0.

    A page is made from JSON solutions or from Turtle. Raises RequestError or LimitError, and
    EndpointError where the query asks another endpoint that fails. Without `services` SERVICE is
    refused.
    """
    query = checked(
        operation,
        wanted,
        graphs=graphs,
        characters=characters,
        prefixes=prefixes,
        rows=rows,
        base=base,
        services=services is not None,
    )
    try:
        found = engine.answer(services.before(engine, query, graphs) if services else query)
    except MigovError as error:
        raise told(error, operation.text, query, wanted) from error
    return replace(found, body=without_unused(found.body, found.format, prefixes))


def checked(
    operation: Operation,
    wanted: Wanted,
    *,
    graphs: Collection[str],
    characters: int,
    prefixes: Mapping[str, str],
    rows: int = 0,
    base: str | None = None,
    services: bool = False,
) -> Query:
    """Return a query that may be given to an engine; raises RequestError for one that may not."""
    check(
        operation.text,
        operation.default_graphs,
        operation.named_graphs,
        graphs=graphs,
        characters=characters,
        prefixes=prefixes,
        services=services,
    )
    declared = declared_base(operation.text, base)
    return Query(
        declared + operation.text,
        solutions=_engine_format(wanted.solutions, "json"),
        graph=_engine_format(wanted.graph, "ttl"),
        inferred=operation.inferred,
        default_graphs=operation.default_graphs,
        named_graphs=operation.named_graphs,
        prefixes=prefixes,
        rows=rows,
    )


def told(error: MigovError, text: str, query: Query, wanted: Wanted) -> MigovError:
    """Return an error of an engine as the one who asked for a query by its text is told it."""
    if isinstance(error, QuerySyntaxError):
        declared = query.text[: len(query.text) - len(text)]
        error = without_declared(error, declared, text)
        return explained(error, text, query.prefixes)
    return _unfit(wanted) if type(error) is UnknownFormatError else error


def check(
    text: str,
    default_graphs: Collection[str] | None = None,
    named_graphs: Collection[str] | None = None,
    *,
    graphs: Collection[str],
    characters: int,
    prefixes: Mapping[str, str],
    services: bool = False,
) -> None:
    """Raise RequestError for a query from outside that no parser may see, or for its dataset."""
    check_text(text, characters, services=services)
    log.debug("query", extra={"fields": {"text": text}})
    check_dataset(text, graphs, default_graphs, named_graphs, prefixes)


def may_be_relative(text: str) -> bool:
    """Return whether a text may have a relative IRI; never wrong when it says no.

    >>> may_be_relative("ASK { <urn:a> ?p ?o FILTER(?o <= 3) }"), may_be_relative("ASK { <s> ?p 1}")
    (False, True)
    """
    return "\\" in text or _RELATIVE.search(text) is not None


def declared_base(text: str, base: str | None) -> str:
    """Return what to put before a text with relative IRIs; nothing for any other text.

    The text's own BASE comes after it and holds from there on.

    >>> declared_base("ASK { <s> ?p ?o }", "http://127.0.0.1:8000/sparql")
    'BASE <http://127.0.0.1:8000/sparql> '
    """
    if base is None or not may_be_relative(text):
        return ""
    if not any(token.kind == "iri" and not _SCHEME.match(token.text) for token in tokenize(text)):
        return ""
    return f"BASE {NamedNode(base)} "


def without_declared(error: QuerySyntaxError, declared: str, text: str) -> QuerySyntaxError:
    """Return an error with its place in the text as it was sent."""
    place = error.place
    if declared and place is not None and place.line == 1 and place.column is not None:
        column = max(1, place.column - len(declared))
        error.place = Place.within(place.source, text, 1, column)
    return error


def _unfit(wanted: Wanted) -> UnknownFormatError:
    """Return the error for a kind of result that no format was asked for."""
    asked = wanted.graph or wanted.solutions
    assert asked is not None
    kind = "rows or a truth value" if wanted.solutions is None else "a graph"
    fitting = names_of(SOLUTIONS if wanted.solutions is None else GRAPHS)
    return UnknownFormatError(
        f"This query answers with {kind}, which cannot be written as {asked.title}.",
        hint=f"What fits, by Accept or format=: {fitting}.",
    )


def _engine_format(wanted: Format | None, for_page: str) -> str | None:
    return for_page if wanted is PAGE else wanted.name if wanted else None


def last(parameters: Parameters, name: str) -> str | None:
    """Return the last value of a parameter, or None where it is absent or empty."""
    return next((value for key, value in reversed(parameters) if key == name), None) or None


def flag(parameters: Parameters, name: str) -> bool:
    """Return whether a yes-or-no parameter is given as yes; raises ParameterError."""
    value = (last(parameters, name) or "false").lower()
    if value not in ("true", "false", "1", "0", "on"):
        raise ParameterError(f"{name} is “{value}”, not true or false.")
    return value in ("true", "1", "on")


def refuse_charset(media_type: str, options: Mapping[str, str]) -> None:
    """Raise MediaTypeError for a text that says it is not UTF-8."""
    if options.get("charset", "utf-8").lower() not in ("utf-8", "utf8"):
        raise MediaTypeError("The body has to be UTF-8.", hint=f"{media_type}; charset=utf-8")


def refuse_version(media_type: str, options: Mapping[str, str]) -> None:
    """Raise MediaTypeError for a version of SPARQL or RDF that is not read (RDF 1.2, 2.1).

    >>> refuse_version("text/turtle", {"version": "1.2"})
    """
    version = options.get("version")
    if version is not None and version not in _VERSIONS:
        raise MediaTypeError(
            f"{media_type} of version {version} is not read.",
            hint=f"Versions read are {', '.join(_VERSIONS)}.",
        )


def _graphs(parameters: Parameters, name: str) -> tuple[str, ...] | None:
    return tuple(value for key, value in parameters if key == name) or None


def _utf8(body: bytes) -> str:
    try:
        return body.decode("utf-8-sig")  # what editors of Windows begin a file with is no text
    except UnicodeDecodeError as error:
        raise EncodingError("The query is not UTF-8 text.") from error


def no_update() -> NotOfferedError:
    """Return the error for every write where nothing takes any."""
    return NotOfferedError(
        "This endpoint answers queries and takes no updates.",
        hint="The graph changes by reviewed commits to its files; CONTRIBUTING.md tells how.",
    )
