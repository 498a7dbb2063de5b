"""Solutions as a table for people: labels for IRIs, wrapped to the terminal."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import pairwise
from typing import Final

from pyoxigraph import (
    BlankNode,
    Literal,
    NamedNode,
    QueryBoolean,
    QueryResultsFormat,
    QuerySolutions,
    Triple,
    parse_query_results,
)
from rich.box import SIMPLE_HEAD
from rich.console import Console
from rich.table import Table
from rich.text import Text

from migov.cli.terminal import print_trimmed
from migov.engine import Answer, Engine
from migov.sparql.tokens import tokenize
from migov.vocabulary import BASE, CONCEPT, GRAPH, compact

_NARROWEST: Final = 13
"""Columns narrower than this break most words: then each row becomes a small list."""

Term = NamedNode | BlankNode | Literal | Triple
Row = Mapping[str, Term]


def show_rows(answer: Answer, text: str, engine: Engine, language: str, out: Console) -> int:
    """Print solutions, or a truth value, and return the number of rows."""
    results = parse_query_results(answer.body, format=QueryResultsFormat.JSON)
    if isinstance(results, QueryBoolean):
        out.print("true" if bool(results) else "false")
        return 1
    assert isinstance(results, QuerySolutions)
    names = in_order([variable.value for variable in results.variables], text)
    rows = [
        {name: value for name in names if (value := solution[name]) is not None}
        for solution in results
    ]
    if rows:
        columns = _columns(names, rows)
        _print(columns, _texts(columns, rows, engine, language), out)
    return len(rows)


def in_order(names: Sequence[str], text: str) -> list[str]:
    """Return the variables of SELECT * in the order of the text; the engine sorts them by name.

    >>> in_order(["o", "p", "s"], "SELECT * { ?s ?p ?o }")
    ['s', 'p', 'o']
    >>> in_order(["b", "a"], "SELECT ?b ?a { ?a ?p ?b }")
    ['b', 'a']
    """
    tokens = tokenize(text)
    stars = any(
        before.is_word("SELECT", "DISTINCT", "REDUCED") and after.text == "*"
        for before, after in pairwise(tokens)
    )
    if not stars:
        return list(names)
    mentioned = [token.text[1:] for token in tokens if token.kind == "variable"]
    return sorted(names, key=mentioned.index)


def _columns(names: Sequence[str], rows: Sequence[Row]) -> dict[str, str | None]:
    """Return the columns to show, each with the one that holds its labels.

    A column x with a column xLabel beside it is shown by its labels. One that no row has a value
    for is left out when another has.
    """
    labels = {name: f"{name}Label" for name in names if f"{name}Label" in names}
    shown = [name for name in names if name not in labels.values()]
    filled = [
        name for name in shown if any(name in row or labels.get(name, name) in row for row in rows)
    ]
    return {name: labels.get(name) for name in filled or shown}


def _texts(
    columns: Mapping[str, str | None], rows: Sequence[Row], engine: Engine, language: str
) -> list[list[Text]]:
    found = _labels(columns, rows, engine, language)
    return [[_cell(row, name, label, found) for name, label in columns.items()] for row in rows]


def _labels(
    columns: Mapping[str, str | None], rows: Sequence[Row], engine: Engine, language: str
) -> dict[str, str]:
    """Return the labels of IRIs of ours that the answer does not label itself."""
    iris = {
        value.value
        for row in rows
        for name, label in columns.items()
        if label is None
        and isinstance(value := row.get(name), NamedNode)
        and value.value.startswith(BASE)
    }
    if not iris:
        return {}
    from migov.entities import labels

    others = "fr" if language == "en" else "en"
    known = labels(engine, iris, [language, others])
    return {iri: label.text for iri, label in known.items() if label.text != compact(iri)}


def _cell(row: Row, name: str, label: str | None, found: Mapping[str, str]) -> Text:
    value = row.get(name)
    if label is not None and isinstance(text := row.get(label), Literal):
        return Text(text.value)
    if value is None:
        return Text("")
    if isinstance(value, Literal):
        return Text(value.value)
    if isinstance(value, BlankNode):
        return Text("[]", style="dim")
    if isinstance(value, Triple):
        return Text(str(value))
    cell = Text(_short(value.value))
    if value.value in found:
        if value.value.startswith(CONCEPT):
            return Text(found[value.value])
        cell.stylize("dim")
        cell = Text(found[value.value]).append(" ").append_text(cell)
    return cell


def _short(iri: str) -> str:
    if iri.startswith(GRAPH):
        return iri.removeprefix(GRAPH)
    short = compact(iri)
    return f"<{iri}>" if short == iri else short


def _print(
    columns: Mapping[str, str | None], texts: Sequence[Sequence[Text]], out: Console
) -> None:
    names = [_spaced(name) for name in columns]
    numeric = [all(_is_number(row[at].plain) for row in texts) for at in range(len(names))]
    if _fits(names, texts, out.width):
        table = Table(
            box=SIMPLE_HEAD,
            show_edge=False,
            header_style="bold",
            pad_edge=False,
            padding=(0, 1, 0, 0),
        )
        for name, is_number in zip(names, numeric, strict=True):
            table.add_column(name, overflow="fold", justify="right" if is_number else "left")
        for row in texts:
            table.add_row(*row)
        print_trimmed(table, out)
        return
    width = max(len(name) for name in names)
    for number, row in enumerate(texts):
        if number:
            out.print()
        block = Table(box=None, show_header=False, padding=(0, 2, 0, 0), pad_edge=False)
        block.add_column(style="bold", width=width)
        block.add_column(overflow="fold")
        for name, text in zip(names, row, strict=True):
            if text.plain:
                block.add_row(name, text)
        print_trimmed(block, out)


def _fits(names: Sequence[str], texts: Sequence[Sequence[Text]], width: int) -> bool:
    """Return whether each column gets room for what it has, or at least for its words."""
    needed = 0
    for at, name in enumerate(names):
        longest = max([len(name), *(text.cell_len for text in (row[at] for row in texts))])
        needed += min(longest, max(len(name), _NARROWEST)) + 3
    return needed <= width


def _is_number(text: str) -> bool:
    return not text or text.replace(".", "", 1).removeprefix("-").isdecimal()


def _spaced(name: str) -> str:
    """Return a variable's name as words.

    >>> _spaced("startEarliest")
    'start earliest'
    """
    return "".join(f" {char.lower()}" if char.isupper() else char for char in name).strip()
