"""Dates as stated, the bounds computed from them, and starts after their ends."""

from __future__ import annotations

from calendar import monthrange
from collections.abc import Iterator
from typing import Final

from pyoxigraph import Literal, NamedNode, Triple

from migov.gate.checks.context import Context, edit_object, named
from migov.gate.checks.state import FileFacts, Node, mg
from migov.gate.checks.xsd import fits
from migov.gate.report import Edit, Finding
from migov.vocabulary import STANDARD_PREFIXES

_XSD: Final = STANDARD_PREFIXES["xsd"]
_PRECISE: Final = (_XSD + "gYear", _XSD + "gYearMonth", _XSD + "date")
Bounds = tuple[str, str]


def check(context: Context) -> Iterator[Finding]:
    """Yield bounds that do not agree with their date, and starts that lie after their ends."""
    for facts in context.files:
        for node in facts.by_subject:
            spans = {stem: _stated(facts, node, stem) for stem in ("start", "end", "issued")}
            if any(spans.values()):
                swapped = _is_swapped(spans["start"], spans["end"])
                if swapped:
                    yield _swapped(context, facts, node)
                for stem, stated in spans.items():
                    yield from _bounds(context, facts, node, stem, stated)


def bounds(value: Literal) -> Bounds | None:
    """Return the first and last day that a stated date can mean, or None for no date.

    >>> gyear_month = NamedNode("http://www.w3.org/2001/XMLSchema#gYearMonth")
    >>> bounds(Literal("2024-02", datatype=gyear_month))
    ('2024-02-01', '2024-02-29')
    """
    datatype = value.datatype.value
    if datatype not in _PRECISE or not fits(value.value, datatype):
        return None
    text = value.value
    if datatype == _XSD + "date":
        return text, text
    if not text.replace("-", "").isdigit():
        return None  # with a time zone or before our era
    if datatype == _XSD + "gYear":
        return f"{text}-01-01", f"{text}-12-31"
    year, month = text.split("-")
    return f"{text}-01", f"{text}-{monthrange(int(year), int(month))[1]:02}"


def _stated(facts: FileFacts, node: Node, stem: str) -> list[Bounds]:
    values = facts.values(node, mg(f"{stem}Date"))
    found = [bounds(value) for value in values if isinstance(value, Literal)]
    return [span for span in found if span is not None]


def _bounds(
    context: Context, facts: FileFacts, node: Node, stem: str, stated: list[Bounds]
) -> Iterator[Finding]:
    for at, name in enumerate((f"{stem}Earliest", f"{stem}Latest")):
        right = {span[at] for span in stated}
        for triple in _triples(facts, node, name):
            value = triple.object
            if not stated or not isinstance(value, Literal) or value.value in right:
                continue
            wanted = next(iter(right)) if len(right) == 1 else None
            written = facts.positions.written(triple) or ""
            new = written.replace(value.value, wanted or "")
            edits = edit_object(facts, triple, new) if wanted and value.value in written else []
            likely = " / ".join(sorted(right))
            yield context.finding(
                "date-bounds",
                (
                    f"mg:{name} is {value.value}, and the stated date gives {likely}.",
                    f"mg:{name} vaut {value.value}, et la date énoncée donne {likely}.",
                ),
                focus=node,
                predicate=triple.predicate,
                value=value,
                place=facts.positions.object_at(triple),
                expected=(likely, likely),
                example=f'{_subject(node)} mg:{name} "{min(right)}"^^xsd:date .',
                edits=edits,
            )


def _is_swapped(start: list[Bounds], end: list[Bounds]) -> bool:
    return len(start) == len(end) == 1 and start[0][0] > end[0][1]


def _swapped(context: Context, facts: FileFacts, node: Node) -> Finding:
    (start,) = _triples(facts, node, "startDate")
    (end,) = _triples(facts, node, "endDate")
    edits: list[Edit] = []
    for one, other in (("startDate", "endDate"), ("startEarliest", "endEarliest"),
                       ("startLatest", "endLatest")):  # fmt: skip
        pair = [*_triples(facts, node, one), *_triples(facts, node, other)]
        texts = [facts.positions.written(triple) for triple in pair]
        if len(pair) == 2 and None not in texts:
            edits += edit_object(facts, pair[0], str(texts[1]))
            edits += edit_object(facts, pair[1], str(texts[0]))
    return context.finding(
        "swapped-dates",
        (
            "The start lies after the end. Were the two dates swapped?",
            "Le début est postérieur à la fin. Les deux dates ont-elles été interverties ?",
        ),
        focus=node,
        predicate=start.predicate,
        value=start.object,
        place=facts.positions.object_at(start),
        expected=(
            f"a date that is not after {_text(end)}",
            f"une date qui n’est pas postérieure à {_text(end)}",
        ),
        edits=edits,
    )


def _triples(facts: FileFacts, node: Node, name: str) -> list[Triple]:
    return [t for t in facts.by_subject.get(node, ()) if t.predicate == mg(name)]


def _text(triple: Triple) -> str:
    return triple.object.value if isinstance(triple.object, Literal) else ""


def _subject(node: Node) -> str:
    return named(node.value) if isinstance(node, NamedNode) else "[]"
