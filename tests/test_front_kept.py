"""Answers that are kept: the same to whoever asks the same, and never an older one."""

from __future__ import annotations

import gzip
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st

import small
from front_support import Served, serving, until
from migov.front.kept import Kept
from migov.front.replies import Reply
from migov.operating.requests import Finished
from migov.settings import Settings

COUNT = "SELECT (COUNT(*) AS ?n) { ?s a mg:Project }"
ROWS = "SELECT * { ?s ?p ?o } ORDER BY ?s ?p ?o LIMIT 50"


@pytest.fixture(scope="module")
def checkout(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("kept") / "checkout"


@pytest.fixture(scope="module")
def served(checkout: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    settings = Settings(cache=tmp_path_factory.mktemp("cache"), workers=1, kept=1)
    with serving(small.repository(checkout), settings) as both:
        yield both


@pytest.fixture
def told(served: Served) -> Iterator[list[Finished]]:
    with served.telling() as found:
        yield found


def get(served: Served, path: str, **headers: str) -> httpx.Response:
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return httpx.get(f"{served.address}{path}", headers=named)


def ask(served: Served, query: str, **headers: str) -> httpx.Response:
    return get(served, "/sparql?" + str(httpx.QueryParams(query=query)), **headers)


def kept_of(told: list[Finished], number: int) -> list[bool]:
    """Return of so many requests, in the order in which they came, whether a kept answer did."""
    until(lambda: len(told) == number)
    told.sort(key=lambda each: int(each.id.rpartition("-")[2], 16))
    return [each.is_kept for each in told]


def test_the_second_time_it_is_there_already(served: Served, told: list[Finished]) -> None:
    first = ask(served, ROWS, Accept="text/csv")
    again = ask(served, ROWS, Accept="text/csv")
    assert again.content == first.content
    assert again.headers["ETag"] == first.headers["ETag"]
    assert ask(served, ROWS, Accept="text/tab-separated-values").content != first.content
    assert ask(served, ROWS, Accept="text/csv", Accept_Encoding="identity").content == first.content
    assert kept_of(told, 4) == [False, True, False, False]


def test_posted_queries_too(served: Served, told: list[Finished]) -> None:
    for query in (ROWS, ROWS, COUNT):
        response = httpx.post(f"{served.address}/sparql", data={"query": query})
        assert response.status_code == 200
        assert "ETag" not in response.headers
    assert kept_of(told, 3) == [False, True, False]


def test_compressed_answers_are_kept_compressed(served: Served, told: list[Finished]) -> None:
    with httpx.Client(headers={"Accept-Encoding": "gzip"}) as client:
        for _ in range(2):
            with client.stream("GET", f"{served.address}/sparql", params={"query": ROWS}) as found:
                raw = b"".join(found.iter_raw())
                assert found.headers["Content-Encoding"] == "gzip"
                assert b'"bindings"' in gzip.decompress(raw)
    assert kept_of(told, 2) == [False, True]


@pytest.mark.parametrize(
    "query", ["SELECT (NOW() AS ?n) {}", "SELECT (STRUUID() AS ?n) {}", "ASK {", "SELECT (BNODE()"]
)
def test_what_is_new_each_time_or_wrong_is_not_kept(
    served: Served, told: list[Finished], query: str
) -> None:
    for _ in range(2):
        ask(served, query)
        httpx.post(f"{served.address}/sparql", data={"query": query})
    assert kept_of(told, 4) == [False] * 4


def test_pages_by_language_and_host(served: Served, told: list[Finished]) -> None:
    french = get(served, "/", Accept="text/html", Accept_Language="fr")
    for _ in range(2):
        assert 'lang="en"' in get(served, "/", Accept="text/html", Accept_Language="en").text
    assert get(served, "/", Accept="text/html", Accept_Language="fr").text == french.text
    get(served, "/", Accept="text/html", Accept_Language="en", Host="elsewhere.example")
    get(served, "/", Accept="text/html", Accept_Language="en", Cookie="a=b")
    assert kept_of(told, 6) == [False, False, True, True, False, False]


def test_head_of_what_is_kept(served: Served) -> None:
    whole = ask(served, COUNT)
    head = httpx.head(f"{served.address}/sparql", params={"query": COUNT})
    assert head.content == b""
    assert head.headers["Content-Length"] == whole.headers["Content-Length"]
    assert head.headers["ETag"] == whole.headers["ETag"]


def test_not_modified(served: Served) -> None:
    first = ask(served, COUNT)
    for name in ("ETag", "Last-Modified"):
        condition = {"ETag": "If_None_Match", "Last-Modified": "If_Modified_Since"}[name]
        assert ask(served, COUNT, **{condition: first.headers[name]}).status_code == 304
    page = get(served, "/", Accept="text/html")
    since = page.headers["Last-Modified"]
    assert get(served, "/", Accept="text/html", If_Modified_Since=since).status_code == 304
    later = "Fri, 01 Jan 2100 00:00:00 GMT"
    assert ask(served, COUNT, If_Modified_Since=later).status_code == 200
    both = ask(served, COUNT, If_None_Match='"x"', If_Modified_Since=first.headers["Last-Modified"])
    assert both.status_code == 200


def test_nothing_outlives_its_snapshot(served: Served, checkout: Path) -> None:
    before, page = ask(served, COUNT), get(served, "/", Accept="text/html")
    assert ask(served, COUNT).content == before.content
    small.write(checkout / "data/late.ttl", "initiative:late a mg:Project .")
    site = served.front.site
    assert site is not None
    site.refresh()
    after = ask(served, COUNT, If_None_Match=before.headers["ETag"])
    assert after.status_code == 200
    assert after.json() != before.json()
    assert after.headers["Migov-Snapshot"] != before.headers["Migov-Snapshot"]
    assert get(served, "/", Accept="text/html").text != page.text
    (checkout / "data/late.ttl").unlink()
    site.refresh()
    again = ask(served, COUNT, If_None_Match=after.headers["ETag"])
    assert again.json() == before.json()


@given(st.lists(st.tuples(st.sampled_from("abcdef"), st.integers(0, 600)), max_size=60))
def test_room_is_never_exceeded(asked: list[tuple[str, int]]) -> None:
    kept, now = Kept(5000), ("version", "")
    kept.get(now, "")
    for key, size in asked:
        kept.keep(now, key, 1, Reply(200, b"", bytes(size)))
        assert kept.taken <= 5000
        found = kept.get(now, key)
        assert found is not None
        assert len(found.body) == size
    assert kept.get(("another", ""), "a") is None
    assert (kept.taken, len(kept)) == (0, 0)


def test_what_began_with_an_older_state_is_not_kept() -> None:
    kept = Kept(5000)
    kept.get(("new", ""), "a")
    kept.keep(("old", ""), "a", 1, Reply(200, b"", b"old"))
    assert kept.get(("new", ""), "a") is None
    off = Kept(0)
    off.get(("new", ""), "a")
    off.keep(("new", ""), "a", 1, Reply(200, b"", b""))
    assert len(off) == 0


def test_a_cut_answer_says_so_in_both_ways(tmp_path: Path) -> None:
    settings = replace(Settings(), cache=tmp_path / "cache", workers=1, rows=2)
    with serving(small.repository(tmp_path / "checkout"), settings) as both:
        for accept in ("text/csv", "application/sparql-results+json", "text/turtle"):
            query = "CONSTRUCT WHERE { ?s ?p ?o }" if accept == "text/turtle" else ROWS
            found = [
                httpx.get(
                    f"http://{host}:{port}/sparql",
                    params={"query": query},
                    headers={"Accept": accept},
                )
                for host, port in (both.early, both.flask)
            ]
            assert found[0].headers["Migov-Truncated"] == found[1].headers["Migov-Truncated"]
            assert found[0].headers.keys() == found[1].headers.keys()
            assert found[0].content == found[1].content
