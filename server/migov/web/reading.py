"""What a reader of an entity page looks for first: the key facts, and where sources differ."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

from markupsafe import Markup
from pyoxigraph import BlankNode, Literal, NamedNode

from migov.entities import Description, Property, Value
from migov.entities.around import Dated
from migov.vocabulary import CONCEPT, ID, NS, STANDARD_PREFIXES
from migov.web.drawing import Span, timeline, within_a_page
from migov.web.drawing.timeline import bounds_of
from migov.web.links import Names, Shown, here, href
from migov.web.translation import translated

_TYPE: Final = STANDARD_PREFIXES["dcterms"] + "type"
_ROLE: Final = CONCEPT + "role/"
_KEY: Final = {
    "initiative": (
        _TYPE,
        NS + "status",
        NS + "startDate",
        NS + "endDate",
        NS + "coversPlace",
        _ROLE + "funder",
        _ROLE + "implementer",
        NS + "budget",
    ),
    "event": (_TYPE, NS + "startDate", NS + "locatedIn", _ROLE + "organiser"),
}
"""What is told of a kind of thing even where no record states it: properties, and roles."""
_MAYBE: Final = {
    "actor": (_TYPE, NS + "partOfOrganisation", NS + "unitOf", NS + "represents", NS + "locatedIn"),
    "place": (NS + "within", NS + "isoAlpha2", NS + "isoAlpha3", NS + "m49"),
}
"""What is told of a kind of thing where it is known."""
KEY_NAMES: Final = frozenset(
    iri for table in (_KEY, _MAYBE) for iris in table.values() for iri in iris
)
_COLUMN: Final = 700.0
"""Width of a picture that stands in the column of what is told."""
_SHOWN: Final = 6
_LISTS: Final = {
    ID + "actor/": ("/initiatives", "actor"),
    ID + "person/": ("/records", "submitter"),
    ID + "document/": ("/records", "document"),
    ID + "initiative/": ("/actors", "initiative"),
    CONCEPT + "theme/": ("/initiatives", "theme"),
    CONCEPT + "role/": ("/initiatives", "role"),
    CONCEPT + "status/": ("/initiatives", "status"),
    CONCEPT + "listing/": ("/initiatives", "listing"),
    CONCEPT + "gcm-objective/": ("/initiatives", "objective"),
    CONCEPT + "initiative-type/": ("/initiatives", "type"),
    CONCEPT + "actor-type/": ("/actors", "type"),
}
"""Which list narrows to the things of something, and by which facet."""


@dataclass(frozen=True, slots=True)
class KeyFact:
    """A property or role with its values; without any, no record states it."""

    iri: str
    values: list[tuple[Shown, bool]]
    """Each with whether every source of it is in doubt."""
    more: int = 0


@dataclass(frozen=True, slots=True)
class Differences:
    """What records state differently: for each property the values of each record."""

    records: list[str]
    rows: list[tuple[str, list[list[Value]]]]


def kind_of(iri: str) -> str:
    """Return the folder of an entity, empty for what is none.

    >>> kind_of(ID + "actor/ilo"), kind_of(NS + "Actor")
    ('actor', '')
    """
    return iri.removeprefix(ID).partition("/")[0] if iri.startswith(ID) else ""


def key_facts(description: Description, names: Names) -> list[KeyFact]:
    """Return the key facts of a thing in their order."""
    kind = kind_of(description.iri)
    always = _KEY.get(kind, ())
    found = []
    for iri in always or _MAYBE.get(kind, ()):
        shown = _in_role(description, iri, names) or _valued(description, iri, names)
        if shown or always:
            found.append(KeyFact(iri, shown[:_SHOWN], max(0, len(shown) - _SHOWN)))
    return found


def _valued(description: Description, iri: str, names: Names) -> list[tuple[Shown, bool]]:
    return [
        (_shown(value, names), bool(value.claims) and all(one.doubtful for one in value.claims))
        for part in description.facts
        if part.iri == iri
        for value in part.values
    ]


def _shown(value: Value, names: Names) -> Shown:
    if isinstance(value.term, BlankNode):
        held = [
            part.value for name in ("amount", "currency") for part in value.parts.get(NS + name, [])
        ]
        return Shown(" ".join(held) or "[ ]")
    return names.term(value.term)


def _in_role(description: Description, role: str, names: Names) -> list[tuple[Shown, bool]]:
    doubts: dict[str, bool] = {}
    for entry in description.participations:
        if entry.role == role and entry.target == description.iri:
            doubts[entry.actor] = doubts.get(entry.actor, True) and entry.claim.doubtful
    return [(names.iri(actor), doubt) for actor, doubt in doubts.items()]


def differences(properties: Iterable[Property]) -> Differences:
    """Return the properties to which two records or more give values that are not the same.

    Texts in different languages do not differ, and a node without a name is compared by what it
    holds.
    """
    rows = []
    seen: dict[str, None] = {}
    for part in properties:
        by_record: dict[str, list[Value]] = {}
        for value in part.values:
            for record in {c.source.graph for c in value.claims if c.source.record}:
                by_record.setdefault(record, []).append(value)
        sets = [{_compared(value) for value in values} for values in by_record.values()]
        if len(sets) > 1 and any(_differ(one, other) for one in sets for other in sets):
            rows.append((part.iri, by_record))
            seen.update(dict.fromkeys(by_record))
    records = sorted(seen)
    return Differences(
        records, [(iri, [held.get(record, []) for record in records]) for iri, held in rows]
    )


def _compared(value: Value) -> tuple[str, str]:
    """Return a value as it is compared, and its language."""
    if isinstance(value.term, Literal):
        return value.term.value, value.term.language or ""
    if isinstance(value.term, NamedNode):
        return value.term.value, ""
    held = (f"{name} {sorted(map(str, terms))}" for name, terms in value.parts.items())
    return "\n".join(sorted(held)), ""


def _differ(one: set[tuple[str, str]], other: set[tuple[str, str]]) -> bool:
    shared = {language for _, language in one} & {language for _, language in other}
    return any(
        {text for text, language in one if language == each}
        != {text for text, language in other if language == each}
        for each in shared
    )


def list_of(description: Description) -> str | None:
    """Return the address of the list of what a thing takes part in, or is said of."""
    iri = description.iri
    if iri.startswith(ID + "place/"):
        kinds = {term.value for term in description.values_of(STANDARD_PREFIXES["rdf"] + "type")}
        facet = next((name for name in ("Country", "Region") if NS + name in kinds), None)
        slug = iri.removeprefix(ID + "place/")
        return here("/initiatives", **{facet.lower(): slug}) if facet else None
    for folder, (path, facet) in _LISTS.items():
        if iri.startswith(folder) and "/" not in iri.removeprefix(folder):
            return here(path, **{facet: iri.removeprefix(folder)})
    return None


def dates_drawn(dated: Iterable[Dated], names: Names, title: str) -> Markup | None:
    """Return a timeline of dated things, None where there is nothing to draw."""
    spans = []
    for one in dated:
        start, end = bounds_of(one.start), bounds_of(one.end) if one.end else None
        if start is None:
            continue
        is_moment = one.end is None and not one.iri.startswith(ID + "initiative/")
        label = names.label(one.iri).text
        stated = one.end or translated("end not stated")
        said = f"{label}: {one.start}" + ("" if is_moment else f" – {stated}")
        spans.append(Span(label, said, href(one.iri), start, start if is_moment else end))
    if not spans:
        return None
    said = translated("What is dated, and how surely.")
    picture = timeline(spans, title, said, width=_COLUMN)
    return Markup(within_a_page(picture))  # escaped as it is written
