"""The head of a graph answer: only the prefixes that the answer itself uses.

A query may use every prefix that this server knows, and the engine declares all of them in what
it writes. Which of them an answer needs is only known once it is written.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Final

_DECLARED: Final = {
    "ttl": re.compile(rb"@prefix ([^:\s]*): <[^>]*> \.\n"),
    "trig": re.compile(rb"@prefix ([^:\s]*): <[^>]*> \.\n"),
    "rdf": re.compile(rb' xmlns:([^=\s]+)="[^"]*"'),
}
_HEAD: Final = {
    "ttl": re.compile(rb"(?:@prefix [^\n]*\n)*"),
    "trig": re.compile(rb"(?:@prefix [^\n]*\n)*"),
    "rdf": re.compile(rb"(?:<\?[^>]*\?>\s*)?<rdf:RDF[^>]*"),
}


def without_unused(body: bytes, format: str, prefixes: Mapping[str, str]) -> bytes:
    """Return an answer without the declarations of known prefixes that nothing in it uses.

    A prefix that only seems to be used, inside a text, stays: it does no harm.

    >>> turtle = b"@prefix a: <http://a/> .\\n@prefix b: <http://b/> .\\na:s a:p 1 .\\n"
    >>> without_unused(turtle, "ttl", {"a": "http://a/", "b": "http://b/"}).count(b"@prefix")
    1
    """
    if format not in _HEAD:
        return body
    found = _HEAD[format].match(body)
    if found is None:
        return body
    head, rest = found[0], body[found.end() :]

    def kept(declaration: re.Match[bytes]) -> bytes:
        name = declaration[1]
        known = name.decode() in prefixes and name != b"rdf"
        return declaration[0] if not known or name + b":" in rest else b""

    return _DECLARED[format].sub(kept, head) + rest
