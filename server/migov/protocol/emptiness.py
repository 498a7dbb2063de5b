"""Why an answer is empty: which part of a query first left nothing.

A query is taken apart on tokens and asked again in growing pieces: adding a pattern, a filter, a
MINUS or VALUES to a group never adds a solution to an empty one, so the first piece without a
solution names the part to look at. Pieces run in the engine like any query; nothing runs here.
"""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Final, Literal

from migov.engine import Engine, Query
from migov.errors import LimitError, Place, RequestError
from migov.sparql.patterns import Element, Group, Kind, Shape, Span, UnreadError, read_shape
from migov.sparql.tokens import dataset_clause, iris
from migov.vocabulary import ASSERTED_GRAPH, INFERRED_GRAPH

PartKind = Kind | Literal["having", "slice", "template"]

_AT_ONCE: Final = 12
"""Pieces that one query asks for."""
_SHOWN: Final = 300
"""Characters of a part that are shown."""
_HARMLESS: Final = ("optional", "bind")
"""Parts that never take a solution away."""
_TURNED: Final = ("iri", "name", "variable")
"""Kinds of terms that may be the subject of a triple as well as its object."""
_ENDS: Final = ("GROUP", "HAVING", "ORDER", "LIMIT", "OFFSET", "VALUES")

_Wrap = Callable[[str], str]
"""Puts a piece of an inner group where it stands among what is around it."""


@dataclass(frozen=True, slots=True)
class Emptied:
    """The part that first left nothing, as the query has it, and where it stands.

    `first` is whether it is the first that was asked: it matches nothing by itself then. `alone`
    tells of a later pattern whether it matches anything by itself; None of what is no pattern.
    `inferred` is whether it does once what follows from the statements joins the dataset, and
    `turned` whether it does with subject and object in each other's place.
    """

    kind: PartKind
    text: str
    place: Place
    first: bool = False
    alone: bool | None = None
    inferred: bool = False
    turned: bool = False


@dataclass(frozen=True, slots=True)
class Cause:
    """The parts that left nothing, one for each branch of a union; or why none was found.

    Both are empty when the patterns of the query have a solution.
    """

    parts: tuple[Emptied, ...] = ()
    unread: str | None = None


def first_emptied(
    engine: Engine, query: Query, graphs: Sequence[str], seconds: float, *, is_empty: bool = True
) -> Cause:
    """Return what first left a query without an answer.

    A query may answer although its patterns have no solution: it counts them. `is_empty` is whether
    it gave no row, no triple and no yes. `graphs` are the named graphs of the dataset. Nothing new
    is asked once `seconds` have passed. A limit that ended the search, and a form that is beyond
    it, are told in `unread`; raises only what the machine is to blame for.

    The query has to be one that the engine accepts.
    """
    try:
        shape = read_shape(query.text)
    except UnreadError as error:
        return Cause(unread=f"This form of query is not taken apart: {error}.")
    if shape.where is None:
        return Cause(unread="The query has no patterns.")
    try:
        search = _Search(engine, query, shape, graphs, seconds)
        found = search.in_patterns(shape.where)
        return Cause(tuple(found or (search.in_end(shape.where) if is_empty else ())))
    except LimitError as error:
        return Cause(unread=f"The search for the cause was not finished. {error.message}")
    except RequestError as error:
        return Cause(unread=f"A part of the query cannot be asked by itself. {error.message}")


@dataclass(frozen=True, slots=True)
class _Around:
    """What stands around a group: all that comes before it, and the GRAPHs it lies in alone."""

    wrap: _Wrap = str
    scope: _Wrap = str
    is_first: bool = True

    def within(self, before: str, opening: str) -> _Around:
        """Return what stands around a group that follows `before` and begins with `opening`."""
        return _Around(
            lambda body: self.wrap(f"{before}\n{opening}{{\n{body}\n}}"),
            lambda body: self.scope(f"{opening}{{\n{body}\n}}"),
            self.is_first and not before,
        )


