"""`migov serve --scratch`: an empty dataset that anybody on this machine may write to.

It has no gate and no token, so it answers on the loopback alone, to requests that name the loopback
as their host, and takes no write that a page of another site sent: otherwise any page that somebody
opens on this machine could write here, or read through a name that it points at the loopback.
"""

from __future__ import annotations

import ipaddress
import json
from collections.abc import Collection, Iterator, Mapping
from contextlib import contextmanager
from http import HTTPStatus
from typing import Final
from urllib.parse import urlencode, urlsplit
from uuid import uuid4

from flask import (
    Blueprint,
    Flask,
    Response,
    current_app,
    jsonify,
    render_template,
    request,
    url_for,
)
from pyoxigraph import NamedNode, Triple

from migov.engine import Engine, Query
from migov.engine.reading import Readings
from migov.engine.scratch import ScratchEngine
from migov.errors import ConflictError, RefusedError
from migov.protocol.description import (
    described,
    described_counts,
    described_dataset,
    described_service,
)
from migov.protocol.errors import NotOfferedError, VersionError
from migov.protocol.formats import GRAPHS, PAGE, SOLUTIONS
from migov.protocol.graph_store import absolute
from migov.protocol.heads import SECURITY
from migov.protocol.operation import Operation
from migov.protocol.problems import MEDIA_TYPE, Problem
from migov.protocol.writing import Written, foreign_page, refuse_foreign_origin
from migov.settings import Settings
from migov.web import errors, graph_store, sparql
from migov.web.links import Names
from migov.web.links import Shown as ShownTerm
from migov.web.request import format_among, refuse_coded_body, wants_page
from migov.web.responses import body
from migov.web.results import result_of
from migov.web.served import READINGS, SERVED, WRITER, constructed, served
from migov.web.templating import prepare_templates

blueprint = Blueprint("sparql", __name__)

HEADER: Final = "Migov-Scratch"
NOTICE: Final = "nothing here is kept, and anybody on this machine may change it"

_EXAMPLE: Final = """SELECT ?g ?s ?p ?o
WHERE {
  { ?s ?p ?o } UNION { GRAPH ?g { ?s ?p ?o } }
}
LIMIT 100"""
_EXAMPLE_UPDATE: Final = """PREFIX : <http://example.org/>
INSERT DATA {
  :initiative :fundedBy :agency .
  GRAPH :record { :initiative :fundedBy :agency }
}"""
_SIZES: Final = """SELECT ?g (COUNT(?s) AS ?n) {
  GRAPH ?g {} OPTIONAL { GRAPH ?g { ?s ?p ?o } }
} GROUP BY ?g"""
_TITLE: Final = "Scratch dataset: not checked, not kept"
_COUNTS: Final = """SELECT (COUNT(*) AS ?triples) (COUNT(DISTINCT ?s) AS ?distinctSubjects)
  (COUNT(DISTINCT ?o) AS ?distinctObjects) (COUNT(DISTINCT ?p) AS ?properties)
  (COUNT(DISTINCT ?c) AS ?classes)
{
  { SELECT DISTINCT ?s ?p ?o { { ?s ?p ?o } UNION { GRAPH ?g { ?s ?p ?o } } } }
  BIND(IF(?p = <http://www.w3.org/1999/02/22-rdf-syntax-ns#type>, ?o, ?unbound) AS ?c)
}"""
_IN_USE: Final = {
    "property": "?s ?term ?o",
    "class": "?s a ?term FILTER(isIRI(?term))",
    "constant": "?term ?p ?o FILTER(isIRI(?term))",
}
_MOST: Final = 1000
"""Terms of a kind that the editor completes."""
_MEGABYTE: Final = 1_000_000


def create_scratch_app(engine: ScratchEngine, settings: Settings) -> Flask:
    """Return the endpoint over a scratch dataset; a document may have as much as an answer."""
    app = Flask(__name__)
    app.extensions[SERVED] = ScratchDataset(engine, settings)
    app.extensions[WRITER] = ScratchWriter(engine)
    app.extensions[READINGS] = Readings(settings.deadline, settings.memory)
    app.config["MAX_CONTENT_LENGTH"] = settings.answer * _MEGABYTE
    prepare_templates(app)
    for each in (blueprint, graph_store.blueprint):
        app.register_blueprint(each)
    errors.register(app, _told)
    app.before_request(_refuse_other_hosts)
    app.before_request(refuse_coded_body)
    app.after_request(_finished)
    return app


