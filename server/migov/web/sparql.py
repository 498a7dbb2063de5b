"""`/sparql`: the SPARQL 1.1 Protocol for programs, and a page with a form for people."""

from __future__ import annotations

from http import HTTPStatus

from flask import Blueprint, Response, request

from migov.errors import MigovError
from migov.protocol.description import described
from migov.protocol.explanation import Explanation
from migov.protocol.formats import GRAPHS, PAGE, SOLUTIONS, Wanted, choose_for_query
from migov.protocol.operation import Operation, Parameters, answer, last, read_operation
from migov.protocol.operation import parameters_of as fields_of
from migov.protocol.problems import Problem, problem
from migov.protocol.truncation import TRUNCATED, truncated
from migov.protocol.update import is_update, read_update_operation
from migov.web.explanation import document, explained_operation, shown
from migov.web.graph_store import response_of, updated
from migov.web.request import chosen_language, url_parameters
from migov.web.responses import body, page
from migov.web.results import Result, result_of
from migov.web.served import served
from migov.web.site import state

blueprint = Blueprint("sparql", __name__)

_EXAMPLE = """# Who funds and who implements labour-mobility schemes, and says who?
SELECT ?initiative ?role ?actor ?record ?locator
WHERE {
  VALUES ?role { role:funder role:implementer }
  GRAPH ?record {
    ?participation mg:participationIn ?initiative ;
      mg:role ?role ; mg:actor ?actor ; mg:locator ?locator .
  }
  ?initiative mg:theme theme:labour-mobility-schemes .
}
ORDER BY ?initiative ?role ?actor ?record"""


@blueprint.route("/sparql", methods=["GET", "POST"])
def sparql() -> Response:
    """Answer a query, or show the form to a browser that brings none."""
    if is_update(*_request()):
        return response_of(updated(lambda: read_update_operation(*_request())))
    wanted = choose_for_query(request.headers.get("Accept"), _named_format())
    if _asks_nothing() and wanted.graph is not None and not wanted.page:
        return body(described(served().description(request.base_url), wanted.graph), wanted.graph)
    if not wanted.page:
        return _answered(_operation(), wanted)
    chosen_language()
    if request.method != "POST" and not last(url_parameters(), "query"):
        return _form(Operation(_EXAMPLE))
    operation = Operation("")
    try:
        operation = _operation()
        return _answered(operation, wanted)
    except MigovError as error:
        return _form(operation, failure=problem(error))


def _request() -> tuple[str, Parameters, str | None, bytes]:
    return (
        request.method,
        url_parameters(),
        request.headers.get("Content-Type"),
        request.get_data(),
    )


def _asks_nothing() -> bool:
    """Whether the endpoint itself is asked for (SPARQL 1.1 Service Description, section 2)."""
    return request.method != "POST" and all(name != "query" for name, _ in url_parameters())


def _operation() -> Operation:
    return read_operation(*_request())


def _named_format() -> str | None:
    """The format may be named in the address, or beside the query in a form."""
    named = last(url_parameters(), "format")
    if named is None and request.mimetype == "application/x-www-form-urlencoded":
        named = last(fields_of(request.get_data()), "format")
    return named


def _answered(operation: Operation, wanted: Wanted) -> Response:
    if operation.explain:
        explanation = explained_operation(operation)
        if not wanted.page:
            return document(explanation)
        return _form(operation, explanation=explanation)
    dataset = served()
    result = answer(
        dataset.engine,
        operation,
        wanted,
        graphs=dataset.graphs(),
        characters=dataset.characters,
        prefixes=dataset.prefixes,
        rows=dataset.rows,
    )
    most = dataset.rows if result.is_cut else None
    format = wanted.of(result.kind)
    if format is PAGE:
        response = _form(operation, result=result_of(result), kind=result.kind, most=most)
    else:
        assert format is not None  # the engine refuses a kind of result that none was named for
        response = body(result.body, format)
    if most is not None:
        response.headers[TRUNCATED] = truncated(result.kind, most)
    return response


def _form(
    operation: Operation,
    *,
    result: Result | None = None,
    kind: str = "solutions",
    most: int | None = None,
    failure: Problem | None = None,
    explanation: Explanation | None = None,
) -> Response:
    response = page(
        "sparql.html",
        status=failure.status if failure else HTTPStatus.OK,
        operation=operation,
        result=result,
        formats=GRAPHS if kind == "graph" else SOLUTIONS,
        most=most,
        failure=failure,
        prefixes=state().prefixes,
        explanation=shown(explanation) if explanation else None,
    )
    response.headers.extend(list(failure.headers if failure else ()))
    return response
