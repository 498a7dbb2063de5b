"""Serving over real stores: the same answers as over the files, and never one that is not known."""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Iterator, Mapping
from pathlib import Path

import httpx
import pytest
from flask.testing import FlaskClient
from pyoxigraph import (
    BlankNode,
    QueryBoolean,
    QueryResultsFormat,
    QuerySolutions,
    RdfFormat,
    Triple,
    parse,
    parse_query_results,
)

import test_queries as queries
from cli_runner import migov
from conftest import ROOT, running
from migov.dataset.canonical import same
from migov.repository import Repository
from migov.settings import Settings
from migov.vocabulary import GRAPH, PREFIXES, PUBLISHED_GRAPH
from stores import STORES, RunningStore, serving

pytestmark = pytest.mark.xdist_group("stores")

DIFFERENT: Mapping[str, Mapping[str, str]] = {
    "oxigraph": {},
    "virtuoso": {
        "mentioned-only": "loses or adds rows in OPTIONAL with GRAPH after MINUS",
        "people-where-initiatives-work": "its compiler ends in an internal error (SP031)",
        "populations-elsewhere": "its compiler ends in an internal error (SP031)",
        "where-records-differ": "leaves labels unbound in OPTIONAL after UNION with GRAPH",
    },
}
"""Canned queries that a store may answer otherwise, and why; server/STORES.md has them.

Virtuoso plans by samples of its tables, so that one run refuses what another answers.
"""

ORDERED_OTHERWISE: Mapping[str, frozenset[str]] = {
    "oxigraph": frozenset(),
    "virtuoso": frozenset({"facts-of-initiative", "said-by-several-records"}),
}
"""Canned queries whose rows come in another order: with LIMIT, Virtuoso sorts unbound last."""

SILENT = {"mentioned-only", "where-records-differ"}
"""Those of them that are answered and not refused."""

PAGES = (
    "/",
    "/queries",
    "/initiatives",
    "/initiatives?role=funder&actor=european-union",
    "/initiatives?period=2010&format=atom",
    "/actors?role=funder&sort=initiatives",
    "/countries",
    "/events",
    "/records?language=fr",
    "/countries?theme=fair-and-ethical-recruitment",
    "/search?q=recruitment",
    "/suggest?q=thamm&format=json",
    "/reconcile?format=json",
    "/resolve?identifier=wikidata:Q1028&format=json",
    "/id/initiative/thamm",
    "/id/initiative/tamkine-migrants",
    "/id/actor/ilo",
    "/id/place/mar",
    "/id/person/6",
    "/concept/theme",
    "/ns",
    "/graph",
    "/graph/data/records/gfmd/thamm.ttl",
    "/shape",
    "/queries/budgets?minimum=100000",
)
RDF = {"ttl": RdfFormat.TURTLE, "nt": RdfFormat.N_TRIPLES, "rdf": RdfFormat.RDF_XML}


@pytest.fixture(scope="module")
def over(store: RunningStore, repository: Repository, cache: Path) -> Iterator[FlaskClient]:
    """The application over a store that holds this checkout."""
    done = migov("publish", *store.login, "--cache", cache)
    assert done.code == 0, done.err
    settings = Settings(cache=cache, engine=store.query, deadline=40, workers=1)
    with serving(repository, settings) as (published, client):
        assert published.remark is None
        yield client


Row = dict[str, str]


def rows_of(body: bytes) -> list[Row] | bool:
    """Return JSON results in order; blank nodes are alike, and a row is sorted by its names."""
    results = parse_query_results(body, format=QueryResultsFormat.JSON)
    if isinstance(results, QueryBoolean):
        return bool(results)
    assert isinstance(results, QuerySolutions)
    names = [variable.value for variable in results.variables]
    return [
        {
            name: "[]" if isinstance(value, BlankNode) else str(value)
            for name in sorted(names)
            if (value := row[name]) is not None
        }
        for row in results
    ]


def triples_of(body: bytes, format: RdfFormat) -> list[Triple]:
    return [
        Triple(quad.subject, quad.predicate, quad.object)
        for quad in parse(body, format=format, base_iri="http://e.example/")
    ]


