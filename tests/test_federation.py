"""SERVICE asks the endpoints of the settings and no other, and joins what they answer."""

from __future__ import annotations

import socket
import ssl
import subprocess
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient

from bad_endpoints import Handler, Server, serving
from migov.endpoints import Endpoint
from migov.engine import Published
from migov.federation import EndpointError, ask, federation
from migov.protocol import services as answered
from migov.settings import Settings
from migov.web import create_app
from second_server import GEO, PREFIX

PROBLEM = "application/problem+json"


@pytest.fixture(scope="module")
def second(second_endpoint: str) -> str:
    return second_endpoint


@pytest.fixture(scope="module")
def bad() -> Iterator[Server]:
    with serving() as server:
        yield server


@pytest.fixture(scope="module")
def federated(second: str, bad: Server, current: Published, settings: Settings) -> Flask:
    """An application that may ask the second server, and some that are no good."""
    names = [name.removeprefix("do_") for name in vars(Handler) if name.startswith("do_")]
    base = f"http://127.0.0.1:{bad.port}/"
    listed = [
        Endpoint(second, private=True),
        *(Endpoint(base + name.replace("_", "-"), private=True) for name in names),
        Endpoint(f"http://localhost:{bad.port}/good"),
        Endpoint(f"http://127.0.0.2:{bad.port}/good"),
        Endpoint(f"http://[::ffff:127.0.0.1]:{bad.port}/good"),
        Endpoint("http://no-such-host.invalid/sparql"),
        Endpoint(f"http://127.0.0.1:{unused_port()}/sparql", private=True),
    ]
    return create_app(
        current,
        replace(
            settings,
            federation=tuple(listed),
            federation_deadline=1.0,
            federation_answer=0.5,
        ),
    )


@pytest.fixture
def client(federated: Flask) -> FlaskClient:
    return federated.test_client()


def unused_port() -> int:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return int(free.getsockname()[1])


def rows(client: FlaskClient, query: str, **fields: str) -> list[list[str]]:
    response = client.get(
        "/sparql", query_string={"query": query, **fields}, headers={"Accept": "text/csv"}
    )
    assert response.status_code == 200, response.get_data(as_text=True)
    return [line.split(",") for line in response.get_data(as_text=True).splitlines()[1:]]


def refusal(client: FlaskClient, query: str, status: int) -> dict[str, Any]:
    response = client.post("/sparql", data={"query": query}, headers={"Accept": "text/csv"})
    assert (response.status_code, response.mimetype) == (status, PROBLEM), response.data
    document: dict[str, Any] = response.get_json(force=True)
    return document


