"""What the server says of itself: its service description, and VoID and DCAT of the dataset."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from flask.testing import FlaskClient
from pyoxigraph import Literal, NamedNode, RdfFormat, Store

from migov.endpoints import endpoints_of
from migov.engine import Engine, Published, select
from migov.protocol.formats import GRAPHS, Format
from migov.settings import Settings
from migov.vocabulary import INFERRED_GRAPH, STANDARD_PREFIXES
from migov.web import create_app

PREFIXES = "PREFIX sd: <http://www.w3.org/ns/sparql-service-description#>\n" + "".join(
    f"PREFIX {name}: <{namespace}>\n" for name, namespace in STANDARD_PREFIXES.items()
)
PARSERS = {
    "ttl": RdfFormat.TURTLE,
    "nt": RdfFormat.N_TRIPLES,
    "rdf": RdfFormat.RDF_XML,
    "jsonld": RdfFormat.JSON_LD,
    "trig": RdfFormat.TRIG,
    "nq": RdfFormat.N_QUADS,
}
ENDPOINT = "http://localhost/sparql"


def described(client: FlaskClient, path: str, format: Format = GRAPHS[0]) -> Store:
    response = client.get(path, headers={"Accept": format.media_type})
    assert response.status_code == 200
    assert response.mimetype == format.media_type
    store = Store()
    store.load(response.data, format=PARSERS[format.name])
    return store


def rows(store: Store, query: str) -> list[Any]:
    solutions: Any = store.query(PREFIXES + query)
    return [tuple(term.value if term else "" for term in solution) for solution in solutions]


def count(engine: Engine, query: str) -> int:
    (row,) = select(engine, query)
    return int(row["n"].value)


def counted(engine: Engine, query: str, key: str) -> dict[str, str]:
    """Return the number of each key, as the endpoint counts it."""
    found: Any = select(engine, query)
    return {row[key].value: row["n"].value for row in found}


class TestService:
    @pytest.mark.parametrize("format", GRAPHS, ids=lambda format: format.name)
    def test_every_format_says_the_same(self, client: FlaskClient, format: Format) -> None:
        assert len(GRAPHS) == 6
        store = described(client, "/sparql", format)
        assert len(store) == len(described(client, "/sparql"))
        assert rows(store, "SELECT ?e { ?s a sd:Service ; sd:endpoint ?e }") == [(ENDPOINT,)]

    def test_without_any_wish_it_is_rdf(self, client: FlaskClient) -> None:
        assert client.get("/sparql").mimetype == "text/turtle"
        assert client.get("/sparql", headers={"Accept": "*/*"}).mimetype == "text/turtle"
        assert client.get("/sparql", headers={"Accept": "text/html"}).mimetype == "text/html"
        assert client.get("/sparql", headers={"Accept": "image/png"}).status_code == 406

    def test_languages_and_features(self, client: FlaskClient) -> None:
        store = described(client, "/sparql")
        languages = rows(store, "SELECT ?l { ?s sd:supportedLanguage ?l } ORDER BY ?l")
        assert [iri.rpartition("#")[2] for (iri,) in languages] == [
            "SPARQL10Query",
            "SPARQL11Query",
        ]
        features = rows(store, "SELECT ?f { ?s sd:feature ?f } ORDER BY ?f")
        assert [iri.rpartition("#")[2] for (iri,) in features] == ["UnionDefaultGraph", "index"]
        assert len(rows(store, "SELECT ?f { ?s sd:resultFormat ?f }")) == 10
        assert not rows(store, "SELECT ?f { ?s sd:inputFormat ?f }")

    def test_federation_is_a_feature_where_it_is_allowed(
        self, current: Published, settings: Settings
    ) -> None:
        allowed = replace(settings, federation=endpoints_of("http://example.org/sparql"))
        text = create_app(current, allowed).test_client().get("/sparql").get_data(as_text=True)
        assert "sd:BasicFederatedQuery" in text

    def test_the_extensions_are_there(self, client: FlaskClient) -> None:
        """What `sd:languageExtension` names really runs."""
        store = described(client, "/sparql")
        assert len(rows(store, "SELECT ?e { ?s sd:languageExtension ?e }")) == 2
        queries = (
            "SELECT ?s ?l { ?s a mg:Country LATERAL { SELECT ?s ?l "
            "{ ?s skos:prefLabel ?l } LIMIT 1 } } LIMIT 1",
            "SELECT (ADJUST('2020-01-01T00:00:00Z'^^xsd:dateTime, 'PT1H'^^xsd:dayTimeDuration) "
            "AS ?t) ('2020-01-02'^^xsd:date - '2020-01-01'^^xsd:date AS ?d) {}",
        )
        for query in queries:
            answer = client.get("/sparql", query_string={"query": query}).get_json(force=True)
            (binding,) = answer["results"]["bindings"]
            assert len(binding) == 2, query

    def test_counts(self, client: FlaskClient, engine: Engine) -> None:
        store = described(client, "/sparql")
        ((default,),) = rows(
            store,
            "SELECT ?n { ?s sd:defaultDataset/sd:defaultGraph ?g . "
            "?g a sd:Graph ; void:triples ?n }",
        )
        assert int(default) == count(engine, "SELECT (COUNT(*) AS ?n) { ?s ?p ?o }")
        named = rows(
            store,
            "SELECT ?name ?n { ?s sd:defaultDataset/sd:namedGraph ?g . ?g a sd:NamedGraph ; "
            "sd:name ?name ; sd:graph/void:triples ?n }",
        )
        wanted = counted(
            engine, "SELECT ?g (COUNT(*) AS ?n) { GRAPH ?g { ?s ?p ?o } } GROUP BY ?g", "g"
        )
        assert dict(named) == wanted
        assert len(named) > 50

    def test_what_follows_is_available_and_not_in_the_dataset(
        self, client: FlaskClient, current: Published
    ) -> None:
        (found,) = rows(
            described(client, "/sparql"),
            "SELECT ?name ?regime ?profile ?n { ?s sd:availableGraphs/sd:namedGraph ?g . ?g "
            "sd:name ?name ; sd:entailmentRegime ?regime ; "
            "sd:supportedEntailmentProfile ?profile ; "
            "sd:graph/void:triples ?n }",
        )
        assert found == (
            INFERRED_GRAPH,
            "http://www.w3.org/ns/entailment/OWL-RDF-Based",
            "http://www.w3.org/ns/owl-profile/RL",
            str(current.edition.snapshot.inferred),
        )


class TestDataset:
    PATH = "/.well-known/void"

    @pytest.mark.parametrize("format", GRAPHS, ids=lambda format: format.name)
    def test_every_format_says_the_same(self, client: FlaskClient, format: Format) -> None:
        assert len(described(client, self.PATH, format)) == len(described(client, self.PATH))

    def test_people_are_led_to_the_dumps(self, client: FlaskClient) -> None:
        response = client.get(self.PATH, headers={"Accept": "text/html"})
        assert (response.status_code, response.headers["Location"]) == (303, "/dumps")
        assert client.get(self.PATH, headers={"Accept": "image/png"}).status_code == 406

    def test_counts(self, client: FlaskClient, engine: Engine) -> None:
        store = described(client, self.PATH)
        for name, expression, pattern in (
            ("triples", "COUNT(*)", "?s ?p ?o"),
            ("distinctSubjects", "COUNT(DISTINCT ?s)", "?s ?p ?o"),
            ("distinctObjects", "COUNT(DISTINCT ?o)", "?s ?p ?o"),
            ("properties", "COUNT(DISTINCT ?p)", "?s ?p ?o"),
            ("classes", "COUNT(DISTINCT ?c)", "?s a ?c FILTER(isIRI(?c))"),
        ):
            ((said,),) = rows(store, f"SELECT ?n {{ ?d a dcat:Dataset ; void:{name} ?n }}")
            assert int(said) == count(engine, f"SELECT ({expression} AS ?n) {{ {pattern} }}"), name

    def test_partitions(self, client: FlaskClient, engine: Engine) -> None:
        store = described(client, self.PATH)
        classes = rows(
            store, "SELECT ?c ?n { ?d void:classPartition [ void:class ?c ; void:entities ?n ] }"
        )
        wanted = counted(
            engine,
            "SELECT ?c (COUNT(DISTINCT ?s) AS ?n) { ?s a ?c FILTER(isIRI(?c)) } GROUP BY ?c",
            "c",
        )
        assert dict(classes) == wanted
        properties = rows(
            store,
            "SELECT ?p ?n { ?d void:propertyPartition [ void:property ?p ; void:triples ?n ] }",
        )
        wanted = counted(engine, "SELECT ?p (COUNT(*) AS ?n) { ?s ?p ?o } GROUP BY ?p", "p")
        assert dict(properties) == wanted
        assert len(classes) > 20
        assert len(properties) > 50

    def test_linksets(self, client: FlaskClient, engine: Engine) -> None:
        store = described(client, self.PATH)
        links = rows(
            store,
            "SELECT ?to ?n { ?l a void:Linkset ; void:objectsTarget ?to ; void:triples ?n ; "
            "void:linkPredicate <https://w3id.org/migov/ns#identifierIRI> }",
        )
        wanted = counted(
            engine,
            "SELECT ?to (COUNT(*) AS ?n) { ?node <https://w3id.org/migov/ns#scheme> ?to ; "
            "<https://w3id.org/migov/ns#identifierIRI> ?iri } GROUP BY ?to",
            "to",
        )
        assert dict(links) == wanted
        assert len(links) > 3

    def test_mapping_sets_are_linksets_with_their_targets(
        self, client: FlaskClient, engine: Engine
    ) -> None:
        store = described(client, self.PATH)
        found = rows(
            store,
            "SELECT ?set ?to ?predicate ?n { ?l a void:Linkset ; void:triples ?n ; "
            "dcterms:source ?set ; void:objectsTarget ?to ; void:linkPredicate ?predicate . "
            "?to void:uriSpace ?begin . ?d dcterms:relation ?to ; void:subset ?l }",
        )
        wanted = {
            (row["g"].value, row["n"].value)
            for row in select(
                engine,
                "SELECT ?g (COUNT(*) AS ?n) { GRAPH ?g { ?s <https://schema.org/sameAs> ?o } "
                "FILTER(STRENDS(STR(?g), '.sssom.tsv')) } GROUP BY ?g",
            )
        }
        assert {(row[0], row[3]) for row in found} == wanted
        assert len(found) == 5
        assert {row[2] for row in found} == {"https://schema.org/sameAs"}
        assert "https://ror.org/" in {row[1] for row in found}

    def test_distributions_lead_to_the_files(self, client: FlaskClient) -> None:
        store = described(client, self.PATH)
        found = rows(
            store,
            "SELECT ?url ?size ?licence { ?d dcat:distribution [ a dcat:Distribution ; "
            "dcat:downloadURL ?url ; dcat:byteSize ?size ; dcterms:license ?licence ] }",
        )
        assert len(found) == 6
        for url, size, licence in found:
            assert "creativecommons.org" in licence
            response = client.get(url.removeprefix("http://localhost"))
            assert len(response.data) == int(size)
            response.close()

    def test_licence_publisher_version(self, client: FlaskClient, current: Published) -> None:
        store = described(client, self.PATH)
        (found,) = rows(
            store,
            "SELECT ?version ?publisher ?licence ?sparql { ?d a void:Dataset, dcat:Dataset ; "
            "dcat:version ?version ; dcterms:publisher/foaf:name ?publisher ; "
            "dcterms:license ?licence ; void:sparqlEndpoint ?sparql }",
        )
        assert found[0] == current.edition.snapshot.name
        assert found[1]
        assert found[3] == ENDPOINT
        service = rows(store, "SELECT ?url { ?s a dcat:DataService ; dcat:endpointURL ?url }")
        assert service == [(ENDPOINT,)]
        for graph, size in current.edition.snapshot.graphs.items():
            (quad,) = store.quads_for_pattern(
                NamedNode(graph), NamedNode(STANDARD_PREFIXES["void"] + "triples"), None
            )
            assert quad.object == Literal(size)
