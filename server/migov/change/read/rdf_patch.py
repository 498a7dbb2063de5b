"""RDF Patch: lines that add (A) and delete (D) quads, with prefixes and transactions.

A blank node of a D line is one of the graph: that which `read_quads` gives this label, or else the
only one that everything its D lines say is true of. A line that deletes what is not there is
refused: the patch was made for another state of the graph.
"""

from __future__ import annotations

import re
from collections import defaultdict
from dataclasses import dataclass, field
from itertools import islice
from typing import Any, Final, Literal

from pyoxigraph import BlankNode, RdfFormat, Triple, parse

from migov.change.model import Change, Files, required_path
from migov.change.read.patterns import Graph, groups
from migov.change.read.proposal import Proposal, read_proposal, refuse_triple_terms
from migov.change.write import Edit, edited
from migov.dataset import read_quads
from migov.dataset.canonical import blanks, triple_of
from migov.dataset.turtle.tokens import Token, UnknownTurtleError, tokenize
from migov.errors import ConflictError, DataSyntaxError, RefusedError, TooComplexError

_PREFIX = re.compile(r'(PA|PD)\s+(?:"([^"]*)"|(\S*?):?)(?:\s+(?:<([^<>]*)>|"([^"]*)"))?\s*\.?\s*\Z')
_LONGEST_LINE: Final = 1_000_000
_PLAIN: Final = ("H", "TX", "TC")
_BLANK = re.compile(r"<_:([^<>\s]+)>")
_TURTLE_REASON = re.compile(r"^Parser error (?:at|between) .*?: |(?: \(line \d+\))?$", re.DOTALL)


@dataclass(frozen=True, slots=True)
class _Line:
    number: int
    kind: Literal["A", "D"]
    triple: Triple
    path: str


@dataclass(slots=True)
class _State:
    """The prefixes that hold, and what each transaction has said so far."""

    prefixes: dict[str, str] = field(default_factory=dict)
    lines: list[_Line] = field(default_factory=list)
    committed: int = 0


def rdf_patch_change(before: Files, content: bytes, *, name: str = "proposal") -> Change:
    """Read an RDF Patch; raises RequestError with line and column."""
    proposal = read_proposal(name, content)
    refuse_triple_terms(proposal)
    by_path: dict[str, list[_Line]] = defaultdict(list)
    for line in _read(proposal):
        by_path[line.path].append(line)
    edits = {path: _edit(proposal, path, before, lines) for path, lines in by_path.items()}
    return Change(before, edited(before, edits), name)


def _read(proposal: Proposal) -> list[_Line]:
    state = _State()
    for number, text in enumerate(proposal.text.split("\n"), 1):
        if len(text) > _LONGEST_LINE:
            raise TooComplexError(
                f"{proposal.name} has a line of more than {_LONGEST_LINE:,} characters.",
                place=proposal.place(number, 1),
                hint="Propose a long literal in Turtle.",
            )
        stripped = text.strip()
        if not stripped or stripped.startswith("#"):
            continue
        code = stripped.split(None, 1)[0].rstrip(".")
        if code in ("A", "D"):
            state.lines.append(_line(proposal, number, text, state.prefixes))
        elif code in ("PA", "PD"):
            _prefix(proposal, number, stripped, state.prefixes)
        elif code == "TC":
            state.committed = len(state.lines)
        elif code == "TA":
            del state.lines[state.committed :]
        elif code not in _PLAIN:
            column = len(text) - len(text.lstrip()) + 1
            raise proposal.wrong(
                "RDF Patch", f"no line begins with {code[:20]!r}", proposal.place(number, column)
            )
    return state.lines


def _prefix(proposal: Proposal, number: int, text: str, prefixes: dict[str, str]) -> None:
    found = _PREFIX.match(text)
    if found is None or (found[1] == "PA" and found[4] is None and found[5] is None):
        raise proposal.wrong(
            "RDF Patch", "this does not declare a prefix", proposal.place(number, 1)
        )
    name = found[2] if found[2] is not None else found[3]
    name = name.removesuffix(":")
    if found[1] == "PA":
        prefixes[name] = found[4] if found[4] is not None else found[5]
    else:
        prefixes.pop(name, None)


def _line(proposal: Proposal, number: int, text: str, prefixes: dict[str, str]) -> _Line:
    # `<_:x>` is how RDF Patch names a blank node of the store; the columns stay as they are.
    text = _BLANK.sub(lambda found: f"_:{found[1]}  ", text)
    terms = _terms(proposal, number, text)
    if len(terms) != 4:
        raise proposal.wrong(
            "RDF Patch",
            "a quad has four terms here, the last of them its graph",
            proposal.place(number, terms[-1][0] + 1 if terms else 1),
        )
    start = terms[0][0]
    kind: Literal["A", "D"] = "A" if text.lstrip().startswith("A") else "D"
    head = "".join(f"@prefix {name}: <{iri}> ." for name, iri in prefixes.items())
    graph_at = terms[3][0]
    quad = f"{head}{' ' * start}{text[start:graph_at]} ."
    shift = len(head)
    triple = _parsed(proposal, number, quad, shift)
    anything = "<urn:x> <urn:x> "
    graph = _parsed(
        proposal, number, f"{head}{anything}{terms[3][1]} .", shift + len(anything) - graph_at
    ).object
    path = required_path(getattr(graph, "value", str(graph)), proposal.place(number, graph_at + 1))
    return _Line(number, kind, triple, path)