class TestAnswers:
    def test_the_countries_of_the_graph_with_what_the_second_server_says(
        self, client: FlaskClient, second: str
    ) -> None:
        query = f"""{PREFIX} SELECT ?country ?population WHERE {{
          ?country a mg:Country ; mg:m49 ?code .
          SERVICE <{second}> {{ ?there geo:m49 ?code ; geo:population ?population }}
        }} ORDER BY DESC(?population)"""
        found = rows(client, query)
        assert len(found) > 240
        assert found[0] == ["https://w3id.org/migov/id/place/chn", "1411778724"]

    @pytest.mark.parametrize(
        ("around", "expected"),
        [
            ("?c mg:m49 ?m {service}", 1),
            ("?c mg:m49 ?m OPTIONAL {{ {service} }}", 1),
            ("{{ ?c mg:m49 ?m {service} }} UNION {{ ?c mg:m49 ?m }}", 2),
            ("{{ SELECT ?c ?name {{ ?c mg:m49 ?m {service} }} }}", 1),
            ("GRAPH ?record {{ ?c mg:m49 ?m {service} }}", 1),
            ("GRAPH ?record {{ ?c mg:m49 ?m }} {service}", 1),
            ("?c mg:m49 ?m FILTER EXISTS {{ {service} }}", 1),
            ("?c mg:m49 ?m MINUS {{ {service} }}", 0),
            ("{service} ?c mg:m49 ?m", 1),
        ],
    )
    def test_it_works_wherever_a_group_may_stand(
        self, client: FlaskClient, second: str, around: str, expected: int
    ) -> None:
        service = f"SERVICE <{second}> {{ ?there geo:m49 ?m ; geo:name ?name }}"
        pattern = around.format(service=service)
        query = f"{PREFIX} SELECT * {{ VALUES ?c {{ place:mar }} {pattern} }}"
        assert len(rows(client, query)) == expected

    def test_construct_and_ask(self, client: FlaskClient, second: str) -> None:
        service = f"SERVICE <{second}> {{ ?there geo:iso3 'MAR' ; geo:capital ?capital }}"
        graph = client.get(
            "/sparql",
            query_string={
                "query": f"{PREFIX} CONSTRUCT {{ place:mar geo:capital ?capital }} {{ {service} }}"
            },
            headers={"Accept": "application/n-triples"},
        )
        assert graph.get_data(as_text=True).count("Rabat") == 1
        truth = client.get("/sparql", query_string={"query": f"{PREFIX} ASK {{ {service} }}"})
        assert truth.get_json(force=True)["boolean"] is True

    def test_a_prefix_of_the_house_and_a_base_go_with_the_question(
        self, client: FlaskClient, second: str
    ) -> None:
        query = f"""BASE <{GEO}> SELECT ?x {{
          SERVICE <{second}> {{ <country/MA> <capital> ?x MINUS {{ ?x a mg:Country }} }} }}"""
        assert rows(client, query) == [["Rabat"]]

    def test_two_groups_and_the_second_is_asked_about_what_the_first_found(
        self, client: FlaskClient, second: str, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        asked = questions(monkeypatch)
        query = f"""{PREFIX} SELECT ?city {{
          SERVICE <{second}> {{ ?country geo:iso3 "MAR" }}
          SERVICE <{second}> {{ ?city geo:in ?country }} }}"""
        assert len(rows(client, query)) > 10
        assert asked[1].endswith(f"VALUES(?country){{(<{GEO}country/MA>)}}")

    def test_what_cannot_fit_is_not_asked(
        self, client: FlaskClient, second: str, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        asked = questions(monkeypatch)
        query = f"{PREFIX} SELECT * {{ ?c mg:no ?m SERVICE <{second}> {{ ?x geo:m49 ?m }} }}"
        assert rows(client, query) == []
        assert asked == []

    def test_blank_nodes_become_iris_of_their_own(self, client: FlaskClient, bad: Server) -> None:
        group = f"SERVICE <http://127.0.0.1:{bad.port}/blank> {{ ?x ?p ?y }}"
        query = f"SELECT ?x ?p ?y {{ {group} }}"
        (first,), (again,) = rows(client, query), rows(client, query)
        assert first[0].startswith("https://w3id.org/migov/.well-known/genid/")
        assert first == [first[0], "", first[0]]
        assert first != again

    def test_a_variable_that_the_answer_lacks_is_unbound(
        self, client: FlaskClient, bad: Server
    ) -> None:
        query = f"SELECT * {{ SERVICE <http://127.0.0.1:{bad.port}/less> {{ ?x ?p ?y }} }}"
        assert rows(client, query) == [["", "", ""], ["", "", ""]]

    def test_text_from_elsewhere_is_never_read_as_sparql(
        self, client: FlaskClient, bad: Server
    ) -> None:
        query = f"SELECT ?x {{ SERVICE <http://127.0.0.1:{bad.port}/tricky> {{ ?x ?p ?y }} }}"
        response = client.get("/sparql", query_string={"query": query})
        ((binding,)) = response.get_json(force=True)["results"]["bindings"]
        assert binding["x"]["value"] == '") } } ?x { \0 \\ \n \r # "'

    def test_the_answer_is_new_each_time(self, client: FlaskClient, second: str) -> None:
        query = f"ASK {{ SERVICE <{second}> {{ ?s ?p ?o }} }}"
        assert "ETag" not in client.get("/sparql", query_string={"query": query}).headers

    def test_nothing_of_a_visitor_goes_to_the_endpoint(
        self, client: FlaskClient, bad: Server
    ) -> None:
        bad.asked.clear()
        query = f"SELECT * {{ SERVICE <http://127.0.0.1:{bad.port}/good> {{ ?x ?p ?y }} }}"
        headers = {"Authorization": "Bearer secret", "Cookie": "a=b", "Accept": "text/csv"}
        assert client.get("/sparql", query_string={"query": query}, headers=headers).status_code
        ((_, seen, body),) = bad.asked
        assert not {"Authorization", "Cookie"} & set(seen)
        assert seen["Host"] == f"127.0.0.1:{bad.port}"
        assert body.startswith("query=SELECT")


def questions(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Return a list that keeps what endpoints are asked."""
    asked: list[str] = []

    def kept(endpoint: Endpoint, query: str, **limits: float) -> ask.Received:
        asked.append(query)
        return ask.ask(endpoint, query, **limits)

    monkeypatch.setattr(federation, "ask", kept)
    return asked


class TestRefusals:
    @pytest.mark.parametrize(
        "query",
        [
            "SELECT * { SERVICE <http://elsewhere.example/sparql> { ?s ?p ?o } }",
            "SELECT * { SERVICE SILENT <http://elsewhere.example/sparql> { ?s ?p ?o } }",
            "SELECT * { SERVICE ?where { ?s ?p ?o } }",
            "SELECT * { VALUES ?w { <{second}> } SERVICE SILENT ?w { ?s ?p ?o } }",
            "SELECT * { SERVICE nowhere:x { ?s ?p ?o } }",
            "SELECT * { SERVICE <{second}> { SERVICE <{second}> { ?s ?p ?o } } }",
            "SELECT * { SERVICE <{second}#> { ?s ?p ?o } }",
            "SELECT * { SERVICE <{second}/> { ?s ?p ?o } }",
            "SELECT * { SERVICE <{second}?x=1> { ?s ?p ?o } }",
            r"SELECT * { SERV\u0049CE <{second}> { ?s ?p ?o } }",
            "SELECT * { FILTER(?a<?b#c>'''\n) SERVICE <{second}> { ?s ?p ?o } #'''\n}",
        ],
    )
    def test_whoever_is_not_listed_is_not_asked(
        self, client: FlaskClient, second: str, query: str
    ) -> None:
        document = refusal(client, query.replace("{second}", second), 403)
        assert document["type"].endswith("/refused")

    def test_the_refusal_names_the_endpoint_and_the_setting(self, client: FlaskClient) -> None:
        document = refusal(client, "ASK { SERVICE <http://elsewhere.example/q> {} }", 403)
        assert "<http://elsewhere.example/q>" in document["detail"]
        assert "MIGOV_FEDERATION" in document["hint"]

    @pytest.mark.parametrize(
        ("query", "line", "column"),
        [
            ("SELECT * {\n ?s ?p }\n#SERVICE\nSERVICE <{second}> { ?s ?p ?o }", 4, 1),
            ("SELECT * { SERVICE <{second}> {\n ?s ?p } }", 2, 9),
            ("SELECT * { SERVICE <{second}> { ?s ?p 1 }\n ?x }", 2, 6),
            ("SELECT * { ?s ?p ?o SERVICE }", 1, 21),
            ("SELECT * { SERVICE <{second}> { ?s ?p 1 }", 1, 10),
            ("SELECT * { SERVICE <{second}> { ?s no:p 1 } }", 1, None),
        ],
    )
    def test_what_is_not_sparql_is_told_at_its_place_and_nobody_is_asked(
        self,
        client: FlaskClient,
        second: str,
        monkeypatch: pytest.MonkeyPatch,
        query: str,
        line: int,
        column: int | None,
    ) -> None:
        asked = questions(monkeypatch)
        document = refusal(client, query.replace("{second}", second), 400)
        assert document["line"] == line, document
        assert column in (None, document["column"]), document
        assert asked == []

    def test_a_query_has_a_few_groups_at_most(self, client: FlaskClient, second: str) -> None:
        group = f"SERVICE <{second}> {{ ?s ?p 1 }}"
        refusal(client, f"SELECT * {{ {group * (answered.MOST_GROUPS + 1)} }}", 400)

    @pytest.mark.parametrize("host", ["localhost", "127.0.0.2", "[::ffff:127.0.0.1]"])
    def test_a_private_address_is_refused_unless_listed_so(
        self, client: FlaskClient, bad: Server, host: str
    ) -> None:
        bad.asked.clear()
        query = f"ASK {{ SERVICE <http://{host}:{bad.port}/good> {{ ?x ?p ?o }} }}"
        assert "private address" in refusal(client, query, 502)["detail"]
        assert bad.asked == []

    def test_without_endpoints_none_is_asked(
        self, current: Published, settings: Settings, second: str
    ) -> None:
        client = create_app(current, settings).test_client()
        refusal(client, f"ASK {{ SERVICE <{second}> {{ ?s ?p ?o }} }}", 403)


@pytest.mark.parametrize(
    ("path", "status", "words"),
    [
        ("redirect", 502, "redirects"),
        ("permanent", 502, "redirects"),
        ("failing", 502, "status 500"),
        ("html", 502, "text/html"),
        ("untyped", 502, "no media type"),
        ("compressed", 502, "compressed"),
        ("silent", 504, "within 1 seconds"),
        ("dripping-head", 504, "within 1 seconds"),
        ("dripping", 504, "within 1 seconds"),
        ("endless", 502, "longer than 0.5 MB"),
        ("cut", 502, "broke off"),
        ("no-http", 502, "broke off"),
        ("not-json", 502, "cannot be used"),
        ("truth", 502, "truth value"),
        ("bad-iri", 502, "cannot be used"),
        ("bad-tag", 502, "cannot be used"),
        ("triple", 502, "triple term"),
        ("entities", 502, "cannot be used"),
        ("deep", 502, "cannot be used"),
    ],
)
def test_an_endpoint_that_is_no_good_is_told_and_silent_goes_on(
    client: FlaskClient, bad: Server, path: str, status: int, words: str
) -> None:
    bad.asked.clear()
    iri = f"http://127.0.0.1:{bad.port}/{path}"
    document = refusal(client, f"SELECT * {{ SERVICE <{iri}> {{ ?x ?p ?o }} }}", status)
    assert f"<{iri}>" in document["detail"]
    assert words in document["detail"]
    assert [asked[0] for asked in bad.asked] == [f"/{path}"]
    query = f"SELECT ?c {{ VALUES ?c {{ 1 2 }} SERVICE SILENT <{iri}> {{ ?x ?p ?o }} }}"
    assert rows(client, query) == [["1"], ["2"]]


@pytest.mark.parametrize(
    ("path", "words"), [("busy", "try again later"), ("closed", "login"), ("gone", "address")]
)
def test_what_to_do_about_a_refusal_is_told(
    client: FlaskClient, bad: Server, path: str, words: str
) -> None:
    query = f"SELECT * {{ SERVICE <http://127.0.0.1:{bad.port}/{path}> {{ ?x ?p ?o }} }}"
    assert words in refusal(client, query, 502)["hint"]


@pytest.mark.parametrize("which", [-1, -2])
def test_an_endpoint_that_is_not_there_is_told(
    client: FlaskClient, federated: Flask, which: int
) -> None:
    iri = federated.extensions["migov"].settings.federation[which].iri
    document = refusal(client, f"SELECT * {{ SERVICE <{iri}> {{ ?x ?p ?o }} }}", 502)
    assert f"<{iri}>" in document["detail"]


def test_tls_is_verified_for_the_name_and_the_connection_goes_to_the_address(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    certificate, key = tmp_path / "certificate.pem", tmp_path / "key.pem"
    subprocess.run(
        ["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2",
         "-subj", "/CN=localhost", "-addext", "subjectAltName=DNS:localhost",
         "-keyout", key, "-out", certificate],
        check=True,
        capture_output=True,
    )  # fmt: skip
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate, key)
    names: list[str | None] = []
    context.sni_callback = lambda _, name, __: names.append(name)
    with serving(context) as server:
        endpoint = Endpoint(f"https://localhost:{server.port}/good", private=True)
        limits = {"seconds": 5.0, "megabytes": 1.0}
        with pytest.raises(EndpointError, match="certificate does not hold"):
            ask.ask(endpoint, "ASK {}", **limits)
        assert server.asked == []
        trusting = ssl.create_default_context(cafile=str(certificate))
        monkeypatch.setattr(ask, "_certificates", lambda: trusting)
        assert ask.ask(endpoint, "ASK {}", **limits).format == "json"
        assert server.asked[0][1]["Host"] == f"localhost:{server.port}"
        assert names == ["localhost", "localhost"]
        elsewhere = replace(endpoint, iri=f"https://127.0.0.1:{server.port}/good")
        with pytest.raises(EndpointError, match="certificate does not hold"):
            ask.ask(elsewhere, "ASK {}", **limits)


def test_what_an_endpoint_answers_makes_no_graph_seen(client: FlaskClient, second: str) -> None:
    inferred = "https://w3id.org/migov/graph/inferred"
    service = f"SERVICE <{second}> {{ BIND(IRI(CONCAT('{inferred[:-1]}', 'd')) AS ?g) }}"
    assert rows(client, f"SELECT ?g {{ {service} }}") == [[inferred]]
    assert rows(client, f"SELECT ?g {{ {service} GRAPH ?g {{ ?s ?p ?o }} }}") == []
    known = (
        f"SELECT (COUNT(*) AS ?n) {{ {service} GRAPH ?g {{ ?s ?p ?o }} FILTER(?g = <{inferred}>) }}"
    )
    assert rows(client, known) != [["0"]]
