"""In which order a page tells what is known: what a reader looks for first comes first."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Final

from pyoxigraph import Literal, NamedNode

from migov.entities import Description, Entry, Participation, Property, Value
from migov.vocabulary import CONCEPT, NS, STANDARD_PREFIXES
from migov.web.links import Names
from migov.web.request import languages

_DCTERMS, _SKOS, _RDFS = (STANDARD_PREFIXES[prefix] for prefix in ("dcterms", "skos", "rdfs"))

_FIRST: Final = (
    _DCTERMS + "title",
    NS + "name",
    _SKOS + "altLabel",
    NS + "acronym",
    NS + "text",
    _SKOS + "definition",
    _SKOS + "scopeNote",
    _SKOS + "notation",
    NS + "speaker",
    _DCTERMS + "type",
    NS + "status",
    NS + "phase",
    NS + "describes",
    _DCTERMS + "publisher",
    NS + "sourceDocument",
    NS + "submitter",
    NS + "listedUnder",
    NS + "startDate",
    NS + "endDate",
    NS + "issuedDate",
    NS + "recurrence",
    NS + "budget",
    NS + "scope",
    NS + "coversPlace",
    NS + "pilotPlace",
    NS + "originPlace",
    NS + "destinationPlace",
    NS + "relatedPlace",
    NS + "locatedIn",
    NS + "hasCorridor",
    NS + "corridorOrigin",
    NS + "corridorDestination",
    NS + "theme",
    NS + "targetGroup",
    NS + "hasObjective",
    NS + "hasOutput",
    NS + "hasEvent",
    NS + "hasQuotation",
    NS + "partOf",
    NS + "supports",
    NS + "underInstrument",
    NS + "references",
)
_LAST: Final = (
    NS + "identifier",
    STANDARD_PREFIXES["foaf"] + "page",
    _DCTERMS + "language",
    NS + "locator",
    NS + "extent",
    _DCTERMS + "license",
    _RDFS + "isDefinedBy",
)
_TOLD_ABOVE: Final = frozenset({_DCTERMS + "abstract"})
_RANK: Final = {
    **{iri: position for position, iri in enumerate(_FIRST)},
    **{iri: 2 * len(_FIRST) + position for position, iri in enumerate(_LAST)},
}


def arranged(properties: Iterable[Property], names: Names) -> list[Property]:
    """Return properties in the order of a page; of their values the preferred language first."""
    preferred = languages()

    def reading(value: Value) -> tuple[int, str]:
        tag = value.term.language if isinstance(value.term, Literal) else None
        rank = preferred.index(tag) if tag in preferred else len(preferred) if tag else 0
        return rank, names.term(value.term).text.casefold()

    kept = [
        Property(part.iri, sorted(part.values, key=reading))
        for part in properties
        if part.iri not in _TOLD_ABOVE
    ]
    return sorted(
        kept,
        key=lambda part: (_RANK.get(part.iri, len(_FIRST)), names.label(part.iri).text.casefold()),
    )


def incoming_of(description: Description, names: Names, members: Sequence[Entry]) -> list[Property]:
    """Return what links here, without what the page tells already: records, and members."""
    shown = {entry.iri for entry in members}
    kept = []
    for part in arranged(description.incoming, names):
        values = [
            value
            for value in part.values
            if not (isinstance(value.term, NamedNode) and value.term.value in shown)
        ]
        if values or part.iri in description.linked:
            kept.append(Property(part.iri, values))
    return kept


def roles_of(
    participations: Iterable[Participation], iri: str, names: Names
) -> list[tuple[str, bool, list[tuple[str, list[Participation]]]]]:
    """Group participations by role: (role, whether this is the actor, other side → participations).

    The same actor in the same role by two records is one line with two sources.
    """
    grouped: dict[tuple[bool, str], dict[str, list[Participation]]] = {}
    for entry in participations:
        acts = entry.actor == iri
        other = entry.target if acts else entry.actor
        grouped.setdefault((acts, entry.role), {}).setdefault(other, []).append(entry)
    order = sorted(grouped, key=lambda key: (key[0], names.label(key[1]).text.casefold()))
    return [
        (
            role,
            acts,
            sorted(
                grouped[acts, role].items(), key=lambda item: names.label(item[0]).text.casefold()
            ),
        )
        for acts, role in order
    ]


def is_scheme(iri: str) -> bool:
    """Return whether an IRI is that of a concept scheme.

    >>> is_scheme("https://w3id.org/migov/concept/role")
    True
    """
    return iri.startswith(CONCEPT) and "/" not in iri.removeprefix(CONCEPT)