def test_every_canned_query_gives_the_same_rows(
    store: RunningStore, over: FlaskClient, client: FlaskClient
) -> None:
    found = {slug: difference(slug, client, over) for slug in queries.SLUGS}
    assert len(found) >= 60
    known, ordered = DIFFERENT[store.name], ORDERED_OTHERWISE[store.name]
    assert (len(known), len(ordered)) == {"oxigraph": (0, 0), "virtuoso": (4, 2)}[store.name]
    expected = {slug: "rows" if slug in SILENT else "refused" for slug in known}
    expected |= dict.fromkeys(ordered, "order")
    unknown = {slug: what for slug, what in found.items() if what not in ("", expected.get(slug))}
    assert not unknown


def difference(slug: str, client: FlaskClient, over: FlaskClient) -> str:
    """Return how the answers to a canned query differ: rows, order, refused, or not at all."""
    query = queries.CATALOGUE[slug]
    is_graph = query.form == "CONSTRUCT"
    path = f"/queries/{slug}.{'nt' if is_graph else 'json'}"
    here, there = (one.get(path, query_string=dict(query.example)) for one in (client, over))
    assert here.status_code == 200, here.text
    if there.status_code != 200:
        assert there.status_code in (502, 503), there.text
        return "refused"
    if is_graph:
        graphs = [triples_of(answer.data, RdfFormat.N_TRIPLES) for answer in (here, there)]
        return "" if same(*graphs) else "rows"
    ours, theirs = rows_of(here.data), rows_of(there.data)
    if isinstance(ours, bool) or isinstance(theirs, bool) or ours == theirs:
        return "" if ours == theirs else "rows"
    return "order" if sorted(map(repr, ours)) == sorted(map(repr, theirs)) else "rows"


@pytest.mark.parametrize("path", PAGES)
def test_pages_say_the_same(path: str, over: FlaskClient, client: FlaskClient) -> None:
    accept = {} if "format=json" in path else {"Accept": "text/html"}
    here, there = (one.get(path, headers=accept) for one in (client, over))
    assert here.status_code == there.status_code == 200, there.text
    assert _plain(there.text) == _plain(here.text)


def _plain(page: str) -> Counter[str]:
    """Return the words of a page without the line that tells when its snapshot was built.

    What hangs on nodes without a name comes in the order of the store's own labels for them.
    """
    lines = [line for line in page.splitlines() if "UTC" not in line]
    return Counter(re.findall(r"\w+", " ".join(lines)))


@pytest.mark.parametrize("path", ["/id/initiative/thamm", "/graph/data/records/gfmd/thamm.ttl"])
def test_an_entity_comes_in_every_format(path: str, over: FlaskClient, client: FlaskClient) -> None:
    for suffix, format in RDF.items():
        here, there = (one.get(path, query_string={"format": suffix}) for one in (client, over))
        assert here.status_code == there.status_code == 200
        assert here.content_type == there.content_type
        assert same(triples_of(here.data, format), triples_of(there.data, format))
    accept = {"Accept": "application/ld+json"}
    assert over.get(path, headers=accept).content_type == "application/ld+json"
    assert over.get(path, headers={"Accept": "image/png"}).status_code == 406


@pytest.mark.parametrize("name", ["json", "xml", "csv", "tsv"])
def test_solutions_come_in_every_format(name: str, over: FlaskClient, client: FlaskClient) -> None:
    text = """SELECT ?s ?label ?start WHERE { ?s a mg:Project ; skos:prefLabel ?label
      FILTER(LANG(?label) = "en") OPTIONAL { ?s mg:start ?start } } ORDER BY ?s ?label ?start"""
    here, there = (
        one.get("/sparql", query_string={"query": text, "format": name}) for one in (client, over)
    )
    assert there.status_code == 200
    assert there.data == here.data
    assert there.content_type == here.content_type
    yes = {"query": "ASK { ?s a mg:Country }", "format": name}
    if name in ("json", "xml"):
        here, there = (one.get("/sparql", query_string=yes) for one in (client, over))
        assert there.data == here.data


