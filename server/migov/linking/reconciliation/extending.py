"""Data extension: the values that entities have for the properties a client chose."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

from pyoxigraph import BlankNode, Literal, NamedNode

from migov.engine import Engine, select
from migov.entities.sparql import values
from migov.errors import UnknownEntityError
from migov.linking.ours import Ours
from migov.linking.reconciliation.answering import id_of, iri_of, scheme_of
from migov.linking.reconciliation.asking import Extension
from migov.vocabulary import BASE, CONCEPT, NS, STANDARD_PREFIXES

_INTEGERS: Final = STANDARD_PREFIXES["xsd"] + "integer"
_DECIMALS: Final = tuple(STANDARD_PREFIXES["xsd"] + name for name in ("decimal", "double"))
_DATE: Final = STANDARD_PREFIXES["xsd"] + "date"
_SCHEMES: Final = CONCEPT + "identifier-scheme/"

Value = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Column:
    """One property: its identifier here, its name, and each entity's values."""

    id: str
    name: str
    values: dict[str, list[Value]]


def extended(engine: Engine, ours: Ours, wanted: Extension, language: str) -> list[Column]:
    """Return a column for each property wanted, in order; raises UnknownEntityError for no IRI."""
    columns = []
    for property in wanted.properties:
        iri = iri_of(property)
        found: dict[str, list[Value]] = defaultdict(list)
        for subject, term in _values(engine, wanted.ids, iri):
            value = _value(ours, term, language)
            if value not in found[subject]:
                found[subject].append(value)
        columns.append(
            Column(
                property,
                ours.label(iri, language)[0],
                {each: found.get(iri_of(each), []) for each in wanted.ids},
            )
        )
    return columns


def _values(
    engine: Engine, ids: Sequence[str], property: str
) -> list[tuple[str, NamedNode | BlankNode | Literal]]:
    """Return entity and value; an identifier scheme counts as a property with texts as values."""
    subjects = list(dict.fromkeys(map(iri_of, ids)))
    if not subjects:
        return []
    if property.startswith(_SCHEMES):
        pattern = (
            f"{values('scheme', [property])} "
            f"?s <{NS}identifier> [ <{NS}scheme> ?scheme ; <{NS}value> ?o ]"
        )
    else:
        pattern = f"{values('p', [property])} ?s ?p ?o FILTER(!isBlank(?o))"
    rows = select(
        engine,
        f"SELECT DISTINCT ?s ?o WHERE {{ {values('s', subjects)} {pattern} }} ORDER BY ?s ?o",
    )
    return [(row["s"].value, row["o"]) for row in rows]


def _value(ours: Ours, term: NamedNode | BlankNode | Literal, language: str) -> Value:
    if isinstance(term, NamedNode):
        if term.value.startswith(BASE):
            return {"id": id_of(term.value), "name": ours.label(term.value, language)[0]}
        return {"str": term.value}
    if isinstance(term, Literal):
        kind = term.datatype.value
        if kind == _INTEGERS:
            return {"int": int(term.value)}
        if kind in _DECIMALS:
            return {"float": float(term.value)}
        if kind == _DATE and len(term.value) == 10:
            return {"date": f"{term.value}T00:00:00Z"}
    return {"str": term.value}


def properties_of(ours: Ours, type: str, language: str) -> list[tuple[str, str]]:
    """Return the properties that things of a type have, as identifier and name, by name.

    Raises UnknownEntityError for a type that nothing has.
    """
    iri = iri_of(type)
    of_type = [each for each in ours.index.portraits if iri in each.types]
    if type and not of_type:
        raise UnknownEntityError(f"Nothing here has the type {type}.")
    portraits = of_type or list(ours.index.portraits)
    found = {name for each in portraits for name in each.facts}
    found |= {f"{_SCHEMES}{scheme}" for each in portraits for scheme, _ in each.identifiers}
    known = [iri for iri in found if iri in ours.labels or scheme_of(id_of(iri)) is None]
    named = [(id_of(iri), ours.label(iri, language)[0]) for iri in known if iri in ours.labels]
    return sorted(named, key=lambda entry: (entry[1].casefold(), entry[0]))
