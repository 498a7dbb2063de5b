"""Triples from outside, with the graphs that they are meant for: Turtle, TriG and N-Quads."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable, Mapping
from itertools import pairwise
from typing import Final

from pyoxigraph import NamedNode, Quad, RdfFormat, Triple, parse

from migov.change.matching import compare
from migov.change.model import Change, Files, required_path
from migov.change.read.patterns import without_known
from migov.change.read.proposal import Proposal, read_proposal, refuse_triple_terms
from migov.change.write import Edit, edited
from migov.dataset import graph_iri, read_quads
from migov.dataset.canonical import triple_of
from migov.errors import DataSyntaxError, ParameterError, Place, RefusedError
from migov.sparql.tokens import iris, tokenize

_FORMATS: Final = {
    "Turtle": RdfFormat.TURTLE,
    "TriG": RdfFormat.TRIG,
    "N-Quads": RdfFormat.N_QUADS,
}
_BASE = re.compile(r"\s*(?:#[^\n]*\n\s*)*(?:@base|BASE)\s+<([^<>\s]+)>", re.IGNORECASE)
_REASON = re.compile(r"^Parser error (?:at|between) .*?: |(?: \(line \d+\))?$", re.DOTALL)


def turtle_change(
    before: Files,
    content: bytes,
    target: str | None = None,
    *,
    name: str = "proposal",
    replace: bool = False,
) -> Change:
    """Read Turtle meant for one graph: an IRI or a path, or what its first @base says.

    The triples are added; with `replace` they are the whole graph from now on. Raises RequestError.
    """
    proposal = read_proposal(name, content)
    if target is None:
        found = _BASE.match(proposal.text)
        if found is None:
            raise ParameterError(
                f"{name} does not say which graph it is meant for.",
                place=Place(name),
                hint="Name a graph or a file, or begin it with @base and the graph’s IRI.",
            )
        path = required_path(found[1], proposal.place_at(found.start(1)))
    else:
        path = required_path(target)
    quads = parsed(proposal, "Turtle", base=graph_iri(path))
    return _change(before, {path: [triple_of(quad) for quad in quads]}, name, replace)


def trig_change(
    before: Files, content: bytes, *, name: str = "proposal", replace: bool = False
) -> Change:
    """Read TriG: the triples of each graph are added to it, or with `replace` take its place."""
    proposal = read_proposal(name, content)
    quads = parsed(proposal, "TriG")
    try:
        graphs = _by_path(quads)
    except RefusedError as error:
        place = _place_in_trig(proposal, {quad.graph_name for quad in quads})
        raise RefusedError(error.message, place=place, hint=error.hint) from None
    return _change(before, graphs, name, replace)


def nquads_change(
    before: Files, content: bytes, *, name: str = "proposal", replace: bool = False
) -> Change:
    """Read N-Quads as `trig_change` reads TriG."""
    proposal = read_proposal(name, content)
    quads = parsed(proposal, "N-Quads")
    try:
        graphs = _by_path(quads)
    except RefusedError as error:
        raise RefusedError(
            error.message, place=_place_in_nquads(proposal, quads), hint=error.hint
        ) from None
    return _change(before, graphs, name, replace)


def drop_change(before: Files, target: str, *, name: str = "proposal") -> Change:
    """Return the change that removes a graph, and nothing where it is not there."""
    path = required_path(target)
    return Change(before, {other: file for other, file in before.items() if other != path}, name)


def parsed(proposal: Proposal, format: str, base: str | None = None) -> list[Quad]:
    """Parse a proposal whole; raises DataSyntaxError with line and column."""
    refuse_triple_terms(proposal)
    try:
        return list(parse(proposal.text.encode(), format=_FORMATS[format], base_iri=base))
    except SyntaxError as error:
        reason = _REASON.sub("", str(error.msg)).rstrip(".")
        place = proposal.place(error.lineno, error.offset)
        raise proposal.wrong(format, reason, place) from None
    except MemoryError:  # what the parser says of a token longer than its buffer
        raise DataSyntaxError(
            f"{proposal.name} has a literal or an IRI that is too long.",
            place=Place(proposal.name),
            hint="A term may have 16 MB.",
        ) from None


def _by_path(quads: Iterable[Quad]) -> dict[str, list[Triple]]:
    graphs: dict[str, list[Triple]] = defaultdict(list)
    for quad in quads:
        if not isinstance(quad.graph_name, NamedNode):
            raise RefusedError(
                "A triple is in no named graph, and every triple here belongs to one.",
                hint="Say which: GRAPH <https://w3id.org/migov/graph/data/….ttl> { … }.",
            )
        graphs[required_path(quad.graph_name.value)].append(triple_of(quad))
    return graphs


def _place_in_nquads(proposal: Proposal, quads: Iterable[Quad]) -> Place:
    """Return the line of the first quad that no graph here can take; each has its own line."""
    lines = [
        number
        for number, line in enumerate(proposal.text.split("\n"), 1)
        if line.strip() and not line.lstrip().startswith("#")
    ]
    for line, quad in zip(lines, quads, strict=False):
        if not _is_ours(quad.graph_name):
            return proposal.place(line, 1)
    return Place(proposal.name)


def _is_ours(graph: object) -> bool:
    try:
        return isinstance(graph, NamedNode) and bool(required_path(graph.value))
    except RefusedError:
        return False


def _place_in_trig(proposal: Proposal, graphs: Iterable[object]) -> Place:
    """Return where a graph that is not ours begins, or the first triple outside all graphs."""
    foreign = {
        graph.value for graph in graphs if isinstance(graph, NamedNode) and not _is_ours(graph)
    }
    tokens = tokenize(proposal.text)
    names = iris(tokens)
    level = 0
    in_directive = 0
    outside: int | None = None
    for index, (token, following) in enumerate(pairwise(tokens)):
        if token.text == "{":
            level += 1
        elif token.text == "}":
            level -= 1
        elif level == 0:
            if names[index] in foreign and following.text == "{":
                return proposal.place_at(token.offset)
            if token.text.lstrip("@").upper() in ("PREFIX", "BASE"):
                in_directive = 3
            is_graph = token.is_word("GRAPH") or following.text == "{"
            if in_directive or is_graph or token.text == ".":
                in_directive = max(0, in_directive - 1)
            elif outside is None:
                outside = token.offset
    return Place(proposal.name) if outside is None else proposal.place_at(outside)


def _change(before: Files, graphs: Mapping[str, list[Triple]], title: str, replace: bool) -> Change:
    edits = {}
    for path, triples in graphs.items():
        old = [triple_of(quad) for quad in read_quads(before[path])] if path in before else []
        if replace:
            found = compare(old, triples)
            edits[path] = Edit(found.removed, found.added_to_before())
        else:
            edits[path] = Edit(added=without_known(triples, old))
    return Change(before, edited(before, edits), title)
