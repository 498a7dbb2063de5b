"""`/ns/…`: one term of the ontology, with everything that uses it."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from flask import Response
from pyoxigraph import BlankNode, Literal, NamedNode, Quad

from migov.catalogue import CannedQuery
from migov.engine import Engine, select
from migov.entities.classes import with_subclasses
from migov.entities.overview import MOST
from migov.entities.sparql import node, values
from migov.sparql.tokens import iris, tokenize
from migov.vocabulary import INFERRED_GRAPH, NS, SHAPE, STANDARD_PREFIXES
from migov.web.links import here
from migov.web.once import Once
from migov.web.ontology import ALIGNED, BUILT_ON, Term, terms_here
from migov.web.request import languages
from migov.web.responses import names_of, page
from migov.web.site import State, site, state

_WIDER: Final = tuple(STANDARD_PREFIXES["rdfs"] + name for name in ("subClassOf", "subPropertyOf"))
"""Within our ontology these build a term on another; beyond it they align one."""
_SHOWN: Final = 5
"""Statements that are shown of a term; the link beside them asks for more."""
_ASKED: Final = 100


@dataclass(frozen=True, slots=True)
class Uses:
    """How often the data use a term: exact up to a bound, at least so often where `more` says so.

    `some` are the first things, each with its value where the term is a property. `query` asks for
    more of them.
    """

    number: int
    more: bool
    some: list[tuple[NamedNode, NamedNode | BlankNode | Literal | None]]
    query: str


@dataclass(frozen=True, slots=True)
class Named:
    """What beside the data names a term: names of shapes, canned queries, files of rules."""

    shapes: Mapping[str, list[str]]
    queries: Mapping[str, list[CannedQuery]]
    rules: Mapping[str, list[str]]


def term_page(term: Term) -> Response:
    """Show a term: what it means, what it may stand beside, and where it is used."""
    engine, iri = state().house, term.iri
    stated, follows = (_uses(engine, term, inferred) for inferred in (False, True))
    about = [each for each in terms_here().values() if iri in each.mentioned]
    users = {
        property_: [each.iri for each in about if iri in each.axioms.get(property_, ())]
        for property_ in BUILT_ON
    }
    named = named_here()
    named_things = {
        part.value
        for uses in (stated, follows)
        if uses
        for row in uses.some
        for part in row
        if isinstance(part, NamedNode)
    }
    mentioned = {iri, *term.mentioned, *term.axioms, *BUILT_ON, *(one.iri for one in about)}
    return page(
        "term.html",
        names=names_of(mentioned | named_things),
        term=term,
        definitions=[term.definitions[tag] for tag in languages() if tag in term.definitions],
        beside=_axioms(term, lambda name, other: name not in _WIDER or other.startswith(NS)),
        aligned=_axioms(term, lambda name, other: not other.startswith(NS), (*_WIDER, *ALIGNED)),
        stated=stated,
        follows=follows,
        users={name: found for name, found in users.items() if found},
        shapes=named.shapes.get(iri, []),
        queries=named.queries.get(iri, []),
        rules=named.rules.get(iri, []),
        language=languages()[0],
    )


def _axioms(
    term: Term, told: Callable[[str, str], bool], properties: Sequence[str] = BUILT_ON
) -> dict[str, list[str]]:
    """Return those values of some properties of a term that a function picks."""
    found = {
        name: [other for other in term.axioms.get(name, ()) if told(name, other)]
        for name in properties
    }
    return {name: others for name, others in found.items() if others}


def _uses(engine: Engine, term: Term, inferred: bool) -> Uses | None:
    """Return the uses of a class or property in the asserted graphs, or in what follows."""
    if term.section == "datatypes":
        return None  # it would take a look at every value there is
    if term.section == "classes":
        below = with_subclasses(engine, [term.iri])[term.iri]
        pattern, shown = f"{values('class', below)} ?s a ?class", "?s"
    else:
        pattern, shown = f"?s {node(term.iri)} ?o", "?s ?o"
    if inferred:
        pattern = f"GRAPH {node(INFERRED_GRAPH)} {{ {pattern} }}"
    found = f"SELECT DISTINCT {shown} {{ {pattern} }} LIMIT"
    counted = select(engine, f"SELECT (COUNT(*) AS ?n) {{ {found} {MOST + 1} }}")
    rows = select(engine, f"{found} {_SHOWN}")
    number = int(counted[0]["n"].value)
    some = [(row["s"], row.get("o")) for row in rows if isinstance(row["s"], NamedNode)]
    query = f"SELECT DISTINCT {shown}\nWHERE {{ {pattern} }}\nLIMIT {_ASKED}"
    return Uses(min(number, MOST), number > MOST, some, here("/sparql", query=query))


def _named(current: State) -> Named:
    queries: dict[str, list[CannedQuery]] = defaultdict(list)
    for query in current.catalogue.values():
        for iri in _of_ours(query.text):
            queries[iri].append(query)
    rules: dict[str, list[str]] = defaultdict(list)
    for file in sorted(site().published.repository.rules.glob("*.rq")):
        for iri in _of_ours(file.read_text(encoding="utf-8")):
            rules[iri].append(file.name)
    return Named(_in_shapes(current.shapes), queries, rules)


named_here: Final = Once(_named)
"""Read once a state: what names each term."""


def _of_ours(text: str) -> set[str]:
    return {iri for iri in iris(tokenize(text)) if iri and iri.startswith(NS) and iri != NS}


def _in_shapes(quads: Sequence[Quad]) -> dict[str, list[str]]:
    """Return for each term the names of the shapes that name it, in themselves or in what hangs
    from them without a name (lists, alternatives)."""
    above: dict[BlankNode, list[NamedNode | BlankNode]] = defaultdict(list)
    naming: dict[str, list[NamedNode | BlankNode]] = defaultdict(list)
    for quad in quads:
        if not isinstance(quad.subject, NamedNode | BlankNode):
            continue
        if isinstance(quad.object, BlankNode):
            above[quad.object].append(quad.subject)
        elif isinstance(quad.object, NamedNode) and quad.object.value.startswith(NS):
            naming[quad.object.value].append(quad.subject)
    return {
        iri: sorted({name.removeprefix(SHAPE) for name in _named_above(holders, above)})
        for iri, holders in naming.items()
    }


def _named_above(
    nodes: Iterable[NamedNode | BlankNode],
    above: Mapping[BlankNode, list[NamedNode | BlankNode]],
) -> set[str]:
    """Return the IRIs from which nameless nodes hang."""
    found: set[str] = set()
    seen: set[BlankNode] = set()
    left = list(nodes)
    while left:
        one = left.pop()
        if isinstance(one, NamedNode):
            found.add(one.value)
        elif one not in seen:
            seen.add(one)
            left.extend(above.get(one, ()))
    return found
