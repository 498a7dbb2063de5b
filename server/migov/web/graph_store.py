"""`/graphs`: the SPARQL 1.1 Graph Store HTTP Protocol, and writes to a graph at its own address.

A graph is named in the address of the store (`?graph=IRI`, `?default`) or has one of its own. The
bytes that come in are read by a process of their own, and what they say goes to the writer of the
application; without one, graphs are read only.
"""

from __future__ import annotations

from collections.abc import Callable
from http import HTTPStatus
from typing import Final

from flask import Blueprint, Response, redirect, request
from werkzeug.wrappers import Response as AnyResponse

from migov.errors import QuerySyntaxError, RequestError
from migov.protocol.errors import MediaTypeError, UnknownGraphError, VersionError
from migov.protocol.explain import explained
from migov.protocol.formats import FORMATS, GRAPHS, PAGE, accepted, named
from migov.protocol.graph_store import (
    PAYLOADS,
    check_preconditions,
    check_unmodified,
    is_about_a_graph,
    read_graph,
    read_payload,
)
from migov.protocol.limits import check_text
from migov.protocol.operation import UPDATE, declared_base, no_update, without_declared
from migov.protocol.patching import restricted
from migov.protocol.update import UpdateOperation, check_update, read_update_operation
from migov.protocol.writing import Writer, Written, refuse_foreign_origin
from migov.vocabulary import BASE
from migov.web.links import here
from migov.web.request import explicit_format, format_among, own_iri, url_parameters
from migov.web.responses import body
from migov.web.served import graph_state, known_graph, readings, renewed, served, writer

blueprint = Blueprint("graph_store", __name__)
files = Blueprint("graphs_of_files", __name__)
"""Writes at the addresses where the graphs of the repository are read."""

_WRITES: Final = ["PUT", "POST", "DELETE", "PATCH"]
_TRIPLES: Final = FORMATS["nt"].media_type
_ATTEMPTS: Final = 5
"""How often preconditions are compared again when others keep writing meanwhile."""

_Act = Callable[[Writer, str | None], Written]


@blueprint.get("/graphs")
def read() -> AnyResponse:
    """Give the graph that the address names; people without one are led to the list of graphs."""
    parameters = url_parameters()
    if not is_about_a_graph(parameters) and _wants_page():
        return redirect(here(served().list_of_graphs), HTTPStatus.SEE_OTHER)
    return _given(read_graph(parameters))


@blueprint.get("/graphs/<path:path>")
def read_at(path: str) -> AnyResponse:
    """Give the graph whose address this is."""
    return _given(served().graph_at(path))


@blueprint.route("/graphs", methods=_WRITES)
def write() -> Response:
    """Write to the graph that the address names; POST without one makes a new graph."""
    parameters = url_parameters()
    taking = _taking()
    if request.method == "POST" and not is_about_a_graph(parameters):
        graph = served().new_graph()
        return _written(taking, graph, location=served().address(graph))
    return _written(taking, read_graph(parameters))


@blueprint.route("/graphs/<path:path>", methods=_WRITES)
def write_at(path: str) -> Response:
    """Write to the graph whose address this is."""
    return _written(_taking(), served().graph_at(path))


@files.route("/graph/<path:path>", methods=_WRITES)
def write_own(path: str) -> Response:
    """Write to the graph of a file of the repository, at the address where it is read."""
    return _written(_taking(), own_iri(f"/graph/{path}"))


@files.after_request
@blueprint.after_request
def _accepts(response: Response) -> Response:
    """Say what bodies are taken, where one was not or a client asks (RFC 5789, 3.1)."""
    asks = request.method == "OPTIONS"
    if writer() and (asks or response.status_code == HTTPStatus.UNSUPPORTED_MEDIA_TYPE):
        response.headers["Accept-Patch"] = UPDATE
        response.headers["Accept-Post"] = ", ".join(PAYLOADS)
    return response


def _wants_page() -> bool:
    explicit = explicit_format()
    offered = (*GRAPHS, PAGE)
    wanted = (
        named(explicit, offered) if explicit else accepted(request.headers.get("Accept"), offered)
    )
    return wanted is PAGE


def _given(graph: str | None) -> AnyResponse:
    known_graph(graph)
    if graph is not None and graph.startswith(BASE) and _wants_page():
        return redirect(here(served().address(graph)), HTTPStatus.SEE_OTHER)
    format = format_among(GRAPHS)
    dataset = served()
    state = graph_state(dataset, graph)
    check_preconditions(request.headers.get("If-Match"), None, state)
    etag = f"{state}.{format.name}"
    known = request.if_none_match.as_set(include_weak=True)
    if request.if_none_match.star_tag or etag in {tag.removesuffix("-gzip") for tag in known}:
        response = Response(status=HTTPStatus.NOT_MODIFIED)
    else:
        response = body(dataset.graph(graph, format.name), format)
    response.set_etag(etag)
    return response


