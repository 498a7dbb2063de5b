"""What SERVICE means does not depend on how it is answered: ours against Oxigraph’s own."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pyoxigraph as ox
import pytest
from hypothesis import HealthCheck, given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st

from migov.endpoints import Endpoint
from migov.engine import Engine, Limits, LocalEngine, Query
from migov.protocol.services import Services
from migov.settings import Settings
from migov.snapshot import build_snapshot
from migov.vocabulary import PREFIXES
from second_server import oxigraph
from small import repository as small_repository
from small import write

HERE = "http://h/"
VARIABLES = ("?a", "?b", "?c", "?d")
TERMS = (*(f"<{HERE}{name}>" for name in "xyz"), '"x"', '"x"@en', "1", '"01"^^xsd:string', "true")
PROPERTIES = tuple(f"<{HERE}p{number}>" for number in range(2))

positions = st.sampled_from((*VARIABLES, *VARIABLES, *TERMS[:3]))
triples = st.builds(
    "{} {} {} . ".format,
    positions,
    st.sampled_from((*PROPERTIES, *PROPERTIES, "?c")),
    st.one_of(positions, st.sampled_from(TERMS)),
)
cells = st.sampled_from(("UNDEF", *TERMS))
inline = st.one_of(
    st.builds(
        "VALUES {} {{ {} }} ".format,
        st.sampled_from(VARIABLES),
        st.lists(cells, min_size=1, max_size=3).map(" ".join),
    ),
    st.lists(st.tuples(cells, cells), min_size=1, max_size=3).map(
        lambda found: f"VALUES (?a ?b) {{ {' '.join(f'({a} {b})' for a, b in found)} }} "
    ),
)
filters = st.builds("FILTER({} {} {}) ".format, positions, st.sampled_from(("=", "!=")), positions)


def groups(leaf: st.SearchStrategy[str], *, nested: bool = True) -> st.SearchStrategy[str]:
    """Group graph patterns, with braces."""

    def wrapped(inner: st.SearchStrategy[str]) -> st.SearchStrategy[str]:
        element = st.one_of(
            leaf,
            leaf,
            st.builds("OPTIONAL {} ".format, inner),
            st.builds("{} UNION {} ".format, inner, inner),
            st.builds("MINUS {} ".format, inner),
            st.builds("FILTER EXISTS {} ".format, inner),
            st.builds("{{ SELECT ?a ?b WHERE {} }} ".format, inner),
        )
        return st.lists(element, min_size=1, max_size=3).map(lambda found: f"{{ {''.join(found)}}}")

    flat = st.lists(leaf, min_size=1, max_size=3).map(lambda found: f"{{ {''.join(found)}}}")
    return st.recursive(flat, wrapped, max_leaves=4) if nested else flat


inside = groups(st.one_of(triples, triples, inline, filters))
service = st.builds("SERVICE <SECOND> {} ".format, inside)
outer = st.one_of(triples, triples, inline, filters, service, service)
graph = groups(triples, nested=False).map("GRAPH ?d {} ".format)
anywhere = groups(st.one_of(outer, outer, graph)).filter(lambda text: "SERVICE" in text)
links = st.sampled_from(PROPERTIES).map("?a {} ?b . ".format)
inner_links = st.one_of(
    st.sampled_from(PROPERTIES).map("?b {} ?c . ".format),
    st.sampled_from(PROPERTIES).map("?c {} ?a . ".format),
    st.sampled_from(PROPERTIES).map("OPTIONAL {{ ?a {} ?b }} ".format),
    st.sampled_from(PROPERTIES).map("{{ ?a {} ?d }} UNION {{ ?c <http://h/p1> ?d }} ".format),
    st.just("VALUES ?b { UNDEF <http://h/y> } "),
    st.just("VALUES (?a ?d) { (UNDEF 1) (<http://h/x> UNDEF) } "),
    inline,
    triples,
)
some_inside = st.lists(inner_links, min_size=1, max_size=3).map("".join)
beside = st.one_of(inline, filters, service, groups(triples), links, triples, st.just(""))
linked = st.builds(
    "{{ {}{}SERVICE <SECOND> {{ {}}} {}}}".format, links, beside, some_inside, beside
)
queries = st.one_of(anywhere, linked, linked)


def quads_of(text: str) -> list[ox.Quad]:
    return list(ox.parse(text, format=ox.RdfFormat.TRIG))


REMOTE = f"""@prefix h: <{HERE}> . @prefix xsd: <http://www.w3.org/2001/XMLSchema#> .
h:x h:p0 h:y, "x", 1 . h:y h:p0 h:z, "x"@en ; h:p1 "01" , h:x . h:z h:p1 h:z , true ."""
LOCAL = f"""@prefix h: <{HERE}> .
h:x h:p1 h:x, "x"@en, [ h:p0 h:y ] . h:y h:p0 "x", "01" , h:z . h:z h:p1 1, h:y ."""


class Two:
    """The same two datasets, asked in our way and in two others."""

    def __init__(self, engine: Engine, services: Services, second: str) -> None:
        self.engine, self.services, self.second = engine, services, second
        self.store = ox.Store()
        graph = ox.NamedNode("https://w3id.org/migov/graph/data/records/one.ttl")
        for quad in quads_of(LOCAL):
            self.store.add(quad)
            self.store.add(ox.Quad(quad.subject, quad.predicate, quad.object, graph))
        self.graphs = [graph.value]
        self.named: list[ox.NamedNode | ox.BlankNode] = [graph]
        self.elsewhere = ox.NamedNode("http://elsewhere/")
        self.store.extend(
            ox.Quad(quad.subject, quad.predicate, quad.object, self.elsewhere)
            for quad in quads_of(REMOTE)
        )

    def ours(self, pattern: str) -> Counter[str]:
        query = Query(f"SELECT * WHERE {pattern.replace('SECOND', self.second)}", prefixes=PREFIXES)
        body = self.engine.answer(self.services.before(self.engine, query, self.graphs)).body
        return solutions(ox.parse_query_results(body, format=ox.QueryResultsFormat.JSON))

    def by_the_engine(self, pattern: str) -> Counter[str]:
        """What pyoxigraph's own SERVICE gives."""
        text = f"SELECT * WHERE {pattern.replace('SECOND', self.second)}"
        return solutions(self.store.query(text, prefixes=PREFIXES, named_graphs=self.named))

    def by_one_store(self, pattern: str) -> Counter[str]:
        """What one store gives that has the second dataset in a graph of its own."""
        text = f"SELECT * WHERE {pattern.replace('SERVICE <SECOND>', 'GRAPH <http://elsewhere/>')}"
        text = text.replace("GRAPH ?d", f"GRAPH {self.named[0]}")
        return solutions(self.store.query(text, prefixes=PREFIXES))


