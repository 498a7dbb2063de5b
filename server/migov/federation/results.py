"""The process that reads the answers of other endpoints.

    python -m migov.federation.results MEGABYTES

SPARQL results in JSON or XML → rows of an inline data block. A blank node cannot stand in one, so
it becomes an IRI that no one else uses (RDF 1.1 Concepts, section 3.5); each answer has its own.
"""

from __future__ import annotations

import sys
from typing import Any, Final

from pyoxigraph import (
    BlankNode,
    QueryBoolean,
    QueryResultsFormat,
    QuerySolutions,
    Store,
    Triple,
    parse_query_results,
)

from migov.confined import Reply, serve
from migov.sparql.services import inline_data

_FORMATS: Final = {"json": QueryResultsFormat.JSON, "xml": QueryResultsFormat.XML}


def rows_of(body: bytes, format: str, variables: list[str], genid: str) -> tuple[str, int]:
    """Return the solutions of a result as rows for `variables`, and their number.

    A variable that the result lacks is unbound; one that is not asked for is left out. `genid` is
    the beginning of the IRIs of blank nodes. Raises ValueError or SyntaxError.

    >>> rows_of(b'{"head": {"vars": ["a"]}, "results": {"bindings": [{}]}}', "json", ["a"], "")
    ('(UNDEF)', 1)
    """
    results = parse_query_results(body, format=_FORMATS[format])
    if isinstance(results, QueryBoolean):
        raise ValueError("it is a truth value")
    known = {variable.value for variable in results.variables}
    present = [name in known for name in variables]
    rows = [
        " ".join(
            _written(solution[name], genid) if there else "UNDEF"
            for name, there in zip(variables, present, strict=True)
        )
        for solution in results
    ]
    text = "".join(f"({row})" for row in rows)
    # What goes into the query is inline data of this many rows and nothing else.
    read = Store().query(f"SELECT * WHERE {{ {inline_data(variables, text)} }}")
    if not isinstance(read, QuerySolutions) or len(list(read)) != len(rows):
        raise ValueError("a term of it cannot be written")
    return text, len(rows)


def _written(term: Any, genid: str) -> str:
    if term is None:
        return "UNDEF"
    if isinstance(term, BlankNode):
        return f"<{genid}{term.value}>"
    if isinstance(term, Triple):
        raise ValueError("it has a triple term")
    return str(term)


def reply(request: dict[str, Any], content: bytes) -> Reply:
    """Return the rows of a result, or what is wrong with it."""
    try:
        text, count = rows_of(content, request["format"], request["variables"], request["genid"])
    except (SyntaxError, ValueError, OSError, RuntimeError) as error:
        return {"error": str(getattr(error, "msg", None) or error)[:200]}, b""
    return {"count": count}, text.encode()


if __name__ == "__main__":
    serve(reply, int(sys.argv[1]))
