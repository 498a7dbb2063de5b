"""Snapshots of other datasets → portraits, each with what became of it.

Readers for ROR's JSON (schema 1 and 2), IATI's list of publishers, entities of Wikidata as JSON,
SKOS as RDF, and CSV with its columns named in the manifest. They take what identifies a thing and
leave the rest.
"""

from __future__ import annotations

import csv
import json
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Final

from pyoxigraph import Literal, NamedNode, RdfFormat, parse

from migov.errors import ContentError, Place
from migov.targets.manifest import Target
from migov.targets.portrait import Portrait, portrait
from migov.vocabulary import STANDARD_PREFIXES

_SKOS, _DCTERMS, _OWL = (STANDARD_PREFIXES[name] for name in ("skos", "dcterms", "owl"))
_RDF: Final = {
    ".ttl": RdfFormat.TURTLE,
    ".nt": RdfFormat.N_TRIPLES,
    ".rdf": RdfFormat.RDF_XML,
    ".xml": RdfFormat.RDF_XML,
    ".trig": RdfFormat.TRIG,
    ".nq": RdfFormat.N_QUADS,
}
_GONE: Final = ("withdrawn", "inactive", "deprecated", "removed", "true")


@dataclass(frozen=True, slots=True)
class Entry:
    """One thing of a target. `replaced_by` is the IRI that took its place, where one did."""

    portrait: Portrait
    is_gone: bool = False
    replaced_by: str | None = None


def read_target(target: Target, countries: Mapping[str, str]) -> list[Entry]:
    """Return what a snapshot holds, in its order.

    `countries` gives the alpha-3 code of a country by whatever names it, in small letters.
    Raises ContentError naming the place where the file is not what its format says.
    """
    readers = {
        "ror": _ror,
        "iati": _iati,
        "wikidata": _wikidata,
        "skos": _skos,
        "csv": _csv,
    }
    try:
        return [_with_codes(each, countries) for each in readers[target.format](target)]
    except (KeyError, TypeError, AttributeError, IndexError) as error:
        raise _wrong(target.path, f"it is not laid out as {target.format}: {error!r}") from error
    except UnicodeDecodeError as error:
        raise _wrong(target.path, "it is not UTF-8") from error
    except OSError as error:
        raise _wrong(target.path, error.strerror or str(error)) from error


def _with_codes(entry: Entry, countries: Mapping[str, str]) -> Entry:
    known = {each.lower() for each in entry.portrait.countries} & countries.keys()
    codes = frozenset(countries[each] for each in known)
    return replace(entry, portrait=replace(entry.portrait, countries=codes))


def _entry(
    target: Target,
    identifier: str,
    names: Iterable[tuple[str, str | None]],
    acronyms: Iterable[str] = (),
    *,
    status: str = "",
    replaced_by: str | None = None,
    identifiers: Iterable[tuple[str, str]] = (),
    types: Iterable[str] = (),
    countries: Iterable[str] = (),
    years: Iterable[int] = (),
    parents: Iterable[str] = (),
) -> Entry | None:
    """Return an entry, or None for a thing that has no name to know it by."""
    iri = target.iri(identifier)
    found = portrait(
        iri,
        names,
        acronyms,
        identifiers=frozenset({(target.scheme, iri.removeprefix(target.namespace)), *identifiers}),
        types=frozenset(target.types.get(each, each) for each in types),
        countries=frozenset(countries),
        years=frozenset(years),
        parents=frozenset(map(target.iri, parents)),
    )
    if not found.names:
        return None
    replacement = target.iri(replaced_by) if replaced_by else None
    return Entry(found, status.lower() in _GONE or replacement is not None, replacement)


