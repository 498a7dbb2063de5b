"""Answers as the JSON documents of either version of the API."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Final

from migov import __version__
from migov.linking.ours import Ours
from migov.linking.reconciliation.answering import id_of
from migov.linking.reconciliation.extending import Column
from migov.linking.score import Candidate
from migov.targets.portrait import Portrait
from migov.vocabulary import BASE, NS

Document = dict[str, Any]

DEFAULT_TYPES: Final = tuple(
    NS + name for name in ("Country", "Organisation", "Initiative", "Place", "Instrument")
)
_PREVIEW: Final = {"width": 430, "height": 260}
_NAMES: Final = {
    "en": "migov – migration governance",
    "fr": "migov – gouvernance des migrations",
    "es": "migov – gobernanza de las migraciones",
    "ar": "migov – حوكمة الهجرة",
}
LANGUAGES: Final = tuple(_NAMES)


def manifest(ours: Ours, root: str, path: str, language: str) -> Document:
    """Return the 0.2 manifest of the service at `root` + `path` (section 4.1)."""
    base = root + path
    suggest = {
        kind: {
            "service_url": base,
            "service_path": f"/suggest/{kind}",
            "flyout_service_url": base,
            "flyout_service_path": f"/flyout/{kind}?id=${{id}}",
        }
        for kind in ("entity", "property", "type")
    }
    return {
        "versions": ["0.2"],
        "name": _NAMES[language],
        "identifierSpace": BASE,
        "schemaSpace": BASE,
        "documentation": f"{root}/",
        "serviceVersion": __version__,
        "defaultTypes": _types(ours, DEFAULT_TYPES, language),
        "view": {"url": f"{root}/{{{{id}}}}"},
        "suggest": suggest,
        "preview": {"url": f"{base}/preview?id={{{{id}}}}", **_PREVIEW},
        "extend": {
            "propose_properties": {"service_url": base, "service_path": "/properties"},
            "property_settings": [],
        },
    }


def draft_manifest(ours: Ours, root: str, language: str) -> Document:
    """Return the manifest of the 1.0 draft: what is offered is at fixed places below it."""
    return {
        "versions": ["1.0-draft"],
        "name": _NAMES[language],
        "lang": language,
        "documentation": f"{root}/",
        "serviceVersion": __version__,
        "defaultTypes": _types(ours, DEFAULT_TYPES, language),
        "view": {"url": f"{root}/{{+id}}"},
        "suggest": {"entity": True, "property": True, "type": True},
        "preview": _PREVIEW,
        "extend": {"proposeProperties": True, "propertySettings": []},
        "standardizedScore": True,
    }


def results(ours: Ours, answers: Mapping[str, Sequence[Candidate]], language: str) -> Document:
    """Return a 0.2 result batch."""
    return {
        key: {"result": [_candidate(ours, each, language) for each in found]}
        for key, found in answers.items()
    }


def match_results(ours: Ours, answers: Iterable[tuple[Sequence[Candidate], str]]) -> Document:
    """Return a 1.0-draft result batch; each answer comes with its language."""
    return {
        "results": [
            {"candidates": [_draft_candidate(ours, each, language) for each in found]}
            for found, language in answers
        ]
    }


def _candidate(ours: Ours, each: Candidate, language: str) -> Document:
    name, _ = ours.label(each.portrait.iri, language)
    return {
        "id": id_of(each.portrait.iri),
        "name": name,
        "description": description(ours, each.portrait, language),
        "score": each.score,
        "match": each.is_certain,
        "type": _types(ours, narrowest(ours, each.portrait), language),
        "features": [
            {"id": feature.name.replace(" ", "-"), "value": feature.points}
            for feature in each.features
        ],
    }


def _draft_candidate(ours: Ours, each: Candidate, language: str) -> Document:
    document = _candidate(ours, each, language)
    _, tag = ours.label(each.portrait.iri, language)
    document["features"] = [
        {"id": feature.name.replace(" ", "-"), "name": feature.name, "value": feature.points}
        for feature in each.features
    ]
    return document if tag is None else {**document, "lang": tag}


def description(ours: Ours, each: Portrait, language: str) -> str:
    """Return what tells namesakes apart: the types, and another name where there is one."""
    shown, _ = ours.label(each.iri, language)
    kinds = ", ".join(ours.label(iri, language)[0] for iri in narrowest(ours, each))
    other = next((name.text for name in each.names if name.text != shown), "")
    return " · ".join(part for part in (kinds, other) if part)


def narrowest(ours: Ours, each: Portrait) -> list[str]:
    """Return the types of a thing that no other type of it is a kind of."""
    return sorted(
        iri
        for iri in each.types
        if not any(iri in ours.above.get(other, ()) for other in each.types if other != iri)
    )


def _types(ours: Ours, iris: Iterable[str], language: str) -> list[Document]:
    return [{"id": id_of(iri), "name": ours.label(iri, language)[0]} for iri in iris]


def suggested(ours: Ours, found: Iterable[Portrait], language: str) -> Document:
    """Return entities for a field that completes what one types."""
    return {
        "result": [
            {
                "id": id_of(each.iri),
                "name": ours.label(each.iri, language)[0],
                "description": description(ours, each, language),
                "notable": _types(ours, narrowest(ours, each), language),
            }
            for each in found
        ]
    }


def named_things(found: Iterable[tuple[str, str]]) -> Document:
    """Return types or properties for a field that completes what one types."""
    return {"result": [{"id": id, "name": name} for id, name in found]}


def proposed(type: str, found: Sequence[tuple[str, str]], limit: int) -> Document:
    """Return the properties that can be fetched for a type."""
    listed = [{"id": id, "name": name} for id, name in found[:limit]]
    return {"type": type, "limit": limit, "properties": listed}


def extension(columns: Sequence[Column], ids: Sequence[str]) -> Document:
    """Return a 0.2 data extension response: rows by entity, then by property."""
    return {
        "meta": [{"id": column.id, "name": column.name} for column in columns],
        "rows": {id: {column.id: column.values[id] for column in columns} for id in ids},
    }


def draft_extension(columns: Sequence[Column], ids: Sequence[str]) -> Document:
    """Return a 1.0-draft data extension response: the same as lists."""
    return {
        "meta": [{"id": column.id, "name": column.name} for column in columns],
        "rows": [
            {
                "id": id,
                "properties": [
                    {"id": column.id, "values": column.values[id]} for column in columns
                ],
            }
            for id in ids
        ],
    }
