"""What one named graph states, thing by thing: the page of a record."""

from __future__ import annotations

from pyoxigraph import NamedNode

from migov.engine import Engine, Row, select
from migov.entities.claims import PREFIXES, Property, claim_pattern, grouped, sources_of
from migov.entities.sparql import node

MOST_STATEMENTS = 3000
"""Statements that a page lists; the graph itself has them all."""


def statements_of_graph(engine: Engine, graph: str) -> dict[str, list[Property]]:
    """Return the statements of a graph by subject, the graph itself and annotations left out.

    Participations are whole here: a role is read with its actor and its target.
    """
    this = node(graph)  # a variable would make the store look for parts in every graph there is
    rows = select(
        engine,
        f"""{PREFIXES}
        SELECT ({this} AS ?g) ?s ?p ?o ?part ?partValue ?locator ?certainty ?wording ?comment
        WHERE {{
          GRAPH {this} {{
            ?s ?p ?o . FILTER(isIRI(?s) && ?s != {this})
            {claim_pattern("?s", "?o")}
            OPTIONAL {{ FILTER(isBlank(?o)) ?o ?part ?partValue }}
          }}
        }} ORDER BY ?s ?p ?o LIMIT {MOST_STATEMENTS}""",
    )
    sources = sources_of(engine, [graph])
    subjects: dict[str, list[Row]] = {}
    for row in rows:
        if isinstance(row["s"], NamedNode):
            subjects.setdefault(row["s"].value, []).append(row)
    return {subject: grouped(found, sources, subject) for subject, found in subjects.items()}
