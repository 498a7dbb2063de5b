"""SPARQL 1.1 Graph Store HTTP Protocol: which graph a request is about, and what it brings."""

from __future__ import annotations

import hashlib
import re
from codecs import BOM_UTF8
from collections.abc import Mapping
from email.parser import BytesParser
from email.policy import HTTP
from pathlib import PurePosixPath
from typing import Final, cast

from pyoxigraph import NamedNode
from werkzeug.http import parse_date, parse_options_header

from migov.engine.reading import Document
from migov.errors import RequestError
from migov.protocol.errors import MediaTypeError, PreconditionError
from migov.protocol.formats import GRAPHS, Format
from migov.protocol.operation import Parameters, refuse_charset, refuse_version

MULTIPART: Final = "multipart/form-data"

_SCHEME: Final = re.compile(r"[A-Za-z][A-Za-z0-9+.\-]*:")
_LOOSE: Final = ("application/json", "application/xml", "text/xml", "text/plain")
"""Media types that we answer with where one asks for them, and that do not say that a body is RDF:
the last is also what a form of any web page can send."""
PAYLOADS: Final = {
    media_type: entry
    for entry in GRAPHS
    for media_type in entry.media_types
    if media_type not in _LOOSE
}
_SUFFIXES: Final = {**{f".{entry.name}": entry for entry in GRAPHS}, ".owl": GRAPHS[2]}
_UNKNOWN: Final = ("", "application/octet-stream", "text/plain")


def is_about_a_graph(parameters: Parameters) -> bool:
    """Return whether a request at the graph store says which graph it is about."""
    return any(name in ("graph", "default") for name, _ in parameters)


def read_graph(parameters: Parameters) -> str | None:
    """Return the graph that a request is about, None for the default graph (section 4.2).

    Raises RequestError when it names none, several, or one that is not an absolute IRI.

    >>> read_graph([("graph", "http://example.org/g")])
    'http://example.org/g'
    >>> read_graph([("default", "")]) is None
    True
    """
    graphs = [value for name, value in parameters if name == "graph"]
    defaults = sum(name == "default" for name, _ in parameters)
    if len(graphs) + defaults != 1:
        raise RequestError(
            "The request names more than one graph."
            if graphs or defaults
            else "No graph is named.",
            hint="Name one, as ?graph=<absolute IRI, percent-encoded>, or ?default.",
        )
    return absolute(graphs[0]) if graphs else None


def absolute(iri: str) -> str:
    """Return an absolute IRI as it is; raises RequestError for anything else.

    >>> absolute("data/x.ttl")
    Traceback (most recent call last):
    ...
    migov.errors.RequestError: “data/x.ttl” is not an absolute IRI.
    """
    try:
        if _SCHEME.match(iri):
            return NamedNode(iri).value
    except ValueError:
        pass
    raise RequestError(
        f"“{iri}” is not an absolute IRI.",
        hint="Write it whole, with its scheme, and percent-encode it in the address.",
    )


def read_payload(content_type: str | None, body: bytes, *, parts: bool = False) -> list[Document]:
    """Return the documents that a request brings: one, or with `parts` those of a form.

    Raises MediaTypeError for what is not RDF, RequestError for a form that cannot be read.
    """
    media_type, options = parse_options_header(content_type or "")
    if media_type == MULTIPART and parts:
        return _parts(content_type or "", body)
    return [Document(body.removeprefix(BOM_UTF8), _format(media_type, options).name)]


def _format(media_type: str, options: Mapping[str, str], name: str = "") -> Format:
    format = PAYLOADS.get(media_type)
    if format is None and name and media_type in _UNKNOWN:
        format = _SUFFIXES.get(PurePosixPath(name).suffix.lower())
    if format is None:
        what = f"{name}: a" if name else "A"
        raise MediaTypeError(
            f"{what} body of type {media_type} is not RDF."
            if media_type
            else "The body has no media type.",
            hint=f"Say it in Content-Type: one of {', '.join(PAYLOADS)}.",
        )
    refuse_charset(media_type, options)
    refuse_version(media_type, options)
    return format


def _parts(content_type: str, body: bytes) -> list[Document]:
    """Return the documents of a form, those of a group of files as well (RFC 7578, RFC 2388)."""
    message = BytesParser(policy=HTTP).parsebytes(
        b"Content-Type: " + content_type.encode("latin-1", "replace") + b"\r\n\r\n" + body
    )
    if not message.is_multipart() or any(part.defects for part in message.walk()):
        raise RequestError(
            "The form cannot be read: its parts do not begin and end where it says.",
            hint="Send each document as one file of multipart/form-data.",
        )
    documents = []
    for part in message.walk():
        if part.is_multipart():
            continue
        media_type, options = parse_options_header(part.get("Content-Type", ""))
        name = part.get_filename() or ""
        content = cast("bytes", part.get_payload(decode=True))
        content = content.removeprefix(BOM_UTF8)
        documents.append(Document(content, _format(media_type, options, name or "a part").name))
    if not documents:
        raise RequestError("The form has no documents.", hint="Add at least one file.")
    return documents


def state_of(triples: bytes) -> str:
    """Return a name for what a graph says, from its N-Triples in any order.

    >>> state_of(b"<a:a> <a:b> 1 .\\n<a:a> <a:b> 2 .\\n")[:6]
    'c6a444'
    >>> state_of(b"<a:a> <a:b> 2 .\\n<a:a> <a:b> 1 .\\n")[:6]
    'c6a444'
    """
    return hashlib.sha256(b"\n".join(sorted(triples.splitlines()))).hexdigest()[:24]


def check_preconditions(if_match: str | None, if_none_match: str | None, state: str | None) -> None:
    """Raise PreconditionError where these headers ask for another state (RFC 9110, section 13).

    `state` is that of the graph, None where there is none. Its entity tags are `"<state>.<format>"`
    and may have another ending: whichever format one read, it is the same state.

    >>> check_preconditions(None, "*", None)
    >>> check_preconditions('"abc.ttl"', None, "abc")
    """
    if if_match is not None and not _matches(if_match, state, weak=False):
        raise PreconditionError(
            "The graph is not in the state that If-Match names.",
            hint="Read it again; somebody else may have written to it.",
        )
    if if_none_match is not None and _matches(if_none_match, state, weak=True):
        raise PreconditionError(
            "The graph is there already." if if_none_match.strip() == "*" else "Nothing changed.",
            hint="Leave If-None-Match out to replace it.",
        )


def check_unmodified(unless_since: str | None, modified: str | None) -> None:
    """Raise PreconditionError where a graph changed after the date of If-Unmodified-Since.

    `modified` is when it may have changed last, None where that is not known: then, and where the
    date is none, the header says nothing (RFC 9110, 13.1.4).

    >>> check_unmodified("Tue, 01 Dec 2026 00:00:00 GMT", "Mon, 30 Nov 2026 00:00:00 GMT")
    """
    limit, changed = parse_date(unless_since), parse_date(modified)
    if limit is not None and changed is not None and changed > limit:
        raise PreconditionError(
            f"The graph may have changed after {unless_since}: the dataset did, at {modified}.",
            hint="Read it again, and send its ETag as If-Match, which is exact.",
        )


_TAG: Final = re.compile(r'\s*(W/)?"([^"]*)"\s*(?:,|$)')


def _matches(header: str, state: str | None, *, weak: bool) -> bool:
    if state is None:
        return False
    if header.strip() == "*":
        return True
    tags = _TAG.findall(header)
    return any(tag.partition(".")[0] == state for is_weak, tag in tags if weak or not is_weak)
