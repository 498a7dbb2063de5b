"""The canned queries as programs find them: OpenAPI 3.1, its page, and SPARQL executables."""

from __future__ import annotations

import json
import re
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from jsonschema import Draft202012Validator
from openapi_spec_validator import OpenAPIV31SpecValidator
from pyoxigraph import QueryBoolean, QuerySolutions, RdfFormat, Store

from migov.catalogue import Catalogue, load_catalogue
from migov.repository import Repository

HTML = {"Accept": "text/html"}
PREFIXES = """PREFIX sh: <http://www.w3.org/ns/shacl#> PREFIX schema: <https://schema.org/>
PREFIX rdfs: <http://www.w3.org/2000/01/rdf-schema#> """


@pytest.fixture(scope="module")
def catalogue(repository: Repository) -> Catalogue:
    return load_catalogue(repository.queries)


@pytest.fixture
def document(client: FlaskClient) -> dict[str, Any]:
    response = client.get("/openapi.json")
    assert response.content_type == "application/json"
    found: dict[str, Any] = response.get_json()
    return found


@pytest.fixture(scope="module")
def store(app: Flask) -> Store:
    """The queries as a client finds them that asks for Turtle."""
    response = app.test_client().get("/queries", headers={"Accept": "text/turtle"})
    assert response.content_type == "text/turtle; charset=utf-8"
    store = Store()
    store.load(response.data, RdfFormat.TURTLE)
    return store


def rows(store: Store, query: str) -> list[dict[str, str]]:
    """Return the solutions of a query as texts."""
    found = store.query(PREFIXES + query)
    assert isinstance(found, QuerySolutions)
    names = [variable.value for variable in found.variables]
    return [{name: row[name].value for name in names} for row in found]


class TestOpenApi:
    def test_valid(self, document: dict[str, Any], catalogue: Catalogue) -> None:
        assert not list(OpenAPIV31SpecValidator(document).iter_errors())
        assert document["openapi"] == "3.1.0"
        assert len(document["paths"]) == len(catalogue) > 50

    def test_answers_are_as_described(self, client: FlaskClient, document: dict[str, Any]) -> None:
        seen = 0
        for path, item in document["paths"].items():
            content = item["get"]["responses"]["200"]["content"]
            media_type = next(iter(content))
            values = {
                each["name"]: each["example"]
                for each in item["get"]["parameters"]
                if "example" in each
            }
            answer = client.get(path, query_string=values)
            assert answer.status_code == 200, path
            assert answer.mimetype == media_type
            if media_type == "application/sparql-results+json":
                schema = {**content[media_type]["schema"], "components": document["components"]}
                Draft202012Validator(schema).validate(answer.get_json(force=True))
                seen += 1
        assert seen > 50

    @pytest.mark.parametrize(
        ("asked", "status"),
        [("country=nowhere", 422), ("limit=x", 422), ("format=png", 406), ("country=%FF", 400)],
    )
    def test_problems_are_as_described(
        self, client: FlaskClient, document: dict[str, Any], asked: str, status: int
    ) -> None:
        path = "/queries/who-funds-and-implements"
        answer = client.get(f"{path}?{asked}")
        assert answer.status_code == status
        described = document["components"]["responses"][f"Problem{status}"]["content"]
        schema = {**described[answer.mimetype]["schema"], "components": document["components"]}
        Draft202012Validator(schema).validate(json.loads(answer.data))
        assert f"Problem{status}" in json.dumps(document["paths"][path])

    def test_types_of_parameters(self, document: dict[str, Any]) -> None:
        schemas = {
            (path.removeprefix("/queries/"), each["name"]): each["schema"]
            for path, item in document["paths"].items()
            for each in item["get"]["parameters"]
            if "name" in each
        }
        assert schemas["budgets", "minimum"]["type"] == "number"
        assert schemas["who-funds-and-implements", "include"]["enum"] == ["recorded", "all"]
        assert "pattern" in schemas["initiatives-between-dates", "from"]

    def test_language_and_address(self, client: FlaskClient) -> None:
        base = {"Host": "kg.example:81", "Accept-Language": "fr"}
        english = client.get("/openapi.json", headers=base).get_json()
        french = client.get("/openapi.json?lang=fr").get_json()
        assert english["servers"] == [{"url": "http://kg.example:81"}]
        path = "/queries/budgets"
        assert english["paths"][path]["get"]["summary"].startswith("Which")
        assert french["paths"][path]["get"]["summary"].startswith("Quelles")

    def test_page(self, client: FlaskClient, catalogue: Catalogue) -> None:
        text = client.get("/api", headers=HTML).get_data(as_text=True)
        assert all(f"GET /queries/{slug}<" in text for slug in catalogue)
        assert len(text.encode()) < 100_000
        assert client.get("/api", headers={"Accept": "image/png"}).status_code == 406


class TestExecutables:
    def test_each_runs_as_it_stands(self, store: Store, catalogue: Catalogue) -> None:
        declared = "".join(
            f"PREFIX {row['p']}: <{row['n']}>\n"
            for row in rows(
                store,
                "SELECT DISTINCT ?p ?n { ?q sh:prefixes/sh:declare ?d ."
                " ?d sh:prefix ?p ; sh:namespace ?n }",
            )
        )
        found = rows(
            store,
            "SELECT ?query ?text { ?query a sh:SPARQLExecutable ;"
            " sh:select|sh:ask|sh:construct ?text ; schema:target ?endpoint ;"
            ' rdfs:label ?label FILTER(LANG(?label) = "fr") }',
        )
        seen = set()
        for row in found:
            slug = row["query"].rpartition("/")[2]
            text = re.sub(r"SERVICE (?!SILENT)", "SERVICE SILENT ", row["text"])
            answer = Store().query(declared + text)
            if isinstance(answer, QuerySolutions):
                columns = tuple(variable.value for variable in answer.variables)
                assert columns == catalogue[slug].columns
            else:
                assert isinstance(answer, QueryBoolean) == (catalogue[slug].form == "ASK")
            seen.add(slug)
        assert seen == set(catalogue)

    def test_parameters(self, store: Store, catalogue: Catalogue) -> None:
        found = rows(
            store,
            "SELECT ?q ?path ?rule { ?q sh:parameter ?p . ?p a sh:Parameter ;"
            " sh:path ?path ; sh:optional ?optional ."
            " ?p sh:datatype|sh:class|(sh:in/<http://www.w3.org/1999/02/22-rdf-syntax-ns#rest>*)|"
            "(sh:node/sh:property/sh:hasValue) ?rule }",
        )
        named = {(row["q"].rpartition("/")[2], row["path"].rpartition("#")[2]) for row in found}
        assert named == {
            (slug, each.name) for slug, query in catalogue.items() for each in query.parameters
        }

    @pytest.mark.parametrize("suffix", ["ttl", "jsonld", "rdf", "nt", "trig", "nq"])
    def test_formats(self, client: FlaskClient, suffix: str) -> None:
        assert len(client.get(f"/queries?format={suffix}").data) > 50_000

    def test_the_service_points_there(self, client: FlaskClient) -> None:
        text = client.get("/sparql", headers={"Accept": "application/n-triples"}).data
        assert b"rdf-schema#seeAlso> <http://localhost/queries>" in text
        assert b"<http://localhost/openapi.json>" in text