def solutions(results: object) -> Counter[str]:
    """Return solutions as a multiset of texts; every blank node looks alike."""
    assert isinstance(results, ox.QuerySolutions)
    names = sorted(variable.value for variable in results.variables)

    def written(term: object) -> str:
        return "_" if isinstance(term, ox.BlankNode) else str(term)

    return Counter(" ".join(f"{name}={written(row[name])}" for name in names) for row in results)


@pytest.fixture(scope="module")
def two(tmp_path_factory: pytest.TempPathFactory, cache: Path) -> Iterator[Two]:
    folder = tmp_path_factory.mktemp("two")
    repository = small_repository(folder / "repository")
    for path in ("records/one.ttl", "records/two.ttl"):
        (repository.data / path).unlink()
    (repository.ontology / "migov.ttl").unlink()
    (repository.ontology / "rules/concern.rq").unlink()
    write(repository.data / "records/one.ttl", LOCAL)
    snapshot = build_snapshot(repository, cache)
    engine = LocalEngine(snapshot, Limits(), workers=1)
    with oxigraph(folder / "store", quads_of(REMOTE)) as second:
        allowed = replace(Settings(), federation=(Endpoint(second, private=True),))
        with Services.opened(allowed, snapshot) as services:
            yield Two(engine, services, second)
    engine.close()


@given(queries)
@hypothesis_settings(
    max_examples=80, deadline=None, suppress_health_check=[HealthCheck.filter_too_much]
)
def test_the_solutions_are_those_of_evaluating_service_and_joining(two: Two, pattern: str) -> None:
    assert two.ours(pattern) == two.by_the_engine(pattern)
