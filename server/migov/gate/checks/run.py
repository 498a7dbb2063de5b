"""All families of checks over one context, in a stable order."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from typing import Final

from migov.errors import Place
from migov.gate.checks import (
    dates,
    duplicates,
    files,
    iris,
    links,
    literals,
    mappings,
    people,
    policy,
    provenance,
    registers,
    reification,
    terms,
)
from migov.gate.checks.context import Context
from migov.gate.report import Finding

Check = Callable[[Context], Iterator[Finding]]

FAMILIES: Final[dict[str, tuple[Check, tuple[str, ...]]]] = {
    "files": (
        files.check,
        ("byte-order-mark", "syntax", "line-ends", "graph-base", "graph-described", "blank-left"),
    ),
    "terms": (
        terms.check,
        (
            "unknown-term",
            "unknown-standard-term",
            "new-foreign-term",
            "inferred-only",
            "misused-term",
        ),
    ),
    "literals": (literals.check, ("ill-typed", "language-tag")),
    "links": (links.check, ("dangling-iri",)),
    "iris": (iris.check, ("iri-form", "foreign-iri", "foreign-subject", "participation-iri")),
    "policy": (policy.check, ("reused-slug", "rename-without-trace", "removed-name")),
    "reification": (reification.check, ("annotation-of-nothing",)),
    "dates": (dates.check, ("date-bounds", "swapped-dates")),
    "registers": (registers.check, ("identifier", "identifier-iri", "m49", "country-code")),
    "mappings": (
        mappings.check,
        (
            "mapping-subject",
            "mapping-predicate",
            "mapping-object",
            "mapping-type",
            "mapping-identifier",
            "mapping-rejected",
            "mapping-one-to-one",
            "mapping-chain",
            "mapping-retired",
            "mapping-replaced",
            "mapping-absent",
        ),
    ),
    "duplicates": (duplicates.check, ("likely-duplicate",)),
    "provenance": (
        provenance.check,
        (
            "missing-source",
            "missing-licence",
            "missing-type",
            "missing-locator",
            "missing-record",
            "locator-document",
            "locator-lines",
        ),
    ),
    "people": (people.check, ("person-described", "person-named", "e-mail", "telephone")),
}
"""The families of checks, each with its function and the rules that it may report."""

RULES: Final = tuple(f"migov:{rule}" for _, rules in FAMILIES.values() for rule in rules)


def run(context: Context, families: Iterable[str] = FAMILIES) -> list[Finding]:
    """Return what the checks find in the files after a change, in order of place."""
    found = [finding for family in families for finding in FAMILIES[family][0](context)]
    return sorted(found, key=_order)


def _order(finding: Finding) -> tuple[str, int, int, str, str, str]:
    place = finding.place or Place("")
    return (
        place.source,
        place.line or 0,
        place.column or 0,
        finding.rule,
        str(finding.focus or ""),
        str(finding.value or ""),
    )
