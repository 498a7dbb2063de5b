"""Documents from outside → N-Triples, in a process that may be killed.

    python -P -m migov.engine.reading MEGABYTES

It takes one order on standard input, a line of JSON and the bytes of the documents, answers in the
same way, and ends. No RDF parser of the serving process meets a document from outside.
"""

from __future__ import annotations

import io
import json
import re
import resource
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import Any, BinaryIO, Final, cast
from xml.parsers import expat

from pyoxigraph import DefaultGraph, NamedNode, Quad, RdfFormat, Triple, parse, serialize

from migov.errors import (
    DataSyntaxError,
    DeadlineError,
    EnvironmentProblem,
    MigovError,
    Place,
    RefusedError,
    ResourceError,
    TooComplexError,
)

FORMATS: Final = {
    "ttl": RdfFormat.TURTLE,
    "nt": RdfFormat.N_TRIPLES,
    "rdf": RdfFormat.RDF_XML,
    "jsonld": RdfFormat.JSON_LD,
    "trig": RdfFormat.TRIG,
    "nq": RdfFormat.N_QUADS,
}
_MEGABYTE: Final = 1024 * 1024
_POSITION: Final = re.compile(r"^Parser error (?:at|between) .*?: ", re.DOTALL)


@dataclass(frozen=True, slots=True)
class Document:
    """The bytes of an RDF document and the short name of their format."""

    content: bytes
    format: str


class Readings:
    """Reads documents, each request in a process of its own; one waits ready for the next.

    Safe for use by many threads.
    """

    def __init__(self, deadline: float, memory: int) -> None:
        """`deadline` in seconds and `memory` in megabytes are for one request."""
        self._deadline = deadline
        self._memory = memory
        self._spare: subprocess.Popen[bytes] | None = None
        self._taking = threading.Lock()

    def triples(self, documents: Sequence[Document], graph: str | None, base: str) -> bytes:
        """Return what documents say, as N-Triples; blank nodes of two documents stay apart.

        `graph` is the graph that they are meant for: one with named graphs may have that one.
        Relative IRIs are resolved against `base`. Raises DataSyntaxError with the line and column,
        RefusedError for a DOCTYPE, a remote context and triples of another graph, or LimitError.
        """
        order = {
            "graph": graph,
            "base": base,
            "documents": [[each.format, len(each.content)] for each in documents],
        }
        content = b"".join(each.content for each in documents)
        child = self._take()
        try:
            answer, _ = child.communicate(
                json.dumps(order).encode() + b"\n" + content, timeout=self._deadline
            )
        except subprocess.TimeoutExpired:
            raise DeadlineError(
                "The time to read this document ran out.", hint="Send it in smaller parts."
            ) from None
        finally:
            _end(child)
            threading.Thread(target=self._prepare, daemon=True).start()
        if child.returncode:
            raise _obituary(child.returncode)
        head, _, body = answer.partition(b"\n")
        frame: dict[str, Any] = json.loads(head)
        if "error" in frame:
            raise _error(frame)
        return body

    def close(self) -> None:
        """End the process that waits."""
        with self._taking:
            child, self._spare = self._spare, None
        if child is not None:
            _end(child)

    def _take(self) -> subprocess.Popen[bytes]:
        with self._taking:
            child, self._spare = self._spare, None
        return child if child is not None and child.poll() is None else self._started()

    def _prepare(self) -> None:
        with self._taking:
            if self._spare is None:
                with suppress(EnvironmentProblem):
                    self._spare = self._started()

    def _started(self) -> subprocess.Popen[bytes]:
        try:
            return subprocess.Popen(
                [sys.executable, "-P", "-m", "migov.engine.reading", str(self._memory)],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=subprocess.DEVNULL,
                start_new_session=True,
            )
        except OSError as error:
            raise EnvironmentProblem(
                "The process that reads documents could not start.", hint="Is there memory for it?"
            ) from error


def _end(child: subprocess.Popen[bytes]) -> None:
    child.kill()
    child.wait()
    for pipe in (child.stdin, child.stdout):
        if pipe is not None:
            with suppress(BrokenPipeError):
                pipe.close()


def _obituary(status: int) -> MigovError:
    if status in (-signal.SIGSEGV, -signal.SIGBUS):
        return TooComplexError(
            "The document is nested too deeply.", hint="Give nested nodes names of their own."
        )
    return ResourceError(
        "The document used more memory than one may.", hint="Send it in smaller parts."
    )


