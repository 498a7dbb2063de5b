"""The questions of the catalogue by subject, as their list shows them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from migov.catalogue import CannedQuery

SUBJECTS: Final = {
    "Countries, regions and corridors": (
        "initiatives-of-country",
        "initiatives-by-country",
        "initiatives-reaching-place",
        "initiatives-covering-all-of-region",
        "coverage-of-region",
        "covered-places",
        "regions-without-initiatives",
        "corridors-and-agreements",
        "corridors-between-countries",
        "corridor-governance",
        "corridor-graph",
        "outputs-about-place",
        "offices-serving-country",
        "places-within",
        "country-codes",
        "people-where-initiatives-work",
        "populations-elsewhere",
    ),
    "Actors and their roles": (
        "who-funds-and-implements",
        "funding-through-structure",
        "ultimate-funders",
        "does-actor-fund-in-country",
        "participations-by-role",
        "actors-with-several-roles",
        "partners-of-actor",
        "partners-of-partners",
        "actor-network",
        "organisation-structure",
        "event-participants",
        "identifiers-of-actor",
        "names-in-two-languages",
    ),
    "Initiatives": (
        "initiatives-by-type",
        "initiatives-by-status",
        "initiatives-between-dates",
        "length-in-years",
        "budgets",
        "objectives",
        "outputs-by-initiative-and-language",
        "similar-initiatives",
        "initiative-graph",
        "mentioned-only",
    ),
    "Themes, target groups and global goals": (
        "initiatives-by-theme",
        "themes-by-number-of-initiatives",
        "target-groups-by-country",
        "global-compact-reading",
        "global-compact-by-country",
        "global-compact-gaps",
        "references-to-instruments",
        "concepts-of-scheme",
    ),
    "Sources, and how certain they are": (
        "facts-of-initiative",
        "where-records-differ",
        "said-by-several-records",
        "readings-by-certainty",
        "certainty-by-record",
        "precision-of-dates",
        "stated-numbers",
        "unnamed-sets",
        "what-is-not-stated",
        "initiatives-without",
        "quotations",
        "records-of-document",
        "submitters",
    ),
    "Find by name": ("search",),
}
OTHERS: Final = "Other questions"


def by_subject(catalogue: Mapping[str, CannedQuery]) -> dict[str, list[CannedQuery]]:
    """Return the questions by subject; one that no subject names is among the others."""
    placed = {slug for slugs in SUBJECTS.values() for slug in slugs}
    others = tuple(slug for slug in catalogue if slug not in placed)
    found = {
        subject: [catalogue[slug] for slug in slugs if slug in catalogue]
        for subject, slugs in {**SUBJECTS, OTHERS: others}.items()
    }
    return {subject: queries for subject, queries in found.items() if queries}
