"""Answers of canned queries as pictures, in the way that the header of the query asks for.

A picture needs certain columns (`queries/README.md` names them); an answer that lacks them, or has
no rows, stays a table. The table is always there.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from math import isfinite
from typing import Final

from flask import url_for
from pyoxigraph import Literal, NamedNode, QuerySolutions, RdfFormat, parse, parse_query_results
from pyoxigraph import QueryResultsFormat as Results

from migov import __version__
from migov.catalogue import CannedQuery
from migov.engine import Answer, Row, select
from migov.entities.sparql import values
from migov.vocabulary import ID, NS
from migov.web.drawing import (
    Arc,
    Area,
    Bar,
    Cell,
    Edge,
    Picture,
    Span,
    chart,
    matrix,
    network,
    timeline,
    worldmap,
)
from migov.web.drawing.network import MOST
from migov.web.drawing.timeline import bounds_of
from migov.web.links import Names, heading, here, href
from migov.web.request import languages
from migov.web.responses import names_of
from migov.web.site import state
from migov.web.translation import number, translated

_NUMBERS: Final = frozenset(
    f"http://www.w3.org/2001/XMLSchema#{name}" for name in ("integer", "decimal", "double", "float")
)
_MOST_BARS: Final = 40
_MOST_SPANS: Final = 80
_MOST_COLUMNS: Final = 40
_POSITION: Final = (
    "Boundaries and names imply no position on the status of any country or territory; they stand "
    "as ISO 3166-1 and M49 list them. Shapes: Natural Earth, public domain."
)
_UNCERTAIN: Final = (
    "A pale part of a bar is what a date leaves open: “2012” is any day of that year. A bar that "
    "falls apart has no stated end."
)
LONG_NOTES: Final = (_POSITION, _UNCERTAIN)
_LAND: Final = "world.svg"
_ENDS: Final = ("originCountry", "destinationCountry")


@dataclass(frozen=True, slots=True)
class _Said:
    """What a picture is called, what it shows, and where the shape of all land is."""

    title: str
    description: str
    land: str | None


def picture_of(query: CannedQuery, answer: Answer, *, whole: bool = False) -> Picture | None:
    """Return the picture of an answer (JSON solutions or Turtle), None where there is none.

    A `whole` one needs nothing from this server to be seen.
    """
    draw = DRAWN.get(query.view)
    rows = _rows(answer) if draw else []
    if draw is None or not rows:
        return None
    language = languages()[0]
    land = None if whole else f"{url_for('static', filename=_LAND, v=__version__)}#land"
    return draw(rows, _Said(query.title[language], query.summary[language], land))


def _rows(answer: Answer) -> list[Row]:
    if answer.kind == "graph":
        return [
            {"subject": triple.subject, "object": triple.object}
            for triple in parse(answer.body, format=RdfFormat.TURTLE)
            if isinstance(triple.subject, NamedNode) and isinstance(triple.object, NamedNode)
        ]
    results = parse_query_results(answer.body, format=Results.JSON)
    if not isinstance(results, QuerySolutions):
        return []
    names = [variable.value for variable in results.variables]
    return [
        {name: value for name in names if (value := solution[name]) is not None}
        for solution in results
    ]


def _things(rows: Sequence[Row], folder: str = ID) -> list[str]:
    """Return the columns that hold things with an IRI under a folder, in order."""
    found = dict.fromkeys(
        name
        for row in rows
        for name, term in row.items()
        if isinstance(term, NamedNode) and term.value.startswith(folder)
    )
    order = list(dict.fromkeys(name for row in rows for name in row))
    return [name for name in order if name in found]


def _figures(rows: Sequence[Row]) -> list[str]:
    """Return the columns that hold numbers, in order."""
    return list(
        dict.fromkeys(
            name
            for row in rows
            for name, term in row.items()
            if isinstance(term, Literal) and term.datatype.value in _NUMBERS
        )
    )


def _amount(row: Row, figures: Sequence[str]) -> float | None:
    """Return the number in the first column of numbers, None where a row has none to draw."""
    term = row.get(figures[0]) if figures else None
    if not isinstance(term, Literal) or term.datatype.value not in _NUMBERS:
        return None
    try:
        amount = float(term.value)
    except ValueError:  # a literal may say that it is a number and be none
        return None
    return amount if isfinite(amount) else None


def _iri(row: Row, name: str) -> str | None:
    term = row.get(name)
    return term.value if isinstance(term, NamedNode) else None


def _iris(rows: Iterable[Row], *columns: str) -> dict[str, None]:
    return dict.fromkeys(
        row[name].value for row in rows for name in columns if isinstance(row.get(name), NamedNode)
    )


def _said(columns: Sequence[str]) -> str:
    return " · ".join(heading(name) for name in columns)


def _map(rows: Sequence[Row], said: _Said) -> Picture | None:
    if all(any(end in row for row in rows) for end in _ENDS):
        return _corridors(rows, said)
    columns = _things(rows, ID + "place/")
    if not columns:
        return None
    place = "country" if "country" in columns else columns[0]
    figures = _figures(rows)
    counted = next((name for name in _things(rows) if name != place), None)
    found: dict[str, set[str]] = {}
    totals: dict[str, int] = {}
    for row in rows:
        iri = _iri(row, place)
        if iri is None:
            continue
        if counted and counted in row:
            found.setdefault(iri, set()).add(row[counted].value)
        elif (many := _amount(row, figures)) is not None:
            totals[iri] = totals.get(iri, 0) + int(many)
        elif not figures:
            totals.setdefault(iri, 1)
    numbers = {**totals, **{iri: len(things) for iri, things in found.items()}}
    return _areas(numbers, said, counted or (figures[0] if figures else place))


def _areas(numbers: Mapping[str, int], said: _Said, counted: str) -> Picture:
    codes, names = _countries(numbers), names_of(numbers)
    areas = [
        Area(codes[iri], many, f"{names.label(iri)}: {number(many)}", href(iri))
        for iri, many in numbers.items()
        if iri in codes and many > 0
    ]
    picture = worldmap(areas, [], said.title, said.description, heading(counted), said.land)
    left = sorted(names.label(iri).text for iri in numbers if iri not in codes)
    if left:
        shown = ", ".join(left[:8]) + ("…" if len(left) > 8 else "")
        picture.notes.append(
            translated(
                "Not on the map, since it is no country or territory: {places}.", places=shown
            )
        )
    picture.notes.append(_position())
    return picture


def _corridors(rows: Sequence[Row], said: _Said) -> Picture:
    codes = _countries(_iris(rows, *_ENDS))
    names = names_of(_iris(rows, "corridor"))
    figures = _figures(rows)
    arcs = []
    for row in rows:
        start, end = (codes.get(_iri(row, name) or "") for name in _ENDS)
        corridor = _iri(row, "corridor")
        if start is None or end is None or corridor is None:
            continue
        many = _amount(row, figures)
        words = f"{names.label(corridor)}" + ("" if many is None else f": {number(many)}")
        arcs.append(Arc(start, end, words, href(corridor)))
    picture = worldmap([], arcs, said.title, said.description, "", said.land)
    if len(arcs) < len(rows):
        picture.notes.append(
            translated(
                "Not on the map, since an end of it is no country: {count}.",
                count=number(len(rows) - len(arcs)),
            )
        )
    picture.notes.append(_position())
    return picture


def _position() -> str:
    return translated(_POSITION)


def _countries(iris: Iterable[str]) -> dict[str, str]:
    """Return the M49 codes of countries."""
    wanted = sorted(iris)
    if not wanted:
        return {}
    rows = select(
        state().house,
        f"PREFIX mg: <{NS}> SELECT ?s ?code WHERE {{ {values('s', wanted)} "
        "?s a mg:Country ; mg:m49 ?code }",
    )
    return {row["s"].value: row["code"].value for row in rows}


def _timeline(rows: Sequence[Row], said: _Said) -> Picture | None:
    columns = _things(rows)
    names = names_of(_iris(rows, *columns))
    spans = []
    for row in rows:
        start = bounds_of(row["start"].value) if "start" in row else None
        iri = _iri(row, columns[0]) if columns else None
        if start is None or iri is None:
            continue
        end = bounds_of(row["end"].value) if "end" in row else None
        stated = row["end"].value if end else translated("end not stated")
        label = names.label(iri).text
        words = f"{label}: {row['start'].value} – {stated}"
        spans.append(Span(label, words, href(iri), start, end))
    if not spans:
        return None
    picture = timeline(spans[:_MOST_SPANS], said.title, said.description)
    if len(spans) > _MOST_SPANS:
        picture.notes.append(_first(_MOST_SPANS))
    picture.notes.append(translated(_UNCERTAIN))
    return picture


def _network(rows: Sequence[Row], said: _Said) -> Picture | None:
    columns = _things(rows, "")[:2] if "subject" in rows[0] else _things(rows)
    if len(columns) < 2:
        return None
    figures = _figures(rows)
    weights: dict[tuple[str, str], int] = {}
    for row in rows:
        chain = [iri for name in columns if (iri := _iri(row, name))]
        many = int(_amount(row, figures) or 1)
        for pair in pairwise(chain):  # a row leads from each of its things to the next
            weights[pair] = max(weights.get(pair, 0), many, 1)
    edges = [Edge(start, end, many) for (start, end), many in weights.items() if start != end]
    ends = {end for edge in edges for end in (edge.start, edge.end)}
    if not ends:
        return None
    names = names_of(ends)
    labels = {iri: names.label(iri).text for iri in ends}
    picture = network(edges, labels, {iri: href(iri) for iri in ends}, said.title, said.description)
    if len(ends) > MOST:
        picture.notes.append(
            translated("Drawn are the {count} with most links.", count=number(MOST))
        )
    picture.notes.append(
        translated(
            "Nearness means nothing but that lines are kept short; a large point has many links."
        )
    )
    return picture


def _chart(rows: Sequence[Row], said: _Said) -> Picture | None:
    figures = _figures(rows)
    if not figures:
        return None
    columns = [name for name in _things(rows, "") if not name.endswith("Label")][:2]
    names = names_of(_iris(rows, *columns))
    bars = []
    for row in rows[:_MOST_BARS]:
        many = _amount(row, figures)
        if many is None:
            continue
        iris = [row[name].value for name in columns if isinstance(row.get(name), NamedNode)]
        label = " · ".join(names.label(iri).text for iri in iris)
        written = number(many) if many == int(many) else number(many, 2)
        bars.append(Bar(label or "–", many, written, href(iris[0]) if iris else None))
    if not bars:
        return None
    picture = chart(bars, said.title, said.description)
    picture.notes.append(translated("Drawn: {columns}.", columns=_said(figures[:1])))
    if len(rows) > _MOST_BARS:
        picture.notes.append(_first(_MOST_BARS))
    return picture


def _matrix(rows: Sequence[Row], said: _Said) -> Picture | None:
    columns = [name for name in _things(rows, "") if not name.endswith("Label")][:2]
    figures = [name for name in _figures(rows) if name != "number"]
    if len(columns) < 2 or not figures:
        return None
    lines, heads = list(_iris(rows, columns[0])), list(_iris(rows, columns[1]))[:_MOST_COLUMNS]
    names, at = names_of([*lines, *heads]), {iri: place for place, iri in enumerate(heads)}
    place_of = {iri: place for place, iri in enumerate(lines)}
    numbered = {
        iri: row["number"].value
        for row in rows
        if "number" in row and (iri := _iri(row, columns[0]))
    }
    titles = [_numbered(numbered.get(iri), names, iri) for iri in lines]
    cells = {}
    for row in rows:
        line, head = (_iri(row, name) for name in columns)
        amount = _amount(row, figures)
        if line and head in at and amount is not None:
            many = int(amount)
            if not many:  # a gap has no words and leads nowhere
                continue
            words = f"{titles[place_of[line]]}, {names.label(head)}: {many}"
            cells[place_of[line], at[head]] = Cell(many, words, _narrowed(line, head))
    picture = matrix(
        titles, [names.label(iri).text for iri in heads], cells, said.title, said.description
    )
    picture.notes.append(translated("An empty cell is a gap."))
    return picture


def _numbered(code: str | None, names: Names, iri: str) -> str:
    label = names.label(iri).text
    return f"{code} · {label}" if code else label


def _narrowed(objective: str, country: str) -> str:
    """Return the list of initiatives that a cell counts."""
    return here(
        "/initiatives",
        country=country.removeprefix(ID + "place/"),
        objective=objective.rpartition("/")[2],
    )


def _first(count: int) -> str:
    return translated("Drawn are the first {count}.", count=number(count))


DRAWN: Final[Mapping[str, Callable[[Sequence[Row], _Said], Picture | None]]] = {
    "map": _map,
    "timeline": _timeline,
    "network": _network,
    "chart": _chart,
    "matrix": _matrix,
}
