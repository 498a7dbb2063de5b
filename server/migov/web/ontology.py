"""The ontology as a page: every term under its fragment."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Final

from flask import Response
from pyoxigraph import Literal, NamedNode

from migov.engine import Engine, select
from migov.entities import Label, describe
from migov.vocabulary import NS, STANDARD_PREFIXES
from migov.web.request import languages
from migov.web.responses import names_of, page
from migov.web.site import state

_RDF, _RDFS, _OWL, _SKOS, _SCHEMA, _DCTERMS = (
    STANDARD_PREFIXES[prefix] for prefix in ("rdf", "rdfs", "owl", "skos", "schema", "dcterms")
)
_SHOWN: Final = (
    _RDFS + "subClassOf",
    _RDFS + "subPropertyOf",
    _RDFS + "domain",
    _RDFS + "range",
    _SCHEMA + "domainIncludes",
    _SCHEMA + "rangeIncludes",
    _OWL + "inverseOf",
    *(_SKOS + name for name in ("closeMatch", "broadMatch", "relatedMatch")),
)
_SECTIONS: Final = {
    _OWL + "Class": "classes",
    _OWL + "ObjectProperty": "links",
    _OWL + "DatatypeProperty": "values",
    _OWL + "AnnotationProperty": "values",
    _RDFS + "Datatype": "datatypes",
}


@dataclass(slots=True)
class Term:
    """A class or a property of the ontology."""

    iri: str
    section: str = "values"
    definitions: dict[str, Label] = field(default_factory=dict)
    examples: list[str] = field(default_factory=list)
    axioms: dict[str, list[str]] = field(default_factory=dict)
    transitive: bool = False

    @property
    def fragment(self) -> str:
        return self.iri.removeprefix(NS)

    def definition(self, preferred: Sequence[str]) -> Label | None:
        return next((self.definitions[tag] for tag in preferred if tag in self.definitions), None)


def vocabulary_page(ontology: str) -> Response:
    """Show the ontology."""
    terms = terms_of(state().house)
    described = describe(state().house, ontology)
    mentioned = {iri for term in terms for group in term.axioms.values() for iri in group}
    names = names_of({*mentioned, *(term.iri for term in terms), *described.iris(), *_SHOWN})
    texts = [
        term
        for term in described.values_of(_DCTERMS + "description")
        if isinstance(term, Literal) and term.language == languages()[0]
    ]
    version = described.values_of(_OWL + "versionInfo")
    in_order = sorted(terms, key=lambda term: term.fragment.casefold())
    sections = [
        (section, [term for term in in_order if term.section == section])
        for section in dict.fromkeys(_SECTIONS.values())
    ]
    return page(
        "ontology.html",
        names=names,
        iri=ontology,
        sections=sections,
        preferred=languages(),
        summary=texts[0] if texts else None,
        version=version[0].value if version else None,
    )


def terms_of(engine: Engine) -> list[Term]:
    """Return the classes and properties of our own namespace."""
    rows = select(
        engine,
        f"""PREFIX rdf: <{_RDF}> SELECT ?s ?p ?o WHERE {{
          ?s ?p ?o FILTER(isIRI(?s) && STRSTARTS(STR(?s), {Literal(NS)}))
        }} ORDER BY ?s ?p ?o""",
    )
    terms: dict[str, Term] = {}
    for row in rows:
        iri, predicate, value = row["s"].value, row["p"].value, row["o"]
        term = terms.setdefault(iri, Term(iri))
        if predicate == _RDF + "type":
            term.section = _SECTIONS.get(value.value, term.section)
            term.transitive = term.transitive or value.value == _OWL + "TransitiveProperty"
        elif predicate == _SKOS + "definition" and isinstance(value, Literal):
            term.definitions[value.language or ""] = Label(value.value, value.language)
        elif predicate == _SKOS + "example":
            term.examples.append(value.value)
        elif predicate in _SHOWN and isinstance(value, NamedNode):
            term.axioms.setdefault(predicate, []).append(value.value)
    return list(terms.values())
