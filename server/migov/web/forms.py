"""Canned queries as forms for people and as descriptions for programs."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from flask import url_for

from migov.catalogue import CannedQuery, Parameter
from migov.catalogue.parameters import candidates
from migov.entities import instances_of, short_name
from migov.protocol.formats import GRAPHS, SOLUTIONS
from migov.web.request import languages
from migov.web.site import state


@dataclass(frozen=True, slots=True)
class Field:
    """One parameter as a form shows it: what it may be, and what is chosen."""

    parameter: Parameter
    value: str
    options: list[tuple[str, str]]


def field_of(parameter: Parameter, values: Mapping[str, str]) -> Field:
    """Return a parameter as a form shows it, with what there is to choose from."""
    value = values.get(parameter.name, parameter.default or "")
    if parameter.type == "choice":
        return Field(parameter, value, [(choice, choice) for choice in parameter.choices])
    if parameter.type not in ("entity", "concept") or parameter.of is None:
        return Field(parameter, value, [])
    entries = instances_of(state().engine, parameter.of, languages())
    options = [(short_name(entry.iri), entry.label.text) for entry in entries]
    iris = candidates(value, parameter.of) if value else []
    chosen = next((short_name(entry.iri) for entry in entries if entry.iri in iris), value)
    if chosen and chosen not in dict(options):
        options.insert(0, (chosen, chosen))
    return Field(parameter, chosen, options)


def described(query: CannedQuery) -> dict[str, Any]:
    """Return a canned query as JSON tells it."""
    return {
        "slug": query.slug,
        "url": url_for("queries.one", slug=query.slug, _external=True),
        "title": dict(query.title),
        "summary": dict(query.summary),
        "form": query.form,
        "columns": list(query.columns),
        "inferred": query.inferred or False,
        "example": dict(query.example),
        "formats": [format.name for format in (GRAPHS if query.form == "CONSTRUCT" else SOLUTIONS)],
        "parameters": [
            {
                "name": parameter.name,
                "type": parameter.type,
                "label": dict(parameter.label),
                "of": parameter.of,
                "choices": list(parameter.choices),
                "default": parameter.default,
                "required": parameter.required,
                "example": parameter.example,
            }
            for parameter in query.parameters
        ],
    }
