"""Errors → HTTP statuses and problem documents (RFC 9457)."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from http import HTTPStatus
from typing import Any, Final

from migov.access import ScopeError, UnauthorizedError
from migov.catalogue import InvalidValuesError
from migov.catalogue import Problem as ParameterProblem
from migov.entities import NoSuchEntityError
from migov.errors import (
    AnswerTooLargeError,
    BudgetError,
    BusyError,
    ConflictError,
    ContentError,
    DataSyntaxError,
    DeadlineError,
    EnvironmentProblem,
    LimitError,
    MigovError,
    ParameterError,
    QuerySyntaxError,
    RefusedError,
    RequestError,
    ResourceError,
    StoppingError,
    StoreProblem,
    TooComplexError,
    UncommittedError,
    UnknownEntityError,
    UnknownFormatError,
    UnknownQueryError,
)
from migov.federation import EndpointDeadlineError, EndpointError
from migov.protocol.errors import (
    CodingError,
    EncodingError,
    ExpectationError,
    HeadTooLongError,
    HttpVersionError,
    MediaTypeError,
    MethodError,
    MissingQueryError,
    NotImplementedHereError,
    NotOfferedError,
    PreconditionError,
    RangeError,
    TooLongError,
    UnknownGraphError,
    UnknownPathError,
)
from migov.protocol.explain import excerpt
from migov.vocabulary import BASE

MEDIA_TYPE: Final = "application/problem+json"
TYPES: Final = BASE + "problem/"
_LONGEST: Final = 1_000
"""Characters of what is told: a message may repeat what was sent, which may be of any length."""
RETRY_AFTER: Final = 5
"""Seconds after which a limit may no longer be in the way."""


@dataclass(frozen=True, slots=True)
class ProblemType:
    """A kind of problem: the last part of its IRI, its status and its title."""

    slug: str
    status: HTTPStatus
    title: str


PROBLEMS: Final[dict[type[MigovError], ProblemType]] = {
    QuerySyntaxError: ProblemType("query-syntax", HTTPStatus.BAD_REQUEST, "Not valid SPARQL"),
    DataSyntaxError: ProblemType("data-syntax", HTTPStatus.BAD_REQUEST, "Not valid RDF"),
    EncodingError: ProblemType("encoding", HTTPStatus.BAD_REQUEST, "Not UTF-8"),
    MissingQueryError: ProblemType("no-query", HTTPStatus.BAD_REQUEST, "No query was given"),
    TooComplexError: ProblemType("too-complex", HTTPStatus.BAD_REQUEST, "Too complex"),
    RequestError: ProblemType("request", HTTPStatus.BAD_REQUEST, "The request is wrong"),
    RefusedError: ProblemType("refused", HTTPStatus.FORBIDDEN, "Not allowed"),
    NotOfferedError: ProblemType("not-offered", HTTPStatus.FORBIDDEN, "Not offered"),
    UnknownEntityError: ProblemType(
        "unknown-entity", HTTPStatus.NOT_FOUND, "The graph says nothing about this"
    ),
    UnknownQueryError: ProblemType("unknown-query", HTTPStatus.NOT_FOUND, "No such query"),
    UnknownGraphError: ProblemType("unknown-graph", HTTPStatus.NOT_FOUND, "No such graph"),
    UnknownPathError: ProblemType("unknown-path", HTTPStatus.NOT_FOUND, "Nothing is here"),
    MethodError: ProblemType("method", HTTPStatus.METHOD_NOT_ALLOWED, "Method not allowed"),
    UnauthorizedError: ProblemType("unauthorized", HTTPStatus.UNAUTHORIZED, "No good token"),
    ScopeError: ProblemType("scope", HTTPStatus.FORBIDDEN, "Beyond the scope of the token"),
    UncommittedError: ProblemType(
        "uncommitted", HTTPStatus.CONFLICT, "The files have changes that are not committed"
    ),
    ConflictError: ProblemType("conflict", HTTPStatus.CONFLICT, "Changed meanwhile"),
    PreconditionError: ProblemType(
        "precondition", HTTPStatus.PRECONDITION_FAILED, "The graph is in another state"
    ),
    UnknownFormatError: ProblemType("unknown-format", HTTPStatus.NOT_ACCEPTABLE, "No such format"),
    HeadTooLongError: ProblemType(
        "head-too-long", HTTPStatus.REQUEST_HEADER_FIELDS_TOO_LARGE, "The head is too long"
    ),
    RangeError: ProblemType(
        "range", HTTPStatus.REQUESTED_RANGE_NOT_SATISFIABLE, "There is no such part"
    ),
    HttpVersionError: ProblemType(
        "http-version", HTTPStatus.HTTP_VERSION_NOT_SUPPORTED, "Not this version of HTTP"
    ),
    ExpectationError: ProblemType("expectation", HTTPStatus.EXPECTATION_FAILED, "Expects too much"),
    NotImplementedHereError: ProblemType(
        "not-implemented", HTTPStatus.NOT_IMPLEMENTED, "Not known to this server"
    ),
    TooLongError: ProblemType("too-long", HTTPStatus.REQUEST_ENTITY_TOO_LARGE, "Too long"),
    MediaTypeError: ProblemType(
        "media-type", HTTPStatus.UNSUPPORTED_MEDIA_TYPE, "Media type not supported"
    ),
    ParameterError: ProblemType(
        "parameter", HTTPStatus.UNPROCESSABLE_ENTITY, "A parameter does not fit"
    ),
    DeadlineError: ProblemType("deadline", HTTPStatus.SERVICE_UNAVAILABLE, "Time ran out"),
    ResourceError: ProblemType("resources", HTTPStatus.SERVICE_UNAVAILABLE, "Memory ran out"),
    # Asking again gives the same answer, so neither 503 nor Retry-After; 413 is about what was
    # sent. The request is understood and cannot be carried out as it is: 422 (RFC 9110, 15.5.21).
    AnswerTooLargeError: ProblemType(
        "answer-too-large", HTTPStatus.UNPROCESSABLE_ENTITY, "The answer is too large"
    ),
    EndpointDeadlineError: ProblemType(
        "endpoint-deadline", HTTPStatus.GATEWAY_TIMEOUT, "Another endpoint did not answer"
    ),
    EndpointError: ProblemType("endpoint", HTTPStatus.BAD_GATEWAY, "Another endpoint failed"),
    BudgetError: ProblemType("budget", HTTPStatus.TOO_MANY_REQUESTS, "Asked for too much"),
    StoppingError: ProblemType("stopping", HTTPStatus.SERVICE_UNAVAILABLE, "Stopping"),
    BusyError: ProblemType("busy", HTTPStatus.SERVICE_UNAVAILABLE, "Busy"),
    LimitError: ProblemType("limit", HTTPStatus.SERVICE_UNAVAILABLE, "A limit was reached"),
    StoreProblem: ProblemType(
        "store", HTTPStatus.BAD_GATEWAY, "The store behind this server does not answer"
    ),
    ContentError: ProblemType(
        "content", HTTPStatus.INTERNAL_SERVER_ERROR, "A file of the repository is wrong"
    ),
    EnvironmentProblem: ProblemType(
        "environment", HTTPStatus.INTERNAL_SERVER_ERROR, "The server is not set up right"
    ),
    MigovError: ProblemType("defect", HTTPStatus.INTERNAL_SERVER_ERROR, "Something went wrong"),
}
"""Every error that has a face of its own; any other has that of its nearest base class."""


@dataclass(frozen=True, slots=True)
class Problem:
    """One problem as it is told: what kind, what happened, where, and what to do next.

    `source` is the line it stands in, cut where it is long; `caret` is the column in the cut.
    `request` is the id of the request, which the server's log has too.
    """

    kind: ProblemType
    detail: str
    line: int | None = None
    column: int | None = None
    source: str | None = None
    caret: int | None = None
    hint: str | None = None
    headers: tuple[tuple[str, str], ...] = ()
    parameters: tuple[ParameterProblem, ...] = ()
    suggestions: tuple[str, ...] = ()
    request: str | None = None

    @property
    def status(self) -> int:
        return self.kind.status.value

    def document(self) -> dict[str, Any]:
        """Return the members of the problem document, those without a value left out."""
        members = {
            "type": TYPES + self.kind.slug,
            "title": self.kind.title,
            "status": self.status,
            "detail": self.detail,
            "line": self.line,
            "column": self.column,
            "text": self.source,
            "hint": self.hint,
            "parameters": [asdict(parameter) for parameter in self.parameters] or None,
            "suggestions": list(self.suggestions) or None,
            "request": self.request,
        }
        return {name: value for name, value in members.items() if value is not None}

    def body(self) -> bytes:
        return json.dumps(self.document(), ensure_ascii=False, indent=2).encode() + b"\n"


def challenge(error: str | None, scope: str | None = None) -> str:
    """Return the challenge to a request without a good token (RFC 6750, section 3).

    >>> challenge("insufficient_scope", "merge")
    'Bearer realm="migov", error="insufficient_scope", scope="merge"'
    """
    parts = ['Bearer realm="migov"']
    parts += [f'{name}="{value}"' for name, value in (("error", error), ("scope", scope)) if value]
    return ", ".join(parts)


def problem(error: MigovError) -> Problem:
    """Return how an error is told over HTTP.

    >>> problem(QuerySyntaxError("This is not expected here.")).status
    400
    >>> problem(BusyError("Every worker is busy.")).headers
    (('Retry-After', '5'),)
    """
    kind = next(PROBLEMS[base] for base in type(error).__mro__ if base in PROBLEMS)
    headers: list[tuple[str, str]] = []
    if kind.status is HTTPStatus.SERVICE_UNAVAILABLE:
        headers.append(("Retry-After", str(RETRY_AFTER)))
    if isinstance(error, UnauthorizedError):
        headers.append(("WWW-Authenticate", challenge("invalid_token" if error.given else None)))
    if isinstance(error, ScopeError):
        headers.append(("WWW-Authenticate", challenge("insufficient_scope", error.scope)))
    if isinstance(error, BudgetError):
        headers.extend(error.headers)
    if isinstance(error, RangeError) and error.size is not None:
        headers.append(("Content-Range", f"bytes */{error.size}"))
    if isinstance(error, CodingError):
        headers.append(("Accept-Encoding", "identity"))
    if isinstance(error, MethodError):
        headers.append(("Allow", ", ".join(error.allowed)))
    place = error.place
    source, caret = excerpt(place) if place and place.text is not None else (None, None)
    return Problem(
        kind,
        error.message if len(error.message) <= _LONGEST else f"{error.message[:_LONGEST]}…",
        line=place.line if place else None,
        column=place.column if place else None,
        source=source,
        caret=caret,
        hint=error.hint,
        headers=tuple(headers),
        parameters=error.problems if isinstance(error, InvalidValuesError) else (),
        suggestions=error.suggestions if isinstance(error, NoSuchEntityError) else (),
    )
