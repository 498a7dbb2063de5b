"""Every IRI under the base dereferences at the same path: entities, concepts, terms."""

from __future__ import annotations

from http import HTTPStatus
from typing import Final

from flask import Blueprint, Response
from pyoxigraph import NamedNode

from migov.entities import (
    Description,
    Entry,
    NoSuchEntityError,
    Part,
    concepts_of,
    describe,
    entities_of,
    quads_about,
    quads_of_graph,
    schemes,
    suggestions,
    summaries,
    written,
)
from migov.entities.around import dated_around, quoted_around
from migov.entities.terms import closest
from migov.errors import UnknownEntityError
from migov.protocol.formats import FORMATS, GRAPHS, PAGE
from migov.vocabulary import CONCEPT, GRAPH, ID, KINDS, NS, STANDARD_PREFIXES
from migov.web.evidence import links_of
from migov.web.links import here, href
from migov.web.listed import listed, offset_of_list
from migov.web.meta import json_ld
from migov.web.ontology import terms_here, vocabulary_page
from migov.web.ordering import arranged, incoming_of, is_scheme, roles_of
from migov.web.reading import KEY_NAMES, dates_drawn, differences, key_facts, list_of
from migov.web.request import format_among, languages, own_iri
from migov.web.responses import body, names_of, page
from migov.web.site import state
from migov.web.term import term_page

blueprint = Blueprint("entities", __name__)

OFFERED: Final = (PAGE, *GRAPHS)
_DCTERMS, _SKOS, _RDF = (STANDARD_PREFIXES[prefix] for prefix in ("dcterms", "skos", "rdf"))
_REPLACED: Final = _DCTERMS + "isReplacedBy"
_ONTOLOGY: Final = NS.removesuffix("#")
_ONTOLOGY_GRAPH: Final = GRAPH + "ontology/migov.ttl"
_LISTED: Final = {"initiative": "/initiatives", "actor": "/actors", "event": "/events"}
"""Where a kind has a list that narrows."""


@blueprint.get("/id/<kind>/<path:slug>")
def entity(kind: str, slug: str) -> Response:
    """Show an entity, or give its triples."""
    return _thing(f"/id/{kind}/{slug}")


@blueprint.get("/concept/<path:path>")
def concept(path: str) -> Response:
    """Show a concept or a scheme, or give its triples."""
    return _thing(f"/concept/{path}")


@blueprint.get("/id/<kind>")
def kind(kind: str) -> Response:
    """List the entities of a kind, or lead to the list that has them."""
    if kind not in KINDS:
        raise NoSuchEntityError(f"{ID}{kind}", [])
    format_among((PAGE,))
    if kind in _LISTED:
        return Response(
            status=HTTPStatus.MOVED_PERMANENTLY, headers={"Location": here(_LISTED[kind])}
        )
    return listed(kind, entities_of(state().house, kind, languages(), offset_of_list()))


@blueprint.get("/concept")
def concept_schemes() -> Response:
    """List the concept schemes."""
    format_among((PAGE,))
    return listed("scheme", Part(schemes(state().house, languages())))


@blueprint.get("/ns")
@blueprint.get("/ns.<suffix>")
def ontology(suffix: str | None = None) -> Response:
    """Show the whole ontology: its terms are fragments of this address."""
    format = format_among(OFFERED, suffix)
    if format is PAGE:
        return vocabulary_page(_ONTOLOGY)
    quads = quads_of_graph(state().house, _ONTOLOGY_GRAPH)
    return body(written(quads, format.name, state().prefixes), format)


@blueprint.get("/ns/<name>")
def term(name: str) -> Response:
    """Show a term of the ontology with what uses it, or give its triples.

    Its IRI is a fragment of the ontology’s, which leads there; this is the page about it. The
    version that is served leads to the ontology; other versions are in the repository.
    """
    stem, _, suffix = name.rpartition(".")
    named = suffix if stem and suffix in FORMATS else None
    found = terms_here().get(NS + (stem if named else name))
    if found is None:
        return _version(name)
    format = format_among(OFFERED, named)
    if format is PAGE:
        return term_page(found)
    quads = quads_about(state().house, found.iri)
    return body(written(quads, format.name, state().prefixes), format)


def _version(version: str) -> Response:
    description = describe(state().house, _ONTOLOGY)
    iri = f"{_ONTOLOGY}/{version}"
    if iri in [
        term.value for term in description.values_of(STANDARD_PREFIXES["owl"] + "versionIRI")
    ]:
        return Response(status=HTTPStatus.SEE_OTHER, headers={"Location": href(_ONTOLOGY) or "/ns"})
    near = closest(version, {term: set() for term in terms_here()})
    raise NoSuchEntityError(iri, near or [_ONTOLOGY])


def _thing(path: str) -> Response:
    stem, _, suffix = path.rpartition(".")
    named = suffix if suffix in FORMATS and "/" not in suffix else None
    iri = own_iri(stem if named else path)
    format = format_among(OFFERED, named)
    current = state()
    if format is not PAGE:
        quads = quads_about(current.house, iri)
        if not quads:
            raise _unknown(iri)
        for quad in quads:
            if quad.predicate.value == _REPLACED and isinstance(quad.object, NamedNode):
                return _moved(quad.object.value, named)
        return body(written(quads, format.name, current.prefixes), format)
    description = describe(current.house, iri)
    if not description.known:
        raise _unknown(iri)
    for term in description.values_of(_REPLACED):
        return _moved(term.value, None)
    return entity_page(description)


def entity_page(description: Description) -> Response:
    """Show everything that the graph says about one thing."""
    engine, iri = state().house, description.iri
    told = summaries(engine, iri, languages())
    members: list[Entry] = []
    if is_scheme(iri):
        members = concepts_of(engine, iri, languages())
    dated, quoted = dated_around(engine, iri), quoted_around(engine, iri)
    around = {one.iri for one in dated} | {one.speaker for one in quoted if one.speaker}
    names = names_of({*description.iris(), *told, *around, *KEY_NAMES})
    return page(
        "entity.html",
        names=names,
        thing=description,
        classes=[
            names.iri(term.value)
            for term in description.values_of(_RDF + "type")
            if term.value.startswith(NS) or iri.startswith(CONCEPT)
        ],
        names_elsewhere=description.values_of(_SKOS + "prefLabel"),
        summaries=told,
        key=key_facts(description, names),
        differing=differences(arranged(description.facts, names)),
        quoted=quoted,
        timeline=dates_drawn(dated, names, names.label(iri).text),
        listed=list_of(description),
        json_ld=json_ld(description, names, told.values()),
        ns=NS,
        links=links_of(description),
        facts=arranged(description.facts, names),
        kept=arranged(description.kept, names),
        roles=roles_of(description.participations, iri, names),
        incoming=incoming_of(description, names, members),
        inferred=arranged(description.inferred, names),
        inferred_incoming=arranged(description.inferred_incoming, names),
        members=members,
    )


def _unknown(iri: str) -> UnknownEntityError:
    return NoSuchEntityError(iri, suggestions(state().house, iri))


def _moved(iri: str, suffix: str | None) -> Response:
    target = href(iri) or iri
    location = f"{target}.{suffix}" if suffix else target
    return Response(status=HTTPStatus.MOVED_PERMANENTLY, headers={"Location": location})
