"""What the terms of a search in SPARQL mean, for people and as RDF.

They stand in queries and say nothing in the graph, so they are no terms of the ontology.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Final

from pyoxigraph import Literal, NamedNode, Quad

from migov.vocabulary import SEARCH, STANDARD_PREFIXES


@dataclass(frozen=True, slots=True)
class SearchTerm:
    """One term: its name in `search:`, its label and its definition by language."""

    name: str
    label: Mapping[str, str]
    definition: Mapping[str, str]


def _term(name: str, label: str, libelle: str, definition: str, sens: str) -> SearchTerm:
    return SearchTerm(name, {"en": label, "fr": libelle}, {"en": definition, "fr": sens})


TERMS: Final = (
    _term(
        "index",
        "full-text index",
        "index plein texte",
        "What SERVICE names to ask the full-text index of the dataset.",
        "Ce que SERVICE nomme pour interroger l’index plein texte du jeu de données.",
    ),
    _term(
        "text",
        "text to look for",
        "texte recherché",
        "Words that all occur in the names or summaries of the thing; or a variable that patterns "
        "beside the group bind to such texts.",
        "Des mots qui figurent tous dans les noms ou les résumés de la chose ; ou une variable que "
        "les motifs voisins du groupe lient à de tels textes.",
    ),
    _term(
        "score",
        "score",
        "score",
        "How well the thing fits, comparable within one search: higher is better.",
        "À quel point la chose convient, comparable au sein d’une même recherche : plus haut, "
        "mieux c’est.",
    ),
    _term(
        "matched",
        "matched text",
        "texte trouvé",
        "The text of the thing that fits best.",
        "Le texte de la chose qui convient le mieux.",
    ),
    _term(
        "property",
        "property of the matched text",
        "propriété du texte trouvé",
        "The property by which the thing has the matched text.",
        "La propriété par laquelle la chose porte le texte trouvé.",
    ),
    _term(
        "record",
        "record of the matched text",
        "fiche du texte trouvé",
        "A named graph that states the matched text.",
        "Un graphe nommé qui énonce le texte trouvé.",
    ),
    _term(
        "language",
        "language to look in",
        "langue de recherche",
        "A language tag: only texts in this language, or in none, are looked in.",
        "Une étiquette de langue : seuls les textes de cette langue, ou d’aucune, sont examinés.",
    ),
    _term(
        "type",
        "type to look for",
        "type recherché",
        "A class, its subclasses included, or a concept scheme that the thing belongs to.",
        "Une classe, avec ses sous-classes, ou un schéma de concepts dont la chose fait partie.",
    ),
    _term(
        "limit",
        "number of things",
        "nombre de choses",
        "How many things are found for each text, the best: 100 unless said, 1000 at most.",
        "Combien de choses sont trouvées par texte, les meilleures : 100 sauf indication, 1000 au "
        "plus.",
    ),
)
"""The terms in the order in which they are explained."""

_RDF, _RDFS, _SKOS = (STANDARD_PREFIXES[prefix] for prefix in ("rdf", "rdfs", "skos"))


def search_vocabulary() -> Iterator[Quad]:
    """Yield the terms as RDF.

    >>> len({quad.subject for quad in search_vocabulary()}) == len(TERMS)
    True
    """
    for term in TERMS:
        subject = NamedNode(SEARCH + term.name)
        kind = NamedNode(_RDFS + "Resource" if term.name == "index" else _RDF + "Property")
        yield Quad(subject, NamedNode(_RDF + "type"), kind)
        for predicate, texts in (("rdfs", term.label), ("skos", term.definition)):
            name = _RDFS + "label" if predicate == "rdfs" else _SKOS + "definition"
            for language, text in texts.items():
                yield Quad(subject, NamedNode(name), Literal(text, language=language))
