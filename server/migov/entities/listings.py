"""The lists that visitors narrow: initiatives, actors, countries, events, records."""

from __future__ import annotations

from typing import Final

from migov.entities.listing import Facet, Listing, Order
from migov.vocabulary import CONCEPT, ID, NS

_PLACES: Final = (
    "mg:coversPlace|mg:pilotPlace|mg:originPlace|mg:destinationPlace|mg:relatedPlace"
    "|mg:hasCorridor/mg:corridorOrigin|mg:hasCorridor/mg:corridorDestination"
)
"""How an initiative names places; a place counts with those that it lies in."""
_OBJECTIVES: Final = (
    "(skos:exactMatch|skos:closeMatch|skos:broadMatch|skos:narrowMatch|skos:relatedMatch)"
)
_A_COUNTRY: Final = "?value a mg:Country ."
_A_REGION: Final = "?value a mg:Region ."
_AN_OBJECTIVE: Final = f"?value skos:inScheme <{CONCEPT}gcm-objective> ."
_A_CONCEPT: Final = "?value skos:inScheme ?scheme ."
_OF_INITIATIVE: Final = "a/rdfs:subClassOf* mg:Initiative"
_AN_INITIATIVE: Final = f"?value {_OF_INITIATIVE} ."
_BEGAN: Final = "mg:startEarliest|mg:issuedEarliest"
_BY_NAME: Final = Order("name")
_LATEST: Final = Order("latest", f"?s {_BEGAN} ?other", "last")
_PERIOD: Final = Facet("period", _BEGAN, kind="decade", bounds=("from", "to"))
_START: Final = "?s mg:startDate|mg:issuedDate ?value"
_END: Final = "?s mg:endDate ?value"


def _country(path: str) -> Facet:
    return Facet("country", f"({path})/mg:within*", ID + "place/", _A_COUNTRY)


def _region(path: str) -> Facet:
    return Facet("region", f"({path})/mg:within*", ID + "place/", _A_REGION)


def _concept(name: str, path: str, scheme: str) -> Facet:
    return Facet(name, path, f"{CONCEPT}{scheme}/", _A_CONCEPT)


def _objective(to_theme: str) -> Facet:
    path = f"{to_theme}/{_OBJECTIVES}"
    return Facet("objective", path, CONCEPT + "gcm-objective/", _AN_OBJECTIVE)


def _submitter(to_record: str) -> Facet:
    return Facet("submitter", f"{to_record}mg:submitter", ID + "person/")


_ROLES: Final = (
    Facet("role", "mg:role", CONCEPT + "role/", via="^mg:participationIn"),
    Facet("actor", "mg:actor", ID + "actor/", via="^mg:participationIn"),
)


def _recorded(to_record: str) -> tuple[Facet, ...]:
    """Return the facets of a source record, and of what records describe."""
    return (
        Facet("publisher", f"{to_record}dcterms:publisher", ID + "actor/"),
        Facet("listing", f"{to_record}mg:listedUnder", CONCEPT + "listing/"),
        Facet("language", f"{to_record}dcterms:language", kind="text"),
        _submitter(to_record),
    )


INITIATIVES: Final = Listing(
    "initiatives",
    NS + "Initiative",
    (
        _country(_PLACES),
        _region(_PLACES),
        _concept("theme", "mg:theme", "theme"),
        _objective("mg:theme"),
        *_ROLES,
        _concept("type", "dcterms:type", "initiative-type"),
        _concept("status", "mg:status", "status"),
        _PERIOD,
        *_recorded("^mg:describes/"),
    ),
    (_BY_NAME, _LATEST, Order("records", "?other mg:describes ?s", "number")),
    {
        "class": "?s a ?value",
        "place": f"?s {_PLACES} ?value",
        "start": _START,
        "end": _END,
        "record": "?value mg:describes ?s",
    },
)
ACTORS: Final = Listing(
    "actors",
    NS + "Actor",
    (
        Facet("class", "a", NS, "FILTER(STRSTARTS(STR(?value), STR(mg:)))"),
        _concept("type", "dcterms:type", "actor-type"),
        Facet("role", "mg:role", CONCEPT + "role/", via="^mg:actor"),
        Facet("initiative", "mg:participationIn", ID + "initiative/", via="^mg:actor"),
        Facet(
            "country",
            f"mg:participationIn/({_PLACES})/mg:within*",
            ID + "place/",
            _A_COUNTRY,
            via="^mg:actor",
        ),
        Facet("theme", "mg:participationIn/mg:theme", CONCEPT + "theme/", via="^mg:actor"),
    ),
    (_BY_NAME, Order("initiatives", "?other ^mg:participationIn/mg:actor ?s", "number")),
    {
        "class": "?s a ?value",
        "type": "?s dcterms:type ?value",
        "in": "?value ^mg:participationIn/mg:actor ?s",
    },
)
_NAMES: Final = "(mg:coversPlace|mg:pilotPlace|mg:originPlace|mg:destinationPlace)"
_NAMED_BY: Final = f"^{_NAMES}"
COUNTRIES: Final = Listing(
    "countries",
    NS + "Country",
    (
        Facet("region", "mg:within/mg:within*", ID + "place/", _A_REGION),
        _concept("theme", f"{_NAMED_BY}/mg:theme", "theme"),
        _objective(f"{_NAMED_BY}/mg:theme"),
        Facet("initiative", _NAMED_BY, ID + "initiative/", _AN_INITIATIVE),
    ),
    (Order("initiatives", f"?other {_NAMES} ?s ; {_OF_INITIATIVE}", "number"), _BY_NAME),
    {
        "region": "?s mg:within ?value",
        "code": "?s mg:isoAlpha3 ?value",
        "in": f"?value {_NAMES} ?s ; {_OF_INITIATIVE}",
    },
)
EVENTS: Final = Listing(
    "events",
    NS + "Event",
    (
        _concept("type", "dcterms:type", "event-type"),
        _country("mg:locatedIn"),
        *_ROLES,
        Facet("initiative", "mg:about|^mg:hasEvent", ID + "initiative/"),
        _PERIOD,
    ),
    (_LATEST, _BY_NAME),
    {
        "type": "?s dcterms:type ?value",
        "place": "?s mg:locatedIn ?value",
        "start": _START,
        "end": _END,
    },
)
RECORDS: Final = Listing(
    "records",
    NS + "SourceRecord",
    (
        *_recorded(""),
        Facet("document", "mg:sourceDocument", ID + "document/"),
        _country(f"mg:describes/({_PLACES})"),
        _concept("theme", "mg:describes/mg:theme", "theme"),
        _concept("type", "mg:describes/dcterms:type", "initiative-type"),
    ),
    (_BY_NAME,),
    {
        "publisher": "?s dcterms:publisher ?value",
        "listing": "?s mg:listedUnder ?value",
        "in": "?s mg:describes ?value",
    },
)
LISTINGS: Final = {
    listing.name: listing for listing in (INITIATIVES, ACTORS, COUNTRIES, EVENTS, RECORDS)
}
