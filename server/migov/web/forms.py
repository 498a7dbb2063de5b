"""Canned queries as forms for people and as descriptions for programs."""

from __future__ import annotations

import shlex
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from flask import request, url_for

from migov.catalogue import CannedQuery, Parameter
from migov.catalogue.parameters import candidates
from migov.entities import instances_of, short_name
from migov.protocol.formats import GRAPHS, SOLUTIONS
from migov.protocol.problems import Problem
from migov.web.links import here
from migov.web.request import languages
from migov.web.responses import names_of
from migov.web.site import state
from migov.web.translation import LANGUAGE_NAMES, translated


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
        return Field(parameter, value, [(each, _in_words(each)) for each in parameter.choices])
    if parameter.type not in ("entity", "concept") or parameter.of is None:
        return Field(parameter, value, [])
    entries = instances_of(state().house, parameter.of, languages())
    options = [(short_name(entry.iri), entry.label.text) for entry in entries]
    iris = candidates(value, parameter.of) if value else []
    chosen = next((short_name(entry.iri) for entry in entries if entry.iri in iris), value)
    if chosen and chosen not in dict(options):
        options.insert(0, (chosen, chosen))
    return Field(parameter, chosen, options)


@dataclass(frozen=True, slots=True)
class WrongValue:
    """A value that a form could not use, in words: what it is, and addresses of better ones."""

    message: str
    better: list[tuple[str, str]]


def wrong_values(query: CannedQuery, failure: Problem) -> list[WrongValue]:
    """Return what is wrong with the values of a form, each with links that fill it rightly."""
    parameters = {parameter.name: parameter for parameter in query.parameters}
    found = []
    for wrong in failure.parameters:
        parameter = parameters.get(wrong.parameter)
        if parameter is None:
            message = translated("This question has no parameter “{name}”.", name=wrong.parameter)
            found.append(WrongValue(str(message), []))
            continue
        label = parameter.label[languages()[0]]
        if wrong.given is None:
            message = translated("{label}: a value is needed.", label=label)
        else:
            expected = _expected(parameter)
            message = translated(
                "{label}: “{given}” is not {expected}.",
                label=label,
                given=wrong.given,
                expected=expected,
            )
        found.append(WrongValue(message, _better(query, parameter, wrong.suggestions)))
    return found


def _expected(parameter: Parameter) -> str:
    """Say what a value has to be, in the language of the page."""
    match parameter.type:
        case "entity" | "concept":
            name = names_of([parameter.of or ""]).label(parameter.of or "").text
            return translated("in the list “{name}” of this graph", name=name)
        case "date":
            return translated("a date such as 2019, 2019-06 or 2019-06-30")
        case "number":
            return translated("a number such as 3 or 1500.50")
        case "choice":
            choices = ", ".join(_in_words(each) for each in parameter.choices)
            return translated("one of {choices}", choices=choices)
        case _:
            return translated("a text")


def _better(
    query: CannedQuery, parameter: Parameter, suggestions: tuple[str, ...]
) -> list[tuple[str, str]]:
    """Return (name, address) of the same question with a suggested value."""
    kept = {name: value for name, value in request.args.items() if name != parameter.name}
    of = parameter.of or ""
    options = {}
    if parameter.type in ("entity", "concept"):
        entries = instances_of(state().house, of, languages())
        options = {short_name(entry.iri): entry.label.text for entry in entries}
    path = f"/queries/{query.slug}"
    return [
        (options.get(value, value), here(path, **{**kept, parameter.name: value}))
        for value in suggestions
    ]


def _in_words(choice: str) -> str:
    """Return a choice as a reader says it: a language by its name, a slug with spaces."""
    if choice in LANGUAGE_NAMES:
        return LANGUAGE_NAMES[choice]
    return translated(choice.replace("-", " "))


def command(query: CannedQuery, values: Mapping[str, str], *, inferred: bool) -> str:
    """Return the line that asks the same in a terminal."""
    options = [
        f"--{name}{'=' if value.startswith('-') else ' '}{shlex.quote(value)}"
        for name, value in values.items()
        if value
    ]
    options += ["--inferred"] if inferred and query.inferred == "adds" else []
    return " ".join(["migov query", query.slug, *options])


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
