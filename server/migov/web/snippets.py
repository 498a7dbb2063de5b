"""The lines that ask a canned question from elsewhere: a shell, a program, a spreadsheet.

Each text is made from an address that is percent-encoded already and from values as they were
given; whatever enters one is quoted as the language of the snippet quotes it.
"""

from __future__ import annotations

import shlex
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Final

from migov.catalogue import CannedQuery

_R_ESCAPED: Final = {"\\": "\\\\", '"': '\\"'}


@dataclass(frozen=True, slots=True)
class Snippet:
    """How to ask in one language or program: its name, and the text to copy."""

    name: str
    title: str
    text: str


def snippets(
    query: CannedQuery, address: Callable[[str], str], fields: Mapping[str, str], terminal: str
) -> list[Snippet]:
    """Return the snippets of a canned query.

    `address` gives the absolute address of the answer in a format, with its parameters; `fields`
    are those parameters. `terminal` is the line that asks the same of a checkout.
    """
    suffix = "ttl" if query.form == "CONSTRUCT" else "csv"
    if query.form == "ASK":
        suffix = "json"
    found = [
        Snippet("curl", "curl", f"curl {shlex.quote(address(suffix))}"),
        Snippet("migov", "migov", terminal),
        Snippet("python", "Python", _python(query, address, fields)),
        Snippet("r", "R", _r(query, address)),
    ]
    if query.form == "SELECT":
        found.append(Snippet("spreadsheet", "", f"=IMPORTDATA({_sheet_text(address('csv'))})"))
    return found


def _python(query: CannedQuery, address: Callable[[str], str], fields: Mapping[str, str]) -> str:
    if query.form == "CONSTRUCT":
        return (
            "from rdflib import Graph\n\n"
            f'graph = Graph().parse({address("ttl")!r}, format="turtle")\n'
            'print(len(graph), "triples")'
        )
    bare = address("json").partition("?")[0]
    asked = [f"    {bare!r},"]
    if fields:
        asked += [
            "    params={",
            *(f"        {name!r}: {value!r}," for name, value in fields.items()),
        ]
        asked += ["    },"]
    used = (
        ['print(answer.json()["boolean"])']
        if query.form == "ASK"
        else [
            'for row in answer.json()["results"]["bindings"]:',
            '    print({name: term["value"] for name, term in row.items()})',
        ]
    )
    lines = ["import httpx", "", "answer = httpx.get(", *asked, ")", "answer.raise_for_status()"]
    return "\n".join([*lines, *used])


def _r(query: CannedQuery, address: Callable[[str], str]) -> str:
    """Return lines that R runs by itself, without a package."""
    if query.form == "CONSTRUCT":
        read = f'readLines({_r_text(address("nt"))}, encoding = "UTF-8")'
        return f"triples <- {read}\nhead(triples)"
    if query.form == "ASK":
        read = f"readLines({_r_text(address('json'))}, warn = FALSE)"
        return f"""any(grepl('"boolean": *true', {read}))"""
    return f'rows <- read.csv({_r_text(address("csv"))}, encoding = "UTF-8")\nhead(rows)'


def _r_text(text: str) -> str:
    """Return a text as R writes one.

    >>> print(_r_text('a"b'))
    "a\\"b"
    """
    return '"' + "".join(_R_ESCAPED.get(each, each) for each in text) + '"'


def _sheet_text(text: str) -> str:
    """Return a text as a formula writes one: a quotation mark in it is doubled."""
    return '"' + text.replace('"', '""') + '"'
