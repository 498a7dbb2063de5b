"""The pieces of Turtle that new files have in common."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable
from typing import Final

from pyoxigraph import Literal

from migov.catalogue.parameters import day_of
from migov.dataset import ContentFile, graph_iri
from migov.errors import ParameterError
from migov.gate.structure import BLANK
from migov.lines import lines_of
from migov.vocabulary import CONCEPT, ID, KINDS, NS, STANDARD_PREFIXES

LICENCE: Final = "https://creativecommons.org/licenses/by/4.0/"
_SCHEMES: Final = ("initiative-type", "actor-type", "role", "certainty")
_NAME: Final = re.compile(r"(?<![\w<:/-])([a-z][a-z-]*):[\w-]")


def text_of(text: str | None, what: str, language: str = "") -> str:
    """Return a literal in Turtle: the text, or a named blank for it."""
    return str(Literal(text or BLANK + what, language=language or None))


def labels(property_: str, what: str, en: str | None = None, fr: str | None = None) -> str:
    english = text_of(en, f"{what}, in English", "en")
    return f"{property_} {english} , {text_of(fr, f'{what}, in French', 'fr')}"


def curated(en: str, fr: str) -> str:
    """Return the description of a graph that the editors keep."""
    title = f"{Literal(en, language='en')} , {Literal(fr, language='fr')}"
    return f"<> a mg:CuratedGraph ; dcterms:title {title} ; dcterms:license <{LICENCE}> ."


def dated(which: str, stated: str) -> list[str]:
    """Return a date as stated, and the first and last day that it may mean."""
    earliest, latest = day_of(stated, "earliest"), day_of(stated, "latest")
    if earliest is None or latest is None:
        raise ParameterError(
            f"“{stated}” is not a date.", hint="Write it as stated: 2019, 2019-06 or 2019-06-30."
        )
    datatype = {4: "gYear", 7: "gYearMonth", 10: "date"}[len(stated)]
    return [
        f'mg:{which}Date "{stated}"^^xsd:{datatype}',
        f'mg:{which}Earliest "{earliest}"^^xsd:date',
        f'mg:{which}Latest "{latest}"^^xsd:date',
    ]


def prefixes(path: str, body: str, schemes: Collection[str] = _SCHEMES) -> str:
    """Return the base and the prefixes of a file that has this text."""
    lines = [f"@base <{graph_iri(path)}> ."]
    for name in sorted({*_NAME.findall(body)}):
        if name == "mg":
            iri = NS
        elif name in STANDARD_PREFIXES:
            iri = STANDARD_PREFIXES[name]
        elif name in KINDS:
            iri = f"{ID}{name}/"
        elif name in schemes:
            iri = f"{CONCEPT}{name}/"
        else:
            continue
        lines.append(f"@prefix {name}: <{iri}> .")
    return "\n".join(lines) + "\n"


def blanks(file: ContentFile) -> Iterable[tuple[int, str]]:
    """Yield what is left to fill in, with its line."""
    for number, line in enumerate(lines_of(file.content.decode("utf-8")), 1):
        for what in re.findall(rf'"{BLANK}([^"]*)"', line):
            yield number, what
