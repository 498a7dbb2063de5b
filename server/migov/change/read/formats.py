"""The formats of proposals by name, media type and suffix, and the reader for each."""

from __future__ import annotations

from pathlib import PurePath
from typing import Final

from migov.change.model import Change, Files
from migov.change.read.git_patch import patch_change
from migov.change.read.rdf import nquads_change, trig_change, turtle_change
from migov.change.read.rdf_patch import rdf_patch_change
from migov.change.read.update import Updating, update_change
from migov.errors import EnvironmentProblem, UnknownFormatError

FORMATS: Final = {
    "patch": ("text/x-patch", ".patch", ".diff"),
    "rdf-patch": ("application/rdf-patch", ".rdfp"),
    "trig": ("application/trig", ".trig"),
    "n-quads": ("application/n-quads", ".nq"),
    "update": ("application/sparql-update", ".ru"),
    "turtle": ("text/turtle", ".ttl"),
}
"""The names of the formats, each with its media type and its suffixes."""


def format_of(name: str) -> str:
    """Return the format that a name, a media type or a file name stands for.

    >>> format_of("text/turtle"), format_of("proposal.ru"), format_of("rdf-patch")
    ('turtle', 'update', 'rdf-patch')
    """
    suffix = PurePath(name).suffix.lower()
    for format, (media_type, *suffixes) in FORMATS.items():
        if name in (format, media_type) or suffix in suffixes:
            return format
    raise UnknownFormatError(
        f"{name} is no format of a change.", hint=f"Name one of {', '.join(FORMATS)}."
    )


def read_change(
    before: Files,
    content: bytes,
    format: str,
    *,
    target: str | None = None,
    replace: bool = False,
    engine: Updating | None = None,
    name: str = "proposal",
) -> Change:
    """Read a proposal for the files `before`; raises RequestError or LimitError.

    `target` is the graph or file that Turtle is meant for. With `replace`, Turtle, TriG and N-Quads
    are the whole of each graph they name, else they add to it. An update needs the engine that
    answers from the snapshot of `before`.
    """
    match format_of(format):
        case "patch":
            return patch_change(before, content, name=name)
        case "rdf-patch":
            return rdf_patch_change(before, content, name=name)
        case "trig":
            return trig_change(before, content, name=name, replace=replace)
        case "n-quads":
            return nquads_change(before, content, name=name, replace=replace)
        case "turtle":
            return turtle_change(before, content, target, name=name, replace=replace)
    if engine is None:
        raise EnvironmentProblem("A SPARQL Update needs a snapshot to run on.")
    return update_change(before, content, engine, name=name)
