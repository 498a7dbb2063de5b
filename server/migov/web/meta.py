"""What pages tell to programs that read pages: schema.org as JSON-LD, a sitemap, robots.txt."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from typing import Any, Final
from urllib.parse import urljoin
from xml.etree import ElementTree as Xml

from flask import Blueprint, Response, request
from markupsafe import Markup
from pyoxigraph import Literal, NamedNode

from migov.engine import select
from migov.entities import Description, Label
from migov.entities.classes import with_subclasses
from migov.entities.listings import LISTINGS
from migov.entities.sparql import values
from migov.protocol.formats import Format
from migov.vocabulary import BASE, CONCEPT, NS, STANDARD_PREFIXES
from migov.web.links import Names, here, href
from migov.web.ontology import terms_here
from migov.web.responses import body
from migov.web.site import state

blueprint = Blueprint("meta", __name__)

_SITEMAP: Final = Format("xml", "page", "XML", ("application/xml",))
_TEXT: Final = Format("txt", "page", "text", ("text/plain",))
_MOST: Final = 45_000
"""Addresses of things in the sitemap; one may have 50,000 in all."""
_PAGES: Final = ("/", "/queries", "/search", "/ns", "/concept", "/quality", "/dumps", "/graph")
_DCTERMS, _SKOS, _SCHEMA, _RDF = (
    STANDARD_PREFIXES[prefix] for prefix in ("dcterms", "skos", "schema", "rdf")
)
_TYPES: Final = {
    NS + "Programme": "Project",
    NS + "Project": "Project",
    NS + "Mechanism": "Project",
    NS + "Instrument": "Legislation",
    NS + "KnowledgeProduct": "CreativeWork",
    NS + "Organisation": "Organization",
    NS + "State": "GovernmentOrganization",
    NS + "Person": "Person",
    NS + "Country": "Country",
    NS + "Region": "AdministrativeArea",
    NS + "Locality": "Place",
    NS + "Event": "Event",
    NS + "Output": "CreativeWork",
    NS + "Quotation": "Quotation",
    NS + "SourceDocument": "CreativeWork",
    NS + "SourceRecord": "Dataset",
    _SKOS + "Concept": "DefinedTerm",
    _SKOS + "ConceptScheme": "DefinedTermSet",
}
"""The class of schema.org that fits best; what has none is a Thing."""
_PROPERTIES: Final = {
    _SKOS + "altLabel": "alternateName",
    NS + "acronym": "alternateName",
    NS + "name": "alternateName",
    NS + "startDate": "startDate",
    NS + "endDate": "endDate",
    NS + "coversPlace": "areaServed",
    NS + "locatedIn": "location",
    NS + "partOfOrganisation": "parentOrganization",
    _SCHEMA + "sameAs": "sameAs",
    _SKOS + "definition": "description",
}
_OF_EVENTS_AND_PROJECTS: Final = frozenset({"startDate", "endDate"})
_PLACED: Final = {
    "location": ("Event", "Organization"),
    "areaServed": ("Project", "Organization", "GovernmentOrganization"),
    "parentOrganization": ("Organization", "GovernmentOrganization"),
}


def json_ld(description: Description, names: Names, summaries: Iterable[Label]) -> Markup:
    """Return what is known of a thing in the words of schema.org, ready for a script element.

    It is data: no browser runs it, and nothing in it can end the element.
    """
    iri = description.iri
    kinds = [term.value for term in description.values_of(_RDF + "type")]
    kind = next((_TYPES[each] for each in kinds if each in _TYPES), "Thing")
    document: dict[str, Any] = {
        "@context": "https://schema.org",
        "@type": kind,
        "@id": iri,
        "url": urljoin(request.host_url, href(iri) or "/"),
        "name": [_term(term, names) for term in description.values_of(_SKOS + "prefLabel")]
        or names.label(iri).text,
    }
    if texts := [_text(text) for text in summaries]:
        document["description"] = texts
    for property_, name in _PROPERTIES.items():
        if name in _OF_EVENTS_AND_PROJECTS and kind not in ("Event", "Project"):
            continue
        if name in _PLACED and kind not in _PLACED[name]:
            continue
        terms = description.values_of(property_)
        if found := [_term(term, names) for term in terms]:
            document[name] = [*document.get(name, ()), *found]
    if kind == "Project":
        funders = sorted(
            {
                entry.actor
                for entry in description.participations
                if entry.role == CONCEPT + "role/funder" and entry.target == iri
            }
        )
        if funders:
            document["funder"] = [_thing(funder, names) for funder in funders]
    records = sorted(graph for graph, source in description.sources.items() if source.record)
    if records and iri not in records:
        document["subjectOf"] = [_thing(record, names) for record in records]
    return in_script(document)


def in_script(document: dict[str, Any]) -> Markup:
    """Return JSON that cannot end the script element that it stands in.

    >>> in_script({"name": "</script><b>"})
    Markup('{"name": "\\\\u003c/script>\\\\u003cb>"}')
    """
    return Markup(json.dumps(document, ensure_ascii=False).replace("<", "\\u003c"))


def _term(term: object, names: Names) -> Any:
    if isinstance(term, NamedNode):
        return _thing(term.value, names) if term.value.startswith(BASE) else term.value
    if isinstance(term, Literal):
        return _text(Label(term.value, term.language))
    return None


def _thing(iri: str, names: Names) -> dict[str, str]:
    return {"@id": iri, "name": names.label(iri).text}


def _text(label: Label) -> Any:
    return {"@value": label.text, "@language": label.language} if label.language else label.text


@blueprint.get("/robots.txt")
def robots() -> Response:
    """Tell robots what is worth their time: not every combination of facets, nor every query."""
    lines = [
        "User-agent: *",
        *(f"Disallow: {here(path)}" for path in ("/sparql", "/suggest", "/changes", "/reconcile")),
        *(f"Disallow: {here(f'/{name}')}?*&" for name in LISTINGS),
        f"Sitemap: {urljoin(request.host_url, here('/sitemap.xml'))}",
        "",
    ]
    return body("\n".join(lines).encode(), _TEXT)


@blueprint.get("/sitemap.xml")
def sitemap() -> Response:
    """Return the addresses of pages (sitemaps.org, 0.9)."""
    root = Xml.Element("urlset", {"xmlns": "http://www.sitemaps.org/schemas/sitemap/0.9"})
    for address in _addresses():
        entry = Xml.SubElement(Xml.SubElement(root, "url"), "loc")
        entry.text = urljoin(request.host_url, address)
    content = b'<?xml version="1.0" encoding="utf-8"?>\n' + Xml.tostring(root, "unicode").encode()
    return body(content, _SITEMAP)


def _addresses() -> Iterator[str]:
    yield from map(here, _PAGES)
    yield from (here(f"/{name}") for name in LISTINGS)
    yield from (here(f"/queries/{slug}") for slug in state().catalogue)
    yield from (here(f"/ns/{term.fragment}") for term in terms_here().values())
    house = state().house
    below = with_subclasses(house, [listing.of for listing in LISTINGS.values()])
    classes = sorted({each for found in below.values() for each in found})
    rows = select(
        house,
        f"""SELECT DISTINCT ?s WHERE {{
          {values("class", classes)} ?s a ?class FILTER(isIRI(?s))
        }} LIMIT {_MOST}""",
    )
    yield from sorted(address for row in rows if (address := href(row["s"].value)))
