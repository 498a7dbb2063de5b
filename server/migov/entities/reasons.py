"""Why an inferred statement follows: one step back, by the axioms of the ontology or by a rule.

What a step rests on may itself be inferred, and has reasons of its own.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from pyoxigraph import NamedNode

from migov.engine import Engine, ask, select
from migov.entities.sparql import node
from migov.vocabulary import INFERRED_GRAPH, NS, STANDARD_PREFIXES

Statement = tuple[str, str, str]
"""Subject, property and value: three IRIs."""

_PREFIXES: Final = f"PREFIX mg: <{NS}> " + " ".join(
    f"PREFIX {prefix}: <{STANDARD_PREFIXES[prefix]}>" for prefix in ("rdf", "rdfs", "owl")
)
_TYPE: Final = STANDARD_PREFIXES["rdf"] + "type"
_STEPS: Final = {
    "inverse": (
        "{ ?p owl:inverseOf ?q } UNION { ?q owl:inverseOf ?p } ?o ?q ?s",
        (("?o", "?q", "?s"),),
    ),
    "symmetric": ("?p a owl:SymmetricProperty . ?o ?p ?s", (("?o", "?p", "?s"),)),
    "narrower": (
        "?q rdfs:subPropertyOf ?p FILTER(?q != ?p) ?s ?q ?o",
        (("?s", "?q", "?o"),),
    ),
    "transitive": (
        "?p a owl:TransitiveProperty . ?s ?p ?x . ?x ?p ?o FILTER(?x != ?s && ?x != ?o)",
        (("?s", "?p", "?x"), ("?x", "?p", "?o")),
    ),
    "chain": (
        "?p owl:propertyChainAxiom ?chain . ?chain rdf:first ?q ; rdf:rest/rdf:first ?r . "
        "?s ?q ?x . ?x ?r ?o",
        (("?s", "?q", "?x"), ("?x", "?r", "?o")),
    ),
    "class": (
        "FILTER(?p = rdf:type) ?q rdfs:subClassOf ?o FILTER(?q != ?o) ?s rdf:type ?q",
        (("?s", "rdf:type", "?q"),),
    ),
    "domain": (
        "FILTER(?p = rdf:type) ?q rdfs:domain ?o . ?s ?q ?x FILTER(isIRI(?x))",
        (("?s", "?q", "?x"),),
    ),
    "range": (
        "FILTER(?p = rdf:type) ?q rdfs:range ?o . ?x ?q ?s FILTER(isIRI(?x))",
        (("?x", "?q", "?s"),),
    ),
}
"""Steps of OWL 2 RL that our axioms make use of: when each applies, and what it rests on."""
_MOST: Final = 5
"""Ways that are told for each step or rule."""
_RULE: Final = re.compile(
    r"CONSTRUCT\s*\{\s*(\?\w+)\s+(\?\w+|mg:\w+)\s+(\?\w+)\s*\}\s*WHERE\s*\{(.*)\}\s*$", re.DOTALL
)


@dataclass(frozen=True, slots=True)
class Reason:
    """One way in which a statement follows.

    `step` names an axiom's kind, or is "rule"; then `rule` is the file and `bound` what its
    variables stand for. `premises` are the statements that a step rests on.
    """

    step: str
    premises: tuple[Statement, ...] = ()
    rule: str | None = None
    bound: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True, slots=True)
class Standing:
    """Where a statement stands: in which asserted graphs, and whether it is inferred."""

    graphs: tuple[str, ...]
    inferred: bool

    @property
    def known(self) -> bool:
        return bool(self.graphs) or self.inferred


def standing_of(engine: Engine, statement: Statement) -> Standing:
    """Return where a statement stands; raises UnknownEntityError for what is no IRI."""
    triple = " ".join(str(node(part)) for part in statement)
    rows = select(
        engine,
        f"SELECT DISTINCT ?g WHERE {{ GRAPH ?g {{ {triple} }} }} ORDER BY ?g LIMIT 20",
    )
    graphs = tuple(row["g"].value for row in rows if row["g"].value != INFERRED_GRAPH)
    inferred = ask(engine, f"ASK {{ GRAPH {node(INFERRED_GRAPH)} {{ {triple} }} }}")
    return Standing(graphs, inferred)


def reasons_of(engine: Engine, rules: Path, statement: Statement) -> list[Reason]:
    """Return the ways in which an inferred statement follows, by axioms first.

    `rules` is the folder of the rules. Raises UnknownEntityError for what is no IRI.
    """
    given = dict(zip(("s", "p", "o"), statement, strict=True))
    head = " ".join(f"VALUES ?{name} {{ {node(iri)} }}" for name, iri in given.items())
    found: list[Reason] = []
    for step, (pattern, premises) in _STEPS.items():
        query = f"{_PREFIXES} SELECT DISTINCT * WHERE {{ {head} {pattern} }} LIMIT {_MOST}"
        for row in select(engine, query, inferred=True):
            known = {**given, **{name: term.value for name, term in row.items()}}
            found.append(Reason(step, tuple(_filled(premises, known))))
    for file in sorted(rules.glob("*.rq")):
        found.extend(_by_rule(engine, file, statement))
    return list(dict.fromkeys(found))


def _filled(
    premises: Iterable[tuple[str, str, str]], known: Mapping[str, str]
) -> Iterator[Statement]:
    for premise in premises:
        one, two, three = (
            _TYPE if part == "rdf:type" else known[part.removeprefix("?")] for part in premise
        )
        yield one, two, three


def _by_rule(engine: Engine, file: Path, statement: Statement) -> Iterator[Reason]:
    """Yield the ways in which a rule of our own gives a statement."""
    text = "\n".join(
        line for line in file.read_text(encoding="utf-8").splitlines() if line[:1] != "#"
    )
    rule = _RULE.search(text)
    if rule is None:
        return
    subject, predicate, value, body = rule.groups()
    variables = {subject: statement[0], value: statement[2]}
    if predicate.startswith("?"):
        variables[predicate] = statement[1]
    elif statement[1] != NS + predicate.removeprefix("mg:"):
        return
    head = " ".join(f"VALUES {name} {{ {node(iri)} }}" for name, iri in variables.items())
    query = f"{text[: rule.start()]} SELECT DISTINCT * WHERE {{ {head} {body} }} LIMIT {_MOST}"
    for row in select(engine, query, inferred=True):
        bound = tuple(
            sorted((name, term.value) for name, term in row.items() if isinstance(term, NamedNode))
        )
        yield Reason("rule", rule=file.name, bound=bound)
