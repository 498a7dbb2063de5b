"""What a thing is told by when it is looked for: names, acronyms, identifiers, kind, country."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field

from migov.targets.names import Name, acronyms_in, compact_acronym, named

Identifier = tuple[str, str]
"""A scheme's slug (`wikidata`) and a value (`Q1028`)."""


@dataclass(frozen=True, slots=True)
class Portrait:
    """One thing of ours or of a target.

    `types` are IRIs or words of its register; `countries` are alpha-3 codes; `years` are those it
    began or ended in; `parents` are IRIs of what it is part of.
    """

    iri: str
    names: tuple[Name, ...]
    acronyms: frozenset[str] = frozenset()
    identifiers: frozenset[Identifier] = frozenset()
    types: frozenset[str] = frozenset()
    countries: frozenset[str] = frozenset()
    years: frozenset[int] = frozenset()
    parents: frozenset[str] = frozenset()
    facts: Mapping[str, frozenset[str]] = field(default_factory=dict)
    """Whatever else can be compared: property IRI → values as folded texts or IRIs."""

    def name_in(self, languages: Iterable[str | None]) -> Name:
        """Return the name to show: in the first of the languages that has one, else any."""
        for language in languages:
            for name in self.names:
                if name.language == language:
                    return name
        return self.names[0]

    def told(self, label: Callable[[str], str]) -> dict[str, list[str]]:
        """Return what the thing is known by beside its names, by kind; `label` names an IRI."""
        found = {
            "acronym": [each.upper() for each in sorted(self.acronyms)],
            "type": sorted(map(label, self.types)),
            "country": sorted(self.countries),
            "year": [str(each) for each in sorted(self.years)],
            "part of": sorted(map(label, self.parents)),
            "identifier": [f"{scheme} {value}" for scheme, value in sorted(self.identifiers)],
        }
        return {name: values for name, values in found.items() if values}


def portrait(
    iri: str,
    names: Iterable[tuple[str, str | None]],
    acronyms: Iterable[str] = (),
    **known: frozenset[object] | Mapping[str, frozenset[str]],
) -> Portrait:
    """Return the portrait of a thing from its names as written; the first is shown first."""
    kept = {text: named(text, language) for text, language in names if text.strip()}
    short = {compact_acronym(text) for text in acronyms} | {
        found for text in kept for found in acronyms_in(text)
    }
    return Portrait(iri, tuple(kept.values()), frozenset(short - {""}), **known)  # type: ignore[arg-type]