def _ror(target: Target) -> Iterator[Entry]:
    for item in _json(target.path):
        labels = item.get("names")
        if labels is None:  # schema 1
            names = [(item["name"], None)]
            names += [(alias, None) for alias in item.get("aliases", [])]
            names += [(each["label"], each.get("iso639")) for each in item.get("labels", [])]
            acronyms = item.get("acronyms", [])
            countries = [item.get("country", {}).get("country_code", "")]
        else:
            shown = sorted(labels, key=lambda each: "ror_display" not in each.get("types", []))
            acronyms = [each["value"] for each in labels if "acronym" in each.get("types", [])]
            names = [
                (each["value"], each.get("lang")) for each in shown if each["value"] not in acronyms
            ]
            countries = [
                place.get("geonames_details", {}).get("country_code", "")
                for place in item.get("locations", [])
            ]
        related = item.get("relationships", [])
        successors = [each["id"] for each in related if each["type"].lower() == "successor"]
        established = item.get("established")
        entry = _entry(
            target,
            item["id"],
            names,
            acronyms,
            status=item.get("status", ""),
            # An active body may name a successor of a part of it; only what is gone was replaced.
            replaced_by=successors[0] if successors and item.get("status") != "active" else None,
            identifiers=_ror_identifiers(item.get("external_ids", [])),
            types=item.get("types", []),
            countries=countries,
            years=[established] if isinstance(established, int) else [],
            parents=[each["id"] for each in related if each["type"].lower() == "parent"],
        )
        if entry is not None:
            yield entry


def _ror_identifiers(given: Any) -> Iterator[tuple[str, str]]:
    if isinstance(given, Mapping):  # schema 1
        given = [{"type": name, "all": each.get("all", [])} for name, each in given.items()]
    for each in given:
        scheme = {"isni": "isni", "wikidata": "wikidata"}.get(each["type"].lower())
        values = each["all"] if isinstance(each["all"], list) else [each["all"]]
        if scheme is not None:
            yield from ((scheme, value.replace(" ", "")) for value in values)


def _iati(target: Target) -> Iterator[Entry]:
    """Read the registry's list: publishers with title, IATI identifier, country and type."""
    given = _json(target.path)
    if isinstance(given, dict):
        given = given.get("data") or given.get("result") or given["publishers"]
    for item in given:
        entry = _entry(
            target,
            item.get("iati_id") or item["publisher_iati_id"],
            [(item.get("title") or item.get("name") or "", None)],
            types=[str(item["type"])] if item.get("type") else (),
            countries=[str(item.get("country") or item.get("publisher_country") or "")],
            status=str(item.get("state") or ""),
        )
        if entry is not None:
            yield entry


_WIKIDATA: Final = {"P6782": "ror", "P213": "isni", "P1566": "geonames", "P1278": "lei",
                    "P297": "iso-alpha2", "P298": "iso-alpha3", "P2082": "m49"}  # fmt: skip
"""Properties that hold identifiers, by the slug of their scheme."""


def _wikidata(target: Target) -> Iterator[Entry]:
    given = _json(target.path)
    entities = given.get("entities", given) if isinstance(given, dict) else given
    for item in entities.values() if isinstance(entities, dict) else entities:
        claims = item.get("claims", {})
        labels = list(item.get("labels", {}).values())
        aliases = [each for every in item.get("aliases", {}).values() for each in every]
        redirect = item.get("redirects", {}).get("to")
        entry = _entry(
            target,
            item.get("redirects", {}).get("from") or item["id"],
            [(each["value"], each["language"]) for each in (*labels, *aliases)],
            [each["value"] for each in _values(claims, "P1813") if isinstance(each, dict)],
            replaced_by=redirect,
            identifiers=[
                (scheme, str(value).replace(" ", ""))
                for name, scheme in _WIKIDATA.items()
                for value in _values(claims, name)
            ],
            types=[each["id"] for each in _values(claims, "P31")],
            countries=[each["id"] for each in _values(claims, "P17")],
            years=[int(each["time"][1:5]) for each in _values(claims, "P571")],
            parents=[each["id"] for each in _values(claims, "P749")],
            status="removed" if "missing" in item else "",
        )
        if entry is not None:
            yield entry


def _values(claims: Mapping[str, Any], name: str) -> Iterator[Any]:
    """Yield the values of a property that Wikidata does not hold deprecated."""
    for claim in claims.get(name, []):
        value = claim["mainsnak"].get("datavalue")
        if value is not None and claim.get("rank") != "deprecated":
            yield value["value"]


