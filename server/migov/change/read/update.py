"""SPARQL Update → a change: run on the snapshot by a worker, then brought back to the files.

The store has other blank node labels than the files, and writes "1.00" as "1": nodes are found
again by what is said of them, and literals get the form that the update or the file gave them.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final, Protocol

from pyoxigraph import BlankNode, Literal, NamedNode, Quad, RdfFormat, Store, Triple, parse

from migov.change.matching import compare
from migov.change.model import Change, Files, required_path
from migov.change.read.proposal import read_proposal, refuse_triple_terms
from migov.change.write import Edit, edited
from migov.dataset import ContentFile, digest, read_quads
from migov.dataset.canonical import triple_of
from migov.engine.local import Changed
from migov.engine.updates import Update, read_update
from migov.errors import BusyError, Place, RefusedError
from migov.sparql.tokens import Token, iris, tokenize
from migov.vocabulary import PREFIXES

_XSD: Final = "http://www.w3.org/2001/XMLSchema#"
_ANY: Final = NamedNode("urn:any")


class Updating(Protocol):
    """What runs an update on one state of the files and keeps nothing of it."""

    @property
    def digest(self) -> str:
        """The digest of the files."""

    def update(self, update: Update, prefixes: Mapping[str, str] | None = None) -> Changed:
        """Return the graphs that change, before and after; raises RequestError or LimitError."""


def update_change(
    before: Files,
    content: bytes,
    engine: Updating,
    *,
    name: str = "update",
    prefixes: Mapping[str, str] = PREFIXES,
) -> Change:
    """Read a SPARQL Update over the state `before`; raises RequestError or LimitError."""
    proposal = read_proposal(name, content)
    refuse_triple_terms(proposal)
    if engine.digest != digest(before.values()):
        raise BusyError(
            "The files are newer than the snapshot that answers.", hint="Try again in a moment."
        )
    update = read_update(proposal.text, prefixes, name)
    for graph, place in update.places.items():
        required_path(graph, place)
    spelt = _spelt_in(proposal.text, prefixes)
    edits = {}
    for graph, old, new in engine.update(update, prefixes):
        path = required_path(graph, Place(name))
        edits[path] = _edit(before.get(path), _triples(old), _triples(new), spelt)
    return Change(before, edited(before, edits), name)


def _triples(text: str) -> list[Triple]:
    return [triple_of(quad) for quad in parse(text.encode(), format=RdfFormat.N_QUADS)]


def _edit(
    file: ContentFile | None,
    old: list[Triple],
    new: list[Triple],
    spelt: Mapping[Literal, Literal],
) -> Edit:
    said = [triple_of(quad) for quad in read_quads(file)] if file else []
    forms: dict[Triple, list[Triple]] = {}
    in_file: dict[Literal, Literal] = {}
    for triple in said:
        stored = _with_object(triple, stored_form(triple.object))
        forms.setdefault(stored, []).append(triple)
        if isinstance(triple.object, Literal) and isinstance(stored.object, Literal):
            in_file.setdefault(stored.object, triple.object)
    found = compare(old, forms)
    if found.removed or found.added:
        raise RefusedError(
            "The snapshot does not say what the file of a graph says.",
            hint="This is a fault of migov: please report it with the update.",
        )
    here = dict(found.nodes)
    was, is_now = set(old), set(new)

    def in_labels_of_file(term: Any) -> Any:
        if isinstance(term, BlankNode):
            return here.setdefault(term, BlankNode(f"proposed{term.value}"))
        return spelt.get(term) or in_file.get(term) or term if isinstance(term, Literal) else term

    removed = [
        form
        for triple in old
        if triple not in is_now
        for form in forms[_renamed(triple, found.nodes)]
    ]
    added = [
        Triple(
            in_labels_of_file(triple.subject), triple.predicate, in_labels_of_file(triple.object)
        )
        for triple in new
        if triple not in was
    ]
    return Edit(removed, added)


def _renamed(triple: Triple, nodes: Mapping[BlankNode, BlankNode]) -> Triple:
    def renamed(term: Any) -> Any:
        return nodes[term] if isinstance(term, BlankNode) else term

    return Triple(renamed(triple.subject), triple.predicate, renamed(triple.object))


def _with_object(triple: Triple, value: Any) -> Triple:
    return Triple(triple.subject, triple.predicate, value)


def stored_form(term: Any) -> Any:
    """Return a term as the store gives it back.

    >>> stored_form(Literal("01", datatype=NamedNode(_XSD + "integer"))).value
    '1'
    """
    if not isinstance(term, Literal) or term.language or term.datatype.value == _XSD + "string":
        return term
    store = Store()
    store.add(Quad(_ANY, _ANY, term))
    (quad,) = store
    return quad.object


def _spelt_in(text: str, prefixes: Mapping[str, str]) -> dict[Literal, Literal]:
    """Return the literals with a datatype that a text has, by the form the store gives them."""
    tokens = tokenize(text)
    names = iris(tokens, known=prefixes)
    spelt: dict[Literal, Literal] = {}
    for index, token in enumerate(tokens):
        literal: Literal | None = None
        if token.kind == "number":
            literal = _parsed(_sign(tokens, index) + token.text)
        elif token.kind == "string" and _is_typed(tokens, index):
            string, datatype = _parsed(token.text), names[index + 3]
            if string is not None and datatype is not None:
                literal = Literal(string.value, datatype=NamedNode(datatype))
        if literal is not None:
            spelt.setdefault(stored_form(literal), literal)
    return spelt


def _sign(tokens: list[Token], index: int) -> str:
    before = tokens[index - 1] if index else None
    is_sign = before is not None and before.text in ("+", "-")
    return before.text if before and is_sign and before.offset + 1 == tokens[index].offset else ""


def _is_typed(tokens: list[Token], index: int) -> bool:
    return [token.text for token in tokens[index + 1 : index + 3]] == ["^", "^"] and (
        index + 3 < len(tokens)
    )


def _parsed(spelling: str) -> Literal | None:
    try:
        (quad,) = parse(f"<urn:any> <urn:any> {spelling} .".encode(), format=RdfFormat.TURTLE)
    except (SyntaxError, ValueError):
        return None
    return quad.object if isinstance(quad.object, Literal) else None
