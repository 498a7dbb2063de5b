"""`/graphs` over the published snapshot: every graph is read there, and none is written."""

from __future__ import annotations

from urllib.parse import urlencode

import pytest
from flask.testing import FlaskClient
from pyoxigraph import DefaultGraph, NamedNode, RdfFormat, parse
from werkzeug.test import TestResponse

from migov.engine import Published
from migov.protocol.formats import GRAPHS
from migov.vocabulary import GRAPH, INFERRED_GRAPH

RECORD = GRAPH + "data/records/gfmd/thamm.ttl"
PARSERS = {
    "ttl": RdfFormat.TURTLE,
    "nt": RdfFormat.N_TRIPLES,
    "rdf": RdfFormat.RDF_XML,
    "jsonld": RdfFormat.JSON_LD,
    "trig": RdfFormat.TRIG,
    "nq": RdfFormat.N_QUADS,
}


def get(client: FlaskClient, graph: str, **headers: str) -> TestResponse:
    return client.get(f"/graphs?{urlencode({'graph': graph})}", headers=headers)


@pytest.mark.parametrize("format", GRAPHS, ids=lambda format: format.name)
def test_a_graph_in_every_format(client: FlaskClient, current: Published, format: object) -> None:
    assert len(GRAPHS) == len(PARSERS) == 6
    media_type, name = format.media_type, format.name  # type: ignore[attr-defined]
    response = get(client, RECORD, Accept=media_type)
    assert response.status_code == 200
    assert response.mimetype == media_type
    quads = list(parse(response.data, format=PARSERS[name]))
    assert len({quad.triple for quad in quads}) == current.edition.snapshot.graphs[RECORD]
    assert {quad.graph_name for quad in quads} <= {DefaultGraph(), NamedNode(RECORD)}


def test_every_graph_is_there(client: FlaskClient, current: Published) -> None:
    snapshot = current.edition.snapshot
    sizes = {**snapshot.graphs, INFERRED_GRAPH: snapshot.inferred}
    for graph, size in sizes.items():
        response = get(client, graph, Accept="application/n-triples")
        assert len(response.data.splitlines()) == size, graph
    union = client.get("/graphs?default", headers={"Accept": "application/n-triples"})
    assert len(set(union.data.splitlines())) == snapshot.triples


def test_head(client: FlaskClient) -> None:
    path = f"/graphs?{urlencode({'graph': RECORD})}"
    response = client.head(path)
    assert (response.status_code, response.data) == (200, b"")
    assert response.mimetype == "text/turtle"
    assert response.headers["ETag"] == client.get(path).headers["ETag"]
    assert client.head("/graphs?graph=http%3A%2F%2Fexample.org%2F").status_code == 404


@pytest.mark.parametrize("encoding", ["identity", "gzip"])
def test_conditional_requests(client: FlaskClient, encoding: str) -> None:
    headers = {"Accept-Encoding": encoding}
    first = get(client, RECORD, **headers)
    etag = first.headers["ETag"]
    assert not etag.startswith("W/")
    again = get(client, RECORD, **headers, **{"If-None-Match": etag})
    assert (again.status_code, again.data) == (304, b"")
    other = get(client, RECORD, **headers, Accept="text/csv, application/trig")
    assert other.headers["ETag"] != etag
    assert get(client, RECORD, **{"If-None-Match": '"other"'}).status_code == 200
    for matched, status in ((etag, 200), ("*", 200), ('"other"', 412)):
        assert get(client, RECORD, **headers, **{"If-Match": matched}).status_code == status


@pytest.mark.parametrize(
    ("query", "status"),
    [
        ("", 400),
        ("graph=", 400),
        ("graph=data/x.ttl", 400),
        ("graph=%2F%2Fexample.org%2Fg", 400),
        ("graph=http%3A%2F%2Fa%2F%20b", 400),
        ("graph=http%3A%2F%2Fa%2F%3E%20%7D%20UNION", 400),
        ("default&graph=http%3A%2F%2Fa%2Fb", 400),
        ("graph=http%3A%2F%2Fa%2Fb&graph=http%3A%2F%2Fa%2Fc", 400),
        ("default&default", 400),
        ("graph=http%3A%2F%2Fa%2Fb", 404),
        ("graph=file%3A%2F%2F%2Fetc%2Fpasswd", 404),
    ],
)
def test_what_names_no_graph(client: FlaskClient, query: str, status: int) -> None:
    response = client.get(f"/graphs?{query}")
    assert response.status_code == status
    assert response.mimetype == "application/problem+json"
    assert response.get_json(force=True)["hint"]


def test_other_formats(client: FlaskClient) -> None:
    assert get(client, RECORD, Accept="image/png").status_code == 406
    assert get(client, RECORD, Accept="text/html, text/turtle;q=0.5").status_code == 303


def test_people_are_led_to_the_pages(client: FlaskClient) -> None:
    html = {"Accept": "text/html"}
    assert client.get("/graphs", headers=html).headers["Location"] == "/graph"
    response = client.get(f"/graphs?{urlencode({'graph': RECORD, 'lang': 'fr'})}", headers=html)
    assert response.headers["Location"] == "/graph/data/records/gfmd/thamm.ttl?lang=fr"


@pytest.mark.parametrize("method", ["PUT", "POST", "DELETE", "PATCH"])
@pytest.mark.parametrize(
    "path",
    [
        "/graphs?default",
        f"/graphs?{urlencode({'graph': RECORD})}",
        "/graphs",
        "/graph/data/records/gfmd/thamm.ttl",
        "/graph/data/records/new.ttl",
    ],
)
def test_nothing_is_written(client: FlaskClient, method: str, path: str) -> None:
    response = client.open(path, method=method, data="<a:b> <a:c> 1 .", content_type="text/turtle")
    assert response.status_code == 403
    document = response.get_json(force=True)
    assert document["type"].endswith("/not-offered")
    assert "commits" in document["hint"]
