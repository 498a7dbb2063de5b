"""Who says so and where: what the shapes miss when the class that they look for is missing too."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from typing import Final

from pyoxigraph import BlankNode, Literal, NamedNode, Triple

from migov.dataset import is_turtle
from migov.gate.checks.context import Context, named
from migov.gate.checks.policy import REPLACED
from migov.gate.checks.state import TYPE, FileFacts, Node, Object, mg, std
from migov.gate.report import Finding, Severity
from migov.vocabulary import CONCEPT, ID

_LICENCE: Final = std("dcterms", "license")
_CC_BY: Final = "<https://creativecommons.org/licenses/by/4.0/>"
_RECORD: Final = mg("SourceRecord")
_KNOWN: Final = {_RECORD, mg("CuratedGraph")}
_AROUND: Final = (mg("listedUnder"), mg("submitter"))
_DOCUMENTS: Final = ID + "document/"
_COUNT: Final = re.compile(r"[0-9]{1,9}")
_LOCATOR: Final = re.compile(r"([0-9]{3}):([0-9]+(?:-[0-9]+)?(?:,[0-9]+(?:-[0-9]+)?)*)")


def check(context: Context) -> Iterator[Finding]:
    """Yield what the touched files leave out about their sources, and wrong lines of them."""
    for facts in context.files:
        types = set(facts.values(facts.graph, TYPE))
        yield from _graph(context, facts, types)
        yield from _untyped(context, facts, facts.by_subject)
        if _RECORD in types:
            yield from _locators(context, facts)
        else:
            yield from _without_record(context, facts)
    lost = [NamedNode(iri) for iri in context.lost]  # and what stands in other files stays
    touched = {facts.path for facts in context.files}
    for facts in context.facts_with(node.value for node in lost):
        if facts.path not in touched:
            yield from _untyped(context, facts, lost)


def _graph(context: Context, facts: FileFacts, types: set[Object]) -> Iterator[Finding]:
    if facts.path.startswith("data/records/") and types and _RECORD not in types:
        yield context.finding(
            "missing-source",
            (
                "A file of data/records holds what one source says, and this one names no source: "
                "make <> a mg:SourceRecord with mg:sourceDocument, or move the file.",
                "Un fichier de data/records contient ce que dit une source, et celui-ci n’en "
                "nomme aucune : faites de <> un mg:SourceRecord avec mg:sourceDocument, ou "
                "déplacez le fichier.",
            ),
            focus=facts.graph,
            predicate=mg("sourceDocument"),
            place=facts.graph_place,
            example="<> a mg:SourceRecord ; mg:sourceDocument document:000 .",
        )
    if not types & _KNOWN and not facts.values(facts.graph, _LICENCE):
        yield context.finding(
            "missing-licence",
            (
                f"The graph carries no licence. Add dcterms:license {_CC_BY} to <>.",
                f"Le graphe ne porte pas de licence. Ajoutez dcterms:license {_CC_BY} à <>.",
            ),
            focus=facts.graph,
            predicate=_LICENCE,
            place=facts.graph_place,
            example=f"<> dcterms:license {_CC_BY} .",
        )


def _untyped(context: Context, facts: FileFacts, nodes: Iterable[Node]) -> Iterator[Finding]:
    if not is_turtle(facts.path):
        return  # a link begins at something that is described elsewhere, or is reported as such
    for node in nodes:
        triples = facts.by_subject.get(node, ())
        if not isinstance(node, NamedNode) or not node.value.startswith((ID, CONCEPT)):
            continue
        if (
            not triples
            or context.after.types(node)
            or any(t.predicate == REPLACED for t in triples)
        ):
            continue
        place = facts.positions.node_at(node)
        yield context.finding(
            "missing-type",
            (
                f"{named(node.value)} has no class in any file, so no shape looks at it. Add one.",
                f"{named(node.value)} n’a de classe dans aucun fichier : aucune forme ne le "
                "vérifie. Ajoutez-en une.",
            ),
            focus=node,
            predicate=TYPE,
            place=place,
            example=f"{named(node.value)} a mg:{_class(node.value)} .",
        )
        participates = node.value.startswith(ID + "participation/")
        if participates and not facts.values(node, mg("locator")):
            yield context.finding(
                "missing-locator",
                (
                    "The participation names no source lines. Add mg:locator, as document:lines.",
                    "La participation ne nomme pas de lignes de la source. Ajoutez mg:locator, "
                    "sous la forme document:lignes.",
                ),
                focus=node,
                predicate=mg("locator"),
                place=place,
                example=f'{named(node.value)} mg:locator "000:5" .',
            )


def _class(iri: str) -> str:
    kind = iri.removeprefix(ID).partition("/")[0]
    names = {"actor": "Organisation", "instrument": "ExternalInstrument", "initiative": "Project",
             "place": "Locality", "document": "SourceDocument"}  # fmt: skip
    return names.get(kind, kind.capitalize())


def _without_record(context: Context, facts: FileFacts) -> Iterator[Finding]:
    for node in facts.instances(mg("Participation"), mg("Annotation")):
        yield context.finding(
            "missing-record",
            (
                "This is what a source says, and the graph is no mg:SourceRecord, so nobody says "
                "so. Write it in the file of its record under data/records.",
                "C’est ce que dit une source, et le graphe n’est pas un mg:SourceRecord : "
                "personne ne le dit. Écrivez-le dans le fichier de sa fiche, sous data/records.",
            ),
            focus=node,
            place=facts.positions.node_at(node),
        )


def _locators(context: Context, facts: FileFacts) -> Iterator[Finding]:
    documents = [
        value.value.removeprefix(_DOCUMENTS)
        for value in facts.values(facts.graph, mg("sourceDocument"))
        if isinstance(value, NamedNode)
    ]
    if len(documents) != 1:
        return
    document = documents[0]
    last = _line_count(context, document)
    extent = [
        lines
        for value in facts.values(facts.graph, mg("extent"))
        if isinstance(value, Literal) and (lines := _lines(value.value)) is not None
    ]
    for triple in facts.triples:
        if triple.predicate not in (mg("locator"), mg("extent")):
            continue
        if not isinstance(triple.object, Literal):
            continue
        found = _LOCATOR.fullmatch(triple.object.value)
        lines = _lines(triple.object.value)
        if found is None or lines is None:
            continue  # its form is for the shapes to say
        severity = Severity.VIOLATION
        if found[1] != document:
            en = f"The lines are of document {found[1]}, and the record was read from {document}."
            fr = f"Les lignes sont du document {found[1]}, et la fiche a été lue dans {document}."
            rule = "locator-document"
        elif _runs_backwards(found[2]):
            en = f"The lines {found[2]} run backwards: write the first one first."
            fr = f"Les lignes {found[2]} vont à rebours : écrivez d’abord la première."
            rule = "locator-lines"
        elif last is not None and max(lines) > last:
            en = f"Document {document} has {last} lines, and these go to {max(lines)}."
            fr = f"Le document {document} a {last} lignes, et celles-ci vont jusqu’à {max(lines)}."
            rule = "locator-lines"
        elif len(extent) == 1 and not lines <= extent[0] and not _is_of_listing(facts, triple):
            outside = ", ".join(map(str, sorted(lines - extent[0])))
            en = f"Lines {outside} are not among those of the record, its mg:extent."
            fr = f"Les lignes {outside} ne sont pas de celles de la fiche, son mg:extent."
            rule = "locator-lines"
            severity = Severity.WARNING
        else:
            continue
        yield context.finding(
            rule,
            (en, fr),
            severity=severity,
            focus=_subject(triple),
            predicate=triple.predicate,
            value=triple.object,
            place=facts.positions.object_at(triple),
            expected=(f'"{document}:…"', f'"{document}:…"'),
        )


def _subject(triple: Triple) -> Node:
    assert isinstance(triple.subject, (NamedNode, BlankNode))
    return triple.subject


def _is_of_listing(facts: FileFacts, triple: Triple) -> bool:
    """Whether the lines are about the listing or its submitter, which stand around a record."""
    about = facts.values(_subject(triple), std("rdf", "predicate"))
    return any(predicate in _AROUND for predicate in about)


def _line_count(context: Context, document: str) -> int | None:
    counts = [
        int(value.value)
        for value in context.after.values(NamedNode(_DOCUMENTS + document), mg("lineCount"))
        if isinstance(value, Literal) and _COUNT.fullmatch(value.value)
    ]
    return counts[0] if len(counts) == 1 else None


def _runs_backwards(lines: str) -> bool:
    """Return whether a range of lines ends before it begins, and so names none.

    >>> _runs_backwards("38,64-62"), _runs_backwards("5-5")
    (True, False)
    """
    ranges = (part.partition("-") for part in lines.split(","))
    return any(last and int(last) < int(first) for first, _, last in ranges)


def _lines(locator: str) -> set[int] | None:
    """Return the numbers of the lines that a locator names.

    >>> sorted(_lines("002:38,62-64") or ())
    [38, 62, 63, 64]
    """
    found = _LOCATOR.fullmatch(locator)
    if found is None or len(locator) > 500:
        return None
    lines: set[int] = set()
    for part in found[2].split(","):
        first, _, last = part.partition("-")
        if int(last or first) - int(first) > 100_000:
            return None
        lines.update(range(int(first), int(last or first) + 1))
    return lines