class ScratchDataset:
    """What the faces of the protocols ask of a scratch dataset."""

    prefixes: Mapping[str, str] = {}

    def __init__(self, engine: ScratchEngine, settings: Settings) -> None:
        self._engine = engine
        self.characters = settings.text
        self.rows = settings.rows
        self.deadline = settings.deadline

    @property
    def engine(self) -> Engine:
        return self._engine

    @property
    def version(self) -> str:
        return self._engine.version

    @property
    def base(self) -> str | None:
        return request.base_url

    @property
    def list_of_graphs(self) -> str:
        return "/"

    @property
    def modified(self) -> None:
        """It changes with every write, and answers carry an ETag alone."""

    @property
    def services(self) -> None:
        """A dataset for experiments asks nobody else."""

    def graphs(self) -> Collection[str]:
        return _Graphs(self._engine)

    def description(self, endpoint: str) -> list[Triple]:
        counted = _rows(self._engine, "SELECT (COUNT(*) AS ?n) { ?s ?p ?o }")
        return [
            *described_service(endpoint, writable=True, empty_graphs=True),
            *described_dataset(endpoint, int(counted[0]["n"]), _sizes(self._engine), dataset=None),
        ]

    def graph(self, graph: str | None, format: str) -> bytes:
        return constructed(self._engine, graph, format, {})

    def graph_at(self, path: str) -> str:
        return absolute(request.base_url)

    def new_graph(self) -> str:
        return absolute(f"{request.host_url}graphs/{uuid4()}")

    def address(self, graph: str) -> str:
        is_here = graph.startswith(f"{request.host_url}graphs/")
        return graph if is_here else f"/graphs?{urlencode({'graph': graph})}"