def _skos(target: Target) -> Iterator[Entry]:
    format = _RDF.get(target.path.suffix.lower())
    if format is None:
        raise _wrong(target.path, f"no RDF is known by the ending {target.path.suffix}")
    names: dict[str, list[tuple[int, str, str | None]]] = defaultdict(list)
    said: dict[str, dict[str, list[str]]] = defaultdict(lambda: defaultdict(list))
    ranks = {_SKOS + "prefLabel": 0, _SKOS + "altLabel": 1}
    try:
        for triple in parse(path=str(target.path), format=format):
            if not isinstance(triple.subject, NamedNode):
                continue
            iri, predicate, value = triple.subject.value, triple.predicate.value, triple.object
            if predicate in ranks and isinstance(value, Literal):
                names[iri].append((ranks[predicate], value.value, value.language))
            elif isinstance(value, NamedNode | Literal):
                said[iri][predicate].append(value.value)
    except SyntaxError as error:
        raise _wrong(target.path, str(error.msg), error.lineno) from error
    for iri, known in names.items():
        about = said[iri]
        entry = _entry(
            target,
            iri,
            [(text, language) for _, text, language in sorted(known, key=lambda each: each[0])],
            identifiers=[(target.scheme, code) for code in about[_SKOS + "notation"]],
            types=about[_SKOS + "inScheme"],
            parents=about[_SKOS + "broader"],
            status=next(iter(about[_OWL + "deprecated"]), ""),
            replaced_by=next(iter(about[_DCTERMS + "isReplacedBy"]), None),
        )
        if entry is not None:
            yield entry


def _csv(target: Target) -> Iterator[Entry]:
    with target.path.open(encoding="utf-8-sig", newline="") as file:
        rows = csv.DictReader(file)
        headings = rows.fieldnames or ()
        missing = [each for each in target.columns.values() if each not in headings]
        if missing:
            raise _wrong(target.path, f"it has no column “{missing[0]}”", 1)
        for row in rows:
            cells = {
                name: (row.get(heading) or "").strip() for name, heading in target.columns.items()
            }
            if not cells["id"]:
                raise _wrong(target.path, "the id is empty", rows.line_num)
            year = cells.get("year", "")
            entry = _entry(
                target,
                cells["id"],
                _names_of(cells),
                _split(cells.get("acronym", "")),
                status=cells.get("status", ""),
                replaced_by=cells.get("replaced_by") or None,
                identifiers=_pairs(cells.get("identifiers", "")),
                types=_split(cells.get("type", "")),
                countries=_split(cells.get("country", "")),
                years=[int(year[:4])] if year[:4].isdigit() else [],
                parents=_split(cells.get("parent", "")),
            )
            if entry is not None:
                yield entry


def _names_of(cells: Mapping[str, str]) -> Iterator[tuple[str, str | None]]:
    for wanted in ("name", "other_names"):
        for column, text in cells.items():
            name, _, language = column.partition("@")
            if name == wanted:
                parts = [text] if wanted == "name" else _split(text)
                yield from ((part, language or None) for part in parts)


def _split(cell: str) -> list[str]:
    """Return what a cell lists, between bars or semicolons."""
    return [part.strip() for part in cell.replace(";", "|").split("|") if part.strip()]


def _pairs(cell: str) -> Iterator[tuple[str, str]]:
    """Yield `scheme:value` pairs of a cell."""
    for part in _split(cell):
        scheme, colon, value = part.partition(":")
        if colon:
            yield scheme.strip(), value.strip()


def _json(path: Path) -> Any:
    try:
        return json.loads(path.read_text(encoding="utf-8"))
    except json.JSONDecodeError as error:
        raise _wrong(path, f"it is not JSON: {error.msg}", error.lineno) from error
    except RecursionError as error:
        raise _wrong(path, "it nests too deeply") from error


def _wrong(path: Path, what: str, line: int | None = None) -> ContentError:
    return ContentError(
        f"{path.name} cannot be read: {what}.",
        place=Place(str(path), line),
        hint="Does the format in its manifest fit? The manifest stands beside the file.",
    )
