"""What a file is as a file: readable, encoded, named for its graph, described, filled in."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final

from pyoxigraph import Literal, NamedNode

from migov.dataset import is_turtle
from migov.errors import Place
from migov.gate.checks.context import Context
from migov.gate.checks.state import TYPE, FileFacts, mg
from migov.gate.report import Edit, Finding, Severity
from migov.gate.structure import BLANK

_BOM: Final = b"\xef\xbb\xbf"
_BASE: Final = re.compile(r"^[ \t]*(?:@base|BASE)[ \t]+(<[^<>\s]*>)", re.MULTILINE | re.IGNORECASE)
_DESCRIBED: Final = {mg("SourceRecord"), mg("CuratedGraph")}


def check(context: Context) -> Iterator[Finding]:
    """Yield what is wrong with the touched files as files."""
    for facts in context.broken:
        if facts.file.content.startswith(_BOM):
            yield _bom(context, facts)
        else:
            yield _syntax(context, facts)
    for facts in context.files:
        yield from _line_ends(context, facts)
        if is_turtle(facts.path):
            yield from _base(context, facts)
        yield from _description(context, facts)
        yield from _blanks(context, facts)


def _bom(context: Context, facts: FileFacts) -> Finding:
    place = Place(facts.path, 1, 1)
    return context.finding(
        "byte-order-mark",
        (
            "The file begins with a byte order mark, which Turtle does not allow. Save it as UTF-8 "
            "without one.",
            "Le fichier commence par un indicateur d’ordre des octets (BOM), que Turtle n’admet "
            "pas. Enregistrez-le en UTF-8 sans cette marque.",
        ),
        focus=facts.graph,
        place=place,
        edits=[Edit(place, "\ufeff", "")],
    )


def _syntax(context: Context, facts: FileFacts) -> Finding:
    error = facts.error
    assert error is not None
    kind = ("valid Turtle", "du Turtle valide")
    if not is_turtle(facts.path):
        kind = ("a mapping set", "un ensemble de correspondances")
    reason = error.message.partition(f" is not {kind[0]}: ")[2] or error.message
    return context.finding(
        "syntax",
        (
            f"This is not {kind[0]}: {reason} Nothing else in the file was checked.",
            f"Ce n’est pas {kind[1]} : {reason} Rien d’autre n’a été vérifié dans le fichier.",
        ),
        focus=facts.graph,
        place=error.place,
    )


def _line_ends(context: Context, facts: FileFacts) -> Iterator[Finding]:
    at = facts.file.content.find(b"\r")
    if at >= 0:
        line = facts.file.content.count(b"\n", 0, at) + 1
        yield context.finding(
            "line-ends",
            (
                "Lines end as on Windows (CRLF). Save the file with plain line feeds (LF), or run "
                "migov fmt: otherwise every line counts as changed.",
                "Les lignes se terminent comme sous Windows (CRLF). Enregistrez le fichier avec "
                "des fins de ligne simples (LF), ou lancez migov fmt : sinon, chaque ligne compte "
                "comme modifiée.",
            ),
            severity=Severity.WARNING,
            focus=facts.graph,
            place=Place(facts.path, line),
        )


def _base(context: Context, facts: FileFacts) -> Iterator[Finding]:
    right = f"<{facts.graph.value}>"
    text = facts.file.content.decode("utf-8")
    found = _BASE.search(text)
    if found is None:
        place = facts.positions.offset_at(0)
        edit = Edit(place, "", f"@base {right} .\n")
    elif found[1] == right:
        return
    else:
        place = facts.positions.offset_at(found.start(1))
        edit = Edit(place, found[1], right)
    yield context.finding(
        "graph-base",
        (
            f"The file begins with “@base {right} .”, the name of its graph, so that <> is the "
            "graph itself.",
            f"Le fichier commence par « @base {right} . », le nom de son graphe, pour que <> "
            "désigne le graphe lui-même.",
        ),
        focus=facts.graph,
        place=place,
        expected=(f"@base {right} .", f"@base {right} ."),
        edits=[edit],
    )


def _description(context: Context, facts: FileFacts) -> Iterator[Finding]:
    own = facts.by_subject.get(facts.graph, [])
    if any(triple.predicate == TYPE and triple.object in _DESCRIBED for triple in own):
        return
    record = facts.path.startswith("data/records/")
    yield context.finding(
        "graph-described",
        (
            "The file does not say what its graph is: <> a mg:SourceRecord for what a source "
            "says, <> a mg:CuratedGraph for the editors’ own.",
            "Le fichier ne dit pas ce qu’est son graphe : <> a mg:SourceRecord pour ce que dit "
            "une source, <> a mg:CuratedGraph pour ce qui vient de la rédaction.",
        ),
        focus=facts.graph,
        predicate=TYPE,
        place=facts.graph_place,
        expected=("mg:SourceRecord or mg:CuratedGraph", "mg:SourceRecord ou mg:CuratedGraph"),
        example=f"<> a {'mg:SourceRecord' if record else 'mg:CuratedGraph'} .",
    )


def _blanks(context: Context, facts: FileFacts) -> Iterator[Finding]:
    for triple in facts.triples:
        value = triple.object
        if isinstance(value, Literal) and value.value.startswith(BLANK):
            what = value.value.removeprefix(BLANK)
            yield context.finding(
                "blank-left",
                (f"Fill this in: {what}.", f"À remplir : {what}."),
                focus=triple.subject if isinstance(triple.subject, NamedNode) else None,
                predicate=triple.predicate,
                value=value,
                place=facts.positions.object_at(triple),
            )
