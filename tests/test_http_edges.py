"""Edges of the protocols, as strangers' clients meet them on a running server."""

from __future__ import annotations

import gzip
import io
from pathlib import Path

import httpx
import pyoxigraph
import pytest

from cli_runner import migov
from migov.protocol.formats import GRAPHS, Format
from scratch_support import AT_G, FORM, TURTLE, UPDATE, scratch_server, told

__all__ = ["scratch_server"]

TRIPLE_TERM = "<urn:s> <urn:p> <<( <urn:a> <urn:b> <urn:c> )>>"


@pytest.fixture
def dataset(scratch_server: httpx.Client) -> httpx.Client:
    assert scratch_server.post("/sparql", data={"update": "DROP ALL"}).status_code == 204
    return scratch_server


@pytest.mark.parametrize("path", ["/sparql?query=CONSTRUCT%20WHERE%20{?s%20?p%20?o}",
                                  "/graphs?default"])  # fmt: skip
def test_json_ld_cannot_write_triple_terms(dataset: httpx.Client, path: str) -> None:
    assert dataset.post("/sparql", data={"update": f"INSERT DATA {{ {TRIPLE_TERM} }}"}).is_success
    problem = told(dataset.get(path, headers={"Accept": "application/ld+json"}), 406)
    offered = [each for each in GRAPHS if each.media_type in problem]
    assert [each.name for each in GRAPHS if each not in offered] == ["jsonld"]
    for each in offered:
        answer = dataset.get(path, headers={"Accept": each.media_type})
        assert answer.status_code == 200, each.name


def test_the_early_answer_says_so_too(endpoint: str) -> None:
    query = f"CONSTRUCT {{ {TRIPLE_TERM} }} {{}}"
    headers = {"Accept": "application/ld+json"}
    problem = told(httpx.get(f"{endpoint}/sparql", params={"query": query}, headers=headers), 406)
    assert "triple terms" in problem


@pytest.mark.parametrize("format", GRAPHS, ids=lambda format: format.name)
def test_a_scratch_dataset_describes_itself(dataset: httpx.Client, format: Format) -> None:
    update = (
        "INSERT DATA { <urn:a> a <urn:C> ; <urn:p> 1 . GRAPH <urn:g> { <urn:b> a <urn:D>, <urn:C> ."
        " <urn:a> <urn:p> 1 } }"
    )
    assert dataset.post("/sparql", data={"update": update}).is_success
    answer = dataset.get("/.well-known/void", headers={"Accept": format.media_type})
    assert answer.status_code == 200
    assert answer.headers["Content-Type"].startswith(format.media_type)
    store = pyoxigraph.Store()
    store.load(io.BytesIO(answer.content), format=pyoxigraph.RdfFormat.from_media_type(
        format.media_type))  # fmt: skip
    found = store.query(
        "PREFIX void: <http://rdfs.org/ns/void#> PREFIX dcat: <http://www.w3.org/ns/dcat#> "
        "SELECT ?e ?n ?s ?o ?p ?c { ?d a void:Dataset, dcat:Dataset ; void:sparqlEndpoint ?e ;"
        "void:triples ?n ; void:distinctSubjects ?s ; void:distinctObjects ?o ;"
        "void:properties ?p ; void:classes ?c . ?e dcat:servesDataset ?d }"
    )
    assert isinstance(found, pyoxigraph.QuerySolutions)
    ((address, *counts),) = found
    assert address.value == f"{dataset.base_url}/sparql".replace("//sparql", "/sparql")
    assert [int(each.value) for each in counts] == [4, 2, 3, 2, 2]


def test_an_empty_scratch_dataset_and_a_browser(dataset: httpx.Client) -> None:
    assert '"0"' in dataset.get("/.well-known/void?format=nt").text
    answer = dataset.get("/.well-known/void", headers={"Accept": "text/html"})
    assert (answer.status_code, answer.headers["Location"]) == (303, "/")


@pytest.mark.parametrize("coding", ["gzip", "GZIP", "br", "deflate, gzip", "x-nonsense"])
def test_compressed_bodies_are_not_read(dataset: httpx.Client, endpoint: str, coding: str) -> None:
    body = gzip.compress(b"ASK {}")
    coded = {"Content-Encoding": coding}
    answers = [
        httpx.post(f"{endpoint}/sparql", content=body,
                   headers={"Content-Type": "application/sparql-query", **coded}),
        httpx.post(f"{endpoint}/changes", content=body, headers={**TURTLE, **coded}),
        dataset.post("/sparql", content=body, headers={**FORM, **coded}),
        dataset.post("/sparql", content=body, headers={**UPDATE, **coded}),
        dataset.put(AT_G, content=body, headers={**TURTLE, **coded}),
    ]  # fmt: skip
    for answer in answers:
        assert coding.lower() in told(answer, 415)
        assert answer.headers["Accept-Encoding"] == "identity"