def _taking() -> Writer:
    """Return the writer, before what was sent is read.

    Raises NotOfferedError without one, RefusedError for a foreign page, and UnauthorizedError or
    ScopeError for who may not write.
    """
    found = writer()
    if found is None:
        raise no_update()
    refuse_foreign_origin(request.headers.get("Origin"), request.scheme, request.host)
    found.admit(_credentials())
    return found


def _written(taking: Writer, graph: str | None, *, location: str | None = None) -> Response:
    if "Content-Range" in request.headers:  # it would be taken for all of it (RFC 9110, 14.5)
        raise RequestError(
            "A part of a graph cannot be written by Content-Range.",
            hint="Send the whole graph, or PATCH it with a SPARQL update.",
        )
    act = _ACTS[request.method](graph)
    for _ in range(_ATTEMPTS):
        expected = _compared(graph)
        try:
            return response_of(act(taking, expected), graph, location)
        except VersionError:
            renewed()
    raise VersionError(
        "Others keep writing to this dataset.", hint="Read the graph again and try once more."
    )


def _compared(graph: str | None) -> str | None:
    """Return the version that the preconditions of the request hold for, None without any."""
    if_match = request.headers.get("If-Match")
    if_none_match = request.headers.get("If-None-Match")
    since = None if if_match else request.headers.get("If-Unmodified-Since")
    if if_match is None and if_none_match is None and since is None:
        return None
    dataset = served()
    version = dataset.version
    check_unmodified(since, dataset.modified)
    check_preconditions(if_match, if_none_match, graph_state(dataset, graph))
    return version


def response_of(
    written: Written, graph: str | None = None, location: str | None = None
) -> Response:
    """Return how a write ended; raises UnknownGraphError where there was nothing to drop."""
    if written.status == HTTPStatus.NOT_FOUND and not written.body:
        raise UnknownGraphError(
            f"This dataset has no graph <{graph}>." if graph else "The default graph is empty.",
            hint="There is nothing to remove: is its IRI right, and does it end as it should?",
        )
    response = Response(written.body, status=written.status)
    if written.media_type is None:
        response.headers.pop("Content-Type", None)
    else:
        response.content_type = written.media_type
    response.headers.extend(list(written.headers))
    if location is not None and written.status == HTTPStatus.CREATED:
        response.headers["Location"] = location
    return response


def _document(graph: str | None, *, replaces: bool) -> _Act:
    documents = read_payload(
        request.headers.get("Content-Type"), request.get_data(), parts=not replaces
    )
    triples = readings().triples(documents, graph, graph or request.base_url)

    def act(taking: Writer, expected: str | None) -> Written:
        return taking.write_graph(
            graph, triples, _TRIPLES, replaces, _credentials(), expected=expected
        )

    return act


def _put(graph: str | None) -> _Act:
    return _document(graph, replaces=True)


def _post(graph: str | None) -> _Act:
    return _document(graph, replaces=False)


def _delete(graph: str | None) -> _Act:
    def act(taking: Writer, expected: str | None) -> Written:
        return taking.drop_graph(graph, _credentials(), expected=expected)

    return act


def _patch(graph: str | None) -> _Act:
    """Read an update of one graph (section 5.7); the graph has to be there."""
    if request.mimetype != UPDATE:
        raise MediaTypeError(
            f"A patch does not come as {request.mimetype or 'nothing'}.",
            hint=f"Send it as {UPDATE}.",
        )
    known_graph(graph)
    sent = read_update_operation("POST", (), request.headers["Content-Type"], request.get_data())
    check_text(sent.text, served().characters)
    declared = declared_base(sent.text, graph or served().base)
    patch = restricted(declared + sent.text, graph)

    def act(taking: Writer, expected: str | None) -> Written:
        try:
            return taking.update(patch.text, (), (), _credentials(), expected=expected)
        except QuerySyntaxError as error:
            if error.place is not None:
                error.place = patch.place(error.place, declared + sent.text)
            raise without_declared(error, declared, sent.text) from error

    return act


_ACTS: Final[dict[str, Callable[[str | None], _Act]]] = {
    "PUT": _put,
    "POST": _post,
    "DELETE": _delete,
    "PATCH": _patch,
}


def _credentials() -> str | None:
    return request.headers.get("Authorization")


def updated(read: Callable[[], UpdateOperation]) -> Written:
    """Hand an update on to the writer; raises RequestError, NotOfferedError without a writer.

    What was sent is read only where something takes it.
    """
    taking = _taking()
    operation = read()
    dataset = served()
    check_update(operation, dataset.characters, dataset.graphs())
    declared = declared_base(operation.text, dataset.base)
    try:
        return taking.update(
            declared + operation.text,
            operation.using_graphs,
            operation.using_named_graphs,
            _credentials(),
        )
    except QuerySyntaxError as error:
        error = without_declared(error, declared, operation.text)
        raise explained(error, operation.text, dataset.prefixes, update=True) from error