def _error(frame: dict[str, Any]) -> MigovError:
    what, which = frame["error"], frame["document"]
    place = Place(which, frame.get("line"), frame.get("column"), frame.get("text"))
    match what:
        case "doctype":
            return RefusedError(
                f"The {which} has a DOCTYPE, and entities are not expanded.",
                place=place,
                hint="Write the IRIs whole, and leave the DOCTYPE out.",
            )
        case "remote":
            return RefusedError(
                f"The context of the {which} stands elsewhere, and nothing is fetched.",
                place=place,
                hint="Put the context itself into the document, or expand it first.",
            )
        case "graph":
            return RefusedError(
                f"The {which} has triples of <{frame['graph']}>, another graph.",
                place=place,
                hint="Send each graph to its own address.",
            )
        case _:
            reason = frame["message"].rstrip(".")
            return DataSyntaxError(
                f"The {which} cannot be read: {reason}.",
                place=place,
                hint="Is it in the format that Content-Type says?",
            )


class _Refused(Exception):
    """What a document may not have; `frame` tells it."""

    def __init__(self, **frame: Any) -> None:
        self.frame = frame


def _read(order: dict[str, Any], source: BinaryIO) -> Iterator[Triple]:
    graph = order["graph"]
    fitting = {DefaultGraph(), *([NamedNode(graph)] if graph else ())}
    single = len(order["documents"]) == 1
    for number, (format, length) in enumerate(order["documents"], 1):
        content = source.read(length)
        name = "document" if single else f"document {number}"
        try:
            if format == "rdf":
                _check_xml(content)
            for quad in parse(
                content, format=FORMATS[format], base_iri=order["base"], rename_blank_nodes=True
            ):
                if quad.graph_name not in fitting:
                    raise _Refused(error="graph", graph=str(getattr(quad.graph_name, "value", "")))
                yield _triple(quad)
        except _Refused as refused:
            raise _Refused(**refused.frame, document=name) from None
        except SyntaxError as error:
            raise _Refused(**_syntax(error, content), document=name) from error


def _triple(quad: Quad) -> Triple:
    return Triple(quad.subject, quad.predicate, quad.object)


def _check_xml(content: bytes) -> None:
    """Refuse a DOCTYPE before the RDF parser expands its entities, and what is not UTF-8."""
    parser = expat.ParserCreate()

    def doctype(*_: object) -> None:
        raise _Refused(
            error="doctype", line=parser.CurrentLineNumber, column=parser.CurrentColumnNumber + 1
        )

    def declared(_version: str, encoding: str | None, _standalone: int) -> None:
        if encoding is not None and encoding.lower() not in ("utf-8", "utf8", "us-ascii"):
            raise _Refused(error="syntax", message=f"its encoding is {encoding}, not UTF-8", line=1)

    parser.StartDoctypeDeclHandler = doctype
    parser.XmlDeclHandler = declared
    if content[:2] in (b"\xff\xfe", b"\xfe\xff"):
        raise _Refused(error="syntax", message="its encoding is UTF-16, not UTF-8", line=1)
    try:
        parser.Parse(content, True)
    except expat.ExpatError as error:
        raise _Refused(
            error="syntax",
            message=expat.ErrorString(error.code),
            line=error.lineno,
            column=error.offset + 1,
        ) from error


def _syntax(error: SyntaxError, content: bytes) -> dict[str, Any]:
    message = _POSITION.sub("", str(error.msg))
    if "LoadDocumentCallback" in message:
        return {"error": "remote"}
    line, column = error.lineno, error.offset
    lines = content.decode("utf-8", "replace").splitlines()
    text = lines[line - 1][:1000] if line and line <= len(lines) else None
    return {"error": "syntax", "message": message, "line": line, "column": column, "text": text}


def main() -> None:
    """Read one order, answer it and end."""
    megabytes = int(sys.argv[1])
    size = megabytes * _MEGABYTE
    resource.setrlimit(resource.RLIMIT_AS, (size, size))
    resource.setrlimit(resource.RLIMIT_FSIZE, (0, 0))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    resource.setrlimit(resource.RLIMIT_NOFILE, (3, 3))  # the three that are open, and no more
    head = sys.stdin.buffer.readline()
    if not head:
        return  # whoever started it needed no other
    out = io.BytesIO()
    frame: dict[str, Any] = {}
    try:
        serialize(_read(json.loads(head), sys.stdin.buffer), out, RdfFormat.N_TRIPLES)
    except _Refused as refused:
        frame, out = refused.frame, io.BytesIO()
    answer = cast("BinaryIO", sys.stdout.buffer)
    answer.write(json.dumps(frame).encode() + b"\n")
    answer.write(out.getbuffer())
    answer.flush()


if __name__ == "__main__":
    main()