def test_a_body_that_says_it_is_not_compressed(dataset: httpx.Client, endpoint: str) -> None:
    headers = {"Content-Type": "application/sparql-query", "Content-Encoding": "identity"}
    for address in (f"{endpoint}/sparql", f"{dataset.base_url}/sparql"):
        answer = httpx.post(address, content="ASK {}", headers=headers)
        assert answer.json()["boolean"] is True


def test_a_store_that_takes_no_writes_is_told(endpoint: str, tmp_path: Path) -> None:
    done = migov("publish", "--to", f"{endpoint}/sparql", "--cache", tmp_path)
    assert done.code == 2
    assert "refuses this (403)" in done.err
    assert "let this user in" not in done.err


@pytest.mark.parametrize(
    ("name", "meant"), [("MIGOV_DEADLIN", "MIGOV_DEADLINE"), ("MIGOV_UNHEARD_OF", "serve --help")]
)
def test_a_misspelt_variable_is_told(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, name: str, meant: str
) -> None:
    tokens = tmp_path / "tokens.json"
    monkeypatch.setenv(name, "5")
    done = migov("token", "list", "--tokens", tokens)
    assert f"Warning: {name} is no setting" in done.err
    assert meant in done.err
    monkeypatch.setenv(name, "")
    assert name not in migov("token", "list", "--tokens", tokens).err


@pytest.mark.parametrize("method", ["PUT", "POST"])
def test_a_part_is_not_taken_for_the_whole(dataset: httpx.Client, method: str) -> None:
    headers = {**TURTLE, "Content-Range": "bytes 0-9/100"}
    answer = dataset.request(method, AT_G, content="<a:a> <a:b> 1 .", headers=headers)
    assert "Content-Range" in told(answer, 400)
    assert dataset.get(AT_G).status_code == 404


def test_a_byte_order_mark_is_no_text(dataset: httpx.Client, endpoint: str) -> None:
    mark = b"\xef\xbb\xbf"
    assert dataset.put(AT_G, content=mark + b"<a:a> <a:b> 1 .", headers=TURTLE).is_success
    files = {"a": ("a.ttl", mark + b"<a:c> <a:b> 1 .", "text/turtle")}
    assert dataset.post(AT_G, files=files).is_success
    update = mark + b"INSERT DATA { GRAPH <http://example.org/g> { <a:d> <a:b> 1 } }"
    assert dataset.post("/sparql", content=update, headers=UPDATE).is_success
    assert len(dataset.get(AT_G, headers={"Accept": "application/n-triples"}).text.split("\n")) == 4
    query = {"Content-Type": "application/sparql-query"}
    for address in (f"{endpoint}/sparql", f"{dataset.base_url}/sparql"):
        answer = httpx.post(address, content=mark + b"ASK {}", headers=query)
        assert answer.json()["boolean"] is True


def test_a_message_repeats_no_more_than_can_be_read(dataset: httpx.Client, endpoint: str) -> None:
    long = "x" * 20_000
    answers = [
        dataset.get("/graphs", params={"graph": long}),
        httpx.get(f"{endpoint}/sparql", params={"query": "ASK {}"}, headers={"Accept": long}),
        httpx.get(f"{endpoint}/queries", params={"format": long}),
    ]
    for answer in answers:
        assert answer.status_code in (400, 406)
        assert len(answer.json()["detail"]) <= 1001
        assert len(answer.content) < 3000


@pytest.mark.parametrize(
    ("path", "meant"),
    [
        ("/search?q=oim&limt=3", "limit"),
        ("/search?q=oim&types=Initiative", "type"),
        ("/contribute/alike?nme=International+Labour+Organization", "name"),
        ("/contribute/alike?identifer=wikidata:Q54129", "identifier"),
    ],
)
def test_parameters_of_other_services(endpoint: str, path: str, meant: str) -> None:
    answer = httpx.get(endpoint + path, headers={"Accept": "application/json"})
    assert f"“{meant}”" in told(answer, 400)


def test_a_part_that_is_not_there(endpoint: str) -> None:
    address = f"{endpoint}/dumps/migov.nq.gz"
    whole = httpx.get(address).content
    part = httpx.get(address, headers={"Range": "bytes=10-19"})
    assert (part.status_code, part.content) == (206, whole[10:20])
    answer = httpx.get(address, headers={"Range": "bytes=999999999-"})
    told(answer, 416)
    assert answer.headers["Content-Range"] == f"bytes */{len(whole)}"


@pytest.mark.parametrize(
    ("query", "hint"),
    [
        ("ASK { ?x wdt:P31 ?y }", "PREFIX wdt: <http://www.wikidata.org/prop/direct/>"),
        ("ASK { ?x skos:prefLabel ?y }", "PREFIX skos: <http://www.w3.org/2004/02/skos/core#>"),
        ("PREFIX ab: <a:b> ASK { ?x abc:d ?y }", "Did you mean ab:? Declare it with PREFIX abc: <"),
    ],
)
def test_what_well_known_prefixes_stand_for(dataset: httpx.Client, query: str, hint: str) -> None:
    assert hint in told(dataset.post("/sparql", data={"query": query}), 400)