@pytest.mark.parametrize("name", ["ttl", "nt", "rdf", "jsonld", "trig", "nq"])
def test_graphs_come_in_every_format(name: str, over: FlaskClient, client: FlaskClient) -> None:
    text = "CONSTRUCT WHERE { ?b mg:amount ?amount ; mg:currency ?currency }"
    here, there = (
        one.post("/sparql", data={"query": text, "format": name}) for one in (client, over)
    )
    assert there.status_code == 200
    assert there.content_type == here.content_type
    format = RDF.get(name)
    if format is not None:
        assert same(triples_of(here.data, format), triples_of(there.data, format))
    assert len(there.data) > 100


ASSERTED = f"{GRAPH}asserted"
INFERRED = f"{GRAPH}inferred"
THAMM = f"{GRAPH}data/records/gfmd/thamm.ttl"
LAUNCH = f"{GRAPH}data/records/ilo/thamm-launch.ttl"
COUNT = "SELECT (COUNT(*) AS ?n) WHERE { ?s ?p ?o }"
NAMED = "SELECT (COUNT(*) AS ?n) (COUNT(DISTINCT ?g) AS ?m) WHERE { GRAPH ?g { ?s ?p ?o } }"


@pytest.mark.parametrize(
    ("query", "parameters"),
    [
        (COUNT, {}),
        (COUNT, {"inferred": "true"}),
        (COUNT, {"default-graph-uri": THAMM}),
        (COUNT, {"default-graph-uri": [ASSERTED, THAMM]}),
        (COUNT, {"default-graph-uri": [ASSERTED, INFERRED]}),
        (COUNT, {"named-graph-uri": THAMM}),
        (NAMED, {}),
        (NAMED, {"inferred": "true"}),
        (NAMED, {"named-graph-uri": [THAMM, LAUNCH]}),
        (NAMED, {"default-graph-uri": THAMM}),
        (COUNT.replace("WHERE", f"FROM <{INFERRED}> WHERE"), {}),
        (NAMED.replace("WHERE", f"FROM NAMED <{THAMM}> WHERE"), {}),
        (NAMED.replace("?g {", f"<{THAMM}> {{").replace("(COUNT(DISTINCT ?g) AS ?m)", ""), {}),
        (NAMED.replace("?g {", f"<{INFERRED}> {{").replace("(COUNT(DISTINCT ?g) AS ?m)", ""), {}),
        (NAMED.replace("?g {", f"<{ASSERTED}> {{").replace("(COUNT(DISTINCT ?g) AS ?m)", ""), {}),
        (f"SELECT (COUNT(*) AS ?n) WHERE {{ GRAPH <{PUBLISHED_GRAPH}> {{ ?s ?p ?o }} }}", {}),
        ("SELECT ?g WHERE { GRAPH ?g { initiative:thamm a ?c } } ORDER BY ?g", {}),
        (
            "SELECT ?g ?n WHERE { { SELECT ?g (COUNT(*) AS ?n) { GRAPH ?g { ?b mg:amount ?a } } "
            "GROUP BY ?g } } ORDER BY ?g",
            {},
        ),
        (
            # a blank node of a record is one node, in its graph and in the union
            "SELECT ?a ?b WHERE { ?x mg:amount ?a . GRAPH ?g { ?x mg:amount ?b } } ORDER BY ?a ?b",
            {},
        ),
        ("SELECT (COUNT(*) AS ?n) WHERE { ?s ?p ?o FILTER(isBlank(?s)) }", {}),
        ("SELECT * WHERE { ?z a mg:Corridor ; skos:prefLabel ?a } ORDER BY ?z STR(?a)", {}),
    ],
)
def test_queries_see_the_same_dataset(
    query: str, parameters: dict[str, str], over: FlaskClient, client: FlaskClient
) -> None:
    form = {**parameters, "query": query, "format": "json"}
    here, there = (one.post("/sparql", data=form) for one in (client, over))
    assert here.status_code == there.status_code == 200, there.text
    assert rows_of(there.data) == rows_of(here.data)