class _Graphs(Collection[str]):
    """The named graphs as they are now; whether there is one is a question of its own."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def __contains__(self, graph: object) -> bool:
        try:
            node = NamedNode(str(graph))
        except ValueError:
            return False
        found = self._engine.answer(Query(f"ASK {{ GRAPH {node} {{}} }}"))
        return json.loads(found.body)["boolean"] is True

    def __iter__(self) -> Iterator[str]:
        return iter(_sizes(self._engine))

    def __len__(self) -> int:
        return len(_sizes(self._engine))


def _sizes(engine: Engine) -> dict[str, int]:
    return {row["g"]: int(row["n"]) for row in _rows(engine, _SIZES) if "g" in row}


def _rows(engine: Engine, query: str) -> list[dict[str, str]]:
    solutions = json.loads(engine.answer(Query(query)).body)["results"]["bindings"]
    return [{name: term["value"] for name, term in row.items()} for row in solutions]


class ScratchWriter:
    """Writes at once, whoever asks."""

    def __init__(self, engine: ScratchEngine) -> None:
        self._engine = engine

    def admit(self, credentials: str | None) -> None:
        """Let everybody write."""

    def update(
        self,
        text: str,
        using_graphs: tuple[str, ...],
        using_named_graphs: tuple[str, ...],
        credentials: str | None,
        *,
        expected: str | None = None,
    ) -> Written:
        with _versions():
            self._engine.update(text, using_graphs, using_named_graphs, expected=expected)
        return Written(HTTPStatus.NO_CONTENT)

    def write_graph(
        self,
        graph: str | None,
        content: bytes,
        media_type: str,
        replace: bool,
        credentials: str | None,
        *,
        expected: str | None = None,
    ) -> Written:
        format = next(each.name for each in GRAPHS if each.media_type == media_type)
        with _versions():
            is_new = self._engine.write_graph(graph, content, format, replace, expected=expected)
        return Written(HTTPStatus.CREATED if is_new else HTTPStatus.NO_CONTENT)

    def drop_graph(
        self, graph: str | None, credentials: str | None, *, expected: str | None = None
    ) -> Written:
        with _versions():
            was_there = self._engine.drop_graph(graph, expected=expected)
        return Written(HTTPStatus.NO_CONTENT if was_there else HTTPStatus.NOT_FOUND)


@contextmanager
def _versions() -> Iterator[None]:
    """Tell a face that compares preconditions when it has to compare them again."""
    try:
        yield
    except ConflictError as error:
        raise VersionError(error.message, hint=error.hint) from error


@blueprint.get("/")
def home() -> Response:
    """Show the page of the dataset; a program gets the service description."""
    return sparql.respond(_form, _refuse_extras)


@blueprint.route("/sparql", methods=["GET", "POST"], endpoint="sparql")
def endpoint() -> Response:
    """Answer a query or an update, or show the forms."""
    return sparql.respond(_form, _refuse_extras)


@blueprint.get("/.well-known/void")
def void() -> Response:
    """Describe the dataset as it is now (VoID, section 7.2); a browser is led to its page."""
    format = format_among((*GRAPHS, PAGE))
    if format is PAGE:
        return Response(status=HTTPStatus.SEE_OTHER, headers={"Location": "/"})
    dataset = served()
    endpoint = url_for("sparql.sparql", _external=True)
    counts = {name: int(n) for name, n in _rows(dataset.engine, _COUNTS)[0].items()}
    triples = [
        *described_counts(f"{request.base_url}#dataset", _TITLE, endpoint, counts),
        *dataset.description(endpoint),
    ]
    return body(described(triples, format), format)


@blueprint.get("/sparql/terms")
def terms() -> Response:
    """Return the terms that the dataset holds now, for the editor to complete."""
    kinds: dict[str, str] = {}
    for kind, pattern in _IN_USE.items():
        found = f"{{ {{ {pattern} }} UNION {{ GRAPH ?g {{ {pattern} }} }} }}"
        query = f"SELECT DISTINCT ?term {found} LIMIT {_MOST}"
        for row in _rows(served().engine, query):
            kinds.setdefault(row["term"], kind)
    told = [{"iri": iri, "label": iri, "kind": kind} for iri, kind in sorted(kinds.items())]
    return jsonify({"prefixes": {}, "terms": told})


def _refuse_extras(operation: Operation) -> None:
    """Raise NotOfferedError for what only the graph of the files can be asked."""
    for name, is_asked in (("explain", operation.explain), ("inferred", operation.inferred)):
        if is_asked:
            raise NotOfferedError(
                f"{name} is not offered here: a scratch dataset is plain SPARQL.",
                hint="Leave it out.",
            )


def _told(problem: Problem) -> Response:
    if wants_page():
        return _form(sparql.Shown(failure=problem))
    response = Response(problem.body(), status=problem.status, content_type=MEDIA_TYPE)
    response.headers.extend(list(problem.headers))
    return response


def _form(shown: sparql.Shown) -> Response:
    """Return the page with both forms, and what became of the one that was sent."""
    dataset = served()
    text = render_template(
        "scratch.html",
        shown=shown,
        result=result_of(shown.answer, lambda _: _Plain({})) if shown.answer else None,
        query=shown.operation.text if shown.operation else _EXAMPLE,
        update=shown.update.text if shown.update else _EXAMPLE_UPDATE,
        formats=GRAPHS if shown.answer and shown.answer.kind == "graph" else SOLUTIONS,
        graphs=sorted(_sizes(dataset.engine).items()),
        address=dataset.address,
        deadline=f"{current_app.extensions[SERVED].deadline:g}",
    )
    response = Response(text, status=shown.status, content_type=PAGE.content_type)
    response.headers.extend(list(shown.failure.headers if shown.failure else ()))
    return response


class _Plain(Names):
    """Every IRI as it is written: this dataset knows no labels, and serves no pages of things."""

    def iri(self, iri: str) -> ShownTerm:
        is_web = iri.startswith(("http://", "https://"))
        return ShownTerm(iri, iri if is_web else None, None, external=True)


def _refuse_other_hosts() -> None:
    """Refuse requests to another name than the loopback's, which a foreign page may control."""
    if not is_loopback(urlsplit(f"//{request.host}").hostname or ""):
        raise RefusedError(
            f"This scratch dataset answers on the loopback alone, not as {request.host}.",
            hint="Ask it as 127.0.0.1 or localhost.",
        )
    if request.method not in ("GET", "HEAD", "OPTIONS"):
        # Browsers that send no Origin with a form say in this way where it comes from.
        if request.headers.get("Sec-Fetch-Site", "none") not in ("none", "same-origin"):
            raise foreign_page()
        refuse_foreign_origin(request.headers.get("Origin"), request.scheme, request.host)


def is_loopback(host: str) -> bool:
    """Return whether a host name or address is this machine's own.

    >>> is_loopback("127.0.0.1"), is_loopback("::1"), is_loopback("localhost")
    (True, True, True)
    >>> is_loopback("0.0.0.0"), is_loopback("localhost.example.org")
    (False, False)
    """
    if host.lower() in ("localhost", "localhost."):
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def _finished(response: Response) -> Response:
    for name, value in SECURITY.items():
        response.headers.setdefault(name, value)
    response.headers.pop("Date", None)  # the server in front writes it
    response.headers[HEADER] = NOTICE
    dataset = current_app.extensions[SERVED]
    response.headers["Migov-Snapshot"] = dataset.version
    response.headers.setdefault("Cache-Control", "no-cache")
    response.vary.add("Accept")
    return response
