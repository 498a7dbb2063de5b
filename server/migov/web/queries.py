"""`/queries`: the canned queries as a list, as forms, and as addresses for any format."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, replace
from types import MappingProxyType
from typing import Any
from urllib.parse import urlencode

from flask import Blueprint, Response, jsonify, request, url_for
from markupsafe import Markup

from migov.catalogue import CannedQuery
from migov.engine import Answer, Query
from migov.errors import MigovError, ParameterError, UnknownFormatError
from migov.protocol.executables import queries_in
from migov.protocol.formats import GRAPHS, JSON, PAGE, SOLUTIONS, Format, names_of
from migov.protocol.operation import flag, last
from migov.protocol.paging import LARGEST, Page, link_header, links, read_page
from migov.protocol.problems import Problem, problem
from migov.web.drawing import standalone, within_a_page
from migov.web.forms import command, described, field_of, wrong_values
from migov.web.links import here
from migov.web.request import format_among, languages, url_parameters
from migov.web.responses import body, page
from migov.web.results import cut, result_of, row_count
from migov.web.sheet import SUFFIX, sheet
from migov.web.site import site, state
from migov.web.snippets import snippets
from migov.web.subjects import by_subject
from migov.web.views import DRAWN, picture_of

blueprint = Blueprint("queries", __name__)

_PICTURE = Format("svg", "page", "SVG", ("image/svg+xml",))
_TEXT = Format("rq", "page", "SPARQL", ("application/sparql-query",))
_ROWS = 40
"""Rows of a table on a page; programs get more at once."""
_RESERVED = frozenset({"format", "limit", "offset", "inferred"})


@dataclass(frozen=True, slots=True)
class _Part:
    """One page of an answer. `total` is known only where the page lies past the last row."""

    answer: Answer
    page: Page | None = None
    more: bool = False
    total: int | None = None


@blueprint.get("/queries")
def index() -> Response:
    """List the canned queries, as a page, as JSON, or as SPARQL executables in RDF."""
    catalogue = state().catalogue
    format = format_among((PAGE, JSON, *GRAPHS))
    if format in GRAPHS:
        return body(queries_in(catalogue, state().prefixes, request.url_root, format), format)
    if format is PAGE:
        return page("queries.html", subjects=by_subject(catalogue), language=languages()[0])
    return jsonify([described(query) for query in catalogue.values()])


@blueprint.get("/queries/<slug>.<suffix>")
def in_format(slug: str, suffix: str) -> Response:
    """Answer a canned query in the format that the address ends with."""
    if suffix == _TEXT.name:
        query = state().catalogue.find(slug)
        return body(query.source.encode(), _TEXT)
    if suffix == _PICTURE.name:
        return _picture(state().catalogue.find(slug))
    if suffix == SUFFIX:
        response = _run(slug, "csv")
        response.set_data(sheet(response.get_data()))
        response.headers.set("Content-Disposition", "attachment", filename=f"{slug}.csv")
        return response
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
        part = _answer(query, values, format)
        response = body(part.answer.body, format)
        if part.page is not None:
            response.headers["Link"] = link_header(_links(part, values))
        return response
    if not _given(query) and any(
        parameter.required and parameter.default is None for parameter in query.parameters
    ):
        return _page(query, values)
    try:
        return _answered_page(query, values)
    except MigovError as error:
        return _page(query, values, failure=problem(error))


def _picture(query: CannedQuery) -> Response:
    """Return the picture of an answer as a file of its own; raises UnknownFormatError."""
    formats = GRAPHS if query.form == "CONSTRUCT" else SOLUTIONS
    part = _answer(query, _values(query, default_language=True), formats[0], whole=True)
    picture = picture_of(query, part.answer, whole=True)
    if picture is None:
        raise UnknownFormatError(
            "This answer has no picture.",
            hint=f"What fits, by suffix or format=: {names_of(formats)}.",
        )
    response = body(standalone(picture, request.host_url), _PICTURE)
    response.headers["Content-Disposition"] = f'attachment; filename="{query.slug}.svg"'
    return response


def _answered_page(query: CannedQuery, values: Mapping[str, str]) -> Response:
    formats = GRAPHS if query.form == "CONSTRUCT" else SOLUTIONS
    drawn = _answer(query, values, formats[0], whole=True) if query.view in DRAWN else None
    part = _page_of(drawn) if drawn else None
    if part is None:
        part = _answer(query, values, formats[0], standard=_ROWS)
    neighbours = _links(part, values)
    picture = picture_of(query, drawn.answer) if drawn else None
    response = _page(
        query,
        values,
        result=result_of(part.answer),
        pages=part.page,
        neighbours=neighbours,
        picture=Markup(within_a_page(picture)) if picture else None,  # escaped as it is written
        notes=picture.notes if picture else [],
    )
    if neighbours:
        response.headers["Link"] = link_header(neighbours)
    return response


def _page_of(whole: _Part) -> _Part | None:
    """Return the page that the address asks for out of a whole answer, None where it has more."""
    if whole.page is None:
        return whole
    if whole.more:
        return None
    wanted = read_page(last(url_parameters(), "limit"), last(url_parameters(), "offset"), _ROWS)
    total = row_count(whole.answer.body)
    content, more = cut(whole.answer.body, wanted.limit, wanted.offset)
    past_the_end = wanted.offset > 0 and wanted.offset >= total
    answer = replace(whole.answer, body=content)
    return _Part(answer, wanted, more, total if past_the_end else None)


def _answer(
    query: CannedQuery,
    values: Mapping[str, str],
    format: Format,
    *,
    standard: int | None = None,
    whole: bool = False,
) -> _Part:
    """Return one page of the answer; raises ParameterError, and LimitError like any query.

    A page has `standard` rows, by default those of the setting, unless the address says otherwise.
    The `whole` answer is its first page, however the address divides it.
    """
    current = state()
    parameters = url_parameters()
    for name, times in Counter(name for name, _ in parameters).items():
        if times > 1:
            raise ParameterError(
                f"{name} is given {times} times.", hint="Give each parameter once."
            )
    text = query.bind(values, current.terms)
    inferred = query.inferred == "needed" or flag(parameters, "inferred")
    is_graph = query.form == "CONSTRUCT"

    asked = current.services.before(
        current.house,
        Query(text, inferred=inferred, prefixes=current.prefixes if is_graph else {}),
        current.snapshot.graphs,
        is_canned=True,
    )

    def ask(clause: str, name: str) -> Answer:
        return current.house.answer(
            replace(
                asked,
                text=asked.text + clause,
                solutions=None if is_graph else name,
                graph=name if is_graph else None,
            )
        )

    if query.form != "SELECT":
        for name in ("limit", "offset"):
            if last(parameters, name):
                raise ParameterError(f"{name} does not apply: this query has no rows.")
        return _Part(ask("", format.name))
    rows = standard or site().settings.page
    wanted = read_page(last(parameters, "limit"), last(parameters, "offset"), rows)
    if whole:
        wanted = Page(rows)
    if format.name == "json":
        answer = ask(wanted.clause(more=1), "json")
        content, more = cut(answer.body, wanted.limit)
        answer, empty = replace(answer, body=content), row_count(content) == 0
    else:
        answer = ask(wanted.clause(), format.name)
        more = row_count(ask(Page(1, wanted.after.offset).clause(), "json").body) > 0
        empty = not more and row_count(ask(Page(1, wanted.offset).clause(), "json").body) == 0
    past_the_end = empty and wanted.offset > 0
    total = row_count(ask("", "json").body) if past_the_end else None
    return _Part(answer, wanted, more, total)


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


def _links(part: _Part, values: Mapping[str, str]) -> dict[str, str]:
    if part.page is None:
        return {}
    kept = {name: request.args[name] for name in ("format", "inferred") if name in request.args}
    path = request.script_root + request.path
    return links(part.page, part.more, path, {**values, **kept}, total=part.total)


def _page(
    query: CannedQuery,
    values: Mapping[str, str],
    *,
    failure: Problem | None = None,
    neighbours: Mapping[str, str] = MappingProxyType({}),
    **shown: Any,
) -> Response:
    inferred = request.args.get("inferred", "") not in ("", "false", "0")
    formats = GRAPHS if query.form == "CONSTRUCT" else SOLUTIONS
    fields = {**_shared(values), **({"limit": str(LARGEST)} if "next" in neighbours else {})}

    def address(suffix: str) -> str:
        path = url_for("queries.in_format", slug=query.slug, suffix=suffix, _external=True)
        return f"{path}?{urlencode(fields)}" if fields else path

    response = page(
        "query.html",
        status=failure.status if failure else 200,
        query=query,
        language=languages()[0],
        fields=[field_of(parameter, values) for parameter in query.parameters],
        values=values,
        inferred=inferred,
        formats=[
            (format.title, here(f"/queries/{query.slug}.{format.name}", **_shared(values)))
            for format in formats
        ],
        address=url_for("queries.one", slug=query.slug, _external=True, **_shared(values)),
        snippets=snippets(query, address, fields, command(query, values, inferred=inferred)),
        csv=address("csv"),
        sheet=address(SUFFIX),
        neighbours=neighbours,
        failure=failure,
        wrong=wrong_values(query, failure) if failure else [],
        drawing=here(f"/queries/{query.slug}.svg", **_shared(values)),
        **{"result": None, "pages": None, "picture": None, **shown},
    )
    response.headers.extend(list(failure.headers if failure else ()))
    return response


def _shared(values: Mapping[str, str]) -> dict[str, str]:
    """Return the fields of an address that gives this answer to somebody else."""
    inferred = request.args.get("inferred")
    return {**values, **({"inferred": inferred} if inferred else {})}
