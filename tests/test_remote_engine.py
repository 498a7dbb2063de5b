"""An engine over a store elsewhere: what it sends, and that it relies on whole answers alone."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs

import httpx
import pytest
from pyoxigraph import QueryResultsFormat, QuerySolutions, parse_query_results

import small
import test_queries as queries
from cli_runner import migov
from migov.engine import Engine, Limits, Query
from migov.engine.remote import RemoteEngine, RemoteStore, credentials_for
from migov.engine.remote.portable import portable
from migov.errors import (
    AnswerTooLargeError,
    BusyError,
    DeadlineError,
    EnvironmentProblem,
    MigovError,
    QuerySyntaxError,
    RefusedError,
    RequestError,
    StoreProblem,
    TooComplexError,
    UnknownFormatError,
)
from migov.snapshot import Snapshot
from migov.vocabulary import ASSERTED_GRAPH, PREFIXES
from stores import STORES, running_store

pytestmark = pytest.mark.xdist_group("stores")

SNAPSHOT = Snapshot("0" * 64, Path(), 0, 0, {small.ONE: 1, small.TWO: 1}, "")
JSON = "application/sparql-results+json"
NT = "application/n-triples"
ROWS = b'{"head":{"vars":["s"]},"results":{"bindings":[{"s":{"type":"uri","value":"http://a"}}]}}'
SELECT = Query("SELECT ?s WHERE { ?s ?p ?o }")
CONSTRUCT = Query("CONSTRUCT WHERE { ?s ?p ?o }", None, "nt")
TRIPLE = b"<http://a> <http://b> <http://c> .\n"


class FakeStore:
    """An HTTP server that gives one answer, and keeps the fields it was sent."""

    def __init__(self) -> None:
        self.begin()

    def begin(self) -> None:
        """Say the usual, and forget what was sent."""
        self.status = 200
        self.headers: dict[str, str] = {"Content-Type": JSON}
        self.body = ROWS
        self.length: int | None = None
        self.chunked = False
        self.wait = 0.0
        self.sent: list[dict[str, list[str]]] = []
        self.authorizations: list[str | None] = []

    def answer(self, handler: BaseHTTPRequestHandler) -> None:
        length = int(handler.headers["Content-Length"])
        self.sent.append(parse_qs(handler.rfile.read(length).decode()))
        self.authorizations.append(handler.headers.get("Authorization"))
        time.sleep(self.wait)
        handler.send_response(self.status)
        for name, value in self.headers.items():
            handler.send_header(name, value)
        if self.length != -1:
            handler.send_header("Content-Length", str(self.length or len(self.body)))
        handler.end_headers()
        handler.wfile.write(self.body)
        if self.length is not None:
            handler.close_connection = True


@pytest.fixture(scope="module")
def started() -> Iterator[tuple[FakeStore, RemoteStore]]:
    script = FakeStore()
    with serving(script) as url:
        remote = RemoteStore(url, None, Limits(deadline=2, answer=1), 1)
        yield script, remote
        remote.close()


@pytest.fixture
def fake(started: tuple[FakeStore, RemoteStore]) -> tuple[FakeStore, RemoteStore]:
    started[0].begin()
    return started


@contextmanager
def serving(script: FakeStore) -> Iterator[str]:
    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            script.answer(self)

        def log_message(self, *_: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}/query"
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


def engine_over(remote: RemoteStore) -> RemoteEngine:
    return RemoteEngine(remote, SNAPSHOT, None)


# What is sent


@pytest.mark.parametrize("slug", queries.SLUGS)
def test_a_portable_query_says_the_same(slug: str, engine: Engine) -> None:
    text = queries.bound(slug)
    is_graph = queries.CATALOGUE[slug].form == "CONSTRUCT"
    formats: dict[str, Any] = {"solutions": None if is_graph else "tsv", "graph": "nt"}
    sent = portable(text, {})
    assert "PREFIX" not in sent
    assert "#" not in sent or "ns#" in sent
    here, there = (engine.answer(Query(one, **formats)) for one in (text, sent))
    assert sorted(here.body.splitlines()) == sorted(there.body.splitlines())


@pytest.mark.parametrize(
    ("text", "sent"),
    [
        ("ASK{?s a mg:Actor}", f"ASK{{?s a <{PREFIXES['mg']}Actor>}}"),
        ("BASE <http://a/> ASK { <b> <c#d> 1 }", "ASK { <http://a/b> <http://a/c#d> 1 }"),
        ("ASK { ?s ?p '''a\n\"b\"''' }", 'ASK { ?s ?p "a\\n\\"b\\"" }'),
        ("ASK { ?s ?p 'a'@en , '1'^^mg:x }", f'ASK {{ ?s ?p "a"@en , "1"^^<{PREFIXES["mg"]}x> }}'),
        ("ASK { ?s ?p ?a FILTER(?a<?b) }", "ASK { ?s ?p ?a FILTER(?a< ?b) }"),
        ("ASK { ?s ?p ?a FILTER(?a<=-1) } # end", "ASK { ?s ?p ?a FILTER(?a<=-1) }"),
        ("ASK { ?s ?p '# no comment' }", 'ASK { ?s ?p "# no comment" }'),
        ("ASK # DEFINE x\n { ?s ?p ?o }", "ASK { ?s ?p ?o }"),
        ("SELECT * FROM <http://a> FROM NAMED <http://b> { ?s ?p ?o }", "SELECT * { ?s ?p ?o }"),
        ("ASK { _:b mg:p [] }", f"ASK {{ _:b <{PREFIXES['mg']}p> [] }}"),
    ],
)
def test_a_portable_query_has_no_names_no_comments_and_no_dataset(text: str, sent: str) -> None:
    assert portable(text, PREFIXES) == sent


@pytest.mark.parametrize(
    "iri", ["bif:contains", "SQL:user", "java:java.lang.Runtime", "http://www.openlinksw.com/x#y"]
)
def test_functions_of_a_store_are_refused(iri: str) -> None:
    for text in (f"ASK {{ ?s <{iri}> ?o }}", f"ASK {{ FILTER(<{iri}>(1)) }}"):
        with pytest.raises(RefusedError):
            portable(text, {})


def test_graphs_go_along_only_where_one_is_named(fake: tuple[FakeStore, RemoteStore]) -> None:
    script, remote = fake
    over = engine_over(remote)
    over.answer(SELECT)
    over.answer(Query("SELECT ?s WHERE { GRAPH ?g { ?s ?p ?o } }"))
    over.answer(Query(f"SELECT ?s WHERE {{ GRAPH <{small.ONE}> {{ ?s ?p ?o }} }}"))
    over.answer(Query(f"SELECT ?s FROM <{small.TWO}> {{ ?s ?p ?o }}"))
    default = [fields["default-graph-uri"] for fields in script.sent]
    named = [fields.get("named-graph-uri") for fields in script.sent]
    assert default == [[ASSERTED_GRAPH]] * 3 + [[small.TWO]]
    assert named == [None, [small.ONE, small.TWO], [small.ONE], None]


# What comes back


def test_a_whole_answer_comes_in_the_format_asked_for(
    fake: tuple[FakeStore, RemoteStore],
) -> None:
    _, remote = fake
    over = engine_over(remote)
    assert over.answer(SELECT).body == ROWS
    assert over.answer(Query(SELECT.text, "csv")).body == b"s\r\nhttp://a\r\n"
    with pytest.raises(UnknownFormatError):
        over.answer(Query(SELECT.text, None, "ttl"))


@pytest.mark.parametrize("cut", [1, 2, 10, 60, len(ROWS)])
def test_solutions_that_are_cut_are_no_answer(
    cut: int, fake: tuple[FakeStore, RemoteStore]
) -> None:
    script, remote = fake
    script.body = ROWS[:-cut]
    with pytest.raises(StoreProblem, match="cut or malformed"):
        engine_over(remote).answer(SELECT)


@pytest.mark.parametrize(
    ("changes", "error"),
    [
        ({"body": ROWS + b"x"}, StoreProblem),
        ({"body": b'{"head":{},"boolean":true}'}, StoreProblem),
        ({"body": ROWS.replace(b'["s"]', b'["t"]')}, StoreProblem),
        ({"body": b"<html>", "headers": {"Content-Type": "text/html"}}, StoreProblem),
        ({"headers": {}}, StoreProblem),
        ({"length": 10**6}, StoreProblem),
        ({"body": ROWS[:50] + b"The operation has been cancelled"}, DeadlineError),
        ({"headers": {"Content-Type": JSON, "X-SQL-State": "S1TAT"}}, DeadlineError),
        ({"headers": {"Content-Type": JSON, "X-SPARQL-MaxRows": "1"}}, AnswerTooLargeError),
        ({"body": b" " * 5_000_000}, AnswerTooLargeError),
        ({"wait": 3.0}, DeadlineError),
        ({"status": 206}, DeadlineError),
        ({"status": 400, "body": b"no such function"}, RequestError),
        ({"status": 500, "body": b"Virtuoso 37000 Error SP031: no"}, RequestError),
        ({"status": 500, "body": b"Virtuoso S1T00 Error The query timed out"}, DeadlineError),
        ({"status": 500, "body": b"The estimated execution time 704 exceeds"}, DeadlineError),
        ({"status": 500, "body": b"out of memory"}, StoreProblem),
        ({"status": 401}, StoreProblem),
        ({"status": 403}, StoreProblem),
        ({"status": 404}, StoreProblem),
        ({"status": 302, "headers": {"Location": "http://127.0.0.1:1/"}}, StoreProblem),
        ({"status": 429}, BusyError),
        ({"status": 503}, BusyError),
    ],
)  # fmt: skip
def test_what_is_no_answer_says_what_it_is(
    changes: dict[str, Any], error: type[MigovError], fake: tuple[FakeStore, RemoteStore]
) -> None:
    script, remote = fake
    for name, value in changes.items():
        setattr(script, name, value)
    with pytest.raises(error) as caught:
        engine_over(remote).answer(SELECT)
    assert type(caught.value) is error
    assert remote.url not in caught.value.message + (caught.value.hint or "")


def test_a_store_too_slow_to_begin_with_is_told_to_its_operator(
    fake: tuple[FakeStore, RemoteStore],
) -> None:
    fake[0].wait = 0.5
    done = migov("serve", "--port", "0", "--deadline", "0.2", "--engine", fake[1].url)
    assert done.code == 2
    assert "The store does not answer in time." in done.err
    assert "fewer patterns" not in done.err


def test_what_a_store_says_of_a_query_is_passed_on(fake: tuple[FakeStore, RemoteStore]) -> None:
    script, remote = fake
    script.status, script.body = 400, b"SP031: no such\nthing \x1b[1m\n\nSPARQL query:\nsecret"
    with pytest.raises(RequestError, match=r"SP031: no such thing \[1m$"):
        engine_over(remote).answer(SELECT)


def test_syntax_is_judged_here_with_its_place(fake: tuple[FakeStore, RemoteStore]) -> None:
    script, remote = fake
    with pytest.raises(QuerySyntaxError) as caught:
        engine_over(remote).answer(Query("ASK {\n ?s ?p }"))
    assert caught.value.place is not None
    assert caught.value.place.line == 2
    assert script.sent == []


def test_graphs_have_to_say_where_they_end(fake: tuple[FakeStore, RemoteStore]) -> None:
    script, remote = fake
    script.headers, script.body = {"Content-Type": NT}, TRIPLE
    assert engine_over(remote).answer(CONSTRUCT).body == TRIPLE
    script.length = -1
    with pytest.raises(StoreProblem, match="cut or malformed"):
        engine_over(remote).answer(CONSTRUCT)
    script.length, script.body = None, TRIPLE + b"<http://a> <http://b> <htt"
    with pytest.raises(StoreProblem, match="cut or malformed"):
        engine_over(remote).answer(CONSTRUCT)


def test_a_name_and_a_password_go_only_where_they_are_asked_for(
    fake: tuple[FakeStore, RemoteStore], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    script, remote = fake
    monkeypatch.setenv("MIGOV_PASSWORD", "secret")
    named = RemoteStore(remote.url, "reader", Limits(deadline=2), 1)
    engine_over(named).answer(SELECT)
    assert script.authorizations == [None]
    script.status, script.headers = 401, {"WWW-Authenticate": 'Basic realm="store"'}
    with pytest.raises(StoreProblem):
        engine_over(named).answer(SELECT)
    assert script.authorizations[1] is None
    assert script.authorizations[2] == "Basic cmVhZGVyOnNlY3JldA=="
    named.close()
    monkeypatch.delenv("MIGOV_PASSWORD")
    monkeypatch.setenv("NETRC", str(tmp_path / "netrc"))
    with pytest.raises(EnvironmentProblem, match="no password for the user reader"):
        credentials_for(remote.url, "reader")
    (tmp_path / "netrc").write_text("machine 127.0.0.1 login reader password secret\n")
    (tmp_path / "netrc").chmod(0o600)
    assert credentials_for(remote.url, "reader") is not None
    assert credentials_for(remote.url, None) is not None
    assert credentials_for("http://elsewhere.example/", None) is None


# Real stores that cut


def test_a_runaway_is_cut_by_oxigraph_and_told(tmp_path: Path) -> None:
    lines = "".join(f'<http://e.example/{n}> <http://e.example/p> "{n}" .\n' for n in range(1500))
    hashed = "SHA512(SHA512(CONCAT(STR(?a), STR(?d))))"
    pairs = f"?a ?b ?c . ?d ?e ?f FILTER(STRSTARTS({hashed}, 'zz'))"
    with running_store("oxigraph", tmp_path / "store", "--timeout-s", "1") as store:
        address = store.query.replace("/query", "/store")
        headers = {"Content-Type": NT}
        httpx.put(address, params={"graph": small.ONE}, content=lines, headers=headers)
        remote = RemoteStore(store.query, None, Limits(deadline=20), 1)
        for query in (
            Query(f"SELECT * FROM <{small.ONE}> WHERE {{ {pairs} }}"),
            Query(f"CONSTRUCT {{ ?a ?b ?f }} FROM <{small.ONE}> WHERE {{ {pairs} }}", None, "nt"),
        ):
            with pytest.raises(DeadlineError):
                engine_over(remote).answer(query)
        remote.close()


@pytest.mark.parametrize("name", STORES[1:])
def test_rows_that_virtuoso_cuts_are_told(name: str, tmp_path: Path) -> None:
    with running_store(name, tmp_path / "store", most_rows=50) as store:
        remote = RemoteStore(store.query, None, Limits(deadline=20), 1)
        over = engine_over(remote)
        some = f"VALUES ?v {{ {' '.join(map(str, range(80)))} }}"
        hundred = Query(f"SELECT ?v WHERE {{ {some} }}", "csv")
        graph = Query(f"CONSTRUCT {{ <a:b> <a:c> ?v }} WHERE {{ {some} }}", None, "nt")
        for query in (hundred, graph):
            with pytest.raises(AnswerTooLargeError, match="no more than 50 rows"):
                over.answer(query)
            few = Query(f"{query.text} LIMIT 20", query.solutions, query.graph)
            assert len(over.answer(few).body.splitlines()) in (20, 21)
        remote.close()


def test_booleans_and_blank_nodes_of_virtuoso_are_read() -> None:
    from migov.engine.remote.worker import write_answer

    document = b"""
{ "head": { "link": [], "vars": ["b", "a"] },
  "results": { "distinct": false, "ordered": true, "bindings": [
    { "a": { "type": "typed-literal", "datatype":
        "http://www.w3.org/2001/XMLSchema#boolean", "value": "1" },
      "b": { "type": "bnode", "value": "nodeID://b10013" }} ] } }"""
    request: dict[str, Any] = {
        "kind": "solutions",
        "format": "json",
        "variables": ["a", "b"],
        "limit": 10**6,
    }
    request |= {"prefixes": {}, "rows": 0}
    frame, body = write_answer(request, document)
    assert frame == {}
    results = parse_query_results(body, format=QueryResultsFormat.JSON)
    assert isinstance(results, QuerySolutions)
    (row,) = results
    assert str(row["a"]) == '"true"^^<http://www.w3.org/2001/XMLSchema#boolean>'
    assert str(row["b"]) == "_:b10013"
    quoted = document.replace(b'"nodeID://b10013"', b'"\\"type\\": nodeID://b1"').replace(
        b"bnode", b"literal"
    )
    _, body = write_answer(request, quoted)
    assert b"nodeID://b1" in body


def test_a_reader_that_crashes_is_replaced(fake: tuple[FakeStore, RemoteStore]) -> None:
    script, remote = fake
    patient = RemoteStore(remote.url, None, Limits(deadline=30), 1)
    over = engine_over(patient)
    with pytest.raises(TooComplexError):
        over.answer(Query(f"SELECT ?s WHERE {'{' * 30_000}{'}' * 30_000}"))
    assert script.sent == []
    assert over.answer(SELECT).body == ROWS
    patient.close()
