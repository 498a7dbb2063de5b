"""Addresses on this server, and what templates need to show a term."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import lru_cache
from urllib.parse import quote, urlencode, urlsplit

from flask import request
from pyoxigraph import BlankNode, Literal, NamedNode

from migov.entities import Label
from migov.vocabulary import BASE, GRAPH, compact
from migov.web.request import LANGUAGES
from migov.web.translation import translated

_RECORDS = GRAPH + "data/records/"
_LOCATOR = re.compile(r"([0-9]{3}):([0-9]+(?:[,-][0-9]+)*)")


def href(iri: str, **parameters: str) -> str | None:
    """Return where a link to an IRI goes: this server for our own, the web for http(s), else None.

    A language named in the address is kept on the way.
    """
    if iri.startswith(BASE):
        path, _, fragment = iri.removeprefix(BASE).partition("#")
        return here("/" + path, **parameters) + (f"#{fragment}" if fragment else "")
    return iri if urlsplit(iri).scheme in ("http", "https") else None


def here(path: str, **parameters: str) -> str:
    """Return the address of a path of this server, with the language that was named."""
    language = request.args.get("lang")
    fields = {**({"lang": language} if language in LANGUAGES else {}), **parameters}
    address = request.script_root + _quoted(path)
    return f"{address}?{urlencode(fields)}" if fields else address


@lru_cache(maxsize=4096)
def _quoted(path: str) -> str:
    return quote(path, safe="/:@!$&'()*+,;=~-._%")


def in_language(language: str) -> str:
    """Return the address of this page in another language."""
    return with_parameter("lang", language)


def as_format(name: str) -> str:
    """Return the address of what this page shows in another format."""
    return with_parameter("format", name)


def with_parameter(name: str, value: str) -> str:
    """Return the address of this page with one parameter set."""
    kept = [(key, held) for key, held in request.args.items(multi=True) if key != name]
    return _this_page([*kept, (name, value)])


def without_parameter(name: str) -> str:
    """Return the address of this page without a parameter."""
    return _this_page([(key, held) for key, held in request.args.items(multi=True) if key != name])


def _this_page(fields: list[tuple[str, str]]) -> str:
    path = quote(request.script_root + request.path, safe="/:@!$&'()*+,;=~-._")
    return f"{path}?{urlencode(fields)}"


def why_address(
    about: str, property_: str, value: NamedNode | BlankNode | Literal, back: bool
) -> str | None:
    """Return where the reasons for an inferred statement are told, None where it has no page.

    `back` says that the value is the subject, and what the page is about its value.
    """
    if not isinstance(value, NamedNode):
        return None
    ends = (value.value, about) if back else (about, value.value)
    return here("/why", subject=ends[0], property=property_, value=ends[1])


def citation(graph: str) -> str:
    """Return the short name of a named graph, as sources are cited in the margin.

    >>> citation("https://w3id.org/migov/graph/data/records/gfmd/thamm.ttl")
    'gfmd/thamm'
    """
    path = graph.removeprefix(_RECORDS).removeprefix(GRAPH)
    return path.removesuffix(".ttl").removeprefix("data/")


def locator_title(place: str) -> str:
    """Say in words where a locator points: a document and its lines."""
    document, _, lines = place.partition(":")
    several = not lines.isdigit()
    return translated(
        "document {document}, lines {lines}" if several else "document {document}, line {lines}",
        document=document,
        lines=lines.replace("-", "–").replace(",", ", "),
    )


def heading(variable: str) -> str:
    """Return the name of a variable as the head of a column, in the language of the page."""
    name = variable.removesuffix("Label") or variable
    words = re.sub(r"(?<=[a-z0-9])([A-Z])", r" \1", name).replace("_", " ")
    return translated(words[:1].upper() + words[1:].lower())


def headings(variables: Iterable[str], spoken: bool) -> list[str]:
    """Return the heads of columns: in words, or as SPARQL writes variables."""
    return [heading(name) if spoken else f"?{name}" for name in variables]


@dataclass(frozen=True, slots=True)
class Shown:
    """A term as a template shows it."""

    text: str
    href: str | None = None
    language: str | None = None
    title: str | None = None
    external: bool = False
    number: bool = False


class Names:
    """Labels of a page's IRIs, and terms made ready to show."""

    def __init__(self, labels: Mapping[str, Label]) -> None:
        self._labels = labels

    def label(self, iri: str) -> Label:
        return self._labels.get(iri) or Label(compact(iri))

    def iri(self, iri: str) -> Shown:
        label = self.label(iri)
        return Shown(
            label.text,
            href(iri),
            label.language,
            title=compact(iri),
            external=not iri.startswith(BASE),
        )

    def term(self, term: NamedNode | BlankNode | Literal) -> Shown:
        if isinstance(term, NamedNode):
            return self.iri(term.value)
        if isinstance(term, BlankNode):
            return Shown("[ ]", title=translated("a node without a name"))
        kind = compact(term.datatype.value)
        if kind == "xsd:string" and (place := _LOCATOR.fullmatch(term.value)):
            return Shown(
                term.value, here(f"/id/document/{place[1]}"), title=locator_title(term.value)
            )
        plain = kind in ("xsd:string", "rdf:langString")
        return Shown(
            term.value,
            language=term.language,
            title=None if plain else kind,
            number=kind in ("xsd:integer", "xsd:decimal", "xsd:double"),
        )
