"""The bytes between an engine and its workers.

A request is a head and up to three texts, an answer a head and a body. Answers come in the order
of their requests, so several requests may wait in one channel. Packing one costs about a
microsecond, since whoever sends it may be answering thousands of others.
"""

from __future__ import annotations

import json
import struct
from collections.abc import Mapping
from typing import Any, Final

from migov.engine.operations import GRAPH_FORMATS, SOLUTION_FORMATS, Query

FRAME: Final = struct.Struct("!I")
"""The length of a JSON frame, between programs that exchange few of them."""

REQUEST: Final = struct.Struct("!BBBBIIII")
"""What is asked, the formats for solutions and graphs, whether inferred triples join, the most rows
or triples to answer (0 for any number), and the lengths in bytes of the text, the prefixes and the
dataset, which follow in this order."""

REPLY: Final = struct.Struct("!BBI")
"""What the body is, the format it is written in, and its length in bytes."""

CUT: Final = 0x80
"""Stands beside the format of an answer that has not all rows or triples."""

QUERY: Final = 0
UPDATE: Final = 1
SKIP: Final = 2
"""What came before and was not begun is not wanted any more; each is answered by SKIPPED."""

SOLUTIONS: Final = 0
BOOLEAN: Final = 1
GRAPH: Final = 2
ERROR: Final = 3
"""The body is a JSON object with `error`, what kind it is."""
CHANGED: Final = 4
"""The body is what an update changes, as `migov.engine.updating` writes it."""
SKIPPED: Final = 5
"""The request was not wanted any more when its turn came."""

KINDS: Final = ("solutions", "boolean", "graph")
FORMATS: Final = (*SOLUTION_FORMATS, *GRAPH_FORMATS)
_NUMBERS: Final[dict[str | None, int]] = {
    None: 0,
    **{name: number for number, name in enumerate(FORMATS, 1)},
}


def pack_query(query: Query, prefixes: bytes | None = None, text: str | None = None) -> bytes:
    """Return the request that asks a query, or another one in the same way by its `text`.

    `prefixes` are those of the query, where they are packed already.

    Surrogates pass, so that the worker refuses them as it refuses anything else.
    """
    dataset = b""
    if query.default_graphs is not None or query.named_graphs is not None:
        dataset = json.dumps([query.default_graphs or (), query.named_graphs or ()]).encode()
    return pack(
        QUERY,
        (query.text if text is None else text).encode("utf-8", "surrogatepass"),
        packed_prefixes(query.prefixes) if prefixes is None else prefixes,
        dataset,
        query.solutions,
        query.graph,
        query.inferred,
        query.rows,
    )


def pack(
    order: int,
    text: bytes,
    prefixes: bytes = b"",
    dataset: bytes = b"",
    solutions: str | None = None,
    graph: str | None = None,
    inferred: bool = False,
    rows: int = 0,
) -> bytes:
    """Return a request; `dataset` is JSON, a list of default graphs and one of named graphs."""
    head = REQUEST.pack(
        order,
        _NUMBERS[solutions],
        _NUMBERS[graph],
        inferred,
        rows,
        len(text),
        len(prefixes),
        len(dataset),
    )
    return head + text + prefixes + dataset


SKIPPING: Final = pack(SKIP, b"")
"""The whole request to skip what came before it."""


def packed_prefixes(prefixes: Mapping[str, str]) -> bytes:
    """Return prefixes as a request has them; a worker reads the same bytes only once."""
    return json.dumps(dict(prefixes)).encode() if prefixes else b""


def format_of(number: int) -> str | None:
    """Return the name of a format from a head, None where none was asked for.

    >>> format_of(1), format_of(1 | CUT), format_of(0)
    ('json', 'json', None)
    """
    return FORMATS[(number & ~CUT) - 1] if number else None


def number_of(name: str | None) -> int:
    """Return the number that stands for a format in a head.

    >>> format_of(number_of("ttl"))
    'ttl'
    """
    return _NUMBERS[name]


def error_of(body: bytes) -> dict[str, Any]:
    """Return what an answer of kind ERROR says."""
    found: dict[str, Any] = json.loads(body)
    return found
