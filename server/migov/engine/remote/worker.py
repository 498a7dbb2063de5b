"""The process that reads what is written elsewhere: queries before they go, answers when they come.

    python -P -m migov.engine.remote.worker MEGABYTES

It opens nothing, like the workers that evaluate queries, and is ended like them: `migov.confined`
has the frames between it and its owner.
"""

from __future__ import annotations

import json
import re
import sys
from collections.abc import Iterable
from typing import Any, Final

from pyoxigraph import (
    QueryBoolean,
    QueryResultsFormat,
    QuerySolutions,
    QueryTriples,
    RdfFormat,
    Store,
    Triple,
    parse,
    parse_query_results,
    serialize,
)

from migov.confined import Reply, serve
from migov.engine.formats import GRAPHS, SOLUTIONS
from migov.engine.spool import Spool, TooLarge, cut_rows, cut_triples

_PREFIXED: Final = ("ttl", "trig", "rdf")

# No string of JSON can hold these: its quotation marks would be escaped.
_BLANK: Final = re.compile(rb'("type"\s*:\s*"bnode"\s*,\s*"value"\s*:\s*")nodeID://')
_BOOLEAN: Final = re.compile(
    rb'("datatype"\s*:\s*"http://www.w3.org/2001/XMLSchema#boolean"\s*,\s*"value"\s*:\s*")([01])"'
)
_HEAD: Final = re.compile(rb'\A\s*\{\s*"head"\s*:\s*\{[^{}]*?"vars"\s*:\s*(\[[^\]]*\])')


def read_query(request: dict[str, Any]) -> dict[str, Any]:
    """Return the kind of a query's result and its variables, or what is wrong with its syntax.

    Both readings are parsed: the one that was given, so that an error has its place in it, and the
    portable one, which is what the store gets.
    """
    kind, variables = "", []
    for text in (request["given"], request["portable"]):
        store = Store()
        try:
            # Nothing is evaluated yet, but for what ASK and sorting do over nothing.
            result = store.query(text, prefixes=request["prefixes"] or None)
        except SyntaxError as error:
            return {"error": "syntax", "message": str(error.msg), "given": text == request["given"]}
        except (OSError, RuntimeError, ValueError) as error:
            return {"error": "evaluation", "message": str(error)}
        if isinstance(result, QuerySolutions):
            kind, variables = "solutions", [variable.value for variable in result.variables]
        else:
            kind = "graph" if isinstance(result, QueryTriples) else "boolean"
    return {"kind": kind, "variables": variables}


def write_answer(request: dict[str, Any], document: bytes) -> Reply:
    """Return a store's answer in the format that was asked for, if it is whole and fits the query.

    Solutions come as JSON, graphs as N-Triples: both end in a way that shows a cut.
    """
    try:
        if request["kind"] == "graph":
            return _graph(request, document)
        return _solutions(request, document)
    except TooLarge:
        return {"error": "large"}, b""
    except (SyntaxError, ValueError, OSError) as error:
        return {"error": "malformed", "message": str(error)}, b""


def _graph(request: dict[str, Any], document: bytes) -> Reply:
    quads = parse(document, format=RdfFormat.N_TRIPLES)
    triples = dict.fromkeys(Triple(quad.subject, quad.predicate, quad.object) for quad in quads)
    name, rows = request["format"], request["rows"]
    prefixes = (request["prefixes"] or None) if name in _PREFIXED else None

    def write(some: Iterable[Triple], out: Spool) -> None:
        serialize(some, out, GRAPHS[name], prefixes=prefixes)

    if rows:
        body, is_cut = cut_triples(triples, write, name, request["limit"], rows)
        return {"cut": is_cut}, body
    out = Spool(request["limit"])
    write(triples, out)
    return {}, out.getvalue()


def _solutions(request: dict[str, Any], document: bytes) -> Reply:
    document = _BLANK.sub(rb"\1", document)
    document = _BOOLEAN.sub(_canonical, document)
    if request["kind"] == "solutions":
        document = _in_order(document, request["variables"])
    results = parse_query_results(document, format=QueryResultsFormat.JSON)
    if isinstance(results, QueryBoolean) != (request["kind"] == "boolean"):
        return {"error": "malformed", "message": "it is another kind of result"}, b""
    if isinstance(results, QuerySolutions):
        named = [variable.value for variable in results.variables]
        if named != request["variables"]:
            return {"error": "malformed", "message": "it has other variables"}, b""
    name, rows, limit = request["format"], request["rows"], request["limit"]

    def write(out: Spool) -> None:
        results.serialize(out, format=SOLUTIONS[name])

    if rows and isinstance(results, QuerySolutions):
        body, is_cut = cut_rows(write, name, limit, rows)
        return {"cut": is_cut}, body
    out = Spool(limit)
    write(out)
    return {}, out.getvalue()


def _canonical(found: re.Match[bytes]) -> bytes:
    return found[1] + (b'true"' if found[2] == b"1" else b'false"')


def _in_order(document: bytes, variables: list[str]) -> bytes:
    """Return JSON results whose head names the variables in our order, where they are the same."""
    found = _HEAD.match(document)
    if found is None:
        return document
    named = json.loads(found[1])
    if set(named) != set(variables):
        return document
    head = json.dumps(variables).encode()
    return document[: found.start(1)] + head + document[found.end(1) :]


def reply(request: dict[str, Any], document: bytes) -> Reply:
    """Read the query of a request that has one, and otherwise the answer that comes with it."""
    return (read_query(request), b"") if "portable" in request else write_answer(request, document)


if __name__ == "__main__":
    serve(reply, int(sys.argv[1]))
