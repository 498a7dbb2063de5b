"""Labels in bulk: one question for as many things as a page names."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Final

from pyoxigraph import Literal

from migov.engine import Engine, select
from migov.entities.kept import Kept
from migov.entities.sparql import values
from migov.vocabulary import ID, NS, STANDARD_PREFIXES, compact

_SKOS, _RDFS, _DCTERMS, _RDF, _FOAF, _OWL = (
    STANDARD_PREFIXES[prefix] for prefix in ("skos", "rdfs", "dcterms", "rdf", "foaf", "owl")
)
_RANKS: Final = {_SKOS + "prefLabel": 0, _RDFS + "label": 1, _DCTERMS + "title": 2}
_PROPERTIES: Final = ", ".join(f"<{iri}>" for iri in _RANKS)
"""In a FILTER, because a join of two VALUES would be hashed against every label there is."""

_FOREIGN: Final = {
    _RDF + "type": ("Class", "Classe"),
    _SKOS + "Concept": ("Concept", "Concept"),
    _SKOS + "ConceptScheme": ("Concept scheme", "Schéma de concepts"),
    _RDFS + "comment": ("Comment", "Commentaire"),
    _RDFS + "label": ("Label", "Libellé"),
    _RDFS + "isDefinedBy": ("Defined by", "Défini par"),
    _RDFS + "seeAlso": ("See also", "Voir aussi"),
    _RDFS + "subClassOf": ("Kind of", "Sorte de"),
    _RDFS + "subPropertyOf": ("Special case of", "Cas particulier de"),
    _RDFS + "domain": ("Said of", "Se dit de"),
    _RDFS + "range": ("Has as value", "A pour valeur"),
    STANDARD_PREFIXES["schema"] + "domainIncludes": ("May be said of", "Peut se dire de"),
    STANDARD_PREFIXES["schema"] + "rangeIncludes": ("May have as value", "Peut avoir pour valeur"),
    _OWL + "inverseOf": ("Inverse of", "Inverse de"),
    _OWL + "versionIRI": ("Version", "Version"),
    _OWL + "versionInfo": ("Version number", "Numéro de version"),
    _SKOS + "prefLabel": ("Label", "Libellé"),
    _SKOS + "altLabel": ("Other name", "Autre nom"),
    _SKOS + "definition": ("Definition", "Définition"),
    _SKOS + "scopeNote": ("Scope note", "Note d’application"),
    _SKOS + "editorialNote": ("Editors’ note", "Note de la rédaction"),
    _SKOS + "note": ("Note", "Note"),
    _SKOS + "example": ("Example", "Exemple"),
    _SKOS + "notation": ("Code", "Code"),
    _SKOS + "inScheme": ("Scheme", "Schéma"),
    _SKOS + "topConceptOf": ("Top concept of", "Concept de tête de"),
    _SKOS + "hasTopConcept": ("Top concepts", "Concepts de tête"),
    _SKOS + "broader": ("Broader", "Plus large"),
    _SKOS + "narrower": ("Narrower", "Plus étroit"),
    _SKOS + "related": ("Related", "Apparenté"),
    _SKOS + "exactMatch": ("Exact match", "Équivalence exacte"),
    _SKOS + "closeMatch": ("Close match", "Équivalence proche"),
    _SKOS + "broadMatch": ("Broader match", "Équivalence plus large"),
    _SKOS + "narrowMatch": ("Narrower match", "Équivalence plus étroite"),
    _SKOS + "relatedMatch": ("Related match", "Équivalence apparentée"),
    _DCTERMS + "title": ("Title", "Titre"),
    _DCTERMS + "type": ("Type", "Type"),
    _DCTERMS + "abstract": ("Summary", "Résumé"),
    _DCTERMS + "description": ("Description", "Description"),
    _DCTERMS + "identifier": ("Identifier", "Identifiant"),
    _DCTERMS + "publisher": ("Publisher", "Éditeur"),
    _DCTERMS + "language": ("Language", "Langue"),
    _DCTERMS + "license": ("Licence", "Licence"),
    _DCTERMS + "source": ("Source", "Source"),
    _DCTERMS + "creator": ("Creator", "Auteur"),
    _DCTERMS + "created": ("Created", "Création"),
    _DCTERMS + "isReplacedBy": ("Replaced by", "Remplacé par"),
    _FOAF + "page": ("Web page", "Page web"),
    STANDARD_PREFIXES["schema"] + "sameAs": ("Same as", "Identique à"),
    STANDARD_PREFIXES["void"] + "Linkset": ("Set of links", "Ensemble de liens"),
    STANDARD_PREFIXES["void"] + "triples": ("Links", "Liens"),
    STANDARD_PREFIXES["void"] + "linkPredicate": ("Linked by", "Reliés par"),
}
"""Names for terms of other vocabularies, which bring none of their own in French."""


@dataclass(frozen=True, slots=True)
class Label:
    """A name to show, and its language where it has one."""

    text: str
    language: str | None = None

    def __str__(self) -> str:
        return self.text


_kept: Final = Kept[tuple[str, tuple[str, ...]], Label](50_000)
"""Labels by IRI and languages: pages name the same things again and again."""


def labels(engine: Engine, iris: Iterable[str], languages: Sequence[str]) -> dict[str, Label]:
    """Return a label for every IRI, in the first of the languages that has one.

    A participation is named by its actor, role and target; what has no label keeps its short form.
    """
    preferred = tuple(languages)
    found = _kept.all_of(
        engine,
        ((iri, preferred) for iri in iris),
        lambda missing: {
            (iri, preferred): label
            for iri, label in _asked(engine, {iri for iri, _ in missing}, preferred).items()
        },
    )
    return {iri: label for (iri, _), label in found.items()}


def _asked(engine: Engine, wanted: set[str], languages: Sequence[str]) -> dict[str, Label]:
    participations = [iri for iri in wanted if iri.startswith(ID + "participation/")]
    # Nearly everything has a label in these languages; only what has none is asked for again.
    tags = ", ".join(str(Literal(tag)) for tag in (*languages, ""))
    chosen = _found(engine, wanted, languages, f"FILTER(LANG(?label) IN ({tags}))")
    chosen |= _found(
        engine, {iri for iri in wanted - set(chosen) if iri not in _FOREIGN}, languages
    )
    if participations:
        chosen.update(_of_participations(engine, participations, languages))
    return {iri: chosen.get(iri) or _fallback(iri, languages) for iri in wanted}


def _found(
    engine: Engine, iris: set[str], languages: Sequence[str], condition: str = ""
) -> dict[str, Label]:
    """Return the best label of each IRI that has one."""
    best: dict[str, tuple[tuple[int, int, str], Label]] = {}
    if iris:
        for row in select(
            engine,
            f"""SELECT ?s ?p ?label WHERE {{
              {values("s", sorted(iris))} ?s ?p ?label FILTER(?p IN ({_PROPERTIES})) {condition}
            }}""",
        ):
            subject, label = row["s"].value, row["label"]
            if isinstance(label, Literal):
                tag = label.language
                rank = (_rank(tag, languages), _RANKS[row["p"].value], label.value)
                if subject not in best or rank < best[subject][0]:
                    best[subject] = (rank, Label(label.value, tag))
    return {iri: label for iri, (_, label) in best.items()}


def _rank(language: str | None, languages: Sequence[str]) -> int:
    if language in languages:
        return languages.index(language)
    return len(languages) if language is None else len(languages) + 1


def _fallback(iri: str, languages: Sequence[str]) -> Label:
    if iri in _FOREIGN:
        english, french = _FOREIGN[iri]
        return Label(french, "fr") if languages[0] == "fr" else Label(english, "en")
    return Label(compact(iri))


def _of_participations(
    engine: Engine, iris: Sequence[str], languages: Sequence[str]
) -> dict[str, Label]:
    rows = select(
        engine,
        f"""PREFIX mg: <{NS}> SELECT ?s ?actor ?role ?target WHERE {{
          {values("s", iris)} ?s mg:actor ?actor ; mg:role ?role ; mg:participationIn ?target
        }}""",
    )
    parts = {
        row["s"].value: [row[name].value for name in ("actor", "role", "target")] for row in rows
    }
    known = labels(engine, {iri for part in parts.values() for iri in part}, languages)
    return {
        iri: Label(" · ".join(known[part].text for part in part_iris))
        for iri, part_iris in parts.items()
    }