def test_graphs_that_share_statements_are_not_counted_twice(
    over: FlaskClient, client: FlaskClient
) -> None:
    form = {"query": COUNT, "default-graph-uri": [THAMM, LAUNCH], "format": "json"}
    there = over.post("/sparql", data=form)
    assert there.status_code == 403
    assert "statements in common" in json.loads(there.data)["detail"]
    apart = {**form, "default-graph-uri": [THAMM, f"{GRAPH}data/actors/ilo.ttl"]}
    here, there = (one.post("/sparql", data=apart) for one in (client, over))
    if there.status_code == 200:
        assert rows_of(there.data) == rows_of(here.data)


@pytest.mark.parametrize(
    ("query", "status"),
    [
        ("SELECT ?x WHERE { ?s ?p ", 400),
        ("SELEC ?x WHERE { ?s ?p ?x }", 400),
        ("DEFINE input:same-as 'yes' SELECT ?x WHERE { ?s ?p ?x }", 400),
        ("SELECT ?x WHERE { ?s ?p ?x . ?x bif:contains 'a' }", 400),
        ("SELECT ?x WHERE { ?s ?p ?x . ?x <bif:contains> 'a' }", 403),
        ("PREFIX b: <bif:> SELECT (b:getenv('HOME') AS ?x) WHERE { }", 403),
        ("PREFIX b: <bi\\u0066:> SELECT (b:getenv('HOME') AS ?x) WHERE { }", 403),
        ("PREFIX s: <sql:> SELECT (s:user() AS ?x) WHERE { }", 403),
        ("SELECT ?x WHERE { SERVICE <http://127.0.0.1:1/> { ?s ?p ?x } }", 403),
        ("INSERT DATA { <http://a> <http://b> 1 }", 400),
        ("SELECT ?x FROM <http://example.org/doc> WHERE { ?s ?p ?x }", 403),
    ],
)
def test_what_no_query_may_is_refused_here(query: str, status: int, over: FlaskClient) -> None:
    answer = over.post("/sparql", data={"query": query, "format": "json"})
    assert answer.status_code in (status, 403), answer.text
    assert answer.content_type == "application/problem+json"


@pytest.mark.parametrize("store", STORES[:1], indirect=True)
def test_two_servers_give_one_etag(
    over: FlaskClient, store: RunningStore, repository: Repository, tmp_path: Path
) -> None:
    settings = Settings(cache=tmp_path, engine=store.query, workers=1)
    with serving(repository, settings) as (_, other):
        path = "/id/initiative/thamm"
        one, two = (server.get(path) for server in (over, other))
        assert one.headers["ETag"] == two.headers["ETag"]
        assert one.headers["Migov-Snapshot"] == two.headers["Migov-Snapshot"]
        again = other.get(path, headers={"If-None-Match": one.headers["ETag"]})
        assert again.status_code == 304


@pytest.mark.parametrize("store", STORES[:1], indirect=True)
def test_the_gate_judges_against_the_files(over: FlaskClient) -> None:
    concept = "https://w3id.org/migov/concept/scope/regionl"
    text = f"<{PREFIXES['initiative']}thamm> <{PREFIXES['mg']}scope> <{concept}> ."
    answer = over.post(
        "/changes",
        query_string={"graph": THAMM, "format": "json"},
        data=text,
        content_type="text/turtle",
    )
    assert answer.status_code == 200, answer.text
    assert json.loads(answer.data)["conforms"] is False


@pytest.mark.parametrize("store", STORES[:1], indirect=True)
def test_dumps_come_from_the_files_of_the_snapshot(over: FlaskClient) -> None:
    answer = over.get("/dumps", headers={"Accept": "application/json"})
    assert answer.status_code == 200, answer.text
    assert json.loads(answer.data)["snapshot"] == over.get("/").headers["Migov-Snapshot"]


@pytest.mark.parametrize("store", STORES[:1], indirect=True)
def test_the_command_serves_over_a_store(
    over: FlaskClient, store: RunningStore, cache: Path
) -> None:
    with running(ROOT, cache, "--engine", store.query) as address:
        answer = httpx.get(f"{address}/queries/budgets.json", params={"minimum": "100000"})
        assert answer.status_code == 200
        here = over.get("/queries/budgets.json?minimum=100000")
        assert json.loads(answer.text) == here.json
        assert answer.headers["Migov-Snapshot"] == here.headers["Migov-Snapshot"]
