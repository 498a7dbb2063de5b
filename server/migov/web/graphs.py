"""`/graph/…`: a named graph as it is, and as a page: a source record and all that it states."""

from __future__ import annotations

from flask import Blueprint, Response

from migov.engine import Answer, Query
from migov.entities import (
    KEPT,
    NoSuchEntityError,
    Property,
    describe,
    graphs_of,
    quads_of_graph,
    statements_of_graph,
    suggestions,
    written,
)
from migov.protocol.formats import FORMATS, GRAPHS, PAGE, Format
from migov.vocabulary import ID, INFERRED_GRAPH, NS, STANDARD_PREFIXES
from migov.web.links import citation
from migov.web.listed import listed, offset_of_list
from migov.web.ordering import arranged
from migov.web.request import format_among, languages, own_iri
from migov.web.responses import body, names_of, page
from migov.web.site import state

blueprint = Blueprint("graphs", __name__)


@blueprint.get("/graph")
def index() -> Response:
    """List the named graphs: records first, then the files of this project's editors."""
    format_among((PAGE,))
    return listed("graph", graphs_of(state().house, languages(), offset_of_list()))


@blueprint.get("/graph/<path:path>")
def graph(path: str) -> Response:
    """Show a named graph, or give its quads."""
    iri, suffix = own_iri(f"/graph/{path}"), None
    known = {*state().snapshot.graphs, INFERRED_GRAPH}
    stem, _, last = iri.rpartition(".")
    if iri not in known and last in FORMATS:
        iri, suffix = stem, last
    if iri not in known:
        raise NoSuchEntityError(iri, suggestions(state().house, iri))
    format = format_among((PAGE, *GRAPHS), suffix)
    if format is not PAGE:
        return _bytes(iri, format)
    if iri == INFERRED_GRAPH:
        return page("inferred.html", iri=iri)
    return _page(iri)


def _bytes(iri: str, format: Format) -> Response:
    engine, prefixes = state().house, state().prefixes
    if iri == INFERRED_GRAPH:
        answer: Answer = engine.answer(
            Query(
                f"CONSTRUCT {{ ?s ?p ?o }} WHERE {{ GRAPH <{iri}> {{ ?s ?p ?o }} }}",
                solutions=None,
                graph=format.name,
                prefixes=prefixes,
            )
        )
        return body(answer.body, format)
    return body(written(quads_of_graph(engine, iri), format.name, prefixes), format)


def _page(iri: str) -> Response:
    engine = state().house
    record = describe(engine, iri)
    stated = statements_of_graph(engine, iri)
    iris = {*record.iris(), *stated, *_mentioned(stated)}
    names = names_of(iris)
    described = {term.value for term in record.values_of(NS + "describes")}
    things = {
        subject: kept
        for subject, properties in sorted(
            stated.items(), key=lambda item: (item[0] not in described, item[0])
        )
        if not subject.startswith(ID + "participation/")
        if (kept := [part for part in arranged(properties, names) if part.iri not in KEPT])
    }
    taken_part = {
        subject: {part.iri: part.values for part in properties}
        for subject, properties in stated.items()
        if subject.startswith(ID + "participation/")
    }
    return page(
        "graph.html",
        names=names,
        thing=record,
        facts=arranged([*record.facts], names),
        summaries=[
            term
            for term in record.values_of(STANDARD_PREFIXES["dcterms"] + "abstract")
            if getattr(term, "language", None) == languages()[0]
        ],
        things=things,
        participations=taken_part,
        ns=NS,
        short=citation(iri),
        size=state().snapshot.graphs.get(iri, 0),
    )


def _mentioned(stated: dict[str, list[Property]]) -> set[str]:
    found: set[str] = set()
    for properties in stated.values():
        for part in properties:
            found.add(part.iri)
            for value in part.values:
                terms = [value.term, *(term for group in value.parts.values() for term in group)]
                found.update(term.value for term in terms if str(term).startswith("<"))
                found.update(value.parts)
                found.update(claim.certainty for claim in value.claims if claim.certainty)
    return found
