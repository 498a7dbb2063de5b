"""OpenAPI 3.1 of the canned queries, made from the queries themselves."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Final

from migov import __version__
from migov.catalogue import CannedQuery, Parameter
from migov.errors import (
    AnswerTooLargeError,
    BudgetError,
    BusyError,
    DataSyntaxError,
    DeadlineError,
    EnvironmentProblem,
    MigovError,
    ParameterError,
    RequestError,
    ResourceError,
    StoppingError,
    UnknownFormatError,
    UnknownQueryError,
)
from migov.federation import EndpointDeadlineError, EndpointError
from migov.protocol.formats import GRAPHS, SOLUTIONS
from migov.protocol.paging import LARGEST
from migov.protocol.problems import MEDIA_TYPE as PROBLEM
from migov.protocol.problems import PROBLEMS, ProblemType

TITLE: Final = "Questions this graph answers"
LEAD: Final = (
    "Every canned question has an address that takes typed parameters and answers in several "
    "formats. Nothing needs a key; answers may be read from any site."
)
ENTITY: Final = "A thing of this graph: a slug, a name or code that only one thing has, or an IRI."
CONCEPT: Final = "A concept of this graph: a slug, a name that only one concept has, or an IRI."
DATE: Final = "A date: 2019, 2019-06 or 2019-06-30."
NUMBER: Final = "A number such as 3 or 1500.50."
TEXT: Final = "A text."
CHOICE: Final = "One of the listed values."
LIMIT: Final = "How many rows at most; the header Link leads to the next ones."
OFFSET: Final = "How many rows to pass over."
INFERRED: Final = "Whether what follows from the statements joins what is stated."
FORMAT: Final = "The format of the answer; without it the header Accept decides."
TEXTS: Final = (
    TITLE, LEAD, ENTITY, CONCEPT, DATE, NUMBER, TEXT, CHOICE, LIMIT, OFFSET, INFERRED, FORMAT,
)  # fmt: skip
"""What the page says in the words of this module, so that it can be said in other languages."""

_FAILURES: Final[tuple[type[MigovError], ...]] = (
    DataSyntaxError,
    RequestError,
    UnknownQueryError,
    UnknownFormatError,
    ParameterError,
    AnswerTooLargeError,
    BudgetError,
    EnvironmentProblem,
    EndpointError,
    DeadlineError,
    ResourceError,
    BusyError,
    StoppingError,
    EndpointDeadlineError,
)
_ABOUT: Final = {
    "entity": ENTITY,
    "concept": CONCEPT,
    "date": DATE,
    "number": NUMBER,
    "text": TEXT,
    "choice": CHOICE,
}
_DATE: Final = r"^[0-9]{4}(-[0-9]{2}(-[0-9]{2})?)?$"
_TERM: Final = {
    "type": "object",
    "required": ["type", "value"],
    "properties": {
        "type": {"enum": ["uri", "literal", "bnode"]},
        "value": {"type": "string"},
        "xml:lang": {"type": "string"},
        "datatype": {"type": "string", "format": "uri"},
    },
}
_NAMES: Final = {"type": "array", "items": {"type": "string"}}


def document(
    subjects: Mapping[str, Sequence[CannedQuery]], root: str, language: str, rows: int
) -> dict[str, Any]:
    """Return the OpenAPI document of the canned queries, grouped by subject.

    `root` is the address of the server without a final slash, `rows` the standard size of a page.
    Titles and summaries are in the given language, what is the same everywhere in English.
    """
    grouped = {subject: queries for subject, queries in subjects.items() if queries}
    return {
        "openapi": "3.1.0",
        "info": {
            "title": TITLE,
            "version": __version__,
            "description": LEAD,
            "license": {"name": "CC BY 4.0", "identifier": "CC-BY-4.0"},
        },
        "externalDocs": {"url": f"{root}/api"},
        "servers": [{"url": root}],
        "tags": [{"name": subject} for subject in grouped],
        "paths": {
            f"/queries/{query.slug}": {"get": _operation(query, subject, language)}
            for subject, queries in grouped.items()
            for query in queries
        },
        "components": {
            "parameters": _common(rows),
            "responses": dict(_problems()),
            "schemas": _schemas(),
        },
    }


def failures() -> dict[int, list[ProblemType]]:
    """Return what can go wrong with a canned query, by the status that it is answered with."""
    found: dict[int, list[ProblemType]] = {}
    for error in _FAILURES:
        kind = PROBLEMS[error]
        found.setdefault(kind.status.value, []).append(kind)
    return dict(sorted(found.items()))


def _operation(query: CannedQuery, subject: str, language: str) -> dict[str, Any]:
    names = {parameter.name for parameter in query.parameters}
    common = [*(["limit", "offset"] if query.form == "SELECT" else []), "format"]
    if query.inferred == "adds":
        common.append("inferred")
    return {
        "operationId": query.slug,
        "summary": query.title[language],
        "description": query.summary[language],
        "tags": [subject],
        "parameters": [
            *(_parameter(parameter, query, language) for parameter in query.parameters),
            *(_ref("parameters", _of_form(name, query)) for name in common if name not in names),
        ],
        "responses": {
            "200": {"description": query.title[language], "content": _content(query)},
            **{str(status): _ref("responses", f"Problem{status}") for status in failures()},
        },
    }


def _parameter(parameter: Parameter, query: CannedQuery, language: str) -> dict[str, Any]:
    about = f"{parameter.label[language]}. {_ABOUT[parameter.type]}"
    schema: dict[str, Any] = {"type": "string"}
    match parameter.type:
        case "date":
            schema["pattern"] = _DATE
        case "number":
            schema["type"] = "number"
        case "choice":
            schema["enum"] = list(parameter.choices)
    if parameter.default is not None:
        schema["default"] = _value(parameter, parameter.default)
    example = query.example.get(parameter.name, parameter.example)
    return {
        "name": parameter.name,
        "in": "query",
        "required": parameter.required,
        "description": about,
        "schema": schema,
        **({} if example is None else {"example": _value(parameter, example)}),
        **({} if parameter.of is None else {"x-of": parameter.of}),
    }


def _value(parameter: Parameter, text: str) -> str | float:
    return text if parameter.type != "number" else float(text) if "." in text else int(text)


def _of_form(name: str, query: CannedQuery) -> str:
    """Return the name of a common parameter as it is for this kind of answer."""
    return name if name != "format" else "graph-format" if query.form == "CONSTRUCT" else name


def _common(rows: int) -> dict[str, Any]:
    def described(name: str, about: str, **schema: Any) -> dict[str, Any]:
        return {"name": name, "in": "query", "description": about, "schema": schema}

    return {
        "limit": described(
            "limit", LIMIT, type="integer", minimum=1, maximum=LARGEST, default=rows
        ),
        "offset": described("offset", OFFSET, type="integer", minimum=0, default=0),
        "format": described(
            "format", FORMAT, type="string", enum=[each.name for each in SOLUTIONS] + ["html"]
        ),
        "graph-format": described(
            "format", FORMAT, type="string", enum=[each.name for each in GRAPHS] + ["html"]
        ),
        "inferred": described("inferred", INFERRED, type="boolean", default=False),
    }


def _content(query: CannedQuery) -> dict[str, Any]:
    if query.form == "CONSTRUCT":
        return {each.media_type: _as_text() for each in GRAPHS}
    solutions: dict[str, Any] = _ref("schemas", "Truth")
    if query.form == "SELECT":
        head = {"properties": {"vars": {"const": list(query.columns)}}}
        solutions = {"allOf": [_ref("schemas", "Solutions"), {"properties": {"head": head}}]}
    json, *others = SOLUTIONS
    return {json.media_type: {"schema": solutions}, **{e.media_type: _as_text() for e in others}}


def _as_text() -> dict[str, Any]:
    return {"schema": {"type": "string"}}


def _problems() -> Iterable[tuple[str, dict[str, Any]]]:
    for status, kinds in failures().items():
        yield (
            f"Problem{status}",
            {
                "description": "; ".join(kind.title for kind in kinds),
                "content": {PROBLEM: {"schema": _ref("schemas", "Problem")}},
            },
        )


def _schemas() -> dict[str, Any]:
    text, whole = {"type": "string"}, {"type": "integer", "minimum": 1}
    wrong = {
        "parameter": text,
        "given": {"type": ["string", "null"]},
        "expected": text,
        "suggestions": _NAMES,
        "labels": {"type": "object", "additionalProperties": text},
    }
    return {
        "Solutions": {
            "description": "SPARQL 1.1 Query Results JSON Format",
            "type": "object",
            "required": ["head", "results"],
            "properties": {
                "head": {"type": "object", "properties": {"vars": _NAMES}, "required": ["vars"]},
                "results": {
                    "type": "object",
                    "required": ["bindings"],
                    "properties": {
                        "bindings": {
                            "type": "array",
                            "items": {"type": "object", "additionalProperties": _TERM},
                        }
                    },
                },
            },
        },
        "Truth": {
            "description": "SPARQL 1.1 Query Results JSON Format",
            "type": "object",
            "required": ["boolean"],
            "properties": {"head": {"type": "object"}, "boolean": {"type": "boolean"}},
        },
        "Problem": {
            "description": "Problem details (RFC 9457)",
            "type": "object",
            "required": ["type", "title", "status", "detail"],
            "properties": {
                "type": {"type": "string", "format": "uri"},
                "title": text,
                "status": {"type": "integer"},
                "detail": text,
                "hint": text,
                "line": whole,
                "column": whole,
                "text": text,
                "request": text,
                "suggestions": _NAMES,
                "parameters": {
                    "type": "array",
                    "items": {"type": "object", "properties": wrong},
                },
            },
        },
    }


def _ref(kind: str, name: str) -> dict[str, str]:
    return {"$ref": f"#/components/{kind}/{name}"}
