"""`/queries`: the canned queries as a list, as forms, and as addresses for any format."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from flask import Blueprint, Response, jsonify, request, url_for

from migov.catalogue import CannedQuery
from migov.engine import Answer, Query
from migov.errors import MigovError, ParameterError
from migov.protocol.formats import GRAPHS, PAGE, SOLUTIONS, Format
from migov.protocol.operation import flag, last
from migov.protocol.paging import Page, link_header, links, read_page
from migov.protocol.problems import Problem, problem
from migov.web.forms import described, field_of
from migov.web.links import here
from migov.web.request import format_among, languages, url_parameters
from migov.web.responses import body, page
from migov.web.results import cut, result_of, row_count
from migov.web.site import site, state

blueprint = Blueprint("queries", __name__)

_JSON = Format("json", "solutions", "JSON", ("application/json",))
_TEXT = Format("rq", "page", "SPARQL", ("application/sparql-query",))
_RESERVED = frozenset({"format", "limit", "offset", "inferred"})


@blueprint.get("/queries")
def index() -> Response:
    """List the canned queries."""
    catalogue = state().catalogue
    if format_among((PAGE, _JSON)) is PAGE:
        return page("queries.html", queries=list(catalogue.values()), language=languages()[0])
    return jsonify([described(query) for query in catalogue.values()])


@blueprint.get("/queries/<slug>.<suffix>")
def in_format(slug: str, suffix: str) -> Response:
    """Answer a canned query in the format that the address ends with."""
    if suffix == _TEXT.name:
        query = state().catalogue.find(slug)
        return body(query.path.read_bytes(), _TEXT)
    return _run(slug, suffix)


@blueprint.get("/queries/<slug>")
def one(slug: str) -> Response:
    """Answer a canned query, or show its form with the answer below."""
    return _run(slug, None)


def _run(slug: str, suffix: str | None) -> Response:
    query = state().catalogue.find(slug)
    formats = GRAPHS if query.form == "CONSTRUCT" else SOLUTIONS
    format = format_among((*formats, PAGE), suffix)
    values = _values(query, default_language=format is PAGE)
    if format is not PAGE:
        answer, more, pages = _answer(query, values, format)
        response = body(answer.body, format)
        if pages is not None:
            response.headers["Link"] = link_header(_links(pages, more, values))
        return response
    if not _given(query) and any(
        parameter.required and parameter.default is None for parameter in query.parameters
    ):
        return _page(query, values)
    try:
        return _answered_page(query, values)
    except MigovError as error:
        return _page(query, values, failure=problem(error))


def _answered_page(query: CannedQuery, values: Mapping[str, str]) -> Response:
    formats = GRAPHS if query.form == "CONSTRUCT" else SOLUTIONS
    answer, more, pages = _answer(query, values, formats[0])
    neighbours = _links(pages, more, values) if pages is not None else {}
    response = _page(query, values, result=result_of(answer), pages=pages, neighbours=neighbours)
    if neighbours:
        response.headers["Link"] = link_header(neighbours)
    return response


def _answer(
    query: CannedQuery, values: Mapping[str, str], format: Format
) -> tuple[Answer, bool, Page | None]:
    """Return one page of the answer, whether there is more after it, and which page it is."""
    current = state()
    parameters = url_parameters()
    text = query.bind(values, current.terms)
    inferred = query.inferred == "needed" or flag(parameters, "inferred")
    is_graph = query.form == "CONSTRUCT"

    def ask(clause: str, name: str) -> Answer:
        return current.engine.answer(
            Query(
                text + clause,
                solutions=None if is_graph else name,
                graph=name if is_graph else None,
                inferred=inferred,
                prefixes=current.prefixes if is_graph else {},
            )
        )

    if query.form != "SELECT":
        for name in ("limit", "offset"):
            if last(parameters, name):
                raise ParameterError(f"{name} does not apply: this query has no rows.")
        return ask("", format.name), False, None
    wanted = read_page(last(parameters, "limit"), last(parameters, "offset"), site().settings.page)
    if format.name == "json":
        answer = ask(wanted.clause(more=1), "json")
        content, more = cut(answer.body, wanted.limit)
        return Answer(answer.kind, answer.format, content), more, wanted
    more = row_count(ask(Page(1, wanted.after.offset).clause(), "json").body) > 0
    return ask(wanted.clause(), format.name), more, wanted


def _given(query: CannedQuery) -> bool:
    names = {parameter.name for parameter in query.parameters}
    return any(name in names for name, _ in url_parameters())


def _values(query: CannedQuery, *, default_language: bool) -> dict[str, str]:
    """Return the given values; `lang` is the page's own where the query does not take it."""
    names = {parameter.name for parameter in query.parameters}
    values = {
        name: value
        for name, value in url_parameters()
        if name not in _RESERVED and (name != "lang" or "lang" in names)
    }
    if default_language and "lang" in names and not values.get("lang"):
        values["lang"] = languages()[0]
    return values


def _links(pages: Page, more: bool, values: Mapping[str, str]) -> dict[str, str]:
    kept = {name: request.args[name] for name in ("format", "inferred") if name in request.args}
    return links(pages, more, request.script_root + request.path, {**values, **kept})


def _page(
    query: CannedQuery,
    values: Mapping[str, str],
    *,
    failure: Problem | None = None,
    **shown: Any,
) -> Response:
    formats = GRAPHS if query.form == "CONSTRUCT" else SOLUTIONS
    response = page(
        "query.html",
        status=failure.status if failure else 200,
        query=query,
        language=languages()[0],
        fields=[field_of(parameter, values) for parameter in query.parameters],
        values=values,
        inferred=request.args.get("inferred", "") not in ("", "false", "0"),
        formats=[
            (format.title, here(f"/queries/{query.slug}.{format.name}", **_shared(values)))
            for format in formats
        ],
        address=url_for("queries.one", slug=query.slug, _external=True, **_shared(values)),
        failure=failure,
        **{"result": None, "pages": None, "neighbours": {}, **shown},
    )
    response.headers.extend(list(failure.headers if failure else ()))
    return response


def _shared(values: Mapping[str, str]) -> dict[str, str]:
    """Return the fields of an address that gives this answer to somebody else."""
    inferred = request.args.get("inferred")
    return {**values, **({"inferred": inferred} if inferred else {})}
