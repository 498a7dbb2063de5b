"""Queries that are asked as others were before: their text alone is read, with the same answer."""

from __future__ import annotations

import socket
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import parse_qsl, quote, quote_plus

import pytest
from hypothesis import given
from hypothesis import strategies as st

import small
from front_support import Served, alike, answer_on, ask, exchange, get, serving, until
from migov.engine.operations import Query
from migov.front.alike import Manner, Manners, decoded
from migov.front.exchange import Request
from migov.operating.requests import Finished
from migov.protocol.formats import SOLUTIONS, Wanted
from migov.settings import Settings
from test_front_same import ACCEPTS, QUERIES

FIRST = "SELECT ?first { ?first a mg:Project }"
RUNAWAY = f"SELECT (COUNT(*) AS ?n) {{ {' . '.join(f'?a{n} ?b{n} ?c{n}' for n in range(12))} }}"
SAFE = "ABCXYZabcxyz0189%+-._~!$'()*,/:;=?@"


@pytest.fixture(scope="module")
def checkout(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("alike") / "checkout"


@pytest.fixture(scope="module")
def served(checkout: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    settings = Settings(cache=tmp_path_factory.mktemp("cache"), workers=1, kept=1)
    with serving(small.repository(checkout), settings) as both:
        yield both


@pytest.fixture
def told(served: Served) -> Iterator[list[Finished]]:
    with served.telling() as found:
        yield found


@pytest.fixture
def connection(served: Served) -> Iterator[socket.socket]:
    with socket.create_connection(served.early, timeout=20) as connected:
        yield connected


def query(text: str, *headers: str, before: str = "", after: str = "") -> bytes:
    return get(f"/sparql?{before}query={quote(text, safe='')}{after}", *headers)


def by_flask(served: Served, request: bytes) -> bytes:
    answer = exchange(served.flask, request.replace(b"\r\n\r\n", b"\r\nConnection: close\r\n\r\n"))
    return answer.replace(b"\r\nconnection: close", b"")


@pytest.mark.parametrize("accept", ACCEPTS[::3])
def test_it_is_answered_as_flask_answers_it(
    served: Served, connection: socket.socket, accept: str | None
) -> None:
    headers = () if accept is None else (f"Accept: {accept}", "Accept-Language: fr")
    ask(connection, query(FIRST, *headers))
    for name, text in QUERIES.items():
        request = query(f"{text}\n# {accept}".encode("utf-8", "replace").decode(), *headers)
        expected = alike(by_flask(served, request))
        assert alike(ask(connection, request)) == expected, name
        assert alike(ask(connection, request)) == expected, f"{name}, again"


AROUND = {
    "alone": ("", "", ()),
    "a format after it": ("", "&format=csv", ()),
    "a format before it": ("format=tsv&", "", ()),
    "with inferred triples": ("inferred=true&", "&format=xml", ()),
    "an empty parameter": ("&&", "&", ()),
    "compressed": ("", "", ("Accept-Encoding: gzip, br",)),
    "many headers": ("", "", tuple(f"X-{number}: {number}" for number in range(30))),
    "with a cookie": ("", "", ("Cookie: a=b",)),
    "from another page": ("", "", ("Origin: http://elsewhere.example", "Referer: x?query=y")),
}


@pytest.mark.parametrize("name", AROUND)
def test_only_the_text_is_read_anew(
    served: Served, connection: socket.socket, told: list[Finished], name: str
) -> None:
    before, after, headers = AROUND[name]
    first = query(f"{FIRST} # {name}", *headers, before=before, after=after)
    assert ask(connection, first).startswith(b"HTTP/1.1 200 ")
    texts = [f"SELECT ?s {{ ?s a mg:Project }} LIMIT 1 # {name} {n}" for n in range(3)]
    for text in texts:
        request = query(text, *headers, before=before, after=after)
        assert served.front.manners.find(request) is not None
        assert alike(ask(connection, request)) == alike(by_flask(served, request))
    until(lambda: len(told) >= 4)
    mine = [each for each in told if each.id.count("-") == 1 and not each.is_kept]
    assert {(each.method, each.route, each.status) for each in mine} == {("GET", "/sparql", 200)}
    assert len({each.id for each in mine}) == len(mine)


OTHERWISE = {
    "an id of the proxy's": query(FIRST, "X-Request-Id: one"),
    "a trace": query(FIRST, f"traceparent: 00-{'a' * 32}-{'b' * 16}-01"),
    "a condition": query(FIRST, 'If-None-Match: "other"'),
    "HEAD": query(FIRST).replace(b"GET", b"HEAD"),
    "a token": query(FIRST, "Authorization: Bearer x"),
    "a folded header": query(FIRST, "Accept: text/csv,", " */*"),
    "a header that is left out": query(FIRST, "X_Y: z"),
    "the last one": query(FIRST, "Connection: close"),
    "a page": query(FIRST, "Accept: text/html"),
    "graphs": query(FIRST, after="&default-graph-uri=urn:x-none"),
    "two queries": query(FIRST, after="&query=ASK%7B%7D"),
    "another parameter": query(FIRST, after="&explain=true"),
    "lines before it": b"\r\n" + query(FIRST),
    "two at once": query(FIRST) + get("/health"),
    "long headers": query(FIRST, "X-Long: " + "x" * 5_000),
    "an old version": query(FIRST).replace(b"HTTP/1.1", b"HTTP/1.0"),
}


@pytest.mark.parametrize("name", OTHERWISE)
def test_what_is_for_one_request_alone_is_read_each_time(served: Served, name: str) -> None:
    request = OTHERWISE[name]
    known = len(served.front.manners)
    for _ in range(2):
        with socket.create_connection(served.early, timeout=20) as connection:
            connection.sendall(request)
            answer_on(connection, has_body=name != "HEAD")
    assert len(served.front.manners) == known
    assert served.front.manners.find(request) is None or name == "two at once"


NOT_ALIKE = {
    "no text": "",
    "a blank text": "%20+",
    "a sign that is no escape": "ASK%7B%7D%",
    "an escape of one digit": "ASK%7B%7D%2",
    "not UTF-8": "ASK%7B%7D%23%E9",
    "a character of no URL": 'ASK{"}',
    "a fragment": "ASK%7B%7D#x",
    "another endpoint": quote("SELECT * { SERVICE <http://a.example/> {} }"),
    "an escape that hides one": quote("SELECT * { S\\u0045RVICE <http://a.example/> {} }"),
    "too long": quote(f"ASK {{ # {'x' * 20_000}\n}}"),
}


@pytest.mark.parametrize("name", NOT_ALIKE)
def test_what_is_no_plain_text_is_read_with_all_else(
    served: Served, connection: socket.socket, name: str
) -> None:
    ask(connection, query(FIRST))
    request = get(f"/sparql?query={NOT_ALIKE[name]}")
    assert served.front.manners.find(request) is None
    assert alike(ask(connection, request)) == alike(by_flask(served, request))


def test_a_new_snapshot_answers_anew(
    served: Served, checkout: Path, connection: socket.socket
) -> None:
    count = "SELECT (COUNT(*) AS ?n) { ?s a mg:Project } # "
    ask(connection, query(FIRST))
    before = ask(connection, query(count + "before"))
    site = served.front.site
    assert site is not None
    small.write(checkout / "data/late.ttl", "initiative:late a mg:Project .")
    site.refresh()
    request = query(count + "after")
    assert served.front.manners.find(request) is not None
    after = ask(connection, request)
    assert alike(after) == alike(by_flask(served, request)) != alike(before)
    (checkout / "data/late.ttl").unlink()
    site.refresh()


def test_several_sent_ahead_are_answered_in_order(connection: socket.socket) -> None:
    ask(connection, query(FIRST, "Accept: text/csv"))
    texts = [f"SELECT ({number} AS ?n) {{}}" for number in range(20)]
    connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    for text in texts:
        connection.sendall(query(text, "Accept: text/csv"))
    answers = [answer_on(connection) for _ in texts]
    assert [int(answer.split(b"\r\n")[-2]) for answer in answers] == list(range(20))


def test_a_client_that_goes_away_ends_its_query(served: Served, told: list[Finished]) -> None:
    with socket.create_connection(served.early, timeout=20) as connection:
        ask(connection, query(FIRST))
        connection.sendall(query(RUNAWAY))
        until(lambda: served.pool.busy)
    until(lambda: not served.pool.busy)
    assert told[-1].status == 0


def test_limits_and_budgets_hold(tmp_path: Path) -> None:
    settings = Settings(
        cache=tmp_path / "cache", workers=1, budget=0.5, deadline=1.0, text=300, rows=2
    )
    with (
        serving(small.repository(tmp_path / "checkout"), settings) as served,
        socket.create_connection(served.early, timeout=20) as connection,
    ):
        ask(connection, query("ASK {}"))
        assert served.front.manners.find(query("ASK { ?s ?p ?o }")) is not None
        assert b'"truncated":' in ask(connection, query("SELECT * { ?s ?p ?o }"))
        assert ask(connection, query("ASK {} #" + "x" * 300)).startswith(b"HTTP/1.1 413 ")
        assert ask(connection, query("ASK {")).startswith(b"HTTP/1.1 400 ")
        assert ask(connection, query(RUNAWAY)).startswith(b"HTTP/1.1 503 ")
        refused = ask(connection, query("ASK { ?o ?p ?s }"))
        assert refused.startswith(b"HTTP/1.1 429 ")
        assert b"\r\nretry-after: " in refused


def test_only_so_many_are_remembered() -> None:
    manners = Manners()
    requests = [query("ASK {}", f"X-Number: {number}") for number in range(1_010)]
    headers = [(b"host", b"x"), (b"x-number", b"0")]
    request = Request(b"GET", b"/sparql", headers, dict(headers), "1.1", True)
    wanted = Wanted(SOLUTIONS[0], None)
    for raw in requests:
        manners.remember(raw, Manner(request, wanted, Query("ASK {}"), False))
    found = [manners.find(raw) is not None for raw in requests]
    assert found == [False] * 10 + [True] * 1_000


@given(st.text())
def test_what_is_encoded_is_decoded(text: str) -> None:
    for encode in (quote, quote_plus):
        assert (
            decoded(encode(text, errors="replace").encode())
            == text.encode("utf-8", "replace").decode()
        )


@given(
    st.text(alphabet=SAFE)
    | st.lists(st.sampled_from(["%", "%%", "%4", "%3D", "%C3", "%A9", "=", "==", "+", "a"])).map(
        "".join
    )
)
def test_it_is_decoded_as_forms_are_or_not_at_all(encoded: str) -> None:
    found = decoded(encoded.encode())
    if found is not None:
        assert parse_qsl(f"q={encoded}", keep_blank_values=True, errors="strict") == [("q", found)]
    else:
        assert "%" in encoded
