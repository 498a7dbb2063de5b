"""`/sparql`: the SPARQL 1.1 Protocol for programs, and a page with a form for people."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from http import HTTPStatus

from flask import Blueprint, Response, request, url_for

from migov.engine import Answer
from migov.errors import MigovError
from migov.protocol.description import described
from migov.protocol.explanation import Explanation
from migov.protocol.formats import GRAPHS, PAGE, SOLUTIONS, Wanted, choose_for_query
from migov.protocol.misspelt import refuse_misspelt
from migov.protocol.operation import Operation, Parameters, answer, last, read_operation
from migov.protocol.operation import parameters_of as fields_of
from migov.protocol.problems import Problem, problem
from migov.protocol.truncation import TRUNCATED, truncated
from migov.protocol.update import UpdateOperation, is_update, read_update_operation
from migov.web.explanation import document, explained_operation
from migov.web.explanation import shown as explained_page
from migov.web.graph_store import response_of, updated
from migov.web.request import chosen_language, url_parameters, wants_page
from migov.web.responses import body, page
from migov.web.results import result_of
from migov.web.served import served, writer
from migov.web.site import site, state
from migov.web.subjects import by_subject

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


@dataclass(frozen=True, slots=True)
class Shown:
    """What the page shows: what was sent, and the answer, the error or the explanation.

    `most` are the rows or triples to which the answer was cut, None where it is whole.
    """

    operation: Operation | None = None
    update: UpdateOperation | None = None
    answer: Answer | None = None
    most: int | None = None
    failure: Problem | None = None
    explanation: Explanation | None = None

    @property
    def status(self) -> int:
        return self.failure.status if self.failure else HTTPStatus.OK


Form = Callable[[Shown], Response]
Check = Callable[[Operation], None]


@blueprint.route("/sparql", methods=["GET", "POST"])
def sparql() -> Response:
    """Answer a query, or show the form to a browser that brings none."""
    return respond(_form)


def respond(form: Form, check: Check = lambda _: None) -> Response:
    """Answer a request at the endpoint; `form` makes the page for those who want one.

    `check` raises RequestError for what the dataset behind it cannot be asked.
    """

    def operation_of_request() -> Operation:
        operation = read_operation(*_request())
        check(operation)
        return operation

    if is_update(*_request()):
        return _updated(form)
    wanted = choose_for_query(request.headers.get("Accept"), _named_format())
    if _asks_nothing():
        refuse_misspelt(url_parameters())
    if _asks_nothing() and wanted.graph is not None and not wanted.page:
        endpoint = url_for("sparql.sparql", _external=True)
        return body(described(served().description(endpoint), wanted.graph), wanted.graph)
    if not wanted.page:
        return _answered(operation_of_request(), wanted, form)
    chosen_language()
    if request.method != "POST" and not last(url_parameters(), "query"):
        return form(Shown())
    operation = Operation("")
    try:
        operation = operation_of_request()
        return _answered(operation, wanted, form)
    except MigovError as error:
        return form(Shown(operation, failure=problem(error)))


def _updated(form: Form) -> Response:
    """Run an update; whoever sent it from a page gets the page again."""
    sent: list[UpdateOperation] = []

    def read() -> UpdateOperation:
        sent.append(read_update_operation(*_request()))
        return sent[0]

    if writer() is None or not wants_page():
        return response_of(updated(read))
    try:
        written = updated(read)
    except MigovError as error:
        return form(Shown(update=sent[0] if sent else None, failure=problem(error)))
    return response_of(written) if written.body else form(Shown(update=sent[0]))


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


def _named_format() -> str | None:
    """The format may be named in the address, or beside the query in a form."""
    named = last(url_parameters(), "format")
    if named is None and request.mimetype == "application/x-www-form-urlencoded":
        named = last(fields_of(request.get_data()), "format")
    return named


def _answered(operation: Operation, wanted: Wanted, form: Form) -> Response:
    if operation.explain:
        explanation = explained_operation(operation)
        if not wanted.page:
            return document(explanation)
        return form(Shown(operation, explanation=explanation))
    dataset = served()
    result = answer(
        dataset.engine,
        operation,
        wanted,
        graphs=dataset.graphs(),
        characters=dataset.characters,
        prefixes=dataset.prefixes,
        rows=dataset.rows,
        base=dataset.base,
        services=dataset.services,
    )
    most = dataset.rows if result.is_cut else None
    format = wanted.of(result.kind)
    if format is PAGE:
        response = form(Shown(operation, answer=result, most=most))
    else:
        assert format is not None  # the engine refuses a kind of result that none was named for
        response = body(result.body, format)
    if most is not None:
        response.headers[TRUNCATED] = truncated(result.kind, most)
    return response


def _form(shown: Shown) -> Response:
    catalogue = state().catalogue
    example = last(url_parameters(), "example")
    text = catalogue.find(example).text if example else _EXAMPLE
    is_graph = shown.answer is not None and shown.answer.kind == "graph"
    response = page(
        "sparql.html",
        status=shown.status,
        operation=shown.operation or Operation(text),
        result=result_of(shown.answer) if shown.answer else None,
        formats=GRAPHS if is_graph else SOLUTIONS,
        most=shown.most,
        failure=shown.failure,
        prefixes=state().prefixes,
        subjects=by_subject(catalogue),
        example=example,
        deadline=f"{site().settings.deadline:g}",
        explanation=explained_page(shown.explanation) if shown.explanation else None,
    )
    response.headers.extend(list(shown.failure.headers if shown.failure else ()))
    return response