class _Search:
    def __init__(
        self, engine: Engine, query: Query, shape: Shape, graphs: Sequence[str], seconds: float
    ) -> None:
        self._engine = engine
        self._shape = shape
        self._until = time.monotonic() + seconds
        self._prologue = shape.written(shape.prologue)
        default, named = _dataset(query, shape, graphs)
        self._asked = replace(
            query, solutions="json", graph=None, default_graphs=default, named_graphs=named
        )
        self._number = "part"
        while any(token.text[1:] == self._number for token in shape.tokens):
            self._number += "_"
        # A blank node label may stand in one pattern of a query alone: then one piece at a time.
        has_labels = any(token.text.startswith("_:") for token in shape.tokens)
        self._at_once = 1 if has_labels else _AT_ONCE
        self._ends = _ends(shape)

    def in_patterns(self, where: Group) -> list[Emptied]:
        """Return the parts of the patterns that left nothing; none where they have a solution."""
        return self._in_group(where, _Around())

    def _in_group(self, group: Group, around: _Around) -> list[Emptied]:
        """Return the parts of a group that left nothing; none where it has a solution."""
        filters = [element for element in group.elements if element.kind == "filter"]
        ordered = [element for element in group.elements if element.kind != "filter"] + filters
        ends = [at for at, element in enumerate(ordered) if element.kind not in _HARMLESS]

        def before(end: int) -> str:
            return "\n".join(self._written(element) for element in ordered[:end])

        found = self._first_empty(len(ends), lambda at: around.wrap(before(ends[at] + 1)))
        if found is None:
            return []
        at = ends[found]
        return self._part(ordered[at], before(at), around)

    def _part(self, element: Element, before: str, around: _Around) -> list[Emptied]:
        """Return the smallest parts of an element that are to blame, or the element itself."""
        opening = (
            f"GRAPH {self._shape.written(element.parts[0])} " if element.kind == "graph" else ""
        )
        if element.kind in ("graph", "group", "union"):
            inside = [
                part
                for group in element.groups
                for part in self._in_group(group, around.within(before, opening))
            ]
            if inside:
                return inside
        found = self._emptied(element.kind, element.span, element)
        if element.kind not in ("triple", "select", "values"):
            return [found]
        body = around.scope(self._written(element))
        is_first = around.is_first and not before
        alone = None if is_first else self._with_solution([body])[0]
        inferred = not alone and not self._asked.inferred and self._follows(body)
        turned = not alone and not inferred and self._matches_turned(element, around)
        return [replace(found, first=is_first, alone=alone, inferred=inferred, turned=turned)]

    def _matches_turned(self, element: Element, around: _Around) -> bool:
        """Return whether a triple pattern matches with its subject and object exchanged."""
        if element.kind != "triple" or len(element.parts) != 3:
            return False
        subject, verb, object_ = element.parts
        ends = [
            self._shape.tokens[span.start]
            for span in (subject, object_)
            if span.end - span.start == 1
        ]
        if len(ends) != 2 or any(end.kind not in _TURNED for end in ends):
            return False
        body = " ".join(map(self._shape.written, (object_, verb, subject)))
        return self._with_solution([around.scope(f"{body} .")])[0]

    def in_end(self, where: Group) -> list[Emptied]:
        """Return which of the clauses after WHERE left nothing, or the template."""
        shape, ends = self._shape, self._ends
        clause = shape.written(where.span)
        grouped = " ".join(
            shape.written(ends[word]) for word in ("GROUP", "HAVING") if word in ends
        )
        selected = shape.written(_projection(shape)) if shape.form == "SELECT" else "*"
        start = f"{self._prologue}\nSELECT {selected}\nWHERE {clause}\n{grouped}\nLIMIT 1\n"
        if grouped and not self._rows(start):
            word = "HAVING" if "HAVING" in ends else "GROUP"
            return [self._emptied("having", ends[word])]
        if "VALUES" in ends and not self._rows(start + shape.written(ends["VALUES"])):
            return [self._emptied("values", ends["VALUES"])]
        for word in ("OFFSET", "LIMIT"):
            if word in ends:
                return [self._emptied("slice", ends[word])]
        if shape.form == "CONSTRUCT":
            return [self._emptied("template", _projection(shape))]
        return []

    def _first_empty(self, count: int, body: Callable[[int], str]) -> int | None:
        """Return the first of some growing pieces that has no solution, or None."""
        low, high = 0, count  # those before `low` have one, and `high` has none if it is a piece
        while low < high:
            step = -(-(high - low) // (self._at_once + 1))
            probed = list(range(low + step - 1, high, step))[: self._at_once]
            full = self._with_solution([body(at) for at in probed])
            for at, is_full in zip(probed, full, strict=True):
                if not is_full:
                    high = at
                    break
                low = at + 1
        return high if high < count else None

    def _with_solution(self, bodies: Sequence[str]) -> list[bool]:
        """Return for each group graph pattern whether it has a solution, in one query."""
        branches = "\nUNION\n".join(
            f"{{ SELECT ({number} AS ?{self._number}) WHERE {{\n{body}\n}} LIMIT 1 }}"
            for number, body in enumerate(bodies)
        )
        rows = self._rows(f"{self._prologue}\nSELECT ?{self._number} WHERE {{\n{branches}\n}}")
        found = {int(row[self._number]["value"]) for row in rows}
        return [number in found for number in range(len(bodies))]

    def _follows(self, body: str) -> bool:
        """Return whether a pattern matches in the same dataset with what follows from it."""
        text = f"{self._prologue}\nSELECT * WHERE {{\n{body}\n}} LIMIT 1"
        return bool(self._rows(text, inferred=True))

    def _rows(self, text: str, *, inferred: bool = False) -> list[dict[str, dict[str, str]]]:
        if time.monotonic() >= self._until:
            raise LimitError("The time for it ran out.")
        asked = replace(self._asked, text=text)
        answer = self._engine.answer(replace(asked, inferred=True) if inferred else asked)
        rows: list[dict[str, dict[str, str]]] = json.loads(answer.body)["results"]["bindings"]
        return rows

    def _written(self, element: Element) -> str:
        if element.kind == "triple":
            return " ".join(map(self._shape.written, element.parts)) + " ."
        return self._shape.written(element.span)

    def _emptied(self, kind: PartKind, span: Span, element: Element | None = None) -> Emptied:
        start = span.start
        if element is not None and len(element.parts) == 3:
            subject, verb, _ = element.parts
            # What a list shares is written once: point at what is this triple's own.
            start = subject.start if subject.end == verb.start else verb.start
        text = self._written(element) if element else self._shape.written(span)
        shown = text if len(text) <= _SHOWN else text[: _SHOWN - 1] + "…"
        offset = self._shape.tokens[start].offset
        lines = self._shape.text[:offset].split("\n")
        place = Place.within("query", self._shape.text, len(lines), len(lines[-1]) + 1)
        return Emptied(kind, shown.removesuffix(" ."), place)


def _dataset(
    query: Query, shape: Shape, graphs: Sequence[str]
) -> tuple[tuple[str, ...] | None, tuple[str, ...] | None]:
    """Return the dataset of the whole query, which its pieces cannot tell."""
    if query.default_graphs is not None or query.named_graphs is not None:
        return query.default_graphs, query.named_graphs
    clause = dataset_clause(shape.tokens, query.prefixes)
    if clause is not None:
        return clause.default, clause.named
    if INFERRED_GRAPH in iris(shape.tokens, known=query.prefixes):
        return (ASSERTED_GRAPH,), (*graphs, INFERRED_GRAPH)
    return None, None


def _projection(shape: Shape) -> Span:
    """Return what stands between the form and FROM or WHERE: a projection or a template."""
    tokens = shape.tokens
    head = range(shape.head.start, shape.head.end)
    end = next((at for at in head if tokens[at].is_word("FROM", "WHERE")), shape.head.end)
    return Span(shape.head.start, end)


def _ends(shape: Shape) -> dict[str, Span]:
    """Return the clauses after WHERE by their first word."""
    level = 0
    starts: list[tuple[str, int]] = []
    for at in range(shape.tail.start, shape.tail.end):
        token = shape.tokens[at]
        level += (token.text in ("(", "{")) - (token.text in (")", "}"))
        if level == 0 and token.is_word(*_ENDS):
            starts.append((token.text.upper(), at))
    stops = [at for _, at in starts[1:]] + [shape.tail.end]
    return {word: Span(at, stop) for (word, at), stop in zip(starts, stops, strict=False)}