def _terms(proposal: Proposal, number: int, text: str) -> list[tuple[int, str]]:
    """Return the terms of a line with their offsets, without the letter and the full stop."""
    indent = len(text) - len(text.lstrip())
    rest = " " * (indent + 1) + text[indent + 1 :]
    terms: list[tuple[int, str]] = []
    try:
        tokens = [token for token in tokenize(rest) if token.kind not in ("space", "comment")]
    except UnknownTurtleError as error:
        column = error.place.column if error.place else None
        raise proposal.wrong(
            "RDF Patch", "this is no term", proposal.place(number, column)
        ) from None
    ends_with_stop = bool(tokens) and tokens[-1].text == "."
    before: Token | None = None
    for token in tokens[:-1] if ends_with_stop else tokens:
        is_tail = token.kind in ("language", "datatype") or (
            before is not None and before.kind == "datatype"
        )
        if is_tail and terms:
            terms[-1] = (terms[-1][0], terms[-1][1] + token.text)
        elif token.kind == "mark":
            break
        else:
            terms.append((token.offset, token.text))
        before = token
    else:
        if ends_with_stop:
            return terms
    raise proposal.wrong(
        "RDF Patch", "the line does not end with a full stop", proposal.place(number, len(text) + 1)
    )


def _parsed(proposal: Proposal, number: int, text: str, shift: int) -> Triple:
    try:
        (quad,) = parse(text.encode(), format=RdfFormat.TURTLE)
        return triple_of(quad)
    except SyntaxError as error:
        column = max(1, (error.offset or 1) - shift)
        reason = _TURTLE_REASON.sub("", str(error.msg)).rstrip(".")
        raise proposal.wrong("RDF Patch", reason, proposal.place(number, column)) from None
    except (ValueError, MemoryError):
        raise DataSyntaxError(
            f"{proposal.name} is not valid RDF Patch: this is not one quad.",
            place=proposal.place(number, 1),
            hint="Write one quad on each line; a term may have 16 MB.",
        ) from None


def _edit(proposal: Proposal, path: str, before: Files, lines: list[_Line]) -> Edit:
    """Return what the lines do to one graph, one after the other."""
    old = dict.fromkeys(
        triple_of(quad) for quad in (read_quads(before[path]) if path in before else ())
    )
    names = _named(proposal, lines, old)
    now = dict(old)
    for line in lines:
        triple = _renamed(line.triple, names)
        if line.kind == "A":
            now[triple] = None
        elif triple in now:
            del now[triple]
        else:
            raise _not_there(proposal, line)
    return Edit(
        removed=[triple for triple in old if triple not in now],
        added=[triple for triple in now if triple not in old],
    )


def _named(
    proposal: Proposal, lines: list[_Line], old: dict[Triple, None]
) -> dict[BlankNode, object]:
    """Return for each blank node of the patch the term of the graph, or a new node."""
    there = {node for triple in old for node in blanks(triple)}
    mentioned = {node for line in lines for node in blanks(line.triple)}
    names: dict[BlankNode, object] = {node: node for node in mentioned & there}
    added = {line.triple for line in lines if line.kind == "A"}
    deleted = {line.triple: line for line in lines if line.kind == "D" and line.triple not in added}
    graph = Graph(old)
    for group in groups(deleted, apart=names):
        unknown = {node for triple in group for node in blanks(triple)} - names.keys()
        if not unknown:
            continue
        found = list(islice(graph.matches(group, names), 2))
        first = min((deleted[triple] for triple in group), key=lambda line: line.number)
        if not found:
            raise _not_there(proposal, first)
        if len(found) > 1:
            raise RefusedError(
                f"{proposal.name} deletes a blank node that could be several of the graph.",
                place=proposal.place(first.number, 1),
                hint="Delete everything that is said of it in the same patch.",
            )
        names.update((node, found[0][node]) for node in unknown)
    for node in mentioned - names.keys():
        names[node] = BlankNode(f"proposed{node.value}")
    return names


def _not_there(proposal: Proposal, line: _Line) -> ConflictError:
    return ConflictError(
        f"{proposal.name} deletes a triple that {line.path} does not have.",
        place=proposal.place(line.number, 1),
        hint="Make the patch again from the files as they are now.",
    )


def _renamed(triple: Triple, names: dict[BlankNode, object]) -> Triple:
    def renamed(term: Any) -> Any:
        return names.get(term, term) if isinstance(term, BlankNode) else term

    return Triple(renamed(triple.subject), triple.predicate, renamed(triple.object))
