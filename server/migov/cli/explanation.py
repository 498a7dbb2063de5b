"""`migov query --explain`: why an answer is empty, as text or as JSON."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from typing import Any

import click

from migov.engine import LocalEngine, Query
from migov.entities import KnownTerms, labels
from migov.errors import UnknownFormatError
from migov.protocol.explanation import explain, iris_of
from migov.settings import Settings


def show_explanation(
    engine: LocalEngine, query: Query, format: str, language: str, settings: Settings
) -> None:
    """Write why a query answers as it does; raises UnknownFormatError, RequestError, LimitError."""
    if format not in ("table", "json"):
        raise UnknownFormatError(
            f"An explanation cannot be written as “{format}”.", hint="What fits: table, json."
        )
    snapshot = engine.snapshot
    found = explain(engine, KnownTerms(engine), query, list(snapshot.graphs), settings.deadline)
    other = "fr" if language == "en" else "en"
    named = labels(engine, iris_of(found), (language, other))
    document = found.document(snapshot.digest, named)
    if format == "json":
        click.echo(json.dumps(document, ensure_ascii=False, indent=2))
    else:
        sys.stdout.writelines(f"{line}\n" for line in _lines(document))


def _lines(document: dict[str, Any]) -> Iterator[str]:
    yield _answer(document["answer"])
    if document["emptied"]:
        yield from ("", "What first left nothing:")
        for part in document["emptied"]:
            yield from _finding(part)
    elif document["undecided"] is None:
        yield "The patterns of this query have solutions."
    if document["undecided"] is not None:
        yield from ("", f"The part that left nothing was not found. {document['undecided']}")
    if document["unknown"]:
        yield from ("", "Terms that are not in the dataset:")
        for term in document["unknown"]:
            yield from _finding(term)
    elif document["undecided"] is None:
        yield "Every term of this query is in the dataset."


def _answer(answer: dict[str, Any]) -> str:
    count = answer["count"]
    if answer["kind"] == "boolean":
        return "The answer is yes." if count else "The answer is no."
    unit = "triple" if answer["kind"] == "graph" else "row"
    return f"The answer has {count:,} {unit}{'' if count == 1 else 's'}."


def _finding(found: dict[str, Any]) -> Iterator[str]:
    text = " ".join(found["text"].split())
    yield f"  {found['line']}:{found['column']}  {text}"
    yield f"      {found['detail']}"
    instead = [
        one["text"] + (f" ({one['label']})" if one["label"] not in (None, one["text"]) else "")
        for one in found.get("suggestions", ())
    ]
    if instead:
        yield f"      Did you mean {', '.join(instead)}?"
