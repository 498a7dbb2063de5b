"""`python -m benchmarks.closure_cases 2000`: random axioms and links, closed by owlrl and by us.

A case is made from its number alone. owlrl runs here, so this is a process of its own.
"""

from __future__ import annotations

import argparse
import random
import sys
from collections.abc import Sequence
from typing import Final

import owlrl
import rdflib
from pyoxigraph import BlankNode, NamedNode, RdfFormat, Triple, parse, serialize

from migov.inference.derive import _is_about_us
from migov.inference.fragment import close_fragment
from migov.vocabulary import BASE, STANDARD_PREFIXES

_RDF, _RDFS, _OWL = (STANDARD_PREFIXES[prefix] for prefix in ("rdf", "rdfs", "owl"))
_Term = NamedNode | BlankNode
TYPE: Final = NamedNode(_RDF + "type")
_PROPERTIES: Final = [NamedNode(f"{BASE}ns#p{number}") for number in range(5)]
_CLASSES: Final = [NamedNode(f"{BASE}ns#C{number}") for number in range(4)]
_FOREIGN: Final = [NamedNode("http://example.org/C"), NamedNode("http://example.org/p")]
_THINGS: Final = [NamedNode(f"{BASE}id/place/n{number}") for number in range(5)]
_ENDS: Final = [NamedNode(_RDF + "nil"), NamedNode(_OWL + "Thing"), NamedNode(_RDF + "Statement")]


def make_case(number: int) -> list[Triple]:
    """Return the axioms and links of a case."""
    chance = random.Random(number)
    return [
        *(triple for _ in range(chance.randint(2, 12)) for triple in _axiom(chance)),
        *(_link(chance) for _ in range(chance.randint(3, 14))),
    ]


def _axiom(chance: random.Random) -> list[Triple]:
    properties, classes = [*_PROPERTIES, _FOREIGN[1]], [*_CLASSES, _FOREIGN[0]]
    one, other = chance.choice(properties), chance.choice(properties)
    kind = chance.randrange(10)
    if kind == 0:
        return [Triple(one, TYPE, _owl(chance.choice(("TransitiveProperty", "SymmetricProperty"))))]
    if kind == 1:
        return [Triple(one, _owl("inverseOf"), other)]
    if kind == 2:
        return [Triple(one, _rdfs("subPropertyOf"), other)]
    if kind == 3:
        return [Triple(one, _owl("equivalentProperty"), other)]
    if kind in (4, 5):
        name = "domain" if kind == 4 else "range"
        return [Triple(one, _rdfs(name), chance.choice([*classes, _ENDS[1]]))]
    if kind == 6:
        return [Triple(chance.choice(classes), _owl("equivalentClass"), chance.choice(classes))]
    if kind in (7, 8):
        members: list[_Term] = [*properties, _back(chance)]
        parts = [chance.choice(members) for _ in range(chance.randint(1, 3))]
        return [*_chain(one, parts, chance), Triple(_back(chance), _owl("inverseOf"), other)]
    above = chance.choice([*classes, *_ENDS[1:]])
    return [Triple(chance.choice(classes), _rdfs("subClassOf"), above)]


def _back(chance: random.Random) -> BlankNode:
    """Return a property without a name: the inverse of another one."""
    return BlankNode(f"back{chance.randrange(2)}")


def _chain(
    result: NamedNode, parts: Sequence[NamedNode | BlankNode], chance: random.Random
) -> list[Triple]:
    stem = f"c{chance.randrange(10**9)}n"
    cells = [BlankNode(f"{stem}{at}") for at in range(len(parts))]
    rests: list[_Term] = [*cells[1:], _ENDS[0]]
    return [
        Triple(result, _owl("propertyChainAxiom"), cells[0]),
        *(Triple(c, NamedNode(_RDF + "first"), p) for c, p in zip(cells, parts, strict=True)),
        *(Triple(c, NamedNode(_RDF + "rest"), r) for c, r in zip(cells, rests, strict=True)),
    ]


def _link(chance: random.Random) -> Triple:
    thing = chance.choice(_THINGS)
    if chance.random() < 0.25:
        return Triple(thing, TYPE, chance.choice(_CLASSES))
    other = chance.choice([*_THINGS, *_THINGS, _PROPERTIES[0], _CLASSES[0]])
    return Triple(thing, chance.choice(_PROPERTIES), other)


def _owl(name: str) -> NamedNode:
    return NamedNode(_OWL + name)


def _rdfs(name: str) -> NamedNode:
    return NamedNode(_RDFS + name)


def by_owlrl(triples: list[Triple]) -> set[Triple]:
    """Return what owlrl says of our own things."""
    graph = rdflib.Graph()
    graph.parse(serialize(triples, format=RdfFormat.N_TRIPLES), format="nt")
    owlrl.DeductiveClosure(owlrl.OWLRL_Semantics).expand(graph)
    lines = [
        f"{subject.n3()} {predicate.n3()} {value.n3()} .\n"
        for subject, predicate, value in graph
        if isinstance(subject, rdflib.URIRef) and isinstance(predicate, rdflib.URIRef)
    ]
    found = parse("".join(lines).encode(), format=RdfFormat.N_TRIPLES)
    triples_ = (Triple(each.subject, each.predicate, each.object) for each in found)
    return {triple for triple in triples_ if _is_about_us(triple)}


def by_us(triples: list[Triple]) -> set[Triple] | None:
    """Return what the fragment's closure says of our own things; None if it is not its case."""
    found = close_fragment(triples)
    return None if found is None else {triple for triple in found if _is_about_us(triple)}


def compare(first: int, cases: int) -> tuple[int, int, int]:
    """Return how many cases were compared, how many triples they added, and how many differ."""
    added = wrong = 0
    for number in range(first, first + cases):
        case = make_case(number)
        ours, theirs = by_us(case), by_owlrl(case)
        assert ours is not None, f"case {number} is not of the fragment"
        added += len(theirs - set(case))
        if ours != theirs:
            wrong += 1
            lines = [f"- {each}" for each in sorted(map(str, theirs - ours))]
            lines += [f"+ {each}" for each in sorted(map(str, ours - theirs))]
            print(f"case {number}\n" + "\n".join([*map(str, case), *lines]))
    return cases, added, wrong


def main() -> int:
    """Compare, say what was found, and return the exit code: 1 if any differs."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("cases", type=int, nargs="?", default=2000)
    parser.add_argument("--first", type=int, default=0, help="the number of the first case")
    asked = parser.parse_args()
    compared, added, wrong = compare(asked.first, asked.cases)
    print(f"{compared} cases, {added} triples added by owlrl, {wrong} differ")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
