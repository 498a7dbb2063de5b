"""The ontology as a page: every term under its fragment."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Final

from flask import Response
from pyoxigraph import Literal, NamedNode

from migov.engine import Engine, select
from migov.entities import Description, Label, describe
from migov.entities.kept import Kept
from migov.entities.sparql import values
from migov.vocabulary import NS, STANDARD_PREFIXES
from migov.web.once import Once
from migov.web.request import languages
from migov.web.responses import names_of, page
from migov.web.site import state

_RDF, _RDFS, _OWL, _SKOS, _SCHEMA, _DCTERMS = (
    STANDARD_PREFIXES[prefix] for prefix in ("rdf", "rdfs", "owl", "skos", "schema", "dcterms")
)
_DOMAIN: Final = (_RDFS + "domain", _SCHEMA + "domainIncludes")
_RANGE: Final = (_RDFS + "range", _SCHEMA + "rangeIncludes")
BUILT_ON: Final = (
    _RDFS + "subClassOf",
    _RDFS + "subPropertyOf",
    *_DOMAIN,
    *_RANGE,
    _OWL + "inverseOf",
)
"""How terms of ours are built on one another."""
ALIGNED: Final = tuple(
    _SKOS + name
    for name in ("exactMatch", "closeMatch", "broadMatch", "narrowMatch", "relatedMatch")
)
"""How a term matches one elsewhere."""
_SHOWN: Final = (*BUILT_ON, *ALIGNED)
_CHARACTERS: Final = {
    _OWL + "TransitiveProperty": "Transitive",
    _OWL + "SymmetricProperty": "Symmetric",
}
_SECTIONS: Final = {
    _OWL + "Class": "classes",
    _OWL + "ObjectProperty": "links",
    _OWL + "DatatypeProperty": "values",
    _OWL + "AnnotationProperty": "values",
    _RDFS + "Datatype": "datatypes",
}
_KINDS: Final = (*_SECTIONS, *_CHARACTERS, _RDFS + "Class", _RDF + "Property")


@dataclass(slots=True)
class Term:
    """A class or a property of the ontology."""

    iri: str
    section: str = "values"
    definitions: dict[str, Label] = field(default_factory=dict)
    examples: list[str] = field(default_factory=list)
    axioms: dict[str, list[str]] = field(default_factory=dict)
    characters: list[str] = field(default_factory=list)

    @property
    def mentioned(self) -> set[str]:
        """The terms that its axioms name."""
        return {iri for named in self.axioms.values() for iri in named}

    @property
    def domain(self) -> list[str]:
        return [iri for name in _DOMAIN for iri in self.axioms.get(name, ())]

    @property
    def range(self) -> list[str]:
        return [iri for name in _RANGE for iri in self.axioms.get(name, ())]

    @property
    def overview(self) -> dict[str, list[str]]:
        """What the page of all terms tells: how terms are built on one another."""
        return {name: iris for name, iris in self.axioms.items() if name in BUILT_ON}

    @property
    def fragment(self) -> str:
        return self.iri.removeprefix(NS)

    def definition(self, preferred: Sequence[str]) -> Label | None:
        return next((self.definitions[tag] for tag in preferred if tag in self.definitions), None)


_descriptions: Final = Kept[str, Description](10)


def _described(ontology: str) -> Description:
    engine = state().house
    return _descriptions.all_of(
        engine, [ontology], lambda missing: {iri: describe(engine, iri) for iri in missing}
    )[ontology]


def vocabulary_page(ontology: str) -> Response:
    """Show the ontology."""
    terms = terms_here().values()
    described = _described(ontology)
    mentioned = {iri for term in terms for group in term.overview.values() for iri in group}
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
        ours={term.iri: term.fragment for term in terms},
        preferred=languages(),
        summary=texts[0] if texts else None,
        version=version[0].value if version else None,
    )


def terms_of(engine: Engine) -> list[Term]:
    """Return the classes and properties of our own namespace."""
    rows = select(
        engine,
        f"""SELECT ?s ?p ?o WHERE {{
          {{ SELECT DISTINCT ?s WHERE {{
            {values("kind", _KINDS)} ?s a ?kind
            FILTER(isIRI(?s) && STRSTARTS(STR(?s), {Literal(NS)}))
          }} }}
          ?s ?p ?o
        }} ORDER BY ?s ?p ?o""",
    )
    terms: dict[str, Term] = {}
    for row in rows:
        iri, predicate, value = row["s"].value, row["p"].value, row["o"]
        term = terms.setdefault(iri, Term(iri))
        if predicate == _RDF + "type":
            term.section = _SECTIONS.get(value.value, term.section)
            if (character := _CHARACTERS.get(value.value)) is not None:
                term.characters.append(character)
        elif predicate == _SKOS + "definition" and isinstance(value, Literal):
            term.definitions[value.language or ""] = Label(value.value, value.language)
        elif predicate == _SKOS + "example":
            term.examples.append(value.value)
        elif predicate in _SHOWN and isinstance(value, NamedNode):
            term.axioms.setdefault(predicate, []).append(value.value)
    return list(terms.values())


terms_here: Final = Once(lambda current: {term.iri: term for term in terms_of(current.house)})
"""The terms of our own namespace by their IRIs, read once a state."""
